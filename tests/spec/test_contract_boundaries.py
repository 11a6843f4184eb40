"""Boundaries where one published band ends and the next begins, and the law of a value that is not known."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from protocyte.base import InputError
from protocyte.derive.classify import classify, facts_of_inputs, shipped_criteria
from protocyte.vocab.graded import Graded
from protocyte.vocab.grading import grade
from protocyte.vocab.inputs import inputs_of
from protocyte.vocab.response_sets import RESPONSE_SETS

# Harris 2016: 5 to 7 episodes are stage 2 and more than 7 stage 3 in adults, 7 to 10 and more than 10 in children.
EPISODES = [
    ("adult_episodes", 2.9, 0),
    ("adult_episodes", 3, 1),
    ("adult_episodes", 5, 2),
    ("adult_episodes", 7, 2),
    ("adult_episodes", 7.1, 3),
    ("adult_episodes", 8, 3),
    ("child_episodes", 3.9, 0),
    ("child_episodes", 4, 1),
    ("child_episodes", 7, 2),
    ("child_episodes", 10, 2),
    ("child_episodes", 10.3, 3),
    ("child_episodes", 11, 3),
]


@pytest.mark.parametrize(("name", "value", "stage"), EPISODES)
def test_an_average_of_episodes_above_the_last_band_is_stage_3(name: str, value: float, stage: int) -> None:
    assert grade("gvhd", {name: value}).parts["lgi_stage"] == stage


@pytest.mark.parametrize(("days", "expected"), [(0, 0), (1, 1), (6, 1), (7, 3), (13, 3), (14, 4)])
def test_days_at_or_below_100_are_days_at_or_below_500_too(days: int, expected: int) -> None:
    assert grade("icaht", {"early_longest_le100": days}).grade == expected


@pytest.mark.parametrize(("now", "response"), [(5.5, "PR"), (6, "NR"), (30, "NR"), (4, "CR")])
def test_a_marrow_that_progresses_from_few_blasts_is_no_partial_response(now: float, response: str) -> None:
    """Savona 2015: from less than 5 %, a rise by half to more than 5 % is a major criterion of progression."""
    blood = {"pb": False, "emd": False, "wbc": 6, "hb": 130, "plt": 200, "anc": 2, "mono": 0.5}
    told = facts_of_inputs({"bm": now, "bm0": 4, **blood})
    assert classify(shipped_criteria("cmml-mdsmpn2015"), told).category == response


@pytest.mark.parametrize("name", ["bm", "bm0", "cellularity"])
def test_a_share_of_cells_above_the_whole_is_refused(name: str) -> None:
    assert facts_of_inputs({name: 100})
    with pytest.raises(InputError, match=f"^{name}: 100.5 is more than 100 %"):
        facts_of_inputs({name: 100.5})


def answers(found: Graded) -> set[int]:
    if found.parts.get("screen") == "unknown":
        return {0}
    return set(found.grades) or {0}


FILL: dict[str, list[Any]] = {
    "vasopressor_count_excl_vasopressin": [0, 1, 2, 3],
    "ice": [*range(11), "unarousable_cannot_perform"],
    "capd": [*range(33), "unable_to_perform"],
    "age": [2, 11.9, 12, 40],
    "early_longest_le500": list(range(32)),
    "early_longest_le100": list(range(32)),
    "creat_x_uln": [1, 1.49, 1.5, 1.51, 3, 3.1, 6, 6.1],
    "k": [3, 5.9, 6.0, 9],
    "phos": [1, 1.44, 1.45, 2.1, 4],
    "ca": [1.7, 1.75, 1.76, 2.5],
    "uric_acid_umol": [100, 475.9, 476, 900],
    "arrhythmia": [0, 1, 2, 3, 4, 5],
    "fio2_percent": [21, 39.9, 40, 100],
    "organ_toxicity_grade": [0, 1, 2, 3, 4],
    "transaminitis_grade": [0, 1, 2, 3, 4],
    "skin": [0, 1, 2, 3, 4],
    "liver": [0, 1, 2, 3, 4],
    "ugi": [0, 1],
    "lgi": [0, 1, 2, 3, 4],
    "rash_bsa_percent": [0, 1, 24.9, 25, 50, 50.1, 100],
    "bilirubin_mg_dl": [1, 2, 3, 3.1, 6, 6.1, 15, 15.1],
    "adult_episodes": [0, 2, 3, 4, 5, 7, 7.5, 8],
    "child_episodes": [0, 3, 4, 6, 7, 10, 10.5, 11],
    "adult_stool_ml": [0, 499, 500, 999, 1000, 1500, 1501],
    "child_stool_ml_per_kg": [0, 9.9, 10, 20, 30, 30.1],
}
BASES: list[tuple[str, dict[str, Any]]] = [
    ("astct-crs", {"fever": True, "hypotension": True, "vasopressor_count_excl_vasopressin": 0}),
    ("astct-crs", {"fever": True, "oxygen": "cpap", "oxygen_reason": "hypoxia", "vasopressin": True}),
    ("astct-crs", {"fever": False, "crs_already_diagnosed": True, "antipyretic_or_anticytokine_given": True}),
    ("astct-icans", {"age": 40, "ice": 8, "capd": 5, "consciousness": "awakens_spontaneously"}),
    ("astct-icans", {"age": 6, "ice": 8, "capd": 9, "motor": "none", "seizure": "none"}),
    ("lee2014-crs", {"fever": True, "hypotension": True, "oxygen": "facemask", "fio2_percent": 35}),
    ("lee2014-crs", {"organ_toxicity_grade": 2, "transaminitis_grade": 4, "ventilator_support": False}),
    ("icaht", {"early_longest_le500": 14, "early_longest_le100": 5, "never_above_500": False}),
    ("tls", {"uric_acid_umol": 500, "k": 4.5, "phos": 1.6, "ca": 2.1, "child": False, "creat_x_uln": 2.2}),
    ("tls", {"uric_acid_umol": 500, "k": 6, "phos": 1.6, "child": True, "arrhythmia": 2}),
    ("gvhd", {"skin": 2, "liver": 0, "ugi": 1, "lgi": 2}),
    ("gvhd", {"rash_bsa_percent": 30, "bilirubin_mg_dl": 2.5, "adult_episodes": 6, "adult_stool_ml": 800}),
    ("gvhd", {"child_episodes": 5, "child_stool_ml_per_kg": 15, "erythroderma_with_bullae": False}),
]


@pytest.mark.parametrize(("scale", "base"), BASES)
def test_the_possible_grades_are_those_of_all_fillings(scale: str, base: dict[str, Any]) -> None:
    """One and two unknown inputs: what is said is what trying every value finds, no more and no less."""
    declared = inputs_of(scale)
    for names in (*itertools.combinations(base, 1), *itertools.combinations(base, 2)):
        options = [FILL.get(one) or list(declared[one].values) or [False, True] for one in names]
        told = set()
        for values in itertools.product(*options):
            complete = base | dict(zip(names, values, strict=True))
            if complete.get("early_longest_le100", 0) <= complete.get("early_longest_le500", 31):
                told |= answers(grade(scale, complete))
        assert answers(grade(scale, base | dict.fromkeys(names))) == told, (names, told)


RESPONSE: dict[str, list[Any]] = {
    "bm": [0, 4.9, 5, 10, 25, 25.1, 60],
    "bm0": [5, 12, 40],
    "pb": [False, True],
    "emd": [False, True],
    "anc": [0.4, 0.5, 0.9, 1.0, 1.1],
    "plt": [49, 50, 99, 100, 101, 500],
    "auer": [False, True],
    "rbc_ti": [False, True],
    "cells": [60, 200],
    "cellularity": [5, 10],
}


@pytest.mark.parametrize("criteria", RESPONSE_SETS)
def test_a_blank_value_leaves_the_response_of_every_filling_possible(criteria: str) -> None:
    chosen = shipped_criteria(criteria)
    rest = {"plt_ti": True, "wbc": 6, "hb": 130, "mono": 0.5}
    for bm, auer, anc in itertools.product((3, 12), (False, True), (0.7, 1.5)):
        whole = {"bm": bm, "bm0": 40, "pb": False, "emd": False, "anc": anc, "plt": 140, "auer": auer}
        whole |= {"rbc_ti": True, "cells": 500, "cellularity": 15, **rest}
        for name, values in RESPONSE.items():
            blank = classify(chosen, facts_of_inputs(whole | {name: None}))
            allowed = set(blank.possible) or {blank.category}
            for value in values:
                full = classify(chosen, facts_of_inputs(whole | {name: value}))
                assert full.category in allowed | {blank.category}, (name, value, full.category, allowed)


# Harris 2016 as the reference prints it: below 2 is stage 0 and above 15 stage 4 as they stand; a value in the
# gap between two bands (3 and 3.1, 50 and 51) is rounded first.
BILIRUBIN = [
    ("bilirubin_mg_dl", 1.95, 0),
    ("bilirubin_mg_dl", 2, 1),
    ("bilirubin_mg_dl", 3.04, 1),
    ("bilirubin_mg_dl", 3.05, 2),
    ("bilirubin_mg_dl", 6.04, 2),
    ("bilirubin_mg_dl", 6.05, 3),
    ("bilirubin_mg_dl", 15, 3),
    ("bilirubin_mg_dl", 15.04, 4),
    ("bilirubin_umol_l", 33.9, 0),
    ("bilirubin_umol_l", 34, 1),
    ("bilirubin_umol_l", 50.4, 1),
    ("bilirubin_umol_l", 50.5, 2),
    ("bilirubin_umol_l", 102.4, 2),
    ("bilirubin_umol_l", 255, 3),
    ("bilirubin_umol_l", 255.3, 4),
]


@pytest.mark.parametrize(("name", "value", "stage"), BILIRUBIN)
def test_bilirubin_is_rounded_only_between_two_stages(name: str, value: float, stage: int) -> None:
    assert grade("gvhd", {name: value}).parts["liver_stage"] == stage


@pytest.mark.parametrize(
    ("inputs", "possible"),
    [
        ({"fever": True, "death_due_to_crs": True}, (5,)),
        ({"fever": True, "oxygen": "intubated_mech_vent"}, (4,)),
        ({"fever": True, "oxygen": "intubated_mech_vent", "oxygen_reason": "airway_protection_neuro"}, (1,)),
        ({"fever": True, "oxygen": "intubated_mech_vent", "oxygen_reason": None}, (1, 4)),
        ({"crs_already_diagnosed": True, "hypotension": True}, (2,)),
        ({"fever": True, "vasopressor_count_excl_vasopressin": 7, "high_dose_pressor": False}, (3,)),
    ],
)
def test_lee_2014_understands_what_astct_is_told_of_the_same_subject(
    inputs: dict[str, Any], possible: tuple[int, ...]
) -> None:
    assert grade("lee2014-crs", inputs).grades == possible


def test_three_pressors_with_a_dose_are_enough_where_their_number_is_not_known() -> None:
    doses = {"norepinephrine_ug_min": 1, "dopamine_ug_kg_min": 1, "epinephrine_ug_min": 1}

    answer = grade("lee2014-crs", doses | {"vasopressor_count_excl_vasopressin": None})

    assert answer.grade == 3
