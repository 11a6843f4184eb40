"""TITE-BOIN: BOIN while outcomes are pending. Two different rules carry the name; both are here.

`published` (Yuan, Lin, Li, Nie and Warren 2018, Clinical Cancer Research 24:4921): each pending subject is
credited with the DLT probability expected from here on, which makes the decision a threshold on the sum of
follow-up shares. `effective_sample_size` (the rule of generalised TITE-BOIN software, after Lin and Yuan
2020, Biostatistics 21:807): DLTs over completed subjects plus the sum of shares.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from protocyte.base import Message
from protocyte.designs.boin import Boin
from protocyte.designs.design import Tally
from protocyte.designs.interval import DU, D, E, S
from protocyte.designs.rows import Decisions, Rows, Why
from protocyte.designs.time_to_event import TimeToEvent

SUSPEND = 2


class TiteBoin(TimeToEvent, Boin):
    """Accrual is suspended while more than `suspend_above` of the level's subjects are pending."""

    design: Literal["tite_boin"] = "tite_boin"  # type: ignore[assignment]
    version: Literal["published", "effective_sample_size"] = "published"
    suspend_above: float = Field(default=0.5, gt=0, le=1)

    def code_while_waiting(self, n: int, dlts: int, pending: int, followed: float) -> int:
        """E, S, D, DU or SUSPEND for n subjects, `pending` of them followed for shares that sum to
        `followed`."""
        if self.table(n)[n, dlts] == DU:
            return DU
        too_many = pending > self.suspend_above * n
        low, high = self.lambdas()
        if self.version == "effective_sample_size":
            if too_many:
                return SUSPEND
            effective = n - pending + followed
            rate = dlts / effective if effective > 0 else 0.0
            return E if rate <= low else D if rate >= high else S
        if dlts >= high * n:  # every completion de-escalates: that never waits
            return D
        if too_many:
            return SUSPEND
        up, down = self.thresholds(n, dlts, pending)
        return E if followed >= up else D if followed <= down else S

    def thresholds(self, n: int, dlts: int, pending: int) -> tuple[float, float]:
        """(escalate from, de-escalate up to) this sum of follow-up shares, by the published rule.

        A pending subject at share t is expected to have a DLT with probability close to odds x (1 - t),
        where the odds come from the mean of Beta(target/2 + DLTs, 1 - target/2 + completed without).
        """
        low, high = self.lambdas()
        rate = (dlts + self.target / 2) / (n - pending + 1)
        odds = rate / (1 - rate)
        return pending - (low * n - dlts) / odds, pending - (high * n - dlts) / odds

    def rule_while_waiting(self, rows: Rows, tally: Tally) -> Decisions:
        here = tally.level
        shares = [w.follow_up for w in tally.waiting if w.level == here]
        n, dlts = tally.n[here - 1], tally.y[here - 1]
        code = int(self.table(n)[n, dlts])
        if shares:
            code = self.code_while_waiting(n, dlts, len(shares), sum(shares))
        acted = S if code == SUSPEND else code
        out = self.follow(rows, self.table(n), np.array([acted], dtype=np.int8))
        if code == SUSPEND and out.next[0] > 0:
            out.why[:] = Why.SUSPENDED
        return out

    def describe(self) -> tuple[Message, ...]:
        about = Message.of(f"designs.about_tite_boin_{self.version}", share=self.suspend_above)
        return *super().describe(), about


__all__ = ["SUSPEND", "D", "E", "S", "TiteBoin"]
