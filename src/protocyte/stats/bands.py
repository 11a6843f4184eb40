"""Pointwise limits of a probability that changes with time, on three scales.

Kalbfleisch and Prentice (The Statistical Analysis of Failure Time Data, 2nd ed. 2002, section 1.4) for the
log-log scale, Link (Biometrics 1984;40:601) for the log scale.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from scipy.special import ndtri

from protocyte.base import InputError
from protocyte.stats.arrays import Floats, checked_levels

Band = Literal["log-log", "log", "plain"]
BANDS: tuple[Band, ...] = get_args(Band)


def normal_quantile(level: float) -> float:
    """The two-sided standard normal quantile: 1.96 at 0.95."""
    return float(ndtri(0.5 + checked_levels(level) / 2))


def pointwise_limits(p: Floats, se: Floats, band: Band, level: float) -> tuple[Floats, Floats]:
    """Lower and upper limits, each within [0, 1]; NaN where the scale has none.

    A probability of exactly 0 has no limit on any scale here and one of exactly 1 none on the log-log
    scale: a standard error of zero would otherwise claim certainty from, say, three subjects.
    """
    if band not in BANDS:
        raise InputError(f"band must be one of {', '.join(BANDS)}, not {band!r}")
    z = normal_quantile(level)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if band == "plain":
            lower, upper = p - z * se, p + z * se
        elif band == "log":
            factor = np.exp(z * se / p)
            lower, upper = p / factor, p * factor
        else:
            power = np.exp(z * se / (p * np.log(p)))  # log p < 0: the power is below 1
            lower, upper = p ** (1 / power), p**power
            lower, upper = np.where(p == 1, np.nan, lower), np.where(p == 1, np.nan, upper)
    absent = (p == 0) | np.isnan(se)
    return (
        np.where(absent, np.nan, np.clip(lower, 0.0, 1.0)),
        np.where(absent, np.nan, np.clip(upper, 0.0, 1.0)),
    )
