"""Recovery, shift, inflammation, immunogenicity, B cells and their figures: by hand, then recounted from records."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courses import course as told_course
from courses import day, held_course, record_maps
from protocyte.analysis.cut import Cut
from protocyte.analysis.kinetics.b_cells import (
    APLASIA_BELOW,
    aplasia,
    aplasia_curve,
    b_cells,
    targets_b_cells,
)
from protocyte.analysis.kinetics.immunogenicity import Antibodies, antibodies, immunogenicity_table
from protocyte.analysis.labs.courses import LabCourses, lab_courses
from protocyte.analysis.labs.grades import ANALYTES, Bounds, graded, terms
from protocyte.analysis.labs.inflammation import inflammation_table
from protocyte.analysis.labs.listings import list_ada, list_labs
from protocyte.analysis.labs.recovery import THRESHOLDS, recovery, recovery_table
from protocyte.analysis.labs.shift import lab_shift_table
from protocyte.analysis.output import Entry, build_output
from protocyte.analysis.tables import Cell, Estimate, Rate, ResultTable, Share, Spread, statistics
from protocyte.app.clock import last_day
from protocyte.app.demo import virtual_trial
from protocyte.base import Json, Language
from protocyte.conduct import Desk
from protocyte.derive.course import Course
from protocyte.derive.relapse import relapse_evidence
from protocyte.records.efficacy import AntiDrugAntibody, KineticsSample
from protocyte.records.follow_up import NewTherapy, Transplant
from protocyte.records.measurements import Labs
from protocyte.records.treatment import Transfusion
from protocyte.reports.figures.b_cells import aplasia_chart, b_cells_figure, cells_chart
from protocyte.reports.figures.lab_courses import course_chart, lab_courses_figure, liver_chart
from protocyte.reports.words import Reader
from protocyte.study.model import Study
from trials import Conducted, loaded

FIVE = ("cd123-cart", "cd7-cart", "cll1-cart", "lilrb4-start", "lstcar019")
TABLES: dict[str, Callable[[Cut], ResultTable]] = {
    "recovery": recovery_table,
    "lab_shift": lab_shift_table,
    "inflammation": inflammation_table,
    "immunogenicity": immunogenicity_table,
    "list_labs": list_labs,
    "list_ada": list_ada,
}
EN, ZH = Reader("en"), Reader("zh")
NOTHING = r"\b(nan|NaN|inf|undefined)\b|^None$|\{"
CD19, LILRB4 = loaded("lstcar019").study, loaded("lilrb4-start").study


@cache
def virtual(study: str) -> Desk:
    return virtual_trial(loaded(study), seed=11, most_subjects=7)


@cache
def cut_of(study: str) -> Cut:
    desk = virtual(study)
    return Cut(desk.trial, last_day(desk.trial))


@dataclass(frozen=True)
class Told:
    """Some courses as a trial: what a cut asks of one."""

    study: Study
    courses: tuple[Course, ...]

    def all(self, form: Any) -> tuple[Any, ...]:
        return ()


def cut_of_courses(study: Study, *told: str | list[dict[str, Json]], on: date = date(2030, 1, 1)) -> Cut:
    """Each course is text, or records; all have consented."""
    courses = []
    for number, one in enumerate(told, start=1):
        records = record_maps(one) if isinstance(one, str) else one
        consent: dict[str, Json] = {"form": "consent", "on": f"{day(-40)}", "document_version": "1"}
        courses.append(held_course([consent, *records], f"S{number}"))
    return Cut(Told(study, tuple(courses)), on)  # type: ignore[arg-type]


def drew(on: int, **results: str | tuple[str, ...]) -> dict[str, Json]:
    """A draw: `alt=("90 U/L", "", "40 U/L")` has no lower limit and an upper one."""
    listed: list[Json] = []
    for test, told in results.items():
        value, lower, upper = (*((told,) if isinstance(told, str) else told), "", "", "")[:3]
        limits = {"lower_limit": lower, "upper_limit": upper}
        listed.append({"test": test, "value": value} | {name: one for name, one in limits.items() if one})
    return {"form": "labs", "on": f"{day(on)}", "results": listed}


def infused(text: str = "", *records: dict[str, Json]) -> list[dict[str, Json]]:
    return [*record_maps(f"D-5 ld; D0 infusion; {text}"), *records]


def line(table: ResultTable, label: str, group: str) -> list[Cell]:
    """The number cells of the one row with this label under a heading that begins so, in English."""
    found = [
        [cell for cell, column in zip(row.cells, table.columns, strict=True) if column.kind == "number"]
        for row in table.rows
        if EN.text(row.cells[0]).startswith(label) and EN.text(row.group).startswith(group)
    ]
    assert len(found) == 1, (label, group, [(EN.text(r.group), EN.text(r.cells[0])) for r in table.rows])
    return found[0]


def total(table: ResultTable, label: str, group: str) -> Cell:
    return line(table, label, group)[-1]


def share(table: ResultTable, label: str, group: str) -> tuple[int, int]:
    cell = total(table, label, group)
    assert isinstance(cell, Share), cell
    return cell.count, cell.of


# --- recovery, of one subject -----------------------------------------------------------------------------

HALF, TWENTY = Decimal("0.5"), Decimal(20)


@pytest.mark.parametrize(
    ("told", "ended", "on"),
    [
        (
            "D2 labs anc 0.3; D7 labs anc 0.6; D9 labs anc 0.4; D12 labs anc 0.6; D14 labs anc 0.7",
            "recovered",
            12,
        ),
        (
            "D2 labs anc 0.3; D7 labs anc 0.5; D9 labs anc 0.5",
            "recovered",
            7,
        ),  # at the threshold is recovered
        ("D2 labs anc 0.3; D7 labs anc 0.6", "open", 7),  # one count alone is none
        ("D2 labs anc 0.3; D7 labs anc 0.6; D8 labs anc 0.3; D9 labs anc 0.9", "open", 9),
        ("D2 labs anc 0.8; D7 labs anc 0.6", "never_below", None),
        ("D2 labs anc 0.8; D40 labs anc 0.1; D41 labs anc 0.9; D42 labs anc 0.9", "never_below", None),
        ("D40 labs anc 0.1; D50 labs anc 0.9", "not_counted", None),
        ("D-3 labs anc 0.1", "not_counted", None),  # before the infusion
        ("D2 labs anc 0.3; D9 died", "death", 9),
        ("D2 labs anc 0.3; D9 transplant; D20 labs anc 2; D21 labs anc 2", "transplant", 9),
        ("D2 labs anc 0.3; D9 relapse; D11 died; D20 labs anc 2; D21 labs anc 2", "relapse", 9),
        ("D2 labs anc 0.3; D5 labs anc 0.2; D9 therapy; D20 labs anc 2; D21 labs anc 2", "open", 5),
        ("D2 labs anc 0.3; D7 labs anc 0.6; D8 labs anc 0.6; D9 died", "recovered", 7),
    ],
)
def test_neutrophils_recover_with_two_counts_in_a_row_unless_something_comes_first(
    told: str, ended: str, on: int | None
) -> None:
    found = recovery(CD19, told_course(f"D0 infusion; {told}"), "anc", HALF)

    assert (found.ended, found.day) == (ended, on)


@pytest.mark.parametrize(
    ("told", "ended", "on"),
    [
        ("D2 labs plt 10; D7 labs plt 30; D9 labs plt 30", "recovered", 7),
        (
            "D2 labs plt 10; D6 platelets; D7 labs plt 30; D9 labs plt 30; D13 labs plt 25; D14 labs plt 26",
            "recovered",
            13,
        ),
        ("D2 labs plt 10; D6 platelets; D7 labs plt 30; D12 labs plt 31", "open", 12),
        ("D2 labs plt 10; D7 labs plt 30; D8 platelets; D8 labs plt 30; D15 labs plt 30", "recovered", 7),
        ("D2 labs plt 10; D7 labs plt 30; D8 platelets; D9 labs plt 12; D15 labs plt 30", "open", 15),
        ("D2 labs plt 10; D6 red_cells; D7 labs plt 30; D9 labs plt 30", "recovered", 7),
    ],
)
def test_a_platelet_count_within_seven_days_of_a_transfusion_shows_no_recovery(
    told: str, ended: str, on: int
) -> None:
    found = recovery(CD19, told_course(f"D0 infusion; {told}"), "platelets", TWENTY)

    assert (found.ended, found.day) == (ended, on)


def test_a_bound_is_below_its_number_and_a_count_in_another_unit_is_read() -> None:
    def of(*counts: str) -> tuple[str, int | None]:
        draws = [drew(2 + 3 * k, anc=count) for k, count in enumerate(counts)]
        found = recovery(CD19, held_course(infused("", *draws)), "anc", HALF)
        return found.ended, found.day

    assert of("<0.5 10^9/L", "600 cells/uL", ">0.5 10^9/L") == ("recovered", 5)
    assert of("0.5 10^9/L", "600 cells/uL", ">0.5 10^9/L") == ("never_below", None)
    assert of("0.1 10^9/L", "<2 10^9/L", "<2 10^9/L") == ("open", 8)  # below 2 may be below 0.5
    assert of("3 g/L", "3 g/L") == ("not_counted", None)  # no count at all


def test_of_several_counts_on_a_day_the_lowest_is_taken() -> None:
    draws = [
        drew(2, anc="0.9 10^9/L"),
        drew(2, anc="0.2 10^9/L"),
        drew(5, anc="0.6 10^9/L"),
        drew(8, anc="0.6 10^9/L"),
    ]

    assert recovery(CD19, held_course(infused("", *draws)), "anc", HALF).day == 5


# --- recovery, of a trial: closed forms and a recount -------------------------------------------------------


def anc(*counts: tuple[int, float]) -> str:
    return "; ".join(["D0 infusion", *(f"D{on} labs anc {count}" for on, count in counts)])


def estimate(table: ResultTable, label: str, group: str) -> Estimate:
    cell = total(table, label, group)
    assert isinstance(cell, Estimate)
    return cell


def test_without_censoring_the_incidence_is_the_share_recovered_by_then() -> None:
    cut = cut_of_courses(
        CD19,
        anc((2, 0.1), (10, 0.6), (11, 0.6)),
        anc((2, 0.1), (20, 0.6), (21, 0.6)),
        anc((2, 0.1)) + "; D15 died",
        anc((2, 0.1), (30, 0.6), (31, 0.6)),
        anc((2, 0.9), (30, 0.9)),
        "D0 infusion",
    )
    table, group = recovery_table(cut), "Neutrophils ≥ 0.5"

    assert share(table, "No count", group) == (1, 6)
    assert share(table, "Never below", group) == (1, 5)
    assert share(table, "Fell below", group) == (4, 5)
    assert share(table, "Recovered, of", group) == (3, 4)
    assert share(table, "Died", group) == (1, 4)
    assert [estimate(table, f"Recovered by day {d} ", group).value for d in (14, 28, 60, 90)] == [
        0.25,
        0.5,
        0.75,
        0.75,
    ]
    assert estimate(table, "Median day", group).value == 20


def test_with_a_subject_censored_the_incidence_is_that_of_aalen_and_johansen_worked_by_hand() -> None:
    # Day 10 recovered, 12 censored, 15 died, 20 and 30 recovered.
    # F(10) = 1/5, S = 4/5; S(15) = 4/5 x 2/3 = 8/15; F(20) = 1/5 + 8/15 x 1/2 = 7/15, S = 4/15; F(30) = 11/15.
    cut = cut_of_courses(
        CD19,
        anc((2, 0.1), (10, 0.6), (11, 0.6)),
        anc((2, 0.1), (12, 0.2)),
        anc((2, 0.1)) + "; D15 died",
        anc((2, 0.1), (20, 0.6), (21, 0.6)),
        anc((2, 0.1), (30, 0.6), (31, 0.6)),
    )
    table, group = recovery_table(cut), "Neutrophils ≥ 0.5"
    by_day = [estimate(table, f"Recovered by day {d} ", group) for d in (14, 28, 60)]

    assert [one.value for one in by_day] == pytest.approx([1 / 5, 7 / 15, 11 / 15])
    assert all(one.lower is not None and one.lower < one.value < one.upper for one in by_day)  # type: ignore[operator]
    assert estimate(table, "Median day", group).value == 30
    assert share(table, "Not recovered", group) == (1, 5)


def test_past_the_last_count_nothing_is_estimated_and_fewer_than_half_have_no_median() -> None:
    cut = cut_of_courses(
        CD19, anc((2, 0.1), (10, 0.6), (11, 0.6)), anc((2, 0.1), (40, 0.1)), anc((2, 0.1), (40, 0.1))
    )
    table, group = recovery_table(cut), "Neutrophils ≥ 0.5"

    assert estimate(table, "Recovered by day 28", group).value == pytest.approx(1 / 3)
    assert estimate(table, "Recovered by day 60", group).value is None
    assert estimate(table, "Median day", group).value is None


def counted_again(study: Study, course: Course, test: str, threshold: float) -> tuple[str, int | None]:
    """From the records, another way: a list of (day, value, usable), read from the end backwards."""
    start = course.infused_on
    assert start is not None
    stops = [(h.record.conditioning, 2, "transplant") for h in course.all(Transplant)]
    stops += [(h.record.on, 3, "open") for h in course.all(NewTherapy)]
    if course.died_on:
        stops.append((course.died_on, 0, "death"))
    stops += [
        (item.on, 1, "relapse")
        for item in relapse_evidence(study, course)
        if item.is_relapse or item.is_progression
    ]
    stop = min((one for one in stops if one[0] >= start), default=None)
    given = [h.record.on for h in course.all(Transfusion) if h.record.product == "platelets"]
    days: dict[int, float] = {}
    for held in course.all(Labs):
        number = (held.record.on - start).days
        if number < 0 or (stop is not None and held.record.on > stop[0]):
            continue
        for result in held.record.results:
            if result.test == test and result.value is not None:
                days[number] = min(days.get(number, math.inf), float(result.value.value))
    if not [one for one in days if one <= 30]:
        return "not_counted", None
    low = [one for one in sorted(days) if one <= 30 and days[one] < threshold]
    if not low:
        return "never_below", None

    def covered(number: int) -> bool:
        return test == "platelets" and any(0 <= number - (on - start).days < 7 for on in given)

    series = [(n, v) for n, v in sorted(days.items()) if n > low[0] and (v < threshold or not covered(n))]
    up = [n for (n, v), (_, then) in pairwise(series) if v >= threshold and then >= threshold]
    if up:
        return "recovered", up[0]
    if stop is not None and stop[2] != "open":
        return stop[2], (stop[0] - start).days
    return "open", max(days)


@pytest.mark.parametrize("study", FIVE)
def test_recovery_in_virtual_trials_is_what_a_recount_of_the_records_finds(study: str) -> None:
    cut = cut_of(study)
    table = recovery_table(cut)
    for test, threshold in THRESHOLDS:
        again = [counted_again(cut.study, course, test, float(threshold)) for course in cut.infused]
        own = [recovery(cut.study, course, test, threshold) for course in cut.infused]
        assert [(one.ended, one.day) for one in own] == again
        group = f"{'Neutrophils' if test == 'anc' else 'Platelets'} ≥ {threshold} "
        fell = [one for one in again if one[1] is not None]
        count = Counter(ended for ended, _ in again)
        assert share(table, "Recovered, of", group) == (count["recovered"], len(fell))
        assert share(table, "Never below", group) == (count["never_below"], len(again) - count["not_counted"])
        for label, ended in (("Died", "death"), ("Relapsed", "relapse"), ("Transplanted", "transplant"),
                             ("Not recovered", "open")):  # fmt: skip
            assert share(table, label, group) == (count[ended], len(fell))
        if fell and count["open"] == 0:
            by_28 = sum(ended == "recovered" and (on or 0) <= 28 for ended, on in fell)
            assert estimate(table, "Recovered by day 28", group).value == pytest.approx(by_28 / len(fell))


counts = st.lists(st.sampled_from([0.1, 0.4, 0.5, 0.6, 2.0]), min_size=1, max_size=12)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(counts, st.sampled_from([1, 3]))
def test_who_recovered_fell_before_and_stayed_up_twice_and_who_did_not_never_stayed_up(
    values: list[float], every: int
) -> None:
    days = [1 + every * k for k in range(len(values))]
    found = recovery(CD19, told_course(anc(*zip(days, values, strict=True))), "anc", HALF)
    fall = next((k for k, value in enumerate(values) if value < 0.5 and days[k] <= 30), len(values))
    pairs = [k for k in range(fall + 1, len(values) - 1) if values[k] >= 0.5 <= values[k + 1]]

    if fall == len(values):
        assert found.ended == "never_below"
    elif pairs:
        assert (found.ended, found.day) == ("recovered", days[pairs[0]])
    else:
        assert (found.ended, found.day) == ("open", days[-1])


# --- shift and severe results ------------------------------------------------------------------------------


def block(table: ResultTable, heading: str, level: str = "All") -> dict[str, dict[str, int]]:
    """Subjects by grade before and worst grade after."""
    heads = [EN.text(column.head) for column in table.columns]
    found = {}
    for row in table.rows:
        cells = dict(zip(heads, row.cells, strict=True))
        if EN.text(row.group).startswith(heading) and EN.text(cells.get("Level", "All")) == level:
            found[EN.text(cells["Baseline grade"])] = {
                head: int(cell)  # type: ignore[arg-type]
                for head, cell in cells.items()
                if isinstance(cell, int)
            }
    return found


def nonzero(of: dict[str, dict[str, int]]) -> dict[tuple[str, str], int]:
    return {
        (before, after): n for before, row in of.items() for after, n in row.items() if n and after != "All"
    }


ANC = ("1.8 10^9/L", "6.3 10^9/L")
ALT = ("", "40 U/L")


def test_the_shift_table_of_three_subjects_counted_by_hand() -> None:
    """CTCAE 5.0: neutrophils below the lower limit 1, < 1.5 2, < 1.0 3, < 0.5 4; ALT above normal 1, > 3 ULN 2."""
    cut = cut_of_courses(
        CD19,
        infused(
            "",
            drew(-20, anc=("0.4 10^9/L", *ANC), potassium=("3.2 mmol/L", "3.5 mmol/L", "5.1 mmol/L")),
            drew(-6, anc=("1.6 10^9/L", *ANC), alt=("30 U/L", *ALT)),  # the last before lymphodepletion
            drew(-5, anc=("0.2 10^9/L", *ANC)),  # the day it begins: no baseline
            drew(0, anc=("0.3 10^9/L", *ANC)),  # the day of the infusion: before it
            drew(5, anc=("0.8 10^9/L", *ANC), alt=("130 U/L", *ALT)),
            drew(9, anc=("1.4 10^9/L", *ANC), potassium=("3.2 mmol/L", "3.5 mmol/L", "5.1 mmol/L")),
        ),
        infused("D20 therapy", drew(5, anc=("0.45 10^9/L", *ANC)), drew(30, alt=("900 U/L", *ALT))),
        infused("", drew(-6, anc=("7 10^9/L", *ANC)), drew(4, alt=("30 U/L", "", ""))),
    )
    table = lab_shift_table(cut)

    assert nonzero(block(table, "Neutrophils, low")) == {
        ("Grade 1", "Grade 3"): 1,
        ("Missing", "Grade 4"): 1,
        ("Grade 0", "Missing"): 1,
    }
    # 130 / 40 = 3.25; the second has no ALT before the new therapy; the third no upper limit: 0 to 4 remain.
    assert nonzero(block(table, "ALT, high")) == {
        ("Grade 0", "Grade 2"): 1,
        ("Missing", "Missing"): 1,
        ("Missing", "In doubt"): 1,
    }
    # 3.2 is grade 1 without symptoms and 2 with: by value alone the lower.
    assert nonzero(block(table, "Potassium, low")) == {("Grade 1", "Grade 1"): 1, ("Missing", "Missing"): 2}
    assert nonzero(block(table, "Potassium, high")) == {("Grade 0", "Grade 0"): 1, ("Missing", "Missing"): 2}


@pytest.mark.parametrize(
    ("study", "count", "wanted"),
    [
        ("lstcar019", "0.4 10^9/L", 4),  # 5.0: below 0.5
        ("lstcar019", "1.7 10^9/L", 1),
        ("cd7-cart", "0.4 10^9/L", 4),  # 4.03 alike
        ("lstcar019", "400 cells/uL", 4),
    ],
)
def test_grades_follow_the_study_s_ctcae(study: str, count: str, wanted: int) -> None:
    course = held_course(infused("", drew(5, anc=(count, *ANC) if "10^9" in count else (count,))))
    low = next(one for one in graded(loaded(study).study, course) if one.term.direction == "low")

    assert low.worst == Bounds(wanted, wanted)


@pytest.mark.parametrize("version", ["ctcae-4.03", "ctcae-5.0", "ctcae-6.0"])
def test_every_analyte_has_a_term_in_some_direction_of_each_version_that_grades_it(version: str) -> None:
    study = CD19.model_copy(update={"scales": CD19.scales.model_copy(update={"ae": version})})
    named = {
        analyte.name: [(term.direction, term.name) for term in terms(study, analyte)] for analyte in ANALYTES
    }

    assert next(direction for direction, _ in named["platelets"]) == "low"
    assert all(len({direction for direction, _ in of}) == len(of) for of in named.values())  # one each way
    missing = {name for name, of in named.items() if not of}
    assert missing <= {"eosinophils", "ldh", "bicarbonate", "ck"}  # 4.03 knows no LDH, 6.0 no creatine kinase


LOW_ANC = {"ctcae-4.03": (1.8, 1.5, 1.0, 0.5), "ctcae-5.0": (1.8, 1.5, 1.0, 0.5)}
LOW_PLATELETS = (125, 75, 50, 25)


@pytest.mark.parametrize("study", FIVE)
def test_the_shift_of_counts_in_virtual_trials_is_what_a_recount_finds(study: str) -> None:
    cut = cut_of(study)
    table, list_of = lab_shift_table(cut), list_labs(cut)
    names = [EN.text(row.cells[5 - 1]) for row in list_of.rows]
    for test, name, limits in (
        ("anc", "Neutrophils", LOW_ANC[cut.study.scales.ae]), ("platelets", "Platelets", LOW_PLATELETS),
    ):  # fmt: skip
        again: Counter[tuple[str, str]] = Counter()
        severe = 0
        for course in cut.infused:
            before, after = counts_of(course, test)
            grades = [sum(value < limit for limit in limits) for value in after]
            severe += sum(grade >= 3 for grade in grades)
            first = f"Grade {sum(before[-1] < limit for limit in limits)}" if before else "Missing"
            again[first, f"Grade {max(grades)}" if grades else "Missing"] += 1
        assert nonzero(block(table, f"{name}, low")) == dict(again)
        assert names.count(name) == severe


def counts_of(course: Course, test: str) -> tuple[list[float], list[float]]:
    """Values before lymphodepletion, and from day 1 until a transplant's conditioning or a new therapy."""
    start, depleted = course.infused_on, course.lymphodepleted_on
    assert start is not None
    assert depleted is not None
    ends = [h.record.conditioning for h in course.all(Transplant)] + [
        h.record.on for h in course.all(NewTherapy)
    ]
    until = min((on for on in ends if on >= start), default=date.max)
    values = [
        (held.record.on, float(result.value.value))
        for held in course.all(Labs)
        for result in held.record.results
        if result.test == test and result.value is not None
    ]
    return [v for on, v in values if on < depleted], [v for on, v in values if start < on <= until]


