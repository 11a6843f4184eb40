"""Firth's penalised Cox regression: finite estimates where the partial likelihood has no maximum.

Firth (Biometrika 1993;80:27) adds half the log determinant of the information; Heinze and Schemper
(Biometrics 2001;57:114) show it solves monotone likelihood and that limits must then come from the profile
penalised likelihood, since the likelihood is far from symmetric.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from protocyte.base import InputError
from protocyte.stats.arrays import Bools, Floats, frozen
from protocyte.stats.bands import normal_quantile
from protocyte.stats.hazard_fit import HazardFit, concordance
from protocyte.stats.partial_likelihood import CoxData, Ties, cox_data, derivatives

MAX_STEPS = 100
GAIN_TOLERANCE = 1e-20  # of log likelihood promised by a step; the estimate is then good to about 1e-10
ROUNDING_GAIN = 1e-13  # a promise so small that rounding may hide its being kept
SLOW = 0.1  # a scoring step that leaves more than this of the promised gain is not worth repeating
DIFFERENCE = 1e-4  # of a standard error, for differences of the score: error of order 1e-8, squared away
PROFILE_TOLERANCE = 1e-10  # of the signed root of the likelihood ratio
LARGEST_STEP = 5.0  # standard errors; further the quadratic picture of the likelihood is fiction


class Penalised(NamedTuple):
    loglik: float
    score: Floats
    information: Floats


def firth_cox(
    time: ArrayLike,
    event: ArrayLike,
    x: ArrayLike,
    *,
    start: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    ties: Ties = "breslow",
    level: float = 0.95,
) -> HazardFit:
    """Penalised estimates, standard errors from the information, profile limits and profile tests.

    Ties are Breslow's unless asked otherwise, as in R's `coxphf`. `wald` and `score` are NaN: only the
    likelihood ratio is fit for this likelihood. A profile limit that cannot be reached is NaN.
    """
    data = cox_data(time, event, x, start=start, strata=strata, ties=ties)
    z = normal_quantile(level)
    size = data.x.shape[1]
    every = np.ones(size, dtype=bool)
    # In units of the covariates' spread the penalised likelihood is the same whatever their unit of measure.
    unit_shift = -float(np.log(np.std(data.x, axis=0, ddof=1)).sum())
    beta = _maximise(data, np.zeros(size), every)
    if beta is None:
        raise InputError("the penalised likelihood could not be maximised; rescale the covariates")
    best = penalised(data, beta)
    covariance = np.asarray(np.linalg.inv(best.information), dtype=np.float64)
    se = np.sqrt(np.diag(covariance))
    limits = [
        [_profile_limit(data, beta, best, k, sign * z, float(se[k])) for sign in (-1, 1)] for k in range(size)
    ]
    lower, upper = np.array(limits).T
    p = np.array([_profile_p(data, best.loglik, beta, k) for k in range(size)])
    return HazardFit(
        method="firth",
        coef=frozen(beta),
        se=frozen(se),
        lower=frozen(np.exp(lower)),
        upper=frozen(np.exp(upper)),
        p=frozen(p),
        covariance=frozen(covariance),
        n=data.stop.size,
        n_event=int(data.event.sum()),
        loglik_null=penalised(data, np.zeros(size)).loglik + unit_shift,
        loglik=best.loglik + unit_shift,
        score=float("nan"),
        wald=float("nan"),
        concordance=concordance(data, data.x @ beta),
        level=level,
    )


def penalised(data: CoxData, beta: Floats) -> Penalised:
    """l(beta) + log det I(beta) / 2 and its score; -inf where the information is singular."""
    raw = derivatives(data, beta, third=True)
    sign, log_determinant = np.linalg.slogdet(raw.information)
    if sign <= 0 or raw.third is None or not np.isfinite(log_determinant):
        return Penalised(float("-inf"), raw.score, raw.information)
    pull = np.einsum("ij,jik->k", np.linalg.inv(raw.information), raw.third) / 2
    return Penalised(raw.loglik + float(log_determinant) / 2, raw.score + pull, raw.information)


def _maximise(data: CoxData, beta: Floats, free: Bools) -> Floats | None:
    """Scoring, then Newton's method, on the free coefficients, steps halved until they climb; or None.

    Fisher's scoring, with the information in place of the second derivative, can swing for ever between
    two points of equal likelihood when events are few: the penalty bends as much as the likelihood does.
    """
    now, before = penalised(data, beta), float("inf")
    if not free.any():
        return beta
    for _ in range(MAX_STEPS):
        score = now.score[free]
        if not np.isfinite(now.loglik):
            return None
        step = np.linalg.solve(now.information[np.ix_(free, free)], score)  # scoring is cheap: while it helps
        if float(score @ step) > SLOW * before:
            step = np.linalg.solve(_curvature(data, beta, free, now), score)
        gain = before = float(score @ step)
        if gain < GAIN_TOLERANCE * max(1.0, abs(now.loglik)):
            return beta
        step *= min(1.0, LARGEST_STEP / gain**0.5)
        visible = gain > ROUNDING_GAIN * max(1.0, abs(now.loglik))
        for halving in range(40):
            trial = beta.copy()
            trial[free] += step / 2**halving
            new = penalised(data, trial)
            if new.loglik > now.loglik or not visible:
                break
        else:
            return None
        beta, now = trial, new
    return None


def _curvature(data: CoxData, beta: Floats, free: Bools, now: Penalised) -> Floats:
    """Minus the second derivative, by differences of the score; the information where that is no hill."""
    information = now.information[np.ix_(free, free)]
    columns = []
    for k in np.flatnonzero(free):
        width = DIFFERENCE / float(np.sqrt(now.information[k, k]))
        ahead, behind = beta.copy(), beta.copy()
        ahead[k] += width
        behind[k] -= width
        change = penalised(data, behind).score[free] - penalised(data, ahead).score[free]
        columns.append(change / (2 * width))
    curvature: Floats = np.column_stack(columns)
    curvature = (curvature + curvature.T) / 2
    if not np.isfinite(curvature).all() or np.linalg.eigvalsh(curvature)[0] <= 0:
        return information
    return curvature


def _profile_limit(
    data: CoxData, best_beta: Floats, best: Penalised, k: int, target: float, se: float
) -> float:
    """Where the signed root of the profile likelihood ratio of coefficient k equals `target`.

    The root is nearly straight in the coefficient, so Newton's steps (its slope is minus the profile score
    over the root, by the envelope theorem) arrive in a handful, kept within a shrinking bracket.
    """
    free = np.arange(best_beta.size) != k
    inside, outside = float(best_beta[k]), float("nan")
    beta = best_beta.copy()
    at = best_beta[k] + target * se
    for _ in range(60):
        beta = beta.copy()
        beta[k] = at
        found = _maximise(data, beta, free)
        if found is None:
            return float("nan")
        beta, here = found, penalised(data, found)
        root = float(np.copysign(np.sqrt(max(2 * (best.loglik - here.loglik), 0.0)), target))
        if abs(root - target) < PROFILE_TOLERANCE:
            return float(at)
        if abs(root) < abs(target):
            inside = at
        else:
            outside = at
        slope = -here.score[k] / root if root != 0 else 1 / se
        at = _next(at + (target - root) / slope if slope > 0 else float("nan"), inside, outside, target * se)
        if abs(at - inside) < 1e-14 * max(1.0, abs(at)):
            return float(at)
    return float("nan")


def _next(newton: float, inside: float, outside: float, stride: float) -> float:
    """Newton's proposal if it lies in the bracket (or within a stride past its open end), else a safe one."""
    if np.isnan(outside):
        reach = inside + 2 * stride
        within = min(inside, reach) < newton < max(inside, reach)
        return newton if within else inside + stride
    within = min(inside, outside) < newton < max(inside, outside)
    return newton if within else (inside + outside) / 2


def _profile_p(data: CoxData, best: float, beta: Floats, k: int) -> float:
    held = beta.copy()
    held[k] = 0.0
    found = _maximise(data, held, np.arange(beta.size) != k)
    if found is None:
        return float("nan")
    return float(chdtrc(1, max(2 * (best - penalised(data, found).loglik), 0.0)))
