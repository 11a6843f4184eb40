"""Every marrow after the first infusion, judged by the study's criteria and by the companions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from protocyte.base import InputError, Message
from protocyte.derive.classify import Classified, classify, study_criteria
from protocyte.derive.course import Course, Held
from protocyte.derive.remember import remembered
from protocyte.derive.response_facts import marrow_facts
from protocyte.records.efficacy import Marrow
from protocyte.records.screening import Disease
from protocyte.rules import FactTable
from protocyte.study.model import Study


@dataclass(frozen=True)
class JudgedMarrow:
    held: Held[Marrow]
    facts: FactTable
    primary: Classified
    companions: dict[str, Classified]

    @property
    def on(self) -> date:
        return self.held.record.on


def disease_of(study: Study, course: Course) -> str | None:
    """The study's disease that the subject's diagnosis belongs to.

    A study of one disease needs no diagnosis to know; None where it cannot be told.
    """
    if len(study.diseases) == 1:
        return next(iter(study.diseases))
    disease = course.last(Disease)
    if disease is None:
        return None
    diagnosis = disease.record.diagnosis
    return next((name for name, plan in study.diseases.items() if diagnosis in plan.diagnoses), None)


def primary_criteria(study: Study, course: Course) -> str:
    """The criteria the subject is judged by. Raises `InputError` where the study names none.

    A subject whose disease nobody recorded is judged by the first disease's criteria: rules about the
    diagnosis itself stay unknown, and a wrong set would still show in the report under its name.
    """
    disease = disease_of(study, course) or next(iter(study.diseases))
    if disease not in study.response.primary:
        raise InputError(Message.of("derive.criteria_unnamed", disease=repr(disease)))
    return study.response.primary[disease]


@remembered
def judged_marrows(study: Study, course: Course) -> tuple[JudgedMarrow, ...]:
    """In order of date. `in_remission` is told by the marrows judged before."""
    if course.infused_on is None:
        return ()
    name = primary_criteria(study, course)
    beside = study.response.companions.get(disease_of(study, course) or next(iter(study.diseases)), ())
    judged: list[JudgedMarrow] = []
    for held in course.all(Marrow):
        if held.record.on <= course.infused_on:
            continue
        reached = any(
            item.primary.category in study.response.remissions and item.on < held.record.on for item in judged
        )
        facts = marrow_facts(study, course, held, reached)
        judged.append(
            JudgedMarrow(
                held,
                facts,
                classify(study_criteria(study, name), facts),
                {other: classify(study_criteria(study, other), facts) for other in beside},
            )
        )
    return tuple(judged)
