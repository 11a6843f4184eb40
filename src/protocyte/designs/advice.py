"""What a design says, and why."""

from __future__ import annotations

from typing import Literal

from protocyte.base import Frozen, Message

Action = Literal["escalate", "stay", "de_escalate", "stop", "wait", "complete"]


class Advice(Frozen):
    """The next step of a design.

    `level` is where the next subjects are treated, or for `complete` the recommended level; None for
    `stop` (no level is recommended) and `wait`. `evidence` holds the numbers the advice rests on as
    decimal text of at most six significant digits, so that a record of it reads the same on every
    processor; `needed` in it is how many more subjects the level asks for. `waiting` lists the
    positions (from 0) of the pending outcomes that must resolve before the design can say more.
    """

    action: Action
    level: int | None
    reason: Message
    evidence: dict[str, str] = {}
    waiting: tuple[int, ...] = ()


def six_digits(value: float) -> str:
    """At most six significant digits, the precision in which advice is recorded; rounding noise is 0."""
    return f"{round(float(value), 12) + 0.0:.6g}"
