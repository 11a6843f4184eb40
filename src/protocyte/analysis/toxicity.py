"""CRS and ICANS by subject and day, from day 0 to the end of the first month."""

from __future__ import annotations

from dataclasses import dataclass

from protocyte.analysis.groups import level_of
from protocyte.derive.course import Course, Trial
from protocyte.derive.grades import DayGrade, grade_crs, grade_icans
from protocyte.records.treatment import Medication

LAST_DAY = 28


@dataclass(frozen=True)
class Strip:
    """`crs` and `icans` map a day to the bounds of the grade used; a day not listed was not assessed."""

    subject: str
    level: str
    crs: dict[int, tuple[int, int]]
    icans: dict[int, tuple[int, int]]
    anticytokine: tuple[int, ...]
    steroid: tuple[int, ...]
    disagreements: int


def toxicity_strips(trial: Trial) -> tuple[Strip, ...]:
    infused = [course for course in trial.courses if course.infused_on is not None]
    infused.sort(key=lambda course: (level_of(course), course.subject))
    return tuple(_strip(trial, course) for course in infused)


def _strip(trial: Trial, course: Course) -> Strip:
    crs, icans = grade_crs(trial.study, course), grade_icans(trial.study, course)
    return Strip(
        subject=course.subject,
        level=trial.study.label_of(level_of(course)),
        crs=_by_day(course, crs),
        icans=_by_day(course, icans),
        anticytokine=_given(course, "anticytokine"),
        steroid=_given(course, "corticosteroid"),
        disagreements=sum(day.disagrees for day in (*crs, *icans)),
    )


def _by_day(course: Course, grades: tuple[DayGrade, ...]) -> dict[int, tuple[int, int]]:
    worst: dict[int, tuple[int, int]] = {}
    for grade in grades:
        day = course.day(grade.on)
        if day is not None and 0 <= day <= LAST_DAY:
            least, most = worst.get(day, (0, 0))
            worst[day] = (max(least, grade.least), max(most, grade.most))
    return worst


def _given(course: Course, kind: str) -> tuple[int, ...]:
    days = (course.day(held.record.started) for held in course.all(Medication) if held.record.kind == kind)
    return tuple(sorted({day for day in days if day is not None and 0 <= day <= LAST_DAY}))
