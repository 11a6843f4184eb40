"""Restricted mean survival time: the area under the curve up to a horizon.

Royston and Parmar (BMC Med Res Methodol 2013;13:152) for its use; the variance is Greenwood's carried
through the area (Klein and Moeschberger, Survival Analysis, 2nd ed. 2003, formula 4.5.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from protocyte.base import InputError
from protocyte.stats.bands import normal_quantile
from protocyte.stats.kaplan_meier import KMCurve


@dataclass(frozen=True)
class RMST:
    """The mean time to the event within `[0, tau]`; `lost` is tau minus it. Limits are normal ones."""

    tau: float
    mean: float
    se: float
    lower: float
    upper: float

    @property
    def lost(self) -> float:
        return self.tau - self.mean


@dataclass(frozen=True)
class Contrast:
    """A comparison of two restricted means with its two-sided normal test."""

    estimate: float
    lower: float
    upper: float
    p: float


@dataclass(frozen=True)
class RMSTComparison:
    """Second curve against first: difference and ratio of means, ratio of the times lost."""

    difference: Contrast
    ratio: Contrast
    lost_ratio: Contrast


def rmst(curve: KMCurve, tau: float | None = None, *, level: float = 0.95, extend: bool = False) -> RMST:
    """The area under S up to `tau` (the last observed time when not given), with its standard error.

    `InputError` if tau is not positive or lies past the last observation while S is still above 0: the
    curve says nothing there, and any area would be an invention. `extend=True` invents it knowingly, by
    carrying the last value on, as R's `print(fit, rmean = "common")` does for the shorter of two groups.
    """
    last, survivors = float(curve.times[-1]), float(curve.survival[-1])
    horizon = last if tau is None else float(tau)
    if not np.isfinite(horizon) or horizon < 0 or (tau is not None and horizon == 0):
        raise InputError(f"tau must be a positive time, not {tau}")
    if horizon > last and survivors > 0 and not extend:
        raise InputError(f"tau {horizon:g} lies past the last observation at {last:g}; S is unknown there")
    inside = curve.times < horizon
    edges = np.concatenate(([0.0], curve.times[inside], [horizon]))
    areas = np.concatenate(([1.0], curve.survival[inside])) * np.diff(edges)
    rest = np.cumsum(areas[::-1])[::-1][1:]  # area from each time to the horizon
    n, d = curve.n_at_risk[inside], curve.n_event[inside]
    weight = np.where(d < n, d / (n * np.maximum(n - d, 1)), 0.0)  # at d = n no area is left behind it
    mean, se = float(areas.sum()), float(np.sqrt(np.sum(rest**2 * weight)))
    z = normal_quantile(level)
    return RMST(horizon, mean, se, mean - z * se, mean + z * se)


def compare_rmst(first: RMST, second: RMST, *, level: float = 0.95) -> RMSTComparison:
    """Contrasts of two independent samples at the same horizon; ratios on the log scale."""
    if first.tau != second.tau:
        raise InputError(f"restricted means to {first.tau:g} and {second.tau:g} cannot be compared")
    z = normal_quantile(level)
    difference = _contrast(second.mean - first.mean, float(np.hypot(first.se, second.se)), z, ratio=False)

    def ratio(over: float, under: float) -> Contrast:
        if over <= 0 or under <= 0:
            nan = float("nan")
            return Contrast(nan, nan, nan, nan)
        se = float(np.hypot(first.se / under, second.se / over))
        return _contrast(float(np.log(over / under)), se, z, ratio=True)

    return RMSTComparison(difference, ratio(second.mean, first.mean), ratio(second.lost, first.lost))


def _contrast(estimate: float, se: float, z: float, *, ratio: bool) -> Contrast:
    shown = np.exp if ratio else float
    p = float(2 * ndtr(-abs(estimate) / se)) if se > 0 else float("nan")
    low, high = estimate - z * se, estimate + z * se
    return Contrast(float(shown(estimate)), float(shown(low)), float(shown(high)), p)
