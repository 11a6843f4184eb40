"""Fine and Gray's regression of a cumulative incidence (JASA 1999;94:496).

Who had another event stays at risk of this one, weighted by the chance of not having been censored since.
The standard errors carry the estimation of those weights too (their section 4), as R's `cmprsk::crr` does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from protocyte.base import InputError
from protocyte.stats.arrays import Bools, Floats, Ints, checked_codes, checked_times, frozen
from protocyte.stats.bands import normal_quantile
from protocyte.stats.kaplan_meier import count_by_time
from protocyte.stats.monotone import rising_direction
from protocyte.stats.partial_likelihood import checked_covariates

MAX_STEPS = 50
GRADIENT_TOLERANCE = 1e-12  # of the score, relative to the log likelihood


@dataclass(frozen=True, eq=False)
class SubdistributionFit:
    """Log subdistribution hazard ratios with robust errors; limits are of the ratio `exp(coef)`."""

    coef: Floats
    se: Floats
    lower: Floats
    upper: Floats
    p: Floats
    n: int
    n_event: int
    level: float


def fine_gray(
    time: ArrayLike,
    cause: ArrayLike,
    x: ArrayLike,
    of: int = 1,
    *,
    level: float = 0.95,
    tolerance: float = GRADIENT_TOLERANCE,
) -> SubdistributionFit:
    """Regression on the subdistribution hazard of cause `of`; `cause`: 0 censored, 1, 2, ...

    `InputError` without an event of the cause, and where the likelihood has no maximum (a covariate separates
    those with the event from all others: the linear program of `cox` decides). `cmprsk::crr` stops at
    `tolerance` 1e-6, and its third decimal place can be one step short of the maximum; the default here goes
    all the way.
    """
    times = checked_times(time)
    codes = checked_codes(cause, times.size, "cause")
    covariates = checked_covariates(x, times.size)
    z = normal_quantile(level)
    own = codes == of
    if not own.any():
        raise InputError(f"there is no event of cause {of}; a hazard ratio cannot be estimated")
    at, deaths = np.unique(times[own], return_counts=True)
    weights = _weights(times, codes, of, at)
    sets = ((i, weights[:, np.searchsorted(at, times[i])] > 0) for i in np.flatnonzero(own).tolist())
    if rising_direction(covariates, sets) is not None:
        raise InputError("the subdistribution likelihood has no maximum; a covariate separates the events")
    beta, information = _maximise(own, covariates, weights, deaths, tolerance)
    influence = _influence(times, codes, own, covariates, weights, at, deaths, beta)
    half = np.linalg.solve(information, influence.T)
    se = np.sqrt(np.sum(half**2, axis=1))
    with np.errstate(invalid="ignore"):  # everybody at one time has no influence: an error of 0, no test
        p = 2 * ndtr(-np.abs(beta / se))
    return SubdistributionFit(
        coef=frozen(beta),
        se=frozen(se),
        lower=frozen(np.exp(beta - z * se)),
        upper=frozen(np.exp(beta + z * se)),
        p=frozen(p),
        n=times.size,
        n_event=int(own.sum()),
        level=level,
    )


def _weights(times: Floats, codes: Ints, of: int, at: Floats) -> Floats:
    """One row a subject, one column an event time: 1 while followed, G(t-) / G(T_i-) after a rival event."""
    uncensored_before = _censoring_curve(times, codes == 0)
    followed = times[:, None] >= at
    rival = (codes > 0) & (codes != of)
    since: Floats = uncensored_before(at)[None, :] / uncensored_before(times)[:, None]
    kept: Floats = np.where(followed, 1.0, np.where(rival[:, None], since, 0.0))
    return kept


class _censoring_curve:  # noqa: N801  a function with memory
    """t -> the estimated probability of not being censored before t."""

    def __init__(self, times: Floats, censored: Bools) -> None:
        table = count_by_time(times, censored)
        self._times = table.times
        self._before = np.concatenate(([1.0], np.cumprod(1 - table.n_event / table.n_at_risk)))

    def __call__(self, t: Floats) -> Floats:
        value: Floats = self._before[np.searchsorted(self._times, t, side="left")]
        return value


def _risk_sums(x: Floats, weights: Floats, beta: Floats) -> tuple[Floats, Floats, Floats]:
    """The risks, and S0 and the mean covariate at each event time."""
    eta = x @ beta
    risk: Floats = np.exp(eta - eta.max())
    weighted = weights * risk[:, None]
    total = weighted.sum(axis=0)
    return risk, total, (weighted.T @ x) / total[:, None]


def _maximise(
    own: Bools, x: Floats, weights: Floats, deaths: Ints, tolerance: float
) -> tuple[Floats, Floats]:
    """Newton's method from zero: the coefficients and the information there."""
    beta = np.zeros(x.shape[1])
    for _ in range(MAX_STEPS):
        risk, total, mean = _risk_sums(x, weights, beta)
        eta = x @ beta
        loglik = float((eta[own] - eta.max()).sum() - deaths @ np.log(total))
        score = x[own].sum(axis=0) - deaths @ mean
        share = (weights * risk[:, None]) @ (deaths / total)
        information: Floats = (x * share[:, None]).T @ x - (mean * deaths[:, None]).T @ mean
        if np.max(np.abs(score) * np.maximum(np.abs(beta), 1)) < tolerance * max(abs(loglik), 1):
            return beta, information
        try:
            beta = beta + np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            break
    raise InputError("the subdistribution likelihood could not be maximised; rescale the covariates")


def _influence(
    times: Floats,
    codes: Ints,
    own: Bools,
    x: Floats,
    weights: Floats,
    at: Floats,
    deaths: Ints,
    beta: Floats,
) -> Floats:
    """eta_i + psi_i of Fine and Gray: each subject's part in the score, the weights' estimation included."""
    risk, total, mean = _risk_sums(x, weights, beta)
    compensator = weights * risk[:, None] * (deaths / total)  # w_i r_i dLambda at each event time
    eta: Floats = -(x * compensator.sum(axis=1)[:, None] - compensator @ mean)
    eta[own] += x[own] - mean[np.searchsorted(at, times[own])]

    censorings = count_by_time(times, codes == 0)
    u = censorings.times[censorings.n_event > 0]
    if u.size == 0:
        return eta
    at_risk, lost = censorings.n_at_risk[censorings.n_event > 0], censorings.n_event[censorings.n_event > 0]
    # q(u): what the score gains after u from those who had a rival event before u (dN = 0 there).
    after = np.where(times[:, None] < at, compensator, 0.0)
    gain = np.stack([_gain(times < each, at >= each, after, x, mean) for each in u]) / at_risk[:, None]
    followed = (times[:, None] >= u) * (lost / at_risk)
    psi = -followed @ gain
    censored = codes == 0
    psi[censored] += gain[np.searchsorted(u, times[censored])]
    total_influence: Floats = eta + psi
    return total_influence


def _gain(before: Bools, later: Bools, after: Floats, x: Floats, mean: Floats) -> Floats:
    part = after[np.ix_(before, later)]
    gained: Floats = part.sum(axis=1) @ x[before] - part.sum(axis=0) @ mean[later]
    return gained
