"""Treatment-emergent events: overview, by body system and term, by maximum severity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from protocyte.analysis.tables import Cell, Column, ResultTable, Row, Share
from protocyte.base import Message
from protocyte.exchange.sdtm.blocks import TOTAL, Arms, Group, head, heads, safety, said
from protocyte.exchange.sdtm.subjects import EMERGENT_DAYS, RELATED, SEVERITIES, UNRELATED, Event, Subject

Test = Callable[[Event], bool]
_WITHDRAWN = "DRUG WITHDRAWN"  # CDISC terminology, ACN


def overview(subjects: Group, flags: dict[tuple[str, str], str] | None = None) -> ResultTable:
    """Subjects with at least one event of a kind, and how many events. `flags` are the sponsor's own."""
    arms = safety(subjects)
    tests: list[tuple[str, Test]] = [
        ("any", lambda event: True),
        ("serious", lambda event: event.serious),
        ("related", lambda event: event.relation in RELATED),
        ("severe", lambda event: event.rank >= 3),
        ("fatal", lambda event: event.fatal),
    ]
    rows = [_counted(said(f"{name}_event"), arms, test) for name, test in tests]
    rows.append(_withdrawn(arms))
    for name, missing in (("no_relation", _no_relation), ("no_severity", _no_severity)):
        if any(missing(event) for one in arms[TOTAL] for event in one.emergent_events):
            rows.append(_counted(said(name), arms, missing))
    return _table("sdtm_ae_overview", arms, (Column(said("event")), *_pairs(arms)), rows,
                  said("note_related"), said("note_fatal"), *_sponsor(arms, flags or {}))  # fmt: skip


def _no_relation(event: Event) -> bool:
    return event.relation not in (*RELATED, *UNRELATED)


def _no_severity(event: Event) -> bool:
    return not event.rank


def _withdrawn(arms: Arms) -> Row:
    """Where the action taken was recorded for no event, nobody can say that it was never withdrawal."""
    if any(event.action for one in arms[TOTAL] for event in one.events):
        return _counted(said("withdrawn_event"), arms, lambda event: event.action == _WITHDRAWN)
    return Row((said("withdrawn_event"), *(said("not_recorded"),) * (2 * len(arms))))


def _sponsor(arms: Arms, flags: dict[tuple[str, str], str]) -> tuple[Message, ...]:
    """Events the sponsor's own flag (SUPPAE, AETRTEM) judges otherwise."""
    if not flags:
        return ()
    other = sum(
        flags.get((one.id, event.sequence), "") in ("Y", "N")
        and (flags[one.id, event.sequence] == "Y") != one.emergent(event)
        for one in arms[TOTAL]
        for event in one.events
    )
    return (said("note_sponsor", n=other),)


def by_term(subjects: Group) -> ResultTable:
    """Body systems by how many subjects they touch in total, terms within them likewise."""
    arms = safety(subjects)
    rows = [_counted(said("any_event"), arms, lambda event: True, strong=True)]
    for category, terms in _ordered(arms[TOTAL]):
        rows.append(_counted(category or said("no_class"), arms, _of(category), strong=True))
        rows += [
            _counted(term or said("uncoded"), arms, _of(category, term), category or said("no_class"))
            for term in terms
        ]
    columns = (Column(said("class_and_term")), *_pairs(arms))
    return _table("sdtm_ae_by_term", arms, columns, rows, said("note_once"))


def by_severity(subjects: Group) -> ResultTable:
    """Each subject at the worst of their events: of all, and of each body system."""
    arms = safety(subjects)
    rows = _severities(said("any_event"), arms, lambda event: True)
    for category, _ in _ordered(arms[TOTAL]):
        rows += _severities(category or said("no_class"), arms, _of(category))
    columns = (Column(said("severity")), *heads(arms))
    return _table("sdtm_ae_by_severity", arms, columns, rows, said("note_worst"))


def worst(subject: Subject, test: Test) -> int | None:
    """The highest rank of the emergent events it is true of; 0 where none has a severity, None without any."""
    return max((event.rank for event in subject.emergent_events if test(event)), default=None)


def _severities(heading: Cell, arms: Arms, test: Test) -> list[Row]:
    ranks = {name: [worst(one, test) for one in members] for name, members in arms.items()}
    shown = [*range(1, 4), *(rank for rank in (4, 5, 0) if rank in ranks[TOTAL])]
    return [
        Row(
            (
                said(f"severity_{rank}"),
                *(Share(ranks[name].count(rank), len(members)) for name, members in arms.items()),
            ),
            group=heading,
        )
        for rank in shown
    ]


def _ordered(members: Group) -> list[tuple[str, list[str]]]:
    classes: dict[str, set[str]] = defaultdict(set)
    terms: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in members:
        for event in one.emergent_events:
            classes[event.category].add(one.id)
            terms[event.category, event.term].add(one.id)
    ordered = sorted(terms, key=lambda term: (-len(terms[term]), term[1]))
    return [
        (name, [term for category, term in ordered if category == name])
        for name in sorted(classes, key=lambda name: (-len(classes[name]), name))
    ]


def _of(category: str, term: str | None = None) -> Test:
    return lambda event: event.category == category and term in (None, event.term)


def _pairs(arms: Arms) -> tuple[Column, ...]:
    """Under each arm its subjects and its events."""
    return tuple(
        Column(said(name), "number", head(arm, len(members)))
        for arm, members in arms.items()
        for name in ("subjects", "events")
    )


def _counted(name: Cell, arms: Arms, test: Test, group: Cell = None, strong: bool = False) -> Row:
    cells: list[Cell] = []
    for members in arms.values():
        events = [sum(map(test, one.emergent_events)) for one in members]
        cells += [Share(sum(map(bool, events)), len(members)), sum(events)]
    return Row((name, *cells), group=group, strong=strong)


def _table(id: str, arms: Arms, columns: tuple[Column, ...], rows: list[Row], *notes: Message) -> ResultTable:
    empty = said("nobody_treated") if not arms[TOTAL] else said("no_events")
    any_event = any(one.emergent_events for one in arms[TOTAL])
    unplaced = sum(len(one.events) for one in arms[TOTAL] if one.first_day is None)
    others = (said("note_unplaced", n=unplaced),) if unplaced else ()
    return ResultTable(
        id, said(f"title_{id.removeprefix('sdtm_')}"), columns, tuple(rows) if any_event else (),
        said("of_safety", n=len(arms[TOTAL])),
        (said("note_actual"), said("note_emergent", days=EMERGENT_DAYS), *notes, *others), empty,
    )  # fmt: skip


assert SEVERITIES[2] == "SEVERE"  # what `rank >= 3` means
