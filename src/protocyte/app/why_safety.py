"""The answers of `trial why` about safety: adverse events with their clocks, episodes, and the gates at a glance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from protocyte.app.wording import told
from protocyte.base import Language, render
from protocyte.base.message import Message
from protocyte.derive.adverse_events import AeRow, adverse_events
from protocyte.derive.course import Course
from protocyte.derive.eligibility_matrix import eligibility_matrix
from protocyte.derive.episodes import Toxicity, ToxicityEpisode, toxicity_episodes
from protocyte.derive.reporting_clocks import ReportingClock, reporting_clocks
from protocyte.records.enrolment import GateReview
from protocyte.study.eligibility import Gate
from protocyte.study.model import Study

Row = dict[str, Any]


def adverse_event_rows(study: Study, course: Course, day: date, language: Language) -> list[Row]:
    """Each event with what it counts as, then its reporting clocks by jurisdiction."""
    clocks = reporting_clocks(course, day)
    rows: list[Row] = []
    for one in adverse_events(study, course, day):
        rows.append(_event(one, language))
        rows += [_clock(clock, language) for clock in clocks if clock.record_id == one.record_id]
    return rows or [_row("ae", "-", told("no_events", language))]


def _event(one: AeRow, language: Language) -> Row:
    words = [told("ae_grade", language, scale=one.scale, grade=one.maximum_grade)]
    words.append(told("ae_emergent" if one.emergent else "ae_not_emergent", language))
    words += [told("ae_serious", language, by=one.serious)] if one.serious else []
    words += [told("ae_related", language, to=one.related)] if one.related else []
    why = told(
        "ae_counted",
        language,
        onset=one.onset,
        day="-" if one.day is None else one.day,
        period=one.period or "-",
        interest=one.special_interest or "-",
    )
    return _row(f"{one.onset} {one.term}", "; ".join(words), why, records=(one.record_id,))


_CLOCKS = {
    "due": "clock_due",
    "overdue": "clock_overdue",
    "reported": "clock_reported",
    "reported_late": "clock_reported_late",
    "no_awareness": "clock_no_awareness",
}


def _clock(one: ReportingClock, language: Language) -> Row:
    why = told(
        "clock_runs" if one.certain else "clock_may_run",
        language,
        to=one.rule.to,
        source=one.rule.source,
        aware="-" if one.aware is None else one.aware,
        due="-" if one.due is None else one.due_at or one.due,
    )
    answer = told(_CLOCKS[one.status], language)
    return _row(f"clock {one.rule.id}", answer, why, one.rule.id, (one.record_id,), one.missing)


def episode_rows(
    study: Study, course: Course, toxicity: Toxicity, day: date, language: Language
) -> list[Row]:
    """The episodes that the assessments make, with what was given for them."""
    return [_episode(one, language) for one in toxicity_episodes(study, course, toxicity, day)]


def _episode(one: ToxicityEpisode, language: Language) -> Row:
    grade = (
        str(one.maximum) if one.maximum == one.possible_maximum else f"{one.maximum}-{one.possible_maximum}"
    )
    given = [f"{link.kind} {link.on}" for link in one.links]
    why = told(
        "episode_ongoing" if one.ongoing else "episode_over",
        language,
        onset=one.onset,
        end=one.end,
        days=one.duration,
        maximum_on=one.maximum_on,
        given=given or ["-"],
    )
    return _row(f"{one.toxicity} {one.onset} .. {one.end}", grade, why, one.scale, one.records)


def gate_rows(
    study: Study, course: Course, gates: tuple[Gate, ...], day: date, language: Language
) -> list[Row]:
    """Each gate as it would be judged on the day, and how it was judged when somebody opened it."""
    rows: list[Row] = []
    for gate in gates:
        rows.append(_gate(study, course, gate, day, language))
        rows += list(_reviews(course, gate, day, language))
    return rows


def _gate(study: Study, course: Course, gate: Gate, day: date, language: Language) -> Row:
    (row,) = eligibility_matrix(study, [course], gate, day).rows
    shut = [cell for cell in row.cells if cell.answer != "met"]
    if not shut:
        why = render(Message.of("derive.gate_open"), language)
        if row.open_until is not None:
            closing = [c.criterion for c in row.cells if c.expires_on == row.open_until + timedelta(days=1)]
            why += " " + told("gate_expires", language, until=row.open_until, criteria=closing)
        return _row(f"{gate} {day}", told("gate_is_open", language), why)
    failing = [cell.criterion for cell in shut if cell.answer == "not_met"]
    unknown = [cell.criterion for cell in shut if cell.answer != "not_met"]
    why = render(Message.of("derive.gate_shut", not_met=failing or ["-"], unknown=unknown or ["-"]), language)
    records = dict.fromkeys(record for cell in shut for record in cell.records)
    missing = dict.fromkeys(name for cell in shut for name in cell.missing)
    return _row(f"{gate} {day}", told("gate_is_shut", language), why, records=records, missing=missing)


def _reviews(course: Course, gate: Gate, day: date, language: Language) -> Iterator[Row]:
    for held in course.all(GateReview):
        record = held.record
        if record.gate == gate and record.on <= day:
            answer = told("gate_is_open" if record.passed else "gate_is_shut", language)
            why = told("gate_reviewed", language, on=record.on, by=held.by or "-")
            yield _row(f"{gate} {record.on}", answer, why, records=(held.record_id,))


def _row(what: str, answer: str, why: str, rule: str = "", records: Any = (), missing: Any = ()) -> Row:
    return {
        "what": what,
        "answer": answer,
        "why": why,
        "rule": rule,
        "records": list(records),
        "missing": list(missing),
    }
