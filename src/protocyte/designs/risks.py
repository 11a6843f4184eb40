"""What else the final states say: distributions, the risk of overdosing, and the worst truth."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Literal

import numpy as np

from protocyte.designs.characteristics import Curves
from protocyte.designs.design import Design, with_levels
from protocyte.designs.enumeration import Enumeration, enumerate_design
from protocyte.designs.rows import Bools, Floats, Ints, Why
from protocyte.designs.truth import check_one_truth
from protocyte.designs.wrong import wrong

Criterion = Literal["wrong_selection", "overdose_selected", "share_overdosed", "expected_dlts"]
STOPPED_EARLY = (Why.ALL_TOO_TOXIC, Why.TOO_TOXIC, Why.RUN_IN_FAILED, Why.ENOUGH_AT_LEVEL)


def sample_size_distribution(design: Design, truth: Curves) -> dict[int, float]:
    """P(N = n) for each possible total number of treatments, under one truth (K,)."""
    final, weights, _ = _under(design, truth)
    return _distribution(final.n.sum(axis=1), weights)


def dlt_distribution(design: Design, truth: Curves) -> dict[int, float]:
    """P(D = d) for each possible total number of DLTs, under one truth (K,)."""
    final, weights, _ = _under(design, truth)
    return _distribution(final.y.sum(axis=1), weights)


def probability_overdosing(design: Design, truth: Curves, target: float, share: float) -> float:
    """P(more than `share` of the subjects are treated at levels whose true rate exceeds `target`)."""
    final, weights, curve = _under(design, truth)
    above = final.n[:, curve > target].sum(axis=1)
    return float(weights[above > share * final.n.sum(axis=1)].sum())


def probability_stopped_early(design: Design, truth: Curves) -> float:
    """P(a stopping rule, for toxicity or for enough subjects at a level, ended the escalation)."""
    final, weights, _ = _under(design, truth)
    return float(weights[np.isin(final.why, STOPPED_EARLY)].sum())


def worst_case(
    design: Design,
    criterion: Criterion,
    target: float | None = None,
    gap: float = 0.05,
    levels: int | None = None,
) -> tuple[Floats, float]:
    """(the non-decreasing truth under which `design` does worst, how badly), by exact numbers.

    `wrong_selection`: not selecting the level with rate `target`, where one level has it and the others
    keep a distance of `gap`. `overdose_selected`: recommending a level above `target + gap`.
    `share_overdosed`: expected share of subjects above `target + gap`. `expected_dlts`: DLTs a subject.
    A lattice of all rising curves is searched, then refined level by level until nothing improves.
    """
    full = with_levels(design, levels)
    aim = full.target_rate() if target is None else target
    final, count = enumerate_design(full), full.size_of()
    if count > 8:
        raise wrong("worst_levels", levels=count)
    values = np.unique(
        np.concatenate([np.linspace(0.02, 0.98, _lattice(count)), [aim - gap, aim, aim + gap]])
    )
    curves = np.array(list(combinations_with_replacement(values[(values > 0) & (values < 1)], count)))
    curves = curves[_allowed(curves, criterion, aim, gap)]
    if not len(curves):
        raise wrong("worst_gap", gap=f"{gap:g}", target=f"{aim:g}", levels=count)
    score = _score(final, full, curves, criterion, aim, gap)
    best, worst = curves[np.argmax(score)], float(score.max())
    for step in (0.04, 0.02, 0.01, 0.005, 0.002, 0.001):
        while True:
            moves = best + step * np.vstack([np.eye(count), -np.eye(count), np.tri(count), -np.tri(count)])
            fits = ((moves > 0) & (moves < 1)).all(axis=1) & (np.diff(moves, axis=1) >= 0).all(axis=1)
            moves = moves[fits]
            moves = moves[_allowed(moves, criterion, aim, gap)]
            if not len(moves):
                break
            score = _score(final, full, moves, criterion, aim, gap)
            if score.max() <= worst + 1e-12:
                break
            best, worst = moves[np.argmax(score)], float(score.max())
    return best, worst


def _lattice(levels: int) -> int:
    return {1: 49, 2: 33, 3: 25, 4: 17, 5: 12, 6: 9, 7: 7, 8: 6}[levels]


def _allowed(curves: Floats, criterion: Criterion, target: float, gap: float) -> Bools:
    if criterion != "wrong_selection":
        return np.ones(len(curves), dtype=bool)
    off = np.abs(curves - target)
    hit = off < 1e-9
    return np.asarray((hit.sum(axis=1) == 1) & ((off >= gap - 1e-9) | hit).all(axis=1))


def _score(
    final: Enumeration, design: Design, curves: Floats, criterion: Criterion, target: float, gap: float
) -> Floats:
    steps = design.step_probabilities(curves)
    selection, treated = final.summarise(steps)
    if criterion == "wrong_selection":
        right = (np.abs(curves - target) < 1e-9) * selection[:, 1:]
        return np.asarray(1 - right.sum(axis=1))
    if criterion == "expected_dlts":
        return np.asarray((treated * steps).sum(axis=1) / design.subjects_of(treated))
    above = curves > target + gap - 1e-12
    if criterion == "overdose_selected":
        return np.asarray((above * selection[:, 1:]).sum(axis=1))
    return np.asarray((above * treated).sum(axis=1) / treated.sum(axis=1))


def _under(design: Design, truth: Curves) -> tuple[Enumeration, Floats, Floats]:
    curve = check_one_truth(truth, design.levels)
    full = with_levels(design, len(curve))
    final = enumerate_design(full)
    return final, final.probabilities(full.step_probabilities(curve)), curve


def _distribution(values: Ints, weights: Floats) -> dict[int, float]:
    sums = np.bincount(values, weights)
    return {int(value): float(sums[value]) for value in np.unique(values)}
