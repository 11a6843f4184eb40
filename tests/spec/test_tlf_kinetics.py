"""Kinetic parameters, tables, figures and listings: counted by hand, and again from the records."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from courses import course, day
from protocyte.base import InputError, Quantity
from protocyte.derive.kinetic_parameters import KineticParameters, Profile, kinetic_parameters
from protocyte.stats.detection import State
from protocyte.stats.firth_logistic import firth_logistic
from protocyte.stats.nca import nca
from small_study import small_study

STUDY = small_study()
QPCR, MARROW = "car_blood_qpcr", "car_marrow_qpcr"
BEFORE = "D-40 consent; D-30 enrol; D-8 marrow 40; D-5 ld; D0 infusion 1;"
NAN = math.nan

# One profile to every detail: detected (30) and lost values, a peak on day 10, samples to day 120.
FULL = (
    f"{BEFORE} D0 qpcr <50; D1 qpcr 30; D3 qpcr 200; D7 qpcr 4000; D10 qpcr 90000; D14 qpcr 40000;"
    "D21 qpcr 9000; D28 qpcr 2500; D60 qpcr 800; D91 qpcr 300; D100 qpcr 180; D120 qpcr <50"
)
FULL_DAYS = [1, 3, 7, 10, 14, 21, 28, 60, 91, 100, 120]
FULL_VALUES = [NAN, 200, 4000, 90000, 40000, 9000, 2500, 800, 300, 180, NAN]


def parameters(text: str, assay: str = QPCR, study: Any = STUDY) -> KineticParameters:
    return kinetic_parameters(study, course(text), assay)


def only(text: str, assay: str = QPCR, study: Any = STUDY) -> Profile:
    (profile,) = parameters(text, assay, study).profiles
    return profile


# --- parameters of one subject ---------------------------------------------------------------------------


def test_parameters_are_those_of_the_analysis_called_on_the_points_by_hand() -> None:
    found = only(FULL)
    states = [State.DETECTED, *[State.QUANTIFIED] * 9, State.BELOW]
    by_hand = nca(FULL_DAYS, FULL_VALUES, lloq=50, states=states, windows=(28, 90))

    assert found.days == tuple(FULL_DAYS)
    assert (found.cmax, found.tmax, found.tfirst, found.tlast, found.clast) == (90000, 10, 3, 100, 180)
    assert (found.n_quantified, found.n_detected) == (9, 1)
    assert found.area_last == by_hand.area_last
    assert [area.value for area in found.areas] == [one.value for one in by_hand.windows]
    assert found.contraction.time == by_hand.contraction.half_life
    assert (found.contraction.points, found.contraction.first_day, found.contraction.last_day) == (4, 10, 28)
    assert found.terminal.time == by_hand.terminal.half_life
    assert (found.terminal.points, found.terminal.first_day, found.terminal.last_day) == (3, 60, 100)
    assert found.expansion.time == by_hand.expansion.doubling
    assert found.fold_expansion == 450
    assert (found.blq, found.method) == ("zero-outside", "linear-up-log-down")


def test_the_area_is_that_of_trapezoids_by_hand() -> None:
    """Up linear from nothing, down logarithmic: 0-7 rising to 700, 7-14 falling to 70, then to 7 on day 28."""
    study = small_study({f"kinetics.{QPCR}.lloq": "1 copies/ug", f"kinetics.{QPCR}.lod": None})
    found = only(f"{BEFORE} D7 qpcr 700; D14 qpcr 70; D28 qpcr 7", study=study)
    expected = 7 * 700 / 2 + 7 * (700 - 70) / math.log(10) + 14 * (70 - 7) / math.log(10)

    assert found.area_to(28).value == pytest.approx(expected, rel=1e-12)
    assert found.area_to(90).value is None
    assert "28" in str(found.area_to(90).reason)
    assert "90" in str(found.area_to(90).reason)


def test_nothing_quantified_has_no_peak_and_no_area_and_says_so() -> None:
    found = only(f"{BEFORE} D7 qpcr <50; D14 qpcr 30; D28 qpcr <10")

    assert found.cmax is found.tmax is found.area_last is found.clast is found.fold_expansion is None
    assert [area.value for area in found.areas] == [None, None]
    assert all(str(area.reason) == "No value reached the limit of quantification." for area in found.areas)
    assert str(found.reason) == "No value reached the limit of quantification."
    assert (found.n_quantified, found.n_detected, len(found.used)) == (0, 1, 3)


def test_one_sample_has_a_peak_and_nothing_that_needs_more() -> None:
    found = only(f"{BEFORE} D7 qpcr 700")

    assert (found.cmax, found.tmax, found.clast, found.tlast) == (700, 7, 700, 7)
    assert found.area_last is None
    assert found.contraction.time is None
    assert found.contraction.points == 1
    assert "3 are needed" in str(found.contraction.reason)
    assert found.expansion.time is None
    assert found.fold_expansion is None
    assert [area.value for area in found.areas] == [None, None]


def test_no_samples_and_no_infusion_are_told_apart() -> None:
    assert str(only(BEFORE).reason) == "no samples after the dose"
    assert parameters("D-40 consent; D-30 enrol").profiles == ()
    assert parameters("D-40 consent; D-30 enrol").main is None


def test_fractions_of_one_dose_are_one_profile_from_the_first_fractions_day() -> None:
    split = small_study(
        {
            "dosing.scheme": "split",
            "dosing.fractions": [
                {"day": "0", "share": "10 %"},
                {"day": "1", "share": "30 %"},
                {"day": "2", "share": "60 %"},
            ],
        }
    )
    found = only(f"{BEFORE} D1 infusion 1; D2 infusion 1; D2 qpcr 80; D10 qpcr 900; D28 qpcr 90", study=split)

    assert found.start == day(0)
    assert found.days == (2, 10, 28)
    assert (found.tmax, found.cmax) == (10, 900)
    assert found.dose == Quantity(3_000_000, "cells/kg")


def test_a_reinfusion_ends_the_first_profile_and_has_its_own() -> None:
    found = parameters(f"{BEFORE} D10 qpcr 900; D60 qpcr 90; D60 infusion 1; D70 qpcr 5000; D90 qpcr 70")
    first, again = found.profiles

    assert (first.kind, first.cmax, first.days, first.ended_by) == ("first", 900, (10, 60), "reinfusion")
    assert (again.kind, again.cmax, again.tmax, again.days) == ("reinfusion", 5000, 10, (10, 30))
    assert again.before is not None
    assert again.before.value == 90
    assert found.main is first
    assert found.reinfusions == (again,)
    assert "re-infusion on day 60" in str(first.area_to(90).reason)


def test_every_dose_of_a_climb_is_a_profile_and_the_last_is_the_one_compared() -> None:
    climb = small_study(
        {"dosing.scheme": "intra_subject", "dosing.climb": {"after": "28 d", "unless": "dlt"}}
    )
    found = parameters(f"{BEFORE} D7 qpcr 60; D28 qpcr <50; D28 infusion 2; D38 qpcr 8000", study=climb)
    first, second = found.profiles

    assert (first.kind, first.level, first.cmax, first.days) == ("first", 1, 60, (7, 28))
    assert (second.kind, second.level, second.cmax, second.tmax) == ("climb", 2, 8000, 10)
    assert found.main is second
    assert found.reinfusions == ()
    assert (first.ended_by, second.ended_by) == ("next_dose", None)


def test_what_comes_after_a_transplant_is_no_longer_the_products() -> None:
    found = only(f"{BEFORE} D10 qpcr 900; D28 qpcr 300; D40 transplant; D60 qpcr 9000; D91 qpcr 80")

    assert (found.cmax, found.tlast, found.ended_by) == (900, 28, "transplant")
    assert found.area_to(28).value is not None
    assert str(found.area_to(90).reason) == "transplant on day 40 came before the window's end on day 90"


def test_of_several_results_of_a_day_the_highest_stands_and_the_others_are_counted() -> None:
    found = only(f"{BEFORE} D10 qpcr 900; D10 qpcr 700; D10 qpcr <50; D14 qpcr >1e6")

    assert (found.days, found.repeated, found.cmax, found.capped) == ((10, 14), 2, 1e6, True)


def test_a_foreign_unit_is_in_no_number() -> None:
    found = parameters(f"{BEFORE} D9 qpcr 4000 copies/mL; D14 qpcr 800")

    assert found.profiles[0].cmax == 800
    assert len(found.unusable) == 1


def test_marrow_stands_over_blood_only_where_both_are_quantified_on_one_visit() -> None:
    study = small_study()
    text = f"{BEFORE} D28 qpcr 100; D29 marrow_qpcr 400; D60 qpcr 90; D63 marrow_qpcr 90; D91 qpcr <50; "
    text += "D91 marrow_qpcr 90"
    if MARROW not in study.kinetics:
        plan = study.kinetics[QPCR].model_dump(mode="json") | {"matrix": "marrow"}
        study = small_study({f"kinetics.{MARROW}": plan})
    found = parameters(text, MARROW, study).ratios
    assert found is not None
    assert found.pairs == ((29, 4.0),)
    assert found.blood == QPCR
    assert parameters(text, QPCR, study).ratios is None
    none = parameters(f"{BEFORE} D28 marrow_qpcr 400", MARROW, study).ratios
    assert none is not None
    assert none.pairs == ()
    assert "within 1 day" in str(none.reason)


# --- Firth's logistic regression -------------------------------------------------------------------------


@pytest.mark.parametrize("cells", [(3, 1, 1, 3), (4, 0, 0, 4), (5, 2, 0, 3), (1, 6, 2, 0)])
def test_in_a_fourfold_table_firth_adds_a_half_to_every_cell(cells: tuple[int, int, int, int]) -> None:
    """The saturated model's penalised maximum has a closed form (Heinze, Schemper 2002, section 2.1)."""
    a, b, c, d = cells
    fit = firth_logistic([1] * a + [0] * b + [1] * c + [0] * d, [1] * (a + b) + [0] * (c + d))

    assert fit.coef[1] == pytest.approx(math.log((a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5))), abs=1e-9)


