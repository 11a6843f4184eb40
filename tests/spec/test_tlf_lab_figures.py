"""Figures of laboratory results and B cells, and every output however little there is."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from courses import day
from cuts import virtual_cut
from lab_trials import (
    ALT,
    CD19,
    EN,
    FIVE,
    LILRB4,
    NOTHING,
    ZH,
    b_cell,
    cut_of_courses,
    drawn_well,
    drew,
    english_in,
    estimate,
    infused,
    sampled,
    share,
    texts,
)
from protocyte.analysis.cut import Cut
from protocyte.analysis.kinetics.b_cells import (
    b_cells,
)
from protocyte.analysis.kinetics.immunogenicity import Antibodies, immunogenicity_table
from protocyte.analysis.labs.courses import LabCourses, lab_courses
from protocyte.analysis.labs.grades import ANALYTES, terms
from protocyte.analysis.labs.inflammation import inflammation_table
from protocyte.analysis.labs.listings import list_ada, list_labs
from protocyte.analysis.labs.recovery import recovery_table
from protocyte.analysis.labs.shift import lab_shift_table
from protocyte.analysis.output import Entry, build_output
from protocyte.analysis.tables import ResultTable, statistics
from protocyte.base import Language
from protocyte.records.efficacy import AntiDrugAntibody
from protocyte.reports.figures.b_cells import aplasia_chart, b_cells_figure, cells_chart
from protocyte.reports.figures.lab_courses import course_chart, lab_courses_figure, liver_chart
from protocyte.reports.words import Reader
from trials import Conducted, loaded

TABLES: dict[str, Callable[[Cut], ResultTable]] = {
    "recovery": recovery_table,
    "lab_shift": lab_shift_table,
    "inflammation": inflammation_table,
    "immunogenicity": immunogenicity_table,
    "list_labs": list_labs,
    "list_ada": list_ada,
}


# --- figures -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("study", FIVE)
@pytest.mark.parametrize("reader", [EN, ZH], ids=["en", "zh"])
def test_courses_of_a_virtual_trial_are_drawn(study: str, reader: Reader) -> None:
    cut = virtual_cut(study)
    data = lab_courses(cut)
    assert data is not None
    drawings = lab_courses_figure(data, cut.study, reader)

    drawn_well(drawings, reader)
    assert [panel.test for panel in data.panels] == ["anc", "platelets", "il6", "crp", "ferritin"]
    assert len(drawings) == 5  # a key, two counts, the markers in one, the liver with its key
    for panel, svg in zip(data.panels[:2], drawings[1:3], strict=True):
        assert f"n = {len(panel.lines)}" in texts(svg)
        assert {f"{one:g}" for one in panel.thresholds} <= set(texts(svg))
    assert f"{len(data.liver)}" in " ".join(texts(drawings[4]))


def test_every_chart_fits_the_drawing_language() -> None:
    cut = virtual_cut("lstcar019")
    data, cells = lab_courses(cut), b_cells(cut)
    assert data is not None
    assert cells is not None
    assert cells.car is not None
    assert cells.curve is not None
    charts = [course_chart(panel, 400, 200, EN) for panel in data.panels]
    charts += [liver_chart(data, EN), aplasia_chart(cells.curve, cells, EN)]
    charts.append(cells_chart("labs_b_cells", cells.b_cells, cells.below, "#000000", (0, 100), EN))

    assert all(chart.to_dict(validate=True) for chart in charts)


def test_the_middle_is_the_median_with_quartiles_of_results_in_a_visit_s_window() -> None:
    told = [infused("", drew(14, anc=f"{value} 10^9/L"), drew(15, anc="9 10^9/L")) for value in (1, 2, 4, 8)]
    told.append(infused("", drew(300, anc="3 10^9/L")))
    data = lab_courses(cut_of_courses(CD19, *told))
    assert data is not None
    (panel,) = data.panels
    middle = next(one for one in panel.middles if one.day == 14)

    assert (middle.n, middle.lower, middle.median, middle.upper) == (4, 1.75, 3, 5)  # type 7, as R's default
    assert len(panel.lines) == 5
    assert all(one.n >= 3 for one in panel.middles)


def test_of_one_day_the_lowest_count_and_the_highest_marker_are_drawn_until_another_treatment() -> None:
    told = infused(
        "D20 therapy",
        drew(-20, anc="5 10^9/L"),
        drew(3, anc="2 10^9/L", crp="8 mg/L"),
        drew(3, anc="0.4 10^9/L", crp="90 mg/L"),
        drew(21, anc="7 10^9/L"),
    )
    data = lab_courses(cut_of_courses(CD19, told))
    assert data is not None

    assert {panel.test: panel.lines[0].points for panel in data.panels} == {
        "anc": ((3, 0.4),),
        "crp": ((3, 90.0),),
    }


def test_a_count_of_zero_is_drawn_on_the_axis_as_a_ring_and_a_liver_in_hy_s_range_is_named() -> None:
    cut = cut_of_courses(
        CD19,
        infused(
            "",
            drew(3, anc="0 10^9/L"),
            drew(5, alt=("130 U/L", *ALT), bilirubin=("40 umol/L", "", "17 umol/L")),
        ),
        infused(
            "",
            drew(3, anc="0.5 10^9/L"),
            drew(5, alt=("900 U/L", *ALT), bilirubin=("9 umol/L", "", "17 umol/L")),
        ),
        infused("", drew(5, alt="50 U/L")),  # no limit, so no multiple
    )
    data = lab_courses(cut)
    assert data is not None
    drawings = lab_courses_figure(data, cut.study, EN)

    drawn_well(drawings, EN)
    assert [(one.subject, one.alt, one.in_hys_range) for one in data.liver] == [
        ("S1", 3.25, True),
        ("S2", 22.5, False),
    ]
    said = texts(drawings[-1])
    assert "S1 (DL1): ALT 3.2, bilirubin 2.4" in said
    assert not any(word.startswith("S2") for word in said)
    assert "below the axis" in texts(drawings[0])
    assert any(word.startswith("2 of 3 infused subjects with both") for word in said)


def test_only_what_was_recorded_is_drawn() -> None:
    liver = infused("", drew(5, alt=("0 U/L", *ALT), bilirubin=("0 umol/L", "", "17 umol/L")))
    data = lab_courses(cut_of_courses(CD19, liver))
    assert data is not None
    assert data.panels == ()
    drawn_well(lab_courses_figure(data, CD19, EN), EN)

    assert lab_courses(cut_of_courses(CD19, infused(""))) is None
    assert lab_courses(cut_of_courses(CD19)) is None


@pytest.mark.parametrize("reader", [EN, ZH], ids=["en", "zh"])
def test_b_cells_stand_above_car_cells_on_one_axis_of_days(reader: Reader) -> None:
    cut = virtual_cut("lstcar019")
    data = b_cells(cut)
    assert data is not None
    assert data.curve is not None
    drawings = b_cells_figure(data, cut.study, reader)
    drawn_well(drawings, reader)
    _, both, curve = drawings

    ticks = [str(tick) for tick in (0, 7, 14, 28, 56, 84, 112)]
    said = texts(both)
    assert all(said.count(tick) >= 2 for tick in ticks)  # the same days under both
    at_risk, events = (tuple(map(int, row)) for row in rows_below(curve, len(data.curve.ticks)))
    assert at_risk == data.curve.at_risk
    assert events == data.curve.recovered_by


def rows_below(svg: str, wide: int) -> tuple[list[str], list[str]]:
    """The two rows of counts under the axis, from the left."""
    placed = re.findall(r'<text[^>]*transform="translate\(([-\d.]+),([-\d.]+)\)"[^>]*>(\d+)</text>', svg)
    rows: dict[float, list[tuple[float, str]]] = {}
    for x, y, word in placed:
        rows.setdefault(round(float(y)), []).append((float(x), word))
    last = [[word for _, word in sorted(of)] for y, of in sorted(rows.items()) if len(of) == wide][-2:]
    return last[0], last[1]


def test_where_the_target_is_not_on_b_cells_or_none_were_measured_there_is_no_figure() -> None:
    assert b_cells(virtual_cut("cd7-cart")) is None
    assert b_cells(cut_of_courses(CD19, infused(""))) is None
    assert b_cells(cut_of_courses(CD19)) is None


def test_b_cells_without_aplasia_or_car_cells_are_drawn_too() -> None:
    data = b_cells(cut_of_courses(CD19, infused("", drew(14, b_cells="0 cells/uL"))))
    assert data is not None
    assert data.car is None
    assert data.curve is not None
    drawn_well(b_cells_figure(data, CD19, EN), EN)
    high = b_cells(cut_of_courses(CD19, infused("", b_cell(14, "90"))))
    assert high is not None
    assert high.curve is None
    assert len(b_cells_figure(high, CD19, EN)) == 2


def test_a_figure_s_numbers_are_plain() -> None:
    def plain(value: Any) -> bool:
        if isinstance(value, dict):
            return all(plain(one) for one in value.values())
        if isinstance(value, (tuple, list)):
            return all(plain(one) for one in value)
        return value is None or (
            isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value))
        )

    data: LabCourses | None = lab_courses(virtual_cut("lilrb4-start"))
    assert data is not None
    assert plain(asdict(data))
    cells = b_cells(virtual_cut("lstcar019"))
    assert cells is not None
    assert plain(asdict(cells.b_cells) | {"title": None})
    assert plain(asdict(cells.curve))  # type: ignore[type-var]


# --- every output, however little there is ------------------------------------------------------------------


def empty_trial(study: str) -> Cut:
    return Cut(Conducted(study).trial, day(0))


@pytest.mark.parametrize("study", FIVE)
def test_where_nobody_was_infused_every_table_says_so(study: str) -> None:
    for cut in (empty_trial(study), cut_of_courses(loaded(study).study, "D-3 ld")):
        for make in TABLES.values():
            table = make(cut)
            assert table.rows == ()
            assert table.empty is not None
            for reader in (EN, ZH):
                assert reader.text(table.empty)
                assert "0" in reader.text(table.population)


@pytest.mark.parametrize("study", FIVE)
def test_an_infused_subject_of_whom_nothing_was_measured_is_counted_as_such(study: str) -> None:
    cut = cut_of_courses(loaded(study).study, "D0 infusion")

    assert lab_shift_table(cut).rows == ()
    assert list_labs(cut).rows == ()
    assert list_ada(cut).rows == ()
    assert inflammation_table(cut).rows == ()
    assert share(recovery_table(cut), "No count", "Platelets ≥ 20") == (1, 1)
    assert estimate(recovery_table(cut), "Median day", "Platelets ≥ 20").value is None
    assert share(immunogenicity_table(cut), "Not tested", "Anti-drug") == (1, 1)
    assert share(immunogenicity_table(cut), "IgG not", "Immunoglobulin") == (1, 1)


@pytest.mark.parametrize("study", FIVE)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_cell_is_said_in_one_language(study: str, language: Language) -> None:
    cut, reader = virtual_cut(study), Reader(language)
    for id, make in TABLES.items():
        table = make(cut)
        title = build_output(Entry("0", "table", id, make), cut).title
        words = [reader.text(title), reader.text(table.title), reader.text(table.population)]
        words += [reader.text(note) for note in table.notes if "Measured, but" not in EN.text(note)]
        words += [reader.text(column.head) for column in table.columns]
        for row in table.rows:
            words += [reader.text(row.group), *(reader.text(cell) for cell in row.cells)]
        joined = "\n".join(words)
        assert not re.search(NOTHING, joined), re.search(NOTHING, joined)
        if language == "zh":
            codes = {t.name for a in ANALYTES for t in terms(cut.study, a)}
            codes |= {h.record.visit or "" for c in cut.infused for h in c.all(AntiDrugAntibody)}
            for code in sorted(codes, key=len, reverse=True):
                joined = joined.replace(code, "")
            joined = re.sub(r"LILRB4|CD\d+|CLL1", "", joined)
            assert english_in(joined) == []


@pytest.mark.parametrize("id", ["lab_courses", "b_cells"])
def test_figures_have_their_titles(id: str) -> None:
    title = build_output(Entry("0", "figure", id, lambda cut: None), virtual_cut("lstcar019")).title

    assert all(len(reader.text(title)) > 5 for reader in (EN, ZH))


@pytest.mark.parametrize("study", FIVE)
def test_every_number_is_a_number(study: str) -> None:
    for make in TABLES.values():
        for one in statistics(make(virtual_cut(study))):
            assert one.value is None or math.isfinite(one.value)


def test_a_subject_without_a_sample_is_listed_where_others_have_one() -> None:
    cut = cut_of_courses(LILRB4, infused("", *sampled((28, 20), neutralising=True)), infused(""))
    rows = [[EN.text(cell) for cell in row.cells] for row in list_ada(cut).rows]

    assert [row[5:] for row in rows] == [["positive", "20", "yes"], ["no sample", "", ""]]
    assert Antibodies((), ()).kind == "not_tested"
