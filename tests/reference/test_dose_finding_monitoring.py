"""Safety boundaries, every row of the reference table."""

from __future__ import annotations

import csv
import re

import pytest

from protocyte.designs.monitoring import BetaBinomialMonitor, Monitor, PocockMonitor
from reference_folder import reference_file


def monitor_of(row: dict[str, str]) -> Monitor:
    most, rate = int(row["max_n"]), float(row["p0"])
    if row["method"].startswith("Pocock"):
        error = float(re.fullmatch(r"phi=([\d.]+)", row["parameters"])[1])
        return PocockMonitor(max_subjects=most, rate=rate, error=error)
    a, b, p0, cut = re.fullmatch(
        r"prior Beta\(([\d.]+),([\d.]+)\); stop if P\(p>([\d.]+)\)>([\d.]+)", row["parameters"]
    ).groups()
    assert float(p0) == rate
    return BetaBinomialMonitor(max_subjects=most, rate=rate, certainty=float(cut), prior=(float(a), float(b)))


@pytest.mark.reference
def test_safety_boundaries_and_their_chances_agree_with_every_row() -> None:
    count = 0
    with reference_file("dlt/stopping_boundaries.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            monitor = monitor_of(row)
            found = ";".join(f"{n}:{events}" for n, events in monitor.boundary())
            assert found == row["boundary_n_to_stop_at"], row["rule_id"]
            for extra in (0.0, 0.1, 0.2):
                name = "prob_stop_at_p0" + (f"_plus_{extra}" if extra else "")
                chance = monitor.stopping_probability(monitor.rate + extra)
                assert chance == pytest.approx(float(row[name]), abs=5.1e-5), row["rule_id"]
            count += 1
    print(f"stopping_boundaries.csv: {count} rows")
    assert count
