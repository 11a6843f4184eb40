"""Kaplan-Meier against R survival 3.5-3: km_curves, km_at_times, km_quantiles and km_summary_table."""

from __future__ import annotations

from functools import cache

import pytest

from protocyte.stats.kaplan_meier import KMCurve, kaplan_meier, reverse_kaplan_meier, survival_at
from protocyte.stats.quantiles import km_quantiles
from survival_reference import close, is_reverse, rows, sample

pytestmark = pytest.mark.reference


@cache
def _curve(dataset: str, stratum: str, band: str) -> KMCurve:
    estimate = reverse_kaplan_meier if is_reverse(dataset) else kaplan_meier
    return estimate(*sample(dataset, stratum), band=band)


def _key(row: dict[str, str]) -> tuple[str, str, str]:
    return row["dataset"], row["strata"], row["conf_type"]


def test_every_row_of_every_curve_is_survfits():
    table = rows("km_curves.csv.gz")
    seen: dict[tuple[str, str, str], int] = {}
    for row in table:
        key = _key(row)
        position = seen.get(key, 0)
        seen[key] = position + 1
        curve = _curve(*key)
        ours = {
            "time": curve.times,
            "n_risk": curve.n_at_risk,
            "n_event": curve.n_event,
            "n_censor": curve.n_censor,
            "surv": curve.survival,
            "std_err": curve.se,
            "lower": curve.lower,
            "upper": curve.upper,
            "cumhaz": curve.cumulative_hazard,
            "std_chaz": curve.se_cumulative_hazard,
        }
        for name, column in ours.items():
            assert close(column[position], row[name]), (row, name, column[position])
    for key, count in seen.items():
        assert _curve(*key).times.size == count, key  # no row of ours is missing there
    print(f"{len(table)} rows of {len(seen)} curves")


def test_every_reading_at_a_time_is_summary_survfits():
    table = rows("km_at_times.csv")
    for row in table:
        at = survival_at(_curve(*_key(row)), [float(row["time"])], extend=True)
        ours = {
            "n_risk": at.n_at_risk,
            "surv": at.survival,
            "std_err": at.se,
            "lower": at.lower,
            "upper": at.upper,
        }
        for name, column in ours.items():
            assert close(column[0], row[name]), (row, name, column[0])
    print(f"{len(table)} rows")


def test_every_ordered_quantile_is_quantile_survfits():
    table = rows("km_quantiles.csv")
    for row in table:
        ours = km_quantiles(_curve(*_key(row)), [float(row["prob"])], rule="ordered")
        for name, column in (("quantile", ours.value), ("lower", ours.lower), ("upper", ours.upper)):
            assert close(column[0], row[name]), (row, name, column[0])
    print(f"{len(table)} rows")


def test_every_first_crossing_median_is_print_survfits():
    table = rows("km_summary_table.csv")
    for row in table:
        curve = _curve(*_key(row))
        ours = km_quantiles(curve, [0.5])
        assert (curve.n, curve.events) == (int(row["n"]), int(row["events"])), row
        for name, column in (("median", ours.value), ("lcl", ours.lower), ("ucl", ours.upper)):
            assert close(column[0], row[name]), (row, name, column[0])
    print(f"{len(table)} rows")
