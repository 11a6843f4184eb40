"""Lymphodepletion and infusion: refused unless gate, product, level, stagger and dose are all right."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from protocyte.base import Quantity
from protocyte.conduct.course_checks import check_gate_passed, permitted_level
from protocyte.conduct.oversight_checks import active_holds
from protocyte.conduct.product_checks import check_lot_usable, released_lots
from protocyte.conduct.refusal import Refusal, refuse
from protocyte.conduct.scene import Scene
from protocyte.derive.compiled import compiled
from protocyte.derive.course import Course
from protocyte.derive.dlt import derive_dlt
from protocyte.derive.response import assessments
from protocyte.derive.toxicity_facts import toxicity_facts
from protocyte.records.oversight import Deviation
from protocyte.records.treatment import FractionWithheld, Infusion, Lymphodepletion
from protocyte.study.model import Study
from protocyte.study.parts import days_of
from protocyte.study.treatment import Climb

# The category of the deviation that must be on record before a true overdose can be.
OVERDOSE = "overdose"


def check_lymphodepletion(scene: Scene, record: Lymphodepletion) -> Refusal | None:
    """Asked of the first day of a course; the days that follow are what was begun."""
    course = scene.course(record.subject)
    study = scene.trial.study_on(record.on)
    if course.enrolled_on is None:
        return refuse("not_enrolled", subject=record.subject)
    if course.assigned_level is None:
        return refuse("not_assigned", subject=record.subject)
    if course.infused_on is not None and climb_of(study, course) is None:
        return refuse("infused", subject=record.subject, on=course.infused_on)
    if not released_lots(course, record.on):
        return refuse("not_released", subject=record.subject)
    days = [held.record for held in course.all(Lymphodepletion) if held.record.on <= record.on]
    if days and not days[-1].completes:
        return None
    return check_gate_passed(study, course, "lymphodepletion", record.on) or check_holds(
        scene, course.assigned_level, record.on
    )


def check_infusion(scene: Scene, record: Infusion) -> Refusal | None:
    """All reasons are checked in the order in which somebody could put them right."""
    course = scene.course(record.subject)
    study = scene.trial.study_on(record.on)
    return (
        _level(scene, study, course, record)
        or check_holds(scene, record.dose_level, record.on)
        or _product(scene, course, record)
        or _order(study, course, record)
        or _preparation(study, course, record)
        or check_amount(scene, record)
        or _fraction(study, course, record)
        or _climb(study, course, record)
        or _stagger(scene, course, record)
    )


def check_holds(scene: Scene, level: int, on: date) -> Refusal | None:
    """A hold of a level holds the levels above it as well."""
    for held in active_holds(scene.trial, on):
        hold = held.record
        if hold.scope == "trial" or (hold.dose_level is not None and level >= hold.dose_level):
            return refuse("on_hold", hold=held.record_id, since=hold.on, why=hold.reason)
    return None


def climb_of(study: Study, course: Course) -> Climb | None:
    """The rule by which this subject climbs: only an escalation climbs, an expansion has its level."""
    part = study.parts.get(course.part or "")
    return study.dosing.climb if part is not None and part.kind == "escalation" else None


def _level(scene: Scene, study: Study, course: Course, record: Infusion) -> Refusal | None:
    if course.enrolled_on is None:
        return refuse("not_enrolled", subject=record.subject)
    if course.assigned_level is None:
        return refuse("not_assigned", subject=record.subject)
    if record.dose_level > len(study.ladder):
        return refuse("no_level", level=record.dose_level, levels=len(study.ladder))
    if climb_of(study, course) is not None:
        return None
    if record.dose_level != course.assigned_level:
        return refuse("other_level", assigned=course.assigned_level, level=record.dose_level)
    allowed = permitted_level(scene, course)
    if course.infused_on is None and record.dose_level > allowed:
        return refuse("level_not_open", level=record.dose_level, open=allowed or "-")
    return None


def _product(scene: Scene, course: Course, record: Infusion) -> Refusal | None:
    release = released_lots(course, record.on).get(record.lot)
    if release is None:
        return refuse("lot_not_for_subject", lot=record.lot, subject=record.subject)
    unit = release.dose.unit
    held = (one.record for one in course.infusions)
    given = sum((one.infused.to(unit).value for one in held if one.lot == record.lot), Decimal(0))
    total = Quantity(given + record.infused.to(unit).value, unit)  # fractions and climbs come from one bag
    if total.value > release.dose.value:
        return refuse("more_than_made", infused=total, made=release.dose)
    return check_lot_usable(scene.trial, record.lot, record.on)


def _order(study: Study, course: Course, record: Infusion) -> Refusal | None:
    """A single dose is given once; no infusion is slipped in before one that was given."""
    last = course.last_infused_on
    if last is None:
        return None
    if not study.dosing.fractions and climb_of(study, course) is None:
        return refuse("infused", subject=record.subject, on=last)
    if record.on < last:
        return refuse("too_early", earliest=last)
    return None


def _preparation(study: Study, course: Course, record: Infusion) -> Refusal | None:
    """Weight recent; gate passed; before the first, lymphodepletion completed and recent.

    The fractions of one dose rest on one gate. A climbing subject's next dose is a month later: he is
    judged anew.
    """
    limit = days_of(study.dosing.weight_within)
    if record.weight_on < record.on - timedelta(days=limit):
        return refuse("weight_old", on=record.weight_on, limit=limit)
    if course.infused_on is not None:
        if study.dosing.fractions:
            return None
        return check_gate_passed(study, course, "infusion", record.on, course.last_infused_on)
    done = [
        held.record.on
        for held in course.all(Lymphodepletion)
        if held.record.completes and held.record.on <= record.on
    ]
    if not done:
        return refuse("not_lymphodepleted", subject=record.subject)
    limit = days_of(study.lymphodepletion.infusion_within)
    if record.on > done[-1] + timedelta(days=limit):
        return refuse("lymphodepletion_old", on=done[-1], limit=limit)
    return check_gate_passed(study, course, "infusion", record.on)


def check_amount(scene: Scene, record: Infusion) -> Refusal | None:
    """The three doses against each other. An overdose is a fact too, once it is told as a deviation."""
    study = scene.trial.study_on(record.on)
    if study.dosing.fractions and not 1 <= record.fraction <= len(study.dosing.fractions):
        total = len(study.dosing.fractions)
        return refuse("fraction_order", fraction=record.fraction, expected="-", planned=total)
    planned = planned_dose(study, record.dose_level, record.fraction)
    if record.planned.to(planned.unit).value != planned.value:
        return refuse("planned_dose", planned=record.planned, protocol=planned)
    infused = record.infused.to(planned.unit).value
    if infused > record.manufactured.to(planned.unit).value:
        return refuse("more_than_made", infused=record.infused, made=record.manufactured)
    if infused > planned.value * (1 + study.dosing.tolerance.to("1").value):
        deviations = (held.record for held in scene.course(record.subject).all(Deviation))
        if not any(one.category == OVERDOSE and one.on == record.on for one in deviations):
            tolerance = study.dosing.tolerance
            return refuse("overdose", infused=record.infused, planned=planned, tolerance=tolerance)
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
    if not fractions:
        return None
    given = len(course.infusions)
    if record.fraction != given + 1:
        return refuse("fraction_order", fraction=record.fraction, expected=given + 1, planned=len(fractions))
    if course.all(FractionWithheld):
        return refuse("fraction_withheld", subject=record.subject)
    start, rule = course.infused_on, study.dosing.next_fraction
    if start is None:
        return None
    earliest = start + timedelta(days=fractions[given].day - fractions[0].day)
    if record.on < earliest:
        return refuse("too_early", earliest=earliest)
    if rule is None:
        return None
    verdict = compiled(rule).evaluate(toxicity_facts(study, course, start, record.on))
    if verdict.outcome == "met":
        return None
    missing = verdict.missing or ("-",)
    return refuse("next_fraction", rule=rule, outcome=verdict.outcome, missing=missing)


def check_withheld(scene: Scene, record: FractionWithheld) -> Refusal | None:
    """Only a fraction that was next can be withheld, and none after it is left."""
    course = scene.course(record.subject)
    planned, given = len(scene.study.dosing.fractions), len(course.infusions)
    if course.all(FractionWithheld):
        return refuse("fraction_withheld", subject=record.subject)
    if not 1 <= given < planned or record.fraction != given + 1:
        expected = given + 1 if 1 <= given < planned else "-"
        return refuse("fraction_order", fraction=record.fraction, expected=expected, planned=planned)
    return None


def _climb(study: Study, course: Course, record: Infusion) -> Refusal | None:
    """The next level of a climbing subject: one step, late enough, and not after a toxicity or a response."""
    climb = climb_of(study, course)
    if climb is None:
        return None
    if not course.infusions:
        return None if record.dose_level == 1 else refuse("climb_start", level=record.dose_level)
    last = course.infusions[-1].record
    if record.dose_level != last.dose_level + 1:
        return refuse("climb_step", level=record.dose_level, last=last.dose_level)
    earliest = last.on + timedelta(days=days_of(climb.after))
    if record.on < earliest:
        return refuse("too_early", earliest=earliest)
    # A toxicity of any earlier dose that is only reported now ends the climb as well as one of the last.
    first = course.infusions[0].record.on
    verdict = compiled(climb.unless).evaluate(toxicity_facts(study, course, first, record.on))
    if verdict.outcome != "not_met":
        missing = verdict.missing or ("-",)
        return refuse("climb_toxicity", rule=climb.unless, outcome=verdict.outcome, missing=missing)
    if any(status.dlt for status in derive_dlt(study, course, record.on)):
        return refuse("climb_dlt", subject=record.subject)
    return _responded(study, course, record) if climb.stop_at_response else None


def _responded(study: Study, course: Course, record: Infusion) -> Refusal | None:
    for assessment in assessments(study, course):
        if assessment.on <= record.on and assessment.category in study.response.responses:
            return refuse("climb_response", response=assessment.category, on=assessment.on)
    return None


def _stagger(scene: Scene, course: Course, record: Infusion) -> Refusal | None:
    """Only first infusions are staggered, against others of the same part, before and after."""
    if course.infused_on is not None:
        return None
    part = scene.study.parts.get(course.part or "")
    if part is None:
        return refuse("no_part", part=course.part, parts=tuple(scene.study.parts))
    for other in scene.trial.courses:
        if other.part != course.part or other.infused_on is None or other.subject == course.subject:
            continue
        gap = days_of(part.stagger.within if other.cohort == course.cohort else part.stagger.between)
        if abs((record.on - other.infused_on).days) < gap:
            earliest = other.infused_on + timedelta(days=gap)
            return refuse("stagger", other=other.subject, earliest=earliest)
    return None
