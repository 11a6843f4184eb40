"""What each DLT was: the toxicity behind a proposal that counts, with its grade, onset, duration and outcome.

A proposal says which criterion was met, and on which records the verdict rests. The toxicity is the event of
those records: an adverse event as it was written, or the episode a CRS, ICANS or GvHD assessment lies in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from protocyte.analysis.cut import Cut
from protocyte.analysis.safety.crs_icans import grades_of
from protocyte.analysis.tables import Cell, say
from protocyte.base import Message
from protocyte.derive.course import Course, Held
from protocyte.derive.dlt import DltStatus, Proposal, Window, derive_dlt
from protocyte.derive.episodes import Toxicity, toxicity_episodes
from protocyte.derive.toxicity_facts import is_hematologic, reached
from protocyte.records.follow_up import Death
from protocyte.records.safety import AdverseEvent, CrsAssessment, DltProposal, GvhdAssessment, IcansAssessment
from protocyte.study.model import Study

ASSESSED: dict[type[Any], Toxicity] = {
    CrsAssessment: "crs",
    IcansAssessment: "icans",
    GvhdAssessment: "gvhd",
}


@dataclass(frozen=True)
class DltEvent:
    """`grade` is the worst inside the window, as text where it is not certain (`3–4`), None without one.

    `day` counts from the window's first day, which for a climbing subject is the infusion it belongs to.
    `duration` in days, both ends included; None while it lasts or where nobody wrote an end.
    """

    subject: str
    level: int
    infusion: int
    criterion: Cell
    term: Cell
    scale: str | None
    grade: int | str | None
    onset: date
    day: int
    duration: int | None
    outcome: Message
    standing: Message


def dlt_events(cut: Cut) -> tuple[DltEvent, ...]:
    """Every toxicity behind a DLT, by level, subject and onset; one toxicity has one place a window."""
    found = [
        event
        for course in cut.infused
        for status in derive_dlt(cut.study, course, cut.as_of)
        if status.status == "dlt"
        for event in _of_window(cut, course, status)
    ]
    return tuple(sorted(found, key=lambda event: (event.level, event.subject, event.infusion, event.onset)))


def _of_window(cut: Cut, course: Course, status: DltStatus) -> list[DltEvent]:
    """A CRS that meets two criteria is one toxicity: the first criterion it met names it."""
    seen: dict[tuple[object, ...], DltEvent] = {}
    for proposal in status.proposals:
        if proposal.counts:
            for key, event in _of_proposal(cut, course, status.window, proposal):
                seen.setdefault(key, event)
    return list(seen.values())


def _of_proposal(
    cut: Cut, course: Course, window: Window, proposal: Proposal
) -> Iterator[tuple[tuple[object, ...], DltEvent]]:
    known = {held.record_id: held for held in course.held}
    records = [known[name] for name in proposal.records if name in known and _dated(known[name])]
    records = records or _behind(cut.study, course, window, proposal)
    for held in records:
        yield _event(cut, course, window, proposal, held)
    if not records:
        yield (
            (proposal.key,),
            _made(
                cut,
                course,
                window,
                proposal,
                term=_stated(cut, course, proposal),
                onset=proposal.on,
                outcome=say("tox_outcome_not_stated"),
            ),
        )


def _dated(held: Held[Any]) -> bool:
    """An adverse event without a single dated grade says nothing that could be told."""
    return not isinstance(held.record, AdverseEvent) or bool(held.record.course)


def _behind(study: Study, course: Course, window: Window, proposal: Proposal) -> list[Held[Any]]:
    """The worst records of the facts a verdict used, where it rests on a stretch of days and on no one record."""
    facts = (
        {use.fact for step in proposal.verdict.because for use in step.used} if proposal.verdict else set()
    )
    known = {held.record_id: held for held in course.held}
    found: dict[str, Held[Any]] = {}
    for fact in sorted(facts):
        if fact.startswith("hematologic"):
            low = [held for held in course.all(AdverseEvent) if is_hematologic(held.record) and _dated(held)]
            found |= {held.record_id: held for held in _worst_of(low)}
            continue
        for name, items in reached(study, course).items():
            here = [one for one in items if fact.startswith(name) and window.start <= one.on <= window.end]
            worst = max((one.least for one in here), default=0)
            first = next((one for one in here if one.least == worst), None)
            if first is not None and worst:
                found[first.record_id] = known[first.record_id]
    return list(found.values())


def _worst_of(events: list[Held[AdverseEvent]]) -> list[Held[AdverseEvent]]:
    worst = max((held.record.maximum_grade for held in events), default=0)
    return [held for held in events if held.record.maximum_grade == worst]


def _event(
    cut: Cut, course: Course, window: Window, proposal: Proposal, held: Held[Any]
) -> tuple[tuple[object, ...], DltEvent]:
    record = held.record
    if isinstance(record, AdverseEvent):
        grades = [change.grade for change in record.course if change.on <= window.end]
        ended = record.ended
        event = _made(
            cut, course, window, proposal, term=record.term, scale=record.scale,
            grade=max(grades, default=record.maximum_grade), onset=record.onset,
            duration=(ended - record.onset).days + 1 if ended else None,
            outcome=say(f"outcome_{cut.outcome_by_then(course.subject, held.record_id)}"),
        )  # fmt: skip
        return (held.record_id,), event
    if type(record) in ASSESSED:
        return _assessed(cut, course, window, proposal, held)
    on = record.on if isinstance(record, Death) else proposal.on
    fatal = isinstance(record, Death)
    event = _made(
        cut, course, window, proposal, term=say("tox_death") if fatal else _stated(cut, course, proposal),
        grade=5 if fatal else None, onset=on,
        outcome=say("outcome_fatal" if fatal else "tox_outcome_not_stated"),
    )  # fmt: skip
    return (held.record_id,), event


def _assessed(
    cut: Cut, course: Course, window: Window, proposal: Proposal, held: Held[Any]
) -> tuple[tuple[object, ...], DltEvent]:
    """The episode an assessment lies in; an assessment whose toxicity is only possible lies in none."""
    toxicity = ASSESSED[type(held.record)]
    days = grades_of(cut.study, course, toxicity)
    inside = next(
        (one for one in toxicity_episodes(cut.study, course, toxicity) if held.record_id in one.records), None
    )
    onset, end = (inside.onset, inside.end) if inside else (held.record.on, held.record.on)
    until = max(onset, min(end, window.end))  # a person may name an assessment outside the window
    graded = [day for day in days if onset <= day.on <= until]
    least, most = max(day.least for day in graded), max(day.most for day in graded)
    ended = inside is not None and not inside.ongoing
    outcome = "fatal" if least == 5 else "recovered" if ended else "not_recovered"
    event = _made(
        cut, course, window, proposal, term=say(f"tox_{toxicity}"), scale=graded[0].scale,
        grade=least if least == most else f"{least}–{most}", onset=onset,
        duration=inside.duration if inside and ended else None, outcome=say(f"outcome_{outcome}"),
    )  # fmt: skip
    return (toxicity, onset), event


def _made(
    cut: Cut,
    course: Course,
    window: Window,
    proposal: Proposal,
    *,
    term: Cell,
    onset: date,
    outcome: Message,
    scale: str | None = None,
    grade: int | str | None = None,
    duration: int | None = None,
) -> DltEvent:
    return DltEvent(
        subject=course.subject, level=window.level or window.assigned, infusion=window.infusion,
        criterion=criterion_of(cut, proposal), term=term, scale=scale, grade=grade, onset=onset,
        day=(onset - window.start).days, duration=duration, outcome=outcome,
        standing=say("tox_unadjudicated" if proposal.open else "tox_confirmed"),
    )  # fmt: skip


def criterion_of(cut: Cut, proposal: Proposal) -> Cell:
    known = cut.study.dlt.criteria.get(proposal.criterion or "")
    return known.label if known else say("by_hand")


def _stated(cut: Cut, course: Course, proposal: Proposal) -> Cell:
    """What a person wrote when proposing it, else the criterion."""
    by_hand = next((one for one in course.all(DltProposal) if one.record_id == proposal.key), None)
    return by_hand.record.reason if by_hand else criterion_of(cut, proposal)