@pytest.mark.parametrize("study", FIVE)
def test_every_subject_stands_in_one_cell_of_every_block(study: str) -> None:
    cut = cut_of(study)
    table = lab_shift_table(cut)
    for heading in {EN.text(row.group) for row in table.rows}:
        rows = block(table, heading)
        assert sum(row["All"] for row in rows.values()) == len(cut.infused)
        assert all(sum(n for head, n in row.items() if head != "All") == row["All"] for row in rows.values())


def test_a_severe_result_stands_beside_its_baseline_and_one_that_may_be_severe_is_listed_too() -> None:
    cut = cut_of_courses(
        CD19,
        infused(
            "",
            drew(-6, anc=("2.0 10^9/L", *ANC)),
            drew(5, anc=("0.4 10^9/L", *ANC)),
            drew(6, anc=("1.2 10^9/L", *ANC)),
        ),
        infused("", drew(7, alt=("300 U/L", "", ""))),
    )
    first, second = list_labs(cut).rows
    texts = [EN.text(cell) for cell in first.cells]

    assert texts[3:] == [
        "5", "Neutrophils", "0.4 10^9/L", "1.8–6.3 10^9/L", "Neutrophil count decreased", "4", "2 10^9/L",
        f"{day(-6)}", "0",
    ]  # fmt: skip
    assert first.strong
    assert [EN.text(cell) for cell in second.cells][6:10] == [
        "Missing",
        "Alanine aminotransferase increased",
        "0–4",
        "Missing",
    ]


