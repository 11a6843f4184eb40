"""What the tables share: columns by arm, blocks of rows, sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from protocyte.analysis.row_blocks import STATISTICS, statistics
from protocyte.analysis.tables import Cell, Column, Row, Share
from protocyte.base import Message
from protocyte.exchange.sdtm.subjects import Subject

Group = tuple[Subject, ...]
Arms = dict[str, Group]  # by arm, "" last: everybody
TOTAL = "\0total"


def said(name: str, **params: object) -> Message:
    return Message.of(f"exchange.sdtm_{name}", **params)


def by_arm(subjects: Iterable[Subject], arm: Callable[[Subject], str]) -> Arms:
    """In the order of the arms' names; SDTM gives them no other. Who has no arm stands in a column of their own."""
    members = tuple(subjects)
    names = sorted({arm(one) for one in members}, key=lambda name: (name == "", name))
    return {name: tuple(one for one in members if arm(one) == name) for name in names} | {TOTAL: members}


def randomised(subjects: Group) -> Arms:
    """Who was assigned to an arm, by the arm planned."""
    return by_arm((one for one in subjects if one.planned), lambda one: one.planned)


def safety(subjects: Group) -> Arms:
    """Who had a dose, by the arm they were treated in."""
    return by_arm((one for one in subjects if one.is_treated), lambda one: one.actual)


def head(name: str, n: int) -> Message:
    if name == TOTAL:
        return said("total_n", n=n)
    return said("arm_n", arm=name, n=n) if name else said("no_arm_n", n=n)


def heads(arms: Arms) -> tuple[Column, ...]:
    return tuple(Column(head(name, len(group)), "number") for name, group in arms.items())


def share_row(
    name: Cell, arms: Arms, test: Callable[[Subject], bool], group: Cell = None, strong: bool = False
) -> Row:
    """Subjects of whom it is true, of everybody in the arm."""
    cells = (Share(sum(map(test, members)), len(members)) for members in arms.values())
    return Row((name, *cells), group=group, strong=strong)


def kinds(
    heading: Cell,
    arms: Arms,
    kind: Callable[[Subject], str],
    order: Sequence[str] = (),
    words: Callable[[str], Cell] = str,
) -> list[Row]:
    """Subjects by kind: those of `order`, then the others by how often they occur, then those without."""
    often = Counter(kind(one) for one in arms[TOTAL])
    others = sorted(often.keys() - {*order, ""}, key=lambda name: (-often[name], name))
    rows = [_of_kind(name, words(name), heading, arms, kind) for name in (*order, *others)]
    return [*rows, *([_of_kind("", said("not_recorded"), heading, arms, kind)] if often[""] else ())]


def _of_kind(name: str, words: Cell, heading: Cell, arms: Arms, kind: Callable[[Subject], str]) -> Row:
    return share_row(words, arms, lambda one: kind(one) == name, heading)


def measure(
    heading: Cell, arms: Arms, value: Callable[[Subject], float | None], digits: int = 1
) -> list[Row]:
    """n, mean, SD, median with quartiles, least and greatest; then who has no value, if anybody."""
    columns = []
    for members in arms.values():
        found = [value(one) for one in members]
        columns.append(
            statistics([one for one in found if one is not None], digits)
            | {"not_recorded": Share(found.count(None), len(found))}
        )
    names = list(STATISTICS)
    if any(value(one) is None for one in arms[TOTAL]):
        names.append("not_recorded")
    return [Row((said(name), *(column[name] for column in columns)), group=heading) for name in names]
