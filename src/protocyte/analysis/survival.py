"""Overall survival as a curve, and every time-to-event endpoint in one table, operational and companion."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from protocyte.analysis.cut import Cut
from protocyte.analysis.tables import Cell, Estimate, ResultTable, Row, number, say, text
from protocyte.base import Message
from protocyte.derive.analysis_sets import members
from protocyte.derive.endpoints import Timed, time_to_event
from protocyte.stats.aalen_johansen import aalen_johansen, incidence_at
from protocyte.stats.kaplan_meier import kaplan_meier, reverse_kaplan_meier, survival_at
from protocyte.stats.quantiles import km_quantiles
from protocyte.study.efficacy import TimeToEvent, TimeToEventEndpoint
from protocyte.study.parts import Words, days_of

MONTH = 30.4375  # days; a year of 365.25 in twelve parts, as CDISC's examples and `base/units.csv` have it


@dataclass(frozen=True)
class Curve:
    """Times in months. One row a distinct time; `lower` and `upper` are NaN where the band has no limit.

    `at_risk` counts those still followed at each of `ticks`; `events_by` the events up to then.
    """

    title: Words
    population: Words
    n: int
    events: int
    median: Estimate
    follow_up: Estimate
    months: tuple[float, ...]
    survival: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    censored: tuple[tuple[float, float], ...]
    ticks: tuple[int, ...]
    at_risk: tuple[int, ...]
    events_by: tuple[int, ...]


def survival_curve(cut: Cut) -> Curve | None:
    """Overall survival: the first endpoint whose only event is death. None with nobody to count."""
    for endpoint in cut.study.endpoints.values():
        if isinstance(endpoint, TimeToEventEndpoint) and endpoint.operational.events == ("death",):
            timed = timed_subjects(cut, endpoint.operational)
            return _curve(cut, endpoint, timed) if timed else None
    return None


def timed_subjects(cut: Cut, definition: TimeToEvent) -> list[Timed]:
    """Members of the definition's own analysis set for whom the clock started."""
    found = members(cut.study, cut.courses, definition.population, cut.as_of)
    timed = (time_to_event(cut.study, course, definition, cut.as_of) for course in found)
    return [one for one in timed if isinstance(one, Timed)]


def _curve(cut: Cut, endpoint: TimeToEventEndpoint, timed: list[Timed]) -> Curve:
    months, events = _times(timed)
    curve = kaplan_meier(months, events)
    rows = zip(curve.times, curve.survival, curve.n_censor, strict=True)
    ticks = _ticks(float(months.max()))
    return Curve(
        title=endpoint.title,
        population=cut.study.analysis_sets[endpoint.operational.population].title,
        n=len(timed),
        events=int(events.sum()),
        median=_median(curve),
        follow_up=_median(reverse_kaplan_meier(months, events)),
        months=tuple(map(float, curve.times)),
        survival=tuple(map(float, curve.survival)),
        lower=tuple(map(float, curve.lower)),
        upper=tuple(map(float, curve.upper)),
        censored=tuple((float(t), float(s)) for t, s, c in rows if c),
        ticks=ticks,
        at_risk=tuple(int((months >= tick).sum()) for tick in ticks),
        events_by=tuple(int((events & (months <= tick)).sum()) for tick in ticks),
    )


def _times(timed: list[Timed]) -> tuple[Any, Any]:
    months = np.array([one.days / MONTH for one in timed], dtype=float)
    return months, np.array([one.status == "event" for one in timed])


def _ticks(longest: float) -> tuple[int, ...]:
    """Whole months from 0 to the last observation, at most nine of them."""
    step = next(step for step in (1, 2, 3, 6, 12, 24, 60, 120) if longest / step <= 8 or step == 120)
    return tuple(range(0, math.floor(longest) + 1, step))


