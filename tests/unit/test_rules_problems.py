"""What a person can write wrongly in a rule, and what he is told: the problem's name, its column, its words."""

from __future__ import annotations

import time

import pytest
from pydantic import BaseModel, ValidationError

from protocyte.base import Place, Problem
from protocyte.rules import Fact, Rule, RuleError, check, parse_rule, scope_of

SCOPE = scope_of(
    Fact(name="age", kind="quantity", unit="y"),
    Fact(name="anc", kind="quantity", unit="10^9/L", series=True),
    Fact(name="alt", kind="quantity", unit="U/L", series=True),
    Fact(name="creatinine", kind="quantity", unit="umol/L", analyte="creatinine", series=True),
    Fact(name="creatinine_clearance", kind="quantity", unit="mL/min", series=True),
    Fact(name="bm_blasts", kind="quantity", unit="%", series=True),
    Fact(name="half_life", kind="quantity", unit="h"),
    Fact(name="washout", kind="quantity", unit="d"),
    Fact(name="crs", kind="number", series=True),
    Fact(name="pregnant", kind="flag", series=True),
    Fact(name="response", kind="code", codes=("CR", "CRi", "PR"), series=True),
    Fact(name="infusion", kind="date"),
    Fact(name="consent", kind="date"),
)


def problems(text: str, place: Place | None = None) -> tuple[Problem, ...]:
    rule = parse_rule(text, place)
    return check(rule, SCOPE, place) if isinstance(rule, Rule) else rule


@pytest.mark.parametrize(
    ("text", "rule", "column", "words"),
    [
        ("", "rules.empty", 1, "empty"),
        ("  \n ", "rules.empty", 1, "empty"),
        ("age >= 14 years of age", "rules.unexpected", 17, "`of`"),
        ("age >= 14 furlongs", "rules.unknown_unit", 11, "furlongs"),
        ("half_life < 2 x age", "rules.unknown_unit_hint", 15, "did you mean `times`"),
        ("age < 5 half_life", "rules.unknown_unit_hint", 9, "did you mean `half_lives`"),
        ("creatinine < 2 mg/dl", "rules.unknown_unit_hint", 16, "did you mean `mg/dL`"),
        ("age >= 14 岁", "rules.unknown_unit", 11, "岁"),
        ("age ＞ 14 y", "rules.character", 5, "U+FF1E"),
        ("age\u00a0> 14 y", "rules.character", 4, "U+00A0"),
        ("age \u200b>= 14 y", "rules.character", 5, "U+200B"),
        ("age >= 14 y # adults", "rules.comment", 13, "comment"),
        ("age >= 14 y and", "rules.ends_early", 16, "name of a fact"),
        ("(age >= 14 y", "rules.ends_early", 13, "closing bracket"),
        ("age >= 14 y)", "rules.unexpected", 12, "`)`"),
        ("and age >= 14 y", "rules.unexpected", 1, "`and`"),
        ("age >= 14 y AND pregnant", "rules.unexpected", 13, "`AND`"),
        ("14 y <= age <= 65 y", "rules.unexpected", 13, "`<=`"),
        ("not not pregnant", "rules.unexpected", 5, "`not`"),
        ("at least 2.5 crs >= 2", "rules.not_a_count", 10, "2.5"),
        ("at least 99999999 crs >= 2", "rules.not_a_count", 10, "99999999"),
        ("infusion >= 2026-02-30", "rules.no_such_day", 13, "2026-02-30"),
        ("crs >= 1e999999999", "rules.number_out_of_range", 8, "exponent"),
        ("crs >= 1e-999999", "rules.number_out_of_range", 8, "exponent"),
        ('response = ""', "rules.empty_code", 12, "visible"),
        ('response = "CR', "rules.unexpected", 12, "a code"),
    ],
)
def test_what_cannot_be_read_is_a_problem_at_its_column(
    text: str, rule: str, column: int, words: str
) -> None:
    (problem,) = problems(text)
    assert (problem.rule, problem.place.column) == (rule, column), problem.sentence()
    assert words in problem.sentence("en")
    assert problem.sentence("zh") != problem.sentence("en")


