"""`report verify`: a second program counts the report's key numbers again, and says so where they differ."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocyte.analysis.efficacy import response_summary, time_to_event
from protocyte.analysis.safety import adverse_events
from protocyte.app.demo import last_day, virtual_trial
from protocyte.app.double_programming import as_lines, verify_report
from protocyte.app.second_path import (
    MONTH,
    _free,
    _incidence,
    crs_grade,
    exact_limits,
    icans_grade,
    median_survival,
)
from protocyte.app.studies import shelf
from protocyte.conduct import Desk
from protocyte.stats.aalen_johansen import aalen_johansen, incidence_at
from protocyte.stats.binomial import clopper_pearson
from protocyte.stats.kaplan_meier import kaplan_meier, reverse_kaplan_meier, survival_at
from protocyte.stats.quantiles import km_quantiles
from protocyte.vocab.grading import grade
from shell_runs import fine
from trials import loaded


@cache
def trial(name: str) -> Desk:
    return virtual_trial(loaded(name), seed=11, most_subjects=6)


@pytest.mark.parametrize("name", sorted(shelf()))
def test_two_programs_agree_on_every_key_number_of_a_trial(name: str) -> None:
    desk = trial(name)

    found = verify_report(desk.trial, last_day(desk.trial))

    assert found.unpaired == ()
    assert [check for check in found.checks if not check.agrees] == []
    assert len(found.checks) > 35
    assert {check.output for check in found.checks} >= {
        "ae_overview",
        "crs",
        "icans",
        "deaths_summary",
        "dlt_summary",
        "response",
        "survival",
        "time_to_event",
    }


def test_they_agree_in_the_middle_of_a_trial_too() -> None:
    desk = trial("lilrb4-start")
    days = sorted(course.infused_on for course in desk.trial.courses if course.infused_on)

    for day in days[1:4]:
        found = verify_report(desk.trial, day)
        assert found.agrees, [check for check in found.checks if not check.agrees] or found.unpaired


def test_a_fault_in_the_report_is_seen_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(adverse_events._OVERVIEW, "ae_grade_3", lambda row: (row.emergent_grade or 0) >= 4)
    desk = trial("lilrb4-start")

    found = verify_report(desk.trial, last_day(desk.trial))

    assert not found.agrees
    assert {check.row for check in found.checks if not check.agrees} == {"ae_grade_3"}
    assert any("ae_overview / ae_grade_3" in line for line in as_lines(found, "en"))
    assert any("不一致" in line for line in as_lines(found, "zh"))


def test_a_fault_in_responses_or_curves_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = trial("cll1-cart")
    monkeypatch.setattr(time_to_event, "kaplan_meier", reverse_kaplan_meier)
    found = verify_report(desk.trial, last_day(desk.trial))
    assert {check.output for check in found.checks if not check.agrees} == {"time_to_event"}
    monkeypatch.undo()

    monkeypatch.setattr(response_summary, "responded", lambda cut, course: True)
    found = verify_report(desk.trial, last_day(desk.trial))
    assert {(check.output, check.row) for check in found.checks if not check.agrees} == {
        ("response", "resp_orr")
    }


def test_a_number_only_one_program_has_is_a_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(adverse_events._OVERVIEW, "ae_serious")
    desk = trial("lilrb4-start")

    found = verify_report(desk.trial, last_day(desk.trial))

    assert not found.agrees
    assert found.unpaired
    assert all("ae_serious" in one for one in found.unpaired)


def test_the_command_prints_what_was_compared_and_ends_with_its_code(tmp_path: Path) -> None:
    fine("demo", "lilrb4-start", "--out", tmp_path / "d")

    told = fine("report", "verify", tmp_path / "d")
    as_data = json.loads(fine("report", "verify", tmp_path / "d", "--json").out)

    assert "agrees with its recomputation" in told.out
    assert as_data["agrees"] is True
    assert as_data["compared"] == len(as_data["checks"]) > 100


# --- R: a program of that name that answers as R does; the plumbing is proven where there is no R ---

_LIKE_R = """#!/usr/bin/env python3
import csv, sys, pathlib
folder = pathlib.Path(sys.argv[-1])
for row in csv.DictReader((folder / "shares.csv").open()):
    from scipy.stats import beta
    k, n = int(row["count"]), int(row["of"])
    low = 0 if k == 0 else beta.ppf(.025, k, n - k + 1)
    high = 1 if k == n else beta.ppf(.975, k + 1, n - k)
    print(f"{row['key']},lower,{low:.15g}")
    print(f"{row['key']},upper,{high + SHIFT:.15g}")
