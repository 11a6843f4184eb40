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
    levels = n.shape[1]
    tried, subjects, dlts = use.T.copy(), n.T.astype(float), y.T.astype(float)
    rate = (dlts + 0.05) / (subjects + 0.1)
    weight = tried * ((subjects + 0.1) ** 2 * (subjects + 1.1) / ((dlts + 0.05) * (subjects - dlts + 0.05)))
    mass = rate * weight
    fitted = np.full(rate.shape, -np.inf)
    with np.errstate(invalid="ignore"):  # a block of untried levels has no average, and is no end
        for first in range(levels):
            total, total_weight = np.zeros(len(n)), np.zeros(len(n))
            averages = []
            for last in range(first, levels):
                total += mass[last]
                total_weight += weight[last]
                averages.append(np.where(tried[last], total / total_weight, np.inf))
            lowest = averages[-1]
            for last in range(levels - 1, first - 1, -1):
                lowest = np.minimum(lowest, averages[last - first])
                np.maximum(fitted[last], lowest, out=fitted[last])
    return np.where(tried, fitted, np.nan).T


def closest_to_target(rates: Floats, target: float, limit: float | None = None) -> Ints:
    """The level (from 1) whose rate is closest to `target`; 0 where no level has a rate.

    With `limit`, only levels whose rate does not exceed it (BOIN's `boundMTD`).
    """
    known = ~np.isnan(rates.T)  # levels first: each is one contiguous run of memory
    best = np.zeros(len(rates), dtype=np.int64)
    least = np.full(len(rates), np.inf)
    ramp = np.zeros(len(rates))
    for level, rate in enumerate(np.ascontiguousarray(rates.T), start=1):
        ramp += known[level - 1] * 1e-10
        ramped = rate + ramp
        distance = np.abs(ramped - target)
        nearer = distance < least  # never true for NaN
        if limit is not None:
            nearer &= ramped <= limit
        np.copyto(best, level, where=nearer)
        np.copyto(least, distance, where=nearer)
    return best