@pytest.mark.parametrize(
    ("text", "rule", "column", "words"),
    [
        ("anx > 1 10^9/L", "rules.unknown_name_hint", 1, "did you mean `anc`"),
        ("zzzzzz", "rules.unknown_name", 1, "zzzzzz"),
        ("creatinine_clearance < 220 umol/L", "rules.clearance_unit", 24, "serum creatinine"),
        ("creatinine < 60 mL/min", "rules.unit_mismatch_hint", 14, "creatinine_clearance"),
        ("anc < 5 mg/dL", "rules.unit_mismatch", 7, "10^9/L"),
        ("alt < 5 mg/dL and age > 1 y", "rules.unit_mismatch", 7, "U/L"),
        ("bm_blasts < 5", "rules.unit_missing", 13, "%"),
        ("crs >= 3 %", "rules.unit_not_wanted", 8, "plain number"),
        ("crs <= 2.5 ULN", "rules.kinds_differ", 8, "multiple"),
        ("crs", "rules.not_a_flag", 1, "a number"),
        ("pregnant = yes", "rules.flag_compared", 12, "without a comparison"),
        ("infusion", "rules.date_alone", 1, "consent"),
        ("infusion on or after age", "rules.anchor_is_no_date", 22, "age"),
        ("response = CRx", "rules.unknown_code_hint", 12, "did you mean `CR`"),
        ("response in [CR, SD]", "rules.unknown_code", 18, "CR, CRi, PR"),
        ("response = 3", "rules.kinds_differ", 12, "a code"),
        ("response >= 3", "rules.kinds_differ", 13, "a code"),
        ("age >= 3 y within 5 d before infusion", "rules.not_a_series", 1, "one value"),
        ("last age >= 3 y", "rules.not_a_series", 6, "one value"),
        ("any age > 3 y", "rules.not_a_series", 5, "one value"),
        ("any crs within 36 h after infusion", "rules.not_whole_days", 16, "36 h"),
        ("any crs within -3 d after infusion", "rules.negative_duration", 16, "negative"),
        ("any crs within 5 mg after infusion", "rules.not_a_duration", 16, "5 mg"),
        ("washout >= min(2 wk, 5 mg)", "rules.unit_mismatch", 22, "mg"),
        ("highest response = CR", "rules.no_highest", 1, "highest"),
        ("response > response", "rules.codes_have_no_order", 12, "no order"),
        ("crs > 2 times pregnant", "rules.cannot_multiply", 7, "a flag"),
        ("pregnant decreased >= 5 % from baseline", "rules.cannot_change", 1, "flag"),
        ("anc decreased >= -5 % from baseline", "rules.negative_change", 18, "direction"),
        ("anc <= 0 baseline", "rules.multiple_not_positive", 8, "above zero"),
        ("at least 0 crs >= 2", "rules.at_least_none", 12, "always"),
        ("any crs >= 2 at least 1 wk apart", "rules.spacing_of_one", 5, "two or more"),
        ("3 > 2", "rules.constant", 1, "nothing"),
        ("age >= 14 y and age < 14 y", "rules.contradiction", 17, "both"),
        ("age <= 36 mo and (crs >= 3 and age > 3 y)", "rules.contradiction", 32, "both"),
        ("age >= 14 y or age < 14 y", "rules.always_true", 16, "decides nothing"),
        ("response = CR and response = PR", "rules.contradiction", 19, "both"),
        ("response != CR or response != PR", "rules.always_true", 19, "nothing"),
        ("pregnant and not pregnant", "rules.contradiction", 18, "both"),
        ("pregnant or not pregnant", "rules.always_true", 17, "nothing"),
        ("crs >= 3 or crs >= 3", "rules.repeated", 13, "twice"),
    ],
)
def test_what_cannot_be_meant_is_a_problem_at_its_column(
    text: str, rule: str, column: int, words: str
) -> None:
    (problem,) = problems(text)
    assert (problem.rule, problem.place.column) == (rule, column), problem.sentence()
    assert words in problem.sentence("en")
    assert problem.sentence("zh") != problem.sentence("en")


@pytest.mark.parametrize(
    "text",
    [
        "age >= 14 y and age < 15 y",
        "age <= 14 y and age >= 14 y",
        "age < 14 y or age > 14 y",
        "age > 3 y or age < 2 y",
        "creatinine <= 1.5 mg/dL",
        "creatinine <= 1.5 mg/dL and creatinine >= 50 umol/L",
        "anc >= 1000 cells/uL",
        "alt <= 2.5 ULN",
        "alt <= min(2.5 ULN, 3 baseline)",
        "crs <= 2 baseline",
        "washout >= min(2 wk, 5 half_lives)",
        "infusion >= consent",
        "14 y <= age",
        "any crs within 72 h after infusion",
        "anc > 1 10^9/L within 7 d before infusion and anc < 0.5 10^9/L within 7 d after infusion",
    ],
)
def test_what_can_be_meant_is_no_problem(text: str) -> None:
    assert problems(text) == ()


