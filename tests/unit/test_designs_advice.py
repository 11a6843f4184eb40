"""Advice of the simple designs, told as histories in the short notation."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from protocyte.base import InputError, render
from protocyte.base.message import template_params
from protocyte.designs import (
    Crm,
    Design,
    IntraSubject,
    Outcome,
    SafetyRunIn,
    TableDesign,
    ThreePlusThree,
    advise_outcomes,
    format_outcomes,
    operating_characteristics,
    parse_design,
    parse_outcomes,
)


def said(design: Design, history: str, levels: int | None = None) -> str:
    advice = advise_outcomes(design, parse_outcomes(history), levels)
    assert render(advice.reason, "en")
    assert render(advice.reason, "zh")
    parts = [advice.action, "" if advice.level is None else f"@{advice.level}"]
    if "needed" in advice.evidence:
        parts.append(f" +{advice.evidence['needed']}")
    if advice.waiting:
        parts.append(" for " + ",".join(map(str, advice.waiting)))
    return "".join(parts)


THREE_PLUS_THREE = """
                        | stay@1 +3
1N                      | stay@1 +2
1NN                     | stay@1 +1
1NNN                    | escalate@2 +3
1NNNN                   | escalate@2 +3
1NT                     | stay@1 +1
1NNT                    | stay@1 +3
1NNTN                   | stay@1 +2
1NNTNN                  | stay@1 +1
1NNTNNN                 | escalate@2 +3
1TT                     | stop
1NNTNT                  | stop
1NNN 2NTT               | de_escalate@1 +3
1NNN 2NTT 1NN           | stay@1 +1
1NNN 2NTT 1NNN          | complete@1
1NNN 2NTT 1NTT          | stop
1NNN 2NNT 2NNN          | escalate@3 +3
1NNN 2NNN 3NNN          | stay@3 +3
1NNN 2NNN 3NNNNNT       | complete@3
1NNN 2NNN 3NTT 2NTN     | complete@2
1NNN 2NNN 3NTT 2TTN     | de_escalate@1 +3
1NNN 3NNT               | stay@3 +3
1NNN 3NTT               | de_escalate@2 +3
1NNP                    | wait for 2
1TTP                    | stop
1NPP                    | wait for 1,2
1NTP                    | wait for 2
1NP                     | stay@1 +1
1NNNP                   | wait for 3
1NNN 2NNNP 1P           | wait for 6,7
"""


@pytest.mark.parametrize("line", [line for line in THREE_PLUS_THREE.splitlines() if line])
def test_three_plus_three_answers_every_tally_of_real_life(line: str) -> None:
    history, expected = (part.strip() for part in line.split("|"))
    assert said(ThreePlusThree(levels=3), history) == expected


@pytest.mark.parametrize(
    ("variant", "history", "expected"),
    [
        ("no_deescalation", "1NNN 2NTT", "complete@1"),
        ("no_deescalation", "1NNN 2NNN 3NNN", "complete@3"),
        ("korn", "1NNN 2NNN 3NNN", "complete@3"),
        ("korn", "1NNN 2NTT", "de_escalate@1 +3"),
        ("korn_six_at_top", "1NNN 2NNN 3NNN", "stay@3 +3"),
    ],
)
def test_the_variants_differ_where_they_should(variant: str, history: str, expected: str) -> None:
    assert said(ThreePlusThree(variant=variant), history, 3) == expected


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ("", "stay@1 +6"),
        ("1NNN", "stay@1 +3"),
        ("1NT", "stay@1 +4"),
        ("1TT", "stop"),
        ("1NNNNNT", "complete@1"),
        ("1NNNNTT", "stop"),
        ("1NNNNNP", "complete@1"),
        ("1TNNNNP", "wait for 5"),
        ("1TPP", "wait for 1,2"),
    ],
)
def test_safety_run_in_stops_at_the_second_dlt_of_six(history: str, expected: str) -> None:
    assert said(SafetyRunIn(subjects=6, max_dlts=1), history) == expected


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ("", "stay@1 +1"),
        ("1N", "escalate@2 +1"),
        ("1N 2N 3N", "escalate@4 +1"),
        ("1N 2N 3N 4N", "de_escalate@1 +1"),
        ("1N 2T", "de_escalate@1 +1"),
        ("1N 2P", "wait for 1"),
        ("1TTT", "stop"),
        ("1N 2N 3N 4N 1N 2N 3T", "complete@2"),
    ],
)
def test_intra_subject_climbs_dose_by_dose(history: str, expected: str) -> None:
    assert said(IntraSubject(levels=4, max_subjects=2), history) == expected


def test_a_response_ends_the_climb_of_its_subject() -> None:
    outcomes = [Outcome(level=1, dlt=False), Outcome(level=2, dlt=False, efficacy=True)]
    assert advise_outcomes(IntraSubject(levels=4), outcomes).level == 1


TABLE = "n,y,decision\n3,0,E\n3,1,S\n3,2,D\n3,3,DU\n6,0,E\n6,1,E\n6,2,S\n6,3,D\n6,4,DU\n6,5,DU\n6,6,DU\n"


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ("1NNN", "escalate@2 +3"),
        ("1NN", "stay@1 +1"),
        ("1NNT", "stay@1 +3"),
        ("1TTT", "stop"),
        ("1NNN 2NTT", "de_escalate@1 +3"),
        ("1NNN 2TTT 1NNT", "stay@1 +3"),
        ("1NNN 2TTT 1NNN", "stay@1 +3"),
        ("1NNNN", "escalate@2 +3"),
        ("1NNNT", "stay@1 +3"),
    ],
)
def test_any_decision_table_is_a_design(history: str, expected: str) -> None:
    assert said(TableDesign(csv=TABLE, target=0.3, levels=3), history) == expected


def test_the_notation_round_trips() -> None:
    text = "1NNN 2NTP 1N"
    assert format_outcomes(parse_outcomes(text)) == text


@pytest.mark.parametrize("text", ["NNN", "1", "1NX", "0N", "1NNN,2N", "-1N"])
def test_what_is_not_a_history_is_refused_by_name(text: str) -> None:
    with pytest.raises(InputError, match=r"1NNN 2NTP"):
        parse_outcomes(text)


def test_a_backfill_subject_counts_but_does_not_move_the_escalation() -> None:
    outcomes = [*parse_outcomes("1NNN 2NN"), Outcome(level=1, dlt=True, backfill=True)]
    advice = advise_outcomes(ThreePlusThree(levels=3), outcomes)
    assert (advice.action, advice.level, advice.evidence["needed"]) == ("stay", 2, "1")


@pytest.mark.parametrize(
    ("node", "rule"),
    [
        ({"design": "four_plus_four"}, "designs.unknown_design"),
        ({}, "designs.no_design"),
        ({"design": "three_plus_three", "varriant": "korn"}, "designs.unknown_field"),
        ({"design": "three_plus_three", "variant": "kron"}, "designs.bad_field"),
        ({"design": "three_plus_three", "levels": 4}, "designs.levels_mismatch"),
        ({"design": "three_plus_three", "start": 4}, "designs.start_above_ladder"),
        ({"design": "table", "target": 0.3, "csv": "n,y,decision\n3,0,E"}, "designs.table_hole"),
        ({"design": "table", "target": 0.3, "csv": "n;y\n3;0"}, "designs.table_row"),
        ({"design": "table", "csv": TABLE}, "designs.missing_field"),
        ({"design": "three_plus_three", "with": ["no_skiping"]}, "designs.unknown_modifier"),
        ({"design": "three_plus_three", "with": [{"cap": 0}]}, "designs.bad_field"),
        ({"design": "three_plus_three", "with": [{"cap": 4}]}, "designs.modifier_level"),
        ({"design": "three_plus_three", "with": ["tried_only", "tried_only"]}, "designs.modifier_twice"),
        ({"design": "boin", "target": 0.3, "with": [{"demand_n": 31}]}, "designs.modifier_subjects"),
        ({"design": "crm", "target": 0.3, "skeleton": [0.1, 0.3, 0.2]}, "designs.skeleton_falls"),
        ({"design": "crm", "target": 0.3, "skeleton": [0.1, 0.3]}, "designs.skeleton_length"),
        ({"design": "crm", "target": 0.04, "skeleton": {"prior_mtd": 2}}, "designs.target_interval"),
        ({"design": "blrm", "doses": [3, 2, 5], "reference": 5}, "designs.doses_fall"),
        ({"design": "blrm", "doses": [3, 5], "reference": 5}, "designs.doses_length"),
        ({"design": "boin", "target": 0.3, "p_saf": 0.35}, "designs.boin_rates"),
        ({"design": "keyboard", "target": 0.04}, "designs.target_interval"),
        ({"design": "table", "target": 1.3, "csv": TABLE}, "designs.bad_field"),
    ],
)
def test_what_is_wrong_in_a_node_comes_back_as_problems(node: dict[str, object], rule: str) -> None:
    problems = parse_design(node, levels=3)
    assert isinstance(problems, tuple)
    assert [problem.rule for problem in problems] == [rule]
    assert problems[0].sentence("en")
    assert problems[0].sentence("zh")


def test_start_may_be_named_by_the_label_of_the_ladder() -> None:
    design = parse_design({"design": "three_plus_three", "start": "DL2"}, 3, ("DL1", "DL2", "DL3"))
    assert isinstance(design, Design)
    assert design.start_level == 2


def test_every_sentence_of_the_room_has_both_languages_with_the_same_parameters() -> None:
    text = resources.files("protocyte.designs").joinpath("messages.toml").read_text(encoding="utf-8")
    for name, sentences in tomllib.loads(text).items():
        assert set(sentences) == {"en", "zh"}, name
        assert template_params(sentences["en"]) == template_params(sentences["zh"]), name


@pytest.mark.parametrize(
    ("truth", "sentence"),
    [
        ([0.1, 0.2, 1.2], "1.2 is not a probability"),
        ([0.1, float("nan"), 0.3], "nan is not a probability"),
        ([0.1, 0.2], "2 probabilities, but the design has 3"),
        ([[[0.1]]], "A truth is a list"),
        (["a", "b", "c"], "A truth is a list"),
        ([], "A truth is a list"),
    ],
)
def test_what_is_no_truth_is_refused_in_one_sentence(truth: list[float], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        operating_characteristics(ThreePlusThree(levels=3), truth)
    assert caught.value.problems


def test_a_design_too_large_to_enumerate_says_how_large_and_offers_simulation() -> None:
    design = parse_design(
        {"design": "boin", "target": 0.3, "levels": 8, "cohort_size": 1, "max_subjects": 60}
    )
    assert isinstance(design, Design)
    with pytest.raises(InputError, match=r"more than \d+ states .* simulate"):
        operating_characteristics(design, [0.1] * 8, max_states=20_000)


def test_a_skeleton_of_another_length_than_the_truth_is_refused() -> None:
    with pytest.raises(InputError, match="3 dose levels"):
        operating_characteristics(Crm(target=0.3, skeleton=(0.1, 0.2, 0.3)), [0.1, 0.2, 0.3, 0.4])
