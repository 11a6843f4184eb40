"""Escalation and expansion as one trial.

The level that is expanded was selected because few DLTs were seen there, so the chances of the expansion's
safety boundary, computed as if the level had been fixed, are too kind. Here the boundary is followed from
every final state of the escalation, each with its own history at the selected level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import Field

from protocyte.base import Frozen
from protocyte.designs.characteristics import Curves
from protocyte.designs.design import Design, with_levels
from protocyte.designs.enumeration import enumerate_design
from protocyte.designs.monitoring import MonitorNode
from protocyte.designs.rows import Floats
from protocyte.designs.truth import check_one_truth


class Expansion(Frozen):
    """`subjects` newly infused at the recommended level, watched by `monitor` if there is one.

    `count_escalation`: the boundary counts the escalation's subjects at that level too. Beyond the
    monitor's `max_subjects` nothing is watched.
    """

    subjects: int = Field(ge=1)
    monitor: MonitorNode | None = None
    count_escalation: bool = False


@dataclass(frozen=True)
class JointCharacteristics:
    """Under one truth (K,): `expanded` (K,) the chance each level is selected and expanded, `stopped` (K,)
    that its expansion crosses the boundary, `completed` (K,) that it does not, `none` that nothing is
    expanded; `mean_treated` and `mean_dlt` (K,) over both parts; `expected_subjects` in all."""

    truth: Floats
    expanded: Floats
    stopped: Floats
    completed: Floats
    none: float
    mean_treated: Floats
    mean_dlt: Floats
    expected_subjects: float

    def as_json(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()
        }


def joint_characteristics(design: Design, expansion: Expansion, truth: Curves) -> JointCharacteristics:
    """Exact characteristics of `design` followed by `expansion` under one truth (K,)."""
    curve = check_one_truth(truth, design.levels)
    full = with_levels(design, curve.shape[-1])
    step = full.step_probabilities(curve)
    final = enumerate_design(full)
    weights = final.probabilities(step)
    levels = len(curve)
    expanded, stopped, added = np.zeros(levels), np.zeros(levels), np.zeros(levels)
    for level in range(1, levels + 1):
        here = final.selected == level
        if not here.any():
            continue
        expanded[level - 1] = weights[here].sum()
        risk = float(curve[level - 1])  # the expansion gives this dose once: the marginal probability
        seen = np.column_stack([final.n[here, level - 1], final.y[here, level - 1]])
        kinds, back = np.unique(seen, axis=0, return_inverse=True)
        chances = np.bincount(back.ravel(), weights[here])
        for (n, y), chance in zip(kinds.tolist(), chances.tolist(), strict=True):
            stop, subjects = _follow(expansion, risk, n, y)
            stopped[level - 1] += chance * stop
            added[level - 1] += chance * subjects
    treated = weights @ final.n
    return JointCharacteristics(
        truth=curve,
        expanded=expanded,
        stopped=stopped,
        completed=expanded - stopped,
        none=float(weights[final.selected == 0].sum()),
        mean_treated=treated + added,
        mean_dlt=treated * step + added * curve,
        expected_subjects=float(full.subjects_of(treated)) + float(added.sum()),
    )


def _follow(expansion: Expansion, risk: float, n: int, y: int) -> tuple[float, float]:
    """(chance to stop, expected subjects added) of the expansion, from the escalation's n and y."""
    if expansion.monitor is None:
        return 0.0, float(expansion.subjects)
    before = (n, y) if expansion.count_escalation else (0, 0)
    return _walk(expansion.monitor.limits(), risk, before, expansion.subjects)


def _walk(
    limits: tuple[int, ...], risk: float, before: tuple[int, int], subjects: int
) -> tuple[float, float]:
    n, events = before
    last = len(limits) - 1
    if n <= last and events >= limits[n]:
        return 1.0, 0.0
    chance = np.zeros(n + subjects + 2)
    chance[events] = 1.0
    added = 0.0
    for now in range(n + 1, n + subjects + 1):
        added += float(chance.sum())
        chance[1:] = chance[1:] * (1 - risk) + chance[:-1] * risk
        chance[0] *= 1 - risk
        if now <= last:
            chance[min(limits[now], len(chance)) :] = 0.0
    return 1.0 - float(chance.sum()), added
