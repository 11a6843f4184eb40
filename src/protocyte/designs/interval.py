"""Designs whose decision is a table: the counts (n, y) at the current level say where to go.

BOIN, Keyboard, mTPI-2, i3+3 and any table of one's own differ in the table alone. The rest, stated here
once: an eliminated level closes all above it, the lowest level eliminated ends the trial, and the
recommended level is the isotonic estimate closest to the target among tried levels that remain.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from protocyte.base import Message
from protocyte.designs.design import LARGEST_COHORT, LARGEST_TRIAL, Design
from protocyte.designs.isotonic import closest_to_target, isotonic_rates
from protocyte.designs.rows import Bools, Decisions, Ints, Rows, Why, at_level

E, S, D, DU = 1, 0, -1, -2
LETTERS = {E: "E", S: "S", D: "D", DU: "DU"}
Codes = NDArray[np.int8]


def _reasons() -> NDArray[np.int64]:
    """Why, by the code (E, S, D, DU), the step it leads to (1 up, 0, -1 down), and whether the level is the
    top one; the negative of them are counted from the end, as Python does."""
    why = np.full((4, 3, 2), int(Why.STAY))
    why[:, 1], why[:, -1] = Why.ESCALATE, Why.DE_ESCALATE
    why[DU, -1] = Why.ELIMINATE
    why[D, 0] = Why.LOWEST_LEVEL
    why[E, 0] = Why.NEXT_ELIMINATED, Why.TOP_LEVEL
    return why


_WHY = _reasons()


class IntervalDesign(Design):
    """`target` is the DLT rate aimed at; cohorts of `cohort_size` until `max_subjects`.

    `stop_at_n` ends the trial early once a level that would be treated again has so many subjects.
    """

    target: float = Field(gt=0, lt=1)
    cohort_size: int = Field(default=3, ge=1, le=LARGEST_COHORT)
    max_subjects: int = Field(default=30, ge=1, le=LARGEST_TRIAL)
    stop_at_n: int | None = Field(default=None, ge=1)

    def codes(self, largest: int) -> Codes:
        """Decisions (largest + 1, largest + 1) for n subjects (row) with y DLTs (column): E, S, D, DU."""
        raise NotImplementedError

    def table(self, largest: int) -> Codes:
        return _cached_codes(self, max(largest, self.max_subjects))

    def rule(self, rows: Rows) -> Decisions:
        return self.follow(rows, self.table(int(rows.n.max(initial=0))))

    def follow(self, rows: Rows, codes: Codes, code: Codes | None = None) -> Decisions:
        """What to do where `code` (S,) is decided at the last treated level; without it, as the table says."""
        out = Decisions.empty(len(rows))
        start = rows.level == 0
        cap = self.admissible(rows, codes)
        treated = sum(rows.n.T, start=np.zeros(len(rows), dtype=np.int64))  # faster than along rows
        over = treated >= self.max_subjects
        if not over.all():
            said = codes[at_level(rows.n, rows.level), at_level(rows.y, rows.level)] if code is None else code
            enough = self._move(rows, said, cap, out)
            out.size[:] = np.minimum(self.cohort_size, np.maximum(self.max_subjects - treated, 1))
            out.next[start], out.why[start] = self.start_level, Why.START
            self._finish(rows, cap, enough & ~over & ~start, Why.ENOUGH_AT_LEVEL, out)
        self._finish(rows, cap, over, Why.MAX_SUBJECTS, out)
        out.finish((cap == 0) & ~start, 0, Why.ALL_TOO_TOXIC)
        return out

    def _move(self, rows: Rows, code: Codes, cap: Ints, out: Decisions) -> Bools:
        """Where to go from the last treated level; returns where that level already has `stop_at_n`."""
        here = np.maximum(rows.level, 1)
        going = np.clip(here + np.sign(code), 1, np.maximum(cap, 1))
        step = np.sign(going - here)
        out.next[:] = going
        out.why[:] = _WHY[code, step, (here == rows.n.shape[1]).astype(np.int8)]
        if self.stop_at_n is None:
            return np.zeros(len(rows), dtype=bool)
        enough: Bools = (step == 0) & (at_level(rows.n, here) >= self.stop_at_n)
        return enough

    def _finish(self, rows: Rows, cap: Ints, where: Bools, why: Why, out: Decisions) -> None:
        if not where.any():
            return
        if where.all():
            out.next[:], out.size[:], out.why[:] = 0, 0, why
            out.selected[:] = self.choose(rows.n, rows.y, cap)
            np.copyto(out.why, int(Why.NONE_RECOMMENDED), where=out.selected == 0)
            return
        selected = np.zeros(len(rows), dtype=np.int64)
        selected[where] = self.choose(rows.n[where], rows.y[where], cap[where])
        out.finish(where, selected, why)
        out.why[where & (selected == 0)] = Why.NONE_RECOMMENDED

    def admissible(self, rows: Rows, codes: Codes) -> Ints:
        """How many levels lie below the lowest eliminated one."""
        levels = rows.n.shape[1]
        cell = rows.n.T.astype(np.intp) * codes.shape[1]
        cell += rows.y.T
        closed = (codes == DU).ravel().take(cell)
        cap = np.full(len(rows), levels, dtype=np.int64)
        for level in range(levels - 1, -1, -1):
            np.copyto(cap, level, where=closed[level])
        return cap

    def choose(self, n: Ints, y: Ints, cap: Ints) -> Ints:
        """The recommended level (S,) from final counts among the first `cap` levels."""
        below: Bools = np.arange(n.shape[1]) < cap[:, None]
        return closest_to_target(isotonic_rates(n, y, (n > 0) & below), self.target, self.limit())

    def limit(self) -> float | None:
        """An upper limit on the estimate of the recommended level, if the design has one."""
        return None

    def own_recommendation(self, rows: Rows) -> Ints:
        cap = self.admissible(rows, self.table(int(rows.n.max(initial=0))))
        return self.choose(rows.n, rows.y, cap)

    def describe_course(self) -> tuple[Message, ...]:
        said = super().describe_course()
        if self.stop_at_n is None:
            return said
        return *said, Message.of("designs.about_stop_at_n", n=self.stop_at_n)

    def most_at_level(self) -> int:
        return self.max_subjects


class TargetIntervalDesign(IntervalDesign):
    """Designs that state the interval (target - `lower`, target + `upper`) of rates to stay at.

    A level is eliminated once P(rate > target) exceeds `cutoff` with `eliminate_from` subjects or more.
    """

    lower: float = Field(default=0.05, gt=0, lt=1)
    upper: float = Field(default=0.05, gt=0, lt=1)
    cutoff: float = Field(default=0.95, gt=0.5, lt=1)
    eliminate_from: int = Field(default=3, ge=1)

    @model_validator(mode="after")
    def _interval_inside(self) -> Self:
        if self.target - self.lower <= 0 or self.target + self.upper >= 1:
            raise PydanticCustomError("target_interval", "interval", self._interval())
        return self

    def _interval(self) -> dict[str, str]:
        return {"low": f"{self.target - self.lower:g}", "high": f"{self.target + self.upper:g}"}

    def describe(self) -> tuple[Message, ...]:
        facts = {"cutoff": self.cutoff, "target": self.target, "least": self.eliminate_from}
        about = Message.of(f"designs.about_{self.design}", **facts, **self._interval())
        return about, Message.of("designs.about_isotonic", target=self.target)


@lru_cache(maxsize=256)
def _cached_codes(design: IntervalDesign, largest: int) -> Codes:
    codes = design.codes(largest)
    codes.setflags(write=False)
    return codes


def exceeds(largest: int, target: float, cutoff: float, least: int) -> Bools:
    """Where P(rate > target) > `cutoff` under a uniform prior, for n from `least` on; (largest + 1,) * 2."""
    from scipy.special import betaincc

    n, y = np.meshgrid(np.arange(largest + 1), np.arange(largest + 1), indexing="ij")
    posterior = betaincc(1.0 + y, np.where(y <= n, 1.0 + n - y, 1.0), target)
    over: Bools = (posterior > cutoff) & (y <= n) & (n >= least)
    return over