def test_what_ctcae_does_not_grade_is_named() -> None:
    cut = cut_of_courses(CD19, infused("", drew(5, anc="1 10^9/L", il6="5 pg/mL", monocytes="1 10^9/L")))

    notes = " ".join(EN.text(note) for note in lab_shift_table(cut).notes)

    assert "il6, monocytes." in notes


# --- inflammation ------------------------------------------------------------------------------------------


def spread(table: ResultTable, label: str, group: str) -> Spread:
    cell = total(table, label, group)
    assert isinstance(cell, Spread), cell
    return cell


def test_the_peak_is_the_highest_of_four_weeks_and_its_fold_is_over_the_last_before() -> None:
    cut = cut_of_courses(
        CD19,
        infused(
            "",
            drew(-6, il6="2 pg/mL"),
            drew(0, il6="5 ng/L"),
            drew(3, il6=("50 pg/mL", "", "7 pg/mL")),
            drew(5, il6="50 pg/mL"),
            drew(40, il6="500 pg/mL"),
        ),
        infused("", drew(4, il6="0.2 ng/mL", crp="20 mg/L")),
        infused("D6 therapy", drew(0, il6="0 pg/mL"), drew(7, il6="900 pg/mL"), drew(5, il6="100 pg/mL")),
        infused("", drew(40, il6="9 pg/mL")),
    )
    table, group = inflammation_table(cut), "Interleukin 6 (pg/mL)"

    assert share(table, "Measured", group) == (3, 4)
    assert share(table, "Baseline not", group) == (1, 3)
    assert spread(table, "Baseline, median", group) == Spread(2, 2.5, 0, 5, digits=1)
    peak = spread(table, "Peak, geometric", group)
    assert (peak.n, peak.least, peak.most) == (3, 50, 200)
    assert peak.middle == pytest.approx(100)  # the cube root of 50 x 200 x 100
    assert spread(table, "Peak, median", group).middle == 100
    fold = spread(table, "Peak over baseline, median", group)
    assert (fold.n, fold.middle) == (1, 10)  # over a baseline of 0, and over none, there is no fold
    assert spread(table, "Day of the peak", group) == Spread(3, 4, 3, 5)
    assert share(table, "Peak above", group) == (1, 1)
    assert share(table, "Measured", "C-reactive protein (mg/L)") == (1, 4)
    assert "Interferon gamma" in EN.text(table.notes[3])


