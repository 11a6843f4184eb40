"""The continual reassessment method, one parameter (O'Quigley, Pepe and Fisher 1990, Biometrics 46:33).

With prior a ~ N(0, sd^2), the DLT probability at a level with skeleton s is `s ** exp(a)` (empiric), or
`1 / (1 + exp(-(intercept + exp(a) x)))` with x chosen so that a = 0 gives s (logistic). The posterior
mean of `a` is put into the curve and the level closest to the target is recommended, as in the R package
dfcrm (Cheung 2011, Dose Finding by the Continual Reassessment Method).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Literal

import numpy as np
from pydantic import Discriminator, Field, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError

from protocyte.base import Frozen, Message
from protocyte.designs.advice import six_digits
from protocyte.designs.design import LARGEST_COHORT, LARGEST_TRIAL, Design, Tally, count_levels
from protocyte.designs.rows import Decisions, Floats, Ints, Rows, Why

Model = Literal["empiric", "logistic"]


class IndifferenceSkeleton(Frozen):
    """A skeleton by indifference intervals (Lee and Cheung 2009, Clinical Trials 6:227): `half_width` and
    the level `prior_mtd` thought to be the MTD beforehand."""

    half_width: float = Field(default=0.05, gt=0, lt=0.5)
    prior_mtd: int = Field(ge=1)


def _kind_of_skeleton(value: object) -> str:
    return "indifference" if isinstance(value, (Mapping, IndifferenceSkeleton)) else "rates"


class Crm(Design):
    """`skeleton` is a rising list of probabilities or `{half_width, prior_mtd}`; `sd` the prior's.

    Without modifiers the method may skip levels and recommend one nobody had: that is the rule. Protocols
    mostly add `with: [no_skipping, coherence]`.
    """

    design: Literal["crm"] = "crm"
    model: Model = "empiric"
    target: float = Field(gt=0, lt=1)
    skeleton: Annotated[
        Annotated[tuple[float, ...], Tag("rates")] | Annotated[IndifferenceSkeleton, Tag("indifference")],
        Discriminator(_kind_of_skeleton),
    ]
    sd: float = Field(default=1.34**0.5, ge=0.01, le=5)
    intercept: float = 3.0
    cohort_size: int = Field(default=1, ge=1, le=LARGEST_COHORT)
    max_subjects: int = Field(default=24, ge=1, le=LARGEST_TRIAL)

    @field_validator("skeleton")
    @classmethod
    def _rising(cls, value: tuple[float, ...] | IndifferenceSkeleton) -> object:
        if isinstance(value, tuple):
            inside = all(0 < p < 1 for p in value) and value
            if not inside or any(a >= b for a, b in itertools.pairwise(value)):
                shown = ", ".join(f"{p:g}" for p in value)
                raise PydanticCustomError("skeleton_falls", "skeleton", {"skeleton": shown})
        return value

    @model_validator(mode="before")
    @classmethod
    def _levels_from_skeleton(cls, node: object) -> object:
        return count_levels(node, "skeleton")

    @model_validator(mode="after")
    def _levels_agree(self) -> Crm:
        given = len(self.skeleton) if isinstance(self.skeleton, tuple) else None
        if given is not None and self.levels is not None and given != self.levels:
            raise PydanticCustomError("skeleton_length", "skeleton", {"given": given, "levels": self.levels})
        if isinstance(self.skeleton, IndifferenceSkeleton):
            spread = self.skeleton.half_width
            if not (self.target - spread > 0 and self.target + spread < 1):
                low, high = f"{self.target - spread:g}", f"{self.target + spread:g}"
                raise PydanticCustomError("target_interval", "interval", {"low": low, "high": high})
        if (
            self.model == "logistic"
            and self.levels is not None
            and self.curve()[-1] >= _expit(self.intercept)
        ):
            raise PydanticCustomError("intercept_small", "intercept", {"intercept": f"{self.intercept:g}"})
        return self

    def curve(self) -> tuple[float, ...]:
        """The skeleton, one probability a level."""
        if isinstance(self.skeleton, tuple):
            return self.skeleton
        given = self.skeleton
        return indifference_skeleton(
            self.target, given.half_width, given.prior_mtd, self.size_of(), self.model, self.intercept
        )

    def rule(self, rows: Rows) -> Decisions:
        out = Decisions.empty(len(rows))
        treated = rows.n.sum(axis=1)
        best = self.own_recommendation(rows)
        out.treat(best > 0, best, np.minimum(self.cohort_size, self.max_subjects - treated), Why.MODEL_LEVEL)
        out.treat(rows.level == 0, self.start_level, min(self.cohort_size, self.max_subjects), Why.START)
        out.finish(treated >= self.max_subjects, best, Why.MAX_SUBJECTS)
        return out

    def fit(self, subjects: int = 0) -> Fit:
        """The posterior's quadrature, laid for `subjects` or the planned number, whichever is larger."""
        most = max(subjects, self.max_subjects, 24)
        return _fit(self.model, self.curve(), self.target, self.sd, self.intercept, most)

    def own_recommendation(self, rows: Rows) -> Ints:
        return self.fit(int(rows.n.sum(axis=1).max(initial=0))).best(rows.n, rows.y)

    def most_at_level(self) -> int:
        return self.max_subjects

    def posterior(self, n: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
        """(mean of a (S,), variance (S,), DLT probabilities at the mean (S, K)) from counts (S, K)."""
        fit = self.fit(int(np.sum(n, axis=1).max(initial=0)))
        mean, variance = fit.moments(np.asarray(n, dtype=float), np.asarray(y, dtype=float))
        return mean, variance, fit.at(mean)

    def weighted_posterior(self, level: Ints, dlt: Ints, weight: Floats) -> tuple[float, Floats]:
        """(mean of a, DLT probabilities (K,) at it) from subjects (N,): a DLT has the likelihood p, the
        others 1 - weight p (Cheung and Chappell 2000, Biometrics 56:1177)."""
        fit = self.fit()
        mean = fit.weighted_mean(level, dlt, weight)
        return mean, fit.at(np.array([mean]))[0]

    def evidence(self, tally: Tally) -> dict[str, str]:
        mean, _, rates = self.posterior(np.array([tally.n]), np.array([tally.y]))
        return shown_estimate(mean[0], rates[0])

    def describe(self) -> tuple[Message, ...]:
        skeleton = ", ".join(f"{p:.3f}" for p in self.curve())
        about = Message.of(
            f"designs.about_crm_{self.model}", skeleton=skeleton, target=self.target, sd=f"{self.sd:.3f}"
        )
        if self.model == "logistic":
            return about, Message.of("designs.about_intercept", intercept=f"{self.intercept:g}")
        return (about,)


def shown_estimate(estimate: float, rates: Floats) -> dict[str, str]:
    """The estimate of the parameter and the DLT probabilities (K,) at it, as evidence of an advice."""
    shown = {f"p{level}": six_digits(rate) for level, rate in enumerate(rates, start=1)}
    return {"estimate": six_digits(estimate)} | shown


class Fit:
    """Posterior of the one parameter by the trapezoidal rule.

    For a smooth integrand that dies out at both ends the error is about exp(-2 (pi s / h)^2) with step h
    and posterior standard deviation s. The sharpest posterior `subjects` can give follows from the
    largest Fisher information of one subject, and both grids are laid by it: the fine one at s / 3 (an
    error below 1e-70 times the density's scale), the coarse one at s, which is checked before it is used.
    """

    def __init__(
        self,
        model: Model,
        skeleton: tuple[float, ...],
        target: float,
        sd: float,
        intercept: float,
        subjects: int,
    ) -> None:
        self.model, self.intercept = model, intercept
        self.skeleton = np.array(skeleton)
        self.scaled = _logit(self.skeleton) - intercept
        sharpest = self._sharpest(sd, subjects)
        # Points crowd around 0, where posteriors are sharp, and thin out into the tails of the prior.
        self.fine = _Grid(self, sd, sharpest / 3, reach=8.6 * sd, crowded=4.0)
        self.coarse = _Grid(self, sd, sharpest, reach=6.0 * sd, crowded=2.0)
        self.thresholds = self._thresholds(target)

    def at(self, a: Floats) -> Floats:
        """DLT probabilities (S, K) at parameter values (S,)."""
        steep = np.exp(a)[:, None]
        if self.model == "empiric":
            return np.asarray(np.exp(steep * np.log(self.skeleton)))
        return _expit(self.intercept + steep * self.scaled)

    def log_rates(self, a: Floats) -> tuple[Floats, Floats]:
        """log p and log(1 - p), each (K, S), kept finite where p rounds to 0 or 1."""
        steep = np.exp(a)
        if self.model == "empiric":
            log_p = steep * np.log(self.skeleton)[:, None]
            return np.maximum(log_p, -1e5), np.log(np.maximum(-np.expm1(log_p), 1e-300))
        eta = self.intercept + steep * self.scaled[:, None]
        return np.maximum(-np.logaddexp(0, -eta), -1e5), -np.logaddexp(0, eta)

    def moments(self, n: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Posterior mean and variance (S,)."""
        total, first, second = self.fine.integrals(n, y)
        mean = first / total
        return mean, second / total - mean**2

    def weighted_mean(self, level: Ints, dlt: Ints, weight: Floats) -> float:
        """The posterior mean where subjects without a DLT count by `weight`."""
        rates = np.exp(self.fine.logs[: len(self.skeleton)])[level - 1]
        terms = np.where(dlt[:, None] == 1, rates, np.maximum(1.0 - weight[:, None] * rates, 1e-300))
        total, first, _ = np.exp(np.log(np.maximum(terms, 1e-300)).sum(axis=0)) @ self.fine.moments
        return float(first / total)

    def best(self, n: Ints, y: Ints) -> Ints:
        """The level closest to the target at the posterior mean; a tie goes to the lower level.

        A coarse rule decides where its own error, judged by leaving out every other point, cannot change
        the level; what is left goes to the fine rule.
        """
        mean, half_error = self.coarse.mean_and_error(n, y)
        if not len(self.thresholds):
            return np.ones(len(mean), dtype=np.int64)
        near = np.abs(mean[:, None] - self.thresholds).min(axis=1)
        # Halving the points raises the error to about its fourth root: a tenth of it is far on the safe side.
        unsure = ~(near > 0.1 * half_error + 1e-5)
        if unsure.any():
            total, first, _ = self.fine.integrals(n[unsure], y[unsure])
            mean[unsure] = first / total
        level: Ints = 1 + (mean[:, None] > self.thresholds).sum(axis=1)
        return level

    def _sharpest(self, sd: float, subjects: int) -> float:
        """The smallest posterior standard deviation: prior precision plus the largest information."""
        a = np.linspace(-6, 6, 241)
        rates = np.clip(self.at(a), 1e-12, 1 - 1e-12)
        slope = np.gradient(rates, a, axis=0)
        information = (slope**2 / (rates * (1 - rates))).max()
        return float((1 / sd**2 + subjects * information) ** -0.5)

    def _thresholds(self, target: float) -> Floats:
        """Where the level above becomes the closer one: p_k(a) + p_(k+1)(a) = 2 target, by bisection."""
        low, high = np.full(len(self.skeleton) - 1, -60.0), np.full(len(self.skeleton) - 1, 60.0)
        for _ in range(200):
            middle = (low + high) / 2
            rates = self.at(middle)
            index = np.arange(len(middle))
            above = rates[index, index] + rates[index, index + 1] > 2 * target
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        return np.asarray((low + high) / 2)


class _Grid:
    """Points `crowded * sinh(t)` with even t, `step` apart at 0, out to `reach`; their weights with the
    prior in, and the log likelihood of one outcome at each."""

    def __init__(self, fit: Fit, sd: float, step: float, reach: float, crowded: float) -> None:
        half = int(np.ceil(np.arcsinh(reach / crowded) / (step / crowded)))
        t = np.linspace(-np.arcsinh(reach / crowded), np.arcsinh(reach / crowded), 2 * half + 1)
        points = crowded * np.sinh(t)
        log_p, log_q = fit.log_rates(points)
        self.logs = np.vstack([log_p, log_q])
        weight = np.exp(-0.5 * (points / sd) ** 2) * np.cosh(t)
        every_other = np.where(np.arange(len(points)) % 2 == 0, 2.0, 0.0) * weight
        self.moments = np.column_stack([weight, weight * points, weight * points**2])
        self.check = np.column_stack([weight, weight * points, every_other, every_other * points])

    def likelihood(self, n: Floats | Ints, y: Floats | Ints) -> Floats:
        out: Floats = np.hstack([y, n - y]).astype(float) @ self.logs
        if n.sum(axis=1).max(initial=0) > 300:  # keeps large samples from rounding to nothing
            out -= out.max(axis=1, keepdims=True)
        return np.exp(out, out=out)

    def integrals(self, n: Floats | Ints, y: Floats | Ints) -> tuple[Floats, Floats, Floats]:
        total, first, second = (self.likelihood(n, y) @ self.moments).T
        return total, first, second

    def mean_and_error(self, n: Ints, y: Ints) -> tuple[Floats, Floats]:
        total, first, half_total, half_first = (self.likelihood(n, y) @ self.check).T
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = first / total
            return mean, np.abs(mean - half_first / half_total)


@lru_cache(maxsize=64)
def _fit(
    model: Model, skeleton: tuple[float, ...], target: float, sd: float, intercept: float, subjects: int
) -> Fit:
    return Fit(model, skeleton, target, sd, intercept, subjects)


def indifference_skeleton(
    target: float,
    half_width: float,
    prior_mtd: int,
    levels: int,
    model: Model = "empiric",
    intercept: float = 3.0,
) -> tuple[float, ...]:
    """The skeleton whose indifference intervals all have `half_width` around `target`.

    Lee and Cheung 2009, section 3. At the parameter where a level's rate is target + half_width, the level
    below has target - half_width: the two are equally far from the target. Both models are curves
    g(p) = exp(a) g(s), with g = log (empiric) or g = logit - intercept (logistic), so one level follows
    from its neighbour by a ratio that is the same for every step.
    """

    def g(p: float) -> float:
        return float(np.log(p)) if model == "empiric" else float(_logit(np.array(p))) - intercept

    ratio = g(target - half_width) / g(target + half_width)
    scaled = [g(target) * ratio ** (prior_mtd - level) for level in range(1, levels + 1)]
    rates = np.exp(scaled) if model == "empiric" else _expit(intercept + np.array(scaled))
    return tuple(float(p) for p in rates)


def _logit(p: Floats) -> Floats:
    return np.log(p) - np.log1p(-p)


def _expit(x: Floats | float) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(x), dtype=np.float64)
