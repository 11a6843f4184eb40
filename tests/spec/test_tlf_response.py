"""Outputs on response: counted by hand on charts, a second way on virtual trials, and drawn as they were counted."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from functools import cache, partial
from math import comb
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courses import D0, course, day, held_course, record_maps
from cuts import nobody, virtual_cut
from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.blasts import (
    Bar,
    BlastLine,
    BlastPoint,
    Spider,
    Undrawn,
    Waterfall,
    leukemia_elsewhere,
    percent,
    spider,
    waterfall,
)
from protocyte.analysis.efficacy.relapse_table import relapse_of, relapse_table
from protocyte.analysis.efficacy.response import landmark_table, response_table
from protocyte.analysis.efficacy.response_listing import list_response
from protocyte.analysis.efficacy.response_summary import (
    BROUGHT_ALONG,
    categories,
    category_of,
    response_summary_table,
)
from protocyte.analysis.efficacy.response_visits import (
    mrd_below,
    planned_assessments,
    response_by_visit_table,
    status_at,
)
from protocyte.analysis.efficacy.subgroups import Forest, subgroup_table, subgroups
from protocyte.analysis.output import build_output
from protocyte.analysis.tables import Cell, Rate, ResultTable, Row, Share, Spread
from protocyte.app.studies import shelf
from protocyte.base import Json, Measured, Message
from protocyte.base.message import catalogue, template_params
from protocyte.derive.course import Course
from protocyte.derive.relapse import first_progression, first_relapse, first_remission
from protocyte.derive.response import assessments, best_response
from protocyte.records.efficacy import Marrow
from protocyte.records.follow_up import NewTherapy, Transplant
from protocyte.reports.figures.forest import forest_chart, forest_figure
from protocyte.reports.figures.notes import wrapped
from protocyte.reports.figures.spider import spider_chart, spider_figure
from protocyte.reports.figures.waterfall import MOST, waterfall_chart, waterfall_figure
from protocyte.reports.words import Reader
from protocyte.study.load import adopted_study
from trials import loaded

STUDIES = sorted(shelf())
EN, ZH = Reader("en"), Reader("zh")
TABLES = (response_summary_table, response_by_visit_table, subgroup_table, relapse_table, list_response)
STUDY = "cll1-cart"  # three levels; CR, CRi, MLFS and PR respond; day 28 is read from 25 to 31

# --- trials to count -------------------------------------------------------------------------------------

BEFORE = "D-40 consent; D-30 enrol; D-5 ld;"
GOOD, LOW = "anc 1.2 plt 110", "anc 0.4 plt 20"
CHARTS = {
    "A": f"{BEFORE} D-8 marrow 40; D0 infusion 1; D28 marrow 2 {GOOD} mrd neg; D60 marrow 2 {GOOD} mrd neg;"
    f"D91 relapse; D91 marrow 30 {GOOD} pb 10",
    "B": f"{BEFORE} D-8 marrow 50; D0 infusion 1; D28 marrow 3 {LOW} mrd pos; D60 marrow 1 {LOW} mrd neg;"
    f"D70 transplant; D91 marrow 0 {GOOD} mrd neg",
    "C": f"{BEFORE} D-8 marrow 60; D0 infusion 2; D28 marrow 55; D50 relapse progression",
    "D": f"{BEFORE} D-8 marrow 30; D0 infusion 2; D12 died",
    "E": f"{BEFORE} D-8 marrow 20; D0 infusion 2; D28 marrow 8 {GOOD}",
    "F": f"{BEFORE} D-8 marrow 2; D0 infusion 2; D28 marrow 1 {GOOD}",
    "G": f"{BEFORE} D-2 withdrew",
    "H": "D60 consent; D65 enrol; D92 marrow 35; D95 ld; D100 infusion 1",
    "I": f"{BEFORE} D-8 marrow 10 emd yes; D0 infusion 1; D28 marrow 30 {LOW}",
}
AS_OF = 130
# Fields that charts do not have: by subject and record, in the order of the chart.
MRD_VALUES = {("A", 1): "<0.01 %", ("B", 1): "0.05 %"}
FACTS: dict[str, list[dict[str, Json]]] = {
    "A": [
        {"form": "disease", "on": "2026-01-20", "diagnosis": "AML", "prior_transplant": True, "risk": "adverse"},
        {"form": "demographics", "on": "2026-01-20", "birth": "2009-01", "sex": "female"},
    ],
    "B": [{"form": "disease", "on": "2026-01-20", "diagnosis": "AML", "prior_transplant": False}],
    "C": [
        {"form": "disease", "on": "2026-01-20", "diagnosis": "AML", "prior_transplant": False, "risk": "odd"},
        {"form": "demographics", "on": "2026-01-20", "birth": "1961", "sex": "male"},
    ],
}  # fmt: skip


def cut_of(courses: dict[str, Course], study: str = STUDY, as_of: date | None = None) -> Cut:
    """What the analyses ask of a trial, made of courses."""
    plan = adopted_study(dict(loaded(study).document.tree))
    trial = SimpleNamespace(study=plan, courses=tuple(courses.values()), casebook=None)
    return Cut(cast("Any", trial), as_of or day(AS_OF))


def charted(subject: str, text: str) -> Course:
    maps = record_maps(text, subject)
    marrows = [one for one in maps if one["form"] == "marrow"]
    for (whose, place), value in MRD_VALUES.items():
        if whose == subject:
            marrows[place]["mrd_value"] = value
    for one in maps:
        if one["form"] == "relapse" and subject == "A":
            one["antigen"] = "negative"
    return held_course([*maps, *FACTS.get(subject, [])], subject)


@cache
def by_hand() -> Cut:
    return cut_of({subject: charted(subject, text) for subject, text in CHARTS.items()})


def told(*texts: str) -> Cut:
    return cut_of({f"S{n}": course(text, f"S{n}") for n, text in enumerate(texts, start=1)})


virtual = partial(virtual_cut, seed=5)


def rows_of(table: ResultTable, group: str | None = None) -> list[Row]:
    return [row for row in table.rows if group is None or EN.text(row.group).startswith(group)]


def cells(table: ResultTable, group: str | None, label: str) -> tuple[Cell, ...]:
    found = [row.cells[1:] for row in rows_of(table, group) if EN.text(row.cells[0]) == label]
    assert len(found) == 1, [EN.text(row.cells[0]) for row in rows_of(table, group)]
    return found[0]


def chance(events: int, of: int, p: float) -> float:
    return comb(of, events) * p**events * (1 - p) ** (of - events)


def pairs(found: tuple[Cell, ...]) -> list[tuple[int, int]]:
    assert all(isinstance(cell, Share | Rate) for cell in found), found
    return [(cell.count, cell.of) for cell in found]  # type: ignore[union-attr]


# --- best overall response ---------------------------------------------------------------------------------


def test_each_population_has_every_category_and_its_own_denominator() -> None:
    table = response_summary_table(by_hand())

    everybody = {
        group: {EN.text(row.cells[0]): row.cells[-1] for row in rows_of(table, group)}
        for group in ("All infused", "All enrolled", "Efficacy-evaluable")
    }

    assert [everybody[group]["Subjects"] for group in everybody] == [8, 9, 5]
    for group, expected in {
        "All infused": {"CR": 1, "CRi": 1, "MLFS": 0, "PR": 1, "NR": 2, "Not evaluable (NE)": 2},
        "All enrolled": {"CR": 1, "CRi": 1, "MLFS": 0, "PR": 1, "NR": 2, "Not evaluable (NE)": 3},
        "Efficacy-evaluable": {"CR": 1, "CRi": 1, "MLFS": 0, "PR": 1, "NR": 2, "Not evaluable (NE)": 0},
    }.items():
        shares = {name: everybody[group][name] for name in expected}
        assert shares == {
            name: Share(n, cast("int", everybody[group]["Subjects"])) for name, n in expected.items()
        }
    brought = "In remission before lymphodepletion"
    assert [pairs((everybody[group][brought],))[0][0] for group in everybody] == [1, 1, 0]


def test_the_rate_counts_who_is_not_evaluable_as_no_response_and_nobody_who_was_in_remission() -> None:
    table = response_summary_table(by_hand())
    name = "Overall response rate, CR + CRi + MLFS + PR (95 % limits)"

    assert pairs(cells(table, "All infused", name)) == [(2, 4), (1, 4), (0, 0), (3, 8)]
    assert pairs(cells(table, "All enrolled", name)) == [(2, 4), (1, 4), (0, 0), (3, 9)]  # G has no level
    assert pairs(cells(table, "Efficacy-evaluable", name)) == [(2, 3), (1, 2), (0, 0), (3, 5)]
    # Clopper and Pearson's limits by their definition: each leaves 2.5 % in its tail.
    whole = cells(table, "All infused", name)[-1]
    assert isinstance(whole, Rate)
    assert whole.lower is not None and whole.upper is not None  # noqa: PT018
    assert sum(chance(k, 8, whole.lower) for k in range(3, 9)) == pytest.approx(0.025, abs=1e-9)
    assert sum(chance(k, 8, whole.upper) for k in range(4)) == pytest.approx(0.025, abs=1e-9)
    assert cells(table, "All infused", name)[2] == Rate(0, 0, None, None)  # nobody is no 0 %
    assert pairs(cells(table, "All infused", "CR (95 % limits)"))[-1] == (1, 8)
    assert pairs(cells(table, "All infused", "CR + CRi (95 % limits)"))[-1] == (2, 8)


def test_not_evaluable_says_why_and_the_reasons_add_up() -> None:
    table = response_summary_table(by_hand())

    reasons = {
        EN.text(r.cells[0]): r.cells[-1]
        for r in rows_of(table, "All enrolled")
        if "NE: " in EN.text(r.cells[0])
    }

    assert reasons == {
        "NE: died before any assessment": Share(1, 9),
        "NE: no assessment so far": Share(1, 9),
        "NE: not infused": Share(1, 9),
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("D-8 marrow 40; D0 infusion; D28 marrow 2 plt 110", "what was recorded leaves the category open"),
        (f"D-8 marrow 40; D0 infusion; D10 transplant; D28 marrow 2 {GOOD}", "assessed only after a relapse"),
    ],
)  # fmt: skip
def test_an_assessment_that_gives_no_category_is_told_from_none(text: str, reason: str) -> None:
    table = response_summary_table(told(f"{BEFORE} {text}"))

    said = [EN.text(row.cells[0]) for row in rows_of(table, "All infused")]

    assert any(one.startswith(f"NE: {reason}") for one in said), said


def test_an_inadequate_marrow_is_not_evaluable_where_the_study_asks_for_adequacy() -> None:
    text = f"{BEFORE} D-8 marrow 40; D0 infusion; D28 marrow 0 {LOW} cells 50 cellularity 2; D40 review"
    cut = cut_of({"S1": course(text)}, "lilrb4-start")

    assert pairs(cells(response_summary_table(cut), "All infused", "NE: no adequate marrow"))[-1] == (1, 1)
    drawn = waterfall(cut)
    assert drawn is not None
    assert drawn.undrawn == (Undrawn("S1", "inadequate"),)
    lines = spider(cut)
    assert lines is not None
    assert (lines.inadequate, lines.undrawn) == (1, ("S1",))


@pytest.mark.parametrize("study", STUDIES)
def test_best_responses_of_a_virtual_trial_counted_again(study: str) -> None:
    cut = virtual(study)
    table = response_summary_table(cut)
    best = {c.subject: best_response(cut.study, c) for c in cut.enrolled}
    for group, of in (("All infused", cut.infused), ("All enrolled", cut.enrolled)):
        counts = Counter(category_of(best[course_.subject]) for course_ in of)
        for category in categories(cut):
            assert pairs(cells(table, group, category))[-1] == (counts[category], len(of))
        assert pairs(cells(table, group, "Not evaluable (NE)"))[-1][0] == counts["NE"]
        names = {*categories(cut), "Not evaluable (NE)", "In remission before lymphodepletion"}
        lines = [row.cells[1:] for row in rows_of(table, group) if EN.text(row.cells[0]) in names]
        subjects = cells(table, group, "Subjects")
        for place, n in enumerate(subjects):
            assert sum(pairs((line[place],))[0][0] for line in lines) == n  # a partition, at every level
    other = {EN.text(row.cells[0]): row.cells[-1] for row in response_table(cut).rows if row.strong}
    own = [row.cells[-1] for row in rows_of(table, "All infused") if row.strong]
    assert list(other.values()) == own


# --- by visit -----------------------------------------------------------------------------------------------


def visit(label: str) -> dict[str, Cell]:
    rows = rows_of(response_by_visit_table(by_hand()), label if label == "Best overall" else f"{label}: ")
    return {EN.text(row.cells[0]): row.cells[-1] for row in rows}


def test_at_a_visit_the_denominator_is_whose_window_is_over() -> None:
    at = visit("day_28")

    assert at == {
        "Window not over: not counted": 1,  # H
        "Counted": 7,
        "CR": Share(1, 7),
        "CRi": Share(1, 7),
        "PR": Share(1, 7),
        "NR": Share(2, 7),
        "Died before": Share(1, 7),
        "In remission before lymphodepletion": Share(1, 7),
        "Response rate (95 % limits)": at["Response rate (95 % limits)"],
        "MRD-negative remission, of all counted (95 % limits)": at[
            "MRD-negative remission, of all counted (95 % limits)"
        ],
        "MRD-negative, of remissions with MRD assessed (95 % limits)": at[
            "MRD-negative, of remissions with MRD assessed (95 % limits)"
        ],
        "MRD below 10⁻³, of remissions read to that depth (95 % limits)": at[
            "MRD below 10⁻³, of remissions read to that depth (95 % limits)"
        ],
        "MRD below 10⁻⁴, of remissions read to that depth (95 % limits)": at[
            "MRD below 10⁻⁴, of remissions read to that depth (95 % limits)"
        ],
        "MRD below 10⁻⁵, of remissions read to that depth (95 % limits)": at[
            "MRD below 10⁻⁵, of remissions read to that depth (95 % limits)"
        ],
    }
    rates = {name: pairs((cell,))[0] for name, cell in at.items() if isinstance(cell, Rate)}
    assert list(rates.values()) == [(3, 7), (1, 7), (1, 2), (2, 2), (1, 2), (0, 1)]


def test_whoever_relapsed_died_or_went_on_to_a_transplant_has_no_response_later() -> None:
    second, third = visit("month_2"), visit("month_3")

    assert pairs((second["Response rate (95 % limits)"],)) == [(2, 7)]  # A and B
    assert second["Not assessed in the window"] == Share(3, 7)  # E, F and I
    assert second["Relapsed or progressed before"] == Share(1, 7)  # C
    assert pairs((third["Response rate (95 % limits)"],)) == [(0, 7)]
    assert third["Relapsed or progressed before"] == Share(2, 7)  # A on that day, and C
    assert third["Transplant before"] == Share(1, 7)  # B, though his marrow is the best of all
    assert list(visit("month_6")) == ["Window not over: not counted"]


def test_the_best_of_all_counts_a_negative_mrd_at_any_assessment_that_counts() -> None:
    best = visit("Best overall")

    assert [pairs((cell,))[0] for cell in best.values()] == [
        (3, 8),
        (2, 8),
        (2, 8),
        (2, 2),
        (2, 2),
        (1, 2),
        (0, 1),
    ]


def test_where_nobody_looked_for_residual_disease_there_is_no_rate_of_zero() -> None:
    cut = told(f"{BEFORE} D-8 marrow 40; D0 infusion; D28 marrow 2 {GOOD}")

    found = cells(
        response_by_visit_table(cut), "day_28", "MRD-negative remission, of all counted (95 % limits)"
    )

    assert [EN.text(cell) for cell in found] == [
        "MRD assessed in nobody",
        "0/0",
        "0/0",
        "MRD assessed in nobody",
    ]


@pytest.mark.parametrize(
    ("value", "below"),
    [
        ("<0.01 %", [True, True, None]),
        ("<0.0001", [True, True, None]),
        ("<=0.01 %", [True, None, None]),  # may be 10^-4 itself
        ("0.05 %", [True, False, False]),
        ("0.01 %", [True, False, False]),
        ("0.1 %", [False, False, False]),
        (">0.1 %", [False, False, False]),
        (">0.02 %", [None, False, False]),
        ("0 %", [None, None, None]),
        ("3 copies/ug", [None, None, None]),
        (None, [None, None, None]),
    ],
)
def test_a_depth_is_known_only_as_far_as_the_value_tells(value: str | None, below: list[bool | None]) -> None:
    marrow = Marrow(subject="S1", on=D0, mrd_value=Measured.parse(value) if value else None)

    assert [mrd_below(marrow, Decimal(depth)) for depth in ("1e-3", "1e-4", "1e-5")] == below


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    st.sampled_from(["", "<", "<=", ">", ">="]),
    st.decimals("0.0000001", "0.9", places=7),
    st.decimals("0.0000001", "0.9", places=7),
    st.decimals("0.0000001", "0.9", places=7),
)
def test_below_a_depth_is_below_every_lesser_one(
    bound: str, value: Decimal, one: Decimal, other: Decimal
) -> None:
    marrow = Marrow(subject="S1", on=D0, mrd_value=Measured(value, "1", bound))  # type: ignore[arg-type]
    deep, shallow = sorted((one, other))

    if mrd_below(marrow, deep) is True:
        assert mrd_below(marrow, shallow) is True
    if mrd_below(marrow, shallow) is False:
        assert mrd_below(marrow, deep) is False


@pytest.mark.parametrize("study", STUDIES)
def test_visits_of_a_virtual_trial_counted_again_from_assessments(study: str) -> None:
    """The nearest assessment in the window decides, unless something had ended assessment before."""
    cut = virtual(study)
    table = response_by_visit_table(cut)
    seen = 0
    for name, plan in planned_assessments(cut).items():
        first, last = plan.day - plan.window[0], plan.day + plan.window[1]
        over, hits = [], []
        for one in cut.infused:
            inside = [a for a in assessments(cut.study, one) if first <= a.day <= last]
            if (cut.as_of - one.infused_on).days < last:  # type: ignore[operator]
                assert status_at(cut, one, plan)[0] == "not_due"
                continue
            over.append(one)
            judged = [a for a in inside if a.evaluable]
            nearest = min(judged, key=lambda a: abs(a.day - plan.day), default=None)
            hits.append(
                nearest is not None and nearest.counts and nearest.category in cut.study.response.responses
            )
        rows = rows_of(table, f"{name}: days {first} to {last}")
        if not over:
            continue
        rate = next(row.cells[-1] for row in rows if row.strong)
        assert pairs((rate,)) == [(sum(hits), len(over))], name
        seen += len(over)
    assert seen >= 5


def test_a_landmark_gives_no_response_to_who_was_in_remission_before() -> None:
    text = f"D-40 consent; D-30 enrol; D-5 ld; D-8 marrow {{}}; D0 infusion; D28 marrow 1 {GOOD}"
    for blasts, expected in ((40, (1, 1)), (2, (0, 1))):
        cut = cut_of({"S1": course(text.format(blasts))}, "lstcar019", day(40))
        table = landmark_table(cut)
        assert table is not None
        week_4 = next(
            row for row in table.rows if "4 wk" in EN.text(row.cells[0]) and "12" not in EN.text(row.cells[0])
        )
        assert pairs((week_4.cells[-1],)) == [expected]


# --- relapses -----------------------------------------------------------------------------------------------


def test_relapses_are_counted_among_remissions_and_progression_apart() -> None:
    found = {EN.text(row.cells[0]): row.cells[-1] for row in relapse_table(by_hand()).rows}

    assert found["In remission after the infusion, of all infused"] == Share(
        3, 8
    )  # A, B, and F who brought his
    assert found["Relapsed, of those"] == Share(1, 3)
    spread = found["Days from the remission to the relapse, median (least–greatest)"]
    assert isinstance(spread, Spread)
    assert (spread.n, spread.middle) == (1, 63)
    assert found["marrow or blood only"] == Share(1, 1)
    assert found["negative"] == Share(1, 1)
    assert found["progression, or return without a remission before"] == Share(1, 8)  # C
    assert "site not recorded" not in found


def relapsing(*more: dict[str, Json]) -> Cut:
    text = f"{BEFORE} D-8 marrow 40; D0 infusion; D28 marrow 2 {GOOD}"
    return cut_of({"S1": held_course([*record_maps(text), *more])})


def test_the_site_and_the_antigen_of_a_relapse_are_what_its_own_days_say() -> None:
    cut = relapsing(
        {"form": "extramedullary", "on": str(day(60)), "present": True, "sites": ["skin"], "cns": "cns3"},
        {"form": "relapse", "on": str(day(60)), "kind": "extramedullary", "antigen": "dim"},
        {"form": "marrow", "on": str(day(63)), "blasts": "20 %"},
        {"form": "marrow", "on": str(day(90)), "blasts": "70 %"},
    )

    found = relapse_of(cut, cut.infused[0])

    assert found is not None
    assert (found.where, found.sites, found.antigen, found.after_remission) == (
        "both",
        ("skin", "cns"),
        "dim",
        32,
    )


@pytest.mark.parametrize(
    ("more", "where", "sites", "antigen", "recorded"),
    [
        ([{"form": "marrow", "on": str(day(60)), "blasts": "20 %"}], "marrow", (), "unknown", False),
        (
            [{"form": "relapse", "on": str(day(60)), "kind": "extramedullary"}],
            "elsewhere", (), "unknown", True,
        ),
        (
            [
                {"form": "marrow", "on": str(day(60)), "blasts": "20 %"},
                {"form": "extramedullary", "on": str(day(75)), "present": True, "sites": ["skin"]},
                {"form": "relapse", "on": str(day(61)), "kind": "hematologic", "antigen": "positive"},
            ],
            "marrow", (), "positive", True,
        ),
    ],
)  # fmt: skip
def test_what_nobody_recorded_of_a_relapse_stays_unknown(more, where, sites, antigen, recorded) -> None:
    cut = relapsing(*more)

    found = relapse_of(cut, cut.infused[0])

    assert found is not None
    assert (found.where, found.sites, found.antigen, found.recorded) == (where, sites, antigen, recorded)


def test_a_molecular_relapse_is_shown_and_is_none() -> None:
    cut = relapsing({"form": "relapse", "on": str(day(60)), "kind": "molecular"})

    found = {EN.text(row.cells[0]): row.cells[-1] for row in relapse_table(cut).rows}

    assert found["Relapsed, of those"] == Share(0, 1)
    assert found["molecular relapse recorded"] == Share(1, 1)
    assert found["not known"] == Share(0, 0)


@pytest.mark.parametrize("study", STUDIES)
def test_relapses_of_a_virtual_trial_are_those_its_records_hold(study: str) -> None:
    cut = virtual(study)
    relapsed = [c for c in cut.infused if first_relapse(cut.study, c)]
    found = {EN.text(row.cells[0]): row.cells[-1] for row in relapse_table(cut).rows}

    remitted = sum(first_remission(cut.study, c) is not None for c in cut.infused)
    assert pairs((found["Relapsed, of those"],)) == [(len(relapsed), remitted)]
    for kinds in (
        ("marrow or blood only", "extramedullary only", "both"),
        ("positive", "dim", "negative", "not known"),
    ):
        assert sum(pairs((found[kind],))[0][0] for kind in kinds) == len(relapsed)


# --- subgroups ----------------------------------------------------------------------------------------------


def lines_of(data: Forest | None) -> dict[tuple[str, str], tuple[int, int]]:
    assert data is not None
    return {(EN.text(one.family), EN.text(one.name)): (one.responders, one.n) for one in data.lines}


def test_subgroups_are_counted_by_recorded_facts_and_the_unknown_have_their_line() -> None:
    assert lines_of(subgroups(by_hand())) == {
        ("", "All infused"): (3, 8),
        ("Marrow blasts before lymphodepletion, at 20 %", "below 20 %"): (0, 2),  # F, I
        ("Marrow blasts before lymphodepletion, at 20 %", "20 % or more"): (3, 6),
        ("Marrow blasts before lymphodepletion, at the median", "below 32.5 %"): (1, 4),
        ("Marrow blasts before lymphodepletion, at the median", "32.5 % or more"): (2, 4),
        ("Transplant before the study", "yes"): (1, 1),
        ("Transplant before the study", "no"): (1, 2),
        ("Transplant before the study", "not recorded"): (1, 5),
        ("Risk", "adverse"): (1, 1),
        ("Risk", "odd"): (0, 1),  # a code without a name of ours stands for itself
        ("Risk", "not recorded"): (2, 6),
        ("Sex", "female"): (1, 1),
        ("Sex", "male"): (0, 1),
        ("Sex", "not recorded"): (2, 6),
        ("Age at consent", "Under 18 years"): (1, 1),
        ("Age at consent", "not recorded"): (2, 7),  # born in 1961: 64 or 65
        ("Diagnosis", "AML"): (2, 3),
        ("Diagnosis", "not recorded"): (1, 5),
        ("Dose level", "DL1"): (2, 4),
        ("Dose level", "DL2"): (1, 4),
    }


def test_a_family_in_which_all_are_alike_or_unknown_is_named_in_a_note() -> None:
    cut = told(f"{BEFORE} D-8 marrow 40; D0 infusion")
    table, data = subgroup_table(cut), subgroups(cut)

    notes = " ".join(EN.text(note) for note in table.notes)

    assert [EN.text(row.cells[0]) for row in table.rows] == ["All infused"]
    assert "at 20 %: 20 % or more" in notes
    assert "Dose level: DL1" in notes
    assert "Recorded for nobody: Transplant before the study, Risk, Sex, Age at consent, Diagnosis." in notes
    assert data is not None
    (drawing,) = forest_figure(data, cut.study, EN)
    assert "Recorded for nobody: Transplant before the study, Risk" in drawing  # and so does the figure


@pytest.mark.parametrize("study", STUDIES)
def test_each_family_of_subgroups_adds_up_to_everybody(study: str) -> None:
    data = subgroups(virtual(study))
    assert data is not None
    whole, *rest = data.lines
    families: dict[str, list[tuple[int, int]]] = {}
    for line in rest:
        families.setdefault(EN.text(line.family), []).append((line.responders, line.n))

    assert len(families) >= 2
    for family, parts in families.items():
        assert (sum(p[0] for p in parts), sum(p[1] for p in parts)) == (whole.responders, whole.n), family
        assert len(parts) > 1
    cells_ = [row.cells[-1] for row in subgroup_table(virtual(study)).rows]
    assert pairs(tuple(cells_)) == [(line.responders, line.n) for line in data.lines]


# --- blasts -------------------------------------------------------------------------------------------------


def test_the_waterfall_falls_from_the_greatest_increase_and_names_who_is_not_in_it() -> None:
    data = waterfall(by_hand())

    assert data is not None
    assert [(bar.subject, bar.baseline, bar.lowest, bar.best, bar.reached) for bar in data.bars] == [
        ("I", 10, 30, "NR", False),
        ("C", 60, 55, "NR", False),
        ("E", 20, 8, "PR", False),
        ("A", 40, 2, "CR", True),
        ("B", 50, 1, "CRi", True),  # the 0 % after the transplant is not this product's
    ]
    assert [round(bar.change, 2) for bar in data.bars] == [200, -8.33, -60, -95, -98]
    assert [bar.extramedullary for bar in data.bars] == [True, False, False, False, False]
    assert data.undrawn == (
        Undrawn("D", "no_marrow"),
        Undrawn("F", "baseline_below"),
        Undrawn("H", "no_marrow"),
    )
    assert data.infused == len(data.bars) + len(data.undrawn)


@pytest.mark.parametrize(
    ("baseline", "after", "reason"),
    [
        ("", "D28 marrow 2", "no_baseline"),
        ("D-8 marrow ?;", "D28 marrow 2", "baseline_blank"),
        ("D-8 marrow >80;", "D28 marrow 2", "baseline_bound"),
        ("D-8 marrow <5;", "D28 marrow 2", "baseline_below"),
        ("D-8 marrow 0;", "D28 marrow 2", "baseline_below"),  # and no division by it
        ("D-8 marrow 40;", "D28 marrow ?", "blasts_blank"),
        ("D-8 marrow 40;", "D28 marrow >90", "blasts_bound"),
        ("D-8 marrow 40;", "D10 therapy; D28 marrow 2", "after_stop"),
        ("D-8 marrow 40;", "D28 contact", "no_marrow"),
    ],
)
def test_nobody_without_a_change_is_drawn_as_zero(baseline: str, after: str, reason: str) -> None:
    data = waterfall(told(f"{BEFORE} {baseline} D0 infusion; {after}"))

    assert data is not None
    assert (data.bars, data.undrawn) == ((), (Undrawn("S1", cast("Any", reason)),))
    (drawing,) = waterfall_figure(data, loaded(STUDY).study, EN)
    assert "S1" in drawing
    assert "0 of 1 infused are drawn" in drawing


def test_a_bound_below_is_drawn_at_its_value_and_marked() -> None:
    data = waterfall(told(f"{BEFORE} D-8 marrow 40; D0 infusion; D28 marrow <5; D60 marrow 6"))

    assert data is not None
    (bar,) = data.bars
    assert (bar.lowest, bar.bound, bar.reached, bar.day) == (5, "<", True, 28)
    (drawing,) = waterfall_figure(data, loaded(STUDY).study, EN)
    assert "S1 †" in drawing


def test_extramedullary_disease_is_taken_from_before_the_infusion_or_the_history() -> None:
    form = {"form": "disease", "on": str(day(-20)), "diagnosis": "AML", "extramedullary": True}
    infused = record_maps("D0 infusion")
    cns = {"form": "extramedullary", "on": str(day(-6)), "present": False, "cns": "cns3"}
    late = {"form": "extramedullary", "on": str(day(9)), "present": True}

    assert leukemia_elsewhere(held_course([*infused])) is None
    assert leukemia_elsewhere(held_course([*infused, form])) is True
    assert leukemia_elsewhere(held_course([*infused, cns])) is True
    assert leukemia_elsewhere(held_course([*infused, late])) is None


@pytest.mark.parametrize("study", STUDIES)
def test_changes_of_a_virtual_trial_computed_again_from_marrows(study: str) -> None:
    cut = virtual(study)
    data = waterfall(cut)
    assert data is not None
    bars = {bar.subject: bar for bar in data.bars}
    assert {*bars, *(one.subject for one in data.undrawn)} == {one.subject for one in cut.infused}
    for one in cut.infused:
        before = [
            h.record.blasts
            for h in one.all(Marrow)
            if h.record.on <= (one.lymphodepleted_on or one.infused_on)
        ]
        ends = [h.record.conditioning for h in one.all(Transplant)]
        ends += [
            h.record.on for h in one.all(NewTherapy) if h.record.kind in ("anti_leukemic", "cell_therapy")
        ]
        ends += [found.on for f in (first_relapse, first_progression) if (found := f(cut.study, one))]
        after = [
            float(h.record.blasts.value)
            for h in one.all(Marrow)
            if h.record.on > one.infused_on and h.record.on <= min(ends, default=date.max)  # type: ignore[operator]
        ]
        if one.subject in bars:
            base = float(before[-1].value)  # type: ignore[union-attr]
            assert bars[one.subject].change == pytest.approx(100 * (min(after) - base) / base)
        else:
            assert not after or not before or float(before[-1].value) < 5  # type: ignore[union-attr]
    changes = [bar.change for bar in data.bars]
    assert changes == sorted(changes, reverse=True)


def test_spider_lines_run_from_baseline_to_what_ends_this_products_course() -> None:
    data = spider(by_hand())

    assert data is not None
    lines = {line.subject: [(p.day, p.blasts) for p in line.points] for line in data.lines}
    assert lines == {
        "A": [(-8, 40), (28, 2), (60, 2), (91, 30)],  # a relapse is part of the course
        "B": [(-8, 50), (28, 3), (60, 1)],  # a transplant is not
        "C": [(-8, 60), (28, 55)],
        "E": [(-8, 20), (28, 8)],
        "F": [(-8, 2), (28, 1)],
        "I": [(-8, 10), (28, 30)],
    }
    assert data.undrawn == ("D", "H")
    assert data.floor == 0.1


@pytest.mark.parametrize(("least", "floor"), [("0.5", 0.1), ("0.1", 0.01), ("0.03", 0.01), ("0.001", 0.0001)])
def test_zero_is_drawn_below_every_value_there_is(least: str, floor: float) -> None:
    data = spider(told(f"{BEFORE} D-8 marrow 40; D0 infusion; D28 marrow {least}; D60 marrow 0"))

    assert data is not None
    assert data.floor == pytest.approx(floor)
    assert data.floor < float(least)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("12 %", (12, "")),
        ("0.12", (12, "")),
        ("<5 %", (5, "<")),
        (">=90 %", (90, ">")),
        ("3 g/L", None),
        (None, None),
    ],
)
def test_blasts_are_read_in_percent(value: str | None, found: object) -> None:
    assert percent(Measured.parse(value) if value else None) == found


# --- figures as drawn ---------------------------------------------------------------------------------------


def texts(drawing: str) -> list[str]:
    return [
        re.sub(r"<[^>]+>", "", one)
        for one in re.findall(r"<text[^>]*>(.*?)</text>", drawing, flags=re.DOTALL)
    ]


def drawings(cut: Cut, reader: Reader) -> list[str]:
    found: list[str] = []
    pairs_ = ((waterfall, waterfall_figure), (spider, spider_figure), (subgroups, forest_figure))
    for build, figure in pairs_:
        data = build(cut)
        assert data is not None
        found += [str(one) for one in figure(cast("Any", data), cut.study, reader)]
    return found


def test_every_bar_says_its_subject_and_best_response_and_a_cut_one_its_value() -> None:
    data = waterfall(by_hand())
    assert data is not None
    (drawing,) = waterfall_figure(data, by_hand().study, EN)

    said = texts(drawing)

    for bar in data.bars:
        assert any(one.split(" ")[0] == bar.subject for one in said)
    assert "I *" in said
    assert "+200 %" in said
    assert Counter(one for one in said if one in ("CR", "CRi", "PR", "NR")) == {
        "CR": 2,
        "CRi": 2,
        "PR": 2,
        "NR": 3,
    }
    assert {"100", "50", "0", "−50", "−100", "&lt; 5 %"} <= set(said)
    assert "Not drawn, no marrow after the infusion (2): D, H" in said
    assert "Not drawn, baseline below 5 % blasts, from which no fall can be read (1): F" in said


def test_the_words_of_narrow_bars_stand_upright_and_leave_room_for_the_key() -> None:
    bar = Bar("S", "DL1", 1, 10.0, 150.0, 28, 1400.0, "", False, None, "NR")
    data = Waterfall(
        50, tuple(replace(bar, subject=f"CN01-{n:03d}") for n in range(50)), (), ("CR", "NR", "NE")
    )
    chart = waterfall_chart(data, data.bars, ("CR",), EN)
    (drawing,) = waterfall_figure(data, by_hand().study, EN)

    assert texts(drawing).count("NR +1400 %") == 50
    assert chart.padding["top"] >= 90
    # Letters are about 5.6 pixels wide: the label of the highest bar ends below the key's second line.
    assert chart.padding["top"] - 34 > 6 + 5.6 * len("NR +1400 %")


def test_many_subjects_are_drawn_in_panels_of_one_scale_and_nobody_is_lost() -> None:
    bar = Bar("S", "DL1", 1, 50.0, 5.0, 28, -90.0, "", False, None, "PR")
    data = Waterfall(
        130, tuple(replace(bar, subject=f"S{n}", change=-n / 2) for n in range(130)), (), ("PR",)
    )
    panels = waterfall_figure(data, by_hand().study, EN)

    assert len(panels) == -(-130 // MOST)
    seen = [one for panel in panels for one in texts(panel) if re.fullmatch(r"S\d+", one)]
    assert seen == [f"S{n}" for n in range(130)]
    assert sum("130 of 130" in panel for panel in panels) == 1


def test_the_forest_shows_the_numbers_of_its_table() -> None:
    cut = by_hand()
    data = subgroups(cut)
    assert data is not None
    (drawing,) = forest_figure(data, cut.study, EN)
    said = texts(drawing)

    for line in data.lines:
        assert EN.text(line.name) in said
        assert line.lower is not None and line.upper is not None and line.estimate is not None  # noqa: PT018
        assert f"{100 * line.estimate:.0f} ({100 * line.lower:.0f}–{100 * line.upper:.0f})" in said
    counts = Counter(f"{line.responders}/{line.n}" for line in data.lines)
    assert Counter(one for one in said if re.fullmatch(r"\d+/\d+", one)) == counts
    assert [one for one in said if one in ("0", "25", "50", "75", "100")] == ["0", "25", "50", "75", "100"]


def test_the_spider_names_its_axes_its_floor_and_who_has_no_line() -> None:
    charts = {
        "S1": f"{BEFORE} D-8 marrow 40; D0 infusion; D28 marrow 0 {GOOD}; D400 marrow <1 {GOOD}",
        "S2": f"{BEFORE} D-8 marrow 40; D0 infusion",
    }
    cut = cut_of({subject: course(text, subject) for subject, text in charts.items()}, as_of=day(500))
    data = spider(cut)
    assert data is not None
    (drawing,) = spider_figure(data, cut.study, EN)
    said = texts(drawing)

    assert {"0", "1", "10", "100", "5 %", "CR", "months after the first infusion"} <= set(said)
    assert "drawn at the foot of the axis (0.1 %)" in " ".join(said)
    assert "Not drawn, no marrow with blasts after the infusion (1): S2" in said
    specification = spider_chart(data, cut.study.response.responses, EN).to_dict()
    rings = specification["datasets"][specification["layer"][3]["data"]["name"]]
    drawn = [(row["day"], row["blasts"]) for row in (json.loads(rings) if isinstance(rings, str) else rings)]
    assert drawn == [(28, 0.1), (400, 1)]  # zero at the floor, a bound at its value, both open


def test_an_axis_of_a_short_course_counts_days() -> None:
    cut = told(f"{BEFORE} D-8 marrow 40; D0 infusion; D28 marrow 2; D56 marrow 2")
    data = spider(cut)
    assert data is not None
    (drawing,) = spider_figure(data, cut.study, EN)

    assert {"0", "7", "14", "28", "56", "days after the first infusion"} <= set(texts(drawing))


@pytest.mark.parametrize("reader", [EN, ZH], ids=["en", "zh"])
def test_every_chart_fits_its_schema_and_the_page(reader: Reader) -> None:
    cut = by_hand()
    fall, lines, forest = waterfall(cut), spider(cut), subgroups(cut)
    assert fall is not None and lines is not None and forest is not None  # noqa: PT018
    responses = cut.study.response.responses
    for chart in (
        waterfall_chart(fall, fall.bars, responses, reader),
        spider_chart(lines, responses, reader),
        forest_chart(forest, reader),
    ):
        specification = chart.to_dict()
        padding = specification["padding"]
        assert specification["width"] + padding["left"] + padding["right"] <= 940
    for data in (fall, lines, forest):
        json.dumps(asdict(data), default=str, allow_nan=False)


def test_the_same_figure_is_the_same_bytes() -> None:
    assert drawings(by_hand(), EN) == drawings(by_hand(), EN)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    st.lists(st.sampled_from(["S1,", "骨髓", "a", "5 %", "infusion", "，"]), max_size=60), st.integers(8, 40)
)
def test_wrapped_lines_lose_no_letter_and_keep_to_their_room(words: list[str], room: int) -> None:
    text = " ".join(words)

    lines = wrapped(text, room)

    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(sum(2 if ord(c) > 0x2E7F else 1 for c in line) <= room + 8 for line in lines)
    assert not any(line.lstrip().startswith("%") for line in lines)


# --- the listing --------------------------------------------------------------------------------------------


def listed(cut: Cut, reader: Reader = EN) -> list[dict[str, str]]:
    table = list_response(cut)
    heads = [EN.text(column.head) for column in table.columns]
    return [dict(zip(heads, map(reader.text, row.cells), strict=True)) for row in table.rows]


def test_the_listing_has_every_assessment_with_what_it_was_judged_from() -> None:
    rows = listed(by_hand())

    assert Counter(row["Subject"] for row in rows) == {
        "A": 4, "B": 4, "C": 2, "D": 2, "E": 2, "F": 2, "H": 2, "I": 2,
    }  # fmt: skip
    first = next(row for row in rows if row["Subject"] == "A" and row["Day"] == "28")
    assert first == {
        "Subject": "A", "Level": "DL1", "Visit": "", "On": str(day(28)), "Day": "28", "Marrow blasts": "2 %",
        "Blood blasts": "0 %", "Extramedullary": "no", "ANC": "1.2 10^9/L", "Platelets": "110 10^9/L",
        "MRD": "negative (<0.01 %)", "Days since red cells": "", "Days since platelets": "",
        "Days since growth factor": "", "Response": "CR", "Remark": "", "Investigator's response": "",
    }  # fmt: skip
    assert next(r for r in rows if r["Subject"] == "A" and r["Day"] == "91")["Remark"].endswith(
        "relapse or progression"
    )
    died = [row for row in rows if row["Subject"] == "D"][-1]
    assert (died["Response"], died["Remark"]) == (
        "NE", f"not evaluable: died on {day(12)} before any assessment."
    )  # fmt: skip


def test_the_listing_shows_what_is_missing_what_was_given_and_what_the_investigator_said() -> None:
    text = (
        f"{BEFORE} D-8 marrow 40; D0 infusion; D20 red_cells; D25 platelets; D26 gcsf;"
        "D28 marrow 2 plt 110 pb ? emd ? visit day_28; D30 call CRi day_28; D91 call CR month_3"
    )

    baseline, judged, alone = listed(told(text))

    assert baseline["Response"] == "baseline"
    assert (judged["ANC"], judged["Blood blasts"], judged["Extramedullary"]) == ("", "", "")
    since = [judged[f"Days since {what}"] for what in ("red cells", "platelets", "growth factor")]
    assert since == ["8", "3", "2"]
    assert judged["Response"] == "NE"
    assert "anc" in judged["Remark"]
    assert judged["Investigator's response"] == "CRi"
    assert (alone["Day"], alone["Response"], alone["Investigator's response"]) == ("91", "", "CR")


@pytest.mark.parametrize("study", STUDIES)
def test_the_listing_of_a_virtual_trial_holds_every_assessment_once(study: str) -> None:
    cut = virtual(study)
    rows = listed(cut)
    wanted = Counter(
        (one.subject, str(item.on), item.category)
        for one in cut.infused
        for item in assessments(cut.study, one)
    )

    found = Counter((row["Subject"], row["On"], row["Response"]) for row in rows)

    assert sum(wanted.values()) > 5
    assert all(found[key] == n for key, n in wanted.items())
    assert {row["Subject"] for row in rows} == {one.subject for one in cut.infused}


# --- nothing, little, and both languages ---------------------------------------------------------------------


@pytest.mark.parametrize("study", STUDIES)
def test_before_anybody_is_treated_every_output_says_so(study: str) -> None:
    cut = nobody(study)

    for build in TABLES:
        table = build(cut)
        assert table.rows == ()
        assert table.empty is not None
        assert EN.text(table.empty) in ("Nobody has been infused yet.", "Nobody has been enrolled yet.")
    assert waterfall(cut) is None
    assert spider(cut) is None
    assert subgroups(cut) is None


@pytest.mark.parametrize(
    "text",
    [
        "D-40 consent",
        "D-40 consent; D-30 enrol",
        "D-40 consent; D0 infusion",
        "D-40 consent; D-30 enrol; D0 infusion; D28 marrow ? pb ? emd ? cells ?",
        "D-40 consent; D-30 enrol; D0 infusion; D1 died",
    ],
)
def test_one_subject_with_next_to_nothing_breaks_nothing(text: str) -> None:
    cut = told(text)

    for reader in (EN, ZH):
        for build in TABLES:
            said = [reader.text(cell) for row in build(cut).rows for cell in row.cells]
            assert not any(re.search(r"\b(nan|None|inf)\b", one) for one in said), said
        if cut.infused:
            assert not any(re.search(r"\b(NaN|None|undefined|null)\b", one) for one in drawings(cut, reader))


def test_a_figure_of_nobody_drawn_is_a_frame_and_a_list() -> None:
    order, study = ("CR", "NR", "NE"), by_hand().study
    none = Spider(2, (), ("S1", "S2"), 0.1, 0, order)
    single = Spider(1, (BlastLine("S1", "DL1", "CR", (BlastPoint(3, 0.0, ""),)),), (), 0.1, 0, order)

    for data in (none, single):
        (drawing,) = spider_figure(data, study, EN)
        assert "of " in drawing
        assert "NaN" not in drawing


ENGLISH = re.compile(r"[A-Za-z]*[a-z]{3,}[A-Za-z]*")
CODES = {
    "CRi", "Clopper", "Pearson", "flow", "skin", "registered", "nccn", "aml", "all", "odd", "baseline", "day", "month",
    "week", "year", "mpal", "relapse",  # the last one as an investigator wrote it
}  # fmt: skip


def leftovers(words: str) -> set[str]:
    return set(ENGLISH.findall(words)) - CODES


@pytest.mark.parametrize("study", [None, *STUDIES])
def test_chinese_outputs_hold_no_english_but_codes(study: str | None) -> None:
    cut = virtual(study) if study else by_hand()
    for build in TABLES:
        table = build(cut)
        heads = [column.head for column in table.columns]
        cells_ = [cell for row in table.rows for cell in (row.group, *row.cells)]
        said: list[Cell] = [table.title, table.population, *heads, *cells_]
        said += [
            note
            for note in table.notes
            if note.key not in ("analysis.note_resp_rule", "analysis.note_resp_adequate")
        ]
        words = " ".join(ZH.text(cell) for cell in said if not is_fact_names(cell))
        assert leftovers(words) == set(), table.id
    for drawing in drawings(cut, ZH):
        assert leftovers(" ".join(texts(drawing))) == set()


def is_fact_names(cell: Cell) -> bool:
    """What is missing is named by the names rules have for it, in both languages."""
    return isinstance(cell, Message) and cell.key == "derive.response_unknown"


def test_the_sentences_have_both_languages_with_the_same_parameters() -> None:
    for room in ("analysis", "reports"):
        names = ("resp_", "note_resp", "waterfall", "spider", "forest", "wf_")
        own = {key: both for key, both in catalogue(room).items() if key.startswith(names)}
        assert len(own) > 15
        for key, both in own.items():
            assert template_params(both["en"]) == template_params(both["zh"]), key


def test_every_output_has_its_title() -> None:
    names = (
        "response_summary",
        "response_by_visit",
        "subgroups",
        "forest",
        "relapses",
        "waterfall",
        "spider",
    )
    for name in (*names, "list_response"):
        assert set(catalogue("analysis")[f"output_{name}"]) == {"en", "zh"}
    entry = SimpleNamespace(
        number="T14.2.1", kind="table", id="response_summary", build=response_summary_table
    )
    assert build_output(cast("Any", entry), by_hand()).tables[0].id == "response_summary"


def test_a_category_no_criteria_list_would_still_have_its_line() -> None:
    assert BROUGHT_ALONG not in categories(by_hand())
    assert categories(by_hand()) == ("CR", "CRi", "MLFS", "PR", "NR")
    assert categories(virtual("lstcar019")) == ("CR", "CRi", "NR", "PD")
