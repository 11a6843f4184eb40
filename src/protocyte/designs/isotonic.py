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
    pooling neighbours step by step, and one formula for all rows. An untried level weighs nothing, so that
    a block that begins or ends with one has the average of its tried levels.
    """
    levels, most = n.shape[1], int(n.max(initial=0)) + 1
    subjects, dlts = np.meshgrid(np.arange(most) + 0.1, np.arange(most) + 0.05, indexing="ij")
    weights = subjects * subjects * (subjects + 1.0) / np.abs(dlts * (subjects - dlts))  # more DLTs: unused
    cell = n.T.astype(np.intp) * most
    cell += y.T
    tried = use.T.copy()
    weight = weights.ravel().take(cell)
    weight *= tried
    mass = (dlts / subjects).ravel().take(cell)
    mass *= weight
    fitted = np.full(mass.shape, -np.inf)
    averages = np.empty_like(mass)
    with np.errstate(invalid="ignore"):  # a block without a tried level has no average, and none is asked for
        for first in range(levels):
            total, total_weight = np.zeros(len(n)), np.zeros(len(n))
            for last in range(first, levels):
                total += mass[last]
                total_weight += weight[last]
                np.divide(total, total_weight, out=averages[last])
            lowest = averages[levels - 1]
            for last in range(levels - 1, first - 1, -1):
                np.minimum(lowest, averages[last], out=lowest)
                np.maximum(fitted[last], lowest, out=fitted[last])
    fitted[~tried] = np.nan
    return fitted.T


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
