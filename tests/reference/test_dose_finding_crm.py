"""The continual reassessment method, every row of the reference tables."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import numpy as np
import pytest

from protocyte.designs import Crm, indifference_skeleton
from reference_folder import reference_file

SKELETON = (0.0839734913, 0.1567410211, 0.2500000000, 0.3545004276, 0.4603431111)


def rows(name: str) -> Iterator[dict[str, str]]:
    with reference_file(f"dose-finding/{name}").open(encoding="utf-8") as file:
        yield from csv.DictReader(line for line in file if not line.startswith("#"))


def numbers(cell: str) -> list[float]:
    return [float(part) for part in cell.split(";")]


@pytest.mark.reference
def test_indifference_skeletons_are_those_of_dfcrm() -> None:
    count = 0
    for row in rows("crm_skeletons.csv"):
        found = indifference_skeleton(
            float(row["target"]), float(row["halfwidth"]), int(row["nu"]), int(row["nlevel"]), row["model"]
        )
        assert found == pytest.approx(numbers(row["skeleton"]), abs=1e-9), row
        count += 1
    print(f"crm_skeletons.csv: {count} rows")


@pytest.mark.reference
def test_posteriors_are_those_of_dfcrm() -> None:
    count = 0
    for row in rows("crm_posterior_cases.csv"):
        design = Crm(model=row["model"], target=0.25, skeleton=SKELETON, levels=5)
        level, dlt = (np.array(numbers(row[name]), dtype=int) for name in ("level", "tox"))
        n = np.array([[np.sum(level == k) for k in range(1, 6)]])
        y = np.array([[np.sum(dlt[level == k]) for k in range(1, 6)]])
        mean, variance, rates = design.posterior(n, y)
        assert mean[0] == pytest.approx(float(row["estimate"]), abs=1e-6), row
        assert variance[0] == pytest.approx(float(row["post_var"]), abs=1e-6), row
        assert rates[0] == pytest.approx(numbers(row["ptox"]), abs=1e-6), row
        assert design.select(n[0], y[0]) == int(row["mtd"]), row
        count += 1
    print(f"crm_posterior_cases.csv: {count} rows")


@pytest.mark.reference
def test_tite_posteriors_are_those_of_dfcrm() -> None:
    """A weight below one shrinks what a subject without DLT says; a DLT counts in full."""
    count = 0
    for row in rows("titecrm_posterior_cases.csv"):
        level, dlt = (np.array(numbers(row[name]), dtype=int) for name in ("level", "tox"))
        weight = np.array(numbers(row["weights"]))
        design = Crm(target=0.25, skeleton=SKELETON, levels=5)
        mean, rates = design.weighted_posterior(level, dlt, weight)
        assert mean == pytest.approx(float(row["estimate"]), abs=1e-6), row
        assert rates == pytest.approx(numbers(row["ptox"]), abs=1e-6), row
        assert int(np.argmin(np.abs(rates - 0.25))) + 1 == int(row["mtd"]), row
        count += 1
    print(f"titecrm_posterior_cases.csv: {count} rows")
