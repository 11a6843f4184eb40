"""Kaplan-Meier for many samples at once, one a row: what a simulation of thousands of trials needs.

The product may go subject by subject: (n-1)/n x (n-2)/(n-1) is (n-2)/n, and Greenwood's terms telescope in
the same way, so that tied events need no counting. Only the last row of a tie is a value of the curve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from protocyte.base import InputError
from protocyte.stats.arrays import TIE_TOLERANCE, Bools, Floats, Ints, frozen
from protocyte.stats.bands import Band, pointwise_limits
from protocyte.stats.quantiles import HEIGHT_TOLERANCE


@dataclass(frozen=True, eq=False)
class KMBatch:
    """One row a sample, one column a subject in the order of time; NaN where no step of the curve ends.

    `times` is the merged time of every present subject (infinite for the absent); `survival`, `se`,
    `lower`, `upper` stand at the last subject of each distinct time and are NaN elsewhere.
    """

    times: Floats
    survival: Floats
    se: Floats
    lower: Floats
    upper: Floats
    n: Ints
    events: Ints
    band: Band
    level: float


@dataclass(frozen=True, eq=False)
class ManyQuantiles:
    """One quantile with its limits for every sample; NaN: not reached, no limit."""

    value: Floats
    lower: Floats
    upper: Floats


def kaplan_meier_many(
    time: ArrayLike,
    event: ArrayLike,
    *,
    present: ArrayLike | None = None,
    band: Band = "log-log",
    level: float = 0.95,
) -> KMBatch:
    """`time`, `event`: samples x subjects. `present` is False where a sample has fewer subjects.

    Row by row the same numbers as `kaplan_meier`. `InputError` for shapes that differ, for times that are
    missing or negative, and for a sample without subjects.
    """
    times, happened, here = _checked(time, event, present)
    times, happened, step = _in_order(times, happened, here)
    rows, columns = times.shape
    n = here.sum(axis=1)
    at_risk = np.maximum(n[:, None] - np.arange(columns), 1).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        survival: Floats = np.cumprod(np.where(happened, 1 - 1 / at_risk, 1.0), axis=1, dtype=np.float64)
        greenwood = np.cumsum(np.where(happened, 1 / (at_risk * (at_risk - 1)), 0.0), axis=1)
        se: Floats = survival * np.sqrt(greenwood)
    survival[~step], se[~step] = np.nan, np.nan
    lower, upper = np.full((2, rows, columns), np.nan)
    lower[step], upper[step] = pointwise_limits(survival[step], se[step], band, level)
    return KMBatch(
        times=frozen(times),
        survival=frozen(survival),
        se=frozen(se),
        lower=frozen(lower),
        upper=frozen(upper),
        n=frozen(n),
        events=frozen(happened.sum(axis=1)),
        band=band,
        level=level,
    )


def km_quantiles_many(batch: KMBatch, prob: float = 0.5) -> ManyQuantiles:
    """The quantile of every sample by the rule `first-crossing` of `km_quantiles`."""
    if not 0 < prob < 1:
        raise InputError("a quantile's probability lies between 0 and 1")
    return ManyQuantiles(*(_first_crossing(batch.times, h, 1 - prob) for h in _heights(batch)))


def survival_at_many(batch: KMBatch, time: float) -> Floats:
    """S at one time in every sample; NaN past a sample's last observation unless S is 0 by then."""
    if not time >= 0:
        raise InputError("a time runs from 0 up")
    known = ~np.isnan(batch.survival)
    reached = known & (batch.times <= time)
    at: Floats = np.where(reached, batch.survival, 1.0).min(axis=1)  # S only falls
    ended = np.where(known, batch.times, -np.inf).max(axis=1) < time
    return np.where(ended & (at > 0), np.nan, at)


def _heights(batch: KMBatch) -> tuple[Floats, Floats, Floats]:
    return batch.survival, batch.lower, batch.upper


def _first_crossing(times: Floats, heights: Floats, height: float) -> Floats:
    below = heights < height + HEIGHT_TOLERANCE
    found = below.any(axis=1)
    first = below.argmax(axis=1)
    row = np.arange(len(times))
    value = np.where(found, times[row, first], np.nan)
    resting = np.flatnonzero(found & (np.abs(heights[row, first] - height) < HEIGHT_TOLERANCE))
    if resting.size:
        start = first[resting]
        after = np.arange(times.shape[1]) > start[:, None]
        falls = after & (heights[resting] < (heights[resting, start] - HEIGHT_TOLERANCE)[:, None])
        ends = np.flatnonzero(falls.any(axis=1))
        value[resting[ends]] = (
            times[resting[ends], start[ends]] + times[resting[ends], falls[ends].argmax(axis=1)]
        ) / 2
    return frozen(value)


def _checked(time: ArrayLike, event: ArrayLike, present: ArrayLike | None) -> tuple[Floats, Bools, Bools]:
    try:
        times, codes = np.array(time, dtype=np.float64), np.asarray(event, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("time and event must be rectangular tables of numbers") from None
    if times.ndim != 2 or times.size == 0 or codes.shape != times.shape:
        raise InputError(f"time has shape {times.shape} and event {codes.shape}; both are samples x subjects")
    here = np.ones(times.shape, dtype=bool) if present is None else np.asarray(present, dtype=bool)
    if here.shape != times.shape or not here.any(axis=1).all():
        raise InputError("every sample needs at least one subject")
    times[~here] = np.inf
    if np.isnan(times).any() or (times < 0).any() or np.isinf(times[here]).any():
        raise InputError("time holds a missing, infinite or negative value")
    happened = codes == 1
    if not (happened | (codes == 0))[here].all():
        raise InputError("event must be 0 (censored) or 1 (event) for every subject")
    return times, happened & here, here


def _in_order(times: Floats, happened: Bools, here: Bools) -> tuple[Floats, Bools, Bools]:
    """Sorted by time, near-ties merged, events before censorings; True where a distinct time ends."""
    order = np.argsort(times, axis=1)
    times = np.take_along_axis(times, order, axis=1)
    happened = np.take_along_axis(happened, order, axis=1)
    apart = _apart(times)
    if not apart.all():
        start = np.concatenate([np.ones((len(times), 1), dtype=bool), apart], axis=1)
        group = np.cumsum(start, axis=1)
        first = np.maximum.accumulate(np.where(start, np.arange(times.shape[1]), 0), axis=1)
        times = np.take_along_axis(times, first, axis=1)
        inner = np.argsort((2 * group - happened).astype(np.int32), axis=1, kind="stable")
        happened = np.take_along_axis(happened, inner, axis=1)
    ends = np.concatenate([apart, np.ones((len(times), 1), dtype=bool)], axis=1)
    return times, happened, ends & np.isfinite(times)


def _apart(times: Floats) -> Bools:
    """Is each sorted time another time than the one before it? The rule of `merge_near_ties`, by row."""
    with np.errstate(invalid="ignore"):
        gaps = np.diff(times, axis=1)  # NaN between two absent subjects
    finite = np.isfinite(times)
    distinct = finite & np.concatenate([np.ones((len(times), 1), dtype=bool), gaps != 0], axis=1)
    mean = np.where(distinct, times, 0.0).sum(axis=1) / distinct.sum(axis=1)
    scale = np.maximum(mean, 1.0)[:, None]  # the larger of the absolute and the relative tolerance
    apart: Bools = gaps > TIE_TOLERANCE * scale
    return apart
