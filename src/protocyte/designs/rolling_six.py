"""The rolling six (Skolnik, Barrett, Jayaraman, Patel and Adamson 2008, JCO 26:190)."""

from __future__ import annotations

from typing import Literal

from protocyte.base import Message
from protocyte.designs.advice import Advice
from protocyte.designs.design import State
from protocyte.designs.three_plus_three import ThreePlusThree


class RollingSix(ThreePlusThree):
    """3+3 that does not wait: while outcomes are pending and undecided, up to six enter the level.

    Two DLTs leave the level at once; it is left upwards as soon as every completion of what is pending
    would do so. With six subjects and the answer still open, accrual waits. When every outcome is known
    before the next subject arrives, the design is the 3+3, and so are its exact operating characteristics;
    `simulate_timeline` shows it with outcomes that take their time.
    """

    design: Literal["rolling_six"] = "rolling_six"  # type: ignore[assignment]

    def advise(self, state: State) -> Advice:
        advice = super().advise(state)
        if advice.action != "wait":
            return advice
        levels = {tally.level for tally in state.possible}
        (level,) = levels
        n = next(iter(state.possible)).n[level - 1]
        if n >= 6:
            return advice
        reason = Message.of("designs.roll_on", level=level, n=n, pending=len(state.pending), needed=6 - n)
        evidence = {"n": str(n), "needed": str(6 - n)}
        return Advice(action="stay", level=level, reason=reason, evidence=evidence)

    def describe(self) -> tuple[Message, ...]:
        return *super().describe(), Message.of("designs.about_rolling_six")
