"""Where a trial stands on a day, as plain data with messages: for the command line and for pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from protocyte.app.wording import told
from protocyte.base import Language, render
from protocyte.conduct import active_holds, open_queries
from protocyte.conduct.slots import places_left
from protocyte.derive.course import Trial
from protocyte.derive.disposition import stage
from protocyte.derive.dlt import DltStatus
from protocyte.derive.escalation import Escalation, derive_escalation, unsupported_decisions
from protocyte.records.oversight import Cohort


@dataclass(frozen=True)
class Status:
    trial: Trial
    as_of: date
    parts: tuple[Escalation, ...]


def trial_status(trial: Trial, as_of: date) -> Status:
    parts = tuple(derive_escalation(trial, part, as_of) for part in trial.study_on(as_of).parts)
    return Status(trial, as_of, parts)


def as_json(status: Status, language: Language) -> dict[str, Any]:
    trial, day = status.trial, status.as_of
    study = trial.study_on(day)
    return {
        "study": study.study,
        "head": trial.casebook.head,
        "seq": trial.casebook.seq,
        "as_of": day.isoformat(),
        "locked": trial.casebook.locked,
        "subjects": [
            {
                "subject": course.subject,
                "stage": stage(study, course, day).name,
                "level": course.assigned_level,
            }
            for course in trial.courses
        ],
        "cohorts": [
            {
                "cohort": held.record.cohort,
                "part": held.record.part,
                "dose_level": held.record.dose_level,
                "places_left": places_left(trial, held.record, day),
            }
            for held in trial.all(Cohort)
        ],
        "parts": [advice_json(part, language) for part in status.parts],
        "holds": [{"hold": h.record_id, "reason": h.record.reason} for h in active_holds(trial, day)],
        "queries": [{"query": q.record_id, "about": q.record.about} for q in open_queries(trial)],
        "unsupported_decisions": [
            {"decision": u.decision.record.number, "now": u.now.action, "exposed": list(u.exposed)}
            for u in unsupported_decisions(trial)
        ],
    }


def advice_json(part: Escalation, language: Language) -> dict[str, Any]:
    return {
        "part": part.part,
        "action": part.advice.action,
        "level": part.advice.level,
        "reason": render(part.advice.reason, language),
        "evidence": part.advice.evidence,
        "outcomes": [
            _outcome(status, language) for status in (*part.history.statuses, *part.history.left_out)
        ],
        "waiting_for": [
            {"subject": status.subject, "until": status.window.end.isoformat()} for status in part.waiting
        ],
        "open_proposals": list(part.open_proposals),
    }


def _outcome(status: DltStatus, language: Language) -> dict[str, Any]:
    return {
        "subject": status.subject,
        "dose_level": status.window.level or status.window.assigned,
        "status": status.status,
        "window": [status.window.start.isoformat(), status.window.end.isoformat()],
        "days_left": status.days_left,
        "why": render(status.why, language),
    }


def advice_lines(part: Escalation, language: Language) -> list[str]:
    plain = advice_json(part, language)
    name = "status_advice" if plain["level"] else "status_advice_no_level"
    said = {key: plain[key] for key in ("part", "action", "level", "reason")}
    lines = [told(name, language, **said)]
    lines += [
        told("status_outcome", language, level=o["dose_level"], **_of(o, "subject", "status", "why"))
        for o in plain["outcomes"]
    ]
    lines += [told("status_waits", language, **w) for w in plain["waiting_for"]]
    lines += [told("status_not_adjudicated", language, proposal=key) for key in plain["open_proposals"]]
    return lines


def as_lines(status: Status, language: Language) -> list[str]:
    plain = as_json(status, language)
    head = plain["head"][:12]
    lines = [told("status_head", language, head=head, **_of(plain, "study", "as_of", "seq"))]
    if plain["locked"]:
        lines.append(told("locked", language))
    lines += [_cohort_line(one, language) for one in plain["cohorts"]]
    lines += [
        told("status_subject", language, level=s["level"] or "-", **_of(s, "subject", "stage"))
        for s in plain["subjects"]
    ]
    for part in status.parts:
        lines += advice_lines(part, language)
    lines += [told("status_hold", language, **hold) for hold in plain["holds"]]
    lines += [told("status_query", language, **query) for query in plain["queries"]]
    lines += [_unsupported_line(one, language) for one in plain["unsupported_decisions"]]
    return lines


def _of(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _cohort_line(one: dict[str, Any], language: Language) -> str:
    left, level = one["places_left"], one["dose_level"]
    return told("status_cohort", language, left=left, level=level, **_of(one, "cohort", "part"))


def _unsupported_line(one: dict[str, Any], language: Language) -> str:
    exposed = tuple(one["exposed"]) or told("nobody", language)
    return told("status_unsupported", language, number=one["decision"], now=one["now"], exposed=exposed)
