"""Simulation agrees with the exact engine, and does not depend on how it is run."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from protocyte.base import InputError
from protocyte.designs import (
    Boin,
    Crm,
    Design,
    IntraSubject,
    ThreePlusThree,
    TiteBoin,
    operating_characteristics,
)
from protocyte.designs.characteristics import OperatingCharacteristics
from protocyte.designs.late_onset import _waiting_table, late_onset
from protocyte.designs.simulation import combine, simulate, simulate_blocks

TRUTH = [0.12, 0.25, 0.42, 0.6]
TRIALS = 10_000
DESIGNS: dict[str, Design] = {
    "3+3": ThreePlusThree(),
    "BOIN": Boin(target=0.3, max_subjects=24, stop_at_n=12),
    "BOIN fast": Boin(target=0.3, max_subjects=24, modifiers=["accelerated_titration"]),
    "CRM": Crm(target=0.25, skeleton=(0.1, 0.25, 0.4, 0.5), modifiers=["no_skipping", "coherence"]),
    "intra-subject": IntraSubject(max_subjects=6),
}


def worst_z(simulated: OperatingCharacteristics, exact: OperatingCharacteristics) -> float:
    """The largest distance in standard errors; proportions use the exact one, which is never zero."""
    assert simulated.trials
    shares = np.array([exact.none, *exact.selection])
    found = np.array([simulated.none, *simulated.selection])
    z = [np.abs(found - shares) / np.sqrt(np.maximum(shares * (1 - shares), 1e-6) / simulated.trials)]
    for name in ("mean_treated", "mean_dlt", "expected_subjects"):
        gap = np.abs(np.atleast_1d(getattr(simulated, name) - getattr(exact, name)))
        z.append(gap / np.maximum(np.atleast_1d(simulated.mcse[name]), 1e-9 + 1e-12))
    return max(float(np.max(part[np.isfinite(part)])) for part in z)


@pytest.mark.parametrize("name", DESIGNS)
def test_simulated_and_exact_numbers_agree_on_every_cell(name: str) -> None:
    design = DESIGNS[name]
    simulated = simulate(design, TRUTH, TRIALS, seed=2026)
    assert simulated.method == "simulated"
    assert worst_z(simulated, operating_characteristics(design, TRUTH)) < 4


def test_the_same_seed_gives_the_same_result_at_any_number_of_workers() -> None:
    one = simulate(DESIGNS["BOIN"], TRUTH, 5_000, seed=9, workers=1)
    two = simulate(DESIGNS["BOIN"], TRUTH, 5_000, seed=9, workers=2)
    assert one.rows() == two.rows()
    assert simulate(DESIGNS["BOIN"], TRUTH, 5_000, seed=10).rows() != one.rows()


def test_an_interrupted_run_goes_on_from_its_blocks_and_tells_its_progress() -> None:
    whole = simulate(DESIGNS["3+3"], TRUTH, 9_000, seed=4)
    kept = list(itertools.islice(simulate_blocks(DESIGNS["3+3"], TRUTH, 9_000, seed=4), 2))
    stored = [type(block).model_validate_json(block.model_dump_json()) for block in kept]
    seen: list[int] = []
    resumed = simulate(DESIGNS["3+3"], TRUTH, 9_000, seed=4, kept=stored, progress=seen.append)
    assert resumed.rows() == whole.rows()
    assert seen == [2_000, 4_000, 6_000, 8_000, 9_000]


@pytest.mark.parametrize("version", ["published", "effective_sample_size"])
def test_with_slow_accrual_tite_boin_is_boin(version: str) -> None:
    design = TiteBoin(target=0.3, version=version)
    blocks = simulate_blocks(design, TRUTH, 8_000, 12, simulator=late_onset(1e-4, "fixed"))
    assert worst_z(combine(np.array(TRUTH), blocks), operating_characteristics(design, TRUTH)) < 4


def test_faster_accrual_ends_sooner_and_waits_more() -> None:
    design = TiteBoin(target=0.3)
    slow, fast = (
        combine(np.array(TRUTH), simulate_blocks(design, TRUTH, 2_000, 5, simulator=late_onset(rate)))
        for rate in (1.0, 4.0)
    )
    assert fast.extras["duration"] < slow.extras["duration"]
    assert fast.extras["suspended"] > slow.extras["suspended"]


@pytest.mark.parametrize("version", ["published", "effective_sample_size"])
def test_the_table_of_the_simulator_is_the_rule_of_the_design(version: str) -> None:
    design = TiteBoin(target=0.25, version=version, max_subjects=15)
    look_up = _waiting_table(design)
    for n in range(1, 16):
        for pending, dlts in itertools.product(range(n + 1), repeat=2):
            if pending + dlts > n:
                continue
            for followed in np.linspace(0.013, max(pending, 0.02) * 0.99, 7) if pending else [0.0]:
                one = look_up(np.array([n]), np.array([dlts]), np.array([pending]), np.array([followed]))[0]
                expected = (
                    design.code_while_waiting(n, dlts, pending, float(followed))
                    if pending
                    else design.table(n)[n, dlts]
                )
                assert one == expected, (n, dlts, pending, followed)


def test_no_trials_and_two_truths_are_refused() -> None:
    with pytest.raises(InputError, match="0 trials"):
        simulate(ThreePlusThree(), TRUTH, 0, seed=1)
    with pytest.raises(InputError, match="One truth at a time"):
        simulate(ThreePlusThree(), [TRUTH, TRUTH], 10, seed=1)
