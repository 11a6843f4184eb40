"""Cox's partial likelihood (JRSS B 1972;34:187) with its derivatives, for any coefficients.

Tied events follow Efron (JASA 1977;72:557), each of d tied events meeting a risk set that has already lost
its share of the others, or Breslow (Biometrics 1974;30:89). Late entry (`start`) and strata are possible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike

from protocyte.base import InputError
from protocyte.stats.arrays import Bools, Floats, Ints, checked_events, checked_groups, checked_times

Ties = Literal["efron", "breslow"]


@dataclass(frozen=True, eq=False)
class CoxData:
    """Checked data: rows of `x` centred, so that exp(x beta) stays within range."""

    start: Floats | None
    stop: Floats
    event: Bools
    x: Floats
    stratum: Ints
    ties: Ties


class Derivatives(NamedTuple):
    """Log partial likelihood, score (p), information (p, p) and its derivative (p, p, p; None if unasked)."""

    loglik: float
    score: Floats
    information: Floats
    third: Floats | None


def cox_data(
    time: ArrayLike,
    event: ArrayLike,
    x: ArrayLike,
    *,
    start: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    ties: Ties = "efron",
) -> CoxData:
    """Check and arrange. `x`: one row a subject (or a period), one column a covariate, all finite.

    `InputError` for missing values, for no event, for covariates that are constant or a combination of
    others (their coefficients do not exist), and for periods that end before they start.
    """
    stop = checked_times(time)
    happened = checked_events(event, stop.size)
    centred = checked_covariates(x, stop.size)
    if not happened.any():
        raise InputError("there is no event; a hazard ratio cannot be estimated")
    if ties not in get_args(Ties):
        raise InputError(f"ties must be one of {', '.join(get_args(Ties))}, not {ties!r}")
    begin = None
    if start is not None:
        both = checked_times(np.concatenate([np.asarray(start, dtype=np.float64), stop]), "start")
        begin, stop = both[: -stop.size], both[-stop.size :]
        if begin.size != stop.size or (begin >= stop).any():
            raise InputError("every period must start before it stops")
    stratum = np.zeros(stop.size, dtype=np.int64)
    if strata is not None:
        _, stratum = checked_groups(strata, stop.size, "strata")
    return CoxData(begin, stop, happened, centred, stratum, ties)


def checked_covariates(x: ArrayLike, size: int) -> Floats:
    """One centred row a subject; a vector is one covariate. `InputError` where no coefficient can exist."""
    covariates = np.asarray(x, dtype=np.float64)
    covariates = covariates[:, None] if covariates.ndim == 1 else covariates
    if covariates.ndim != 2 or covariates.shape[0] != size or covariates.shape[1] == 0:
        raise InputError(f"x has shape {covariates.shape} for {size} subjects")
    if not np.isfinite(covariates).all():
        raise InputError("x holds a missing or infinite value; leave such subjects out, and count them")
    centred: Floats = covariates - covariates.mean(axis=0)
    scale = np.abs(centred).max(axis=0)
    if (scale == 0).any() or np.linalg.matrix_rank(centred / scale) < centred.shape[1]:
        raise InputError("a covariate is constant, or a combination of others; leave it out")
    return centred


def derivatives(data: CoxData, beta: Floats, *, third: bool = False) -> Derivatives:
    """The log partial likelihood and its derivatives at `beta`."""
    p = data.x.shape[1]
    eta = data.x @ beta
    eta = eta - eta.max()  # a common factor of every risk: it cancels
    loglik, score, information = 0.0, np.zeros(p), np.zeros((p, p))
    change = np.zeros((p, p, p)) if third else None
    for each in np.unique(data.stratum):
        chosen = data.stratum == each
        if not data.event[chosen].any():
            continue
        begin = None if data.start is None else data.start[chosen]
        moments = _moments(
            begin, data.stop[chosen], data.event[chosen], data.x[chosen], eta[chosen], data.ties, third
        )
        mean = moments.first / moments.total[:, None]
        second = moments.second / moments.total[:, None, None]
        own = data.event & chosen
        loglik += float(eta[own].sum() - np.log(moments.total).sum())
        score += data.x[own].sum(axis=0) - mean.sum(axis=0)
        information += (second - mean[:, :, None] * mean[:, None, :]).sum(axis=0)
        if change is not None and moments.third is not None:
            change += _third_central(mean, second, moments.third / moments.total[:, None, None, None])
    return Derivatives(loglik, score, information, change)


class _Moments(NamedTuple):
    """Weighted sums over the risk set each event meets: one row an event."""

    total: Floats
    first: Floats
    second: Floats
    third: Floats | None


def _moments(
    start: Floats | None, stop: Floats, event: Bools, x: Floats, eta: Floats, ties: Ties, third: bool
) -> _Moments:
    weight = np.exp(eta)
    at = np.unique(stop[event])
    row = np.searchsorted(at, stop[event])
    order = np.argsort(row, kind="stable")
    row = row[order]
    # The l-th of d tied events (l = 0 ... d - 1) meets the risk set less l / d of the tied events' weight.
    deaths = np.bincount(row)
    rank = np.arange(row.size) - np.concatenate(([0], np.cumsum(deaths)[:-1]))[row]
    share = rank / deaths[row] if ties == "efron" else np.zeros(row.size)

    def met(values: Floats) -> Floats:
        at_risk = _sum_from(stop, values, at)
        if start is not None:
            at_risk = at_risk - _sum_from(start, values, at)
        tied = np.zeros_like(at_risk)
        np.add.at(tied, np.searchsorted(at, stop[event]), values[event])
        lost = share.reshape(-1, *[1] * (values.ndim - 1))
        left: Floats = at_risk[row] - lost * tied[row]
        return left

    first = weight[:, None] * x
    second = first[:, :, None] * x[:, None, :]
    cubes = second[:, :, :, None] * x[:, None, None, :] if third else None
    return _Moments(met(weight), met(first), met(second), None if cubes is None else met(cubes))


def _sum_from(times: Floats, values: Floats, at: Floats) -> Floats:
    """For each of `at`, the sum of `values` whose time is `at` or later."""
    order = np.argsort(times, kind="stable")
    backwards = np.cumsum(values[order][::-1], axis=0)[::-1]
    padded = np.concatenate([backwards, np.zeros((1, *values.shape[1:]))])
    sums: Floats = padded[np.searchsorted(times[order], at, side="left")]
    return sums


def _third_central(mean: Floats, second: Floats, third: Floats) -> Floats:
    """Third central moments, summed over the events: the derivative of the information."""
    m = mean
    crossed = (
        np.einsum("eij,ek->ijk", second, m)
        + np.einsum("eik,ej->ijk", second, m)
        + np.einsum("ejk,ei->ijk", second, m)
    )
    total: Floats = third.sum(axis=0) - crossed + 2 * np.einsum("ei,ej,ek->ijk", m, m, m)
    return total
