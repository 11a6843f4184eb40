"""What the statistics cost: `python bench/bench_stats.py` prints one line a figure, beside its target.

The data are made here from a seed; times in days, so that ties occur as they do in trials.
"""

from __future__ import annotations

import time as clock
from collections.abc import Callable

import numpy as np

from protocyte.stats.binomial import clopper_pearson
from protocyte.stats.cox import cox
from protocyte.stats.firth import firth_cox
from protocyte.stats.kaplan_meier import kaplan_meier
from protocyte.stats.kaplan_meier_many import kaplan_meier_many, km_quantiles_many
from protocyte.stats.nca import nca
from protocyte.stats.quantiles import km_quantiles

SEED = 20_240_601


def best_of(run: Callable[[], object], times: int = 5) -> float:
    """Seconds of the fastest of several runs: what the machine can do when left alone."""
    spent = []
    for _ in range(times):
        start = clock.perf_counter()
        run()
        spent.append(clock.perf_counter() - start)
    return min(spent)


def trials(
    rng: np.random.Generator, count: int = 10_000, subjects: int = 30
) -> tuple[np.ndarray, np.ndarray]:
    """Exponential times in whole days, censored by staggered entry."""
    event = rng.exponential(180.0, (count, subjects))
    censor = rng.uniform(30.0, 400.0, (count, subjects))
    return np.ceil(np.minimum(event, censor)), event <= censor


def profiles(rng: np.random.Generator, count: int = 1_000) -> tuple[np.ndarray, np.ndarray]:
    """Rise, fast fall, slow fall, with noise, at the visits of a first year."""
    days = np.array([0, 1, 3, 5, 7, 10, 12, 14, 17, 21, 28, 42, 60, 90, 120, 180, 270, 365], dtype=float)
    peak = rng.uniform(8, 16, (count, 1))
    rise = np.exp(0.9 * np.minimum(days - peak, 0))
    fall = 0.9 * np.exp(-0.25 * np.maximum(days - peak, 0)) + 0.1 * np.exp(-0.01 * np.maximum(days - peak, 0))
    return days, 3e4 * rise * fall * rng.lognormal(0, 0.3, (count, days.size))


def main() -> None:
    rng = np.random.Generator(np.random.PCG64(SEED))
    time, event = trials(rng)
    days, values = profiles(rng)

    def many() -> None:
        km_quantiles_many(kaplan_meier_many(time, event))

    def each() -> None:
        for profile in values:
            nca(days, profile, lloq=50.0)

    x = np.column_stack([rng.integers(0, 2, 300), rng.normal(60, 10, 300)])
    figures = [
        ("KM with band and median, 10,000 trials of 30", best_of(many), 0.2),
        ("non-compartmental analysis, 1,000 profiles of 18", best_of(each), 0.2),
        (
            "KM with band and quartiles, one sample of 30",
            best_of(lambda: km_quantiles(kaplan_meier(time[0], event[0]))),
            None,
        ),
        (
            "Clopper-Pearson, 100,000 pairs",
            best_of(lambda: clopper_pearson(rng.integers(0, 31, 100_000), 30)),
            None,
        ),
        (
            "Cox, 300 subjects, 2 covariates",
            best_of(lambda: cox(time[:10].ravel(), event[:10].ravel(), x)),
            None,
        ),
        (
            "Firth with profile limits, 30 subjects, 2 covariates",
            best_of(lambda: firth_cox(time[0], event[0], x[:30])),
            None,
        ),
    ]
    for name, seconds, target in figures:
        beside = f"   target {target:.1f} s" if target is not None else ""
        print(f"{name:55s} {seconds:9.4f} s{beside}")


if __name__ == "__main__":
    main()
