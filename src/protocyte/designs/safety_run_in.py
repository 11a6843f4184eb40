"""A safety run-in: one dose level, a fixed number of subjects, an exact limit on DLTs."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from protocyte.base import Message
from protocyte.designs.design import LARGEST_TRIAL, Design
from protocyte.designs.rows import Decisions, Ints, Rows, Why


class SafetyRunIn(Design):
    """Treat `subjects` at the one level; more than `max_dlts` DLTs among them stop it at once."""

    by_cohort: ClassVar[bool] = False
    design: Literal["safety_run_in"] = "safety_run_in"
    unfit: ClassVar[frozenset[str]] = frozenset({"accelerated_titration", "confirm_before_escalating"})
    levels: Literal[1] = 1
    subjects: int = Field(default=6, ge=1, le=LARGEST_TRIAL)
    max_dlts: int = Field(default=1, ge=0)

    def rule(self, rows: Rows) -> Decisions:
        out = Decisions.empty(len(rows))
        n, y = rows.n[:, 0], rows.y[:, 0]
        # One subject at a time: the limit may be crossed, and the run-in stopped, within a cohort.
        out.treat(n < self.subjects, 1, 1, Why.MORE_AT_LEVEL)
        out.treat(rows.level == 0, 1, 1, Why.START)
        out.finish(n >= self.subjects, 1, Why.RUN_IN_PASSED)
        out.finish(y > self.max_dlts, 0, Why.RUN_IN_FAILED)
        return out

    def own_recommendation(self, rows: Rows) -> Ints:
        passed = (rows.n[:, 0] >= self.subjects) & (rows.y[:, 0] <= self.max_dlts)
        return passed.astype(np.int64)

    def still_needed(self, n: int, size: int) -> int:
        return max(self.subjects - n, 0)

    def most_at_level(self) -> int:
        return self.subjects

    def describe(self) -> tuple[Message, ...]:
        return (Message.of("designs.about_safety_run_in", subjects=self.subjects, dlts=self.max_dlts),)
