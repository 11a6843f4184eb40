"""Curves of the time-to-event endpoints, and each endpoint in one table, operational and companion."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from protocyte.analysis.cut import Cut
from protocyte.analysis.tables import Cell, Estimate, ResultTable, Row, number, say, text
from protocyte.base import Message
from protocyte.derive.analysis_sets import members
from protocyte.derive.endpoints import Timed, time_to_event
from protocyte.stats.aalen_johansen import aalen_johansen, incidence_at
from protocyte.stats.kaplan_meier import KMCurve, kaplan_meier, reverse_kaplan_meier, survival_at
from protocyte.stats.quantiles import km_quantiles
from protocyte.study.efficacy import TimeToEvent, TimeToEventEndpoint
from protocyte.study.parts import Words, days_of

MONTH = 30.4375  # days; a year of 365.25 in twelve parts, as CDISC's examples and `base/units.csv` have it


@dataclass(frozen=True)
class Curve:
    """Times in months. One row a distinct time; `lower` and `upper` are None where the band has no limit.

    `definition` says which of the endpoint's two it is, `told` from where to which events it counts.
    `at_risk` counts those still followed at each of `ticks`; `events_by` the events up to then.
    """

    title: Words
    definition: Message
    told: Message
    population: Words
    n: int
    events: int
    median: Estimate
    follow_up: Estimate
    months: tuple[float, ...]
    survival: tuple[float, ...]
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]
    censored: tuple[tuple[float, float], ...]
    ticks: tuple[int, ...]
    at_risk: tuple[int, ...]
    events_by: tuple[int, ...]


def survival_curve(cut: Cut) -> Curve | None:
    """Overall survival: the first endpoint whose only event is death. None with nobody to count."""
    for endpoint in time_to_event_endpoints(cut):
        if endpoint.operational.events == ("death",):
            curve = _curve(cut, endpoint, "operational", endpoint.operational)
            return curve if curve.n else None
    return None


def km_curves(cut: Cut) -> tuple[Curve, ...] | None:
    """A curve an endpoint, in the study's order; None where no clock has started for anybody.

    Where events compete in the operational definition its companion is drawn, if none compete there:
    Kaplan and Meier's curve would overstate the risk. An endpoint nobody counts for yet has an empty curve.
    """
    found = tuple(_curve(cut, *chosen) for e in time_to_event_endpoints(cut) if (chosen := _uncontested(e)))
    return found if any(curve.n for curve in found) else None


def _uncontested(endpoint: TimeToEventEndpoint) -> tuple[TimeToEventEndpoint, str, TimeToEvent] | None:
    readings = {"operational": endpoint.operational, "companion": endpoint.companion}
    for which, definition in readings.items():
        if definition is not None and not competing_names(definition):
            return endpoint, which, definition
    return None


def event_names(definition: TimeToEvent) -> tuple[str, ...]:
    """What ends the clock as an event, an intercurrent event that counts as one included."""
    return _with_intercurrent(definition, definition.events, "event")


def competing_names(definition: TimeToEvent) -> tuple[str, ...]:
    """What may come first and stands in the event's way."""
    return _with_intercurrent(definition, definition.competing, "competing")


def _with_intercurrent(definition: TimeToEvent, named: tuple[str, ...], strategy: str) -> tuple[str, ...]:
    others = (name for name, given in definition.intercurrent.items() if given == strategy)
    return tuple(dict.fromkeys((*named, *others)))


def timed_subjects(cut: Cut, definition: TimeToEvent) -> list[Timed]:
    """Members of the definition's own analysis set for whom the clock started."""
    found = members(cut.study, cut.courses, definition.population, cut.as_of)
    timed = (time_to_event(cut.study, course, definition, cut.as_of) for course in found)
    return [one for one in timed if isinstance(one, Timed)]


def _curve(cut: Cut, endpoint: TimeToEventEndpoint, which: str, definition: TimeToEvent) -> Curve:
    timed = timed_subjects(cut, definition)
    title, definition_name = endpoint.title, say(which)
    population = cut.study.analysis_sets[definition.population].title
    if not timed:
        none = Estimate(None)
        return Curve(
            title, definition_name, told(definition), population, 0, 0, none, none,
            (), (), (), (), (), (0,), (0,), (0,),
        )  # fmt: skip
    months, events = times_of(timed)
    curve = kaplan_meier(months, events)
    rows = zip(curve.times, curve.survival, curve.n_censor, strict=True)
    ticks = month_ticks(float(months.max()))
    return Curve(
        title=title,
        definition=definition_name,
        told=told(definition),
        population=population,
        n=len(timed),
        events=int(events.sum()),
        median=quantile(curve, 0.5),
        follow_up=quantile(reverse_kaplan_meier(months, events), 0.5),
        months=tuple(map(float, curve.times)),
        survival=tuple(map(float, curve.survival)),
        lower=tuple(map(known, curve.lower)),
        upper=tuple(map(known, curve.upper)),
        censored=tuple((float(t), float(s)) for t, s, c in rows if c),
        ticks=ticks,
        at_risk=tuple(int((months >= tick).sum()) for tick in ticks),
        events_by=tuple(int((events & (months <= tick)).sum()) for tick in ticks),
    )


