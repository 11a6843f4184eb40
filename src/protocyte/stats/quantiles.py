"""Quantiles of a survival curve with the limits of Brookmeyer and Crowley (Biometrics 1982;38:29).

A limit is where the pointwise band crosses the quantile's height. Two readings of "where" are in use, and
R itself uses both, so both have a name here:

* `"first-crossing"`: the first time the step function is at or below the height; if it rests exactly on
  the height and falls later, the midpoint of that rest. What `print(survfit)` and most reports show.
* `"ordered"`: the same after putting the band's values in order, and a rest that never ends runs to the
  last observation. What `quantile(survfit)` of survival 3.5-3 returns. The two differ where a band is not
  monotone (the upper log band of `aml`: 45 and 48) and where S rests on the height to the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from protocyte.base import InputError
from protocyte.stats.arrays import Floats, frozen
from protocyte.stats.kaplan_meier import KMCurve

QuantileRule = Literal["first-crossing", "ordered"]

# S = 0.5 reached by products such as 5/6 * 3/5 is 0.5 only to rounding; R compares with this tolerance.
HEIGHT_TOLERANCE = float(np.sqrt(np.finfo(np.float64).eps))


@dataclass(frozen=True, eq=False)
class Quantiles:
    """`value[i]` is the time by which a share `prob[i]` has had the event; NaN: not reached, no limit."""

    prob: Floats
    value: Floats
    lower: Floats
    upper: Floats


def km_quantiles(
    curve: KMCurve, probs: ArrayLike = (0.25, 0.5, 0.75), *, rule: QuantileRule = "first-crossing"
) -> Quantiles:
    """Quantiles of the time to event; `probs` lie strictly between 0 and 1 (0.5 is the median)."""
    asked = np.atleast_1d(np.asarray(probs, dtype=np.float64))
    if not ((asked > 0) & (asked < 1)).all():
        raise InputError("a quantile's probability lies between 0 and 1")
    if rule not in get_args(QuantileRule):
        raise InputError(f"rule must be one of {', '.join(get_args(QuantileRule))}, not {rule!r}")
    read = _first_crossing if rule == "first-crossing" else _ordered

    def column(heights: Floats) -> Floats:
        return frozen(np.array([read(curve.times, heights, 1.0 - prob) for prob in asked]))

    return Quantiles(
        prob=frozen(asked.copy()),
        value=column(curve.survival),
        lower=column(curve.lower),
        upper=column(curve.upper),
    )


def _first_crossing(times: Floats, heights: Floats, height: float) -> float:
    below = np.flatnonzero(heights < height + HEIGHT_TOLERANCE)  # NaN compares false: no limit there
    if below.size == 0:
        return float("nan")
    first = below[0]
    later = np.flatnonzero(heights[first:] < heights[first] - HEIGHT_TOLERANCE)
    if abs(heights[first] - height) < HEIGHT_TOLERANCE and later.size:
        return float((times[first] + times[first + later[0]]) / 2)
    return float(times[first])


def _ordered(times: Floats, heights: Floats, height: float) -> float:
    present = ~np.isnan(heights)
    order = np.lexsort((times[present], -heights[present]))  # highest first, earliest first within ties
    kept_times, kept = times[present][order], heights[present][order]
    below = np.flatnonzero(kept < height + HEIGHT_TOLERANCE)
    if below.size == 0:
        return float("nan")
    first = below[0]
    if abs(kept[first] - height) >= HEIGHT_TOLERANCE:
        return float(kept_times[first])
    lower = np.flatnonzero(kept < height - HEIGHT_TOLERANCE)
    end = kept_times[lower[0]] if lower.size else times[-1]
    return float((kept_times[first] + end) / 2)