def test_with_a_peak_of_zero_there_is_no_geometric_mean() -> None:
    cut = cut_of_courses(CD19, infused("", drew(3, il6="0 pg/mL")), infused("", drew(3, il6="50 pg/mL")))
    table = inflammation_table(cut)

    assert spread(table, "Peak, geometric", "Interleukin 6") == Spread(2)
    assert spread(table, "Peak, median", "Interleukin 6").middle == 25


@pytest.mark.parametrize("study", FIVE)
def test_peaks_in_virtual_trials_are_what_a_recount_finds(study: str) -> None:
    cut = cut_of(study)
    table = inflammation_table(cut)
    for test, name in (("il6", "Interleukin 6"), ("crp", "C-reactive"), ("ferritin", "Ferritin")):
        peaks, days = [], []
        for course in cut.infused:
            start = course.infused_on
            assert start is not None
            found = {
                (held.record.on - start).days: float(result.value.value)
                for held in course.all(Labs)
                for result in held.record.results
                if result.test == test
                and result.value is not None
                and 1 <= (held.record.on - start).days <= 28
            }
            if found:
                peaks.append(max(found.values()))
                days.append(next(on for on, value in sorted(found.items()) if value == max(found.values())))
        mean = spread(table, "Peak, geometric", name)
        assert mean.middle == pytest.approx(math.exp(sum(map(math.log, peaks)) / len(peaks)))
        assert (mean.n, mean.least, mean.most) == (len(peaks), min(peaks), max(peaks))
        day_of = spread(table, "Day of", name)
        assert (day_of.least, day_of.most) == (min(days), max(days))


