"""The history of outcomes, the design's advice on it, and whether past decisions still stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from protocyte.base import Message
from protocyte.derive.compiled import compiled
from protocyte.derive.course import Course, Held, Trial
from protocyte.derive.dlt import DltStatus, derive_dlt
from protocyte.derive.response import assessments
from protocyte.derive.toxicity_facts import toxicity_facts
from protocyte.designs import Advice, Outcome, advise_outcomes
from protocyte.records.oversight import DoseDecision
from protocyte.records.treatment import Infusion
from protocyte.study.model import Part, Study


@dataclass(frozen=True)
class History:
    """Outcomes in the order of infusion, each with the status it was read from.

    `left_out` holds the statuses of those who are not DLT-evaluable.
    """

    outcomes: tuple[Outcome, ...]
    statuses: tuple[DltStatus, ...]
    left_out: tuple[DltStatus, ...]


@dataclass(frozen=True)
class Escalation:
    """A part's standing: its history, what the design advises, and for whom it waits."""

    part: str
    history: History
    advice: Advice
    waiting: tuple[DltStatus, ...]
    open_proposals: tuple[str, ...]


def derive_history(study: Study, courses: tuple[Course, ...], part: str, as_of: date) -> History:
    """What the design is told as of a day: every evaluable or still open subject infused in the part."""
    statuses = [
        status for course in courses if course.part == part for status in derive_dlt(study, course, as_of)
    ]
    statuses.sort(key=lambda status: (status.window.start, status.subject))
    told = tuple(status for status in statuses if status.status != "not_evaluable")
    by_subject = {course.subject: course for course in courses}
    outcomes = tuple(_outcome(study, by_subject[status.subject], status, as_of) for status in told)
    return History(outcomes, told, tuple(s for s in statuses if s.status == "not_evaluable"))


def _outcome(study: Study, course: Course, status: DltStatus, as_of: date) -> Outcome:
    """The level is the one infused; a DLT at a dose that fits no level counts at the assigned one."""
    level = status.window.level or status.window.assigned
    if study.dosing.climb is None or status.dlt is None:
        return Outcome(level=level, dlt=status.dlt)
    until = min(status.window.end, as_of)
    facts = toxicity_facts(study, course, status.window.start, until)
    stays = compiled(study.dosing.climb.unless).evaluate(facts).outcome != "not_met"
    return Outcome(level=level, dlt=status.dlt, efficacy=_responded(study, course, until), moderate=stays)


def _responded(study: Study, course: Course, until: date) -> bool:
    return any(
        one.on <= until and one.category in study.response.responses for one in assessments(study, course)
    )


def derive_escalation(trial: Trial, part: str, as_of: date) -> Escalation:
    """Advice for a part by the version of the study in force on `as_of`."""
    study = trial.study_on(as_of)
    return advise_part(study, trial.courses, part, as_of)


def advise_part(study: Study, courses: tuple[Course, ...], part: str, as_of: date) -> Escalation:
    history = derive_history(study, courses, part, as_of)
    plan = study.parts[part]
    advice = (
        advise_outcomes(plan.design, history.outcomes, len(study.ladder))
        if plan.design is not None
        else _expansion_advice(plan, history)
    )
    waiting = tuple(history.statuses[index] for index in advice.waiting)
    proposals = tuple(
        proposal.key for status in history.statuses for proposal in status.proposals if proposal.open
    )
    return Escalation(part, history, advice, waiting, proposals)


def _expansion_advice(plan: Part, history: History) -> Advice:
    """An expansion has no design: treat until its planned number is infused."""
    done = len(history.outcomes)
    planned = plan.subjects or 0
    level = history.outcomes[-1].level if history.outcomes else None
    if done < planned:
        reason = Message.of("derive.expansion_open", done=done, planned=planned)
        return Advice(action="stay", level=level, reason=reason, evidence={"needed": str(planned - done)})
    return Advice(action="complete", level=level, reason=Message.of("derive.expansion_full", planned=planned))


def dose_decisions(trial: Trial) -> tuple[Held[DoseDecision], ...]:
    """Decisions in order of their number."""
    return tuple(sorted(trial.all(DoseDecision), key=lambda held: held.record.number))


def signed_decisions(trial: Trial) -> tuple[Held[DoseDecision], ...]:
    return tuple(held for held in dose_decisions(trial) if held.signed)


def recommended_level(trial: Trial) -> int | None:
    """The level recommended by the latest signed recommendation: a decision, never a derivation."""
    for held in reversed(signed_decisions(trial)):
        if held.record.action == "recommend":
            return held.record.dose_level
    return None


@dataclass(frozen=True)
class Unsupported:
    """A decision whose advice would be another today, for the day it was taken.

    `exposed` lists who was infused because of it, on the decision's level or above, since that day.
    """

    decision: Held[DoseDecision]
    now: Advice
    exposed: tuple[str, ...]


def unsupported_decisions(trial: Trial) -> tuple[Unsupported, ...]:
    """Decisions that what is known now about the day they were taken no longer supports (DOMAIN 10)."""
    found = []
    for held in dose_decisions(trial):
        record = held.record
        if record.part not in trial.study_on(record.on).parts:
            continue
        courses = tuple(_known_infusions(trial, course, record.cut_off) for course in trial.courses)
        now = advise_part(trial.study_on(record.on), courses, record.part, record.on).advice
        if (now.action, now.level) != (record.advice.action, record.advice.level):
            found.append(Unsupported(held, now, _exposed(trial, held)))
    return tuple(found)


def _known_infusions(trial: Trial, course: Course, cut_off: int) -> Course:
    """The course with all that is known now, but only the infusions the decision knew of.

    An infusion given later on the same day is no news about the day the decision was taken.
    """
    if course.last_seq <= cut_off:
        return course
    held = tuple(
        one
        for one in course.held
        if not isinstance(one.record, Infusion) or trial.casebook.history(one.record_id)[0].seq <= cut_off
    )
    if len(held) == len(course.held):
        return course
    return course.keep(
        trial.study, ("known_infusions", cut_off), lambda: Course(course.subject, held, course.last_seq)
    )


def _exposed(trial: Trial, held: Held[DoseDecision]) -> tuple[str, ...]:
    level = held.record.dose_level
    if level is None:
        return ()
    return tuple(
        course.subject
        for course in trial.courses
        if any(i.record.on >= held.record.on and i.record.dose_level >= level for i in course.infusions)
    )


def replay_advice(trial_at_cut_off: Trial, decision: DoseDecision) -> Advice:
    """The advice as the ledger gave it at the decision's own cut-off: what a replay must reproduce."""
    return derive_escalation(trial_at_cut_off, decision.part, decision.on).advice
