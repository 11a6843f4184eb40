"""Simon's two-stage designs for a response rate (Simon 1989, Controlled Clinical Trials 10:1)."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field, model_validator

from protocyte.base import Frozen
from protocyte.designs.rows import Floats
from protocyte.designs.wrong import wrong


class StageSizes(NamedTuple):
    """Stop after `n1` subjects with at most `r1` responses; after `n` in all, promising with more than `r`."""

    r1: int
    n1: int
    r: int
    n: int


class TwoStage(Frozen):
    """Find the sizes for response rates `p0` (not worth it) and `p1` (worth it) and both error rates.

    `optimal` has the smallest expected size under `p0`, `minimax` the smallest maximum size.
    """

    p0: float = Field(gt=0, lt=1)
    p1: float = Field(gt=0, lt=1)
    alpha: float = Field(default=0.05, gt=0, lt=1)
    beta: float = Field(default=0.20, gt=0, lt=1)
    kind: Literal["optimal", "minimax"] = "optimal"
    largest: int = Field(default=100, ge=2, le=300)

    @model_validator(mode="after")
    def _worth_more(self) -> TwoStage:
        if self.p0 >= self.p1:
            raise ValueError(f"p1 {self.p1:g} must be above p0 {self.p0:g}")
        return self

    def sizes(self) -> StageSizes:
        """The design; raises `InputError` where none has up to `largest` subjects."""
        best: tuple[float, float] | None = None
        found: StageSizes | None = None
        for n in range(2, self.largest + 1):
            for n1 in range(1, n):
                if best is not None and self.kind == "optimal" and n1 >= best[0]:
                    break  # the expected size is at least n1
                for sizes, expected in self._admissible(n1, n):
                    key = (expected, n) if self.kind == "optimal" else (float(n), expected)
                    if best is None or key < best:
                        best, found = key, sizes
            if found is not None and self.kind == "minimax":
                break
        if found is None:
            raise wrong("no_two_stage", largest=self.largest)
        return found

    def _admissible(self, n1: int, n: int) -> list[tuple[StageSizes, float]]:
        """For each r1 the smallest r that keeps alpha, if it keeps beta too, with the expected size."""
        null, worth = _promising(n1, n, self.p0), _promising(n1, n, self.p1)
        out = []
        for r1 in range(n1):
            keeps = np.flatnonzero(null[r1] <= self.alpha)
            r = int(keeps[0])  # r = n keeps any alpha
            if worth[r1, r] >= 1 - self.beta:
                sizes = StageSizes(r1, n1, r, n)
                out.append((sizes, expected_size(sizes, self.p0)))
        return out


def early_stopping(sizes: StageSizes, rate: float) -> float:
    """The chance to stop after the first stage under a true response `rate`."""
    return float(_binomial(sizes.n1, rate)[: sizes.r1 + 1].sum())


def chance_promising(sizes: StageSizes, rate: float) -> float:
    """The chance to be found promising under a true response `rate`."""
    return float(_promising(sizes.n1, sizes.n, rate)[sizes.r1, sizes.r])


def expected_size(sizes: StageSizes, rate: float) -> float:
    """Expected number of subjects under a true response `rate`."""
    return sizes.n1 + (1 - early_stopping(sizes, rate)) * (sizes.n - sizes.n1)


def _promising(n1: int, n: int, p: float) -> Floats:
    """P(first stage > r1 and total > r) for all r1 in 0..n1 (row) and r in 0..n (column)."""
    first, second = _binomial(n1, p), _binomial(n - n1, p)
    beyond = np.concatenate([np.cumsum(second[::-1])[::-1], [0.0]])  # P(X2 >= k)
    x1, r = np.arange(n1 + 1)[:, None], np.arange(n + 1)
    need = np.clip(r - x1 + 1, 0, n - n1 + 1)
    joint = first[:, None] * beyond[need]
    from_here = np.cumsum(joint[::-1], axis=0)[::-1]  # X1 >= row
    return np.vstack([from_here[1:], np.zeros((1, n + 1))])


def _binomial(n: int, p: float) -> Floats:
    from scipy.special import gammaln

    k = np.arange(n + 1)
    if p in (0.0, 1.0):
        return np.asarray((k == n * p).astype(float))
    log = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + k * np.log(p) + (n - k) * np.log1p(-p)
    return np.asarray(np.exp(log))
