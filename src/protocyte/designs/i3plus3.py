"""i3+3: interval rules without a model (Liu, Wang and Ji, J Biopharm Stat 2020;30:294)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from protocyte.designs.interval import DU, Codes, D, E, S, TargetIntervalDesign, exceeds


class I3Plus3(TargetIntervalDesign):
    """Compare the DLT rate with the interval (target - `lower`, target + `upper`).

    Below it escalate, inside stay. Above it de-escalate, unless one DLT fewer would fall below it: then
    the number of subjects is too small to tell, and the level is kept.
    """

    design: Literal["i3plus3"] = "i3plus3"

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
