"""Toxicity scales as small tables: inputs, grade, and why."""

from __future__ import annotations

import pytest

from protocyte.base import LANGUAGES, InputError, Quantity, render
from protocyte.vocab.crs import is_fever
from protocyte.vocab.grading import SCALES, explain, find_scale, grade
from protocyte.vocab.icaht import longest_run
from protocyte.vocab.inputs import inputs_of, scale_facts
from protocyte.vocab.toxicity import MODULES

FOCAL = "deep_focal_weakness_hemi_or_paraparesis"
COMA = "unarousable_or_vigorous_repetitive_stimuli_or_coma"
QUICK = "any_clinical_resolving_rapidly_or_nonconvulsive_eeg_resolving_with_intervention"

# Lee 2019 (ASTCT), table of CRS.
CRS = [
    ({}, 0),
    ({"fever": True}, 1),
    ({"fever": True, "hypotension": True}, 2),
    ({"fever": True, "oxygen": "low_flow_nc_or_blowby"}, 2),
    ({"fever": True, "hypotension": True, "vasopressor_count_excl_vasopressin": 1}, 3),
    ({"fever": True, "vasopressin": True}, 3),
    ({"fever": True, "oxygen": "venturi"}, 3),
    ({"fever": True, "vasopressor_count_excl_vasopressin": 2}, 4),
    ({"fever": True, "oxygen": "cpap"}, 4),
    ({"fever": True, "oxygen": "intubated_mech_vent", "oxygen_reason": "airway_protection_neuro"}, 1),
    ({"death_due_to_crs": True}, 5),
    ({"hypotension": True, "vasopressor_count_excl_vasopressin": 2}, 0),
    ({"crs_already_diagnosed": True, "antipyretic_or_anticytokine_given": True, "hypotension": True}, 2),
    ({"crs_already_diagnosed": True, "hypotension": True}, 0),
    ({"crs_already_diagnosed": True, "antipyretic_or_anticytokine_given": True}, 0),
]
# Lee 2019 (ASTCT), tables of ICANS for adults and for children.
ICANS = [
    ({"age": 40, "ice": 10}, 0),
    ({"age": 40, "ice": 9}, 1),
    ({"age": 40, "ice": 6}, 2),
    ({"age": 40, "ice": 0}, 3),
    ({"age": 40, "ice": "unarousable_cannot_perform"}, 4),
    ({"age": 40, "ice": 10, "consciousness": "awakens_only_to_tactile"}, 3),
    ({"age": 40, "ice": 10, "consciousness": COMA}, 4),
    ({"age": 40, "ice": 10, "seizure": QUICK}, 3),
    ({"age": 40, "ice": 10, "motor": FOCAL}, 4),
    ({"age": 40, "death_due_to_icans": True}, 5),
    ({"age": 12, "ice": 8}, 1),
    ({"age": 11.9, "capd": 8}, 1),
    ({"age": 6, "capd": 0}, 0),
    ({"age": 6, "capd": 9}, 3),
    ({"age": 6, "capd": "unable_to_perform"}, 4),
    ({"age": 30, "developmental_delay": True, "capd": 9}, 3),
    ({"age": 6, "capd": 20, "ice": 10}, 3),
    ({"capd": 9}, 3),
    ({"ice": 2}, 3),
]
# Rejeski 2023 (EHA/EBMT); days at or below the count.
ICAHT = [
    ({}, 0),
    ({"early_longest_le500": 1}, 1),
    ({"early_longest_le500": 13}, 2),
    ({"early_longest_le500": 14}, 3),
    ({"early_longest_le500": 9, "early_longest_le100": 7}, 3),
    ({"early_longest_le500": 15, "early_longest_le100": 14}, 4),
    ({"early_longest_le500": 31}, 4),
    ({"early_longest_le500": 5, "never_above_500": True}, 4),
    ({"early_longest_le500": 5, "started_day": 4, "recovered_before_last_anc": False}, 1),
    ({"late_anc": [400]}, 0),
    ({"late_anc": [400.5, 1500]}, 3),
    ({"late_anc": [100, 1500.5]}, 0),
    ({"late_anc": [1000, 1000]}, 2),
]
# Cairo and Bishop 2004; None is no laboratory tumour lysis, so nothing to grade.
TLS = [
    ({}, None),
    ({"uric_acid_umol": 476, "k": 6.0}, 0),
    ({"uric_acid_umol": 475.9, "k": 6.0}, None),
    ({"phos": 1.45, "ca": 1.75}, 0),
    ({"phos": 1.45, "ca": 1.75, "child": True}, None),
    ({"phos": 2.1, "ca": 1.75, "child": True}, 0),
    ({"ca": 1.9, "ca_baseline": 2.6, "k": 5.0, "k_baseline": 4.0}, 0),
    ({"k": 6, "ca": 1.7, "creat_x_uln": 1.49}, 0),
    ({"k": 6, "ca": 1.7, "creat_x_uln": 1.5}, 1),
    ({"k": 6, "ca": 1.7, "creat_x_uln": 3}, 2),
    ({"k": 6, "ca": 1.7, "creat_x_uln": 6}, 3),
    ({"k": 6, "ca": 1.7, "creat_x_uln": 6.1}, 4),
    ({"k": 6, "ca": 1.7, "arrhythmia": "nonurgent_intervention"}, 2),
    ({"k": 6, "ca": 1.7, "seizure": 3}, 3),
    ({"k": 6, "ca": 1.7, "death": True}, 5),
    ({"creat_x_uln": 7}, None),
]
# Harris 2016 (MAGIC).
GVHD = [
    ({"skin": 2}, 1),
    ({"skin": 3}, 2),
    ({"liver": 1}, 2),
    ({"liver": 2}, 3),
    ({"skin": 4}, 4),
    ({"rash_bsa_percent": 24.9}, 1),
    ({"rash_bsa_percent": 50.1}, 2),
    ({"bilirubin_mg_dl": 1.94}, 0),
    ({"bilirubin_umol_l": 34}, 2),
    ({"bilirubin_umol_l": 256}, 4),
    ({"adult_stool_ml": 499}, 0),
    ({"adult_stool_ml": 1500}, 3),
    ({"child_episodes": 4}, 2),
    ({"severe_abdominal_pain_or_bloody_stool": True}, 4),
]
# Lee 2014.
LEE = [
    ({}, 0),
    ({"constitutional_symptoms": True}, 1),
    ({"norepinephrine_ug_min": 19}, 2),
    ({"norepinephrine_ug_min": 20}, 3),
    ({"norepinephrine_ug_min": 20, "pressor_hours": 1}, 2),
    ({"norepinephrine_ug_min": 5, "vasopressin": True}, 3),
    ({"vasopressor_count_excl_vasopressin": 2}, 3),
    ({"oxygen": "facemask", "fio2_percent": 39}, 2),
    ({"oxygen": "facemask", "fio2_percent": 40}, 3),
    ({"oxygen": "intubated_mech_vent"}, 4),
    ({"organ_toxicity_grade": 4}, 4),
    ({"transaminitis_grade": 4}, 3),
    ({"death": True}, 5),
]
TABLES = {
    "astct-crs": CRS,
    "astct-icans": ICANS,
    "icaht": ICAHT,
    "tls": TLS,
    "gvhd": GVHD,
    "lee2014-crs": LEE,
}
CASES = [(scale, inputs, expected) for scale, table in TABLES.items() for inputs, expected in table]


