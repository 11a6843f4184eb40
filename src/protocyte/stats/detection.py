"""What an assay's limits make of a value: quantified, seen but not quantified, not seen, not known.

Below the limit is not zero. A value between the limit of detection and the lower limit of quantification
says "present, no number"; both are kept apart here and turned into numbers only by a named rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from protocyte.base import InputError


class State(IntEnum):
    """Ordered by how much was seen. `BELOW` is below quantification where no limit of detection is known."""

    MISSING = -1
    NOT_DETECTED = 0
    BELOW = 1
    DETECTED = 2
    QUANTIFIED = 3


def classify(values: ArrayLike, lloq: ArrayLike, lod: ArrayLike | None = None) -> tuple[State, ...]:
    """The state of each value; NaN is `MISSING`. `lloq` and `lod` may differ from sample to sample.

    Without `lod` everything below `lloq` is `BELOW`. A zero is never quantified. `InputError` for a limit
    that is negative or missing, a detection limit above its quantification limit, or a negative value.
    """
    given = np.atleast_1d(np.asarray(values, dtype=np.float64))
    upper = np.broadcast_to(np.asarray(lloq, dtype=np.float64), given.shape)
    if not (upper >= 0).all():
        raise InputError("a lower limit of quantification must be a number from 0 up")
    if (given < 0).any() or np.isinf(given).any():
        raise InputError("a measured value must be finite and not negative")
    states = np.full(given.shape, int(State.BELOW))
    if lod is not None:
        lower = np.broadcast_to(np.asarray(lod, dtype=np.float64), given.shape)
        if not ((lower >= 0) & (lower <= upper)).all():
            raise InputError("a limit of detection lies between 0 and the limit of quantification")
        states = np.where((given >= lower) & (given > 0), int(State.DETECTED), int(State.NOT_DETECTED))
    states = np.where((given >= upper) & (given > 0), int(State.QUANTIFIED), states)
    states = np.where(np.isnan(given), int(State.MISSING), states)
    return tuple(State(int(state)) for state in states)


Action = Literal["zero", "drop", "half"]  # half: half the sample's limit of quantification


@dataclass(frozen=True)
class BLQRule:
    """What stands for an unquantified value, by its place in the profile.

    `leading`: before the first quantified value; `rising` and `falling`: between quantified values, before
    and after the peak; `trailing`: after the last quantified value.
    """

    name: str
    leading: Action
    rising: Action
    falling: Action
    trailing: Action

    def __post_init__(self) -> None:
        for place in (self.leading, self.rising, self.falling, self.trailing):
            if place not in get_args(Action):
                raise InputError(f"a rule's action is one of {', '.join(get_args(Action))}, not {place!r}")


BLQ_RULES: dict[str, BLQRule] = {
    rule.name: rule
    for rule in (
        # Zero outside the quantified stretch, left out inside it: the common default of kinetic software.
        BLQRule("zero-outside", "zero", "drop", "drop", "zero"),
        BLQRule("drop", "drop", "drop", "drop", "drop"),
        BLQRule("zero", "zero", "zero", "zero", "zero"),
        BLQRule("zero-until-peak", "zero", "zero", "drop", "drop"),
        BLQRule("half-inside", "zero", "half", "half", "zero"),
    )
}


def find_rule(rule: str | BLQRule) -> BLQRule:
    """A rule by its name, or the rule itself; `InputError` names the known ones."""
    if isinstance(rule, BLQRule):
        return rule
    if rule not in BLQ_RULES:
        raise InputError(f"unknown BLQ rule {rule!r}; the named rules are {', '.join(BLQ_RULES)}")
    return BLQ_RULES[rule]


@dataclass(frozen=True)
class Absence:
    """When a signal was lost, as an interval: after `last_seen`, by `first_absent`.

    `first_absent` is NaN if it was never lost; `confirmed` says that the next result was absent too, which
    a single absent result at the end cannot say of itself.
    """

    last_seen: float
    first_absent: float
    confirmed: bool


def loss_of_signal(times: ArrayLike, states: Sequence[State], *, seen: State = State.QUANTIFIED) -> Absence:
    """The first of two consecutive results below `seen`, after a result that reached it.

    `seen=State.DETECTED` counts a value above the limit of detection as still present. A single absent
    result between two present ones is not a loss. Missing results are passed over, not counted.
    """
    when = checked_sampling(times)
    if when.size != len(states):
        raise InputError(f"there are {len(states)} states for {when.size} times")
    known = [
        (float(t), state >= seen) for t, state in zip(when, states, strict=True) if state != State.MISSING
    ]
    last_seen = float("nan")
    for i, (time, present) in enumerate(known):
        if present:
            last_seen = time
        elif not np.isnan(last_seen):
            following = known[i + 1 : i + 2]
            if not following or not following[0][1]:
                return Absence(last_seen, time, confirmed=bool(following))
    return Absence(last_seen, float("nan"), confirmed=False)


def checked_sampling(times: ArrayLike) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Sampling times: a non-empty vector, finite, from 0 up, each later than the one before."""
    when = np.asarray(times, dtype=np.float64)
    if when.ndim != 1 or when.size == 0:
        raise InputError("sampling times must be a non-empty list")
    if not np.isfinite(when).all() or (when < 0).any():
        raise InputError(
            "sampling times must be finite and not negative; leave out samples before the origin"
        )
    if (np.diff(when) <= 0).any():
        raise InputError("sampling times must increase; average duplicates first, by a rule of yours")
    return when
