"""Checks of a whole study: one small function a rule, gathered here, each yielding problems as values.

The model has seen to the shape of every field; here fields are held against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from protocyte.base import Problem
from protocyte.study.checks import (
    design,
    dosing,
    eligibility,
    endpoints,
    follow_up,
    kinetics,
    provenance,
    response,
    rules,
    safety,
    schedule,
)
from protocyte.study.document import Document
from protocyte.study.model import Study

Check = Callable[[Study, Document], Iterable[Problem]]

CHECKS: tuple[Check, ...] = (
    *dosing.CHECKS,
    *design.CHECKS,
    *safety.CHECKS,
    *rules.CHECKS,
    *eligibility.CHECKS,
    *schedule.CHECKS,
    *response.CHECKS,
    *endpoints.CHECKS,
    *kinetics.CHECKS,
    *follow_up.CHECKS,
    *provenance.CHECKS,
)


def check_study(study: Study, document: Document) -> Iterator[Problem]:
    """Every problem of a study whose fields are all of their kinds."""
    for check in CHECKS:
        yield from check(study, document)


def check_partial(study: Study, document: Document) -> Iterator[Problem]:
    """The same where some fields could not be read: a check that needs one of those is left out."""
    for check in CHECKS:
        try:
            yield from list(check(study, document))
        except AttributeError as absent:
            if absent.obj is not study or absent.name not in Study.model_fields:
                raise
