"""When a serious event must have been reported, to whom, and whether that day has passed.

Three clocks (`reporting_clocks.csv`): serious events go to the sponsor within 24 hours; a suspected unexpected
serious adverse reaction (SUSAR) to the authority within 15 days, within 7 if fatal or life-threatening. What
is unknown never stops a clock: an event whose expectedness nobody has judged may be a SUSAR, and its clock
runs, marked with what would settle it. Nothing here is legal advice: jurisdictions are named, facts cited.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Literal, NamedTuple

from protocyte.base import InputError
from protocyte.derive.course import Course, Held
from protocyte.derive.data_cut import until
from protocyte.derive.toxicity_facts import RELATED
from protocyte.records.safety import AdverseEvent

Case = Literal["sae", "susar_severe", "susar_other"]
JURISDICTIONS = ("CN", "EU", "US", "ICH")


class ClockRule(NamedTuple):
    """One clock of one jurisdiction; either `hours` or `days`. `evidence`: read in the source, or recalled."""

    id: str
    jurisdiction: str
    case: Case
    hours: int | None
    days: int | None
    follow_up_days: int | None
    to: str
    source: str
    hours_read: str
    evidence: Literal["read", "recalled"]


@dataclass(frozen=True, slots=True)
class ReportingClock:
    """One clock of one event.

    `due` is None where nobody noted when the event became known. `missing` lists what would settle whether
    the clock runs at all (`expected`) or when it ends (`aware`); `certain` is False while the first is open.
    """

    subject: str
    record_id: str
    term: str
    rule: ClockRule
    aware: datetime | None
    due: date | None
    due_at: datetime | None  # of a clock of hours
    follow_up_due: date | None
    certain: bool
    missing: tuple[str, ...]
    reported_on: date | None
    status: Literal["due", "overdue", "reported", "reported_late", "no_awareness"]
    days_left: int | None


@cache
def clock_rules() -> tuple[ClockRule, ...]:
    text = resources.files("protocyte").joinpath("derive", "reporting_clocks.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(
        ClockRule(
            row["id"],
            row["jurisdiction"],
            row["for"],  # type: ignore[arg-type]
            _number(row["hours"]),
            _number(row["days"]),
            _number(row["follow_up_days"]),
            row["to"],
            row["source"],
            row["hours_read"],
            row["evidence"],  # type: ignore[arg-type]
        )
        for row in rows
    )


def reporting_clocks(
    course: Course,
    as_of: date,
    jurisdictions: Iterable[str] = JURISDICTIONS,
    reported: Mapping[tuple[str, str], date] | None = None,
) -> tuple[ReportingClock, ...]:
    """The clocks of a subject's serious events known by `as_of`, the earliest due first.

    `reported` maps (record id, clock id) to the day a report was sent. A clock is overdue on the day after the
    one it is due on. Raises `InputError` for a jurisdiction without clocks.
    """
    wanted = tuple(jurisdictions)
    unknown = sorted(set(wanted) - set(JURISDICTIONS))
    if unknown:
        raise InputError(f"jurisdiction: {unknown[0]!r} is not one of {', '.join(JURISDICTIONS)}")
    sent = reported or {}
    clocks = [
        _clock(course, held, rule, certain, as_of, sent.get((held.record_id, rule.id)))
        for held in until(course, as_of).all(AdverseEvent)
        if held.record.course and _known(held.record, as_of)
        for rule in clock_rules()
        if rule.jurisdiction in wanted and (certain := runs(held.record, rule.case)) is not False
    ]
    return tuple(sorted(clocks, key=lambda one: (one.due or date.max, one.record_id, one.rule.id)))


def overdue(clocks: Iterable[ReportingClock]) -> tuple[ReportingClock, ...]:
    return tuple(one for one in clocks if one.status == "overdue")


def is_serious(event: AdverseEvent) -> bool:
    """By a regulatory criterion; a fatal event is serious whatever the form leaves unticked."""
    return bool(event.serious) or _fatal(event)


def is_severe(event: AdverseEvent) -> bool:
    """Fatal or life-threatening: the seven-day kind. Grade 4 alone is severity, not a threat to life."""
    return _fatal(event) or "life_threatening" in event.serious


def runs(event: AdverseEvent, case: Case) -> bool | None:
    """Whether an event starts the clock; None where only its expectedness, not judged yet, is open."""
    if not is_serious(event):
        return False
    if case == "sae":
        return True
    if event.attribution.product not in RELATED or event.expected is True:
        return False
    if (case == "susar_severe") != is_severe(event):
        return False
    return True if event.expected is False else None


def _fatal(event: AdverseEvent) -> bool:
    return event.outcome == "fatal" or "death" in event.serious or event.maximum_grade == 5


def _known(event: AdverseEvent, as_of: date) -> bool:
    return event.aware is None or event.aware.date() <= as_of


def _clock(
    course: Course,
    held: Held[AdverseEvent],
    rule: ClockRule,
    certain: bool | None,
    as_of: date,
    reported_on: date | None,
) -> ReportingClock:
    event, aware = held.record, held.record.aware
    due_at = aware + timedelta(hours=rule.hours) if aware and rule.hours is not None else None
    due = due_at.date() if due_at else None
    if aware and rule.days is not None:
        due = aware.date() + timedelta(days=rule.days)
    more = rule.follow_up_days
    missing = (*(("expected",) if certain is None else ()), *(("aware",) if aware is None else ()))
    return ReportingClock(
        subject=course.subject,
        record_id=held.record_id,
        term=event.term,
        rule=rule,
        aware=aware,
        due=due,
        due_at=due_at,
        follow_up_due=due + timedelta(days=more) if due and more is not None else None,
        certain=certain is True,
        missing=missing,
        reported_on=reported_on,
        status=_status(due, as_of, reported_on),
        days_left=(due - as_of).days if due else None,
    )


def _status(
    due: date | None, as_of: date, reported_on: date | None
) -> Literal["due", "overdue", "reported", "reported_late", "no_awareness"]:
    if due is None:
        return "reported" if reported_on else "no_awareness"
    if reported_on is not None and reported_on <= as_of:
        return "reported_late" if reported_on > due else "reported"
    return "overdue" if as_of > due else "due"


def _number(text: str) -> int | None:
    return int(text) if text else None
