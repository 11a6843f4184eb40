"""One exponential phase of a profile: log-linear regression, with what it rests on and why it may not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isnan, log, nan

from protocyte.base import Message

# A window may be this much worse in adjusted R2 than the best and still be preferred for having more points.
# 1e-4 is the convention of PKNCA and of commercial software before it.
R_SQUARED_SLACK = 1e-4


@dataclass(frozen=True, slots=True)
class Phase:
    """`rate` is the change of log value a time unit, positive for decline in a decline and for growth in a
    growth; `halving` (or doubling) time is log 2 over it. NaN throughout where `problem` is set, except for
    what the refused regression rests on (`n_points`, `first_time`, `last_time`, `r_squared`).
    """

    rate: float
    doubling: float
    n_points: int
    first_time: float
    last_time: float
    r_squared: float
    adjusted_r_squared: float
    intercept: float
    problem: Message | None = None

    @property
    def half_life(self) -> float:
        """The halving time of a decline: the same number as `doubling`, by its usual name."""
        return self.doubling

    @property
    def estimable(self) -> bool:
        return self.problem is None

    @property
    def span_ratio(self) -> float:
        """The window's length in half-lives: below 2 the regression looks at too little of the decline."""
        return (self.last_time - self.first_time) / self.doubling


def not_estimable(problem: Message, n_points: int = 0, first: float = nan, last: float = nan) -> Phase:
    return Phase(nan, nan, n_points, first, last, nan, nan, nan, problem)


def too_few(points: int, needed: int) -> Phase:
    return not_estimable(Message.of("stats.too_few_points", points=points, needed=needed), points)


def fixed_window(
    times: Sequence[float], values: Sequence[float], *, sign: int, min_points: int, min_r_squared: float
) -> Phase:
    """The regression over all the points given. `sign` -1 for a decline, +1 for a growth."""
    if len(times) < min_points:
        return too_few(len(times), min_points)
    fits = list(_regressions(times, values, len(times)))
    return _judged(fits[-1], times, values, sign, min_r_squared)


def best_tail(
    times: Sequence[float], values: Sequence[float], *, min_points: int, min_r_squared: float
) -> Phase:
    """The decline over the last k points, k chosen by adjusted R2 (the most points within the slack)."""
    if len(times) < min_points:
        return too_few(len(times), min_points)
    fits = list(_regressions(times, values, min_points))
    best = max((fit.adjusted for fit in fits if not isnan(fit.adjusted)), default=nan)
    kept = [fit for fit in fits if fit.slope < 0 and fit.adjusted > best - R_SQUARED_SLACK]
    if not kept:
        return not_estimable(RISING, len(times), times[0], times[-1])
    return _judged(kept[-1], times, values, -1, min_r_squared)


RISING = Message.of("stats.not_declining")
FALLING = Message.of("stats.not_growing")


@dataclass(frozen=True, slots=True)
class _Fit:
    n: int
    slope: float
    intercept: float
    r_squared: float
    adjusted: float


def _regressions(times: Sequence[float], values: Sequence[float], at_least: int) -> list[_Fit]:
    """Least squares of log value on time over the last k points, for every k from `at_least` up.

    Running sums about the last point, so that nothing large is subtracted from something large.
    """
    origin, level = times[-1], log(values[-1])
    fits = []
    n, sx, sy, sxx, sxy, syy = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(len(times) - 1, -1, -1):
        x, y = times[i] - origin, log(values[i]) - level
        n, sx, sy = n + 1, sx + x, sy + y
        sxx, sxy, syy = sxx + x * x, sxy + x * y, syy + y * y
        if n < at_least or n < 2:
            continue
        vxx, vxy, vyy = sxx - sx * sx / n, sxy - sx * sy / n, syy - sy * sy / n
        slope = vxy / vxx
        r_squared = min(vxy * vxy / (vxx * vyy), 1.0) if vyy > 0 else nan
        adjusted = 1 - (1 - r_squared) * (n - 1) / (n - 2) if n > 2 else nan
        intercept = level + (sy - slope * sx) / n - slope * origin
        fits.append(_Fit(n, slope, intercept, r_squared, adjusted))
    return fits


def _judged(
    fit: _Fit, times: Sequence[float], values: Sequence[float], sign: int, min_r_squared: float
) -> Phase:
    first, last = times[len(times) - fit.n], times[-1]
    problem = None
    rate = sign * fit.slope
    if not rate > 0:
        problem = RISING if sign < 0 else FALLING
    elif fit.r_squared < min_r_squared:
        problem = Message.of(
            "stats.poor_fit", r_squared=f"{fit.r_squared:.3f}", needed=f"{min_r_squared:.3f}"
        )
    if problem is not None:
        return Phase(nan, nan, fit.n, first, last, fit.r_squared, fit.adjusted, nan, problem)
    return Phase(rate, log(2) / rate, fit.n, first, last, fit.r_squared, fit.adjusted, fit.intercept)


def predicted(phase: Phase, at: float) -> float:
    """The regression's value at a time, for a decline; NaN where the phase is not estimable."""
    return exp(phase.intercept - phase.rate * at)
