"""BLRM, the Bayesian logistic regression model with overdose control.

Neuenschwander, Branson and Gsponer 2008 (Statistics in Medicine 27:2420): with dose d and reference dose
d*, logit p = log(alpha) + beta log(d / d*), and (log alpha, log beta) is bivariate normal beforehand. Only
levels with P(p > upper end of the target interval) < `ewoc` may be treated (escalation with overdose
control); of these the one with the largest probability of the target interval is.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from protocyte.base import Message
from protocyte.designs.advice import six_digits
from protocyte.designs.design import LARGEST_COHORT, LARGEST_TRIAL, Design, Tally, count_levels
from protocyte.designs.rows import Bools, Decisions, Floats, Ints, Rows, Why

_CHUNK = 3_000_000  # likelihoods held at once: 24 MB


Spread = Annotated[float, Field(ge=0.01, le=20)]


class Blrm(Design):
    """`doses` in any one unit, `reference` the dose d*; `prior_mean` and `prior_sd` of (log alpha,
    log beta). `interval` is the target interval of DLT probabilities."""

    most_states: ClassVar[int] = 100_000  # each is a quadrature
    design: Literal["blrm"] = "blrm"
    doses: tuple[float, ...]
    reference: float = Field(gt=0)
    prior_mean: tuple[float, float] = (-1.098612288668110, 0.0)  # p = 0.25 at the reference dose
    prior_sd: tuple[Spread, Spread] = (2.0, 1.0)
    correlation: float = Field(default=0.0, gt=-1, lt=1)
    interval: tuple[float, float] = (0.16, 0.33)
    ewoc: float = Field(default=0.25, gt=0, lt=1)
    cohort_size: int = Field(default=3, ge=1, le=LARGEST_COHORT)
    max_subjects: int = Field(default=30, ge=1, le=LARGEST_TRIAL)

    @field_validator("doses")
    @classmethod
    def _rising(cls, doses: tuple[float, ...]) -> tuple[float, ...]:
        if not doses or doses[0] <= 0 or any(a >= b for a, b in pairwise(doses)):
            raise PydanticCustomError("doses_fall", "doses", {"doses": ", ".join(f"{d:g}" for d in doses)})
        return doses

    @model_validator(mode="before")
    @classmethod
    def _levels_from_doses(cls, node: object) -> object:
        return count_levels(node, "doses")

    @model_validator(mode="after")
    def _consistent(self) -> Blrm:
        if self.levels is not None and len(self.doses) != self.levels:
            given = {"given": len(self.doses), "levels": self.levels}
            raise PydanticCustomError("doses_length", "doses", given)
        low, high = self.interval
        if not 0 < low < high < 1:
            raise PydanticCustomError("interval_falls", "x", {"low": f"{low:g}", "high": f"{high:g}"})
        return self

    def target_rate(self) -> float:
        return sum(self.interval) / 2

    def rule(self, rows: Rows) -> Decisions:
        out = Decisions.empty(len(rows))
        treated = rows.n.sum(axis=1)
        best = self.own_recommendation(rows)
        size = np.minimum(self.cohort_size, np.maximum(self.max_subjects - treated, 1))
        out.treat(best > 0, best, size, Why.OVERDOSE_CONTROL)
        out.treat(rows.level == 0, self.start_level, min(self.cohort_size, self.max_subjects), Why.START)
        out.finish(treated >= self.max_subjects, best, Why.MAX_SUBJECTS)
        out.finish((best == 0) & (rows.level > 0), 0, Why.ALL_TOO_TOXIC)
        return out

    def own_recommendation(self, rows: Rows) -> Ints:
        return _fit(self).best(rows.n, rows.y)

    def interval_probabilities(self, n: Ints | Floats, y: Ints | Floats) -> Floats:
        """P(under, target, over) of each level: (S, K, 3) from counts (S, K), to about 1e-8."""
        return _fit(self).fine.interval_probabilities(np.asarray(n, float), np.asarray(y, float))

    def most_at_level(self) -> int:
        return self.max_subjects

    def evidence(self, tally: Tally) -> dict[str, str]:
        shares = self.interval_probabilities(np.array([tally.n]), np.array([tally.y]))[0]
        shown = {f"target{k}": six_digits(p[1]) for k, p in enumerate(shares, start=1)}
        return shown | {f"over{k}": six_digits(p[2]) for k, p in enumerate(shares, start=1)}

    def describe(self) -> tuple[Message, ...]:
        low, high = self.interval
        about = Message.of(
            "designs.about_blrm",
            low=f"{low:g}",
            high=f"{high:g}",
            ewoc=f"{self.ewoc:g}",
            reference=f"{self.reference:g}",
        )
        prior = Message.of(
            "designs.about_blrm_prior",
            doses=", ".join(f"{dose:g}" for dose in self.doses),
            mean=", ".join(f"{mean:.4g}" for mean in self.prior_mean),
            sd=", ".join(f"{sd:g}" for sd in self.prior_sd),
            correlation=f"{self.correlation:g}",
        )
        return about, prior


class _Fit:
    """Two quadratures: a coarse one for all states, a fine one for those it cannot tell apart."""

    def __init__(self, design: Blrm) -> None:
        self.ewoc = design.ewoc
        self.coarse = _Quadrature(design, nodes=5, slope_step=0.45, reach=4.5)
        self.fine = _Quadrature(design, nodes=16, slope_step=0.1, reach=7.0)

    def best(self, n: Ints, y: Ints) -> Ints:
        """The level to treat (S,), 0 where overdose control admits none; near-ties are settled finely."""
        shares = self.coarse.interval_probabilities(n.astype(float), y.astype(float))
        unsure = self._unsure(shares)
        if unsure.any():
            shares[unsure] = self.fine.interval_probabilities(
                n[unsure].astype(float), y[unsure].astype(float)
            )
        return self._choose(shares)

    def _choose(self, shares: Floats) -> Ints:
        allowed = shares[:, :, 2] < self.ewoc
        target = np.where(allowed, shares[:, :, 1], -1.0)
        best: Ints = np.where(allowed.any(axis=1), np.argmax(target, axis=1) + 1, 0)
        return best

    def _unsure(self, shares: Floats, slack: float = 3e-3) -> Bools:
        """Where a level lies near the overdose limit or two admitted levels nearly tie."""
        near: Bools = np.abs(shares[:, :, 2] - self.ewoc) < slack
        near_limit: Bools = np.any(near, axis=1)
        target = np.where(shares[:, :, 2] < self.ewoc, shares[:, :, 1], -1.0)
        if target.shape[1] == 1:
            return near_limit
        ordered = np.sort(target, axis=1)
        tied: Bools = (ordered[:, -1] - ordered[:, -2] < slack) & (ordered[:, -2] >= 0)
        return near_limit | tied


class _Quadrature:
    """For each level an own grid over (logit of its DLT probability, log beta).

    In these coordinates the ends of the target interval are straight lines, laid between Gauss panels, so
    that no probability is cut through a cell; panels widen outwards from them. log beta is covered by the
    trapezoidal rule. On a wide ladder a steep slope carries a far dose beyond the panels, where its rate is
    0 or 1 in all digits; that mass is what the whole, taken at the reference dose, has more.
    """

    def __init__(self, design: Blrm, nodes: int, slope_step: float, reach: float) -> None:
        self.doses = np.log(np.array(design.doses) / design.reference)
        low, high = (np.log(p / (1 - p)) for p in design.interval)
        eta, weight, part = _panels(low, high, nodes)
        mean, sd = design.prior_mean[1], design.prior_sd[1]
        count = int(np.ceil(reach / slope_step))
        slope = mean + sd * np.linspace(-reach, reach, 2 * count + 1)
        grid_eta, grid_slope = (a.ravel() for a in np.meshgrid(eta, slope, indexing="ij"))
        grid_weight, grid_part = np.repeat(weight, len(slope)), np.repeat(part, len(slope))
        self.grids: list[tuple[Floats, Floats, Floats]] = []
        for dose in (0.0, *self.doses):
            intercept = grid_eta - np.exp(grid_slope) * dose
            log_weight = np.log(grid_weight) + _log_prior(design, intercept, grid_slope)
            keep = log_weight > log_weight.max() - 45.0  # the rest adds less than 1e-19
            lines = intercept[keep] + np.exp(grid_slope[keep]) * self.doses[:, None]
            logs = np.vstack([-np.logaddexp(0, -lines), -np.logaddexp(0, lines)])
            parts = (grid_part[keep, None] == np.arange(3)).astype(float)
            self.grids.append((logs, log_weight[keep], parts))
        self.largest = max(len(log_weight) for _, log_weight, _ in self.grids)

    def interval_probabilities(self, n: Floats, y: Floats) -> Floats:
        exponents = np.hstack([y, n - y])
        chunk = max(1, _CHUNK // self.largest)
        parts = [self._shares(exponents[begin : begin + chunk]) for begin in range(0, len(n), chunk)]
        return np.concatenate(parts)

    def _shares(self, exponents: Floats) -> Floats:
        whole = exponents @ self.grids[0][0] + self.grids[0][1]
        scale = whole.max(axis=1, keepdims=True)
        whole -= scale
        total = np.exp(whole, out=whole).sum(axis=1)
        out = np.empty((len(exponents), len(self.doses), 3))
        for level, (logs, log_weight, parts) in enumerate(self.grids[1:]):
            likelihood = exponents @ logs
            likelihood += log_weight
            likelihood -= scale
            mass = np.exp(likelihood, out=likelihood) @ parts
            beyond = np.maximum(total - mass.sum(axis=1), 0.0)
            mass[:, 2 if self.doses[level] > 0 else 0] += beyond
            out[:, level] = mass / mass.sum(axis=1, keepdims=True)
        return out


def _panels(low: float, high: float, nodes: int) -> tuple[Floats, Floats, Ints]:
    """Gauss-Legendre points, weights and the part (0 under, 1 target, 2 over) along the logit."""
    widths = np.array([1.2, 1.6, 2.2, 3.5, 6.0, 11.0, 20.0])
    edges = np.concatenate([(low - np.cumsum(widths))[::-1], [low, high], high + np.cumsum(widths)])
    x, w = np.polynomial.legendre.leggauss(nodes)
    middle, half = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    eta = (middle[:, None] + half[:, None] * x).ravel()
    weight = (half[:, None] * w).ravel()
    return eta, weight, np.where(eta < low, 0, np.where(eta < high, 1, 2)).astype(np.int64)


def _log_prior(design: Blrm, intercept: Floats, slope: Floats) -> Floats:
    a = (intercept - design.prior_mean[0]) / design.prior_sd[0]
    b = (slope - design.prior_mean[1]) / design.prior_sd[1]
    r = design.correlation
    return np.asarray(-(a**2 - 2 * r * a * b + b**2) / (2 * (1 - r**2)))


@lru_cache(maxsize=8)
def _fit(design: Blrm) -> _Fit:
    return _Fit(design)
