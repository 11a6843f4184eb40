"""Intervals and tails of a binomial proportion. `x` events among `n`; scalars or arrays that broadcast."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaincinv

from protocyte.base import InputError
from protocyte.stats.arrays import Floats, checked_levels
from protocyte.stats.bands import normal_quantile


class Interval(NamedTuple):
    """The estimate x / n (NaN when n is 0) and its two-sided limits, arrays of the broadcast shape."""

    estimate: Floats
    lower: Floats
    upper: Floats


def clopper_pearson(x: ArrayLike, n: ArrayLike, level: float = 0.95) -> Interval:
    """The exact interval: coverage at least `level` (Clopper and Pearson, Biometrika 1934;26:404).

    With n = 0 nothing is known: the limits are 0 and 1, the estimate NaN.
    """
    events, total = _checked(x, n)
    tail = (1 - checked_levels(level)) / 2
    some, rest = np.maximum(events, 1), np.maximum(total - events, 1)  # keep the unused branch in its domain
    lower = np.where(events == 0, 0.0, betaincinv(some, total - events + 1, tail))
    upper = np.where(events == total, 1.0, betaincinv(events + 1, rest, 1 - tail))
    return Interval(_share(events, total), lower, upper)


def wilson(x: ArrayLike, n: ArrayLike, level: float = 0.95) -> Interval:
    """The score interval (Wilson, JASA 1927;22:209), without continuity correction."""
    events, total = _checked(x, n)
    z = normal_quantile(level)
    count = np.where(total == 0, 1.0, total)
    share = events / count
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(share * (1 - share) / count + z * z / (4 * count**2))
    lower = np.where((events == 0) | (total == 0), 0.0, centre - half)  # exact where rounding leaves 1e-17
    upper = np.where(events == total, 1.0, centre + half)
    return Interval(_share(events, total), lower, upper)


def mid_p(x: ArrayLike, n: ArrayLike, level: float = 0.95) -> Interval:
    """The mid-p interval: half the probability of the observed count goes to each tail.

    Lancaster (JASA 1961;56:223); shorter than Clopper and Pearson's, coverage about `level` instead of at
    least. A tail that the whole distribution fits (x = 0 below, x = n above) has its natural end.
    """
    events, total = _checked(x, n)
    tail = (1 - checked_levels(level)) / 2
    lower = np.where(events == 0, 0.0, _root(lambda p: _mid_above(events, total, p) - tail, events))
    upper = np.where(events == total, 1.0, _root(lambda p: _mid_above(events, total, p) - 1 + tail, events))
    return Interval(_share(events, total), lower, upper)


def _mid_above(x: Floats, n: Floats, p: Floats) -> Floats:
    """P(X > x) + P(X = x) / 2 under p; rises with p."""
    middle: Floats = (_at_least(x + 1, n, p) + _at_least(x, n, p)) / 2
    return middle


def _at_least(x: Floats, n: Floats, p: Floats) -> Floats:
    """P(X >= x) under p, by the incomplete beta function; 1 at x = 0 and 0 at x = n + 1."""
    inside = betainc(np.maximum(x, 1), np.maximum(n - x + 1, 1), p)
    probability: Floats = np.where(x <= 0, 1.0, np.where(x > n, 0.0, inside))
    return probability


def _root(rising: Callable[[Floats], Floats], like: Floats) -> Floats:
    """Where a rising function of p crosses zero, by halving [0, 1] until a double cannot be halved."""
    low, high = np.zeros(like.shape), np.ones(like.shape)
    for _ in range(60):
        middle = (low + high) / 2
        positive = rising(middle) > 0
        low, high = np.where(positive, low, middle), np.where(positive, middle, high)
    return (low + high) / 2


def _checked(x: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    events, total = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(n, dtype=np.float64))
    whole = (events == np.floor(events)) & (total == np.floor(total))
    if not (whole & (events >= 0) & (events <= total)).all():
        raise InputError("x and n must be whole numbers with 0 <= x <= n")
    return events, total


def _share(events: Floats, total: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Floats = np.where(total == 0, np.nan, events / np.where(total == 0, 1, total))
    return share
