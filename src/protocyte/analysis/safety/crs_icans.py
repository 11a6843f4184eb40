"""CRS and ICANS: the grade used by subject and day, and what it came to by dose level."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import all_infused, level_of
from protocyte.analysis.tables import ResultTable, Row, number, say, text
from protocyte.derive.course import Course
from protocyte.derive.episodes import Toxicity as Graded
from protocyte.derive.grades import DayGrade, grade_crs, grade_gvhd, grade_icans
from protocyte.records.treatment import Medication
from protocyte.study.model import Study

LAST_DAY = 28
Toxicity = Literal["crs", "icans"]
TOXICITIES: tuple[Toxicity, ...] = ("crs", "icans")


@dataclass(frozen=True)
class Strip:
    """One infusion's first month. `crs` and `icans` map a day to the bounds of the grade used.

    A day that is not listed was not assessed. `seen_until` is the last day the subject could be seen on:
    the next infusion, the death, the day the report looks from or day 28, whichever comes first.
    """

    subject: str
    level: str
    infusion: int
    crs: dict[int, tuple[int, int]]
    icans: dict[int, tuple[int, int]]
    anticytokine: tuple[int, ...]
    steroid: tuple[int, ...]
    seen_until: int
    died: int | None

    @property
    def quiet(self) -> bool:
        """Assessed and never graded above 0, not even perhaps."""
        return not any(most for days in (self.crs, self.icans) for _, most in days.values())


def toxicity_strips(cut: Cut) -> tuple[Strip, ...]:
    """By level, then by subject. A climbing subject has one a dose, others one from the first infusion."""
    each = cut.study.dlt.window_from == "each_infusion"
    strips: list[tuple[int, Strip]] = []
    for course in cut.infused:
        given = [held.record for held in course.infusions]
        starts = given if each else given[:1]
        for k, infusion in enumerate(starts):
            later = [one.on for one in starts[k + 1 : k + 2]]
            level = infusion.dose_level if each else level_of(course)
            strips.append((level, _strip(cut, course, level, k + 1, infusion.on, later)))
    strips.sort(key=lambda pair: (pair[0], pair[1].subject))
    return tuple(strip for _, strip in strips)


def _strip(cut: Cut, course: Course, level: int, number: int, start: date, later: list[date]) -> Strip:
    ends = [start + timedelta(days=LAST_DAY), cut.as_of, *(on - timedelta(days=1) for on in later)]
    died = (course.died_on - start).days if course.died_on and start <= course.died_on else None
    last = min((min(ends) - start).days, *([died] if died is not None else []), LAST_DAY)
    return Strip(
        subject=course.subject,
        level=cut.study.label_of(level),
        infusion=number,
        crs=_by_day(grades_of(cut.study, course, "crs"), start, last),
        icans=_by_day(grade_icans(cut.study, course), start, last),
        anticytokine=_given(course, "anticytokine", start, last),
        steroid=_given(course, "corticosteroid", start, last),
        seen_until=last,
        died=died if died is not None and died <= LAST_DAY else None,
    )


def _by_day(grades: Iterable[DayGrade], start: date, last: int) -> dict[int, tuple[int, int]]:
    worst: dict[int, tuple[int, int]] = {}
    for grade in grades:
        day = (grade.on - start).days
        if 0 <= day <= last:
            least, most = worst.get(day, (0, 0))
            worst[day] = (max(least, grade.least), max(most, grade.most))
    return worst


def _given(course: Course, kind: str, start: date, last: int) -> tuple[int, ...]:
    days = {
        (held.record.started - start).days
        for held in course.all(Medication)
        if held.record.kind == kind and held.record.given_for in ("crs", "icans")
    }
    return tuple(sorted(day for day in days if 0 <= day <= last))


def grades_of(study: Study, course: Course, toxicity: Graded) -> tuple[DayGrade, ...]:
    """The grade used on every day it was assessed."""
    if toxicity == "crs":
        return grade_crs(study, course)
    return grade_icans(study, course) if toxicity == "icans" else grade_gvhd(course)


def grades_since_infusion(cut: Cut, course: Course, of: Graded) -> tuple[DayGrade, ...]:
    start = course.infused_on or date.max
    return tuple(day for day in grades_of(cut.study, course, of) if day.on >= start)


def worst_grade(cut: Cut, course: Course, of: Graded) -> int | None:
    """The worst grade certainly reached since the first infusion; None where nobody assessed it since."""
    return max((day.least for day in grades_since_infusion(cut, course, of)), default=None)


def count_at_least(cut: Cut, of: Toxicity, grade: int) -> int:
    """Infused subjects whose worst grade since the infusion certainly reached `grade`."""
    return sum((worst_grade(cut, course, of) or 0) >= grade for course in cut.infused)


def disagreements_table(cut: Cut) -> ResultTable:
    """Assessments at which the investigator's grade is none that the recorded components allow."""
    rows = [
        Row((course.subject, course.day(day.on), of.upper(), _possible(day), day.investigator, _used(day)))
        for course in cut.infused
        for of in TOXICITIES
        for day in grades_of(cut.study, course, of)
        if day.disagrees
    ]
    columns = (
        *text("subject"),
        *number("day"),
        *text("toxicity", "computed"),
        *number("investigators"),
        *text("grade_used"),
    )
    return ResultTable(
        "disagreements", say("title_disagreements"), columns, tuple(rows), all_infused(cut),
        (say("note_used"),), say("no_disagreements"),
    )  # fmt: skip


def _possible(day: DayGrade) -> str:
    return " / ".join(map(str, day.graded.grades)) or "–"


def _used(day: DayGrade) -> str:
    return str(day.least) if day.known else f"{day.least}–{day.most}"
