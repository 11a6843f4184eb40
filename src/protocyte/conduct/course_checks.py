"""What must be true before a subject's records may be written: consent, dates, enrolment, gates."""

from __future__ import annotations

from datetime import date

from protocyte.conduct.days import begun, told_days
from protocyte.conduct.refusal import Refusal, refuse
from protocyte.conduct.scene import Scene
from protocyte.conduct.slots import check_slot
from protocyte.derive.course import Course
from protocyte.derive.eligibility import judge_gate
from protocyte.derive.escalation import recommended_level
from protocyte.records.enrolment import Assignment, Discontinuation, Enrolment, GateReview, ScreenFailure
from protocyte.records.follow_up import Contact, Death
from protocyte.records.oversight import Cohort, Deviation
from protocyte.records.record import Record, SubjectRecord
from protocyte.records.safety import AdverseEvent
from protocyte.records.screening import Consent
from protocyte.study.eligibility import Gate
from protocyte.study.model import Study

# What was so, or was begun, before anybody thought of the study.
_MAY_PRECEDE_CONSENT = frozenset({"prior_therapy", "medication", "bridging", "adverse_event"})
# The category of the deviation that must be on record before a consent can be dated behind what was done.
LATE_CONSENT = "consent"
# What is done about a subject, and not with the subject.
_PAPERWORK = frozenset(
    {
        *("death", "ae_log_review", "discontinuation", "dlt_adjudication", "dlt_proposal", "response_call"),
        *("manufacture", "release", "deviation", "missed_visit"),
    }
)
# What is done to a subject for the study's sake.
_TREATMENT = frozenset(
    {"enrolment", "gate_review", "assignment", "leukapheresis", "lymphodepletion", "infusion"}
)


def check_days(scene: Scene, record: Record) -> Refusal | None:
    """Nothing is recorded before it has happened."""
    for _, day in told_days(record):
        if day > scene.today:
            return refuse("future", on=day, today=scene.today)
    return None


def check_subject(scene: Scene, record: Record) -> Refusal | None:
    """Consent first; nothing before consent or after death, nothing done to somebody who has left."""
    if not isinstance(record, SubjectRecord):
        return None
    course = scene.course(record.subject)
    form = str(getattr(record, "form", ""))
    if isinstance(record, Consent):
        return refuse("consented", subject=record.subject) if course.consented_on else None
    if course.consented_on is None:
        return refuse("no_consent", subject=record.subject, form=form)
    on = begun(record)
    if on and on < course.consented_on and form not in _MAY_PRECEDE_CONSENT:
        return refuse("before_consent", on=on, consent=course.consented_on)
    died = course.died_on
    if died and on and on > died and form not in _PAPERWORK:
        return refuse("after_death", on=on, died=died)
    return _check_left(course, record, form, on)


def _check_left(course: Course, record: SubjectRecord, form: str, on: date | None) -> Refusal | None:
    if course.all(ScreenFailure) and form in _TREATMENT:
        return refuse("screen_failed", subject=record.subject)
    withdrew = _withdrew(course)
    if withdrew and on and on > withdrew and form not in _PAPERWORK and not _public(record):
        return refuse("withdrawn", subject=record.subject, on=withdrew)
    if form in _TREATMENT and course.all(Discontinuation):
        last = course.all(Discontinuation)[-1].record
        return refuse("discontinued", subject=record.subject, on=last.on, why=last.reason)
    return None


def _withdrew(course: Course) -> date | None:
    days = [h.record.on for h in course.all(Discontinuation) if h.record.reason == "withdrawal_of_consent"]
    return min(days, default=None)


def _public(record: SubjectRecord) -> bool:
    """What may be known of somebody who has withdrawn: an event already begun, and public registers."""
    return isinstance(record, AdverseEvent) or (isinstance(record, Contact) and record.source == "registry")


def check_consent_moved(scene: Scene, record: Consent) -> Refusal | None:
    """A consent is not dated behind what was done; that it truly came late is told as a deviation first."""
    course = scene.course(record.subject)
    if any(held.record.category == LATE_CONSENT for held in course.all(Deviation)):
        return None
    for held in course.held:
        on = begun(held.record)
        if on and on < record.on and held.record.form not in _MAY_PRECEDE_CONSENT:
            return refuse("consent_late", on=record.on, record=held.record_id, done=on)
    return None


def check_death(scene: Scene, record: Death) -> Refusal | None:
    """Nobody dies twice, or before something that was done with him alive."""
    course = scene.course(record.subject)
    if course.died_on is not None:
        return refuse("dead", subject=record.subject, on=course.died_on)
    for held in course.held:
        on = getattr(held.record, "on", None)
        if isinstance(on, date) and on > record.on and held.record.form not in _PAPERWORK:
            return refuse("alive_later", on=record.on, record=held.record_id, later=on)
    return None


def check_screen_failure(scene: Scene, record: ScreenFailure) -> Refusal | None:
    enrolled = scene.course(record.subject).enrolled_on
    return refuse("enrolled", subject=record.subject, on=enrolled) if enrolled else None


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
    return check_gate_passed(scene.trial.study_on(record.on), course, "enrolment", record.on) or check_slot(
        scene, record
    )


def check_assignment(scene: Scene, record: Assignment) -> Refusal | None:
    course = scene.course(record.subject)
    if course.enrolled_on is None:
        return refuse("not_enrolled", subject=record.subject)
    if course.lymphodepleted_on is not None:
        return refuse("assignment_fixed", subject=record.subject, on=course.lymphodepleted_on)
    if record.dose_level > len(scene.study.ladder):
        return refuse("no_level", level=record.dose_level, levels=len(scene.study.ladder))
    allowed = permitted_level(scene, course)
    if record.dose_level > allowed:
        return refuse("level_not_open", level=record.dose_level, open=allowed or "-")
    return None


def permitted_level(scene: Scene, course: Course) -> int:
    """The highest level a subject may be assigned: his cohort's, or the recommended one; 0 for none."""
    part = scene.study.parts.get(course.part or "")
    if part is not None and part.kind == "expansion":
        if part.dose in scene.study.ladder:
            return scene.study.level_of(str(part.dose))
        return recommended_level(scene.trial) or 0
    own = [held.record for held in scene.trial.all(Cohort) if held.record.cohort == course.cohort]
    return own[-1].dose_level if own else 0


def check_gate_review(scene: Scene, record: GateReview) -> Refusal | None:
    """A gate opens only on what the records say on that day. It may be kept shut against them."""
    study, course = scene.trial.study_on(record.on), scene.course(record.subject)
    return _check_open(study, course, record.gate, record.on, "gate_shut") if record.passed else None


def check_gate_passed(
    study: Study, course: Course, gate: Gate, on: date, after: date | None = None
) -> Refusal | None:
    """The gate was passed by `on` (and after the day `after`), and nothing known now shuts it on that day."""
    reviews = [
        held.record
        for held in course.all(GateReview)
        if held.record.gate == gate and held.record.on <= on and (after is None or held.record.on > after)
    ]
    if not reviews or not reviews[-1].passed:
        return refuse("gate_not_passed", gate=gate, subject=course.subject)
    return _check_open(study, course, gate, on, "gate_lapsed")


def _check_open(study: Study, course: Course, gate: Gate, on: date, name: str) -> Refusal | None:
    answer = judge_gate(study, course, gate, on)
    if answer.open:
        return None
    unmet, unknown = answer.not_met or ("-",), answer.unknown or ("-",)
    return refuse(name, gate=gate, on=on, not_met=unmet, unknown=unknown)