# --- antibodies --------------------------------------------------------------------------------------------


def sampled(*of: tuple[int, int | str | None], neutralising: bool | None = None) -> list[dict[str, Json]]:
    """Samples by day: a titre is positive, None negative, `?` positive without a titre."""
    made = []
    for on, titre in of:
        one: dict[str, Json] = {"form": "anti_drug_antibody", "on": f"{day(on)}"}
        one |= {"result": "negative"} if titre is None else {"result": "positive"}
        if isinstance(titre, int):
            one["titre"] = titre
        if titre is not None and neutralising is not None:
            one["neutralising"] = neutralising
        made.append(one)
    return made


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ([], [], "not_tested"),
        ([None], [], "only_before"),
        ([], [40], "only_after"),
        ([None], [None, None], "negative"),
        ([None], [None, 10], "induced"),
        ([40, None], [10], "induced"),  # gone before the infusion
        ([10], [39], "not_boosted"),
        ([10], [20, 40], "boosted"),  # four times
        ([10], [None], "not_boosted"),
        ([10], ["?"], "boost_unknown"),
        (["?"], [80], "boost_unknown"),
        (["?"], [None], "not_boosted"),
        ([10], ["?", 80], "boosted"),
    ],
)
def test_antibodies_are_pre_existing_induced_or_boosted(
    before: list[int | str | None], after: list[int | str | None], kind: str
) -> None:
    records = sampled(*((k - len(before) + 1, titre) for k, titre in enumerate(before)))
    records += sampled(*((k + 1, titre) for k, titre in enumerate(after)))
    course = held_course(infused("", *records))
    assert antibodies(course).kind == kind


