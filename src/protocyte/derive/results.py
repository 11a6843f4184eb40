"""Results of a course by test, in order of date: sorted out once for everything that asks about one test."""

from __future__ import annotations

from typing import Any

from protocyte.derive.course import Course, Held
from protocyte.records.measurements import Examination, Labs, Result

Found = tuple[Held[Any], Result]


def results_by_test(course: Course, form: type[Labs | Examination]) -> dict[str, list[Found]]:
    """Every result of the form's records with the record it stands in."""
    place = f"_results_{form.__name__}"
    kept: dict[str, list[Found]] | None = vars(course).get(place)
    if kept is None:
        kept = vars(course)[place] = {}
        for held in course.all(form):
            for result in held.record.results:
                kept.setdefault(result.test, []).append((held, result))
    return kept
