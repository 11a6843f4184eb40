"""What a run came to, for machines: `summary.json`."""

from __future__ import annotations

from datetime import date
from typing import Any

from protocyte.derive.course import Trial
from protocyte.derive.endpoints import NotApplicable, time_to_event
from protocyte.derive.escalation import dose_decisions
from protocyte.derive.response import best_response
from protocyte.study.efficacy import ResponseEndpoint, TimeToEventEndpoint


def summarise(trial: Trial, as_of: date) -> dict[str, Any]:
    """Study, digest, head, decisions, subjects and endpoint counts as of a day."""
    return {
        "study": trial.study.study,
        "digest": trial.digest,
        "head_hash": trial.casebook.head,
        "entries": trial.casebook.seq,
        "as_of": as_of.isoformat(),
        "dose_decisions": [_decision(held.record) for held in dose_decisions(trial)],
        "subjects": {
            "consented": sum(course.consented_on is not None for course in trial.courses),
            "enrolled": sum(course.enrolled_on is not None for course in trial.courses),
            "infused": sum(course.infused_on is not None for course in trial.courses),
            "died": sum(course.died_on is not None for course in trial.courses),
        },
        "endpoints": _endpoints(trial, as_of),
    }


def _decision(record: Any) -> dict[str, Any]:
    return {
        "number": record.number,
        "on": record.on.isoformat(),
        "part": record.part,
        "advice": {
            "action": record.advice.action,
            "level": record.advice.level,
            "reason": str(record.advice.reason),
        },
        "decision": {"action": record.action, "level": record.dose_level},
        "deviates": record.deviates,
        "cut_off": record.cut_off,
    }


def _endpoints(trial: Trial, as_of: date) -> dict[str, Any]:
    infused = [course for course in trial.courses if course.infused_on is not None]
    found: dict[str, Any] = {}
    for name, endpoint in trial.study.endpoints.items():
        if isinstance(endpoint, TimeToEventEndpoint):
            timed = [time_to_event(trial.study, c, endpoint.operational, as_of) for c in trial.courses]
            counted = [item for item in timed if not isinstance(item, NotApplicable)]
            found[name] = {
                "subjects": len(counted),
                "events": sum(item.status == "event" for item in counted),
            }
        elif isinstance(endpoint, ResponseEndpoint):
            best = [best_response(trial.study, course, data_cut=as_of) for course in infused]
            hits = sum(one.category in endpoint.responses for one in best)
            found[name] = {"subjects": len(infused), "responders": hits}
    return found