def times_of(timed: Sequence[Timed]) -> tuple[Any, Any]:
    """Months, and whether the event ended them: two arrays with a value a subject."""
    months = np.array([one.days / MONTH for one in timed], dtype=float)
    return months, np.array([one.status == "event" for one in timed], dtype=bool)


def causes_of(timed: Sequence[Timed]) -> Any:
    """What ended each time: 0 nothing yet, 1 the event, 2 a competing one."""
    codes = {"censored": 0, "event": 1, "competing": 2}
    return np.array([codes[one.status] for one in timed], dtype=int)


def month_ticks(longest: float) -> tuple[int, ...]:
    """Whole months from 0 to the last observation, at most nine of them."""
    step = next(step for step in (1, 2, 3, 6, 12, 24, 60, 120) if longest / step <= 8 or step == 120)
    return tuple(range(0, math.floor(longest) + 1, step))


def endpoint_table(cut: Cut) -> ResultTable:
    """One row a definition, grouped by endpoint: counts and the median.

    With competing events Kaplan and Meier's estimator would overstate the risk: there is no median then.
    """
    rows = []
    for endpoint, which, definition in definitions(cut):
        timed = timed_subjects(cut, definition)
        counts = [sum(one.status == status for one in timed) for status in ("event", "competing", "censored")]
        population = cut.study.analysis_sets[definition.population].title
        median = None if competing_names(definition) else _median_of(timed)
        cells: tuple[Cell, ...] = (say(which), told(definition), population, len(timed), *counts, median)
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
    for endpoint, which, definition in definitions(cut):
        timed = timed_subjects(cut, definition)
        for landmark in definition.landmarks:
            months = days_of(landmark) / MONTH
            at_risk = sum(one.days / MONTH >= months for one in timed)
            kind = say("incidence" if competing_names(definition) else "event_free")
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


def time_to_event_endpoints(cut: Cut) -> tuple[TimeToEventEndpoint, ...]:
    return tuple(one for one in cut.study.endpoints.values() if isinstance(one, TimeToEventEndpoint))


def definitions(cut: Cut) -> Iterator[tuple[TimeToEventEndpoint, str, TimeToEvent]]:
    """Every definition with its endpoint and which of the endpoint's two it is."""
    for endpoint in time_to_event_endpoints(cut):
        yield endpoint, "operational", endpoint.operational
        if endpoint.companion is not None:
            yield endpoint, "companion", endpoint.companion


def told(definition: TimeToEvent) -> Message:
    """From where it counts to which events."""
    events = tuple(Message.of(f"derive.{name}") for name in event_names(definition))
    origin = Message.of(f"derive.{definition.origin}")
    competing = tuple(Message.of(f"derive.{name}") for name in competing_names(definition))
    if not competing:
        return say("from_origin", origin=origin, events=events)
    return say("from_origin_competing", origin=origin, events=events, competing=competing)


def _median_of(timed: list[Timed]) -> Estimate:
    return quantile(kaplan_meier(*times_of(timed)), 0.5) if timed else Estimate(None)


def quantile(curve: KMCurve, prob: float) -> Estimate:
    """The time by which a share `prob` had the event, with the limits of Brookmeyer and Crowley."""
    found = km_quantiles(curve, (prob,))
    return Estimate(known(found.value[0]), known(found.lower[0]), known(found.upper[0]))


def _at(timed: list[Timed], definition: TimeToEvent, month: float) -> Estimate:
    return incidence_by(timed, month) if competing_names(definition) else event_free(timed, month)


def event_free(timed: Sequence[Timed], month: float) -> Estimate:
    """Kaplan and Meier's share at a month; not estimable past the last observation.

    While nobody has had the event there are no log-log limits: "100 % (100-100)" would claim certainty.
    """
    if not timed:
        return Estimate(None, percent=True)
    seen = survival_at(kaplan_meier(*times_of(timed)), [month])
    if seen.survival[0] == 1:
        return Estimate(1.0, digits=0, percent=True)
    return _share(seen.survival[0], seen.lower[0], seen.upper[0])


def incidence_by(timed: Sequence[Timed], month: float) -> Estimate:
    """Aalen and Johansen's cumulative incidence of the event; not estimable past the last observation."""
    if not timed:
        return Estimate(None, percent=True)
    months, _ = times_of(timed)
    found = incidence_at(aalen_johansen(months, causes_of(timed)), [month])
    return _share(found.incidence[0], found.lower[0], found.upper[0])


def _share(value: float, lower: float, upper: float) -> Estimate:
    return Estimate(known(value), known(lower), known(upper), digits=0, percent=True)


def known(value: float) -> float | None:
    """None for a number that there is not."""
    return None if math.isnan(value) else float(value)
