"""i3+3: interval rules without a model (Liu, Wang and Ji 2020, Statistics in Medicine 39:1343)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from protocyte.base import Message
from protocyte.designs.interval import DU, Codes, D, E, IntervalDesign, S, exceeds


class I3Plus3(IntervalDesign):
    """Compare the DLT rate with the interval (target - `lower`, target + `upper`).

    Below it escalate, inside stay. Above it de-escalate, unless one DLT fewer would fall below it: then
    the number of subjects is too small to tell, and the level is kept.
    """

    design: Literal["i3plus3"] = "i3plus3"
    lower: float = Field(default=0.05, gt=0, lt=1)
    upper: float = Field(default=0.05, gt=0, lt=1)
    cutoff: float = Field(default=0.95, gt=0.5, lt=1)
    eliminate_from: int = Field(default=3, ge=1)

    def codes(self, largest: int) -> Codes:
        n, y = np.meshgrid(np.arange(largest + 1), np.arange(largest + 1), indexing="ij")
        # Rates are compared as counts, with a hair of slack, so that 1 of 4 is exactly 0.25.
        low, high, hair = n * (self.target - self.lower), n * (self.target + self.upper), 1e-9
        codes = np.full(n.shape, S, dtype=np.int8)
        codes[y < low - hair] = E
        codes[(y > high + hair) & ~(y - 1 < low - hair)] = D
        codes[exceeds(largest, self.target, self.cutoff, self.eliminate_from)] = DU
        codes[0] = S
        return codes

    def describe(self) -> tuple[Message, ...]:
        facts = {"low": f"{self.target - self.lower:g}", "high": f"{self.target + self.upper:g}"}
        about = Message.of("designs.about_i3plus3", cutoff=self.cutoff, target=self.target, **facts)
        return about, Message.of("designs.about_isotonic", target=self.target)