@pytest.mark.parametrize(("scale", "inputs", "expected"), CASES)
def test_a_complete_assessment_has_its_published_grade(
    scale: str, inputs: dict[str, object], expected: int | None
) -> None:
    graded = grade(scale, inputs)
    assert graded.grade == expected
    assert graded.missing == ()
    for language in LANGUAGES:
        assert render(explain(graded), language)


OPEN = [
    ("astct-crs", {"fever": True, "oxygen": None}, (1, 2, 3, 4), ("oxygen",)),
    ("astct-crs", {"fever": None, "hypotension": True}, (0, 2), ("fever",)),
    ("astct-crs", {"fever": True, "oxygen": "bipap", "oxygen_reason": None}, (1, 4), ("oxygen_reason",)),
    ("astct-icans", {"age": 40, "ice": None}, (0, 1, 2, 3, 4), ("ice",)),
    ("astct-icans", {"age": 40, "ice": None, "consciousness": "awakens_only_to_tactile"}, (3, 4), ("ice",)),
    ("astct-icans", {"age": None, "ice": 5, "capd": 9}, (2, 3), ("age",)),
    ("astct-icans", {"age": 8, "ice": 5}, (0, 1, 3, 4), ("capd",)),
    ("icaht", {"early_longest_le500": 10, "early_longest_le100": None}, (2, 3), ("early_longest_le100",)),
    ("icaht", {"late_anc": [900, None]}, (0, 2, 3, 4), ("late_anc",)),
    ("tls", {"k": 6.5, "ca": None, "creat_x_uln": 2}, (0, 2), ("ca",)),
    ("lee2014-crs", {"oxygen": "bipap"}, (3, 4), ("ventilator_support",)),
    ("lee2014-crs", {"oxygen": "high_flow_nc"}, (2, 3), ("fio2_percent",)),
    ("lee2014-crs", {"vasopressor_count_excl_vasopressin": 1}, (2, 3), ("high_dose_pressor",)),
    ("gvhd", {"skin": 1, "lgi": None}, (1, 2, 3, 4), ("lgi",)),
]


