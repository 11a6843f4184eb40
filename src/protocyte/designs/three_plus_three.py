"""The 3+3 design, in the three forms that are all called 3+3.

`no_deescalation`: an exceeded level ends the trial and the level below is recommended with the subjects
it has. `korn`: the level below is filled up to six first, and left again if two of six have a DLT (Korn
et al. 1994, Statistics in Medicine 13:1799). `korn_six_at_top`: as `korn`, and the highest level too
needs six subjects before it is recommended. The three differ by several percentage points in what they
select, so the variant is always named.

The rule reads the tally, not the cohorts: it also answers at four or five subjects, at levels treated
out of order and where a subject could not be evaluated.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from protocyte.base import Message
from protocyte.designs.design import Design
from protocyte.designs.rows import Bools, Decisions, Ints, Rows, Why, at_level


class ThreePlusThree(Design):
    """Escalate after 0 of 3 or 1 of 6; two DLTs in up to six subjects exceed the level."""

    by_cohort: ClassVar[bool] = False
    design: Literal["three_plus_three"] = "three_plus_three"
    variant: Literal["no_deescalation", "korn", "korn_six_at_top"] = "korn_six_at_top"

    def rule(self, rows: Rows) -> Decisions:
        out = Decisions.empty(len(rows))
        cleared, below_exceeded = is_cleared(rows.n, rows.y), admissible_levels(rows.n, rows.y)
        top = self.top_level()
        cap = np.minimum(below_exceeded, top)
        here = np.minimum(np.where(rows.level == 0, self.start_level, rows.level), cap)
        here = _climb(here, cap, cleared)
        n, y = at_level(rows.n, here), at_level(rows.y, here)

        settled = at_level(cleared, here)
        bounded_above = below_exceeded < rows.n.shape[1]
        if self.variant == "no_deescalation":
            # Stepping back below an exceeded level ends the trial, however many were treated there.
            settled |= bounded_above & (here < np.maximum(rows.level, 1))
            confirm = np.zeros(len(rows), dtype=bool)
        else:
            at_cap = bounded_above | (self.variant == "korn_six_at_top")
            confirm = settled & at_cap & (n < 6)

        missing = np.where((n < 3) & (y < 2), 3 - n, 6 - n)
        out.treat(~settled, here, missing, Why.MORE_AT_LEVEL)
        out.treat(confirm, here, 6 - n, Why.CONFIRM_LEVEL)
        out.treat(~settled & (here > rows.level), here, missing, Why.ESCALATE)
        out.treat((~settled | confirm) & (here < rows.level), here, 6 - n, Why.DE_ESCALATE)
        stepped_on_untried = (~settled | confirm) & (here < rows.level) & (n < 3)
        out.size[stepped_on_untried] = (3 - n)[stepped_on_untried]
        out.treat(rows.level == 0, here, 3, Why.START)
        over = settled & ~confirm
        out.finish(over, np.where(n > 0, here, 0), Why.RECOMMENDED)
        out.finish(over & (n == 0), 0, Why.NONE_RECOMMENDED)
        out.finish(cap == 0, 0, Why.ALL_TOO_TOXIC)
        return out

    def own_recommendation(self, rows: Rows) -> Ints:
        cap = admissible_levels(rows.n, rows.y)
        levels = rows.n.shape[1]
        at_six = (cap < levels) if self.variant == "korn" else (self.variant == "korn_six_at_top")
        least = np.where(np.broadcast_to(at_six, cap.shape), 6, 3)[:, None]
        numbers = np.arange(1, levels + 1)
        fits = is_cleared(rows.n, rows.y) & (rows.n >= least) & (numbers <= cap[:, None])
        best: Ints = np.where(fits, numbers, 0).max(axis=1)
        return best

    def most_at_level(self) -> int:
        return 6

    def describe(self) -> tuple[Message, ...]:
        return (
            Message.of("designs.about_three_plus_three"),
            Message.of(f"designs.about_{self.variant}"),
        )


def is_exceeded(n: Ints, y: Ints) -> Bools:
    """Two DLTs in up to six subjects; beyond six (a deviation) more than one sixth, the same bound."""
    exceeded: Bools = (y >= 2) & ((n < 6) | (6 * y > n))
    return exceeded


def is_cleared(n: Ints, y: Ints) -> Bools:
    """Safe enough to leave upwards: none of at least three, or at most one sixth of at least six."""
    cleared: Bools = ((n >= 3) & (y == 0)) | ((n >= 6) & (6 * y <= n))
    return cleared


def admissible_levels(n: Ints, y: Ints) -> Ints:
    """How many levels lie below the lowest exceeded one; toxicity is taken to rise with the dose."""
    exceeded = is_exceeded(n, y)
    first = np.argmax(exceeded, axis=1)
    admissible: Ints = np.where(exceeded.any(axis=1), first, n.shape[1])
    return admissible


def _climb(here: Ints, cap: Ints, cleared: Bools) -> Ints:
    """From a cleared level go up to the next admissible one, over levels that are cleared already."""
    for _ in range(cleared.shape[1]):
        up = at_level(cleared, here) & (here < cap) & (here > 0)
        if not up.any():
            break
        here = here + up
    return here
