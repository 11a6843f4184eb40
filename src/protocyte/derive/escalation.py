"""The history of outcomes, the design's advice on it, and whether past decisions still stand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache

from protocyte.base import Message
from protocyte.derive.compiled import compiled
from protocyte.derive.course import Course, Held, Trial
from protocyte.derive.dlt import DltStatus, derive_dlt
from protocyte.derive.response import assessments
from protocyte.derive.toxicity_facts import toxicity_facts
from protocyte.designs import Advice, Design, Outcome, advise_outcomes
from protocyte.designs.time_to_event import TimeToEvent
from protocyte.records.oversight import DoseDecision
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
    said = [pair for course in courses if course.part == part for pair in _said(study, course, as_of)]
    said.sort(key=lambda pair: (pair[0].window.start, pair[0].subject))
    told = [pair for pair in said if pair[0].status != "not_evaluable"]
    if isinstance(study.parts[part].design, TimeToEvent):
        told = [(status, _followed(status, outcome, as_of)) for status, outcome in told]
    left_out = tuple(status for status, _ in said if status.status == "not_evaluable")
    return History(tuple(outcome for _, outcome in told), tuple(status for status, _ in told), left_out)


def _followed(status: DltStatus, outcome: Outcome, as_of: date) -> Outcome:
    """A pending outcome with the share of its window that has passed; only designs that weigh time are told,
    for to the others every day would be another history."""
    if outcome.dlt is not None:
        return outcome
    whole = (status.window.end - status.window.start).days
    passed = (min(as_of, status.window.end) - status.window.start).days
    share = Decimal(passed) / Decimal(whole) if whole else Decimal(1)
    return outcome.model_copy(update={"follow_up": round(share, 4)})


def _said(study: Study, course: Course, as_of: date) -> tuple[tuple[DltStatus, Outcome], ...]:
    """Each window's status with the outcome it amounts to; kept, for decisions ask it again and again."""
    return course.keep(
        study,
        ("said", as_of),
        lambda: tuple((one, _outcome(study, course, one, as_of)) for one in derive_dlt(study, course, as_of)),
    )


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
    standing = advise_part(study, trial.courses, part, as_of)
    plan = study.parts[part]
    if plan.design is None and plan.dose == "recommended" and recommended_level(trial) is None:
        waits = Advice(action="wait", level=None, reason=Message.of("derive.expansion_before"))
        return replace(standing, advice=waits)
    return standing


def advise_part(study: Study, courses: tuple[Course, ...], part: str, as_of: date) -> Escalation:
    history = derive_history(study, courses, part, as_of)
    plan = study.parts[part]
    advice = (
        _advised(plan.design, history.outcomes, len(study.ladder))
        if plan.design is not None
        else _expansion_advice(plan, history)
    )
    waiting = tuple(history.statuses[index] for index in advice.waiting)
    proposals = tuple(
        proposal.key for status in history.statuses for proposal in status.proposals if proposal.open
    )
    return Escalation(part, history, advice, waiting, proposals)


@lru_cache(maxsize=4096)
def _advised(design: Design, outcomes: tuple[Outcome, ...], levels: int) -> Advice:
    """Advice rests on nothing but the outcomes, and the same ones are asked about after every entry."""
    return advise_outcomes(design, outcomes, levels)


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

    `dlts` lists whose DLTs count for that day now; `exposed` who was infused because of the decision, on its
    level or above, since that day.
    """

    decision: Held[DoseDecision]
    now: Advice
    dlts: tuple[str, ...]
    exposed: tuple[str, ...]


def unsupported_decisions(trial: Trial) -> tuple[Unsupported, ...]:
    """Decisions that what is known now about the day they were taken no longer supports (DOMAIN 10)."""
    found = []
    for held in dose_decisions(trial):
        record = held.record
        if record.part not in trial.study_on(record.on).parts:
            continue
        treated = (c for c in trial.courses if c.part == record.part and c.infused_on is not None)
        courses = tuple(_known_infusions(trial, course, record.cut_off) for course in treated)
        now = advise_part(trial.study_on(record.on), courses, record.part, record.on)
        if (now.advice.action, now.advice.level) != (record.advice.action, record.advice.level):
            toxic = tuple(s.subject for s in now.history.statuses if s.status == "dlt")
            found.append(Unsupported(held, now.advice, toxic, _exposed(trial, held)))
    return tuple(found)


def _known_infusions(trial: Trial, course: Course, cut_off: int) -> Course:
    """The course with all that is known now, but only the infusions the decision knew of.

    An infusion given later on the same day is no news about the day the decision was taken.
    """
    if course.last_seq <= cut_off:
        return course
    later = {
        one.record_id for one in course.infusions if trial.casebook.history(one.record_id)[0].seq > cut_off
    }
    if not later:
        return course

    def without() -> Course:
        held = tuple(one for one in course.held if one.record_id not in later)
        return Course(course.subject, held, course.last_seq)

    return course.keep(trial.study, ("without", frozenset(later)), without)


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