@pytest.mark.parametrize(("scale", "inputs", "possible", "missing"), OPEN)
def test_what_is_not_known_leaves_a_set_of_grades_and_names_what_is_missing(
    scale: str, inputs: dict[str, object], possible: tuple[int, ...], missing: tuple[str, ...]
) -> None:
    graded = grade(scale, inputs)
    assert (graded.grade, graded.possible, graded.missing) == (None, possible, missing)
    assert missing[0] in render(explain(graded))


CERTAIN = [
    ("astct-crs", {"fever": True, "vasopressor_count_excl_vasopressin": 2, "oxygen": None}, 4),
    ("astct-icans", {"age": 40, "ice": None, "motor": FOCAL}, 4),
    ("astct-icans", {"age": None, "ice": 10}, None),
    ("gvhd", {"liver": 4, "skin": None, "lgi": None}, 4),
    ("icaht", {"early_longest_le500": 20, "early_longest_le100": 14, "late_anc": None}, 4),
]


@pytest.mark.parametrize(("scale", "inputs", "expected"), CERTAIN)
def test_what_is_not_known_and_cannot_matter_leaves_the_grade_known(
    scale: str, inputs: dict[str, object], expected: int | None
) -> None:
    assert grade(scale, inputs).grade == expected


HOSTILE = [
    ("astct-icans", {"ice": 11}, "ice: 11 is not between 0 and 10"),
    ("astct-icans", {"ice": 7.5}, "ice: 7.5 is not a whole number"),
    ("astct-icans", {"ice": True}, "ice: True is not a whole number"),
    ("astct-icans", {"capd": 33}, "capd: 33 is not between 0 and 32"),
    ("astct-icans", {"age": -1}, "age: -1 is not between 0 and 120"),
    ("astct-icans", {"consciousness": "sleepy"}, "consciousness: 'sleepy' is not one of alert"),
    ("astct-crs", {"fever": "yes"}, "fever: 'yes' is not true or false"),
    ("astct-crs", {"temperature": 39}, "temperature: not an input of astct-crs"),
    ("astct-crs", {"vasopressor_count_excl_vasopressin": float("nan")}, "is not a whole number"),
    ("icaht", {"early_longest_le500": 3, "early_longest_le100": 5}, "early_longest_le100: longer than"),
    ("icaht", {"late_anc": 400}, "late_anc: 400 is not a list of numbers"),
    ("icaht", {"late_anc": [-1, 2]}, "late_anc: -1 is not 0 or more"),
    ("tls", {"k": float("inf")}, "k: inf is not a number"),
    ("tls", {"seizure": 1}, "seizure: 1 is not a grade of seizure"),
    ("gvhd", {"ugi": 2}, "ugi: 2 is not between 0 and 1"),
    ("lee2014-crs", {"norepinephrine_ug_min": 5, "vasopressor_count_excl_vasopressin": 0}, "fewer pressors"),
    ("astct-2024", {}, "scale: 'astct-2024' is not one of"),
]


