"""The product-limit estimator of Kaplan and Meier (JASA 1958;53:457) with Greenwood's variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from protocyte.base import InputError
from protocyte.stats.arrays import Bools, Floats, Ints, checked_events, checked_times, frozen
from protocyte.stats.bands import Band, pointwise_limits


@dataclass(frozen=True, eq=False)
class KMCurve:
    """One row a distinct time, events and censorings alike; all arrays have the same length.

    `survival[i]` is S just after `times[i]`; `n_at_risk[i]` counts those still followed just before it.
    `lower` and `upper` are pointwise limits, NaN where there is none (S = 0; S = 1 on the log-log scale).
    `cumulative_hazard` is Nelson and Aalen's, with Aalen's variance (`se_cumulative_hazard`).
    """

    times: Floats
    survival: Floats
    se: Floats
    lower: Floats
    upper: Floats
    n_at_risk: Ints
    n_event: Ints
    n_censor: Ints
    cumulative_hazard: Floats
    se_cumulative_hazard: Floats
    band: Band
    level: float

    @property
    def n(self) -> int:
        return int(self.n_at_risk[0])

    @property
    def events(self) -> int:
        return int(self.n_event.sum())


@dataclass(frozen=True, eq=False)
class SurvivalAt:
    """The curve read at chosen times; NaN where it says nothing any more."""

    times: Floats
    survival: Floats
    se: Floats
    lower: Floats
    upper: Floats
    n_at_risk: Ints


def kaplan_meier(
    time: ArrayLike, event: ArrayLike, *, band: Band = "log-log", level: float = 0.95
) -> KMCurve:
    """S(t) with Greenwood's standard error and pointwise limits.

    `time`: n finite times >= 0. `event`: n values, 1 the event was seen, 0 censored; a subject censored at
    the time of an event was still at risk of it. Near-equal times are one time. `InputError` for empty,
    negative or missing times.
    """
    times = checked_times(time)
    table = count_by_time(times, checked_events(event, times.size))
    share: Floats = table.n_event / table.n_at_risk
    survival: Floats = np.cumprod(1.0 - share, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(table.n_event / (table.n_at_risk * (table.n_at_risk - table.n_event)))
        se: Floats = survival * np.sqrt(greenwood)  # NaN once S is 0, where Greenwood's formula has no value
    lower, upper = pointwise_limits(survival, se, band, level)
    return KMCurve(
        times=frozen(table.times),
        survival=frozen(survival),
        se=frozen(se),
        lower=frozen(lower),
        upper=frozen(upper),
        n_at_risk=frozen(table.n_at_risk),
        n_event=frozen(table.n_event),
        n_censor=frozen(table.n_censor),
        cumulative_hazard=frozen(np.cumsum(table.n_event / table.n_at_risk)),
        se_cumulative_hazard=frozen(np.sqrt(np.cumsum(table.n_event / table.n_at_risk**2))),
        band=band,
        level=level,
    )


def reverse_kaplan_meier(
    time: ArrayLike, event: ArrayLike, *, band: Band = "log-log", level: float = 0.95
) -> KMCurve:
    """The distribution of potential follow-up: censoring is the event and the event censors.

    Schemper and Smith (Control Clin Trials 1996;17:343). Its median is the median follow-up.
    """
    times = checked_times(time)
    return kaplan_meier(times, ~checked_events(event, times.size), band=band, level=level)


def survival_at(curve: KMCurve, times: ArrayLike, *, extend: bool = False) -> SurvivalAt:
    """S, its limits and the number at risk at each of `times` (any order, >= 0).

    Past the last observation S is unknown unless it has reached 0, so it is NaN there; `extend=True`
    carries the last value on, as R's `summary(fit, times, extend = TRUE)` does.
    """
    asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
    if np.isnan(asked).any() or (asked < 0).any():
        raise InputError("times must be numbers from 0 up")
    row = np.searchsorted(curve.times, asked, side="right")  # 0: before the first observation
    past = asked > curve.times[-1]
    unknown = past & (curve.survival[-1] > 0) & (not extend)

    def read(column: Floats, before: float) -> Floats:
        values = np.concatenate(([before], column))[row]
        return frozen(np.where(unknown, np.nan, values))

    at_risk = np.append(curve.n_at_risk, 0)[np.searchsorted(curve.times, asked, side="left")]
    return SurvivalAt(
        times=frozen(asked.copy()),
        survival=read(curve.survival, 1.0),
        se=read(curve.se, 0.0),
        lower=read(curve.lower, 1.0),
        upper=read(curve.upper, 1.0),
        n_at_risk=frozen(at_risk),
    )


@dataclass(frozen=True, eq=False)
class Counts:
    """At each distinct time: how many were at risk just before it, and what happened to how many."""

    times: Floats
    n_at_risk: Ints
    n_event: Ints
    n_censor: Ints


def count_by_time(times: Floats, event: Bools) -> Counts:
    """Group checked times (near-ties already merged)."""
    distinct, position = np.unique(times, return_inverse=True)
    total = np.bincount(position, minlength=distinct.size)
    events = np.bincount(position[event], minlength=distinct.size)
    at_risk = times.size - np.concatenate(([0], np.cumsum(total)[:-1]))
    return Counts(distinct, at_risk.astype(np.int64), events, total - events)
