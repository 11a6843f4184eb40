"""Groups of columns: dose levels and the total, by the level a subject was assigned."""

from __future__ import annotations

from protocyte.derive.course import Course, Trial


def level_of(course: Course) -> int:
    """The highest level a subject was infused at, else the one assigned; 0 where there is neither."""
    given = [held.record.dose_level for held in course.infusions]
    return max(given, default=course.assigned_level or 0)


def infused_by_level(trial: Trial) -> dict[str, tuple[Course, ...]]:
    """Infused subjects by the label of their level, in the ladder's order, then all of them."""
    infused = [course for course in trial.courses if course.infused_on is not None]
    groups = {
        label: tuple(course for course in infused if level_of(course) == level)
        for level, label in enumerate(trial.study.labels, start=1)
    }
    return groups | {"": tuple(infused)}
