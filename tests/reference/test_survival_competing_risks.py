"""Cumulative incidence against R: survfit's and cmprsk::cuminc's standard errors, every row of both files."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from protocyte.stats.aalen_johansen import CIFCurve, aalen_johansen, incidence_at
from survival_reference import close, data, rows

pytestmark = pytest.mark.reference

CAUSE = {"relapse": 1, "trm": 2}


@cache
def _curve(group: str, cause: int, variance: str, band: str) -> CIFCurve:
    table = data("bmt")
    keep = np.ones(table["group"].size, dtype=bool) if group == "all" else table["group"] == float(group)
    return aalen_johansen(table["crtime"][keep], table["crstat"][keep], cause, variance=variance, band=band)


def test_every_row_of_every_incidence_is_survfits_with_the_jackknife():
    table = rows("aalen_johansen.csv.gz")
    events: dict[tuple[str, str, str], int] = {}
    for row in table:
        key = (row["strata"].removeprefix("group="), row["state"], row["conf_type"])
        curve = _curve(key[0], CAUSE[key[1]], "jackknife", key[2])
        (position,) = np.flatnonzero(curve.times == float(row["time"]))
        events[key] = events.get(key, 0) + int(row["n_event"])
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
    for key, count in events.items():
        assert _curve(key[0], CAUSE[key[1]], "jackknife", key[2]).n_event.sum() == count, key
    print(f"{len(table)} rows of {len(events)} curves")


def test_every_incidence_and_aalen_variance_is_cmprsk_cumincs():
    table = rows("cuminc_at_times.csv")
    for row in table:
        *group, cause = row["curve"].split()
        curve = _curve(group[0] if row["dataset"] == "bmt_group" else "all", int(cause), "aalen", "plain")
        at = incidence_at(curve, [float(row["time"])], extend=True)
        assert close(at.incidence[0], row["cif"]), row
        assert close(at.se[0] ** 2, row["var"]), row
    print(f"{len(table)} rows")
