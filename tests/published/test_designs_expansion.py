"""Expansion parts: published designs, and the joint numbers against plain simulation."""

from __future__ import annotations

import random

import numpy as np
import pytest

from protocyte.base import InputError, render
from protocyte.designs import (
    Boin,
    Outcome,
    ThreePlusThree,
    advise_outcomes,
    operating_characteristics,
)
from protocyte.designs.expansion import Expansion, joint_characteristics
from protocyte.designs.monitoring import BetaBinomialMonitor, PocockMonitor
from protocyte.designs.two_stage import (
    TwoStage,
    chance_promising,
    early_stopping,
    expected_size,
)


@pytest.mark.parametrize(
    ("p0", "p1", "kind", "sizes", "expected", "stop"),
    [
        (0.05, 0.25, "optimal", (0, 9, 2, 17), 12.0, 0.63),
        (0.05, 0.25, "minimax", (0, 12, 2, 16), 13.8, 0.54),
        (0.10, 0.30, "optimal", (1, 10, 5, 29), 15.0, 0.74),
        (0.10, 0.30, "minimax", (1, 15, 5, 25), 19.5, 0.55),
        (0.20, 0.40, "optimal", (3, 13, 12, 43), 20.6, 0.75),
        (0.20, 0.40, "minimax", (4, 18, 10, 33), 22.3, 0.72),
        (0.30, 0.50, "optimal", (5, 15, 18, 46), 23.6, 0.72),
        (0.30, 0.50, "minimax", (6, 19, 16, 39), 25.7, 0.67),
    ],
)
def test_two_stage_designs_are_those_of_simon_1989_tables_1_and_2(
    p0: float, p1: float, kind: str, sizes: tuple[int, ...], expected: float, stop: float
) -> None:
    """Simon 1989, Controlled Clinical Trials 10:1, alpha 0.05 and beta 0.20."""
    found = TwoStage(p0=p0, p1=p1, kind=kind, largest=50).sizes()
    assert tuple(found) == sizes
    assert expected_size(found, p0) == pytest.approx(expected, abs=0.06)
    assert early_stopping(found, p0) == pytest.approx(stop, abs=0.006)
    assert chance_promising(found, p0) <= 0.05
    assert chance_promising(found, p1) >= 0.80


def test_no_two_stage_design_is_one_sentence() -> None:
    with pytest.raises(InputError, match="up to 10 subjects"):
        TwoStage(p0=0.1, p1=0.2, largest=10).sizes()


def test_pocock_example_of_twenty_subjects() -> None:
    """20 subjects, rate 0.20, error 0.05: overall 0.0484, first stop at three of three."""
    monitor = PocockMonitor(max_subjects=20, rate=0.20, error=0.05)
    assert monitor.boundary()[:4] == ((3, 3), (4, 4), (5, 4), (6, 4))
    assert monitor.stopping_probability(0.20) == pytest.approx(0.0484, abs=5e-5)


@pytest.mark.parametrize(
    ("n", "events", "pending", "expected"),
    [
        (3, 3, 0, "stop"),
        (3, 2, 0, "continue"),
        (2, 2, 1, "wait"),
        (2, 1, 1, "continue"),
        (2, 1, 2, "continue"),
        (4, 3, 1, "wait"),
    ],
)
def test_pending_subjects_who_could_cross_the_boundary_pause_enrolment(
    n: int, events: int, pending: int, expected: str
) -> None:
    monitor = PocockMonitor(max_subjects=20, rate=0.20, error=0.05)
    assert monitor.state(n, events, pending) == expected


def test_a_vague_prior_stops_at_the_first_event() -> None:
    """Beta(1, 1) against 0.10 with certainty 0.95 stops at one event in one subject (posterior 0.99)."""
    monitor = BetaBinomialMonitor(max_subjects=12, rate=0.10)
    assert monitor.state(1, 1) == "stop"
    assert monitor.stopping_probability(0.10) == pytest.approx(0.28, abs=0.006)
    for message in monitor.describe():
        assert render(message, "zh")


def test_without_a_boundary_every_expansion_completes() -> None:
    truth = [0.05, 0.15, 0.3]
    plain = operating_characteristics(ThreePlusThree(), truth)
    joint = joint_characteristics(ThreePlusThree(), Expansion(subjects=12), truth)
    np.testing.assert_allclose(joint.expanded, plain.selection, atol=1e-12)
    assert joint.stopped.sum() == 0
    assert joint.none + joint.completed.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(joint.mean_treated, plain.mean_treated + 12 * plain.selection)


@pytest.mark.parametrize("count_escalation", [False, True])
def test_joint_numbers_agree_with_following_trials_one_by_one(count_escalation: bool) -> None:
    design = Boin(target=0.3, levels=3, max_subjects=12)
    monitor = BetaBinomialMonitor(max_subjects=24, rate=0.25, certainty=0.9)
    expansion = Expansion(subjects=10, monitor=monitor, count_escalation=count_escalation)
    truth = [0.15, 0.35, 0.5]
    exact = joint_characteristics(design, expansion, truth)
    draw, trials = random.Random(8), 1_000
    stopped, total = np.zeros(3), 0
    for _ in range(trials):
        outcomes: list[Outcome] = []
        state = design.start()
        while (advice := design.advise(state)).action not in ("complete", "stop"):
            assert advice.level is not None
            outcomes.append(Outcome(level=advice.level, dlt=draw.random() < truth[advice.level - 1]))
            state = design.step(state, outcomes[-1])
        total += len(outcomes)
        if advice.level is None:
            continue
        at = [outcome.dlt for outcome in outcomes if outcome.level == advice.level]
        n, y = (len(at), sum(map(bool, at))) if count_escalation else (0, 0)
        for _ in range(expansion.subjects):
            if n and monitor.state(n, y) == "stop":
                break
            n, y, total = n + 1, y + (draw.random() < truth[advice.level - 1]), total + 1
        stopped[advice.level - 1] += monitor.state(n, y) == "stop"
    error = np.sqrt(exact.stopped * (1 - exact.stopped) / trials)
    assert (np.abs(stopped / trials - exact.stopped) < 4 * error + 1e-9).all()
    assert total / trials == pytest.approx(exact.expected_subjects, abs=0.6)


def test_selection_makes_an_expansion_stop_more_often_than_its_boundary_says() -> None:
    """Korn 3+3 often selects a level too toxic; the boundary computed for a fixed safe level is too kind."""
    monitor = PocockMonitor(max_subjects=12, rate=0.25, error=0.05)
    truth = [0.2, 0.4, 0.5]
    joint = joint_characteristics(ThreePlusThree(), Expansion(subjects=12, monitor=monitor), truth)
    assert joint.stopped.sum() / joint.expanded.sum() > monitor.stopping_probability(0.25)
    assert advise_outcomes(ThreePlusThree(levels=3), []).level == 1
