"""CRS and ICANS grades of each assessment: computed from components, with the investigator's beside it.

The grade that proposes a DLT is the higher of the two; a signed adjudication decides (DOMAIN 3). Where
components are missing the computed grade is a range, and so is the grade used: never silently the lower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any, cast

from protocyte.base import Measured
from protocyte.derive.age import derive_age
from protocyte.derive.course import Course, Held
from protocyte.records.safety import CrsAssessment, GvhdAssessment, IcansAssessment
from protocyte.study.model import Study
from protocyte.vocab.graded import Graded
from protocyte.vocab.grading import grade

CAPD_BELOW = 12  # years; ASTCT 2019: ICE from 12 years, CAPD below
FEVER = Measured(38, "Cel")  # ASTCT 2019: at or above 38.0 degrees Celsius


@dataclass(frozen=True)
class DayGrade:
    """One assessment. `least` and `most` bound the grade used; they are equal where all is known."""

    on: date
    scale: str
    graded: Graded
    investigator: int | None
    least: int
    most: int
    record_id: str

    @property
    def disagrees(self) -> bool:
        """The investigator's grade is none of those the components allow."""
        return self.investigator is not None and self.investigator not in self.graded.grades

    @property
    def known(self) -> bool:
        return self.least == self.most


def grade_crs(study: Study, course: Course) -> tuple[DayGrade, ...]:
    """CRS by day, in order. Once CRS was diagnosed, treated fever is no longer required."""
    return course.keep(study, ("crs",), lambda: _crs(study, course))


def _crs(study: Study, course: Course) -> tuple[DayGrade, ...]:
    days: list[DayGrade] = []
    for held in course.all(CrsAssessment):
        diagnosed = any(day.most > 0 for day in days)
        inputs = partial(_crs_inputs, held.record, diagnosed)
        days.append(_day(held, study.scales.crs, diagnosed, inputs))
    return tuple(days)


def grade_icans(study: Study, course: Course) -> tuple[DayGrade, ...]:
    """ICANS by day, in order."""
    return course.keep(study, ("icans",), lambda: _icans(study, course))


def _icans(study: Study, course: Course) -> tuple[DayGrade, ...]:
    days = []
    for held in course.all(IcansAssessment):
        age = derive_age(course, held.record.on)
        days.append(_day(held, study.scales.icans, age, partial(_icans_inputs, held.record, age)))
    return tuple(days)


def grade_gvhd(course: Course) -> tuple[DayGrade, ...]:
    """Acute GvHD by the investigator's grade and MAGIC organ stages."""
    return tuple(
        _day(held, "gvhd", None, partial(_gvhd_inputs, held.record)) for held in course.all(GvhdAssessment)
    )


def maximum(days: Iterable[DayGrade]) -> tuple[int, int] | None:
    """The bounds of the worst grade, or None without any assessment."""
    seen = tuple(days)
    return (max(day.least for day in seen), max(day.most for day in seen)) if seen else None


def held_for(days: Iterable[DayGrade], at_least: int, until: date) -> tuple[int, int]:
    """The highest grade held for `at_least` days: certainly, and perhaps.

    Certain is what two assessments so far apart found, with nothing lower between them. Perhaps it was held to
    the day before the next lower assessment, or to `until` where there is none: a grade does not end because
    nobody looked. It begins on the day it was first seen. Days are dates, so more than seventy-two hours cannot
    be told from exactly so many: three days will do.
    """
    seen = tuple(days)
    return (
        _held([(day.on, day.least) for day in seen], at_least, None),
        _held([(day.on, day.most) for day in seen], at_least, until),
    )


def _held(grades: list[tuple[date, int]], at_least: int, unseen_to: date | None) -> int:
    """With `unseen_to`, what was seen last goes on until something lower was seen, or up to that day."""
    best = 0
    for level in range(1, 6):
        start: date | None = None
        for on, grade_then in grades:
            if grade_then >= level:
                start, last = start or on, on
            elif unseen_to is not None:
                last = on - timedelta(days=1)
            if start is not None and (last - start).days >= at_least:
                best = level
            if grade_then < level:
                start = None
        if start is not None and unseen_to is not None and (unseen_to - start).days >= at_least:
            best = level
    return best


def _day(
    held: Held[Any], scale: str, circumstance: object, inputs: Callable[[], dict[str, object]]
) -> DayGrade:
    """The grade of one assessment on a scale. `circumstance`: what beside the record its inputs rest on."""
    key = (scale, circumstance)
    if key not in held.kept:
        held.kept[key] = _grade_day(held, scale, inputs())
    return cast("DayGrade", held.kept[key])


def _grade_day(held: Held[Any], scale: str, inputs: dict[str, object]) -> DayGrade:
    record = held.record
    if not getattr(record, "attributable", True):
        graded = Graded(scale=scale, grade=0, rule="not_attributable")
    else:
        graded = grade(scale, inputs)
    possible = graded.grades or (0,)
    by_hand = record.investigator_grade
    floor = by_hand if by_hand is not None else 0
    return DayGrade(
        on=record.on,
        scale=scale,
        graded=graded,
        investigator=by_hand,
        least=max(min(possible), floor),
        most=max(*possible, floor),
        record_id=held.record_id,
    )


def _crs_inputs(record: CrsAssessment, diagnosed: bool) -> dict[str, object]:
    fever = None if record.temperature is None else record.temperature.to("Cel").value >= FEVER.value
    return {
        "fever": fever,
        "antipyretic_or_anticytokine_given": record.antipyretic_or_anticytokine_given,
        "crs_already_diagnosed": diagnosed,
        "hypotension": record.hypotension,
        "vasopressor_count_excl_vasopressin": record.vasopressors,
        "vasopressin": record.vasopressin,
        "oxygen": record.oxygen,
        "oxygen_reason": record.oxygen_reason or "hypoxia",
        "death_due_to_crs": record.fatal,
    }


def _gvhd_inputs(record: GvhdAssessment) -> dict[str, object]:
    return {"skin": record.skin, "liver": record.liver, "ugi": record.upper_gi, "lgi": record.lower_gi}


def _icans_inputs(record: IcansAssessment, age: tuple[int, int] | None) -> dict[str, object]:
    """The age only chooses the tool, so any age known to lie on one side of 12 years will do."""
    child = age is not None and age[1] < CAPD_BELOW
    side = None if age is None else age[1] if child else age[0] if age[0] >= CAPD_BELOW else None
    inputs: dict[str, object] = {
        "age": side,
        "consciousness": record.consciousness,
        "seizure": record.seizure,
        "motor": record.motor,
        "icp_edema": record.icp_edema,
        "death_due_to_icans": record.fatal,
    }
    return inputs | ({"capd": record.capd} if child else {"ice": record.ice_score})
