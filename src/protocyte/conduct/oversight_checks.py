"""Cohorts, holds, adjudications and queries."""

from __future__ import annotations

from datetime import date

from protocyte.conduct.refusal import Refusal, refuse
from protocyte.conduct.scene import Scene
from protocyte.derive.course import Held, Trial
from protocyte.derive.dlt import derive_dlt
from protocyte.derive.escalation import signed_decisions
from protocyte.records.oversight import Cohort, DoseDecision, Hold, HoldLift, Query, QueryAnswer
from protocyte.records.safety import DltAdjudication
from protocyte.study.model import Part


def active_holds(trial: Trial, on: date) -> tuple[Held[Hold], ...]:
    """Holds declared by `on` and not lifted by then."""
    lifted = {held.record.hold for held in trial.all(HoldLift) if held.record.on <= on}
    return tuple(h for h in trial.all(Hold) if h.record.on <= on and h.record_id not in lifted)


def open_queries(trial: Trial) -> tuple[Held[Query], ...]:
    closed = {held.record.query for held in trial.all(QueryAnswer) if held.record.closes}
    return tuple(held for held in trial.all(Query) if held.record_id not in closed)


def open_proposals(trial: Trial, on: date) -> tuple[str, ...]:
    """Keys of DLT proposals of all subjects that no signed adjudication has answered."""
    study = trial.study_on(on)
    return tuple(
        proposal.key
        for course in trial.courses
        for status in derive_dlt(study, course, on)
        for proposal in status.proposals
        if proposal.open
    )


def check_cohort(scene: Scene, record: Cohort) -> Refusal | None:
    """A cohort opens at the start level, or once for the latest signed decision of its part."""
    study, trial = scene.study, scene.trial
    if record.part not in study.parts:
        return refuse("no_part", part=record.part, parts=tuple(study.parts))
    if any(held.record.cohort == record.cohort for held in trial.all(Cohort)):
        return refuse("cohort_known", cohort=record.cohort)
    if record.dose_level > len(study.ladder):
        return refuse("no_level", level=record.dose_level, levels=len(study.ladder))
    part = study.parts[record.part]
    if part.design is None:
        return refuse("expansion_cohort", part=record.part)
    cohorts = [held for held in trial.all(Cohort) if held.record.part == record.part]
    decisions = [held for held in signed_decisions(trial) if held.record.part == record.part]
    start = part.design.start_level
    if not cohorts and not decisions:
        if record.dose_level != start:
            return refuse("cohort_start", level=record.dose_level, start=start)
        return _check_size(record, part, None)
    if not decisions or any(held.seq > decisions[-1].seq for held in cohorts):
        return refuse("no_decision", part=record.part)
    last = decisions[-1].record
    # A climbing subject always starts at the bottom; the decision is whether another one may start.
    level = start if study.dosing.climb is not None else last.dose_level
    if last.action in ("stop", "recommend") or level != record.dose_level:
        return refuse("other_decision", number=last.number, action=last.action, level=last.dose_level or "-")
    return _check_size(record, part, last)


def _check_size(record: Cohort, part: Part, decision: DoseDecision | None) -> Refusal | None:
    """No larger than the design asked for: more would be treated on one decision."""
    assert part.design is not None, "only parts with a design have cohorts"
    most = part.design.whole_cohort() if part.design.by_cohort else part.slots.concurrent
    if decision is not None and not decision.deviates:
        most = max(most, int(decision.advice.evidence.get("needed", 0)))
    return refuse("cohort_size", size=record.size, most=most) if record.size > most else None


def check_hold(scene: Scene, record: Hold) -> Refusal | None:
    if record.scope == "level" and record.dose_level is None:
        return refuse("hold_level")
    if record.dose_level is not None and record.dose_level > len(scene.study.ladder):
        return refuse("no_level", level=record.dose_level, levels=len(scene.study.ladder))
    return None


def check_hold_lift(scene: Scene, record: HoldLift) -> Refusal | None:
    if record.hold not in {held.record_id for held in active_holds(scene.trial, record.on)}:
        names = tuple(held.record_id for held in active_holds(scene.trial, record.on)) or ("-",)
        return refuse("no_hold", hold=record.hold, holds=names)
    return None


def check_adjudication(scene: Scene, record: DltAdjudication) -> Refusal | None:
    """A proposal, a criterion that cannot be answered, or what was adjudicated before."""
    course = scene.course(record.subject)
    statuses = derive_dlt(scene.trial.study_on(record.on), course, record.on)
    keys = (
        *(proposal.key for status in statuses for proposal in status.proposals),
        *(key for status in statuses for key in status.undecided),
        *(held.record.source for held in course.all(DltAdjudication)),
    )
    if record.source not in keys:
        return refuse("no_proposal", source=record.source, proposals=keys or ("-",))
    return None


def check_query(scene: Scene, record: Query) -> Refusal | None:
    known = scene.trial.casebook.get(record.about) is not None
    return None if known else refuse("no_record", record=record.about)


def check_answer(scene: Scene, record: QueryAnswer) -> Refusal | None:
    names = tuple(held.record_id for held in open_queries(scene.trial))
    return None if record.query in names else refuse("no_query", query=record.query, queries=names or ("-",))
