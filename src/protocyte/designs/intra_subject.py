"""Escalation within each subject: everybody starts at the first level and climbs dose by dose.

A truth is here the *marginal* probability F_d that a subject has a DLT at or below level d. A climber who
left level d-1 unharmed has the DLT at level d with probability (F_d - F_(d-1)) / (1 - F_(d-1)); carry-over
of an earlier dose is so charged to the latest dose given. Every outcome is one dose of one subject; an
outcome at the first level begins the next subject.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from protocyte.base import Message
from protocyte.designs.advice import six_digits
from protocyte.designs.design import LARGEST_TRIAL, Design, Tally
from protocyte.designs.outcome import Outcome
from protocyte.designs.rows import Decisions, Floats, Ints, Rows, Why, at_level
from protocyte.designs.truth import check_marginal

CLIMBING, ENDED = 0, 1


class IntraSubject(Design):
    """Each of up to `max_subjects` climbs until a DLT, a response or the top level.

    A `moderate` toxicity ends a climb too, without being a DLT (a study says which: DOMAIN 9).

    A level is closed to everybody, with all above it, once the posterior probability that the risk of
    a DLT there exceeds `target` is above `cutoff` (Beta(1, 1) prior, at least `close_from` doses given:
    the elimination rule of interval designs, on doses given). The recommended level is the highest one
    whose estimated marginal risk does not exceed `target`; the estimate is the product-limit one.
    """

    design: Literal["intra_subject"] = "intra_subject"
    by_cohort: ClassVar[bool] = False
    # A step is one dose of one subject, not a cohort, and everybody begins at the first level.
    unfit: ClassVar[frozenset[str]] = frozenset(
        {"accelerated_titration", "coherence", "confirm_before_escalating", "demand_n", "max_subjects"}
    )
    own_memory: ClassVar[int] = 1  # did the last dose end its subject's climb?
    target: float = Field(default=0.30, gt=0, lt=1)
    max_subjects: int = Field(default=12, ge=1, le=LARGEST_TRIAL)
    cutoff: float = Field(default=0.95, gt=0.5, lt=1)
    close_from: int = Field(default=3, ge=1)

    @model_validator(mode="after")
    def _from_the_first_level(self) -> Self:
        if self.start_level != 1:
            raise PydanticCustomError("start_within", "start", {"start": self.start_level})
        return self

    def rule(self, rows: Rows) -> Decisions:
        out = Decisions.empty(len(rows))
        cap = self.open_levels(rows.n, rows.y)
        ended = rows.memory[:, 0] == ENDED
        climbs = ~ended & (rows.level > 0) & (rows.level < np.minimum(cap, self.top_level()))
        out.treat(~climbs, 1, 1, Why.NEXT_SUBJECT)
        out.treat(climbs, rows.level + 1, 1, Why.CLIMB)
        out.treat(rows.level == 0, 1, 1, Why.START)
        over = ~climbs & (rows.n[:, 0] >= self.max_subjects)
        if over.any():
            selected = self.choose(rows.n, rows.y, cap)
            out.finish(over, selected, Why.MAX_SUBJECTS)
            out.why[over & (selected == 0)] = Why.NONE_RECOMMENDED
        out.finish(cap == 0, 0, Why.ALL_TOO_TOXIC)
        return out

    def remember_own(self, rows: Rows, size: int, dlts: int) -> Ints:
        return np.full((len(rows), 1), ENDED if dlts else CLIMBING, dtype=np.int64)

    def recall_own(self, tally: Tally, outcome: Outcome, dlt: bool) -> tuple[int, ...]:
        return (ENDED if dlt or outcome.efficacy or outcome.moderate else CLIMBING,)

    def own_recommendation(self, rows: Rows) -> Ints:
        return self.choose(rows.n, rows.y, self.open_levels(rows.n, rows.y))

    def whole_cohort(self) -> int:
        return 1

    def open_levels(self, n: Ints, y: Ints) -> Ints:
        from scipy.special import betaincc

        closed = (n >= self.close_from) & (betaincc(1.0 + y, 1.0 + n - y, self.target) > self.cutoff)
        open_below: Ints = np.where(closed.any(axis=1), np.argmax(closed, axis=1), n.shape[1])
        return open_below

    def choose(self, n: Ints, y: Ints, cap: Ints) -> Ints:
        """The highest tried, open level (S,) with a marginal risk of at most the target; 0 if none."""
        fits = (marginal_risk(n, y) <= self.target) & (n > 0) & (np.arange(n.shape[1]) < cap[:, None])
        last = n.shape[1] - np.argmax(fits[:, ::-1], axis=1)
        return np.where(fits.any(axis=1), last, 0).astype(np.int64)

    def step_probabilities(self, truth: Floats) -> Floats:
        """The DLT probability of one dose, from marginal probabilities (..., K)."""
        check_marginal(truth)
        before = np.concatenate([np.zeros_like(truth[..., :1]), truth[..., :-1]], axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = (truth - before) / (1.0 - before)
        return np.where(before >= 1.0, 0.0, step).astype(float)

    def subjects_of(self, treated: Floats) -> Any:
        return treated[..., 0]

    def most_at_level(self) -> int:
        return self.max_subjects

    def evidence(self, tally: Tally) -> dict[str, str]:
        n, y = np.array([tally.n]), np.array([tally.y])
        here = np.array([max(tally.level, 1)])
        risk = at_level(marginal_risk(n, y), here)[0] if tally.level else 0.0
        return {"marginal_risk": six_digits(risk), "subjects": str(tally.n[0])}

    def describe(self) -> tuple[Message, ...]:
        return (Message.of("designs.about_intra_subject", target=self.target, subjects=self.max_subjects),)


def marginal_risk(n: Ints, y: Ints) -> Floats:
    """The product-limit estimate (S, K) of having a DLT at or below each level."""
    risk = (y / np.maximum(n, 1)).astype(np.float64)
    return np.asarray(1.0 - np.cumprod(1.0 - risk, axis=1), dtype=np.float64)
