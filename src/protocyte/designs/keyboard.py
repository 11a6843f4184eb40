"""Keyboard and mTPI-2: the posterior of the DLT rate falls most strongly into which interval?

Both cut the unit interval into pieces as wide as the target interval. Keyboard (Yan, Mandrekar and Yuan
2017, Clinical Cancer Research 23:3994) compares the probability of whole keys and ignores what is left
over at the ends; mTPI-2 (Guo et al. 2017, Contemporary Clinical Trials 58:23) compares probability per
width and lets the pieces at the ends be shorter. The prior is uniform.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from protocyte.base import Message
from protocyte.designs.interval import DU, Codes, D, E, IntervalDesign, S, exceeds
from protocyte.designs.rows import Floats


class _TargetInterval(IntervalDesign):
    lower: float = Field(default=0.05, gt=0, lt=1)
    upper: float = Field(default=0.05, gt=0, lt=1)
    cutoff: float = Field(default=0.95, gt=0.5, lt=1)
    eliminate_from: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _interval_inside(self) -> _TargetInterval:
        if self.target - self.lower <= 0 or self.target + self.upper >= 1:
            low, high = f"{self.target - self.lower:g}", f"{self.target + self.upper:g}"
            raise PydanticCustomError("target_interval", "interval", {"low": low, "high": high})
        return self

    def edges(self) -> Floats:
        """The edges of all pieces, those of the target interval among them."""
        raise NotImplementedError

    def per_width(self) -> bool:
        raise NotImplementedError

    def codes(self, largest: int) -> Codes:
        from scipy.special import betainc

        edges = self.edges()
        n, y = np.meshgrid(np.arange(largest + 1), np.arange(largest + 1), indexing="ij")
        valid = y <= n
        a, b = 1.0 + y, np.where(valid, 1.0 + n - y, 1.0)
        below = betainc(a[..., None], b[..., None], edges)
        mass = np.diff(below, axis=-1)
        strength = mass / np.diff(edges) if self.per_width() else mass
        strongest = np.argmax(strength, axis=-1)
        home = int(np.argmin(np.abs(edges - (self.target - self.lower))))
        codes = np.where(strongest < home, E, np.where(strongest > home, D, S)).astype(np.int8)
        codes[exceeds(largest, self.target, self.cutoff, self.eliminate_from)] = DU
        codes[0] = S
        return codes

    def describe(self) -> tuple[Message, ...]:
        facts = {"low": f"{self.target - self.lower:g}", "high": f"{self.target + self.upper:g}"}
        about = Message.of(f"designs.about_{self.design}", cutoff=self.cutoff, target=self.target, **facts)
        return about, Message.of("designs.about_isotonic", target=self.target)


class Keyboard(_TargetInterval):
    """The strongest key lies below the target key: escalate; it is the target key: stay; else back."""

    design: Literal["keyboard"] = "keyboard"

    def edges(self) -> Floats:
        return _pieces(self.target - self.lower, self.target + self.upper, whole=True)

    def per_width(self) -> bool:
        return False


class Mtpi2(_TargetInterval):
    """The interval of the largest probability per width decides as in Keyboard."""

    design: Literal["mtpi2"] = "mtpi2"

    def edges(self) -> Floats:
        return _pieces(self.target - self.lower, self.target + self.upper, whole=False)

    def per_width(self) -> bool:
        return True


def _pieces(low: float, high: float, *, whole: bool) -> Floats:
    """Edges of pieces as wide as (low, high), laid from it to both ends of the unit interval."""
    width, slack = high - low, 1e-9
    down = int(low / width + slack)
    up = int((1 - high) / width + slack)
    edges = [low - k * width for k in range(down, 0, -1)] + [low, high]
    edges += [high + k * width for k in range(1, up + 1)]
    if not whole and edges[0] > slack:
        edges.insert(0, 0.0)
    if not whole and edges[-1] < 1 - slack:
        edges.append(1.0)
    return np.asarray(np.clip(edges, 0.0, 1.0), dtype=np.float64)