def test_the_immunogenicity_table_counted_by_hand() -> None:
    cut = cut_of_courses(
        LILRB4,
        infused("", *sampled((0, 10), (28, 80), neutralising=True)),
        infused("", *sampled((0, None), (28, 20), (56, 160))),
        infused("", *sampled((-3, None), (28, None)), drew(20, igg=("3 g/L", "7 g/L", "16 g/L"))),
        infused("", *sampled((28, 5), neutralising=False), drew(20, igg="6 g/L")),
        infused("", *sampled((0, 10))),
        infused(""),
    )
    table, group = immunogenicity_table(cut), "Anti-drug"

    wanted = {
        "Not tested": (1, 6), "Tested before infusion only": (1, 6), "Tested after infusion only": (1, 6),
        "Tested before and after": (3, 6), "Pre-existing, of": (2, 4), "Induced: negative": (1, 3),
        "Boosted: titre": (1, 3), "Pre-existing, not boosted": (0, 3), "Pre-existing, boosting": (0, 3),
        "Negative before": (1, 3), "Positive after, of": (1, 1), "Neutralising, of": (1, 2),
        "Neutralising not recorded": (2, 4),
    }  # fmt: skip
    assert {label: share(table, label, group) for label in wanted} == wanted
    emergent = total(table, "Induced or boosted", group)
    assert isinstance(emergent, Rate)
    assert (emergent.count, emergent.of) == (2, 3)
    assert spread(table, "Titre before", group) == Spread(2, 10, 10, 10)
    assert spread(table, "Highest titre", group) == Spread(3, 80, 5, 160)
    assert EN.text(total(table, "The target LILRB4", "B-cell")) == "not applicable"
    assert spread(table, "Lowest IgG", "Immunoglobulin") == Spread(2, 4.5, 3, 6, digits=1)
    assert share(table, "IgG ever at or below", "Immunoglobulin") == (1, 2)
    assert share(table, "IgG ever below", "Immunoglobulin") == (1, 1)
    assert share(table, "IgG not", "Immunoglobulin") == (4, 6)


