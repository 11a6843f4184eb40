"""Laboratory results of a subject: which count, which is the baseline, and until when they speak of the product.

Only blood and only results with a number. Days are dates without a time, so a draw on the day of the infusion
is taken to be before it: what follows the infusion begins on day 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from protocyte.base import Measured, UnitError
from protocyte.derive.course import Course
from protocyte.derive.results import results_by_test
from protocyte.records.follow_up import NewTherapy, Transplant
from protocyte.records.measurements import Labs, Result


class Drawn(NamedTuple):
    """One result with a number; `day` counts from the first infusion."""

    on: date
    day: int
    value: Measured
    result: Result

    def number(self, unit: str) -> Decimal | None:
        """In `unit`; a bound gives its number; None where the unit measures something else."""
        return in_unit(self.value, unit)


def in_unit(value: Measured | None, unit: str) -> Decimal | None:
    if value is None:
        return None
    try:
        return value.to(unit).value
    except UnitError:
        return None


def drawn(course: Course, test: str) -> Iterator[Drawn]:
    """Every numeric result of a test in the blood of an infused subject, in order of date."""
    for held, result in results_by_test(course, Labs).get(test, ()):
        day = course.day(held.record.on)
        if day is not None and result.value is not None and held.record.specimen == "blood":
            yield Drawn(held.record.on, day, result.value, result)


def tests_of(course: Course) -> tuple[str, ...]:
    """The tests of which the subject has a numeric result in blood, in the order they were first drawn."""
    return tuple(test for test in results_by_test(course, Labs) if any(drawn(course, test)))


def baseline_of(course: Course, test: str) -> Drawn | None:
    """The last result before lymphodepletion, or before the infusion where there was none."""
    begun = course.lymphodepleted_on or course.infused_on or date.max
    found = [one for one in drawn(course, test) if one.on < begun]
    return found[-1] if found else None


def after_infusion(course: Course, test: str) -> Iterator[Drawn]:
    """Results from day 1 until another treatment takes over: later ones speak of that."""
    until = taken_over_on(course)
    return (one for one in drawn(course, test) if one.day > 0 and (until is None or one.on <= until))


def taken_over_on(course: Course) -> date | None:
    """The first day, from the infusion on, of conditioning for a transplant or of a new therapy."""
    days = [held.record.conditioning for held in course.all(Transplant)]
    days += [held.record.on for held in course.all(NewTherapy)]
    return min((on for on in days if course.infused_on and on >= course.infused_on), default=None)
