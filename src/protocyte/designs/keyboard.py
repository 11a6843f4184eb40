"""Keyboard and mTPI-2: the posterior of the DLT rate falls most strongly into which interval?

Both cut the unit interval into keys as wide as the target interval, and what is left over at the two ends
into shorter ones; the key of the largest probability per width decides. Keyboard (Yan, Mandrekar and Yuan
2017, Clinical Cancer Research 23:3994) was published without the ends, which changes nothing as long as a
whole key fits below the target; where none does (a target of 0.10 with the usual margins) a level could
never be left upwards, so the ends count by their width, as in the R package Keyboard. mTPI-2 is Guo et al.
2017 (Contemporary Clinical Trials 58:23). The prior is uniform.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from protocyte.designs.interval import DU, Codes, D, E, S, TargetIntervalDesign, exceeds
from protocyte.designs.rows import Floats

_TIE = 1e-9  # keys whose strengths are equal on paper differ by rounding only


class _KeyDesign(TargetIntervalDesign):
    highest_of_ties: ClassVar[bool]

    def codes(self, largest: int) -> Codes:
        from scipy.special import betainc

        edges, home = _keys(self.target - self.lower, self.target + self.upper)
        n, y = np.meshgrid(np.arange(largest + 1), np.arange(largest + 1), indexing="ij")
        a, b = 1.0 + y, np.where(y <= n, 1.0 + n - y, 1.0)
        strength = np.diff(betainc(a[..., None], b[..., None], edges), axis=-1) / np.diff(edges)
        among = strength >= strength.max(axis=-1, keepdims=True) * (1 - _TIE)
        strongest = np.argmax(among, axis=-1)
        if self.highest_of_ties:
            strongest = among.shape[-1] - 1 - np.argmax(among[..., ::-1], axis=-1)
        codes = np.where(strongest < home, E, np.where(strongest > home, D, S)).astype(np.int8)
        codes[exceeds(largest, self.target, self.cutoff, self.eliminate_from)] = DU
        codes[0] = S
        return codes


class Keyboard(_KeyDesign):
    """The strongest key lies below the target key: escalate; it is the target key: stay; else back.

    The table of the R package eliminates from the first subject on; with `eliminate_from: 3` it needs
    three, as the paper and that package's simulations do.
    """

    highest_of_ties: ClassVar[bool] = True  # the more careful decision, as in the R package
    design: Literal["keyboard"] = "keyboard"
    eliminate_from: int = Field(default=1, ge=1)


class Mtpi2(_KeyDesign):
    """As Keyboard; a level is eliminated with two subjects or more, as in the R package escalation."""

    highest_of_ties: ClassVar[bool] = False
    design: Literal["mtpi2"] = "mtpi2"
    eliminate_from: int = Field(default=2, ge=1)


def _keys(low: float, high: float) -> tuple[Floats, int]:
    """Edges of keys as wide as (low, high), laid from it to both ends, and the place of the target key."""
    width, slack = high - low, 1e-9
    below, above = int(low / width + slack), int((1 - high) / width + slack)
    edges = [low - k * width for k in range(below, 0, -1)] + [low, high]
    edges += [high + k * width for k in range(1, above + 1)]
    if edges[0] > slack:
        edges.insert(0, 0.0)
        below += 1
    if edges[-1] < 1 - slack:
        edges.append(1.0)
    return np.asarray(np.clip(edges, 0.0, 1.0), dtype=np.float64), below
