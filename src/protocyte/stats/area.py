"""The area under a profile: trapezoids, linear or logarithmic, and areas to a given end.

Gibaldi and Perrier (Pharmacokinetics, 2nd ed. 1982, appendix D); the linear-up, logarithmic-down choice
follows Purves (J Pharmacokinet Biopharm 1992;20:211). Plain floats: a profile has some twenty points.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from typing import Literal

AreaMethod = Literal["linear", "linear-up-log-down", "linear-then-log"]


def is_logarithmic(method: AreaMethod, t1: float, c1: float, c2: float, peak_time: float) -> bool:
    """Does the segment from (t1, c1) to c2 follow an exponential? Never where a value is zero.

    `linear-up-log-down`: where it falls. `linear-then-log`: from the peak on, rising or falling.
    """
    if method == "linear" or c1 <= 0 or c2 <= 0 or c1 == c2:
        return False
    return c2 < c1 if method == "linear-up-log-down" else t1 >= peak_time


def area(times: Sequence[float], values: Sequence[float], method: AreaMethod, peak_time: float) -> float:
    """The area between the first and the last point."""
    total = 0.0
    for t1, t2, c1, c2 in zip(times, times[1:], values, values[1:], strict=False):
        if is_logarithmic(method, t1, c1, c2, peak_time):
            total += (t2 - t1) * (c1 - c2) / log(c1 / c2)
        else:
            total += (t2 - t1) * (c1 + c2) / 2
    return total


def first_moment(
    times: Sequence[float], values: Sequence[float], method: AreaMethod, peak_time: float
) -> float:
    """The area under time x value between the first and the last point."""
    total = 0.0
    for t1, t2, c1, c2 in zip(times, times[1:], values, values[1:], strict=False):
        if is_logarithmic(method, t1, c1, c2, peak_time):
            rate = log(c1 / c2) / (t2 - t1)
            total += (t1 * c1 - t2 * c2) / rate + (c1 - c2) / rate**2
        else:
            total += (t2 - t1) * (t1 * c1 + t2 * c2) / 2
    return total


def value_at(
    at: float, times: Sequence[float], values: Sequence[float], method: AreaMethod, peak_time: float
) -> float:
    """The profile at `at`, between its first and last point, along the curve its area is taken under."""
    for t1, t2, c1, c2 in zip(times, times[1:], values, values[1:], strict=False):
        if t1 <= at <= t2:
            share = (at - t1) / (t2 - t1)
            if is_logarithmic(method, t1, c1, c2, peak_time):
                return c1 * exp(-share * log(c1 / c2))
            return c1 + share * (c2 - c1)
    return float("nan")


def area_to(
    end: float, times: Sequence[float], values: Sequence[float], method: AreaMethod, peak_time: float
) -> float:
    """The area from the first point to `end`, which lies within the profile; interpolated there."""
    inside = [t for t in times if t < end]
    cut = [*values[: len(inside)], value_at(end, times, values, method, peak_time)]
    return area([*inside, end], cut, method, peak_time)
