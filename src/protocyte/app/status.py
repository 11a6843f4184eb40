"""Where a trial stands on a day, as plain data with messages: for the command line and for pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from protocyte.base import Language, Message, render
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
    level = f" level {plain['level']}" if plain["level"] else ""
    lines = [f"{plain['part']}: {plain['action']}{level}. {plain['reason']}"]
    lines += [
        f"  {o['subject']}  level {o['dose_level']}  {o['status']}: {o['why']}" for o in plain["outcomes"]
    ]
    lines += [f"  waits for {w['subject']} until {w['until']}" for w in plain["waiting_for"]]
    lines += [f"  not adjudicated: {key}" for key in plain["open_proposals"]]
    return lines


def as_lines(status: Status, language: Language) -> list[str]:
    plain = as_json(status, language)
    lines = [f"{plain['study']}  as of {plain['as_of']}  entry {plain['seq']}  head {plain['head'][:12]}"]
    if plain["locked"]:
        lines.append(render(Message.of("app.locked"), language))
    lines += [
        f"cohort {c['cohort']}: {c['part']}, level {c['dose_level']}, {c['places_left']} places left"
        for c in plain["cohorts"]
    ]
    lines += [f"  {s['subject']}  {s['stage']}  level {s['level'] or '-'}" for s in plain["subjects"]]
    for part in status.parts:
        lines += advice_lines(part, language)
    lines += [f"hold {h['hold']}: {h['reason']}" for h in plain["holds"]]
    lines += [f"query {q['query']} about {q['about']}" for q in plain["queries"]]
    lines += [_unsupported_line(one) for one in plain["unsupported_decisions"]]
    return lines


def _unsupported_line(one: dict[str, Any]) -> str:
    exposed = ", ".join(one["exposed"]) or "nobody"
    return f"decision {one['decision']} is no longer supported: now {one['now']}; exposed since: {exposed}"
