"""Recovery, shift and inflammation: by hand, then recounted from records."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courses import course as told_course
from courses import day, held_course
from cuts import virtual_cut
from lab_trials import (
    ALT,
    CD19,
    EN,
    FIVE,
    cut_of_courses,
    drew,
    estimate,
    infused,
    share,
    spread,
)
from protocyte.analysis.labs.grades import ANALYTES, Bounds, graded, terms
from protocyte.analysis.labs.inflammation import inflammation_table
from protocyte.analysis.labs.listings import list_labs
from protocyte.analysis.labs.recovery import THRESHOLDS, recovery, recovery_table
from protocyte.analysis.labs.shift import lab_shift_table
from protocyte.analysis.tables import ResultTable, Spread
from protocyte.derive.course import Course
from protocyte.derive.relapse import relapse_evidence
from protocyte.records.follow_up import NewTherapy, Transplant
from protocyte.records.measurements import Labs
from protocyte.records.treatment import Transfusion
from protocyte.study.model import Study
from trials import loaded

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
    cut = virtual_cut(study)
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
    cut = virtual_cut(study)
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
    cut = virtual_cut(study)
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
    cut = virtual_cut(study)
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
