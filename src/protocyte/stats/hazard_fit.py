"""A fitted hazard model, whichever method fitted it, and how well it orders subjects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import chdtrc

from protocyte.base import Message
from protocyte.stats.arrays import Floats
from protocyte.stats.partial_likelihood import CoxData

Method = Literal["efron", "breslow", "firth"]


@dataclass(frozen=True, eq=False)
class HazardFit:
    """Log hazard ratios, one a covariate, with the model's tests.

    `lower`, `upper` are limits of the hazard ratio `exp(coef)` at `level`: Wald's for `efron` and
    `breslow`, the profile penalised likelihood's for `firth`; `p` belongs to the same kind. Where
    `problem` is set the maximum does not exist and every estimate is NaN.
    """

    method: Method
    coef: Floats
    se: Floats
    lower: Floats
    upper: Floats
    p: Floats
    covariance: Floats
    n: int
    n_event: int
    loglik_null: float
    loglik: float
    score: float
    wald: float
    concordance: float
    level: float
    problem: Message | None = None

    @property
    def hazard_ratio(self) -> Floats:
        ratio: Floats = np.exp(self.coef)
        return ratio

    @property
    def likelihood_ratio(self) -> float:
        """Twice the gain in (penalised) log likelihood over no effect."""
        return 2 * (self.loglik - self.loglik_null)

    @property
    def likelihood_ratio_p(self) -> float:
        return float(chdtrc(self.coef.size, self.likelihood_ratio))


def concordance(data: CoxData, risk: Floats) -> float:
    """Harrell's C: among comparable pairs the share where the earlier event had the higher risk.

    Equal risks count half; two events at one time are not comparable, an event and a censoring are
    (the censored subject outlived the event). NaN without a comparable pair.
    """
    agree, pairs = 0.0, 0
    for i in np.flatnonzero(data.event):
        later = (data.stop > data.stop[i]) | ((data.stop == data.stop[i]) & ~data.event)
        later &= data.stratum == data.stratum[i]
        if data.start is not None:
            later &= data.start < data.stop[i]
        others = risk[later]
        agree += float(np.sum(others < risk[i]) + 0.5 * np.sum(others == risk[i]))
        pairs += others.size
    return agree / pairs if pairs else float("nan")