def endpoint_table(cut: Cut) -> ResultTable:
    """One row a definition, grouped by endpoint: counts and the median.

    With competing events Kaplan and Meier's estimator would overstate the risk: there is no median then.
    """
    rows = []
    for endpoint, which, definition in _definitions(cut):
        timed = timed_subjects(cut, definition)
        counts = [sum(one.status == status for one in timed) for status in ("event", "competing", "censored")]
        population = cut.study.analysis_sets[definition.population].title
        median = None if definition.competing else _median_of(timed)
        cells: tuple[Cell, ...] = (say(which), _told(definition), population, len(timed), *counts, median)
        rows.append(Row(cells, group=endpoint.title, strong=which == "operational"))
    columns = (
        *text("definition", "from_to", "population"),
        *number("n", "events", "competing", "censored", "median_months"),
    )
    return ResultTable(
        "endpoints", say("title_endpoints"), columns, tuple(rows), say("of_each"),
        (say("note_km"), say("note_competing"), say("note_months")), say("no_endpoints"),
    )  # fmt: skip


def landmark_table(cut: Cut) -> ResultTable | None:
    """What the study reads at its landmarks: the event-free share, or the incidence where events compete."""
    rows = []
    for endpoint, which, definition in _definitions(cut):
        timed = timed_subjects(cut, definition)
        for landmark in definition.landmarks:
            months = days_of(landmark) / MONTH
            at_risk = sum(one.days / MONTH >= months for one in timed)
            kind = say("incidence" if definition.competing else "event_free")
            estimate = _at(timed, definition, months)
            cells: tuple[Cell, ...] = (say(which), landmark, kind, at_risk, estimate)
            rows.append(Row(cells, group=endpoint.title))
    if not rows:
        return None
    columns = (*text("definition", "landmark", "statistic"), *number("still_at_risk", "estimate"))
    return ResultTable(
        "endpoint_landmarks", say("title_endpoint_landmarks"), columns, tuple(rows), say("of_each"),
        (say("note_estimates"),),
    )  # fmt: skip


def _definitions(cut: Cut) -> Iterator[tuple[TimeToEventEndpoint, str, TimeToEvent]]:
    for endpoint in cut.study.endpoints.values():
        if isinstance(endpoint, TimeToEventEndpoint):
            yield endpoint, "operational", endpoint.operational
            if endpoint.companion is not None:
                yield endpoint, "companion", endpoint.companion


def _told(definition: TimeToEvent) -> Message:
    events = tuple(Message.of(f"derive.{name}") for name in definition.events)
    origin = Message.of(f"derive.{definition.origin}")
    if not definition.competing:
        return say("from_origin", origin=origin, events=events)
    competing = tuple(Message.of(f"derive.{name}") for name in definition.competing)
    return say("from_origin_competing", origin=origin, events=events, competing=competing)


def _median_of(timed: list[Timed]) -> Estimate:
    return _median(kaplan_meier(*_times(timed))) if timed else Estimate(None)


def _median(curve: Any) -> Estimate:
    found = km_quantiles(curve, (0.5,))
    return Estimate(_known(found.value[0]), _known(found.lower[0]), _known(found.upper[0]))


def _at(timed: list[Timed], definition: TimeToEvent, month: float) -> Estimate:
    """Kaplan and Meier's, or Aalen and Johansen's, at a month; not estimable past the last observation."""
    if not timed:
        return Estimate(None, percent=True)
    months, events = _times(timed)
    if not definition.competing:
        seen = survival_at(kaplan_meier(months, events), [month])
        return _share(seen.survival[0], seen.lower[0], seen.upper[0])
    causes = np.where(events, 1, [2 if one.status == "competing" else 0 for one in timed])
    found = incidence_at(aalen_johansen(months, causes), [month])
    return _share(found.incidence[0], found.lower[0], found.upper[0])


def _share(value: float, lower: float, upper: float) -> Estimate:
    return Estimate(_known(value), _known(lower), _known(upper), digits=0, percent=True)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
