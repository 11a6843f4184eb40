"""Time to event, by a definition that is data: from an origin to the first of the events, or censored.

Durations are end - start + 1 days, as in ADaM: a failure on day 1 lasts 1 day (DOMAIN 27). A registry's time
frame is a landmark and censors nothing (DOMAIN 24). The caller chooses whom to ask about: `population`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from protocyte.base import Message
from protocyte.derive.course import Course
from protocyte.derive.data_cut import until
from protocyte.derive.events import Dated, clinical_events, last_adequate_assessment, last_known_alive
from protocyte.derive.response import Assessment, assessments, derive_baseline
from protocyte.study.efficacy import TimeToEvent
from protocyte.study.model import Study
from protocyte.study.parts import days_of

Status = Literal["event", "competing", "censored"]


@dataclass(frozen=True)
class Timed:
    """`event` names the event or competing event; None when censored. `reason` says why it ends so."""

    subject: str
    days: int
    status: Status
    event: str | None
    on: date
    origin: date
    reason: Message
    records: tuple[str, ...]


@dataclass(frozen=True)
class NotApplicable:
    """The clock never started for this subject, and why."""

    subject: str
    reason: Message


@dataclass(frozen=True)
class _End:
    """A way the clock may stop. `came` is the day it happened, by which the first is found; `on` the day
    the clock is then read at, which may be earlier (the last assessment before a transplant, day 1).
    """

    came: date
    on: date
    status: Status
    event: str | None
    reason: Message
    records: tuple[str, ...] = ()


# What happens on one day: an event is seen before what would have hidden it.
_RANK: dict[Status, int] = {"event": 0, "competing": 1, "censored": 2}


def time_to_event(
    study: Study, course: Course, definition: TimeToEvent, as_of: date, data_cut: date | None = None
) -> Timed | NotApplicable:
    """The subject's time by `definition`, as of a day and up to a clinical data cut if one is given."""
    limit = min(as_of, data_cut) if data_cut else as_of
    cut = until(course, limit)
    origin = _origin(study, cut, definition)
    if origin is None:
        reason = Message.of("derive.endpoint_no_origin", origin=Message.of(f"derive.{definition.origin}"))
        return NotApplicable(course.subject, reason)
    ends = [
        *_events(study, cut, definition, origin),
        *_refractory(study, cut, definition, origin, limit),
        *_intercurrent(study, cut, definition, origin),
    ]
    end = min(ends, key=lambda item: (item.came, _RANK[item.status])) if ends else None
    if end is None:
        end = _censored(study, cut, definition, origin)
    days = (end.on - origin.on).days + 1
    records = tuple(dict.fromkeys((*origin.records, *end.records)))
    return Timed(course.subject, days, end.status, end.event, end.on, origin.on, end.reason, records)


# --- origin -------------------------------------------------------------------------------------------


def _origin(study: Study, course: Course, definition: TimeToEvent) -> Dated | None:
    days = {
        "consent": course.consented_on,
        "enrolment": course.enrolled_on,
        "lymphodepletion": course.lymphodepleted_on,
        "infusion": course.infused_on,
    }
    if definition.origin in days:
        day = days[definition.origin]
        return Dated(day) if day is not None else None
    labels = study.response.responses if definition.origin == "response" else study.response.remissions
    if derive_baseline(study, course).in_remission is True:
        return None  # a remission brought along did not begin in this study
    first = _first_in(study, course, labels)
    return Dated(first.on, (first.record_id,)) if first else None


def _first_in(study: Study, course: Course, labels: tuple[str, ...]) -> Assessment | None:
    return next((a for a in assessments(study, course) if a.counts and a.category in labels), None)


# --- events -------------------------------------------------------------------------------------------


def _events(study: Study, course: Course, definition: TimeToEvent, origin: Dated) -> list[_End]:
    happened = clinical_events(study, course)
    ends: list[_End] = []
    for names, status in ((definition.events, "event"), (definition.competing, "competing")):
        for name in names:
            first = _after(happened.get(name, ()), origin.on)
            if first is not None:
                ends.append(_ended(name, status, first))  # type: ignore[arg-type]
    return ends