def test_the_place_of_the_rule_in_its_file_is_the_origin_of_its_columns() -> None:
    place = Place(file="study.yaml", line=12, column=11, path="dlt.when")
    (problem,) = problems("crs >= 3 or crx >= 3", place)
    assert problem.place == Place(file="study.yaml", line=12, column=23, path="dlt.when")


def test_a_rule_of_several_lines_counts_its_own_lines() -> None:
    place = Place(file="study.yaml", line=12, column=11)
    (problem,) = problems("crs >= 3\n  or crx >= 3", place)
    assert (problem.place.line, problem.place.column) == (13, 6)


def test_all_problems_of_a_rule_come_at_once() -> None:
    found = problems("anx > 1 10^9/L and crs >= 3 % and infusion on or after age")
    assert [problem.place.column for problem in found] == [1, 27, 56]


HOSTILE = {
    "ten thousand brackets": "(" * 10_000 + "a" + ")" * 10_000,
    "brackets within the length": "(" * 1500 + "a" + ")" * 1500,
    "lists within the length": "a in " + "[" * 1500,
    "closing brackets only": ")" * 3000,
    "a megabyte": "a and " * 170_000 + "a",
    "nots": "not " * 900 + "a",
    "minima within minima": "a > " + "min(1, " * 500,
    "digits": "a > " + "9" * 3900,
    "a word": "a" * 3999,
    "blanks": " " * 3999,
    "NUL": "a\x00b",
    "a lone surrogate": "a \ud800",
    "right to left": "a \u202e>= 3",
    "an emoji": "a >= 3 🧬",
    "combining marks": "a >= 3 d\u0301",
    "full width": "ａｇｅ >= 14",
    "Arabic digits": "a >= ١٤",
    "an open quote": 'a = "' + "x" * 100,
    "a control character in a code": 'a = "x\x07"',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_a_problem_soon(text: str) -> None:
    started = time.perf_counter()
    answer = parse_rule(text)
    assert time.perf_counter() - started < 1
    if isinstance(answer, Rule):  # a very long word is a very long name
        assert parse_rule(answer.text) == answer
        assert check(answer, SCOPE)
    else:
        assert len(answer[0].sentence("en")) < 5000
        assert answer[0].sentence("zh")


def test_tabs_and_line_ends_are_blanks() -> None:
    assert parse_rule("age\t>=\t14 y\r\n  and pregnant") == parse_rule("age >= 14 y and pregnant")


def test_the_deepest_and_longest_rule_still_works() -> None:
    deepest = "(" * 30 + "a" + ")" * 30
    assert isinstance(parse_rule(deepest), Rule)
    assert parse_rule(f"({deepest})")[0].rule == "rules.too_deep"  # type: ignore[index]
    longest = ("a and " * 665 + "a").ljust(4000)
    assert isinstance(parse_rule(longest), Rule)
    assert parse_rule(longest + " ")[0].rule == "rules.too_long"  # type: ignore[index]


def test_mathematical_signs_are_read_and_written_as_ascii() -> None:
    rule = parse_rule("age ≥ 14 y and crs ≠ 0 and alt ≤ 2.5 × ULN")
    assert isinstance(rule, Rule)
    assert rule.text == "age >= 14 y and crs != 0 and alt <= 2.5 ULN"


def test_a_rule_is_a_field_of_a_typed_model() -> None:
    class Criterion(BaseModel):
        when: Rule

    criterion = Criterion.model_validate({"when": "age>=14 y"})
    assert criterion.model_dump(mode="json") == {"when": "age >= 14 y"}
    with pytest.raises(ValidationError) as caught:
        Criterion.model_validate({"when": "age >= 14 furlongs"})
    error = caught.value.errors()[0]["ctx"]["error"]
    assert isinstance(error, RuleError)
    assert error.problems[0].place.column == 11


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Age", "kind": "flag"},
        {"name": "within", "kind": "flag"},
        {"name": "mg", "kind": "flag"},
        {"name": "age", "kind": "quantity"},
        {"name": "age", "kind": "quantity", "unit": "furlong"},
        {"name": "crs", "kind": "number", "unit": "d"},
        {"name": "alt", "kind": "quantity", "unit": "U/L", "analyte": "unobtainium"},
    ],
)
def test_a_fact_that_no_rule_could_use_cannot_be_declared(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Fact.model_validate(fields)


def test_a_name_is_declared_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        scope_of(Fact(name="age", kind="flag"), Fact(name="age", kind="flag"))


def test_a_number_and_a_unit_that_lost_their_blank_are_a_problem_with_its_column():
    (problem,) = parse_rule("anc < 110^9/L")

    assert problem.rule.endswith("unknown_unit")
    assert parse_rule("anc < 1e31 10^9/L")[0].severity == "error"
