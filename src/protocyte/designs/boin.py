"""BOIN, the Bayesian optimal interval design (Liu and Yuan 2015, JRSS-C 64:507)."""

from __future__ import annotations

from math import ceil, floor, log
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from protocyte.base import Message
from protocyte.designs.interval import DU, Codes, D, E, IntervalDesign, S, exceeds
from protocyte.designs.rows import Decisions, Ints, Rows, Why


class Boin(IntervalDesign):
    """Escalate at a DLT rate up to lambda_e, de-escalate from lambda_d on.

    `p_saf` and `p_tox` are the rates deemed too low and too high, by default 0.6 and 1.4 times the
    target. A level is eliminated once P(rate > target) exceeds `cutoff` with three subjects or more.
    `extra_safe` stops the trial when the lowest level exceeds `cutoff - offset`. `bound_mtd` recommends
    only levels with an estimate of at most lambda_d.
    """

    design: Literal["boin"] = "boin"
    p_saf: float | None = Field(default=None, gt=0, lt=1)
    p_tox: float | None = Field(default=None, gt=0, lt=1)
    cutoff: float = Field(default=0.95, gt=0.5, lt=1)
    extra_safe: bool = False
    offset: float = Field(default=0.05, gt=0, lt=0.5)
    bound_mtd: bool = False

    @model_validator(mode="after")
    def _rates_in_order(self) -> Boin:
        low, high = self.rates()
        if not low < self.target < high:
            raise PydanticCustomError(
                "boin_rates", "rates", {"low": f"{low:g}", "target": f"{self.target:g}", "high": f"{high:g}"}
            )
        return self

    def rates(self) -> tuple[float, float]:
        """(the rate deemed too low, the rate deemed too high)."""
        return self.p_saf or 0.6 * self.target, self.p_tox or min(1.4 * self.target, 0.999)

    def lambdas(self) -> tuple[float, float]:
        """(lambda_e, lambda_d): Liu and Yuan 2015, equations of section 3.2."""
        low, high = self.rates()
        t = self.target
        return (
            log((1 - low) / (1 - t)) / log(t * (1 - low) / (low * (1 - t))),
            log((1 - t) / (1 - high)) / log(high * (1 - t) / (t * (1 - high))),
        )

    def codes(self, largest: int) -> Codes:
        """The boundaries rounded as the reference software does: escalation downwards, de-escalation
        upwards but past an exact integer, and never above the elimination boundary."""
        escalate, deescalate = self.lambdas()
        codes = np.full((largest + 1, largest + 1), S, dtype=np.int8)
        eliminated = exceeds(largest, self.target, self.cutoff, 3)
        for n in range(1, largest + 1):
            product = deescalate * n
            exact = abs(round(product) - product) < 1e-12
            codes[n, (round(product) + 1 if exact else ceil(product)) :] = D
            codes[n, : floor(escalate * n) + 1] = E
        codes[eliminated] = DU
        return codes

    def rule(self, rows: Rows) -> Decisions:
        out = super().rule(rows)
        if self.extra_safe:
            largest = max(int(rows.n.max(initial=0)), self.max_subjects)
            unsafe = exceeds(largest, self.target, self.cutoff - self.offset, 3)
            stop = unsafe[rows.n[:, 0], rows.y[:, 0]] & ((rows.level == 1) | (out.next == 0))
            out.finish(stop, 0, Why.ALL_TOO_TOXIC)
        return out

    def choose(self, n: Ints, y: Ints, cap: Ints) -> Ints:
        selected = super().choose(n, y, cap)
        if self.extra_safe:
            unsafe = exceeds(int(n.max(initial=1)), self.target, self.cutoff - self.offset, 3)
            selected = np.where(unsafe[n[:, 0], y[:, 0]], 0, selected)
        return selected

    def limit(self) -> float | None:
        return self.lambdas()[1] if self.bound_mtd else None

    def describe(self) -> tuple[Message, ...]:
        escalate, deescalate = self.lambdas()
        facts: dict[str, Any] = {
            "lambda_e": f"{escalate:.3f}",
            "lambda_d": f"{deescalate:.3f}",
            "cutoff": self.cutoff,
            "target": self.target,
        }
        said = [Message.of("designs.about_boin", **facts)]
        if self.extra_safe:
            said.append(Message.of("designs.about_extra_safe", cutoff=f"{self.cutoff - self.offset:g}"))
        said.append(Message.of("designs.about_isotonic", target=self.target))
        if self.bound_mtd:
            said.append(Message.of("designs.about_bound_mtd", lambda_d=facts["lambda_d"]))
        return tuple(said)
