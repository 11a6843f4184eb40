"""Exact operating characteristics, every row of the reference tables."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator

import numpy as np
import pytest

from protocyte.designs import Boin, Crm, Design, ThreePlusThree, enumerate_design, operating_characteristics
from protocyte.designs.modifiers import Coherence, NoSkipping
from reference_folder import reference_file

THREE_PLUS_THREE = {
    "3+3/no-deescalation (": "no_deescalation",
    "3+3/deescalation (": "korn",
    "3+3/deescalation, 6": "korn_six_at_top",
}


def design_named(text: str) -> Design:
    """The design a row's description stands for; a description not understood is a failure."""
    for start, variant in THREE_PLUS_THREE.items():
        if text.startswith(start):
            return ThreePlusThree(variant=variant)
    target = float("0" + re.search(r"target (\.\d+)", text)[1])
    if text.startswith("BOIN"):
        cohorts, size = map(int, re.search(r"(\d+) cohorts of (\d+)", text).groups())
        early = re.search(r"n\.earlystop (\d+)", text)
        stop = int(early[1]) if early else None
        return Boin(target=target, cohort_size=size, max_subjects=cohorts * size, stop_at_n=stop)
    assert text.startswith("CRM"), text
    subjects, size = map(int, re.search(r"N=(\d+), cohort (\d+)", text).groups())
    assert "restrict=TRUE" in text
    skeleton = json.loads(reference_file("dose-finding/crm_skeleton.json").read_text())["skeleton"]
    return Crm(
        model="logistic" if "logistic" in text else "empiric",
        target=target,
        skeleton=skeleton,
        cohort_size=size,
        max_subjects=subjects,
        modifiers=[NoSkipping(), Coherence()],
    )


def rows(name: str) -> Iterator[dict[str, str]]:
    with reference_file(f"dose-finding/{name}").open(encoding="utf-8") as file:
        yield from csv.DictReader(line for line in file if not line.startswith("#"))


def numbers(cell: str) -> list[float]:
    return [float(part) for part in cell.split(";")]


@pytest.mark.reference
def test_exact_operating_characteristics_agree_with_every_row() -> None:
    """One part in 1e6 of the printed number, or 1e-9 where cancellation left it fewer digits."""
    count = 0
    for row in rows("exact_oc.csv"):
        design = design_named(row["design"])
        found = operating_characteristics(design, numbers(row["p_true"]))
        name = f"{row['design']} {row['scenario']}"
        for got, expected in (
            (found.none, float(row["p_none"])),
            (found.selection, numbers(row["select"])),
            (found.mean_treated, numbers(row["mean_n"])),
            (found.mean_dlt, numbers(row["mean_tox"])),
            (found.expected_subjects, float(row["mean_N"])),
        ):
            np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-9, err_msg=name)
        count += 1
    print(f"exact_oc.csv: {count} rows")
    assert count


@pytest.mark.reference
def test_the_distribution_of_the_sample_size_agrees() -> None:
    content = json.loads(reference_file("dose-finding/exact_3p3_sample_size.json").read_text())
    final = enumerate_design(ThreePlusThree(variant="no_deescalation", levels=5))
    weights = final.probabilities(np.array([0.05, 0.10, 0.20, 0.35, 0.50]))
    total = final.n.sum(axis=1)
    for size, expected in content["P(N=n)"].items():
        assert weights[total == int(size)].sum() == pytest.approx(expected, rel=1e-9)
    print(f"exact_3p3_sample_size.json: {len(content['P(N=n)'])} rows")
