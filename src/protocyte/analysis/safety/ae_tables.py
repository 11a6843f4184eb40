"""Adverse events by class and term: every grade of every level, the severe, the serious; and a picture of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import EVERYBODY, all_infused, head, heads, infused_by_level, level_note
from protocyte.analysis.safety.adverse_events import scale_note
from protocyte.analysis.tables import Cell, Column, ResultTable, Row, Share, number, say
from protocyte.derive.adverse_events import AeRow
from protocyte.derive.course import Course

GRADES = (1, 2, 3, 4, 5)
Term = tuple[str, str]  # system organ class, term
Worst = dict[Term, dict[str, int]]  # each subject's worst grade of a term


def by_class(cut: Cut) -> tuple[ResultTable, ...]:
    """One table a level and one of everybody: a page takes the grades of one group, not of five."""
    groups = infused_by_level(cut)
    ordered = [(label, groups[label]) for label in (EVERYBODY, *(one for one in groups if one != EVERYBODY))]
    return tuple(_by_class(cut, label, members) for label, members in ordered if members or not label)


def _by_class(cut: Cut, label: str, members: tuple[Course, ...]) -> ResultTable:
    worst = _worst(cut, members, lambda row: True)
    rows: list[Row] = []
    for category, terms in _ordered(worst):
        rows.append(_graded(category or say("no_class"), _together(worst, terms), len(members), strong=True))
        rows += [_graded(term[1], worst[term], len(members)) for term in terms]
    columns = (
        Column(say("class_and_term")),
        *number("any"),
        *(Column(f"G{grade}", "number") for grade in GRADES),
    )
    return ResultTable(
        f"ae_by_class_{label or 'all'}", head(label, len(members)), (*columns, Column("≥ 3", "number")),
        tuple(rows), all_infused(cut), (say("note_worst_grade"), scale_note(cut), *level_note(cut)), say("no_events"),
    )  # fmt: skip


def _graded(name: Cell, grades: dict[str, int], of: int, strong: bool = False) -> Row:
    found = list(grades.values())
    by_grade = (_some(found.count(grade), of) for grade in GRADES)
    severe = _some(sum(grade >= 3 for grade in found), of)
    return Row((name, Share(len(found), of), *by_grade, severe), strong=strong)


def _some(count: int, of: int) -> Cell:
    """A table full of zeros hides what there is."""
    return Share(count, of) if count else None


def severe(cut: Cut) -> ResultTable:
    """Terms of grade 3 or more, the most frequent first."""
    return _by_level(cut, "ae_severe", lambda row: (row.emergent_grade or 0) >= 3, classes=False)


def serious(cut: Cut) -> ResultTable:
    """Serious events by class and term."""
    return _by_level(cut, "ae_serious", lambda row: row.is_serious, classes=True)


def _by_level(cut: Cut, name: str, test: Callable[[AeRow], bool], classes: bool) -> ResultTable:
    groups = infused_by_level(cut)
    worst = _worst(cut, cut.infused, test)
    in_classes = _ordered(worst) if classes else [("", _by_frequency(worst))]
    rows = [
        Row(
            (term[1], *(Share(_count(worst[term], members), len(members)) for members in groups.values())),
            group=(category or say("no_class")) if classes else None,
        )
        for category, terms in in_classes
        for term in terms
    ]
    return ResultTable(
        name, say(f"title_{name}"), (Column(say("term")), *heads(groups)), tuple(rows), all_infused(cut),
        (scale_note(cut), *level_note(cut)), say("no_events"),
    )  # fmt: skip


def _worst(cut: Cut, members: Iterable[Course], test: Callable[[AeRow], bool]) -> Worst:
    worst: Worst = defaultdict(dict)
    for course in members:
        for row in cut.emergent(course):
            if test(row):
                seen = worst[row.category or "", row.term]
                seen[row.subject] = max(seen.get(row.subject, 0), row.emergent_grade or 0)
    return worst


def _together(worst: Worst, terms: list[Term]) -> dict[str, int]:
    """A subject counts once in a class, at the worst of its terms."""
    found: dict[str, int] = {}
    for term in terms:
        for subject, grade in worst[term].items():
            found[subject] = max(found.get(subject, 0), grade)
    return found


def _ordered(worst: Worst) -> list[tuple[str, list[Term]]]:
    """Classes by the subjects they touch, terms within them likewise."""
    classes: dict[str, list[Term]] = defaultdict(list)
    for term in _by_frequency(worst):
        classes[term[0]].append(term)
    return sorted(classes.items(), key=lambda pair: (-len(_together(worst, pair[1])), pair[0]))


def _by_frequency(worst: Worst) -> list[Term]:
    return sorted(worst, key=lambda term: (-len(worst[term]), term[1], term[0]))


def _count(grades: dict[str, int], members: Iterable[Course]) -> int:
    return sum(course.subject in grades for course in members)


# --- a picture ----------------------------------------------------------------------------------------------

MOST_TERMS = 24


@dataclass(frozen=True)
class TermBar:
    """`counts` are subjects by worst grade 1 to 5."""

    term: str
    counts: tuple[int, ...]


@dataclass(frozen=True)
class AeBars:
    """The most frequent terms among `infused` subjects; `left_out` terms were rarer."""

    infused: int
    bars: tuple[TermBar, ...]
    left_out: int


def ae_bars(cut: Cut) -> AeBars | None:
    worst = _worst(cut, cut.infused, lambda row: True)
    if not worst:
        return None
    terms = _by_frequency(worst)
    bars = [
        TermBar(term[1], tuple(list(worst[term].values()).count(grade) for grade in GRADES))
        for term in terms[:MOST_TERMS]
    ]
    return AeBars(len(cut.infused), tuple(bars), max(len(terms) - MOST_TERMS, 0))
