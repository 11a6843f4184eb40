"""Who belongs to which analysis set, in three values: None while it is still open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from protocyte.derive.course import Course
from protocyte.derive.data_cut import until
from protocyte.derive.dlt import evaluability
from protocyte.derive.response import assessments, best_response, derive_baseline
from protocyte.study.model import Study

Evaluability = Callable[[Study, Course, date], "bool | None"]


def in_analysis_set(study: Study, course: Course, name: str, as_of: date) -> bool | None:
    """Whether the subject belongs to the study's set `name` as of a day. `KeyError` for an unknown set."""
    return _MEMBERS[study.analysis_sets[name].members](study, until(course, as_of), as_of)


def members(study: Study, courses: Iterable[Course], name: str, as_of: date) -> tuple[Course, ...]:
    """Those who certainly belong to the set, in the order given."""
    return tuple(course for course in courses if in_analysis_set(study, course, name, as_of))


def _screened(study: Study, course: Course, as_of: date) -> bool:
    return course.consented_on is not None


def _enrolled(study: Study, course: Course, as_of: date) -> bool:
    return course.enrolled_on is not None


def _lymphodepleted(study: Study, course: Course, as_of: date) -> bool:
    return course.lymphodepleted_on is not None


def _infused(study: Study, course: Course, as_of: date) -> bool:
    return course.infused_on is not None


def _efficacy_evaluable(study: Study, course: Course, as_of: date) -> bool:
    """Infused with leukemia to respond, and at least one assessment that counts and can be judged.

    Supportive only: the primary denominator of a response rate is all infused (DOMAIN 20).
    """
    if course.infused_on is None or derive_baseline(study, course).in_remission is True:
        return False
    return any(item.counts and item.evaluable for item in assessments(study, course))


def _responders(study: Study, course: Course, as_of: date) -> bool:
    return best_response(study, course).is_in(study.response.responses)


_MEMBERS: dict[str, Evaluability] = {
    "screened": _screened,
    "enrolled": _enrolled,
    "lymphodepleted": _lymphodepleted,
    "infused": _infused,
    "dlt_evaluable": evaluability,
    "efficacy_evaluable": _efficacy_evaluable,
    "responders": _responders,
}
