"""What is known of a subject before treatment: the facts that demography is made of.

Baseline is the last result not after the first day of lymphodepletion, or not after the first infusion
where there was none (DOMAIN 14); of a subject not treated yet, the last result there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from protocyte.analysis.efficacy.survival import MONTH
from protocyte.analysis.row_blocks import number_in
from protocyte.base import Measured, Quantity
from protocyte.derive.age import derive_age
from protocyte.derive.course import Course, Held
from protocyte.derive.eligibility_facts import SubjectFacts
from protocyte.derive.response_facts import baseline_marrow
from protocyte.derive.results import results_by_test
from protocyte.records.efficacy import Extramedullary, Marrow
from protocyte.records.measurements import Examination
from protocyte.records.screening import Antigen, Demographics, Disease, PriorTherapy
from protocyte.study.model import Study

AGE_GROUPS = ("under_18", "18_to_64", "65_and_over")


@dataclass(frozen=True)
class SubjectBaseline:
    """None: not recorded. Weight in kg, blasts and antigen in %, times in months before the infusion.

    `bounds` names what is known only as a bound, and stands here as that bound.
    """

    subject: str
    age: float | None
    age_group: str | None
    sex: str | None
    race: str | None
    ethnicity: str | None
    weight: float | None
    performance: dict[str, int]  # by scale: ecog, kps, lansky
    diagnosis: str | None
    risk: str | None
    lesions: tuple[str, ...] | None
    extramedullary: bool | None
    cns: str | None
    screening_blasts: float | None
    last_blasts: float | None
    lines: int | None
    transplant: bool | None
    since_transplant: float | None
    category: str | None
    refractory: bool | None
    antigen: float | None
    bounds: tuple[str, ...]


def subject_baseline(study: Study, course: Course) -> SubjectBaseline:
    told, history = course.last(Demographics), course.last(Disease)
    person, disease = told.record if told else None, history.record if history else None
    examined = {test: _examined(course, test) for test in ("weight", "ecog", "kps", "lansky")}
    first, last, antigen = _first_marrow(course), baseline_marrow(course), _antigen(study, course)
    measured = {
        "weight": examined["weight"],
        "screening_blasts": first.record.blasts if first else None,
        "last_blasts": last.record.blasts if last else None,
        "antigen": antigen,
    }
    site = _last_site(course)
    age = _age(study, course)
    return SubjectBaseline(
        subject=course.subject,
        age=age,
        age_group=_age_group(course, age),
        sex=person.sex if person else None,
        race=person.race if person else None,
        ethnicity=person.ethnicity if person else None,
        weight=number_in(measured["weight"], "kg"),
        performance={
            scale: int(score.value)
            for scale in ("ecog", "kps", "lansky")
            if (score := examined[scale]) is not None and score.unit in ("1", "%") and not score.bound
        },
        diagnosis=disease.diagnosis if disease else None,
        risk=disease.risk if disease else None,
        lesions=_lesions(disease),
        extramedullary=site.present if site else disease.extramedullary if disease else None,
        cns=site.cns if site else None,
        screening_blasts=number_in(measured["screening_blasts"], "%"),
        last_blasts=number_in(measured["last_blasts"], "%"),
        lines=_lines(course, disease),
        transplant=_transplanted(course, disease),
        since_transplant=_since_transplant(course),
        category=_category(disease),
        refractory=disease.refractory_to_last_line if disease else None,
        antigen=number_in(antigen, "%"),
        bounds=tuple(name for name, value in measured.items() if value is not None and value.bound),
    )


def baseline_ends(course: Course) -> date:
    """The last day that is still before treatment."""
    return course.lymphodepleted_on or course.infused_on or date.max


def prior_therapies(course: Course) -> tuple[PriorTherapy, ...]:
    """Earlier therapies in the order of their last doses."""
    found = [held.record for held in course.all(PriorTherapy)]
    return tuple(sorted(found, key=lambda one: (one.last_dose.earliest(), one.therapy)))


def _age(study: Study, course: Course) -> float | None:
    """Completed years at consent; None where the month of birth leaves a doubt that nobody settled."""
    day = course.consented_on or baseline_ends(course)
    found = SubjectFacts(study, course, day).observations("age").items if day != date.max else ()
    value = found[-1].value if found else None
    return float(value.value) if isinstance(value, Quantity) else None


def _age_group(course: Course, age: float | None) -> str | None:
    """Also where the exact age is in doubt, if every possible age lies in one group."""
    if age is not None:
        return _group_of(age)
    years = derive_age(course, course.consented_on) if course.consented_on else None
    groups = {_group_of(year) for year in years} if years else set()
    return groups.pop() if len(groups) == 1 else None


def _group_of(age: float) -> str:
    return AGE_GROUPS[(age >= 18) + (age >= 65)]


def _examined(course: Course, test: str) -> Measured | None:
    found = results_by_test(course, Examination).get(test, ())
    before = [result.value for held, result in found if held.record.on <= baseline_ends(course)]
    return before[-1] if before else None


def _first_marrow(course: Course) -> Held[Marrow] | None:
    before = [held for held in course.all(Marrow) if held.record.on <= baseline_ends(course)]
    return before[0] if before else None


def _last_site(course: Course) -> Extramedullary | None:
    before = [held.record for held in course.all(Extramedullary) if held.record.on <= baseline_ends(course)]
    return before[-1] if before else None


def _antigen(study: Study, course: Course) -> Measured | None:
    """Of the antigen the product is made against; another antigen's result is none of this one."""
    target = study.product.antigen.casefold()
    found = [
        held.record.percent
        for held in course.all(Antigen)
        if held.record.antigen.casefold() == target and held.record.on <= baseline_ends(course)
    ]
    return found[-1] if found else None


def _lesions(disease: Disease | None) -> tuple[str, ...] | None:
    """One lesion is one lesion, however its name was spelt."""
    if disease is None or disease.genetics is None:
        return None
    return tuple(dict.fromkeys(lesion.strip().casefold().replace("_", "-") for lesion in disease.genetics))


def _lines(course: Course, disease: Disease | None) -> int | None:
    """As the disease history counts them, else the highest line of the therapies listed."""
    if disease is not None and disease.prior_lines is not None:
        return disease.prior_lines
    return max((one.line for one in prior_therapies(course) if one.line is not None), default=None)


def _transplants(course: Course) -> list[PriorTherapy]:
    return [one for one in prior_therapies(course) if one.kind == "transplant"]


def _transplanted(course: Course, disease: Disease | None) -> bool | None:
    if _transplants(course):
        return True
    return disease.prior_transplant if disease else None


def _since_transplant(course: Course) -> float | None:
    """Months from the latest transplant; one dated to the month counts from its last day, at the least."""
    found = _transplants(course)
    end = course.infused_on
    if not found or end is None:
        return None
    days = (end - max(one.last_dose.latest() for one in found)).days
    return days / MONTH if days >= 0 else None


def _category(disease: Disease | None) -> str | None:
    """By relapses; without one, primary refractory is who failed an induction or the last line."""
    if disease is None or disease.relapses is None:
        return None
    if disease.relapses:
        return "relapsed_once" if disease.relapses == 1 else "relapsed_again"
    failed = bool(disease.induction_courses_without_remission) or disease.refractory_to_last_line is True
    if failed:
        return "primary_refractory"
    return "neither" if disease.refractory_to_last_line is False else None
