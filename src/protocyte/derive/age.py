"""Age in completed years, from a birth date that is kept to the month or the year."""

from __future__ import annotations

from datetime import date

from protocyte.base import PartialDate
from protocyte.derive.course import Course
from protocyte.records.screening import Demographics


def derive_age(course: Course, on: date) -> tuple[int, int] | None:
    """The least and the greatest age possible on `on`; equal where the birth date leaves no doubt."""
    held = course.last(Demographics)
    if held is None:
        return None
    return years_between(held.record.birth, on)


def years_between(birth: PartialDate, on: date) -> tuple[int, int]:
    """The least and the greatest number of completed years from `birth` to `on`."""
    return _years(birth.latest(), on), _years(birth.earliest(), on)


def _years(birth: date, on: date) -> int:
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
