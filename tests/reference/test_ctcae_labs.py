"""CTCAE laboratory grades against the reference folder: its worked examples, and every one of its rules.

The rules are read here by an evaluator of bands that shares nothing with the shipped thresholds.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import pytest

from protocyte.vocab.grading import grade
from protocyte.vocab.lab_lines import lab_terms
from reference_folder import reference_file

pytestmark = pytest.mark.reference
VERSIONS = ("4.03", "5.0", "6.0")
# Gaps between whole-number bands: printed open, closed by us (docs/reference/scales.md).
CLOSED_GAPS = {
    ("Hyponatremia", "129"): "130",
    ("Hyponatremia", "124"): "125",
    ("Chronic kidney disease", "59"): "60",
    ("Chronic kidney disease", "29"): "30",
    ("Ejection fraction decreased", "39"): "40",
    ("Left ventricular dysfunction", "49"): "50",
    ("Electrocardiogram QT corrected interval prolonged", "481"): "480",
    ("Electrocardiogram QT corrected interval prolonged", "501"): "500",
}
# Conditions that the tables call decidable from the value alone.
TAKEN_AS_GIVEN = ("", "on anticoagulation", "adult", "new", "on at least two separate ECGs")


def rows(relative: str) -> list[dict[str, str]]:
    with reference_file(relative).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("blank", ["as it stands", "null", "left out"])
def test_all_worked_laboratory_examples_have_their_grade(
    blank: str, capsys: pytest.CaptureFixture[str]
) -> None:
    examples = rows("ctcae/lab_grading_examples.csv")
    wrong = []
    for row in examples:
        inputs: dict[str, object] = {
            k: v for k, v in row.items() if k not in ("expected_grade", "explanation")
        }
        if blank == "null":
            inputs = {name: value or None for name, value in inputs.items()}
        elif blank == "left out":
            inputs = {name: value for name, value in inputs.items() if value}
        graded = grade(f"ctcae-{row['ctcae_version']}", inputs)
        if graded.grade != int(row["expected_grade"]):
            wrong.append((row, graded))
    with capsys.disabled():
        print(f"\n{len(examples) - len(wrong)} of {len(examples)} worked laboratory examples ({blank})")
    assert not wrong


@pytest.mark.parametrize("version", VERSIONS)
def test_every_term_of_the_rules_can_be_graded_and_no_other(version: str) -> None:
    expected = {row["meddra_code"] for row in rows(f"ctcae/lab_grading_v{version}.csv")}
    assert set(lab_terms(version)) == expected


class Subject(NamedTuple):
    """What is known besides the value, in the unit of the value."""

    unit: str
    sub_test: str
    condition: str
    lln: Decimal
    uln: Decimal
    baseline: Decimal
    anticoagulated: bool

    @property
    def cutoff(self) -> Decimal:
        return self.uln * 3


class Band(NamedTuple):
    grade: int
    low: Decimal | None
    low_in: bool
    high: Decimal | None
    high_in: bool

    def holds(self, value: Decimal) -> bool:
        above = self.low is None or value > self.low or (self.low_in and value == self.low)
        return above and (self.high is None or value < self.high or (self.high_in and value == self.high))


@pytest.mark.parametrize("version", VERSIONS)
def test_grades_equal_the_worst_band_that_holds_at_every_bound(
    version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = rows(f"ctcae/lab_grading_v{version}.csv")
    tried, wrong, reached = 0, [], set()
    for code in dict.fromkeys(rule["meddra_code"] for rule in rules):
        term = [rule for rule in rules if rule["meddra_code"] == code]
        for subject in subjects(term):
            bands = [(rule["rule_id"], *bands_of(rule, subject)) for rule in term]
            for value in points([band for _, *some in bands for band in some]):
                if subject.unit == "%" and value > 100:
                    continue
                found = {(one, band.grade) for one, *some in bands for band in some if band.holds(value)}
                expected = max((number for _, number in found), default=0)
                graded = grade(f"ctcae-{version}", inputs_for(code, value, subject))
                decided = graded.grade is not None or graded.missing == ("clinical_condition",)
                tried += 1
                reached |= {one for one, _ in found}
                if expected not in graded.grades or not decided:
                    wrong.append((term[0]["term"], str(value), subject, expected, graded))
    with capsys.disabled():
        print(f"\nCTCAE {version}: {tried - len(wrong)} of {tried} points agree, ", end="")
        print(f"{len(reached)} of {len(rules)} rules reached")
    assert not wrong, wrong[:5]
    assert reached == {rule["rule_id"] for rule in rules}


def subjects(term: list[dict[str, str]]) -> Iterator[Subject]:
    units = {rule["unit"] for rule in term if rule["unit_system"] != "RATIO"} - {"% points"}
    sub_tests = {rule["sub_test"] for rule in term}
    conditions = {
        rule["clinical_condition"] for rule in term if rule["clinical_condition"] not in TAKEN_AS_GIVEN
    }
    for unit, sub_test in itertools.product(units or {"U/L"}, sub_tests):
        lln, uln = limits(term, unit, sub_test)
        baselines = (lln / 2, (lln + uln) / 2, uln * Decimal("1.5"))
        if unit == "%":
            baselines = (Decimal(50), Decimal(66), Decimal(70))
        for condition, baseline, on in itertools.product(conditions or {""}, baselines, (False, True)):
            yield Subject(unit, sub_test, condition, lln, uln, baseline, on)


def limits(term: list[dict[str, str]], unit: str, sub_test: str) -> tuple[Decimal, Decimal]:
    """Normal limits on the healthy side of every absolute bound in `unit`."""
    absolute = [
        Decimal(rule[f"{side}_value"])
        for rule in term
        for side in ("lower", "upper")
        if rule[f"{side}_ref"] == "ABS"
        and rule["unit"] == unit
        and rule["sub_test"] in (sub_test, "any glucose")
    ]
    if not absolute:
        return Decimal(10), Decimal(20)
    if term[0]["direction"] == "L":
        return max(absolute) * Decimal("1.1"), max(absolute) * Decimal("1.5")
    return min(absolute) * Decimal("0.6"), min(absolute) * Decimal("0.9")


def bands_of(rule: dict[str, str], subject: Subject) -> list[Band]:
    """The rule as bands of the value; none where it does not speak of this subject."""
    if rule["unit_system"] != "RATIO" and rule["unit"] not in (subject.unit, "% points"):
        return []
    if rule["sub_test"] not in (
        subject.sub_test,
        "any glucose" if subject.sub_test == "fasting glucose" else "",
    ):
        return []
    if rule["clinical_condition"] not in (*TAKEN_AS_GIVEN, subject.condition):
        return []
    lln, uln, baseline = subject.lln, subject.uln, subject.baseline
    if not {
        "ANY": True,
        "NORMAL": baseline <= uln,
        "NOT_HIGH": baseline <= uln,
        "ABNORMAL": baseline > uln,
        "HIGH": baseline > uln,
        "BELOW_LLN": baseline < lln,
        "ON_ANTICOAGULATION": subject.anticoagulated,
        "VALUE_LT_LLN": True,
        "VALUE_GT_BASELINE": True,
    }[rule["baseline_condition"]]:
        return []
    low, high = edge(rule, "lower", subject), edge(rule, "upper", subject)
    low_in, high_in = rule["lower_incl"] == "1", rule["upper_incl"] == "1"
    if (rule["term"], rule["upper_value"]) in CLOSED_GAPS:
        high_in = False
    if (rule["term"], rule["lower_value"]) in CLOSED_GAPS and rule["direction"] == "H":
        low_in = False
    if rule["quantity"] in ("drop_from_baseline", "percent_decrease_from_baseline"):
        low, low_in, high, high_in = high, high_in, low, low_in
    if rule["baseline_condition"] == "VALUE_LT_LLN" and (high is None or high > lln):
        high, high_in = lln, False
    if rule["baseline_condition"] == "VALUE_GT_BASELINE" and (low is None or low < baseline):
        low, low_in = baseline, False
    return [Band(int(rule["grade"]), low, low_in, high, high_in)]


def edge(rule: dict[str, str], side: str, subject: Subject) -> Decimal | None:
    """A bound as a value of the analyte."""
    text, reference = rule[f"{side}_value"], rule[f"{side}_ref"]
    if not text:
        return None
    printed = rule["direction"] == ("L" if side == "upper" else "H")
    number = Decimal(CLOSED_GAPS.get((rule["term"], text), text) if printed else text)
    if rule["quantity"] == "increase_above_reference":
        return (subject.uln if reference == "ULN" else subject.baseline) + number
    if rule["quantity"] == "drop_from_baseline":
        return subject.baseline - number
    if rule["quantity"] == "percent_decrease_from_baseline":
        return subject.baseline * (1 - number / 100)
    factors = {
        "ABS": Decimal(1),
        "LLN": subject.lln,
        "ULN": subject.uln,
        "MI_CUTOFF": subject.cutoff,
        "BASELINE": subject.baseline,
    }
    return number * factors[reference]


def points(bands: list[Band]) -> list[Decimal]:
    """Every bound, the middles between them, and values beyond; only where some band holds."""
    edges = sorted({one for band in bands for one in (band.low, band.high) if one is not None and one >= 0})
    if not edges:
        return []
    between = [(one + other) / 2 for one, other in itertools.pairwise(edges)]
    tried = [*edges, *between, edges[0] / 2, edges[-1] * 2]
    return [value for value in tried if any(band.holds(value) for band in bands)]


def inputs_for(code: str, value: Decimal, subject: Subject) -> dict[str, object]:
    return {
        "term": code,
        "sub_test": subject.sub_test,
        "value": value,
        "unit": subject.unit,
        "lln": subject.lln,
        "uln": subject.uln,
        "baseline": subject.baseline,
        "mi_cutoff": subject.cutoff,
        "on_anticoagulation": subject.anticoagulated,
        "clinical_condition": subject.condition,
    }
