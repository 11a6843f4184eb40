"""Cohorts, holds, adjudications and queries."""

from __future__ import annotations

from datetime import date

from protocyte.conduct.refusal import Refusal, refuse
from protocyte.conduct.scene import Scene
from protocyte.derive.course import Held, Trial
from protocyte.derive.dlt import derive_dlt
from protocyte.derive.escalation import signed_decisions
from protocyte.records.oversight import Cohort, Hold, HoldLift, Query, QueryAnswer
from protocyte.records.safety import DltAdjudication


def cohorts(trial: Trial) -> tuple[Held[Cohort], ...]:
    return trial.all(Cohort)


def active_holds(trial: Trial, on: date) -> tuple[Held[Hold], ...]:
    """Holds declared by `on` and not lifted by then."""
    lifted = {held.record.hold for held in trial.all(HoldLift) if held.record.on <= on}
    return tuple(h for h in trial.all(Hold) if h.record.on <= on and h.record_id not in lifted)


def open_queries(trial: Trial) -> tuple[Held[Query], ...]:
    closed = {held.record.query for held in trial.all(QueryAnswer) if held.record.closes}
    return tuple(held for held in trial.all(Query) if held.record_id not in closed)


def check_cohort(scene: Scene, record: Cohort) -> Refusal | None:
    """A cohort opens at the start level, or at the level of the latest signed decision of its part."""
    study, trial = scene.study, scene.trial
    if record.part not in study.parts:
        return refuse("no_part", part=record.part, parts=tuple(study.parts))
    if any(held.record.cohort == record.cohort for held in cohorts(trial)):
        return refuse("cohort_known", cohort=record.cohort)
    if record.dose_level > len(study.ladder):
        return refuse("no_level", level=record.dose_level, levels=len(study.ladder))
    part = study.parts[record.part]
    if part.kind == "expansion":
        return refuse("expansion_cohort", part=record.part)
    decisions = [held.record for held in signed_decisions(trial) if held.record.part == record.part]
    first = not any(held.record.part == record.part for held in cohorts(trial))
    if first and not decisions:
        start = part.design.start_level if part.design else 1
        return (
            None
            if record.dose_level == start
            else refuse("cohort_start", level=record.dose_level, start=start)
        )
    if not decisions:
        return refuse("no_decision", part=record.part)
    last = decisions[-1]
    if last.action in ("stop", "recommend") or last.dose_level != record.dose_level:
        return refuse("other_decision", number=last.number, action=last.action, level=last.dose_level or "-")
    return None


def check_hold(scene: Scene, record: Hold) -> Refusal | None:
    if record.scope == "level" and record.dose_level is None:
        return refuse("hold_level")
    return None


def check_hold_lift(scene: Scene, record: HoldLift) -> Refusal | None:
    if record.hold not in {held.record_id for held in active_holds(scene.trial, record.on)}:
        names = tuple(held.record_id for held in active_holds(scene.trial, record.on)) or ("-",)
        return refuse("no_hold", hold=record.hold, holds=names)
    return None


def check_adjudication(scene: Scene, record: DltAdjudication) -> Refusal | None:
    course = scene.course(record.subject)
    keys = tuple(
        proposal.key
        for status in derive_dlt(scene.trial.study_on(record.on), course, record.on)
        for proposal in status.proposals
    )
    if record.source not in keys:
        return refuse("no_proposal", source=record.source, proposals=keys or ("-",))
    return None


def check_query(scene: Scene, record: Query) -> Refusal | None:
    known = scene.trial.casebook.get(record.about) is not None
    return None if known else refuse("no_record", record=record.about)


def check_answer(scene: Scene, record: QueryAnswer) -> Refusal | None:
    names = {held.record_id for held in open_queries(scene.trial)}
    return None if record.query in names else refuse("no_query", query=record.query)
