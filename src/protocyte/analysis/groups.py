"""Groups of columns: dose levels and everybody, by the highest level a subject was infused at."""

from __future__ import annotations

from protocyte.analysis.cut import Cut
from protocyte.analysis.tables import Column, say
from protocyte.base import Message
from protocyte.derive.course import Course

EVERYBODY = ""
Groups = dict[str, tuple[Course, ...]]


def level_of(course: Course) -> int:
    """The highest level a subject was infused at, else the one assigned; 0 where there is neither."""
    given = [held.record.dose_level for held in course.infusions]
    return max(given, default=course.assigned_level or 0)


def label_of(cut: Cut, course: Course) -> str:
    level = level_of(course)
    return cut.study.label_of(level) if level else "–"


def by_level(cut: Cut, courses: tuple[Course, ...]) -> Groups:
    """Subjects by the label of their level, in the ladder's order; then all of them, those without a level too.

    A study of one level has no levels to compare: there is only everybody.
    """
    levels = cut.study.labels if len(cut.study.labels) > 1 else ()
    groups = {
        label: tuple(course for course in courses if level_of(course) == level)
        for level, label in enumerate(levels, start=1)
    }
    return groups | {EVERYBODY: courses}


def infused_by_level(cut: Cut) -> Groups:
    return by_level(cut, cut.infused)


def heads(groups: Groups) -> tuple[Column, ...]:
    """A column a group, with its number of subjects."""
    return tuple(Column(head(label, len(group)), "number") for label, group in groups.items())


def head(label: str, n: int) -> Message:
    return say("level_n", level=label, n=n) if label else say("total_n", n=n)


def all_infused(cut: Cut) -> Message:
    return say("of_infused", n=len(cut.infused))


def level_note(cut: Cut) -> tuple[Message, ...]:
    """Where a subject may be infused at several levels, a reader must know which one counts."""
    return (say("note_highest_level"),) if cut.study.dosing.climb is not None else ()
