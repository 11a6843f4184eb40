"""Cox's proportional hazards regression: Newton's method, and an honest answer where no maximum exists."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from protocyte.base import InputError, Message
from protocyte.stats.arrays import Floats, frozen
from protocyte.stats.bands import normal_quantile
from protocyte.stats.firth import firth_cox
from protocyte.stats.hazard_fit import HazardFit, concordance
from protocyte.stats.partial_likelihood import CoxData, Ties, cox_data, derivatives

MAX_STEPS = 60
# A Newton step that promises less than this in log likelihood has nothing left to find.
STEP_TOLERANCE = 1e-22
# The information at the maximum, relative to that at zero, below which a maximum is doubted and its
# existence asked of the linear program. An ordinary strong effect stays well above.
INFORMATION_DOUBT = 1e-3


def cox(
    time: ArrayLike,
    event: ArrayLike,
    x: ArrayLike,
    *,
    start: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    ties: Ties = "efron",
    level: float = 0.95,
) -> HazardFit:
    """Maximum partial likelihood. See `cox_data` for the arrays and what is refused.

    A monotone likelihood is reported, not iterated: every estimate is NaN and `problem` says which
    covariates (numbered from 1) have no finite coefficient. `proportional_hazards` then turns to Firth.
    Data in which nobody at risk differs at any event are reported likewise.
    """
    data = cox_data(time, event, x, start=start, strata=strata, ties=ties)
    z = normal_quantile(level)
    null = derivatives(data, np.zeros(data.x.shape[1]))
    if _uninformed(data, null.information):
        every = np.ones(data.x.shape[1])
        return _without_maximum(data, null.loglik, float("nan"), every, level, "stats.no_information")
    beta = _maximise(data)
    if beta is None or _doubtful(data, beta, null.information):
        from protocyte.stats.monotone import monotone_direction

        direction = monotone_direction(data)
        if direction is not None:
            score = _score_test(null.score, null.information)
            return _without_maximum(data, null.loglik, score, direction, level, "stats.monotone_likelihood")
        if beta is None:
            raise InputError("the partial likelihood could not be maximised; rescale the covariates")
    best = derivatives(data, beta)
    covariance = np.asarray(np.linalg.inv(best.information), dtype=np.float64)
    se = np.sqrt(np.diag(covariance))
    return HazardFit(
        method=ties,
        coef=frozen(beta),
        se=frozen(se),
        lower=frozen(np.exp(beta - z * se)),
        upper=frozen(np.exp(beta + z * se)),
        p=frozen(2 * ndtr(-np.abs(beta / se))),
        covariance=frozen(covariance),
        n=data.stop.size,
        n_event=int(data.event.sum()),
        loglik_null=null.loglik,
        loglik=best.loglik,
        score=_score_test(null.score, null.information),
        wald=float(beta @ best.information @ beta),
        concordance=concordance(data, data.x @ beta),
        level=level,
    )


def proportional_hazards(
    time: ArrayLike,
    event: ArrayLike,
    x: ArrayLike,
    *,
    start: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    ties: Ties = "efron",
    level: float = 0.95,
) -> HazardFit:
    """Cox's regression where its maximum exists, Firth's where the likelihood is monotone.

    `method` of the answer says which. Data that say nothing about a covariate stay without estimates.
    """
    fit = cox(time, event, x, start=start, strata=strata, ties=ties, level=level)
    if fit.problem is None or fit.problem.key == "stats.no_information":
        return fit
    return firth_cox(time, event, x, start=start, strata=strata, ties=ties, level=level)


def _maximise(data: CoxData) -> Floats | None:
    """Newton's method with halved steps; None where it finds no stationary point."""
    beta = np.zeros(data.x.shape[1])
    now = derivatives(data, beta)
    for _ in range(MAX_STEPS):
        try:
            step = np.linalg.solve(now.information, now.score)
        except np.linalg.LinAlgError:
            return None
        if now.score @ step < STEP_TOLERANCE * max(1.0, abs(now.loglik)):
            return beta + step
        moved = False
        for halving in range(30):
            trial = beta + step / 2**halving
            new = derivatives(data, trial)
            if np.isfinite(new.loglik) and new.loglik >= now.loglik - 1e-12 * abs(now.loglik):
                beta, now, moved = trial, new, True
                break
        if not moved:
            return None
    return None


def _uninformed(data: CoxData, null_information: Floats) -> bool:
    """Is some combination of covariates the same for everybody at risk, at every event?"""
    scale = np.abs(data.x).max(axis=0)
    return bool(np.linalg.matrix_rank(null_information * np.outer(1 / scale, 1 / scale)) < scale.size)


def _doubtful(data: CoxData, beta: Floats, null_information: Floats) -> bool:
    """Has the likelihood flattened out along some direction, as it does on the way to infinity?"""
    scale = np.sqrt(np.diag(null_information))
    if not np.isfinite(beta).all() or (scale == 0).any():
        return True
    relative = derivatives(data, beta).information / np.outer(scale, scale)
    at_zero = null_information / np.outer(scale, scale)
    smallest = np.linalg.eigvalsh(relative)[0]
    return bool(smallest < INFORMATION_DOUBT * np.linalg.eigvalsh(at_zero)[0])


def _score_test(score: Floats, information: Floats) -> float:
    try:
        return float(score @ np.linalg.solve(information, score))
    except np.linalg.LinAlgError:
        return float("nan")


def _without_maximum(
    data: CoxData, loglik_null: float, score: float, direction: Floats, level: float, why: str
) -> HazardFit:
    p = direction.size
    nothing = np.full(p, np.nan)
    involved = tuple(str(i + 1) for i in np.flatnonzero(direction))
    return HazardFit(
        method=data.ties,
        coef=frozen(nothing.copy()),
        se=frozen(nothing.copy()),
        lower=frozen(nothing.copy()),
        upper=frozen(nothing.copy()),
        p=frozen(nothing.copy()),
        covariance=frozen(np.full((p, p), np.nan)),
        n=data.stop.size,
        n_event=int(data.event.sum()),
        loglik_null=loglik_null,
        loglik=float("nan"),
        score=score,
        wald=float("nan"),
        concordance=float("nan"),
        level=level,
        problem=Message.of(why, covariates=involved),
    )
