"""The recommended level of interval designs: the isotonic estimate closest to the target.

The constants are those of the BOIN design (Liu and Yuan 2015, JRSS-C 64:507, and its R package): a
Beta(0.05, 0.05) prior at each tried level, levels weighted by the inverse of the posterior variance, and
a ramp of 1e-10 a level that lets an exact tie below the target go to the higher level and one above it
to the lower.
"""

from __future__ import annotations

import numpy as np

from protocyte.designs.rows import Bools, Floats, Ints


def isotonic_rates(n: Ints, y: Ints, use: Bools) -> Floats:
    """Non-decreasing DLT rates (S, K) over the levels marked in `use`; NaN elsewhere.

    The pooled value at a level is the largest, over starts at or below it, of the smallest, over ends at
    or above it, of the block averages (the min-max formula of isotonic regression): the same answer as
    pooling neighbours step by step, and one formula for all rows.
    """
    rate = (y + 0.05) / (n + 0.1)
    weight = np.where(use, (n + 0.1) ** 2 * (n + 1.1) / ((y + 0.05) * (n - y + 0.05)), 0.0)
    rows, levels = n.shape
    mass = rate * weight
    fitted = np.full((rows, levels), -np.inf)
    for first in range(levels):
        with np.errstate(invalid="ignore"):
            block = np.cumsum(mass[:, first:], axis=1) / np.cumsum(weight[:, first:], axis=1)
        block = np.where(use[:, first:], block, np.inf)
        lowest_end = np.minimum.accumulate(block[:, ::-1], axis=1)[:, ::-1]
        candidate = np.where(use[:, first, None], lowest_end, -np.inf)
        fitted[:, first:] = np.maximum(fitted[:, first:], candidate)
    return np.where(use, fitted, np.nan)


def closest_to_target(rates: Floats, target: float, limit: float | None = None) -> Ints:
    """The level (from 1) whose rate is closest to `target`; 0 where no level has a rate.

    With `limit`, only levels whose rate does not exceed it (BOIN's `boundMTD`).
    """
    known = ~np.isnan(rates)
    ramped = np.where(known, rates, 0.0) + np.cumsum(known, axis=1) * 1e-10
    open_to_choice = known if limit is None else known & (ramped <= limit)
    distance = np.where(open_to_choice, np.abs(ramped - target), np.inf)
    best = np.argmin(distance, axis=1) + 1
    return np.where(open_to_choice.any(axis=1), best, 0).astype(np.int64)
