"""Firth's penalised logistic regression: finite odds ratios where a covariate separates the outcomes.

Firth (Biometrika 1993;80:27) adds half the log determinant of the information to the likelihood; Heinze and
Schemper (Stat Med 2002;21:2409) show that it solves separation and take limits from the profile of the
penalised likelihood. In a saturated fourfold table it comes to adding a half to every cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, expit

from protocyte.base import InputError
from protocyte.stats.arrays import Bools, Floats, frozen
from protocyte.stats.bands import normal_quantile

MAX_STEPS = 200
TOLERANCE = 1e-11  # of the modified score in standard errors
LARGEST_STEP = 5.0  # standard errors; further the quadratic picture of the likelihood is fiction
WIDEST = 60  # doublings of a standard error within which a limit must lie


@dataclass(frozen=True, eq=False)
class LogisticFit:
    """`coef` holds the intercept first; `lower` and `upper` are profile limits on the same (log odds) scale.

    `p` are tests by the penalised likelihood ratio. A limit that cannot be reached is NaN.
    """

    coef: Floats
    se: Floats
    lower: Floats
    upper: Floats
    p: Floats
    n: int
    n_event: int
    loglik: float
    level: float


class _State(NamedTuple):
    loglik: float
    score: Floats
    information: Floats


def firth_logistic(outcome: ArrayLike, x: ArrayLike, *, level: float = 0.95) -> LogisticFit:
    """Regress a yes or no on covariates (one column each; a vector is one), an intercept added.

    `InputError` where lengths differ, a value is missing, a covariate is constant or a combination of others,
    or the outcome is the same throughout: then the data say nothing about an odds ratio.
    """
    y, design = _checked(outcome, x)
    # Centred and scaled the search is the same whatever the covariates' units; undone at the end.
    centre, spread = design[:, 1:].mean(axis=0), design[:, 1:].std(axis=0)
    scaled = np.column_stack([design[:, 0], (design[:, 1:] - centre) / spread])
    size = scaled.shape[1]
    beta = _maximise(y, scaled, np.zeros(size), np.ones(size, dtype=bool))
    back = np.eye(size)
    back[1:, 1:] = np.diag(1 / spread)
    back[0, 1:] = -centre / spread
    best = _penalised(y, design, back @ beta)
    estimate = back @ beta
    se = np.sqrt(np.diag(np.linalg.inv(best.information)))
    z = normal_quantile(level)
    lower, upper, p = np.full(size, np.nan), np.full(size, np.nan), np.full(size, np.nan)
    scaled_best = _penalised(y, scaled, beta)
    scaled_se = np.sqrt(np.diag(np.linalg.inv(scaled_best.information)))
    for k in range(1, size):  # the intercept is where the covariates are zero: nobody asks for its limits
        ends = [
            _limit(y, scaled, beta, scaled_best.loglik, k, sign, z, float(scaled_se[k])) for sign in (-1, 1)
        ]
        lower[k], upper[k] = (end / spread[k - 1] for end in ends)
        p[k] = chdtrc(1, max(2 * (scaled_best.loglik - _profile(y, scaled, beta, k, 0.0)[0]), 0.0))
    return LogisticFit(
        coef=frozen(estimate),
        se=frozen(se),
        lower=frozen(lower),
        upper=frozen(upper),
        p=frozen(p),
        n=int(y.size),
        n_event=int(y.sum()),
        loglik=best.loglik,
        level=level,
    )


def _checked(outcome: ArrayLike, x: ArrayLike) -> tuple[Floats, Floats]:
    y = np.asarray(outcome, dtype=np.float64)
    given = np.asarray(x, dtype=np.float64)
    columns = given[:, None] if given.ndim == 1 else given
    if y.ndim != 1 or columns.ndim != 2 or columns.shape[0] != y.size or columns.shape[1] == 0:
        raise InputError("every outcome needs one value of every covariate")
    if not (np.isfinite(columns).all() and np.isin(y, (0.0, 1.0)).all()):
        raise InputError("outcomes are 0 or 1 and covariates finite; leave out subjects with missing values")
    if y.size == 0 or y.min() == y.max():
        raise InputError("the outcome is the same throughout: there is nothing to compare")
    design: Floats = np.column_stack([np.ones(y.size), columns])
    shifted = (columns - columns.mean(axis=0)) / np.where(
        np.ptp(columns, axis=0) > 0, np.ptp(columns, axis=0), 1
    )
    if np.linalg.matrix_rank(np.column_stack([np.ones(y.size), shifted])) < design.shape[1]:
        raise InputError("a covariate is constant or a combination of others")
    return y, design


def _penalised(y: Floats, design: Floats, beta: Floats) -> _State:
    """l(beta) + log det I(beta) / 2, and its score X'(y - p + h (1/2 - p)) with the hat matrix's diagonal h."""
    eta: Floats = design @ beta
    p: Floats = expit(eta)
    weight = p * (1 - p)
    information = design.T @ (weight[:, None] * design)
    sign, log_determinant = np.linalg.slogdet(information)
    if sign <= 0 or not np.isfinite(log_determinant):
        return _State(float("-inf"), np.zeros_like(beta), information)
    loglik = (
        float(-np.logaddexp(np.zeros_like(eta), np.where(y > 0, -eta, eta)).sum())
        + float(log_determinant) / 2
    )
    hat = weight * np.einsum("ij,jk,ik->i", design, np.linalg.inv(information), design)
    return _State(loglik, design.T @ (y - p + hat * (0.5 - p)), information)


def _maximise(y: Floats, design: Floats, beta: Floats, free: Bools) -> Floats:
    """Fisher's scoring on the free coefficients, steps halved until they climb."""
    now = _penalised(y, design, beta)
    for _ in range(MAX_STEPS):
        score = now.score[free]
        if score.size == 0:
            return beta
        step = np.linalg.solve(now.information[np.ix_(free, free)], score)
        length = max(float(score @ step), 0.0) ** 0.5
        if length < TOLERANCE:
            return beta
        step *= min(1.0, LARGEST_STEP / length)
        for halving in range(40):
            trial = beta.copy()
            trial[free] += step / 2**halving
            new = _penalised(y, design, trial)
            if new.loglik > now.loglik or (length < 1e-6 and halving == 0):
                break
        else:
            return beta  # nothing visible is left to gain
        beta, now = trial, new
    return beta


def _profile(y: Floats, design: Floats, beta: Floats, k: int, at: float) -> tuple[float, Floats]:
    """The penalised likelihood, maximised over the other coefficients, with coefficient k held at `at`."""
    held = beta.copy()
    held[k] = at
    free = np.arange(beta.size) != k
    found = _maximise(y, design, held, free)
    return _penalised(y, design, found).loglik, found


def _limit(
    y: Floats, design: Floats, beta: Floats, best: float, k: int, sign: int, z: float, se: float
) -> float:
    """Where the profile has fallen by z^2/2 from its top: bracketed outward, then by Brent's method."""
    from scipy.optimize import brentq

    def short(at: float) -> float:
        return best - _profile(y, design, beta, k, at)[0] - z * z / 2

    inside, outside = float(beta[k]), float(beta[k]) + sign * z * se
    for _ in range(WIDEST):
        if short(outside) > 0:
            return float(brentq(short, inside, outside, xtol=1e-11, rtol=1e-13))
        inside, outside = outside, outside + 2 * (outside - inside)
        if abs(outside) > 700:  # beyond this a probability is 0 or 1 to the last digit
            break
    return float("nan")
