"""Lymphodepletion and infusion: refused unless gate, product, level, stagger and dose are all right."""

from __future__ import annotations

from datetime import date, timedelta

from protocyte.base import Quantity
from protocyte.conduct.course_checks import check_gate_passed, permitted_level
from protocyte.conduct.oversight_checks import active_holds
from protocyte.conduct.product_checks import released_lots
from protocyte.conduct.refusal import Refusal, refuse
from protocyte.conduct.scene import Scene
from protocyte.derive.compiled import compiled
from protocyte.derive.course import Course
from protocyte.derive.dlt import dlt_windows
from protocyte.derive.toxicity_facts import toxicity_facts
from protocyte.records.treatment import FractionWithheld, Infusion, Lymphodepletion
from protocyte.study.model import Study
from protocyte.study.parts import days_of


def check_lymphodepletion(scene: Scene, record: Lymphodepletion) -> Refusal | None:
    course = scene.course(record.subject)
    if course.assigned_level is None:
        return refuse("not_assigned", subject=record.subject)
    if course.infused_on is not None and scene.study.dosing.scheme != "intra_subject":
        return refuse("infused", subject=record.subject, on=course.infused_on)
    if not released_lots(course, record.on):
        return refuse("not_released", subject=record.subject)
    return check_gate_passed(course, "lymphodepletion", record.on) or check_holds(
        scene, course.assigned_level, record.on
    )


def check_infusion(scene: Scene, record: Infusion) -> Refusal | None:
    """All reasons are checked in the order in which somebody could put them right."""
    course = scene.course(record.subject)
    study = scene.trial.study_on(record.on)
    return (
        _level(scene, course, record)
        or check_holds(scene, record.dose_level, record.on)
        or _product(course, record)
        or _preparation(study, course, record)
        or _amount(study, record)
        or _fraction(study, course, record)
        or _climb(study, course, record)
        or _stagger(scene, course, record)
    )


def check_holds(scene: Scene, level: int, on: date) -> Refusal | None:
    for held in active_holds(scene.trial, on):
        hold = held.record
        if hold.scope == "trial" or (hold.dose_level is not None and level >= hold.dose_level):
            return refuse("on_hold", hold=held.record_id, since=hold.on, why=hold.reason)
    return None


def _level(scene: Scene, course: Course, record: Infusion) -> Refusal | None:
    if course.assigned_level is None:
        return refuse("not_assigned", subject=record.subject)
    if scene.study.dosing.scheme == "intra_subject":
        return None
    if record.dose_level != course.assigned_level:
        return refuse("other_level", assigned=course.assigned_level, level=record.dose_level)
    allowed = permitted_level(scene, course)
    if course.infused_on is None and allowed is not None and record.dose_level > allowed:
        return refuse("level_not_open", level=record.dose_level, open=allowed)
    return None


def _product(course: Course, record: Infusion) -> Refusal | None:
    if record.lot in released_lots(course, record.on):
        return None
    return refuse("lot_not_for_subject", lot=record.lot, subject=record.subject)


def _preparation(study: Study, course: Course, record: Infusion) -> Refusal | None:
    """Lymphodepletion completed and recent, gate passed, weight recent. Later fractions rest on the first."""
    if course.infused_on is not None:
        return None
    done = [held.record.on for held in course.all(Lymphodepletion) if held.record.completes]
    if not done:
        return refuse("not_lymphodepleted", subject=record.subject)
    limit = days_of(study.lymphodepletion.infusion_within)
    if record.on > done[-1] + timedelta(days=limit):
        return refuse("lymphodepletion_old", on=done[-1], limit=limit)
    if record.weight_on < record.on - timedelta(days=days_of(study.dosing.weight_within)):
        return refuse("weight_old", on=record.weight_on, limit=days_of(study.dosing.weight_within))
    return check_gate_passed(course, "infusion", record.on)