"""


@pytest.mark.parametrize(("shift", "agrees"), [("0", True), ("0.01", False)])
def test_what_r_answers_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shift: str, agrees: bool
) -> None:
    program = tmp_path / "Rscript"
    import sys

    program.write_text(_LIKE_R.replace("SHIFT", shift).replace("/usr/bin/env python3", sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(tmp_path))
    desk = trial("lilrb4-start")

    found = verify_report(desk.trial, last_day(desk.trial))

    assert found.r
    by_r = [check for check in found.checks if check.by == "R"]
    assert len(by_r) >= 4
    assert all(check.agrees for check in by_r if check.statistic == "lower")
    assert found.agrees is agrees


def has_r() -> bool:
    program = shutil.which("Rscript")
    ask = "quit(status = !requireNamespace('survival', quietly = TRUE))"
    return (
        program is not None and subprocess.run([program, "--vanilla", "-e", ask], check=False).returncode == 0
    )


@pytest.mark.skipif(not has_r(), reason="R with its package survival is not installed: R is not asked")
@pytest.mark.parametrize("name", sorted(shelf()))
def test_r_itself_agrees_on_limits_medians_and_landmarks(name: str) -> None:
    desk = trial(name)
    starts = sorted(course.infused_on for course in desk.trial.courses if course.infused_on)

    for day in (starts[0], starts[-1], last_day(desk.trial)):
        found = verify_report(desk.trial, day)
        assert found.r
        assert found.agrees, [check for check in found.checks if not check.agrees] or found.unpaired
    by_r = {(check.output, check.statistic) for check in found.checks if check.by == "R"}
    assert by_r >= {
        ("response", "lower"),
        ("crs", "upper"),
        ("time_to_event", "median"),
        ("time_to_event", "value"),
    }


# --- the second program's own arithmetic against the library's -------------------------------------------------


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=14))
def test_its_median_is_the_librarys(times: list[tuple[int, bool]]) -> None:
    curve = kaplan_meier(np.array([t for t, _ in times], float), np.array([e for _, e in times]))
    found = float(km_quantiles(curve, (0.5,)).value[0])

    ours = median_survival(times)

    assert (ours is None) == np.isnan(found)
    if ours is not None:
        assert ours * MONTH == pytest.approx(found, abs=1e-9)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(0, 2)), min_size=1, max_size=14), st.integers(1, 12)
)
def test_its_shares_at_a_landmark_are_the_librarys(times: list[tuple[int, int]], until: int) -> None:
    days, causes = np.array([t for t, _ in times], float), np.array([cause for _, cause in times])
    if until > days.max():
        return
    incidence = incidence_at(aalen_johansen(days, causes), [until]).incidence[0]
    free = survival_at(kaplan_meier(days, causes > 0), [until]).survival[0]

    assert _incidence(times, until) == pytest.approx(incidence, abs=1e-12)
    assert _free(times, until) == pytest.approx(free, abs=1e-12)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_its_exact_limits_are_the_librarys(share: tuple[int, int]) -> None:
    limits = clopper_pearson(*share)

    assert exact_limits(*share) == pytest.approx((float(limits.lower), float(limits.upper)), abs=1e-10)


_CRS = st.fixed_dictionaries(
    {
        "temperature": st.sampled_from(["36.5 Cel", "37.9 Cel", "38 Cel", "40.1 Cel"]),
        "hypotension": st.booleans(),
        "vasopressors": st.integers(0, 3),
        "vasopressin": st.booleans(),
        "oxygen": st.sampled_from(
            [
                "none",
                "low_flow_nc_or_blowby",
                "high_flow_nc",
                "facemask",
                "venturi",
                "cpap",
                "intubated_mech_vent",
            ]
        ),
    }
)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(_CRS)
def test_its_crs_grades_are_the_scales(form: dict[str, object]) -> None:
    fever = float(str(form["temperature"]).split()[0]) >= 38
    inputs = {name: form[name] for name in ("hypotension", "vasopressin", "oxygen")}
    inputs |= {"fever": fever, "vasopressor_count_excl_vasopressin": form["vasopressors"]}
    rest = {
        "antipyretic_or_anticytokine_given": False,
        "crs_already_diagnosed": False,
        "death_due_to_crs": False,
    }
    graded = grade("astct-crs", inputs | rest | {"oxygen_reason": "hypoxia"})

    assert graded.grades == (crs_grade(form, diagnosed=False),)


@pytest.mark.parametrize(("ice", "expected"), [(10, 0), (9, 1), (7, 1), (6, 2), (3, 2), (2, 3), (0, 3)])
def test_its_icans_grades_follow_the_ice_score_of_astct_2019_table_6(ice: int, expected: int) -> None:
    assert icans_grade({"ice_score": ice, "consciousness": "alert"}, diagnosed=False) == expected