@pytest.mark.parametrize("study", FIVE)
def test_antibodies_in_virtual_trials_are_what_a_recount_finds(study: str) -> None:
    cut = cut_of(study)
    table = immunogenicity_table(cut)
    emergent = both = tested = samples = 0
    for course in cut.infused:
        of = [
            (course.day(h.record.on) or 0, h.record.result == "positive")
            for h in course.all(AntiDrugAntibody)
        ]
        before, after = [yes for on, yes in of if on <= 0], [yes for on, yes in of if on > 0]
        samples += max(len(of), 1)
        tested += bool(of)
        both += bool(before and after)
        emergent += bool(before and after) and not before[-1] and any(after)
    assert share(table, "Not tested", "Anti-drug") == (len(cut.infused) - tested, len(cut.infused))
    assert len(list_ada(cut).rows) == (samples if tested else 0)
    if both:
        assert share(table, "Induced: negative", "Anti-drug") == (emergent, both)


# --- B cells -----------------------------------------------------------------------------------------------


def b_cell(on: int, value: str) -> dict[str, Json]:
    return {
        "form": "kinetics_sample", "on": f"{day(on)}", "analyte": "cd19_cells", "matrix": "blood",
        "assay": "flow", "value": f"{value} cells/uL",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("antigen", "is_on"),
    [("CD19", True), ("CD19/CD22", True), ("CD19xCD20", True), ("CD7", False), ("BCMA", False), ("CD123", False),
     ("CD190", False), ("CLL1", False)],
)  # fmt: skip
def test_the_target_is_on_b_cells_where_one_of_its_antigens_is(antigen: str, is_on: bool) -> None:
    product = CD19.product.model_copy(update={"antigen": antigen})

    assert targets_b_cells(CD19.model_copy(update={"product": product})) is is_on


@pytest.mark.parametrize(
    ("told", "samples", "standing", "on"),
    [
        ("", [(14, "<1"), (28, "5"), (56, "20"), (84, "3")], "recovered", 56),  # at the limit they are back
        ("", [(14, "<1"), (28, "5")], "ongoing", 28),
        ("", [(14, "30"), (28, "40")], "never_low", None),
        ("", [(-6, "5")], "not_measured", None),
        ("", [], "not_measured", None),
        ("D20 relapse", [(14, "<1"), (28, "50")], "ongoing", 14),
        ("D20 transplant", [(14, "<1"), (28, "50")], "ongoing", 14),
        ("D40 died", [(14, "<1"), (28, "2")], "ongoing", 28),
        ("", [(14, "25"), (28, "5"), (56, "50")], "recovered", 56),
    ],
)
def test_aplasia_lasts_until_the_first_result_at_the_limit_unless_something_comes_first(
    told: str, samples: list[tuple[int, str]], standing: str, on: int | None
) -> None:
    course = held_course(infused(told, *(b_cell(*one) for one in samples)))
    found = aplasia(CD19, course)

    assert (found.standing, found.day) == (standing, on)


def test_a_laboratory_s_b_cells_count_too_and_a_bound_above_the_limit_decides_nothing() -> None:
    def of(*draws: tuple[int, str]) -> tuple[str, int | None]:
        found = aplasia(CD19, held_course(infused("", *(drew(on, b_cells=value) for on, value in draws))))
        return found.standing, found.day

    assert of((14, "<5 cells/uL"), (28, "0.03 10^9/L")) == ("recovered", 28)
    assert of((14, "0 cells/uL")) == ("ongoing", 14)
    assert of((14, "<50 cells/uL")) == ("not_measured", None)
    assert of((14, "<20 cells/uL")) == ("ongoing", 14)


