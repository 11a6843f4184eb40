"""Age in completed years, from a birth date that is kept to the month or the year."""

from __future__ import annotations

from datetime import date

from protocyte.derive.course import Course
from protocyte.records.screening import Demographics


def derive_age(course: Course, on: date) -> tuple[int, int] | None:
    """The least and the greatest age possible on `on`; equal where the birth date leaves no doubt."""
    held = course.last(Demographics)
    if held is None:
        return None
    birth = held.record.birth
    return _years(birth.latest(), on), _years(birth.earliest(), on)


def _years(birth: date, on: date) -> int:
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
