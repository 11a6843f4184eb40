"""Designs with pending outcomes, simulated in continuous time, many trials at once.

Time is counted in DLT windows. Subjects arrive one after another at the trial's rate; a DLT falls at a
random moment of the window; a new cohort's level is decided when its first subject arrives, with what is
known then. Where the design suspends accrual, the subject waits for the next outcome.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.random import Generator

from protocyte.designs.interval import DU, D, E, S
from protocyte.designs.rows import Floats, Rows
from protocyte.designs.tite_boin import SUSPEND, TiteBoin

Accrual = Literal["poisson", "fixed"]


def late_onset(rate: float, accrual: Accrual = "poisson", late: float = 0.5) -> Any:
    """A simulator for `simulate_blocks`: `rate` subjects arrive a DLT window.

    `late` is the share of DLTs in the second half of the window (0.5: uniform over it), each half being
    uniform in itself.
    """
    return partial(_trials, rate, accrual, late)


def _trials(
    rate: float,
    accrual: Accrual,
    late: float,
    design: TiteBoin,
    truth: Floats,
    trials: int,
    generator: Generator,
) -> tuple[Any, Any, Any, dict[str, Floats]]:
    """Final counts, recommended level, and `duration` (windows) and `suspended` (windows waited)."""
    run = _Run(design, truth, trials, generator, late)
    while run.going.size:
        gaps = generator.exponential(1 / rate, run.going.size) if accrual == "poisson" else 1 / rate
        if run.treated_any:
            run.clock[run.going] += gaps
        run.decide()
        for _ in range(design.cohort_size):
            run.treat()
            if _ + 1 < design.cohort_size:
                gaps = generator.exponential(1 / rate, run.going.size) if accrual == "poisson" else 1 / rate
                run.clock[run.going] += gaps
        run.end_full()
    finish = np.where(np.isfinite(run.entry), run.entry + np.minimum(run.event, 1.0), 0.0).max(axis=1)
    return run.n, run.y_all, run.recommend(), {"duration": finish, "suspended": run.suspended}


class _Run:
    """The trials still going, and every subject of every trial: entry, level, and when the DLT falls."""

    def __init__(
        self, design: TiteBoin, truth: Floats, trials: int, generator: Generator, late: float
    ) -> None:
        self.design, self.truth, self.generator, self.late = design, truth, generator, late
        self.most = design.max_subjects
        self.levels = len(truth)
        self.entry = np.full((trials, self.most), np.inf)
        self.event = np.full((trials, self.most), np.inf)
        self.at = np.zeros((trials, self.most), dtype=np.int8)
        self.clock = np.zeros(trials)
        self.suspended = np.zeros(trials)
        self.level = np.full(trials, design.start_level, dtype=np.int64)
        self.count = 0
        self.cap = np.full(trials, self.levels, dtype=np.int64)
        self.going = np.arange(trials)
        self.stopped = np.zeros(trials, dtype=bool)
        self.n = np.zeros((trials, self.levels), dtype=np.int64)
        self.y_all = np.zeros((trials, self.levels), dtype=np.int64)
        self.codes = design.table(self.most)
        self.treated_any = False
        self.table = _waiting_table(design)

    def treat(self) -> None:
        """One subject in every trial going on, at its level, now."""
        if self.count >= self.most or not self.going.size:
            return
        who, level = self.going, self.level[self.going]
        toxic = self.generator.random(who.size) < self.truth[level - 1]
        half = self.generator.random(who.size) < self.late
        moment = (self.generator.random(who.size) + half) / 2
        self.entry[who, self.count] = self.clock[who]
        self.event[who, self.count] = np.where(toxic, moment, np.inf)
        self.at[who, self.count] = level
        self.n[who, level - 1] += 1
        self.y_all[who, level - 1] += toxic
        self.count += 1
        self.treated_any = True

    def decide(self) -> None:
        """The level of the next cohort in every trial going on, waiting where accrual is suspended."""
        if not self.treated_any:
            return
        undecided = self.going
        while undecided.size:
            code, wait_until = self._codes_now(undecided)
            suspended = code == SUSPEND
            self._move(undecided[~suspended], code[~suspended])
            undecided, until = undecided[suspended], wait_until[suspended]
            self.suspended[undecided] += until - self.clock[undecided]
            self.clock[undecided] = until
        self.going = self.going[~self.stopped[self.going]]

    def _codes_now(self, who: Any) -> tuple[Any, Any]:
        used = slice(0, self.count)
        since = self.clock[who, None] - self.entry[who, used]
        here = self.at[who, used] == self.level[who, None]
        known = self.event[who, used] <= since
        pending = here & ~known & (since < 1.0)
        n, dlts, waits = here.sum(axis=1), (here & known).sum(axis=1), pending.sum(axis=1)
        followed = np.where(pending, since, 0.0).sum(axis=1)
        next_outcome = np.where(
            pending, self.entry[who, used] + np.minimum(self.event[who, used], 1.0), np.inf
        )
        code = self.table(n, dlts, waits, followed)
        # Rounding could leave a subject pending at the very moment its window ends.
        return code, np.maximum(next_outcome.min(axis=1), self.clock[who]) + 1e-12

    def _move(self, who: Any, code: Any) -> None:
        level = self.level[who]
        gone = code == DU
        self.cap[who[gone]] = np.minimum(self.cap[who[gone]], level[gone] - 1)
        self.stopped[who[self.cap[who] == 0]] = True
        step = np.where(code == E, 1, np.where(code == S, 0, -1))
        self.level[who] = np.clip(level + step, 1, np.maximum(self.cap[who], 1))

    def end_full(self) -> None:
        if self.count >= self.most:
            self.going = self.going[:0]

    def recommend(self) -> Any:
        """From the outcomes of everybody treated, followed to the end."""
        empty = np.zeros((len(self.n), self.design.memory_size), dtype=np.int64)
        selected = self.design.recommended(Rows(self.level, self.n, self.y_all, empty))
        return np.where(self.stopped, 0, selected)


def _waiting_table(design: TiteBoin) -> Any:
    """`code_while_waiting` for arrays: thresholds looked up by (n, DLTs, pending)."""
    most = design.max_subjects
    n, dlts, waits = np.meshgrid(*(np.arange(most + 1),) * 3, indexing="ij")
    low, high = design.lambdas()
    codes = design.table(most)
    eliminated = codes[n, dlts] == DU
    too_many = waits > design.suspend_above * n
    if design.version == "published":
        rate = (dlts + design.target / 2) / np.maximum(n - waits + 1, 1)
        odds = rate / np.maximum(1 - rate, 1e-12)
        up, down = waits - (low * n - dlts) / odds, waits - (high * n - dlts) / odds
        too_many &= ~(dlts >= high * n)
    else:  # dlts / (n - waits + followed) against low and high
        with np.errstate(divide="ignore"):
            up, down = dlts / low - (n - waits), dlts / high - (n - waits)
    without = np.where(codes[n, dlts] == E, E, np.where(codes[n, dlts] == S, S, D))

    def look_up(n: Any, dlts: Any, waits: Any, followed: Any) -> Any:
        at = n, dlts, waits
        code = np.where(followed >= up[at], E, np.where(followed <= down[at], D, S))
        code = np.where((dlts >= high * n) & (design.version == "published"), D, code)
        code = np.where(waits == 0, without[at], code)
        code = np.where(too_many[at], SUSPEND, code)
        return np.where(eliminated[at], DU, code)

    return look_up
