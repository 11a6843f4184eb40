"""The log-rank test of Mantel (Cancer Chemother Rep 1966;50:163), k groups, strata, and its G-rho family.

Harrington and Fleming (Biometrika 1982;69:553): each event time is weighted by the pooled S(t-)^rho, so
rho = 0 is the log-rank test and rho = 1 Peto and Peto's modification of the Wilcoxon test.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from protocyte.base import InputError
from protocyte.stats.arrays import Bools, Floats, Ints, checked_events, checked_groups, checked_times, frozen


@dataclass(frozen=True, eq=False)
class KSampleTest:
    """A chi-squared test of k groups. `p` and `statistic` are NaN where the data hold no information."""

    groups: NDArray[np.generic]
    observed: Floats
    expected: Floats
    statistic: float
    df: int
    p: float


def logrank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    rho: float = 0.0,
) -> KSampleTest:
    """Do the groups have the same hazard? `group` and `strata`: one label a subject.

    `observed` and `expected` are weighted sums over the event times of all strata. Degrees of freedom are
    one fewer than the groups that could have had an event. `InputError` for fewer than two groups.
    """
    times = checked_times(time)
    happened = checked_events(event, times.size)
    labels, member = checked_groups(group, times.size)
    if labels.size < 2:
        raise InputError("a comparison needs at least two groups")
    stratum = np.zeros(times.size, dtype=np.int64)
    if strata is not None:
        _, stratum = checked_groups(strata, times.size, "strata")
    observed, expected = np.zeros(labels.size), np.zeros(labels.size)
    variance = np.zeros((labels.size, labels.size))
    for each in np.unique(stratum):
        chosen = stratum == each
        sums = _weighted_sums(times[chosen], happened[chosen], member[chosen], labels.size, rho)
        observed, expected, variance = observed + sums[0], expected + sums[1], variance + sums[2]
    statistic, df = _quadratic_form(observed - expected, variance, expected > 0)
    p = float(chdtrc(df, statistic)) if df > 0 else float("nan")
    return KSampleTest(labels, frozen(observed), frozen(expected), statistic, df, p)


def _weighted_sums(
    times: Floats, happened: Bools, member: Ints, groups: int, rho: float
) -> tuple[Floats, Floats, Floats]:
    """Observed, expected and their hypergeometric covariance in one stratum."""
    distinct, position = np.unique(times, return_inverse=True)
    shape = (distinct.size, groups)

    def by_time(chosen: Bools) -> Floats:
        table = np.zeros(shape)
        np.add.at(table, (position[chosen], member[chosen]), 1.0)
        return table

    everyone, events = by_time(np.ones(times.size, dtype=bool)), by_time(happened)
    at_risk = np.cumsum(everyone[::-1], axis=0)[::-1]
    n, d = at_risk.sum(axis=1), events.sum(axis=1)
    survival_before = np.concatenate(([1.0], np.cumprod(1 - d / n)[:-1]))
    weight = survival_before**rho
    share = at_risk / n[:, None]
    spread = weight**2 * d * np.where(n > 1, (n - d) / np.maximum(n - 1, 1), 0.0)
    variance = np.diag(spread @ share) - (share * spread[:, None]).T @ share
    return weight @ events, (weight * d) @ share, variance


def _quadratic_form(score: Floats, variance: Floats, present: Bools) -> tuple[float, int]:
    """score' V^- score over the groups that had a chance, and its degrees of freedom.

    The scores add up to nothing, so one group is left out; which one does not matter.
    """
    kept = np.flatnonzero(present)[1:]
    if kept.size == 0:
        return float("nan"), 0
    v = variance[np.ix_(kept, kept)]
    if np.linalg.matrix_rank(v) < kept.size:
        return float("nan"), 0
    return float(score[kept] @ np.linalg.solve(v, score[kept])), int(kept.size)
