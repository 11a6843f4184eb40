"""The virtual safety review committee: opens cohorts, adjudicates, decides, holds and lifts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from protocyte.conduct import Answer, Done, active_holds
from protocyte.conduct.slots import left_before_infusion, places_left
from protocyte.derive.dlt import Proposal, derive_dlt
from protocyte.derive.escalation import derive_escalation, signed_decisions
from protocyte.designs import Advice
from protocyte.records.oversight import Cohort
from protocyte.simulate.process import Process, Step
from protocyte.simulate.site import Site

MEETS_EVERY = 7  # days
FIRST_COHORT = 3


def sit(site: Site, start: date, last: date) -> Process:
    """Meet every week until nothing is left to decide."""
    day = start
    yield from _open_first(site, day)
    while day < last and site.accrual_open:
        day += timedelta(days=MEETS_EVERY)
        yield Step(day)
        yield from _adjudicate(site, day)
        yield from _lift(site, day)
        for part, plan in site.study.parts.items():
            if plan.design is not None:
                yield from _review(site, part, day)


def _open_first(site: Site, day: date) -> Process:
    for part, plan in site.study.parts.items():
        if plan.design is not None:
            yield _cohort(site, part, plan.design.start_level, FIRST_COHORT, day)
            return


def _cohort(site: Site, part: str, level: int, size: int, day: date) -> Step:
    number = len(site.desk.trial.all(Cohort)) + 1
    fields = {
        "cohort": f"C{number}",
        "part": part,
        "dose_level": level,
        "size": size,
        "opened": day.isoformat(),
    }
    return Step(day, "cohort", fields, "committee")


def _adjudicate(site: Site, day: date) -> Process:
    for subject, proposal in list(_open_proposals(site, day)):
        if site.once("hold"):
            level = site.desk.trial.course(subject).assigned_level
            why = f"DLT proposal {proposal.key} under review"
            scope = {"scope": "level", "dose_level": level, "cause": "dlt_proposal", "reason": why}
            yield Step(day, "hold", {"on": day.isoformat(), **scope}, "committee")
            continue  # adjudicated at the next meeting, with the narrative at hand
        fields = {"subject": subject, "on": day.isoformat(), "source": proposal.key, "dlt": True}
        answer = yield Step(
            day, "dlt_adjudication", fields | {"reason": "meets the protocol's criterion"}, "committee"
        )
        yield from _signed(answer, day, "committee")


def _open_proposals(site: Site, day: date) -> Iterator[tuple[str, Proposal]]:
    for course in site.desk.trial.courses:
        for status in derive_dlt(site.study, course, day):
            yield from ((course.subject, proposal) for proposal in status.proposals if proposal.open)


def _lift(site: Site, day: date) -> Process:
    """A hold is lifted at the first meeting a week after, once its question is answered."""
    pending = bool(list(_open_proposals(site, day)))
    for held in active_holds(site.desk.trial, day):
        if pending or held.record.on > day - timedelta(days=MEETS_EVERY):
            continue
        fields = {"hold": held.record_id, "on": day.isoformat(), "reason": "reviewed; infusions may go on"}
        yield Step(day, "hold_lift", fields, "committee")


def _review(site: Site, part: str, day: date) -> Process:
    """Decide when the cohort is full and the design can say something."""
    trial = site.desk.trial
    cohorts = [held.record for held in trial.all(Cohort) if held.record.part == part]
    decided = [held.record for held in signed_decisions(trial) if held.record.part == part]
    if not cohorts or (decided and decided[-1].action in ("recommend", "stop")):
        return
    standing = derive_escalation(trial, part, day)
    advice = standing.advice
    if advice.action == "wait" or standing.open_proposals or not standing.history.outcomes:
        return
    filling = places_left(trial, cohorts[-1], day) > 0 or _someone_on_the_way(site, part)
    if advice.action not in ("stop", "complete") and filling:
        return
    yield from _decide(site, part, advice, day)


def _someone_on_the_way(site: Site, part: str) -> bool:
    """Enrolled in the part and neither infused nor out."""
    return any(
        c.part == part and c.infused_on is None and not left_before_infusion(c)
        for c in site.desk.trial.courses
    )


def _decide(site: Site, part: str, advice: Advice, day: date) -> Process:
    action = {"complete": "recommend"}.get(advice.action, advice.action)
    level, reason = advice.level, "as advised"
    if action == "escalate" and level is not None and level > 2 and site.once("deviation from advice"):
        action, level = "stay", level - 1
        reason = "three more subjects at this level: two late grade 2 events, and the next step is large"
    fields = {"part": part, "on": day.isoformat(), "action": action, "reason": reason}
    if level is not None:
        fields["dose_level"] = str(level)
    answer = yield Step(day, "decide", fields, "committee")
    yield from _signed(answer, day, "committee")
    if isinstance(answer, Done) and action in ("escalate", "stay", "de_escalate") and level is not None:
        needed = int(advice.evidence.get("needed", "3")) if reason == "as advised" else FIRST_COHORT
        design = site.study.parts[part].design
        if site.study.dosing.climb is not None and design is not None:
            level, needed = design.start_level, FIRST_COHORT  # whoever comes next starts at the bottom
        yield _cohort(site, part, level, max(needed, 1), day)


def _signed(answer: Answer | None, day: date, role: str) -> Process:
    if isinstance(answer, Done):
        yield Step(day, "sign", {"record_id": answer.record_ids[0], "meaning": "approval"}, role)  # type: ignore[arg-type]
