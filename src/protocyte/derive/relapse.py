"""Relapse, dated at its first evidence, whether somebody recorded it or the study's rule finds it.

Only after a remission (the study's `remissions`): what returns without one is progression.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from protocyte.derive.compiled import compiled
from protocyte.derive.course import Course
from protocyte.derive.marrows import judged_marrows
from protocyte.derive.remember import remembered
from protocyte.derive.response_facts import draw_facts, extramedullary_facts
from protocyte.records.efficacy import Extramedullary, Relapse
from protocyte.records.measurements import Labs
from protocyte.rules import Facts
from protocyte.study.model import Study

Kind = Literal["hematologic", "extramedullary", "molecular", "progression"]


@dataclass(frozen=True)
class RelapseEvidence:
    """One piece of evidence. `found` says who found it; `after_remission` whether it can be a relapse."""

    on: date
    kind: Kind
    found: Literal["recorded", "by_rule"]
    after_remission: bool
    records: tuple[str, ...]
    antigen: str = "unknown"

    @property
    def is_relapse(self) -> bool:
        """Molecular relapse is shown but ends no remission in the morphologic sense."""
        return self.after_remission and self.kind in ("hematologic", "extramedullary")

    @property
    def is_progression(self) -> bool:
        """Recorded as such, or the return of a leukemia that never was in remission."""
        return self.kind == "progression" or (
            not self.after_remission and self.kind in ("hematologic", "extramedullary")
        )


@remembered
def first_remission(study: Study, course: Course) -> date | None:
    """The day of the first marrow judged a remission."""
    days = (item.on for item in judged_marrows(study, course) if _remission(study, item.primary.category))
    return next(days, None)


@remembered
def relapse_evidence(study: Study, course: Course) -> tuple[RelapseEvidence, ...]:
    """All evidence in order of date; of one day, what was recorded first."""
    remission = first_remission(study, course)
    found = [
        RelapseEvidence(
            held.record.on,
            held.record.kind,
            "recorded",
            remission is not None and remission <= held.record.on,
            (held.record_id,),
            held.record.antigen,
        )
        for held in course.all(Relapse)
    ]
    if remission is not None:
        rule = compiled(study.response.relapse)
        for on, kind, facts, record_id in _occasions(study, course, remission):
            verdict = rule.evaluate(facts)
            if verdict.outcome == "met":
                records = tuple(dict.fromkeys((record_id, *verdict.records)))
                found.append(RelapseEvidence(on, kind, "by_rule", True, records))
    return tuple(sorted(found, key=lambda item: (item.on, item.found != "recorded")))


def first_relapse(study: Study, course: Course) -> RelapseEvidence | None:
    return next((item for item in relapse_evidence(study, course) if item.is_relapse), None)


def first_progression(study: Study, course: Course) -> RelapseEvidence | None:
    return next((item for item in relapse_evidence(study, course) if item.is_progression), None)


def _occasions(study: Study, course: Course, remission: date) -> Iterator[tuple[date, Kind, Facts, str]]:
    for marrow in judged_marrows(study, course):
        if marrow.on > remission:
            yield marrow.on, "hematologic", marrow.facts, marrow.held.record_id
    for draw in course.all(Labs):
        if draw.record.on > remission and any(r.test == "blood_blasts" for r in draw.record.results):
            yield draw.record.on, "hematologic", draw_facts(course, draw), draw.record_id
    for elsewhere in course.all(Extramedullary):
        if elsewhere.record.on > remission:
            yield (
                elsewhere.record.on,
                "extramedullary",
                extramedullary_facts(course, elsewhere),
                elsewhere.record_id,
            )


def _remission(study: Study, category: str) -> bool:
    return category in study.response.remissions