def test_the_curve_of_aplasia_is_kaplan_and_meier_s_worked_by_hand() -> None:
    # Back at 28 and 84 days, still away at 56: S = 2/3 after 28, then 2/3 x 0/1 = 0 after 84.
    told = [
        infused("", b_cell(14, "<1"), b_cell(28, "30")),
        infused("", b_cell(14, "<1"), b_cell(56, "2")),
        infused("", b_cell(14, "<1"), b_cell(84, "30")),
        infused("", b_cell(14, "90")),
        infused(""),
    ]
    cut = cut_of_courses(CD19, *told)
    curve = aplasia_curve([aplasia(CD19, course) for course in cut.infused])
    table, group = immunogenicity_table(cut), "B-cell aplasia"

    assert curve is not None
    assert curve.share == pytest.approx((2 / 3, 2 / 3, 0))
    assert curve.months == pytest.approx((28 / 30.4375, 56 / 30.4375, 84 / 30.4375))
    assert curve.median.value == pytest.approx(84 / 30.4375)
    assert (curve.n, curve.recovered, curve.at_risk, curve.recovered_by) == (3, 2, (3, 2, 1), (0, 1, 1))
    assert share(table, "B cells not measured", group) == (1, 5)
    assert share(table, "Never below", group) == (1, 4)
    assert share(table, "B-cell aplasia, of", group) == (3, 4)
    assert share(table, "B cells recovered", group) == (2, 3)
    assert estimate(table, "Still in aplasia at 3", group).value == pytest.approx(0)
    assert estimate(table, "Median months", group).value == pytest.approx(84 / 30.4375)


def test_b_cells_of_the_virtual_cd19_trial_are_what_a_recount_finds() -> None:
    cut = cut_of("lstcar019")
    back = gone = 0
    for course in cut.infused:
        stop = min(
            (e.on for e in relapse_evidence(cut.study, course) if e.kind != "molecular"), default=date.max
        )
        stop = min([stop, *(h.record.conditioning for h in course.all(Transplant))])
        stop = min([stop, *(h.record.on for h in course.all(NewTherapy))])
        values = [
            0.0 if held.record.value.bound else float(held.record.value.value)
            for held in course.all(KineticsSample)
            if held.record.analyte == "cd19_cells" and held.record.on < stop
        ]
        low = next((k for k, value in enumerate(values) if value < APLASIA_BELOW), None)
        gone += low is not None
        back += low is not None and any(value >= APLASIA_BELOW for value in values[low:])

    assert share(immunogenicity_table(cut), "B cells recovered", "B-cell") == (back, gone)
    assert gone > 1


# --- figures -----------------------------------------------------------------------------------------------


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def sizes(svg: str) -> tuple[float, float]:
    found = re.match(r'<svg [^>]*viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    assert found is not None
    return float(found[1]), float(found[2])


def drawn_well(drawings: Iterable[str], reader: Reader) -> None:
    for svg in drawings:
        assert sizes(svg)[0] <= 940
        said = " ".join(texts(svg))
        assert not re.search(NOTHING, said), said
        assert "NaN" not in svg
        if reader is ZH:
            assert english_in(said) == [], said


def english_in(text: str) -> list[str]:
    """English words of four letters or more that no code explains."""
    plain = re.sub(
        r"10\^9/L|cells/uL|copies/ug|LLOQ|LstCAR\d+|CAR|ALT|CTCAE|Aalen-Johansen|log-log|Kaplan-Meier",
        "",
        text,
    )
    return re.findall(r"[A-Za-z]{4,}", plain)


@pytest.mark.parametrize("study", FIVE)
@pytest.mark.parametrize("reader", [EN, ZH], ids=["en", "zh"])
def test_courses_of_a_virtual_trial_are_drawn(study: str, reader: Reader) -> None:
    cut = cut_of(study)
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
    cut = cut_of("lstcar019")
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
    cut = cut_of("lstcar019")
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
    assert b_cells(cut_of("cd7-cart")) is None
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

    data: LabCourses | None = lab_courses(cut_of("lilrb4-start"))
    assert data is not None
    assert plain(asdict(data))
    cells = b_cells(cut_of("lstcar019"))
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
    cut, reader = cut_of(study), Reader(language)
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
    title = build_output(Entry("0", "figure", id, lambda cut: None), cut_of("lstcar019")).title

    assert all(len(reader.text(title)) > 5 for reader in (EN, ZH))


@pytest.mark.parametrize("study", FIVE)
def test_every_number_is_a_number(study: str) -> None:
    for make in TABLES.values():
        for one in statistics(make(cut_of(study))):
            assert one.value is None or math.isfinite(one.value)


def test_a_subject_without_a_sample_is_listed_where_others_have_one() -> None:
    cut = cut_of_courses(LILRB4, infused("", *sampled((28, 20), neutralising=True)), infused(""))
    rows = [[EN.text(cell) for cell in row.cells] for row in list_ada(cut).rows]

    assert [row[5:] for row in rows] == [["positive", "20", "yes"], ["no sample", "", ""]]
    assert Antibodies((), ()).kind == "not_tested"
