"""Kinetic parameters, tables, figures and listings: counted by hand, and again from the records."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, replace
from functools import cache, partial
from typing import Any

import numpy as np
import pytest

from courses import course, day
from cuts import charted_cut, nobody, virtual_cut
from protocyte.analysis.cut import Cut
from protocyte.analysis.kinetics.exposure_response import exposure_response_table, slope
from protocyte.analysis.kinetics.figures import (
    exposure_boxes,
    exposure_scatter,
    kinetics_by_response,
    kinetics_mean,
)
from protocyte.analysis.kinetics.listings import list_concentrations, list_kinetics_parameters
from protocyte.analysis.kinetics.parameters import kinetics_parameters_table
from protocyte.analysis.output import Entry, build_output
from protocyte.analysis.tables import Estimate, Message, ResultTable, Share, Spread, statistics
from protocyte.app.studies import shelf
from protocyte.base import InputError, Quantity, render
from protocyte.derive.kinetic_parameters import KineticParameters, Profile, kinetic_parameters
from protocyte.records.efficacy import KineticsSample
from protocyte.reports.figures.exposure_boxes import exposure_boxes_chart, exposure_boxes_figure
from protocyte.reports.figures.exposure_scatter import exposure_scatter_chart, exposure_scatter_figure
from protocyte.reports.figures.kinetics_mean import kinetics_mean_chart, kinetics_mean_figure
from protocyte.reports.figures.kinetics_spaghetti import kinetics_spaghetti_chart, kinetics_spaghetti_figure
from protocyte.reports.words import Reader
from protocyte.stats.detection import State
from protocyte.stats.firth_logistic import firth_logistic
from protocyte.stats.nca import nca
from protocyte.study.model import Study
from small_study import small_study

STUDIES = sorted(shelf())
EN, ZH = Reader("en"), Reader("zh")
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
    told = "the last sample was on day 28, before the window's end on day 90"
    assert str(found.area_to(90).reason) == told


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
    assert "needed: 3" in EN.text(found.contraction.reason)
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


def test_what_happens_on_the_day_of_the_dose_does_not_end_its_profile_but_death_does() -> None:
    assert only(f"{BEFORE} D0 therapy; D10 qpcr 900").days == (10,)
    assert only(f"{BEFORE} D0 died").ended_by == "death"


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
    found = only(f"{BEFORE} D10 qpcr 700; D10 qpcr 900; D10 qpcr <50; D14 qpcr >500")

    assert (found.days, found.repeated, found.cmax, found.capped) == ((10, 14), 2, 900, True)


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


# --- tables counted by hand ------------------------------------------------------------------------------

PRE = "D-40 consent; D-30 enrol; D-8 marrow 40; D-5 ld;"
CR = "D28 marrow 2 anc 1.2 plt 110"
CHARTS = {
    "A": f"{PRE} D0 infusion 1; D7 qpcr 100; D14 qpcr 1000; D28 qpcr 100; {CR}; D91 qpcr <50; D120 qpcr <50",
    "B": f"{PRE} D0 infusion 1; D7 qpcr 4000; D14 qpcr 400; D28 qpcr 60; {CR}; D200 died",
    "C": f"{PRE} D0 infusion 2; D7 qpcr <50; D14 qpcr 30; D28 qpcr <10; D28 marrow 60; D60 died",
    "D": f"{PRE} D0 infusion 2; D7 qpcr 9000; D14 qpcr 90000; D20 died",
    "E": f"{PRE} D0 infusion 2",
    "F": f"{PRE} D-2 withdrew",
}


def cut_of(charts: dict[str, str], study: Study = STUDY) -> Cut:
    return charted_cut(charts, study, as_of=400)


@cache
def by_hand() -> Cut:
    return cut_of(CHARTS)


virtual = partial(virtual_cut, most_subjects=9)


def row(table: ResultTable, label: str) -> tuple[Any, ...]:
    (found,) = [one.cells[1:] for one in table.rows if EN.text(one.cells[0]) == label]
    return found


def heads(table: ResultTable) -> list[str]:
    return [EN.text(column.head) for column in table.columns[1:]]


def test_parameters_by_level_are_those_of_the_charts() -> None:
    table = kinetics_parameters_table(by_hand())[0]

    assert heads(table) == ["DL1 (n = 2)", "DL2 (n = 3)", "DL3 (n = 0)", "All (n = 5)"]
    assert row(table, "Profiles with samples") == (2, 2, 0, 4)
    assert row(table, "Quantified at least once (≥ LLOQ)") == (
        Share(2, 2),
        Share(1, 2),
        Share(0, 0),
        Share(3, 4),
    )
    cmax = row(table, "Cmax, copies/ug: geometric mean (geometric CV; range)")
    assert cmax[0].middle == pytest.approx(2000)
    assert (cmax[0].n, cmax[0].least, cmax[0].most) == (2, 1000, 4000)
    # Logarithms 1000 and 4000 lie ln 4 apart: variance (ln 4)^2 / 2, CV 100 sqrt(exp(variance) - 1).
    assert cmax[0].cv_percent == pytest.approx(100 * math.sqrt(math.exp(math.log(4) ** 2 / 2) - 1))
    assert (cmax[1].n, cmax[1].middle, cmax[1].cv_percent) == (1, pytest.approx(90000), None)
    assert cmax[2] == Spread(0)
    assert cmax[3].middle == pytest.approx((1000 * 4000 * 90000) ** (1 / 3))
    tmax = row(table, "Tmax, day: median (range)")
    assert (tmax[0].middle, tmax[0].least, tmax[0].most) == (10.5, 7, 14)
    assert row(table, "AUC0–28, copies/ug × day: n") == (2, 0, 0, 2)
    assert row(table, "AUC0–90, copies/ug × day: n") == (1, 0, 0, 1)
    lost = row(table, "Persistence: lost, confirmed by a second result")
    assert lost == (Share(1, 2), Share(0, 1), Share(0, 0), Share(1, 3))
    ended = row(table, "Persistence: ended by transplant, re-infusion, new therapy or death")
    assert ended[3] == Share(2, 3)


def test_groups_by_response_and_crs_hold_everybody_and_name_who_could_not_be_judged() -> None:
    _, best, crs, again = kinetics_parameters_table(by_hand())

    assert heads(best) == ["Responders (n = 2)", "Non-responders (n = 1)", "Response not evaluable (n = 2)"]
    assert row(best, "Profiles with samples") == (2, 1, 1)
    assert heads(crs) == ["CRS grade 0 (n = 0)", "CRS grade 1–2 (n = 0)", "CRS not assessed (n = 5)"]
    assert any("landmark" in EN.text(note) for note in best.notes)
    assert again.rows == ()
    assert EN.text(again.empty) == "Nobody was sampled after a re-infusion."


def test_kinetics_after_a_reinfusion_stand_apart() -> None:
    charts = {"A": f"{PRE} D0 infusion 1; D10 qpcr 900; D60 infusion 1; D70 qpcr 5000; D80 qpcr 70"}
    first, _, _, again = kinetics_parameters_table(cut_of(charts))

    assert row(first, "Cmax, copies/ug: median (range)")[-1].middle == 900
    assert heads(again) == ["Re-infusions (n = 1)"]
    assert row(again, "Cmax, copies/ug: median (range)")[-1].middle == 5000


def test_a_climbers_doses_stand_at_their_levels_and_persistence_with_the_last() -> None:
    climb = small_study(
        {"dosing.scheme": "intra_subject", "dosing.climb": {"after": "28 d", "unless": "dlt"}}
    )
    text = f"{PRE} D0 infusion 1; D7 qpcr 60; D21 qpcr <50; D28 infusion 2; D38 qpcr 8000; D60 qpcr 90; {CR}"
    level, best, *_ = kinetics_parameters_table(cut_of({"A": text}, climb))

    assert heads(level) == ["DL1 (n = 1)", "DL2 (n = 1)", "DL3 (n = 0)", "All (n = 1)"]
    assert [cell.middle for cell in row(level, "Cmax, copies/ug: median (range)")] == [60, 8000, None, 4030]
    ongoing = row(level, "Persistence: still quantified at the last sample")
    assert ongoing == (Share(0, 0), Share(1, 1), Share(0, 0), Share(1, 1))
    assert row(best, "Cmax, copies/ug: median (range)")[0].middle == 8000
    assert any("last dose" in EN.text(note) for note in best.notes)
    data = exposure_scatter(cut_of({"A": text}, climb))
    assert data is not None
    assert [(dot.x, dot.y) for dot in data.panels[0].dots] == [(1e6, 60), (2e6, 8000)]
    assert [dot.y for dot in data.panels[1].dots] == [8000]


# --- exposure and dose, exposure and outcome -------------------------------------------------------------


def test_the_slope_is_that_of_least_squares_with_t_limits() -> None:
    from scipy.stats import linregress, t

    pairs = [(1e6, 100.0), (1e6, 300.0), (2e6, 500.0), (5e6, 700.0), (5e6, 2500.0)]
    found = slope(pairs, 5, 3)
    fit = linregress(np.log([x for x, _ in pairs]), np.log([y for _, y in pairs]))
    half = t.ppf(0.95, 3) * fit.stderr

    assert isinstance(found, Estimate)
    assert (found.value, found.lower, found.upper) == pytest.approx(
        (fit.slope, fit.slope - half, fit.slope + half)
    )
    exact = slope([(1.0, 3.0), (10.0, 300.0), (100.0, 30000.0)], 3, 3)
    assert isinstance(exact, Estimate)
    assert (exact.value, exact.lower, exact.upper) == pytest.approx((2, 2, 2))


@pytest.mark.parametrize(
    ("pairs", "subjects", "levels", "why"),
    [
        ([(1.0, 2.0), (2.0, 3.0)], 2, 2, "2 subjects, 3 are needed"),
        ([(1.0, 2.0), (2.0, 3.0), (3.0, 4.0)], 2, 3, "2 subjects, 3 are needed"),
        ([(1.0, 2.0), (1.0, 3.0), (1.0, 4.0)], 3, 1, "one dose level only"),
        ([], 0, 0, "0 subjects, 3 are needed"),
    ],
)
def test_without_subjects_or_doses_there_is_a_reason_and_no_slope(pairs, subjects, levels, why) -> None:
    found = slope(pairs, subjects, levels)
    assert isinstance(found, Message)
    assert why in render(found, "en")


def test_outcomes_against_the_peak_are_counted_and_who_is_left_out_is_said() -> None:
    dose, outcome = exposure_response_table(by_hand())

    cells = {EN.text(one.cells[0]): one.cells[1:] for one in dose.rows}
    assert cells["Cmax, copies/ug"][:3] == (3, 1, 2)  # C was never quantified, E had no samples
    assert isinstance(cells["Cmax, copies/ug"][3], Estimate)
    assert "2 subjects, 3 are needed" in EN.text(cells["AUC0–28, copies/ug × day"][3])
    cells = {EN.text(one.cells[0]): one.cells[1:] for one in outcome.rows}
    fit = firth_logistic([1, 1, 0], np.log10([1000, 4000, 90000]))
    response = cells["Best response is a response"]
    assert response[:3] == (3, 1, 2)
    assert response[4].value == pytest.approx(math.exp(fit.coef[1]))
    assert response[4].upper == pytest.approx(math.exp(fit.upper[1]))
    assert cells["CRS grade ≥ 2"][:3] == (0, 4, 0)
    # From day 28: A and B had been seen past it with cells, C never had cells, D had died.
    assert cells["Death after day 28"][:3] == (2, 2, 1)


# --- again from the records of virtual trials ------------------------------------------------------------


@pytest.mark.parametrize("study", STUDIES)
def test_every_parameter_is_the_analysis_of_the_records_read_a_second_time(study: str) -> None:
    cut, compared = virtual(study), 0
    for name, plan in cut.study.kinetics.items():
        if plan.role != "kinetics":
            continue
        for subject in cut.infused:
            for profile in kinetic_parameters(cut.study, subject, name).profiles:
                times, numbers, states = _again(subject, plan, profile)
                assert list(profile.days) == times
                if not times:
                    continue
                found = nca(times, numbers, lloq=float(plan.lloq.value), states=states)
                assert profile.cmax == (None if math.isnan(found.cmax) else found.cmax)
                assert profile.terminal.time == _none(found.terminal.half_life)
                assert profile.contraction.time == _none(found.contraction.half_life)
                for area, window in zip(profile.areas, found.windows, strict=True):
                    assert area.value is None or area.value == window.value
                    assert (area.value is None) == (area.reason is not None)
                compared += 1
    assert compared >= 2 * len(cut.infused)


def _none(value: float) -> float | None:
    return None if math.isnan(value) else value


def _again(subject: Any, plan: Any, profile: Profile) -> tuple[list[int], list[float], list[State]]:
    rows = []
    for held in subject.all(KineticsSample):
        record = held.record
        if (record.analyte, record.matrix, record.assay) != (plan.analyte, plan.matrix, plan.assay):
            continue
        if record.on <= profile.start or (profile.ended_on is not None and record.on > profile.ended_on):
            continue
        value, lod = float(record.value.to(plan.unit).value), float(plan.lod.value) if plan.lod else None
        if record.value.bound == "" and value >= float(plan.lloq.value):
            rows.append(((record.on - profile.start).days, value, State.QUANTIFIED))
        elif record.value.bound == "" and lod is not None and value >= lod:
            rows.append(((record.on - profile.start).days, math.nan, State.DETECTED))
        else:
            rows.append(((record.on - profile.start).days, math.nan, State.BELOW))
    rows.sort()
    return [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]


@pytest.mark.parametrize("study", STUDIES)
def test_listings_hold_every_sample_and_every_profile(study: str) -> None:
    cut = virtual(study)
    assays = {(p.analyte, p.matrix, p.assay): p for p in cut.study.kinetics.values()}
    samples = [
        held.record
        for subject in cut.infused
        for held in subject.all(KineticsSample)
        if (held.record.analyte, held.record.matrix, held.record.assay) in assays
    ]
    listed = list_concentrations(cut)
    assert len(listed.rows) == len(samples)
    below = sum("BLQ" in EN.text(one.cells[6]) for one in listed.rows)
    recount = sum(
        r.value.bound.startswith("<") or r.value.value < assays[r.analyte, r.matrix, r.assay].lloq.value
        for r in samples
    )
    assert below == recount
    profiles = sum(
        len(kinetic_parameters(cut.study, one, name).profiles)
        for one in cut.infused
        for name, plan in cut.study.kinetics.items()
        if plan.role == "kinetics"
    )
    assert len(list_kinetics_parameters(cut).rows) == profiles


@pytest.mark.parametrize("study", STUDIES)
def test_columns_of_levels_add_up_to_the_total(study: str) -> None:
    table = kinetics_parameters_table(virtual(study))[0]
    for one in table.rows:
        if len(one.cells) > 2 and EN.text(one.cells[0]).endswith(": n"):
            assert sum(one.cells[1:-1]) == one.cells[-1]


# --- listings by hand ------------------------------------------------------------------------------------


def test_flags_say_what_each_limit_makes_of_a_result() -> None:
    text = f"{PRE} D0 infusion 1; D0 qpcr 60; D7 qpcr 100; D8 qpcr 30; D9 qpcr <50; D10 qpcr 5; D14 qpcr >1e6"
    table = list_concentrations(cut_of({"A": text + "; D15 qpcr 7 copies/mL"}))
    told = [(EN.text(one.cells[4]), EN.text(one.cells[6]), EN.text(one.cells[7])) for one in table.rows]

    assert [flag for _, flag, _ in told] == [
        "quantified", "quantified", "BLQ: detected, LOD ≤ x < LLOQ", "BLQ: below LLOQ",
        "BLQ: not detected, below LOD", "above the upper limit: a lower bound", "unit cannot be read in the assay's",
    ]  # fmt: skip
    assert told[0][2] == "day of a dose: before it"
    assert told[1][2] == "profile 1, day 7"
    assert told[-1][2] == "in no parameter"
    (parameters_row,) = list_kinetics_parameters(cut_of({"A": text})).rows
    assert EN.text(parameters_row.cells[3]) == "≥ 1e+06"


def test_half_lives_name_their_points_and_refusals_their_reason() -> None:
    table = list_kinetics_parameters(cut_of({"A": FULL, "Z": BEFORE}))
    full, none = table.rows

    assert re.fullmatch(r"[\d.]+ d; 3 points, day 60–100, R² 0\.\d+", EN.text(full.cells[14]))
    assert EN.text(none.cells[12]) == "no samples after the dose"
    for one in table.rows:
        assert len(one.cells) == len(table.columns)


# --- figures ---------------------------------------------------------------------------------------------

FIGURES: tuple[tuple[Any, Any], ...] = (
    (kinetics_mean, kinetics_mean_figure),
    (kinetics_by_response, kinetics_spaghetti_figure),
    (exposure_boxes, exposure_boxes_figure),
    (exposure_scatter, exposure_scatter_figure),
)


def test_means_stand_half_the_limit_in_for_values_below_it_and_count_them() -> None:
    charts = {
        "A": f"{PRE} D0 infusion 1; D7 qpcr 100; D13 qpcr 300; D14 qpcr 400",
        "B": f"{PRE} D0 infusion 1; D7 qpcr <50; D15 qpcr 100",
        "C": f"{PRE} D0 infusion 1; D8 qpcr 40",
    }
    data = kinetics_mean(cut_of(charts))
    assert data is not None
    (panel,) = data.panels
    (line,) = panel.lines
    assert [(p.day, p.n, p.below) for p in line.points] == [(7, 3, 2), (14, 2, 0)]
    assert line.points[0].mean == pytest.approx((100 * 25 * 25) ** (1 / 3))
    assert line.points[0].lower is not None
    assert line.points[1].mean == pytest.approx(200)  # of A's two samples near day 14 the nearer one
    assert line.points[1].lower is None  # limits of two values would span the axis
    (svg,) = kinetics_mean_figure(data, STUDY, EN)
    said = texts(svg)
    assert {"3/2", "2", "DL1", "LLOQ 50"} <= set(said)


def test_a_box_needs_five_and_a_subject_without_the_exposure_is_counted() -> None:
    four = {k: f"{PRE} D0 infusion 1; D7 qpcr {100 * n}; {CR}" for n, k in enumerate("ABCD", start=1)}
    data = exposure_boxes(cut_of(four | {"E": f"{PRE} D0 infusion 1; D7 qpcr <50; {CR}"}))
    assert data is not None
    (response,) = data.panels[0].blocks[0].boxes
    assert (len(response.values), response.quartiles, response.without) == (4, None, 1)
    assert response.mean == pytest.approx((100 * 200 * 300 * 400) ** 0.25)
    assert {"n = 4", "1 without"} <= set(texts(exposure_boxes_figure(data, STUDY, EN)[0]))
    data = exposure_boxes(cut_of(four | {"E": f"{PRE} D0 infusion 1; D7 qpcr 500; {CR}"}))
    assert data is not None
    assert data.panels[0].blocks[0].boxes[0].quartiles == (200, 300, 400)
    svg = exposure_boxes_figure(data, STUDY, EN)[0]
    assert "n = 5" in texts(svg)


def test_the_scatter_draws_who_was_never_quantified_at_half_the_limit_and_names_who_has_no_blasts() -> None:
    charts = {
        "A": f"{PRE} D0 infusion 1; D7 qpcr 100",
        "B": f"{PRE} D0 infusion 2; D7 qpcr <50",
        "C": "D-40 consent; D-5 ld; D0 infusion 1; D7 qpcr 900",
    }
    data = exposure_scatter(cut_of(charts))
    assert data is not None
    dose, blasts = data.panels
    assert [(d.subject, d.x, d.y, d.below) for d in dose.dots] == [
        ("A", 1e6, 100, False), ("B", 2e6, 25, True), ("C", 1e6, 900, False),
    ]  # fmt: skip
    assert [(d.subject, d.x) for d in blasts.dots] == [("A", 40), ("B", 40)]
    assert blasts.without == 1
    said = " ".join(texts(exposure_scatter_figure(data, STUDY, EN)[1]))
    assert "1 without blasts above 0 % recorded at baseline are not drawn." in said


def test_every_chart_is_valid_by_altairs_own_schema() -> None:
    cut = virtual("cll1-cart")
    mean, lines, boxes, dots = (data(cut) for data, _ in FIGURES)
    kinetics_mean_chart(mean.panels[0], EN).to_dict()
    responses = cut.study.response.responses
    for by in ("response", "crs"):
        kinetics_spaghetti_chart(lines.panels[0], lines.order, by, responses, EN).to_dict()
    exposure_boxes_chart(boxes.panels[0], EN).to_dict()
    exposure_scatter_chart(dots.panels[1], dots.levels, EN).to_dict()


@pytest.mark.parametrize("study", STUDIES)
def test_figures_of_every_study_are_drawn_and_counted(study: str) -> None:
    """One panel of each, for drawing takes its time; the numbers of all."""
    cut = virtual(study)
    for data, figure in FIGURES:
        found = data(cut)
        json.dumps(asdict(found), default=str, allow_nan=False)
        for svg in figure(replace(found, panels=found.panels[:1]), cut.study, ZH):
            said = texts(svg)
            assert not any(re.search(r"\b(nan|undefined|null|Infinity)\b", one) for one in said)
            assert not [one for one in said if english(one)]
            if figure is kinetics_mean_figure:
                for line in found.panels[0].lines:
                    for point in line.points:
                        assert (f"{point.n}/{point.below}" if point.below else f"{point.n}") in said
                        assert str(point.day) in said


def texts(svg: str) -> list[str]:
    return [re.sub(r"<[^>]+>", "", one) for one in re.findall(r"<text[^>]*>(.*?)</text>", str(svg))]


def english(words: str) -> bool:
    """Two small words on end: codes, units and assays are none."""
    return bool(re.search(r"\b[a-z]{3,} [a-z]{2,}\b", words))


# --- nobody, one, nothing --------------------------------------------------------------------------------

TABLES: tuple[Any, ...] = (
    kinetics_parameters_table,
    exposure_response_table,
    list_concentrations,
    list_kinetics_parameters,
)
EDGES = {
    "no samples": {"E": f"{PRE} D0 infusion 2"},
    "all below": {"C": CHARTS["C"], "G": f"{PRE} D0 infusion 1; D7 qpcr <10"},
    "one sample": {"A": f"{PRE} D0 infusion 1; D7 qpcr 700"},
    "one above the upper limit": {"A": f"{PRE} D0 infusion 1; D7 qpcr >1e6"},
    "same day as death": {"A": f"{PRE} D0 infusion 1; D0 qpcr 80; D0 died"},
    "everybody": CHARTS,
}


@pytest.mark.parametrize("edge", EDGES)
def test_edges_give_outputs_with_numbers_or_reasons(edge: str) -> None:
    cut = cut_of(EDGES[edge])
    check(cut)
    for data, figure in FIGURES:
        found = data(cut)
        if found is None:
            assert edge in ("no samples", "same day as death")
            continue
        for svg in figure(found, cut.study, EN):
            assert not any(re.search(r"\b(nan|NaN|undefined|Infinity)\b", one) for one in texts(svg))


@pytest.mark.parametrize("study", STUDIES)
def test_nobody_gives_empty_tables_that_say_so_and_no_figure(study: str) -> None:
    cut = nobody(study)
    for table in check(cut):
        assert table.rows == ()
        assert table.empty is not None
    assert [data(cut) for data, _ in FIGURES] == [None] * 4


@pytest.mark.parametrize("study", STUDIES)
def test_tables_of_every_study_are_told_in_both_languages(study: str) -> None:
    check(virtual(study))


def check(cut: Cut) -> list[ResultTable]:
    """Every cell told in both languages, no number that is none, no gap in a row."""
    tables = []
    for build in TABLES:
        made = build(cut)
        tables += list(made) if isinstance(made, tuple) else [made]
    for table in tables:
        for one in table.rows:
            assert len(one.cells) == len(table.columns)
        for statistic in statistics(table):
            assert statistic.value is None or math.isfinite(statistic.value)
        said = [ZH.text(table.title), ZH.text(table.population), *(ZH.text(note) for note in table.notes)]
        said += [ZH.text(column.head) for column in table.columns]
        said += [ZH.text(cell) for one in table.rows for cell in one.cells]
        assert not [one for one in said if english(one.replace("linear-up-log-down", ""))]
        assert not [one for one in said if re.search(r"\b(nan|inf|None)\b", one)]
    return tables


@pytest.mark.parametrize(
    ("id", "kind"),
    [
        ("kinetics_parameters", "table"), ("exposure_response", "table"), ("list_concentrations", "listing"),
        ("list_kinetics_parameters", "listing"), ("kinetics_mean", "figure"), ("kinetics_by_response", "figure"),
        ("exposure_boxes", "figure"), ("exposure_scatter", "figure"),
    ],
)  # fmt: skip
def test_every_output_has_its_title_in_both_languages(id: str, kind: Any) -> None:
    output = build_output(Entry("14.4", kind, id, globals().get(f"{id}_table") or globals()[id]), by_hand())
    assert not output.is_empty
    assert render(output.title, "en") != render(output.title, "zh")
