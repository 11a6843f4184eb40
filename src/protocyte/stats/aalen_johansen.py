"""Cumulative incidence with competing causes: the estimator of Aalen and Johansen (Scand J Stat 1978;5:141).

Two standard errors are in use, they differ in the third digit, and each has its name here:

* `"aalen"`: the delta-method variance of Aalen (Ann Stat 1978;6:534), tied events corrected as drawn
  without replacement; what R's `cmprsk::cuminc` prints.
* `"jackknife"`: the infinitesimal jackknife, the sum of squared influences of the subjects; what R's
  `survival::survfit` prints for several states.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from protocyte.base import InputError
from protocyte.stats.arrays import Bools, Floats, Ints, checked_codes, checked_times, frozen
from protocyte.stats.bands import Band, pointwise_limits

CIFVariance = Literal["aalen", "jackknife"]


@dataclass(frozen=True, eq=False)
class CIFCurve:
    """One row a distinct time. `incidence[i]` is the probability of an event of `cause` by `times[i]`."""

    cause: int
    times: Floats
    incidence: Floats
    se: Floats
    lower: Floats
    upper: Floats
    n_at_risk: Ints
    n_event: Ints
    n_competing: Ints
    n_censor: Ints
    variance: CIFVariance
    band: Band
    level: float


@dataclass(frozen=True, eq=False)
class CIFAt:
    """A cumulative incidence read at chosen times; NaN where it says nothing any more."""

    times: Floats
    incidence: Floats
    se: Floats
    lower: Floats
    upper: Floats
    n_at_risk: Ints


def aalen_johansen(
    time: ArrayLike,
    cause: ArrayLike,
    of: int = 1,
    *,
    variance: CIFVariance = "jackknife",
    band: Band = "log-log",
    level: float = 0.95,
) -> CIFCurve:
    """The cumulative incidence of cause `of`. `cause`: 0 censored, 1, 2, ... what happened first."""
    times = checked_times(time)
    codes = checked_codes(cause, times.size, "cause")
    if of < 1:
        raise InputError("of must be a cause from 1 up; 0 means censored")
    if variance not in get_args(CIFVariance):
        raise InputError(f"variance must be one of {', '.join(get_args(CIFVariance))}, not {variance!r}")
    table = _count_causes(times, codes, of)
    survival_before = _survival_before(table)
    incidence = np.cumsum(survival_before * table.n_event / table.n_at_risk)
    if variance == "aalen":
        se = np.sqrt(aalen_variance(table, survival_before, incidence))
    else:
        se = _jackknife_se(times, codes, of, table)
    lower, upper = pointwise_limits(incidence, se, band, level)
    return CIFCurve(
        cause=of,
        times=frozen(table.times),
        incidence=frozen(incidence),
        se=frozen(se),
        lower=frozen(lower),
        upper=frozen(upper),
        n_at_risk=frozen(table.n_at_risk),
        n_event=frozen(table.n_event),
        n_competing=frozen(table.n_competing),
        n_censor=frozen(table.n_censor),
        variance=variance,
        band=band,
        level=level,
    )


def incidence_at(curve: CIFCurve, times: ArrayLike, *, extend: bool = False) -> CIFAt:
    """The incidence, its limits and the number at risk at each of `times` (any order, >= 0).

    Past the last observation it is unknown if anybody was censored last, so NaN; `extend=True` carries on.
    """
    asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
    if np.isnan(asked).any() or (asked < 0).any():
        raise InputError("times must be numbers from 0 up")
    row = np.searchsorted(curve.times, asked, side="right")
    unknown = (asked > curve.times[-1]) & (curve.n_censor[-1] > 0) & (not extend)

    def read(column: Floats, before: float) -> Floats:
        return frozen(np.where(unknown, np.nan, np.concatenate(([before], column))[row]))

    at_risk = np.append(curve.n_at_risk, 0)[np.searchsorted(curve.times, asked, side="left")]
    return CIFAt(
        times=frozen(asked.copy()),
        incidence=read(curve.incidence, 0.0),
        se=read(curve.se, 0.0),
        lower=read(curve.lower, np.nan),
        upper=read(curve.upper, np.nan),
        n_at_risk=frozen(at_risk),
    )


@dataclass(frozen=True, eq=False)
class CauseCounts:
    """At each distinct time: at risk just before it, events of the cause, of other causes, censorings."""

    times: Floats
    n_at_risk: Ints
    n_event: Ints
    n_competing: Ints
    n_censor: Ints


def _count_causes(times: Floats, codes: Ints, of: int) -> CauseCounts:
    distinct, position = np.unique(times, return_inverse=True)

    def count(chosen: Bools) -> Ints:
        return np.bincount(position[chosen], minlength=distinct.size)

    wanted, censored = count(codes == of), count(codes == 0)
    total = count(codes >= 0)
    at_risk = times.size - np.concatenate(([0], np.cumsum(total)[:-1]))
    return CauseCounts(distinct, at_risk.astype(np.int64), wanted, total - wanted - censored, censored)


def _survival_before(table: CauseCounts) -> Floats:
    """Freedom from every cause just before each time."""
    events = table.n_event + table.n_competing
    after = np.cumprod(1.0 - events / table.n_at_risk)
    before: Floats = np.concatenate(([1.0], after[:-1]))
    return before


def aalen_variance(table: CauseCounts, survival_before: Floats, incidence: Floats) -> Floats:
    """Var F(t) = sum over s <= t of S(s-)^2 [(1 - g)^2 v1(s) + g^2 v2(s)], g = (F(t) - F(s)) / S(s).

    v1 and v2 are the variances of the two increments of hazard at s, events drawn without replacement:
    d / n^2 (1 - (d - 1) / (n - 1)). Expanding the square in F(t) leaves three running sums.
    """
    n = table.n_at_risk.astype(np.float64)
    survival = survival_before * (1 - (table.n_event + table.n_competing) / n)

    def hazard_variance(d: Ints) -> Floats:
        drawn = 1 - np.where(d > 1, (d - 1) / np.maximum(n - 1, 1), 0.0)
        drawn_variance: Floats = d / n**2 * drawn * survival_before**2
        return drawn_variance

    inverse = np.where(survival > 0, 1 / np.where(survival > 0, survival, 1), 0.0)  # nothing left: no later F
    own, other = hazard_variance(table.n_event), hazard_variance(table.n_competing) * (survival > 0)
    one_plus = 1 + incidence * inverse  # 1 - g = one_plus - F(t) / S(s)
    a = np.cumsum(own * one_plus**2 + other * (incidence * inverse) ** 2)
    b = np.cumsum(own * one_plus * inverse + other * incidence * inverse**2)
    c = np.cumsum((own + other) * inverse**2)
    variance: Floats = np.maximum(a - 2 * incidence * b + incidence**2 * c, 0.0)
    return variance


def _jackknife_se(times: Floats, codes: Ints, of: int, table: CauseCounts) -> Floats:
    """The square root of the summed squared influences dF(t)/dw_i, carried forward time by time."""
    survival, incidence = 1.0, 0.0
    d_survival, d_incidence = np.zeros(times.size), np.zeros(times.size)
    squares = np.empty(table.times.size)
    for row, now in enumerate(table.times):
        n = table.n_at_risk[row]
        own = table.n_event[row] / n
        every = own + table.n_competing[row] / n
        if every > 0:
            at_risk, here = times >= now, times == now
            d_own = ((here & (codes == of)) - own * at_risk) / n
            d_every = ((here & (codes > 0)) - every * at_risk) / n
            d_incidence = d_incidence + d_survival * own + survival * d_own
            d_survival = d_survival * (1 - every) - survival * d_every
            incidence, survival = incidence + survival * own, survival * (1 - every)
        squares[row] = np.sum(d_incidence**2)
    return np.sqrt(squares)
