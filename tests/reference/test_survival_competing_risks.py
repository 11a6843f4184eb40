"""Cumulative incidence against R: survfit's and cmprsk::cuminc's standard errors, every row of both files."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from protocyte.stats.aalen_johansen import CIFCurve, aalen_johansen, incidence_at
from survival_reference import COMPETING, close, competing, rows

pytestmark = pytest.mark.reference


@cache
def _curve(dataset: str, group: str, cause: int, variance: str, band: str) -> CIFCurve:
    return aalen_johansen(*competing(dataset, group), cause, variance=variance, band=band)


def _jackknife(row: dict[str, str]) -> CIFCurve:
    cause = COMPETING[row["dataset"].partition("_")[0]][3][row["state"]]
    group = row["strata"].rpartition("=")[2]
    return _curve(row["dataset"], group, cause, "jackknife", row["conf_type"])


def test_every_row_of_every_incidence_is_survfits_with_the_jackknife():
    table = rows("aalen_johansen.csv.gz")
    events: dict[CIFCurve, int] = {}
    for row in table:
        curve = _jackknife(row)
        (position,) = np.flatnonzero(curve.times == float(row["time"]))
        events[curve] = events.get(curve, 0) + int(row["n_event"])
        ours = {
            "n_risk": curve.n_at_risk,
            "n_event": curve.n_event,
            "pstate": curve.incidence,
            "std_err": curve.se,
            "lower": curve.lower,
            "upper": curve.upper,
        }
        for name, column in ours.items():
            assert close(column[position], row[name]), (row, name, column[position])
    for curve, count in events.items():
        assert curve.n_event.sum() == count  # no event of ours is missing there
    print(f"{len(table)} rows of {len(events)} curves")


def test_every_incidence_and_aalen_variance_is_cmprsk_cumincs():
    table = rows("cuminc_at_times.csv")
    for row in table:
        group, _, cause = row["curve"].rpartition(" ")
        curve = _curve(row["dataset"], group, int(cause), "aalen", "plain")
        at = incidence_at(curve, [float(row["time"])], extend=True)
        assert close(at.incidence[0], row["cif"]), row
        assert close(at.se[0] ** 2, row["var"]), row
    print(f"{len(table)} rows")
