"""Tables, pathways and risks agree with the exact engine they are drawn from."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from protocyte.base import InputError
from protocyte.designs import (
    Boin,
    Crm,
    Design,
    ThreePlusThree,
    advise_outcomes,
    operating_characteristics,
    parse_outcomes,
)
from protocyte.designs.pathways import merged_paths, paths
from protocyte.designs.risks import (
    dlt_distribution,
    probability_overdosing,
    probability_stopped_early,
    sample_size_distribution,
    worst_case,
)
from protocyte.designs.tables import boundary_table, decision_table, what_if

TRUTH = [0.1, 0.25, 0.4]
DESIGNS: dict[str, Design] = {
    "3+3": ThreePlusThree(),
    "BOIN": Boin(target=0.3, max_subjects=12),
    "CRM": Crm(target=0.25, skeleton=(0.1, 0.25, 0.4), cohort_size=2, max_subjects=8),
}
every_design = pytest.mark.parametrize("name", DESIGNS)


@every_design
def test_the_leaves_of_all_pathways_are_the_operating_characteristics(name: str) -> None:
    design = DESIGNS[name]
    expected = operating_characteristics(design, TRUTH)
    for rows in (paths(design, 8, TRUTH), merged_paths(design, 99, TRUTH)):
        over = [row for row in rows if row["next"] == 0]
        reached: Counter[int] = Counter()
        for row in over:
            reached[row["selected"]] += row["probability"]
        np.testing.assert_allclose([reached[k] for k in (1, 2, 3)], expected.selection, atol=1e-12)
        assert reached[0] == pytest.approx(float(expected.none), abs=1e-12)


@every_design
def test_children_share_the_probability_of_their_parent(name: str) -> None:
    rows = paths(DESIGNS[name], 3, TRUTH)
    shared: Counter[int] = Counter()
    for row in rows[1:]:
        shared[row["parent"]] += row["probability"]
    for parent, probability in shared.items():
        assert probability == pytest.approx(rows[parent]["probability"], abs=1e-15)


def test_too_many_pathways_are_refused_and_merged_ones_offered() -> None:
    with pytest.raises(InputError, match="merged pathways"):
        paths(Boin(target=0.3, levels=5, max_subjects=60), 20)


@every_design
def test_distributions_have_the_moments_of_the_operating_characteristics(name: str) -> None:
    design = DESIGNS[name]
    expected = operating_characteristics(design, TRUTH)
    sizes, dlts = sample_size_distribution(design, TRUTH), dlt_distribution(design, TRUTH)
    assert sum(sizes.values()) == pytest.approx(1, abs=1e-12)
    assert sum(n * p for n, p in sizes.items()) == pytest.approx(float(expected.expected_subjects))
    assert sum(d * p for d, p in dlts.items()) == pytest.approx(float(expected.mean_dlt.sum()))


def test_overdosing_and_early_stopping_are_probabilities_that_move_the_right_way() -> None:
    design = Boin(target=0.3)
    mild, harsh = [0.05, 0.1, 0.2, 0.3, 0.4], [0.45, 0.55, 0.6, 0.7, 0.8]
    assert probability_overdosing(design, mild, 0.3, 0.6) < probability_overdosing(design, harsh, 0.3, 0.6)
    assert probability_stopped_early(design, harsh) > 0.3
    found = operating_characteristics(design, harsh)
    assert probability_stopped_early(design, harsh) <= float(found.none) + 1e-12


def test_the_worst_truth_is_worse_than_any_curve_drawn_at_random() -> None:
    design = Boin(target=0.3, levels=4, max_subjects=24)
    curve, worst = worst_case(design, "overdose_selected", gap=0.1)
    assert (np.diff(curve) >= 0).all()
    draws = np.sort(np.random.Generator(np.random.PCG64(1)).random((3000, 4)), axis=1)
    selection = operating_characteristics(design, draws).selection
    assert ((draws > 0.4) * selection).sum(axis=1).max() <= worst + 1e-9


def test_the_worst_truth_for_selection_lies_on_the_edge_of_indifference() -> None:
    curve, worst = worst_case(Boin(target=0.3, levels=4, max_subjects=24), "wrong_selection", gap=0.1)
    assert {0.2, 0.3, 0.4} >= {round(float(p), 6) for p in curve}
    assert 0.3 < worst < 1


def test_what_if_asks_the_design_itself() -> None:
    design = Boin(target=0.3, levels=3)
    history = parse_outcomes("1NNN 2NNT")
    rows = what_if(design, history)
    assert [row["dlts"] for row in rows] == [0, 1, 2, 3]
    two_of_three = advise_outcomes(design, (*history, *parse_outcomes("2TTN")))
    assert rows[2]["advice"] == two_of_three
    assert what_if(ThreePlusThree(levels=3), parse_outcomes("1NTT")) == []


def test_the_boundary_table_and_the_decision_table_say_the_same() -> None:
    design = Boin(target=0.3)
    cells = {(row["n"], row["dlts"]): row["decision"] for row in decision_table(design, 12)}
    for row in boundary_table(design, 12):
        for dlts in range(row["n"] + 1):
            up = row["escalate_if_at_most"] is not None and dlts <= row["escalate_if_at_most"]
            assert (cells[row["n"], dlts] == "E") == up


def test_the_decision_table_of_three_plus_three_is_the_textbook_one() -> None:
    cells = {(row["n"], row["dlts"]): row["decision"] for row in decision_table(ThreePlusThree())}
    assert [cells[3, y] for y in range(4)] == ["E", "S", "D", "D"]
    assert [cells[6, y] for y in range(7)] == ["E", "E", "D", "D", "D", "D", "D"]


def test_a_model_has_no_decision_table_and_says_what_to_ask_instead() -> None:
    with pytest.raises(InputError, match="paths"):
        decision_table(DESIGNS["CRM"])
