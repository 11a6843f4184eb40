"""Antibodies against the product and B cells: by hand, then recounted from records."""

from __future__ import annotations

from datetime import date

import pytest

from courses import held_course
from cuts import virtual_cut
from lab_trials import (
    CD19,
    EN,
    FIVE,
    LILRB4,
    b_cell,
    cut_of_courses,
    drew,
    estimate,
    infused,
    sampled,
    share,
    spread,
    total,
)
from protocyte.analysis.kinetics.b_cells import (
    APLASIA_BELOW,
    aplasia,
    aplasia_curve,
    targets_b_cells,
)
from protocyte.analysis.kinetics.immunogenicity import antibodies, immunogenicity_table
from protocyte.analysis.labs.listings import list_ada
from protocyte.analysis.tables import Rate, Spread
from protocyte.derive.relapse import relapse_evidence
from protocyte.records.efficacy import AntiDrugAntibody, KineticsSample
from protocyte.records.follow_up import NewTherapy, Transplant

# --- antibodies --------------------------------------------------------------------------------------------


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
    cut = virtual_cut(study)
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
    cut = virtual_cut("lstcar019")
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
