"""Overall survival as a curve, and every time-to-event endpoint in one table, operational and companion."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from protocyte.analysis.tables import Cell, Table, say
from protocyte.base import Message
from protocyte.derive.analysis_sets import members
from protocyte.derive.course import Trial
from protocyte.derive.endpoints import Timed, time_to_event
from protocyte.stats.kaplan_meier import kaplan_meier
from protocyte.stats.quantiles import km_quantiles
from protocyte.study.efficacy import TimeToEvent, TimeToEventEndpoint
from protocyte.study.parts import Words


@dataclass(frozen=True)
class Curve:
    """Days, and at each the survival with its band; `risk` is the number at risk at `ticks`."""

    title: Words
    times: tuple[float, ...]
    survival: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    censored: tuple[tuple[float, float], ...]
    ticks: tuple[int, ...]
    risk: tuple[int, ...]
    n: int
    events: int
    median: str


def survival_curve(trial: Trial, as_of: date) -> Curve | None:
    """Overall survival, or the first endpoint whose only event is death; None with nobody to count."""
    for endpoint in trial.study.endpoints.values():
        if isinstance(endpoint, TimeToEventEndpoint) and endpoint.operational.events == ("death",):
            timed = timed_subjects(trial, endpoint.operational, as_of)
            return _curve(endpoint, timed) if timed else None
    return None


def timed_subjects(trial: Trial, definition: TimeToEvent, as_of: date) -> list[Timed]:
    found = members(trial.study, trial.courses, definition.population, as_of)
    timed = (time_to_event(trial.study, course, definition, as_of) for course in found)
    return [one for one in timed if isinstance(one, Timed)]


def _curve(endpoint: TimeToEventEndpoint, timed: list[Timed]) -> Curve:
    days = np.array([one.days for one in timed], dtype=float)
    events = np.array([one.status == "event" for one in timed])
    curve = kaplan_meier(days, events)
    censored = tuple(
        (float(t), float(s)) for t, s, c in zip(curve.times, curve.survival, curve.n_censor, strict=True) if c
    )
    ticks = tuple(range(0, int(days.max()) + 60, max(60, int(days.max() / 6) // 30 * 30 or 30)))
    return Curve(
        title=endpoint.title,
        times=tuple(map(float, curve.times)),
        survival=tuple(map(float, curve.survival)),
        lower=tuple(map(float, curve.lower)),
        upper=tuple(map(float, curve.upper)),
        censored=censored,
        ticks=ticks,
        risk=tuple(int((days >= tick).sum()) for tick in ticks),
        n=len(timed),
        events=int(events.sum()),
        median=_median(days, events),
    )


def endpoint_table(trial: Trial, as_of: date) -> Table:
    rows = []
    for endpoint in trial.study.endpoints.values():
        if isinstance(endpoint, TimeToEventEndpoint):
            title = endpoint.title
            rows.append(_row(trial, title, say("operational"), endpoint.operational, as_of))
            if endpoint.companion is not None:
                rows.append(_row(trial, title, say("companion"), endpoint.companion, as_of))
    columns = tuple(
        say(n)
        for n in ("endpoint", "definition", "from_to", "subjects", "events", "competing", "median_days")
    )
    return Table("endpoints", say("title_endpoints"), columns, tuple(rows), say("of_each"), (say("note_km"),))


def _row(
    trial: Trial, title: Words, which: Message, definition: TimeToEvent, as_of: date
) -> tuple[Cell, ...]:
    timed = timed_subjects(trial, definition, as_of)
    days = np.array([one.days for one in timed], dtype=float)
    events = np.array([one.status == "event" for one in timed])
    competing = sum(one.status == "competing" for one in timed)
    told = f"{definition.origin} → {', '.join(definition.events)}"
    # With competing events a Kaplan-Meier median would be wrong: it is left out rather than shown.
    median = _median(days, events) if timed and not competing else "NE"
    return title, which, told, len(timed), int(events.sum()) if timed else 0, competing, median


def _median(days: Any, events: Any) -> str:
    found = km_quantiles(kaplan_meier(days, events), (0.5,))
    shown = [_days(value[0]) for value in (found.value, found.lower, found.upper)]
    return f"{shown[0]} ({shown[1]}–{shown[2]})"


def _days(value: float) -> str:
    return "NE" if math.isnan(value) else f"{value:.0f}"