def _amount(study: Study, record: Infusion) -> Refusal | None:
    if record.dose_level > len(study.ladder):
        return refuse("no_level", level=record.dose_level, levels=len(study.ladder))
    planned = planned_dose(study, record.dose_level, record.fraction)
    if record.planned.to(planned.unit).value != planned.value:
        return refuse("planned_dose", planned=record.planned, protocol=planned)
    infused = record.infused.to(planned.unit).value
    if infused > record.manufactured.to(planned.unit).value:
        return refuse("more_than_made", infused=record.infused, made=record.manufactured)
    if infused > planned.value * (1 + study.dosing.tolerance.to("1").value):
        return refuse("overdose", infused=record.infused, planned=planned, tolerance=study.dosing.tolerance)
    return None


def planned_dose(study: Study, level: int, fraction: int) -> Quantity:
    """What one infusion should hold: the level's dose, or its share of it."""
    dose = study.dose_of(level)
    if not study.dosing.fractions:
        return dose
    share = study.dosing.fractions[fraction - 1].share.to("1").value
    return Quantity(dose.value * share, dose.unit)


def _fraction(study: Study, course: Course, record: Infusion) -> Refusal | None:
    fractions = study.dosing.fractions
    given = len(course.infusions)
    if not fractions:
        single = study.dosing.scheme == "single" and given > 0
        return refuse("infused", subject=record.subject, on=course.infused_on) if single else None
    if record.fraction != given + 1 or record.fraction > len(fractions):
        return refuse("fraction_order", fraction=record.fraction, expected=given + 1, planned=len(fractions))
    if course.all(FractionWithheld):
        return refuse("fraction_withheld", subject=record.subject)
    if given == 0 or study.dosing.next_fraction is None or course.infused_on is None:
        return None
    facts = toxicity_facts(study, course, course.infused_on, record.on)
    verdict = compiled(study.dosing.next_fraction).evaluate(facts)
    if verdict.outcome == "met":
        return None
    return refuse(
        "next_fraction",
        rule=study.dosing.next_fraction,
        outcome=verdict.outcome,
        missing=verdict.missing or ("-",),
    )


def _climb(study: Study, course: Course, record: Infusion) -> Refusal | None:
    """The next level of a climbing subject: one step, late enough, and not after a toxicity or a response."""
    climb = study.dosing.climb
    if climb is None:
        return None
    last = course.infusions[-1].record if course.infusions else None
    if last is None:
        first = record.dose_level == 1
        return None if first else refuse("climb_start", level=record.dose_level)
    if record.dose_level != last.dose_level + 1:
        return refuse("climb_step", level=record.dose_level, last=last.dose_level)
    earliest = last.on + timedelta(days=days_of(climb.after))
    if record.on < earliest:
        return refuse("climb_early", earliest=earliest)
    window = dlt_windows(study, course, record.on)[-1]
    verdict = compiled(climb.unless).evaluate(toxicity_facts(study, course, window.start, record.on))
    if verdict.outcome != "not_met":
        return refuse("climb_toxicity", rule=climb.unless, outcome=verdict.outcome)
    return _responded(study, course, record) if climb.stop_at_response else None


def _responded(study: Study, course: Course, record: Infusion) -> Refusal | None:
    from protocyte.derive.response import assessments

    for assessment in assessments(study, course):
        if assessment.on <= record.on and assessment.category in study.response.responses:
            return refuse("climb_response", response=assessment.category, on=assessment.on)
    return None


def _stagger(scene: Scene, course: Course, record: Infusion) -> Refusal | None:
    """Only first infusions are staggered, against others of the same part."""
    if course.infused_on is not None:
        return None
    part = scene.study.parts.get(course.part or "")
    if part is None:
        return refuse("not_enrolled", subject=record.subject)
    for other in scene.trial.courses:
        if other.part != course.part or other.infused_on is None or other.subject == course.subject:
            continue
        gap = part.stagger.within if other.cohort == course.cohort else part.stagger.between
        earliest = other.infused_on + timedelta(days=days_of(gap))
        if record.on < earliest:
            return refuse("stagger", other=other.subject, earliest=earliest)
    return None
