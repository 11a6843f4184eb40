"""The dated events endpoints are made of, and the days on which a subject is known to have been alive."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from protocyte.derive.course import Course, Held
from protocyte.derive.relapse import relapse_evidence
from protocyte.derive.remember import remembered
from protocyte.derive.response import assessments, is_new_therapy
from protocyte.records.efficacy import (
    AntiDrugAntibody,
    Extramedullary,
    KineticsSample,
    Marrow,
    Relapse,
)
from protocyte.records.enrolment import Discontinuation
from protocyte.records.follow_up import Contact, Death, NewTherapy, SecondMalignancy, Transplant, Visit
from protocyte.records.measurements import Examination, Labs
from protocyte.records.product import Leukapheresis
from protocyte.records.safety import AdverseEvent, CrsAssessment, GvhdAssessment, IcansAssessment
from protocyte.records.screening import Consent
from protocyte.records.treatment import Bridging, Infusion, Lymphodepletion, Medication, Transfusion
from protocyte.study.model import Study


class Dated(NamedTuple):
    """A day and the records it rests on."""

    on: date
    records: tuple[str, ...] = ()


# Something was done to, taken from or said by the subject on that day. A review, a decision, an allocation
# or the day a subject was declared lost says nothing about him.
_ALIVE = (
    Consent,
    Leukapheresis,
    Lymphodepletion,
    Infusion,
    Transfusion,
    Labs,
    Examination,
    Marrow,
    Extramedullary,
    KineticsSample,
    AntiDrugAntibody,
    CrsAssessment,
    IcansAssessment,
    GvhdAssessment,
    Relapse,
    Visit,
    Contact,
    NewTherapy,
    SecondMalignancy,
)


@remembered
def clinical_events(study: Study, course: Course) -> dict[str, tuple[Dated, ...]]:
    """Every event an endpoint may name, each in order of date (`refractory` is the endpoint's own)."""
    evidence = relapse_evidence(study, course)
    therapies = course.all(NewTherapy)
    return {
        "death": tuple(Dated(held.record.on, (held.record_id,)) for held in course.all(Death)[-1:]),
        "relapse": tuple(Dated(item.on, item.records) for item in evidence if item.is_relapse),
        "progression": tuple(Dated(item.on, item.records) for item in evidence if item.is_progression),
        "transplant": tuple(
            Dated(held.record.conditioning, (held.record_id,)) for held in course.all(Transplant)
        ),
        "new_therapy": tuple(_dated(held) for held in therapies if is_new_therapy(held.record)),
        "donor_lymphocytes": tuple(
            _dated(held) for held in therapies if held.record.kind == "donor_lymphocytes"
        ),
        "maintenance": tuple(_dated(held) for held in therapies if held.record.kind == "maintenance"),
        "reinfusion": tuple(
            Dated(held.record.on, (held.record_id,)) for held in course.infusions[_planned(study) :]
        ),
    }


@remembered
def last_known_alive(study: Study, course: Course) -> Dated | None:
    """The last dated evidence of life. `study` is asked for only so that all derivations are called alike."""
    days = [Dated(held.record.on, (held.record_id,)) for form in _ALIVE for held in course.all(form)]
    days += [day for held in course.held for day in _other_evidence(held)]
    days += [_dated(held) for held in course.all(Discontinuation) if _spoke(held.record)]
    return max(days, default=None)


@remembered
def last_adequate_assessment(study: Study, course: Course) -> Dated | None:
    """The last assessment after the infusion that could be judged."""
    judged = [item for item in assessments(study, course) if item.evaluable]
    return Dated(judged[-1].on, (judged[-1].record_id,)) if judged else None


def _dated(held: Held[NewTherapy] | Held[Discontinuation]) -> Dated:
    return Dated(held.record.on, (held.record_id,))


def _planned(study: Study) -> int:
    """How many infusions the plan has: whatever comes after them is a re-infusion."""
    if study.dosing.scheme == "split":
        return len(study.dosing.fractions)
    return len(study.ladder) if study.dosing.scheme == "intra_subject" else 1


def _spoke(record: Discontinuation) -> bool:
    """Who withdraws consent or completes the study was there to do so."""
    return record.reason in ("withdrawal_of_consent", "completed")


def _other_evidence(held: Held[Any]) -> list[Dated]:
    record = held.record
    days: list[date | None] = []
    if isinstance(record, AdverseEvent):
        days = [change.on for change in record.course if change.grade < 5]
        days += [record.ended] if record.outcome != "fatal" else []
    elif isinstance(record, (Bridging, Medication)):
        days = [record.started]  # an end may be written down at the death
    elif isinstance(record, Transplant):
        days = [record.conditioning, record.on]
    return [Dated(day, (held.record_id,)) for day in days if day is not None]
