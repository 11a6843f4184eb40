"""Visits: what they need exists, and no result belongs to two of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from protocyte.base import Problem
from protocyte.records import FORMS
from protocyte.study.document import Document
from protocyte.study.efficacy import VisitPlan
from protocyte.study.model import Study
from protocyte.study.problems import error, warning


def visits_need_known_forms(study: Study, document: Document) -> Iterator[Problem]:
    for name, visit in study.schedule.items():
        for index, form in enumerate(visit.needs):
            if form not in FORMS:
                path = f"schedule.{name}.needs.{index}"
                yield error(document, path, "schedule.form", form=form)


def windows_do_not_overlap(study: Study, document: Document) -> Iterator[Problem]:
    for anchor in ("consent", "enrolment", "infusion"):
        for form in sorted({form for visit in study.schedule.values() for form in visit.needs}):
            visits = sorted(
                (first_day(visit), last_day(visit), name)
                for name, visit in study.schedule.items()
                if visit.anchor == anchor and form in visit.needs
            )
            for (_, end, before), (start, _, name) in pairwise(visits):
                if start <= end:
                    path = f"schedule.{name}"
                    yield error(document, path, "schedule.overlap", name=name, before=before, form=form)


def dlt_window_ends_with_a_visit(study: Study, document: Document) -> Iterator[Problem]:
    """Somebody must look when the window closes, or its last days are silence."""
    end = study.dlt.days
    if study.dosing.scheme == "split" and study.dosing.fractions:
        end += study.dosing.fractions[-1].day
    if not has_visit(study, end, "crs_assessment", "ae_log_review"):
        yield warning(document, "schedule", "schedule.dlt_end", day=end)


def has_visit(study: Study, day: int, *forms: str) -> bool:
    """A visit after the first infusion whose window holds `day` and that needs one of `forms`."""
    return any(
        visit.anchor == "infusion"
        and first_day(visit) <= day <= last_day(visit)
        and any(form in visit.needs for form in forms)
        for visit in study.schedule.values()
    )


def first_day(visit: VisitPlan) -> int:
    return visit.day - visit.window[0]


def last_day(visit: VisitPlan) -> int:
    return visit.day + visit.window[1]


CHECKS = (visits_need_known_forms, windows_do_not_overlap, dlt_window_ends_with_a_visit)
