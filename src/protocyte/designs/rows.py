"""Many tallies at once: the arrays every rule reads and writes.

A design states its rule once, for arrays of tallies. The exact engine hands it thousands of rows, the
advice of one trial a single row, so that what is computed in advance and what is advised cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.signedinteger[Any]]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Why(IntEnum):
    """Why a rule decided as it did; the sentence is `designs.<name in lower case>`."""

    START = 0
    COHORT_OPEN = 1
    ESCALATE = 2
    STAY = 3
    MORE_AT_LEVEL = 4
    CONFIRM_LEVEL = 5
    DE_ESCALATE = 6
    ELIMINATE = 7
    TOP_LEVEL = 8
    NEXT_ELIMINATED = 9
    LOWEST_LEVEL = 10
    ALL_TOO_TOXIC = 11
    RECOMMENDED = 12
    NONE_RECOMMENDED = 13
    MAX_SUBJECTS = 14
    ENOUGH_AT_LEVEL = 15
    TOO_TOXIC = 16
    NO_SKIPPING = 17
    COHERENCE = 18
    CAPPED = 19
    CONFIRM_FIRST = 20
    ACCELERATED = 21
    CLIMB = 22
    NEXT_SUBJECT = 23
    RUN_IN_PASSED = 24
    RUN_IN_FAILED = 25
    MODEL_LEVEL = 26
    OVERDOSE_CONTROL = 27
    SUSPENDED = 28
    FOLLOW_UP_SHORT = 29
    PRECISE_ENOUGH = 30


@dataclass(slots=True)
class Rows:
    """`S` tallies over `K` levels. `level` (S,) is the last treated level, 0 before the first subject;
    `n` and `y` (S, K) count subjects and DLTs; `memory` (S, M) is what a rule recalls beyond counts."""

    level: Ints
    n: Ints
    y: Ints
    memory: Ints

    def take(self, index: Any) -> Rows:
        return Rows(self.level[index], self.n[index], self.y[index], self.memory[index])

    def __len__(self) -> int:
        return len(self.level)


@dataclass(slots=True)
class Decisions:
    """`next` (S,) is the level to treat, 0 where escalation is over; `size` how many subjects there;
    `selected` the recommended level where it is over (0 = none); `why` the reason, a `Why` code."""

    next: Ints
    size: Ints
    selected: Ints
    why: Ints

    @staticmethod
    def empty(count: int) -> Decisions:
        return Decisions(*(np.zeros(count, dtype=np.int64) for _ in range(4)))

    def treat(self, where: Bools, level: Any, size: Any, why: Why) -> None:
        """Where `where` (S,) holds, treat `size` subjects at `level`; both are one number or (S,)."""
        self._put(where, level, size, 0, why)

    def finish(self, where: Bools, selected: Any, why: Why) -> None:
        """Where `where` holds, escalation is over and `selected` is recommended (0 = none)."""
        self._put(where, 0, 0, selected, why)

    def _put(self, where: Bools, level: Any, size: Any, selected: Any, why: Why) -> None:
        np.copyto(self.next, level, where=where)
        np.copyto(self.size, size, where=where)
        np.copyto(self.selected, selected, where=where)
        np.copyto(self.why, int(why), where=where)


_Value = TypeVar("_Value", bound=np.generic)


def at_level(values: NDArray[_Value], level: Ints) -> NDArray[_Value]:
    """`values` (S, K) at each row's `level` (from 1); rows at level 0 read level 1."""
    picked: NDArray[_Value] = values[np.arange(len(level)), np.maximum(level, 1) - 1]
    return picked
