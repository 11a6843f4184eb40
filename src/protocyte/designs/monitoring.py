"""Continuous safety monitoring: after how many events among n subjects to stop.

Two kinds of boundary. `pocock` (Ivanova, Qaqish and Schell 2005, Biometrics 61:540): one pointwise level
for every n, the largest that keeps the overall chance of stopping under the acceptable rate at `error`.
`beta_binomial` (Thall and Simon 1994, Controlled Clinical Trials 15:463; Geller et al. 2003): stop once
P(rate > acceptable rate) exceeds `certainty`; vague priors stop early often, so the chances are shown.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from protocyte.base import Frozen, Message
from protocyte.designs.rows import Floats
from protocyte.designs.wrong import wrong

NEVER = 10**6  # a number of events no trial has


class Monitor(Frozen):
    """`max_subjects` are watched; `rate` is the acceptable event rate."""

    monitor: str
    max_subjects: int = Field(ge=1, le=2000)
    rate: float = Field(gt=0, lt=1)

    def limits(self) -> tuple[int, ...]:
        """The number of events to stop at for n = 0, 1, ..., `max_subjects`; `NEVER` where none does."""
        raise NotImplementedError

    def boundary(self) -> tuple[tuple[int, int], ...]:
        """(n, events to stop at) for each n at which stopping is possible."""
        return tuple((n, limit) for n, limit in enumerate(self.limits()) if limit <= n)

    def stopping_probability(self, rate: float, n: int = 0, events: int = 0) -> float:
        """The chance to stop under a true `rate`, from `events` among `n` seen so far on."""
        return 1.0 - float(self._walk(rate, n, events)[0])

    def expected_subjects(self, rate: float, n: int = 0, events: int = 0) -> float:
        """Expected number of subjects, the `n` seen included, when stopping follows each outcome."""
        return float(self._walk(rate, n, events)[1])

    def state(self, n: int, events: int, pending: int = 0) -> Literal["continue", "wait", "stop"]:
        """What to do with `events` among `n` subjects whose outcome is known and `pending` others.

        `wait` (pause enrolment): the pending outcomes could cross the boundary if all were events.
        """
        limits = self.limits()
        if not 0 <= events <= n or pending < 0:
            raise wrong("no_such_events", events=events, n=n, pending=pending)
        last = len(limits) - 1
        if events >= limits[min(n, last)]:
            return "stop"
        if any(events + k >= limits[min(n + k, last)] for k in range(1, pending + 1)):
            return "wait"
        return "continue"

    def describe(self) -> tuple[Message, ...]:
        shown = ", ".join(f"{events}/{n}" for n, events in self.boundary())
        facts = {name: getattr(self, name) for name in type(self).model_fields if name != "monitor"}
        return (Message.of(f"designs.about_monitor_{self.monitor}", boundary=shown, **facts),)

    def _walk(self, rate: float, n: int, events: int) -> tuple[Floats, Floats]:
        if not 0 <= rate <= 1:
            raise wrong("truth_range", value=f"{rate:g}")
        limits = self.limits()
        chance = np.zeros(self.max_subjects + 2)
        chance[events] = float(events < limits[min(n, self.max_subjects)])
        expected = n * np.ones(())
        for now in range(n + 1, self.max_subjects + 1):
            expected = expected + chance.sum()
            chance[1:] = chance[1:] * (1 - rate) + chance[:-1] * rate
            chance[0] *= 1 - rate
            chance[limits[now] :] = 0.0
        return chance.sum(), expected


class PocockMonitor(Monitor):
    """`error` is the overall chance of stopping under the acceptable rate."""

    monitor: Literal["pocock"] = "pocock"
    error: float = Field(default=0.05, gt=0, lt=1)

    def limits(self) -> tuple[int, ...]:
        return _pocock(self.max_subjects, self.rate, self.error)


class BetaBinomialMonitor(Monitor):
    """Stop when P(event rate > `rate`) > `certainty` with the prior Beta(`prior`)."""

    monitor: Literal["beta_binomial"] = "beta_binomial"
    certainty: float = Field(default=0.95, gt=0, lt=1)
    prior: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]] = (1.0, 1.0)

    def limits(self) -> tuple[int, ...]:
        return _beta_binomial(self.max_subjects, self.rate, self.certainty, self.prior)


MonitorNode = Annotated[PocockMonitor | BetaBinomialMonitor, Field(discriminator="monitor")]


@lru_cache(maxsize=256)
def _pocock(most: int, rate: float, error: float) -> tuple[int, ...]:
    """Every tail probability is a candidate level; crossing grows with it, so bisection finds the largest."""
    from scipy.special import betainc

    n, y = np.meshgrid(np.arange(most + 1), np.arange(1, most + 1), indexing="ij")
    tail = np.where(y <= n, betainc(y, np.where(y <= n, n - y + 1.0, 1.0), rate), 1.0)  # P(Y >= y | n)
    levels = np.unique(tail[(y <= n) & (n > 0)])

    def limits(level: float) -> tuple[int, ...]:
        # A hair of slack keeps tails that are equal on paper equal in binary.
        reached = (tail <= level * (1 + 1e-12)) & (y <= n)
        return tuple(np.where(reached.any(axis=1), 1 + np.argmax(reached, axis=1), NEVER).tolist())

    low, high = -1, len(levels) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if _crossing(limits(float(levels[middle])), rate) <= error:
            low = middle
        else:
            high = middle - 1
    return limits(float(levels[low])) if low >= 0 else (NEVER,) * (most + 1)


def _crossing(limits: tuple[int, ...], rate: float) -> float:
    chance = np.zeros(len(limits) + 1)
    chance[0] = 1.0
    for limit in limits[1:]:
        chance[1:] = chance[1:] * (1 - rate) + chance[:-1] * rate
        chance[0] *= 1 - rate
        chance[limit:] = 0.0
    return 1.0 - float(chance.sum())


@lru_cache(maxsize=256)
def _beta_binomial(most: int, rate: float, certainty: float, prior: tuple[float, float]) -> tuple[int, ...]:
    from scipy.special import betaincc

    n, y = np.meshgrid(np.arange(most + 1), np.arange(most + 1), indexing="ij")
    posterior = betaincc(prior[0] + y, prior[1] + np.maximum(n - y, 0), rate)
    stops = (posterior > certainty) & (y <= n) & (n > 0)
    return tuple(np.where(stops.any(axis=1), np.argmax(stops, axis=1), NEVER).tolist())
