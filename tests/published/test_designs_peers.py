"""Exact numbers against what other software simulated: within four Monte Carlo standard errors a cell.

All runs use the truth 0.05, 0.10, 0.20, 0.35, 0.50; the software and its version stand beside each.
"""

from __future__ import annotations

import numpy as np
import pytest

from protocyte.designs import Blrm, Boin, Crm, Design, Keyboard, ThreePlusThree, operating_characteristics
from protocyte.designs.modifiers import Coherence, NoSkipping

TRUTH = [0.05, 0.10, 0.20, 0.35, 0.50]
SKELETON = (0.0839734913, 0.1567410211, 0.2500000000, 0.3545004276, 0.4603431111)
RESTRICTED = (NoSkipping(), Coherence())
CRMPACK_BLRM = Blrm(doses=(10, 25, 50, 80, 100), reference=50, interval=(0.20, 0.35), max_subjects=30)

# design, trials, (none, selection...) as proportions
RUNS: dict[str, tuple[Design, int, list[float]]] = {
    "BOIN 2.7.2 get.oc": (
        Boin(target=0.30, max_subjects=30),
        10_000,
        [0.0004, 0.0026, 0.0521, 0.3888, 0.4589, 0.0972],
    ),
    "Keyboard 0.1.3 get.oc.kb": (
        Keyboard(target=0.30, max_subjects=30),
        10_000,
        [0.0002, 0.0026, 0.0451, 0.3914, 0.4603, 0.1004],
    ),
    "dfcrm 0.2-2.1 crmsim, empiric, 24 in ones": (
        Crm(target=0.25, skeleton=SKELETON, max_subjects=24, modifiers=RESTRICTED),
        4_000,
        [0.0, 0.0065, 0.11775, 0.500, 0.3355, 0.04025],
    ),
    "dfcrm 0.2-2.1 crmsim, logistic, 24 in ones": (
        Crm(model="logistic", target=0.25, skeleton=SKELETON, max_subjects=24, modifiers=RESTRICTED),
        1_000,
        [0.0, 0.007, 0.110, 0.490, 0.335, 0.058],
    ),
    "dfcrm 0.2-2.1 crmsim, empiric, 30 in threes": (
        Crm(target=0.25, skeleton=SKELETON, cohort_size=3, max_subjects=30, modifiers=RESTRICTED),
        1_000,
        [0.0, 0.001, 0.077, 0.492, 0.390, 0.040],
    ),
    "crmPack 2.0.1, 3+3": (
        ThreePlusThree(variant="korn_six_at_top"),
        10_000,
        [0.0282, 0.1022, 0.2841, 0.3800, 0.1767, 0.0288],
    ),
    "crmPack 2.0.1, BLRM": (CRMPACK_BLRM, 200, [0.115, 0.010, 0.300, 0.415, 0.115, 0.045]),
}


@pytest.mark.parametrize("name", RUNS)
def test_selection_agrees_with_what_other_software_simulated(name: str) -> None:
    design, trials, simulated = RUNS[name]
    found = operating_characteristics(design, TRUTH)
    exact = np.array([found.none, *found.selection])
    error = np.sqrt(np.maximum(exact * (1 - exact), 1e-12) / trials)
    # Printed to four digits: half of the last one may be lost.
    assert (np.abs(exact - simulated) < 4 * error + 5e-5).all()


@pytest.mark.parametrize(
    ("n", "y"),
    [
        ((3, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        ((3, 3, 6, 0, 0), (0, 0, 2, 0, 0)),
        ((3, 6, 9, 3, 3), (0, 1, 2, 2, 2)),
    ],
)
def test_blrm_interval_probabilities_are_those_of_plain_double_integration(
    n: tuple[int, ...], y: tuple[int, ...]
) -> None:
    """A second path: brute summation over (log alpha, log beta) on a grid of 4,000 x 900 points."""
    found = CRMPACK_BLRM.interval_probabilities(np.array([n]), np.array([y]))[0]
    a = np.linspace(-16, 14, 4000)
    b = np.linspace(-6.5, 6.5, 900)
    ratio = np.log(np.array([10, 25, 50, 80, 100]) / 50)
    total = np.zeros((5, 3))
    for slope in b:
        lines = a + np.exp(slope) * ratio[:, None]
        log_p, log_q = -np.logaddexp(0, -lines), -np.logaddexp(0, lines)
        weight = -0.5 * ((a + np.log(3)) / 2) ** 2 - 0.5 * slope**2
        mass = np.exp(weight + np.array(y) @ log_p + (np.array(n) - np.array(y)) @ log_q)
        rates = np.exp(log_p)
        for level in range(5):
            part = np.digitize(rates[level], [0.20, 0.35])
            total[level] += np.bincount(part, mass, minlength=3)
    brute = total / total.sum(axis=1, keepdims=True)
    # The brute grid cuts cells at the interval ends, which costs it about one part in a thousand.
    np.testing.assert_allclose(found, brute, atol=2e-3)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)


def test_blrm_refuses_a_level_overdose_control_does_not_admit() -> None:
    shares = CRMPACK_BLRM.interval_probabilities(np.array([[3, 3, 0, 0, 0]]), np.array([[0, 2, 0, 0, 0]]))[0]
    assert shares[1, 2] > 0.25
    assert CRMPACK_BLRM.select([3, 3, 0, 0, 0], [0, 2, 0, 0, 0]) == 1
    assert CRMPACK_BLRM.select([6, 0, 0, 0, 0], [4, 0, 0, 0, 0]) == 0
