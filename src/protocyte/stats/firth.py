"""Firth's penalised Cox regression: finite estimates where the partial likelihood has no maximum.

Heinze and Schemper (Biometrics 2001;57:114) show that the penalty (see `penalised_likelihood`) solves monotone
likelihood.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from protocyte.stats.arrays import Floats, frozen
from protocyte.stats.bands import normal_quantile
from protocyte.stats.hazard_fit import HazardFit, concordance
from protocyte.stats.partial_likelihood import CoxData, Ties, cox_data, derivatives
from protocyte.stats.penalised_likelihood import Penalised, fit_profile


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
    size = data.x.shape[1]
    # In units of the covariates' spread the penalised likelihood is the same whatever their unit of measure.
    unit_shift = -float(np.log(np.std(data.x, axis=0, ddof=1)).sum())
    fit = fit_profile(partial(penalised, data), size, range(size), normal_quantile(level))
    return HazardFit(
        method="firth",
        coef=frozen(fit.coef),
        se=frozen(np.sqrt(np.diag(fit.covariance))),
        lower=frozen(np.exp(fit.lower)),
        upper=frozen(np.exp(fit.upper)),
        p=frozen(fit.p),
        covariance=frozen(fit.covariance),
        n=data.stop.size,
        n_event=int(data.event.sum()),
        loglik_null=penalised(data, np.zeros(size)).loglik + unit_shift,
        loglik=fit.best.loglik + unit_shift,
        score=float("nan"),
        wald=float("nan"),
        concordance=concordance(data, data.x @ fit.coef),
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
