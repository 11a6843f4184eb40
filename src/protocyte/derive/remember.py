"""Keep what was derived of a course beside it: derivations are pure, so asking twice need not cost twice."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from protocyte.derive.course import Course
from protocyte.study.model import Study

T = TypeVar("T")


def remembered(derive: Callable[[Study, Course], T]) -> Callable[[Study, Course], T]:
    """`derive(study, course)`, computed once for each course and study (`Course.keep`)."""
    key = (f"{derive.__module__}.{derive.__qualname__}",)

    @wraps(derive)
    def kept(study: Study, course: Course) -> T:
        return course.keep(study, key, lambda: derive(study, course))

    return kept
