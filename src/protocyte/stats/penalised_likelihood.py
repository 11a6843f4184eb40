"""Firth's penalised likelihoods: their maximum, and limits and tests from their profiles.

Firth (Biometrika 1993;80:27) adds half the log determinant of the information, so that a maximum always
exists. Limits come from the profile of the penalised likelihood (Heinze and Schemper, Biometrics 2001;57:114
and Stat Med 2002;21:2409), since near separation it is far from symmetric.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc

from protocyte.base import InputError
from protocyte.stats.arrays import Bools, Floats

MAX_STEPS = 100
GAIN_TOLERANCE = 1e-20  # of log likelihood promised by a step; the estimate is then good to about 1e-10
ROUNDING_GAIN = 1e-13  # a promise so small that rounding may hide its being kept
SLOW = 0.1  # a scoring step that leaves more than this of the promised gain is not worth repeating
DIFFERENCE = 1e-4  # of a standard error, for differences of the score: error of order 1e-8, squared away
PROFILE_TOLERANCE = 1e-10  # of the signed root of the likelihood ratio
LARGEST_STEP = 5.0  # standard errors; further the quadratic picture of the likelihood is fiction


class Penalised(NamedTuple):
    """At some coefficients: l + log det I / 2 (-inf where the information is singular), its score, and I."""

    loglik: float
    score: Floats
    information: Floats


Likelihood = Callable[[Floats], Penalised]


class ProfileFit(NamedTuple):
    """`lower`, `upper` and `p` are of the coefficients, NaN where not asked for or where no limit is reached."""

    coef: Floats
    best: Penalised
    covariance: Floats
    lower: Floats
    upper: Floats
    p: Floats


def fit_profile(of: Likelihood, size: int, asked: Iterable[int], z: float) -> ProfileFit:
    """The maximum from zero on, with limits `z` signed roots of the likelihood ratio away.

    `InputError` where no maximum is found, which only hopelessly scaled covariates bring about.
    """
    coef = maximise(of, np.zeros(size), np.ones(size, dtype=bool))
    if coef is None:
        raise InputError("the penalised likelihood could not be maximised; rescale the covariates")
    best = of(coef)
    covariance = np.asarray(np.linalg.inv(best.information), dtype=np.float64)
    lower, upper, p = np.full((3, size), np.nan)
    for k in asked:
        se = float(np.sqrt(covariance[k, k]))
        lower[k], upper[k] = (_limit(of, coef, best, k, sign * z, se) for sign in (-1, 1))
        p[k] = _test(of, best.loglik, coef, k)
    return ProfileFit(coef, best, covariance, lower, upper, p)


def maximise(of: Likelihood, beta: Floats, free: Bools) -> Floats | None:
    """Scoring, then Newton's method, on the free coefficients, steps halved until they climb; or None.

    Fisher's scoring, with the information in place of the second derivative, can swing for ever between
    two points of equal likelihood when events are few: the penalty bends as much as the likelihood does.
    """
    now, before = of(beta), float("inf")
    if not free.any():
        return beta
    for _ in range(MAX_STEPS):
        score = now.score[free]
        if not np.isfinite(now.loglik):
            return None
        step = np.linalg.solve(now.information[np.ix_(free, free)], score)  # scoring is cheap: while it helps
        if float(score @ step) > SLOW * before:
            step = np.linalg.solve(_curvature(of, beta, free, now), score)
        gain = before = float(score @ step)
        if gain < GAIN_TOLERANCE * max(1.0, abs(now.loglik)):
            return beta
        step *= min(1.0, LARGEST_STEP / gain**0.5)
        visible = gain > ROUNDING_GAIN * max(1.0, abs(now.loglik))
        for halving in range(40):
            trial = beta.copy()
            trial[free] += step / 2**halving
            new = of(trial)
            if new.loglik > now.loglik or not visible:
                break
        else:
            return None
        beta, now = trial, new
    return None


def _curvature(of: Likelihood, beta: Floats, free: Bools, now: Penalised) -> Floats:
    """Minus the second derivative, by differences of the score; the information where that is no hill."""
    information = now.information[np.ix_(free, free)]
    columns = []
    for k in np.flatnonzero(free):
        width = DIFFERENCE / float(np.sqrt(now.information[k, k]))
        ahead, behind = beta.copy(), beta.copy()
        ahead[k] += width
        behind[k] -= width
        change = of(behind).score[free] - of(ahead).score[free]
        columns.append(change / (2 * width))
    curvature: Floats = np.column_stack(columns)
    curvature = (curvature + curvature.T) / 2
    if not np.isfinite(curvature).all() or np.linalg.eigvalsh(curvature)[0] <= 0:
        return information
    return curvature


def _limit(of: Likelihood, best_beta: Floats, best: Penalised, k: int, target: float, se: float) -> float:
    """Where the signed root of the profile likelihood ratio of coefficient k equals `target`.

    The root is nearly straight in the coefficient, so Newton's steps (its slope is minus the profile score
    over the root, by the envelope theorem) arrive in a handful, kept within a shrinking bracket.
    """
    inside, outside = float(best_beta[k]), float("nan")
    beta = best_beta
    at = best_beta[k] + target * se
    for _ in range(60):
        found = _profile(of, (beta, best_beta), k, at)
        if found is None:
            return float("nan")
        beta, here = found
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


def _profile(of: Likelihood, starts: Iterable[Floats], k: int, at: float) -> tuple[Floats, Penalised] | None:
    """The highest of the maxima over the other coefficients, coefficient k held at `at`.

    Far from the estimate there are several: between any two neighbours of one covariate lies an intercept that
    separates those below from those above. A climb from one start alone finds the nearest.
    """
    found = []
    for start in starts:
        held = start.copy()
        held[k] = at
        beta = maximise(of, held, np.arange(held.size) != k)
        if beta is not None:
            found.append((beta, of(beta)))
    return max(found, key=lambda one: one[1].loglik, default=None)


def _test(of: Likelihood, best: float, beta: Floats, k: int) -> float:
    found = _profile(of, (beta, np.zeros_like(beta)), k, 0.0)
    return float("nan") if found is None else float(chdtrc(1, max(2 * (best - found[1].loglik), 0.0)))
