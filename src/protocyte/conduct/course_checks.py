"""What must be true before a subject's records may be written: consent, dates, enrolment, gates."""

from __future__ import annotations

from datetime import date

from protocyte.conduct.refusal import Refusal, refuse
from protocyte.conduct.scene import Scene
from protocyte.conduct.slots import check_slot
from protocyte.derive.course import Course
from protocyte.derive.eligibility import judge_gate
from protocyte.derive.escalation import recommended_level
from protocyte.records.enrolment import Assignment, Enrolment, GateReview, ScreenFailure
from protocyte.records.record import Record, SubjectRecord
from protocyte.records.screening import Consent
from protocyte.study.eligibility import Gate

# Facts about the time before consent, or dates that are about a product and not about the subject.
_MAY_PRECEDE_CONSENT = frozenset({"prior_therapy", "donor_lot", "medication", "adverse_event"})
_AFTER_DEATH = frozenset({"death", "ae_log_review", "discontinuation", "dlt_adjudication", "dlt_proposal"})


def check_subject(scene: Scene, record: Record) -> Refusal | None:
    """Consent first; nothing in the future, before consent, or on a day after the subject's death."""
    if not isinstance(record, SubjectRecord):
        return None
    course = scene.course(record.subject)
    form = str(getattr(record, "form", ""))
    on = getattr(record, "on", None)
    if isinstance(on, date) and on > scene.today:
        return refuse("future", on=on, today=scene.today)
    if isinstance(record, Consent):
        return refuse("consented", subject=record.subject) if course.consented_on else None
    if course.consented_on is None:
        return refuse("no_consent", subject=record.subject, form=form)
    if isinstance(on, date) and on < course.consented_on and form not in _MAY_PRECEDE_CONSENT:
        return refuse("before_consent", on=on, consent=course.consented_on)
    died = course.died_on
    if died and isinstance(on, date) and on > died and form not in _AFTER_DEATH:
        return refuse("after_death", on=on, died=died)
    if course.all(ScreenFailure) and form in ("enrolment", "gate_review"):
        return refuse("screen_failed", subject=record.subject)
    return None


def check_enrolment(scene: Scene, record: Enrolment) -> Refusal | None:
    course = scene.course(record.subject)
    study = scene.study
    if course.enrolled_on is not None:
        return refuse("enrolled", subject=record.subject, on=course.enrolled_on)
    if record.part not in study.parts:
        return refuse("no_part", part=record.part, parts=tuple(study.parts))
    part = study.parts[record.part]
    if part.kind == "expansion" and part.dose == "recommended" and recommended_level(scene.trial) is None:
        return refuse("no_recommendation", part=record.part)
    return check_gate_passed(course, "enrolment", record.on) or check_slot(scene, record)


def check_assignment(scene: Scene, record: Assignment) -> Refusal | None:
    course = scene.course(record.subject)
    if course.enrolled_on is None:
        return refuse("not_enrolled", subject=record.subject)
    if course.lymphodepleted_on is not None:
        return refuse("assignment_fixed", subject=record.subject, on=course.lymphodepleted_on)
    if record.dose_level > len(scene.study.ladder):
        return refuse("no_level", level=record.dose_level, levels=len(scene.study.ladder))
    allowed = permitted_level(scene, course)
    if allowed is not None and record.dose_level > allowed:
        return refuse("level_not_open", level=record.dose_level, open=allowed)
    return None


def permitted_level(scene: Scene, course: Course) -> int | None:
    """The highest level a subject may be assigned: his cohort's, or the recommended one."""
    from protocyte.conduct.oversight_checks import cohorts  # cohorts need slots, slots need courses

    part = scene.study.parts.get(course.part or "")
    if part is not None and part.kind == "expansion":
        return (
            scene.study.level_of(part.dose)
            if part.dose in scene.study.ladder
            else recommended_level(scene.trial)
        )
    own = [cohort.record for cohort in cohorts(scene.trial) if cohort.record.cohort == course.cohort]
    return own[-1].dose_level if own else None


def check_gate_review(scene: Scene, record: GateReview) -> Refusal | None:
    """A gate opens only on what the records say on that day; the review records exactly that."""
    answer = judge_gate(scene.trial.study_on(record.on), scene.course(record.subject), record.gate, record.on)
    if answer.open:
        return None
    return refuse(
        "gate_shut", gate=record.gate, not_met=answer.not_met or ("-",), unknown=answer.unknown or ("-",)
    )


def check_gate_passed(course: Course, gate: Gate, on: date) -> Refusal | None:
    """The gate was passed on `on` or before, and nothing was judged worse since."""
    reviews = [
        held.record for held in course.all(GateReview) if held.record.gate == gate and held.record.on <= on
    ]
    if reviews and reviews[-1].passed:
        return None
    return refuse("gate_not_passed", gate=gate, subject=course.subject)
