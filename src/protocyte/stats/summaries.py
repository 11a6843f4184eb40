"""Summaries of positive quantities, and the pairing and splitting of sampling times.

Concentrations and areas are skewed: their mean is the geometric one, their spread the geometric
coefficient of variation, sqrt(exp(s^2) - 1) of the logarithms' standard deviation s (Kirkwood, Biometrics
1979;35:908).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from protocyte.base import InputError
from protocyte.stats.arrays import Floats, Ints, checked_levels, frozen
from protocyte.stats.detection import checked_sampling


@dataclass(frozen=True)
class GeometricSummary:
    """`n` values used, `left_out` missing ones (not estimable, below the limit). NaN where n is too small."""

    n: int
    left_out: int
    mean: float
    cv_percent: float
    lower: float
    upper: float
    median: float
    minimum: float
    maximum: float


def geometric_summary(values: ArrayLike, *, level: float = 0.95) -> GeometricSummary:
    """Geometric mean with its t limits and CV, median and range; NaN values are left out and counted.

    `InputError` for a value that is not positive: its logarithm does not exist, and leaving it out silently
    would raise the mean. With no value everything is NaN; with one, spread and limits are.
    """
    from scipy.special import stdtrit

    given = np.atleast_1d(np.asarray(values, dtype=np.float64))
    used = given[~np.isnan(given)]
    if (used <= 0).any() or np.isinf(used).any():
        raise InputError("a geometric mean needs positive, finite values; decide what stands for the others")
    n, nan = used.size, float("nan")
    if n == 0:
        return GeometricSummary(0, given.size, nan, nan, nan, nan, nan, nan, nan)
    logs = np.log(used)
    centre = float(logs.mean())
    cv, low, high = nan, nan, nan
    if n > 1:
        spread = float(logs.std(ddof=1))
        cv = 100 * float(np.sqrt(np.expm1(spread**2)))
        half = float(stdtrit(n - 1, 0.5 + checked_levels(level) / 2)) * spread / n**0.5
        low, high = float(np.exp(centre - half)), float(np.exp(centre + half))
    return GeometricSummary(
        n=n,
        left_out=given.size - n,
        mean=float(np.exp(centre)),
        cv_percent=cv,
        lower=low,
        upper=high,
        median=float(np.median(used)),
        minimum=float(used.min()),
        maximum=float(used.max()),
    )


@dataclass(frozen=True, eq=False)
class PairedRatio:
    """Ratios of two profiles at times both were sampled; NaN where either value is missing or the second 0."""

    times: Floats
    ratio: Floats


def paired_ratio(
    times: ArrayLike,
    values: ArrayLike,
    other_times: ArrayLike,
    other_values: ArrayLike,
    *,
    within: float = 0.0,
) -> PairedRatio:
    """`values` over `other_values` (same unit), each sample with the nearest other one no further than `within`.

    Samples without a partner are left out; a partner serves once only, the nearer sample.
    """
    first, second = checked_sampling(times), checked_sampling(other_times)
    mine, theirs = np.asarray(values, dtype=np.float64), np.asarray(other_values, dtype=np.float64)
    if mine.shape != first.shape or theirs.shape != second.shape:
        raise InputError("every time needs one value")
    nearest = np.abs(first[:, None] - second).argmin(axis=1)
    distance = np.abs(first - second[nearest])
    kept = [
        i
        for i in np.flatnonzero(distance <= within)
        if not any(
            nearest[j] == nearest[i] and (distance[j], j) < (distance[i], i) for j in range(first.size)
        )
    ]
    under = theirs[nearest[kept]]
    ratio = np.divide(mine[kept], under, out=np.full(len(kept), np.nan), where=under > 0)
    return PairedRatio(frozen(first[kept]), frozen(ratio))


def course_of(times: ArrayLike, starts: ArrayLike) -> Ints:
    """Which course each sampling time belongs to: 0 before the first start, then 1, 2, ...

    A sample taken at a start belongs to the course that ends there: it is drawn before the dose is given.
    Doses given in fractions are one course; give only the first fraction's time.
    """
    begins = np.asarray(starts, dtype=np.float64)
    if begins.ndim != 1 or (np.diff(begins) <= 0).any() or np.isnan(begins).any():
        raise InputError("starts must increase")
    when = np.asarray(times, dtype=np.float64)
    course: Ints = np.searchsorted(begins, when, side="left").astype(np.int64)
    if begins.size:
        course[when == begins[0]] = 1  # nothing ends at the first start: its sample is that course's baseline
    return course
