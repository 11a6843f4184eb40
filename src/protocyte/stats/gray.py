"""Gray's k-sample test of equal cumulative incidence (Ann Stat 1988;16:1141), with his variance.

Each group's risk set is enlarged by those lost to other causes: R_k(t) = n_k(t) (1 - F_k(t-)) / S_k(t-).
The score of group k sums (1 - F(t-))^rho [d_k - d R_k / R]. Its variance estimate assumes the null: all
groups share the subdistribution, estimated by pooling, F(t) = sum of d / sum of n_k / S_k(t-).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from protocyte.base import InputError
from protocyte.stats.arrays import Bools, Floats, checked_codes, checked_groups, checked_times, frozen
from protocyte.stats.logrank import KSampleTest


def gray_test(
    time: ArrayLike, cause: ArrayLike, group: ArrayLike, of: int = 1, *, rho: float = 0.0
) -> KSampleTest:
    """Is the cumulative incidence of cause `of` the same in every group? `cause`: 0 censored, 1, 2, ...

    `observed` counts the events of the cause, `expected` those a shared incidence would have given
    (weighted when rho is not 0). NaN with df 0 if no event of the cause can tell the groups apart.
    """
    times = checked_times(time)
    codes = checked_codes(cause, times.size, "cause")
    labels, member = checked_groups(group, times.size)
    if labels.size < 2:
        raise InputError("a comparison needs at least two groups")
    distinct, position = np.unique(times, return_inverse=True)

    def by_time(chosen: Bools) -> Floats:
        table = np.zeros((distinct.size, labels.size))
        np.add.at(table, (position[chosen], member[chosen]), 1.0)
        return table

    wanted, other = by_time(codes == of), by_time((codes > 0) & (codes != of))
    at_risk = np.cumsum(by_time(codes >= 0)[::-1], axis=0)[::-1]
    informative = (wanted + other).sum(axis=1) > 0
    sums = _Sums(labels.size)
    for n, own, rival in zip(at_risk[informative], wanted[informative], other[informative], strict=True):
        sums.advance(n, own, rival, rho)
    variance = sums.variance()[1:, 1:]
    score = (sums.observed - sums.expected)[1:]  # the scores add up to nothing: one group is left out
    df, statistic, p = score.size, float("nan"), float("nan")
    if np.linalg.matrix_rank(variance) < df:
        df = 0
    else:
        statistic = float(score @ np.linalg.solve(variance, score))
        p = float(chdtrc(df, statistic))
    return KSampleTest(labels, frozen(sums.observed), frozen(sums.expected), statistic, df, p)


class _Sums:
    """Running estimates at one event time after another (local to one call; nothing leaves it)."""

    def __init__(self, groups: int) -> None:
        self.observed, self.expected = np.zeros(groups), np.zeros(groups)
        self._survival, self._incidence = np.ones(groups), np.zeros(groups)  # S_k(t-), F_k(t-)
        self._pooled = 0.0  # F(t-)
        # The score is a sum over groups k of integrals (a_ik + c_ik(end) g_k - g_k c_ik) dM_k, where c_ik
        # grows with time: the variance is a square in c_ik(end), so its three coefficients are summed.
        self._c = np.zeros((groups, groups))
        self._v0 = np.zeros((groups, groups))
        self._v1 = np.zeros((groups, groups))
        self._v2 = np.zeros(groups)

    def advance(self, n: Floats, own: Floats, rival: Floats, rho: float) -> None:
        alive = n > 0
        safe = np.where(alive, n, 1.0)
        survival = np.where(alive, self._survival * (n - own - rival) / safe, self._survival)
        exposure = np.where(alive, n / np.where(alive, self._survival, 1.0), 0.0)
        total, events = exposure.sum(), own.sum()
        enlarged = exposure * (1 - self._incidence)
        pooled = self._pooled + events / total
        weight = (1 - self._pooled) ** rho
        self.observed += weight * own
        self.expected += weight * events * enlarged / enlarged.sum()

        a = weight * (np.diag(exposure) - np.outer(exposure, exposure) / total)
        self._c += a * events / (total * (1 - self._pooled))
        left = np.where(survival > 0, (1 - pooled) / np.where(survival > 0, survival, 1.0), 0.0)
        if events > 0:
            drawn = 1.0 if events == 1 else 1 - (events - 1) / (total * self._survival - 1)
            spread = np.where(alive, drawn * self._survival * events / (total * safe), 0.0)
            self._add(1 - left, a - (1 - left) * self._c, spread)
        tied = 1 - np.where(rival > 1, (rival - 1) / np.maximum(n - 1, 1), 0.0)
        spread = np.where(survival > 0, tied * self._survival**2 * rival / safe**2, 0.0)
        self._add(-left, left * self._c, spread)

        self._incidence = self._incidence + np.where(alive, self._survival * own / safe, 0.0)
        self._survival, self._pooled = survival, pooled

    def _add(self, slope: Floats, level: Floats, spread: Floats) -> None:
        """Add Var of increments whose weight is level_ik + slope_k c_ik(end), spread_k their variances."""
        self._v0 += (level * spread) @ level.T
        self._v1 += level * (slope * spread)
        self._v2 += slope**2 * spread

    def variance(self) -> Floats:
        cross = self._c @ self._v1.T
        total: Floats = self._v0 + cross + cross.T + (self._c * self._v2) @ self._c.T
        return total
