"""Keep what was derived of a course beside it: derivations are pure, so asking twice need not cost twice.

A course never changes and is replaced when one of its records does; what is kept goes with it. The study is
compared by identity, so that another version of the protocol is never answered with the first one's words.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from protocyte.derive.course import Course
from protocyte.study.model import Study

T = TypeVar("T")
_KEY = "_remembered"


def remembered(derive: Callable[[Study, Course], T]) -> Callable[[Study, Course], T]:
    """`derive(study, course)`, computed once for each course and study."""
    name = f"{derive.__module__}.{derive.__qualname__}"

    @wraps(derive)
    def kept(study: Study, course: Course) -> T:
        beside: dict[str, tuple[Study, Any]] = vars(course).setdefault(_KEY, {})
        entry = beside.get(name)
        if entry is None or entry[0] is not study:
            entry = beside[name] = (study, derive(study, course))
        value: T = entry[1]
        return value

    return kept
