"""What each construct of the rule language means: a subject in a few lines, rules, verdicts.

A subject is written as it is told: `fact value @date #record uln=...`, one observation a line; `fact: complete`
(through a date) attests that there are no others; `anchor name date`; `baseline fact value`; `as of date`.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from protocyte.base import PartialDate, parse_measured
from protocyte.base.message import catalogue
from protocyte.rules import (
    Fact,
    FactTable,
    Observation,
    Observations,
    Rule,
    Verdict,
    check,
    evaluate,
    explain,
    format_rule,
    parse_rule,
    scope_of,
)

SCOPE = scope_of(
    Fact(name="age", kind="quantity", unit="y"),
    Fact(name="sex", kind="code", codes=("male", "female")),
    Fact(name="washout", kind="quantity", unit="d"),
    Fact(name="half_life", kind="quantity", unit="h"),
    Fact(name="disease_free", kind="quantity", unit="y"),
    Fact(name="gilbert", kind="flag"),
    Fact(name="pregnant", kind="flag", series=True),
    Fact(name="malignancy", kind="flag"),
    Fact(name="infarction", kind="flag", series=True),
    Fact(name="anc", kind="quantity", unit="10^9/L", series=True),
    Fact(name="alt", kind="quantity", unit="U/L", series=True),
    Fact(name="bilirubin", kind="quantity", unit="umol/L", analyte="bilirubin", series=True),
    Fact(name="creatinine", kind="quantity", unit="umol/L", analyte="creatinine", series=True),
    Fact(name="lvef", kind="quantity", unit="%", series=True),
    Fact(name="bm_blasts", kind="quantity", unit="%", series=True),
    Fact(name="blood_blasts", kind="quantity", unit="%", series=True),
    Fact(name="mrd", kind="quantity", unit="%", series=True),
    Fact(name="crs", kind="number", series=True),
    Fact(name="neurotoxicity", kind="number", series=True),
    Fact(name="hbsag", kind="code", codes=("positive", "negative"), series=True),
    Fact(name="response", kind="code", codes=("CR", "CRi", "MLFS", "PR", "NR"), series=True),
    Fact(name="consent", kind="date"),
    Fact(name="screening", kind="date"),
    Fact(name="enrolment", kind="date"),
    Fact(name="lymphodepletion", kind="date"),
    Fact(name="infusion", kind="date"),
)


def told(text: str) -> FactTable:
    """The subject a few lines tell of."""
    items: dict[str, list[Observation]] = {}
    complete: dict[str, date | None] = {}
    anchors: dict[str, date] = {}
    baselines: dict[str, Observation] = {}
    as_of: date | None = None
    for line in filter(None, (line.strip() for line in text.splitlines())):
        if match := re.fullmatch(r"as of (\S+)", line):
            as_of = date.fromisoformat(match[1])
        elif match := re.fullmatch(r"anchor (\w+) (\S+)", line):
            anchors[match[1]] = date.fromisoformat(match[2])
        elif match := re.fullmatch(r"(\w+): complete(?: through (\S+))?", line):
            complete[match[1]] = date.fromisoformat(match[2]) if match[2] else None
        elif match := re.fullmatch(r"baseline (\w+) (.+)", line):
            baselines[match[1]] = observed(match[1], match[2])
        else:
            name, rest = line.split(" ", 1)
            items.setdefault(name, []).append(observed(name, rest))
    table = {
        name: Observations(tuple(items.get(name, ())), name in complete, complete.get(name))
        for name in {*items, *complete}
    }
    return FactTable(table, anchors, baselines, as_of)


def observed(name: str, text: str) -> Observation:
    match = re.fullmatch(r"(.*?)(?: @(\S+))?(?: #(\S+))?(?: uln=(\S+))?(?: lln=(\S+))?", text)
    assert match is not None
    value, made, record, uln, lln = match.groups()
    day = None if made is None else date.fromisoformat(made) if len(made) == 10 else PartialDate.parse(made)
    limits = [None if limit is None else Decimal(limit) for limit in (uln, lln)]
    return Observation(typed(name, value), day, record or "", *limits)


def typed(name: str, text: str) -> object:
    if text == "?":
        return None
    kind = SCOPE[name].kind
    if kind == "flag":
        return text == "yes"
    if kind == "number":
        return int(text)
    return parse_measured(text) if kind == "quantity" else text


def verdict(rule: str, subject: str) -> Verdict:
    parsed = parse_rule(rule)
    assert isinstance(parsed, Rule), rule
    return evaluate(parsed, told(subject), SCOPE)


def outcomes(subject: str, table: str) -> None:
    """`table` holds lines `outcome | rule | missing`."""
    lines = [line for line in table.splitlines() if line.strip()]
    assert lines
    for line in lines:
        wanted, rule, *missing = (part.strip() for part in line.split("|"))
        found = verdict(rule, subject)
        assert found.outcome == wanted, (rule, found)
        if missing:
            assert found.missing == tuple(missing[0].split()), (rule, found.missing)


def test_limits_count_as_they_are_written() -> None:
    outcomes(
        """
        age 14 y
        anc 1.0 10^9/L @2026-01-05
        """,
        """
        met     | age >= 14 y and age < 65 y
        not_met | age > 14 y
        not_met | anc > 1 10^9/L
        met     | anc >= 1 10^9/L
        met     | anc = 1 10^9/L
        not_met | anc != 1 10^9/L
        """,
    )


def test_units_are_converted_and_molar_units_know_the_analyte() -> None:
    """Bilirubin 34.2 umol/L is 2.0 mg/dL (584.67 g/mol), creatinine 1.5 mg/dL is 132.6 umol/L (113.12)."""
    outcomes(
        """
        age 180 mo
        anc 999 cells/uL @2026-01-05
        bilirubin 2.0 mg/dL @2026-01-05
        creatinine 132.6 umol/L @2026-01-05
        """,
        """
        met     | age = 15 y
        met     | anc < 1 10^9/L
        not_met | bilirubin <= 34.2 umol/L
        met     | bilirubin <= 34.21 umol/L
        met     | creatinine <= 1.5 mg/dL
        not_met | creatinine < 1.4999 mg/dL
        """,
    )


def test_a_conversion_that_never_ends_does_not_move_a_limit() -> None:
    """A day is 1/7 of a week, which no decimal holds: 14 d must still be exactly 2 wk."""
    outcomes(
        "washout 2 wk",
        """
        met     | washout >= 14 d
        met     | washout = 14 d
        not_met | washout > 14 d
        """,
    )


def test_a_plain_name_is_the_latest_value_at_or_before_the_day_of_judgement() -> None:
    subject = """
        anc 0.4 10^9/L @2026-01-01 #a
        anc 1.2 10^9/L @2026-01-10 #b
        anc 0.1 10^9/L @2026-01-20 #c
        as of 2026-01-15
        """
    found = verdict("anc > 1 10^9/L", subject)
    assert (found.outcome, found.records) == ("met", ("b",))


def test_of_two_values_on_one_day_the_later_in_order_is_the_latest() -> None:
    found = verdict("anc > 1 10^9/L", "anc 2 10^9/L @2026-01-01 #a\nanc 0.4 10^9/L @2026-01-01 #b")
    assert (found.outcome, found.records) == ("not_met", ("b",))


def test_a_blank_newest_value_does_not_bring_back_the_one_before() -> None:
    found = verdict("anc > 1 10^9/L", "anc 2 10^9/L @2026-01-01\nanc ? @2026-01-02")
    assert (found.outcome, found.missing) == ("unknown", ("anc",))


def test_a_vague_date_leaves_open_which_value_is_the_latest() -> None:
    subject = "anc {} 10^9/L @2026-01\nanc 2 10^9/L @2026-01-15"
    assert verdict("anc > 1 10^9/L", subject.format("0.4"))[:1] == ("unknown",)
    assert verdict("anc > 1 10^9/L", subject.format("0.4")).missing == ("anc.date",)
    assert verdict("anc > 1 10^9/L", subject.format("3")).outcome == "met"


def test_multiples_of_the_laboratorys_limits() -> None:
    outcomes(
        """
        alt 100 U/L @2026-01-05 uln=40
        bilirubin 3 mg/dL @2026-01-05
        """,
        """
        met     | alt <= 2.5 ULN
        not_met | alt > 2.5 ULN
        met     | alt <= 2.5 x ULN
        unknown | alt >= 1 LLN           | alt.lln
        unknown | bilirubin <= 1.5 ULN   | bilirubin.uln
        """,
    )


def test_multiples_of_baseline_and_changes_from_it() -> None:
    outcomes(
        """
        creatinine 150 umol/L @2026-02-05
        baseline creatinine 100 umol/L @2026-01-20 #base
        bm_blasts 10 % @2026-02-28
        baseline bm_blasts 20 % @2026-01-20
        lvef 50 % @2026-02-02
        """,
        """
        met     | creatinine <= 1.5 baseline
        not_met | creatinine > 1.5 baseline
        met     | creatinine increased >= 0.5 mg/dL from baseline
        met     | creatinine increased >= 50 % from baseline
        met     | bm_blasts decreased >= 50 % from baseline
        not_met | bm_blasts decreased > 50 % from baseline
        not_met | bm_blasts increased > 0 % from baseline
        unknown | lvef decreased >= 10 % from baseline | lvef.baseline
        """,
    )


def test_a_multiple_of_baseline_may_be_written_with_a_sign_of_multiplication() -> None:
    for text in ("creatinine < 1.5 x baseline", "creatinine < 1.5×baseline"):
        rule = parse_rule(text)
        assert isinstance(rule, Rule)
        assert format_rule(rule) == "creatinine < 1.5 baseline"


def test_per_cent_of_change_is_relative_also_where_the_fact_is_in_per_cent() -> None:
    subject = "bm_blasts 15 % @2026-02-28\nbaseline bm_blasts 20 % @2026-01-20"
    outcomes(
        subject,
        "met | bm_blasts decreased >= 25 % from baseline\nnot_met | bm_blasts decreased > 25 % from baseline",
    )


def test_change_from_a_baseline_of_nothing_is_unknown() -> None:
    found = verdict(
        "bm_blasts decreased >= 50 % from baseline",
        "bm_blasts 1 % @2026-02-01\nbaseline bm_blasts 0 % @2026-01-01",
    )
    assert (found.outcome, found.missing) == ("unknown", ("bm_blasts.baseline",))


WINDOW = """
    anchor enrolment 2026-03-31
    lvef 55 % @{}
    """


@pytest.mark.parametrize(
    ("window", "first", "last"),
    [
        ("within 28 d before enrolment", "2026-03-03", "2026-03-31"),
        ("within 4 wk before enrolment", "2026-03-03", "2026-03-31"),
        ("within 28 d after enrolment", "2026-03-31", "2026-04-28"),
        ("within 7 d of enrolment", "2026-03-24", "2026-04-07"),
        ("within 1 mo before enrolment", "2026-02-28", "2026-03-31"),
        ("within 6 mo after enrolment", "2026-03-31", "2026-09-30"),
        ("within 1 y after enrolment", "2026-03-31", "2027-03-31"),
        ("within 72 h after enrolment", "2026-03-31", "2026-04-03"),
        ("on enrolment", "2026-03-31", "2026-03-31"),
        ("before enrolment", None, "2026-03-30"),
        ("on or before enrolment", None, "2026-03-31"),
        ("after enrolment", "2026-04-01", None),
        ("on or after enrolment", "2026-03-31", None),
        ("at least 2 wk before enrolment", None, "2026-03-17"),
        ("at least 2 wk after enrolment", "2026-04-14", None),
    ],
)
def test_the_first_and_last_day_of_each_window(window: str, first: str | None, last: str | None) -> None:
    rule = f"lvef >= 50 % {window}"
    for edge, step in ((first, -1), (last, 1)):
        if edge is not None:
            outside = date.fromordinal(date.fromisoformat(edge).toordinal() + step)
            assert verdict(rule, WINDOW.format(edge)).outcome == "met", edge
            beyond = verdict(rule, WINDOW.format(outside))
            assert (beyond.outcome, beyond.missing) == ("unknown", ("lvef",)), outside


def test_a_window_from_one_anchor_to_another() -> None:
    subject = """
        anchor consent 2026-01-01
        anchor infusion 2026-02-01
        crs 2 @2026-01-15
        crs 3 @2026-02-02
        crs: complete
        """
    outcomes(subject, "met | highest crs from consent to infusion = 2\nmet | highest crs after infusion = 3")


def test_a_window_without_its_anchor_is_unknown_and_says_so() -> None:
    found = verdict("lvef >= 50 % within 28 d before enrolment", "lvef 55 % @2026-03-01")
    assert (found.outcome, found.missing) == ("unknown", ("enrolment",))


def test_absence_is_a_fact_only_where_somebody_attests_it() -> None:
    rule = "no infarction within 6 mo before screening"
    anchor = "anchor screening 2026-08-31\n"
    assert verdict(rule, anchor).missing == ("infarction.complete",)
    assert verdict(rule, anchor + "infarction: complete").outcome == "met"
    assert verdict(rule, anchor + "infarction: complete through 2026-08-31").outcome == "met"
    assert verdict(rule, anchor + "infarction: complete through 2026-08-30").outcome == "unknown"
    assert verdict(rule, anchor + "infarction yes @2026-02-27\ninfarction: complete").outcome == "met"
    assert verdict(rule, anchor + "infarction yes @2026-02-28\ninfarction: complete").outcome == "not_met"
    assert verdict(rule, anchor + "infarction yes @2026-02-28").outcome == "not_met"
    assert verdict(rule, anchor + "infarction yes @2026-02\ninfarction: complete").outcome == "unknown"


def test_a_window_that_is_still_open_cannot_yet_be_empty() -> None:
    subject = """
        anchor infusion 2026-02-01
        crs 2 @2026-02-05
        crs: complete
        as of {}
        """
    rule = "any crs >= 3 within 28 d after infusion"
    assert verdict(rule, subject.format("2026-02-28")).missing == ("crs.open",)
    assert verdict(rule, subject.format("2026-03-01")).outcome == "not_met"


def test_attested_absence_of_a_grade_is_grade_zero_and_of_a_flag_is_no() -> None:
    subject = "crs: complete\npregnant: complete\nresponse: complete\nanc: complete"
    outcomes(
        subject,
        """
        not_met | crs >= 3
        met     | crs <= 1
        not_met | pregnant
        not_met | response = CR
        met     | response not in [CR, CRi]
        met     | highest crs < 3
        unknown | anc >= 1 10^9/L | anc
        """,
    )


def test_any_counts_what_is_there_and_above_zero() -> None:
    subject = "anchor infusion 2026-02-01\ncrs: complete\ncrs {} @2026-02-03"
    assert verdict("any crs within 28 d after infusion", subject.format("1")).outcome == "met"
    assert verdict("any crs within 28 d after infusion", subject.format("0")).outcome == "not_met"


def test_an_empty_window_cites_what_was_told_last_in_it_or_not() -> None:
    asked = (
        "anchor screening 2026-06-01\nanchor enrolment 2026-06-01\ninfarction: complete\nas of 2026-06-01\n"
    )
    rule = "any infarction within 6 mo before enrolment"
    for said in ("infarction yes @2010-01-01 #old", "infarction no @2025-01-01 #old"):
        (step,) = verdict(rule, asked + said).because
        assert step.outcome == "not_met"
        assert [use.observation.record_id for use in step.used] == ["old"]
    later = verdict(rule, asked + "infarction no @2026-07-01 #later")
    assert later.because[0].used == ()


def test_counts() -> None:
    subject = """
        crs 2 @2026-02-03
        crs 1 @2026-02-04
        crs 3 @2026-02-09
        crs: complete
        """
    outcomes(
        subject,
        """
        met     | at least 2 crs >= 2
        not_met | at least 3 crs >= 2
        met     | at most 2 crs >= 2
        met     | exactly 2 crs >= 2
        met     | exactly 0 crs >= 4
        not_met | at least 2 consecutive crs >= 2
        met     | at least 2 crs >= 2 at least 6 d apart
        not_met | at least 2 crs >= 2 at least 1 wk apart
        """,
    )


def test_two_consecutive_a_week_apart_may_have_more_positives_between_but_no_negative() -> None:
    """ELN 2022 relapse in blood: blasts in at least two samples at least one week apart."""
    rule = "at least 2 consecutive blood_blasts > 0 % at least 1 wk apart"
    days = """
        blood_blasts {} % @2026-04-01
        blood_blasts {} % @2026-04-04
        blood_blasts {} % @2026-04-08
        blood_blasts: complete
        """
    assert verdict(rule, days.format(1, 2, 3)).outcome == "met"
    assert verdict(rule, days.format(1, 0, 3)).outcome == "not_met"
    assert verdict(rule, days.format(0, 2, 3)).outcome == "not_met"


def test_washout_of_two_weeks_or_five_half_lives_whichever_is_shorter() -> None:
    rule = "washout >= min(2 wk, 5 half_lives)"
    outcomes("washout 10 d\nhalf_life 48 h", f"met | {rule}")
    outcomes("washout 9 d\nhalf_life 48 h", f"not_met | {rule}")
    outcomes("washout 14 d", f"met | {rule}")
    outcomes("washout 13 d", f"unknown | {rule} | half_life")


def test_a_window_may_be_as_long_as_the_data_say() -> None:
    rule = "no infarction within min(2 wk, 5 half_lives) before lymphodepletion"
    subject = "anchor lymphodepletion 2026-03-20\ninfarction: complete\ninfarction yes @{}\n"
    assert verdict(rule, subject.format("2026-03-05")).outcome == "met"
    assert verdict(rule, subject.format("2026-03-06")).outcome == "unknown"
    assert verdict(rule, subject.format("2026-03-06") + "half_life 72 h").outcome == "not_met"
    assert verdict(rule, subject.format("2026-03-06") + "half_life 24 h").outcome == "met"


def test_a_result_below_the_limit_of_detection_is_a_bound_and_not_zero() -> None:
    outcomes(
        "mrd <0.01 % @2026-03-01",
        """
        met     | mrd < 0.1 %
        met     | mrd < 0.01 %
        unknown | mrd < 0.001 % | mrd.bound
        not_met | mrd >= 0.01 %
        unknown | mrd = 0 %     | mrd.bound
        """,
    )


def test_dates_compared() -> None:
    outcomes(
        """
        anchor consent 2026-01-01
        anchor infusion 2026-02-01
        """,
        """
        met     | infusion on or after consent
        not_met | infusion before consent
        met     | infusion at least 4 wk after consent
        not_met | infusion within 4 wk after consent
        met     | infusion within 31 d after consent
        met     | infusion > consent
        met     | infusion >= 2026-02-01
        unknown | infusion after lymphodepletion | lymphodepletion
        unknown | lymphodepletion before infusion | lymphodepletion
        """,
    )


def test_known_and_unknown_ask_what_we_know() -> None:
    outcomes(
        "anc ? @2026-01-01\nhbsag negative @2026-01-01\ninfarction: complete\nmrd <0.01 % @2026-01-01",
        """
        not_met | anc is known
        met     | anc is unknown
        met     | hbsag is known
        met     | lvef is unknown
        met     | infarction is known
        met     | mrd is known
        """,
    )


def test_unless_waives_a_requirement_and_except_exempts_a_finding() -> None:
    high = "bilirubin 3 mg/dL @2026-01-05 uln=1\n"
    rule = "bilirubin <= 1.5 ULN unless gilbert"
    outcomes(high + "gilbert yes", f"met | {rule}")
    outcomes(high + "gilbert no", f"not_met | {rule}")
    outcomes(high, f"unknown | {rule} | gilbert")
    finding = "malignancy except disease_free >= 3 y"
    outcomes("malignancy yes\ndisease_free 4 y", f"not_met | {finding}")
    outcomes("malignancy yes\ndisease_free 2 y", f"met | {finding}")
    outcomes("malignancy no", f"not_met | {finding}")
    outcomes("malignancy yes", f"unknown | {finding} | disease_free")


def test_what_is_unknown_does_not_matter_where_the_rest_decides() -> None:
    outcomes(
        "age 12 y",
        """
        not_met | age >= 14 y and lvef >= 50 %
        unknown | age < 14 y and lvef >= 50 %   | lvef
        met     | age < 14 y or lvef >= 50 %
        unknown | age >= 14 y or lvef >= 50 %   | lvef
        """,
    )


def test_the_reasons_are_the_tests_that_decided() -> None:
    subject = """
        age 12 y
        anc 0.5 10^9/L @2026-01-05 #lab-7
        alt 30 U/L @2026-01-05 #lab-8 uln=40
        """
    found = verdict("age >= 14 y and anc > 1 10^9/L and alt <= 2.5 ULN and lvef >= 50 %", subject)
    assert found.outcome == "not_met"
    assert [step.test for step in found.because] == ["age >= 14 y", "anc > 1 10^9/L"]
    assert found.records == ("lab-7",)
    assert found.missing == ()


def test_codes() -> None:
    outcomes(
        "hbsag positive @2026-01-05\nresponse CRi @2026-01-05",
        """
        met     | hbsag = positive
        not_met | hbsag != positive
        met     | response in [CR, CRi]
        not_met | response not in [CR, CRi]
        not_met | response = CR
        unknown | sex = female | sex
        """,
    )


def test_an_analyte_that_cannot_be_converted_is_missing_and_not_compared() -> None:
    outcomes("alt 3 mg/dL @2026-01-05", "unknown | alt < 100 U/L | alt.unit")


LABELLED = {
    **SCOPE,
    "anc": SCOPE["anc"].model_copy(update={"label_en": "neutrophils", "label_zh": "中性粒细胞"}),
    "alt": SCOPE["alt"].model_copy(update={"label_en": "ALT", "label_zh": "丙氨酸转氨酶"}),
}


def test_a_verdict_explains_itself_in_english_and_chinese() -> None:
    found = verdict(
        "anc > 1 10^9/L and alt <= 2.5 ULN and no infarction before screening",
        """
        anchor screening 2026-01-10
        anc 1.2 10^9/L @2026-01-05 #lab-7
        alt 30 U/L @2026-01-05 #lab-8
        """,
    )
    assert explain(found, "en", LABELLED).splitlines() == [
        "anc > 1 10^9/L and alt <= 2.5 ULN and no infarction before screening: unknown",
        "- alt <= 2.5 ULN: unknown, by ALT 30 U/L on 2026-01-05 (record lab-8)",
        "- no infarction before screening: unknown",
        "Missing: the upper limit of normal of ALT, the word of a complete log that infarction has no further entry",
    ]
    assert explain(found, "zh", LABELLED).splitlines() == [
        "anc > 1 10^9/L and alt <= 2.5 ULN and no infarction before screening：未知",
        "- alt <= 2.5 ULN：未知，依据：丙氨酸转氨酶 30 U/L（2026-01-05）（记录 lab-8）",
        "- no infarction before screening：未知",
        "缺少：丙氨酸转氨酶 的正常上限、infarction 记录完整、无其他条目的确认",
    ]
    met = verdict("anc > 1 10^9/L", "anc 1.2 10^9/L @2026-01-05 #lab-7")
    assert explain(met, "en", LABELLED).splitlines()[1] == (
        "- anc > 1 10^9/L: met, by neutrophils 1.2 10^9/L on 2026-01-05 (record lab-7)"
    )


# THE REFERENCE PAGE

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rule-language.md"


def blocks(kind: str) -> list[str]:
    """The fenced blocks of one kind on the page."""
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


EXAMPLES = [line for block in blocks("rule") for line in block.splitlines() if line]


@pytest.mark.parametrize("rule", EXAMPLES)
def test_every_example_of_the_reference_page_is_met_by_its_subject(rule: str) -> None:
    (subject,) = blocks("subject")
    parsed = parse_rule(rule)
    assert isinstance(parsed, Rule)
    assert check(parsed, SCOPE) == ()
    assert parse_rule(parsed.text) == parsed
    found = evaluate(parsed, told(subject), SCOPE)
    assert found.outcome == "met", explain(found, "en", SCOPE)


def test_the_python_example_of_the_reference_page_runs() -> None:
    for block in blocks("python"):
        exec(compile(block, str(PAGE), "exec"), {})


def test_the_reference_page_lists_every_problem_and_no_other() -> None:
    listed = set(re.findall(r"`rules\.(\w+)`", PAGE.read_text(encoding="utf-8").split("## Problems")[1]))
    words = ("expected_", "kind_", "outcome_", "use", "missing", "verdict", "step")
    plain = {"nothing", "yes", "no", "blank"}
    named = {name for name in catalogue("rules") if not name.startswith(words) and name not in plain}
    assert listed == named
