"""Speed of the dose-finding room: `pytest bench/bench_designs.py` (never part of the tests).

Warm numbers unless the name says otherwise; a build forgets what earlier calls kept.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np

from protocyte.designs import Blrm, Boin, Crm, ThreePlusThree, TiteBoin, operating_characteristics
from protocyte.designs.enumeration import build
from protocyte.designs.late_onset import late_onset
from protocyte.designs.modifiers import Coherence, NoSkipping
from protocyte.designs.pathways import merged_paths
from protocyte.designs.simulation import combine, simulate, simulate_blocks
from protocyte.designs.timeline import Course, simulate_timeline

TRUTH = [0.05, 0.10, 0.20, 0.35, 0.50]
SKELETON = (0.0839734913, 0.1567410211, 0.2500000000, 0.3545004276, 0.4603431111)
BOIN = Boin(target=0.30, levels=5, max_subjects=30)


def test_three_plus_three_build_and_curve(benchmark: Any) -> None:
    """Goal 2 ms."""
    design = ThreePlusThree(levels=5)
    benchmark(lambda: build(design).summarise(np.array(TRUTH)))


def test_boin_ten_threes_build(benchmark: Any) -> None:
    """Goal 5 ms."""
    benchmark(lambda: build(BOIN))


def test_boin_ten_threes_one_more_curve(benchmark: Any) -> None:
    """Goal 0.1 ms."""
    operating_characteristics(BOIN, TRUTH)
    benchmark(lambda: operating_characteristics(BOIN, TRUTH))


def test_boin_ten_threes_a_thousand_curves(benchmark: Any) -> None:
    """Goal 100 ms."""
    curves = np.sort(np.random.Generator(np.random.PCG64(1)).random((1000, 5)), axis=1)
    benchmark(lambda: operating_characteristics(BOIN, curves))


def test_boin_thirty_ones_build(benchmark: Any) -> None:
    """Goal 0.5 s."""
    design = Boin(target=0.30, levels=5, cohort_size=1, max_subjects=30)
    benchmark.pedantic(lambda: build(design), rounds=3)


def test_crm_twenty_four_ones_build(benchmark: Any) -> None:
    """Goal 0.3 s."""
    design = Crm(target=0.25, skeleton=SKELETON, max_subjects=24, modifiers=[NoSkipping(), Coherence()])
    benchmark.pedantic(lambda: build(design), rounds=3)


def test_blrm_ten_threes_build(benchmark: Any) -> None:
    """Goal 1.5 s."""
    design = Blrm(doses=(10, 25, 50, 80, 100), reference=50, max_subjects=30)
    benchmark.pedantic(lambda: build(design), rounds=3)


def test_boin_pathways_of_every_depth(benchmark: Any) -> None:
    """Goal 100 ms."""
    benchmark(lambda: merged_paths(BOIN, 10, TRUTH))


def test_simulated_tite_boin_ten_thousand_trials(benchmark: Any) -> None:
    """Goal 20,000 trials a second: 0.5 s."""
    design, truth = TiteBoin(target=0.30, levels=5), np.array(TRUTH)
    benchmark.pedantic(
        lambda: combine(truth, simulate_blocks(design, TRUTH, 10_000, 1, simulator=late_onset(2.8))), rounds=3
    )


def test_simulated_boin_ten_thousand_trials(benchmark: Any) -> None:
    benchmark.pedantic(lambda: simulate(BOIN, TRUTH, 10_000, 1), rounds=3)


def test_timeline_of_three_plus_three_thousand_trials(benchmark: Any) -> None:
    design, truth = ThreePlusThree(levels=5), np.array(TRUTH)
    benchmark.pedantic(lambda: list(simulate_timeline(design, Course(), truth, 1_000, 1)), rounds=3)


def in_new_process(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


def test_import_in_a_new_process(benchmark: Any) -> None:
    """Goal 0.5 s, the interpreter's start included here."""
    benchmark.pedantic(lambda: in_new_process("import protocyte.designs"), rounds=3)


def test_first_call_in_a_new_process(benchmark: Any) -> None:
    """Goal 3 s."""
    code = (
        "from protocyte.designs import *;"
        "operating_characteristics(Boin(target=0.3), [0.05, 0.1, 0.2, 0.35, 0.5]);"
        "operating_characteristics(ThreePlusThree(), [0.05, 0.1, 0.2, 0.35, 0.5])"
    )
    benchmark.pedantic(lambda: in_new_process(code), rounds=3)
