"""Does the partial likelihood have a maximum at all?

It has none if some combination of covariates is, at every event, the largest in the risk set (Bryson and
Johnson, Biometrics 1981;37:665): the likelihood then rises for ever along it, and a program that stops
after some steps prints a huge ratio with a huge error. With few events and a strong marker that is common.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from protocyte.stats.arrays import Bools, Floats
from protocyte.stats.partial_likelihood import CoxData

# Below this share of a covariate's range a direction found by the linear program is rounding.
DIRECTION_TOLERANCE = 1e-7


def monotone_direction(data: CoxData) -> Floats | None:
    """A direction along which Cox's likelihood never falls and somewhere rises, or None if there is none."""

    def at_risk(i: int) -> Bools:
        present: Bools = (data.stop >= data.stop[i]) & (data.stratum == data.stratum[i])
        return present if data.start is None else np.logical_and(present, data.start < data.stop[i])

    return rising_direction(data.x, ((i, at_risk(i)) for i in np.flatnonzero(data.event).tolist()))


def rising_direction(x: Floats, risk_sets: Iterable[tuple[int, Bools]]) -> Floats | None:
    """The same for any risk sets: each event's row of `x` with who was at risk of it.

    One linear program: over directions within the unit box (covariates scaled to their range), make the
    summed lead of the events over their risk sets as large as it gets, no lead negative. Exact: the answer
    does not depend on an iteration's stopping rule.
    """
    from scipy.optimize import linprog

    scale = np.abs(x).max(axis=0)
    leads = _leads(x / scale, risk_sets)
    if leads.size == 0:
        return None
    answer = linprog(-leads.sum(axis=0), A_ub=-leads, b_ub=np.zeros(len(leads)), bounds=(-1, 1))
    if not answer.success or (leads @ answer.x).max() <= DIRECTION_TOLERANCE:
        return None
    direction: Floats = np.where(np.abs(answer.x) > DIRECTION_TOLERANCE, answer.x, 0.0) / scale
    return direction


def _leads(x: Floats, risk_sets: Iterable[tuple[int, Bools]]) -> Floats:
    """x of each event minus x of each other member of its risk set; equal rows once, zero rows never."""
    parts = [np.zeros((0, x.shape[1])), *(x[i] - np.unique(x[there], axis=0) for i, there in risk_sets)]
    leads = np.unique(np.concatenate(parts), axis=0)
    kept: Floats = leads[np.abs(leads).max(axis=1, initial=0.0) > 0]
    return kept
