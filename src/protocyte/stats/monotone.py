"""Does the partial likelihood have a maximum at all?

It has none if some combination of covariates is, at every event, the largest in the risk set (Bryson and
Johnson, Biometrics 1981;37:665): the likelihood then rises for ever along it, and a program that stops
after some steps prints a huge ratio with a huge error. With few events and a strong marker that is common.
"""

from __future__ import annotations

import numpy as np

from protocyte.stats.arrays import Floats
from protocyte.stats.partial_likelihood import CoxData

# Below this share of a covariate's range a direction found by the linear program is rounding.
DIRECTION_TOLERANCE = 1e-7


def monotone_direction(data: CoxData) -> Floats | None:
    """A direction along which the likelihood never falls and somewhere rises, or None if there is none.

    One linear program: over directions within the unit box (covariates scaled to their range), make the
    summed lead of the events over their risk sets as large as it gets, no lead negative. Exact: the answer
    does not depend on an iteration's stopping rule.
    """
    from scipy.optimize import linprog

    scale = np.abs(data.x).max(axis=0)
    leads = _leads(data, data.x / scale)
    if leads.size == 0:
        return None
    answer = linprog(-leads.sum(axis=0), A_ub=-leads, b_ub=np.zeros(len(leads)), bounds=(-1, 1))
    if not answer.success or (leads @ answer.x).max() <= DIRECTION_TOLERANCE:
        return None
    direction: Floats = np.where(np.abs(answer.x) > DIRECTION_TOLERANCE, answer.x, 0.0) / scale
    return direction


def _leads(data: CoxData, x: Floats) -> Floats:
    """x of each event minus x of each other member of its risk set; equal rows once, zero rows never."""
    parts: list[Floats] = [np.zeros((0, x.shape[1]))]
    for i in np.flatnonzero(data.event):
        at_risk = (data.stop >= data.stop[i]) & (data.stratum == data.stratum[i])
        if data.start is not None:
            at_risk &= data.start < data.stop[i]
        parts.append(x[i] - np.unique(x[at_risk], axis=0))
    leads = np.unique(np.concatenate(parts), axis=0)
    kept: Floats = leads[np.abs(leads).max(axis=1, initial=0.0) > 0]
    return kept