@pytest.mark.parametrize(("scale", "inputs", "sentence"), HOSTILE)
def test_an_input_that_cannot_be_used_is_refused_in_one_sentence_that_names_it(
    scale: str, inputs: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InputError) as refused:
        grade(scale, inputs)
    assert sentence in str(refused.value)


SCREENS = [
    ({"ferritin": 601, "ferritin_uln": 300, "alt_x_uln": 5.1, "fibrinogen_mg_dl": 149}, "positive"),
    ({"ferritin": 600, "ferritin_uln": 300, "alt_x_uln": 5.1, "fibrinogen_mg_dl": 149}, "negative"),
    ({"ferritin_rapidly_rising": True, "hemophagocytosis": True, "new_grade4_cytopenia": True}, "positive"),
    (
        {
            "ferritin": 900,
            "ferritin_uln": 300,
            "ldh_x_uln": 1.1,
            "fever": True,
            "hours_between_manifestations": 80,
        },
        "negative",
    ),
    ({"ferritin": 900, "ferritin_uln": 300, "fever": True, "alt_x_uln": None}, "unknown"),
    ({"ferritin": 900, "fever": True, "neurotoxicity": True}, "unknown"),
    (
        {
            "ferritin": 900,
            "ferritin_uln": 300,
            "fever": True,
            "alt_x_uln": 6,
            "alt_x_baseline": 2,
            "baseline_alt_normal": False,
        },
        "negative",
    ),
]


@pytest.mark.parametrize(("inputs", "screen"), SCREENS)
def test_iec_hs_is_screened_and_never_graded(inputs: dict[str, object], screen: str) -> None:
    found = grade("iec-hs", inputs)
    assert (found.grade, found.possible, found.parts["screen"]) == (None, (), screen)
    assert bool(found.missing) == (screen == "unknown")
    assert found.at_least(1) in (None, False)


def test_at_least_is_undecided_only_where_the_possible_grades_are_on_both_sides() -> None:
    graded = grade("astct-crs", {"fever": True, "oxygen": None})
    assert (graded.at_least(1), graded.at_least(3), graded.at_least(5)) == (True, None, False)
    assert grade("tls", {}).at_least(1) is False
    assert grade("tls", {"k": 6.5, "ca": None, "creat_x_uln": 2}).at_least(2) is None


def test_every_scale_states_its_source_and_what_was_recalled() -> None:
    for scale in MODULES:
        facts = scale_facts(scale)
        assert facts["title"]
        assert facts["source"]
        assert isinstance(facts["recalled"], list)


def test_every_declared_input_is_judged_by_exactly_one_block() -> None:
    from importlib import import_module

    for scale, module in MODULES.items():
        blocks = import_module(f"protocyte.vocab.{module}").BLOCKS
        assert sorted(name for block in blocks for name in block.inputs) == sorted(inputs_of(scale))


def test_the_name_astct_2019_is_that_of_crs() -> None:
    assert find_scale("astct-2019") == "astct-crs"
    assert all(find_scale(scale) == scale for scale in SCALES)


def test_fever_for_crs_begins_at_38_degrees() -> None:
    assert is_fever(Quantity("38.0", "Cel"))
    assert not is_fever(Quantity("37.9", "Cel"))


def test_recoveries_of_two_days_do_not_end_a_run_of_neutropenia_and_three_do() -> None:
    low, high = 400, 900

    def counts(*values: int | None) -> dict[int, object]:
        return dict(enumerate(values))

    assert longest_run(counts(low, low, high, high, low), 500) == 5
    assert longest_run(counts(low, low, high, high, high, low), 500) == 2
    assert longest_run(counts(low, None, low), 500) == 3
    assert longest_run(counts(high, None), 500) == 0
