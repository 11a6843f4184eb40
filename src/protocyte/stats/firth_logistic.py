"""Firth's penalised logistic regression: finite odds ratios where a covariate separates the outcomes.

Firth (Biometrika 1993;80:27) adds half the log determinant of the information to the likelihood; Heinze and
Schemper (Stat Med 2002;21:2409) show that it solves separation and take limits from the profile of the
penalised likelihood. In a saturated fourfold table it comes to adding a half to every cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from protocyte.base import InputError
from protocyte.stats.arrays import Floats, frozen
from protocyte.stats.bands import normal_quantile
from protocyte.stats.penalised_likelihood import Penalised, fit_profile


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


def firth_logistic(outcome: ArrayLike, x: ArrayLike, *, level: float = 0.95) -> LogisticFit:
    """Regress a yes or no on covariates (one column each; a vector is one), an intercept added.

    `InputError` where lengths differ, a value is missing, a covariate is constant or a combination of others,
    or the outcome is the same throughout: then the data say nothing about an odds ratio.
    """
    y, design = _checked(outcome, x)
    # Centred and scaled the search is the same whatever the covariates' units; undone at the end.
    centre, spread = design[:, 1:].mean(axis=0), design[:, 1:].std(axis=0)
    scaled = np.column_stack([design[:, 0], (design[:, 1:] - centre) / spread])
    size, covariates = scaled.shape[1], range(1, scaled.shape[1])
    # The intercept is where the covariates are zero: nobody asks for its limits.
    fit = fit_profile(partial(_penalised, y, scaled), size, covariates, normal_quantile(level))
    unit = np.concatenate(([1.0], spread))
    back = np.diag(1 / unit)
    back[0, 1:] = -centre / spread
    estimate = back @ fit.coef
    best = _penalised(y, design, estimate)
    return LogisticFit(
        coef=frozen(estimate),
        se=frozen(np.sqrt(np.diag(np.linalg.inv(best.information)))),
        lower=frozen(fit.lower / unit),
        upper=frozen(fit.upper / unit),
        p=frozen(fit.p),
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


def _penalised(y: Floats, design: Floats, beta: Floats) -> Penalised:
    """l(beta) + log det I(beta) / 2, and its score X'(y - p + h (1/2 - p)) with the hat matrix's diagonal h."""
    eta: Floats = design @ beta
    p: Floats = expit(eta)
    weight = p * (1 - p)
    information = design.T @ (weight[:, None] * design)
    sign, log_determinant = np.linalg.slogdet(information)
    if sign <= 0 or not np.isfinite(log_determinant):
        return Penalised(float("-inf"), np.zeros_like(beta), information)
    loglik = (
        float(-np.logaddexp(np.zeros_like(eta), np.where(y > 0, -eta, eta)).sum())
        + float(log_determinant) / 2
    )
    hat = weight * np.einsum("ij,jk,ik->i", design, np.linalg.inv(information), design)
    return Penalised(loglik, design.T @ (y - p + hat * (0.5 - p)), information)
