"""TITE-CRM: the CRM while outcomes are pending (Cheung and Chappell 2000, Biometrics 56:1177)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from protocyte.base import Message
from protocyte.designs.crm import Crm, shown_estimate
from protocyte.designs.design import Tally
from protocyte.designs.rows import Decisions, Floats, Ints, Rows, Why
from protocyte.designs.time_to_event import TimeToEvent


class TiteCrm(TimeToEvent, Crm):
    """A pending subject followed for a share w of the window has the likelihood 1 - w p."""

    design: Literal["tite_crm"] = "tite_crm"  # type: ignore[assignment]

    def rule_while_waiting(self, rows: Rows, tally: Tally) -> Decisions:
        out = Decisions.empty(1)
        _, rates = self.weighted_posterior(*subjects_of(tally))
        best = int(np.argmin(np.abs(rates - self.target))) + 1
        treated = sum(tally.n)
        everyone = np.ones(1, dtype=bool)
        out.treat(everyone, best, min(self.cohort_size, max(self.max_subjects - treated, 1)), Why.MODEL_LEVEL)
        if treated >= self.max_subjects:
            out.finish(everyone, best, Why.MAX_SUBJECTS)
        return out

    def evidence(self, tally: Tally) -> dict[str, str]:
        if not tally.waiting:
            return super().evidence(tally)
        return shown_estimate(*self.weighted_posterior(*subjects_of(tally)))

    def describe(self) -> tuple[Message, ...]:
        return *super().describe(), Message.of("designs.about_tite_crm")


def subjects_of(tally: Tally) -> tuple[Ints, Ints, Floats]:
    """(level, DLT, weight) of every subject of a tally with pending ones."""
    level, dlt, weight = [], [], []
    for at, (n, y) in enumerate(zip(tally.n, tally.y, strict=True), start=1):
        shares = [w.follow_up for w in tally.waiting if w.level == at]
        completed = n - y - len(shares)
        level += [at] * n
        dlt += [1] * y + [0] * (n - y)
        weight += [1.0] * (y + completed) + shares
    return np.array(level, dtype=np.int64), np.array(dlt, dtype=np.int64), np.array(weight, dtype=float)