def test_profile_limits_lie_where_a_plain_search_finds_the_penalised_likelihood_fallen() -> None:
    from scipy.optimize import minimize
    from scipy.stats import chi2

    x = np.array([3.1, 4.2, 4.4, 5.0, 5.3, 5.9, 6.2, 4.9])
    y = np.array([0, 0, 1, 0, 1, 1, 1, 1])

    def penalised(a: float, b: float) -> float:
        p = 1 / (1 + np.exp(-(a + b * x)))
        design = np.column_stack([np.ones_like(x), x])
        determinant = np.linalg.det(design.T @ np.diag(p * (1 - p)) @ design)
        return float((y * np.log(p) + (1 - y) * np.log(1 - p)).sum() + 0.5 * np.log(determinant))

    fit = firth_logistic(y, x)
    best = penalised(*fit.coef)
    for limit in (fit.lower[1], fit.upper[1]):
        found = minimize(
            lambda a, b=limit: -penalised(a[0], b), [-5 * limit], method="Nelder-Mead",
            options={"xatol": 1e-10, "fatol": 1e-13, "maxiter": 5000},
        )  # fmt: skip
        assert 2 * (best + found.fun) == pytest.approx(chi2.ppf(0.95, 1), abs=1e-6)
    rescaled = firth_logistic(y, 1000 * x + 7)
    assert rescaled.coef[1] * 1000 == pytest.approx(fit.coef[1], rel=1e-8)
    assert rescaled.upper[1] * 1000 == pytest.approx(fit.upper[1], rel=1e-7)


@pytest.mark.parametrize(
    ("y", "x"), [([1, 1, 1], [1, 2, 3]), ([0, 1, 0], [2, 2, 2]), ([], []), ([0, 1], [1, NAN])]
)
def test_data_that_say_nothing_about_an_odds_ratio_are_refused(y: list[int], x: list[float]) -> None:
    with pytest.raises(InputError):
        firth_logistic(y, x)