def _intercurrent(study: Study, course: Course, definition: TimeToEvent, origin: Dated) -> list[_End]:
    happened = clinical_events(study, course)
    ends: list[_End] = []
    for name, strategy in definition.intercurrent.items():
        first = _after(happened.get(name, ()), origin.on)
        if first is None or strategy == "treatment_policy":
            continue
        if strategy == "censor":
            ends.append(_censored_at(study, course, definition, origin, name, first))
        else:
            ends.append(_ended(name, strategy, first))
    return ends


def _after(days: tuple[Dated, ...], origin: date) -> Dated | None:
    return next((day for day in days if day.on >= origin), None)


def _ended(name: str, status: Literal["event", "competing"], day: Dated) -> _End:
    reason = Message.of(f"derive.endpoint_{status}", event=Message.of(f"derive.{name}"), on=day.on)
    return _End(day.on, day.on, status, name, reason, day.records)


# --- failure to reach a remission ---------------------------------------------------------------------


def _refractory(
    study: Study, course: Course, definition: TimeToEvent, origin: Dated, limit: date
) -> list[_End]:
    """Failure: no remission by the landmark. Known once the landmark has passed, or by a death before it.

    ELN 2022 (Table 9): the failure is dated day 1; dying before the landmark without a remission is a
    failure on day 1 too; alive and never evaluable by then is censored on day 1. With
    `date_of_refractoriness` the failure is dated by the last assessment that showed none.
    """
    if "refractory" not in (*definition.events, *definition.competing):
        return []
    assert definition.refractory_by is not None  # the model demands it for a refractory event
    deadline = origin.on + timedelta(days=days_of(definition.refractory_by))
    remission = _first_in(study, course, study.response.remissions)
    if remission is not None and remission.on <= deadline:
        return []
    status: Status = "event" if "refractory" in definition.events else "competing"
    on_day_1 = definition.failure_on == "day_1"
    shown = [
        item
        for item in assessments(study, course)
        if item.evaluable
        and item.category not in study.response.remissions  # one owed to another therapy shows no failure
        and origin.on <= item.on <= deadline
    ]
    died = course.died_on is not None and course.died_on <= deadline
    if died:
        if not on_day_1:
            return []  # the death itself is the event
        reason = Message.of("derive.endpoint_died_before", deadline=deadline)
        return [_End(origin.on, origin.on, status, "refractory", reason, _ids(shown))]
    if limit < deadline:
        return []
    if not shown:
        reason = Message.of("derive.endpoint_never_evaluable", deadline=deadline)
        return [_End(deadline, origin.on, "censored", None, reason)] if on_day_1 else []
    reason = Message.of("derive.endpoint_refractory", deadline=deadline)
    failed = origin.on if on_day_1 else shown[-1].on
    return [_End(failed, failed, status, "refractory", reason, _ids(shown))]


def _ids(shown: list[Assessment]) -> tuple[str, ...]:
    return tuple(item.record_id for item in shown)


# --- censoring ----------------------------------------------------------------------------------------


def _censored(study: Study, course: Course, definition: TimeToEvent, origin: Dated) -> _End:
    """At the last evidence; without any after the origin, on day 1."""
    if definition.censor == "last_known_alive":
        last, key = last_known_alive(study, course), "derive.endpoint_last_alive"
    else:
        last, key = last_adequate_assessment(study, course), "derive.endpoint_last_assessment"
    if last is None or last.on < origin.on:
        reason = Message.of("derive.endpoint_no_evidence")
        return _End(origin.on, origin.on, "censored", None, reason, origin.records)
    on = last.on
    if course.died_on is not None and on > course.died_on:
        on = course.died_on  # a record dated after the death is somebody's slip, not evidence of life
    return _End(on, on, "censored", None, Message.of(key, on=on), last.records)


def _censored_at(
    study: Study, course: Course, definition: TimeToEvent, origin: Dated, name: str, first: Dated
) -> _End:
    """Censored by an intercurrent event: what was known of the endpoint when it came.

    Counting life, that is the day itself; counting assessments, the last adequate one until then.
    """
    event = Message.of(f"derive.{name}")
    on, records = first.on, first.records
    if definition.censor == "last_assessment":
        seen = [a for a in assessments(study, course) if a.evaluable and origin.on <= a.on <= first.on]
        on = seen[-1].on if seen else origin.on
        records = (*records, *_ids(seen[-1:]))
    reason = Message.of("derive.endpoint_censored_by", event=event, on=on)
    return _End(first.on, on, "censored", None, reason, records)
