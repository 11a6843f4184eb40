"""What must hold on every scale: one answer, worse values never milder, a blank never a different verdict."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocyte.base import InputError
from protocyte.vocab.ctcae import VERSIONS
from protocyte.vocab.graded import Graded
from protocyte.vocab.grading import CTCAE_SCALES, TOXICITY_SCALES, grade
from protocyte.vocab.inputs import Input, inputs_of
from protocyte.vocab.lab_lines import SUB_TESTS, family_of, lab_terms, lines_of

LAW = settings(deadline=None, derandomize=True, max_examples=60)

# Where less is worse. Inputs that choose a tool or another limit have no direction of their own.
LESS_IS_WORSE = {"ice", "ca", "fibrinogen_mg_dl", "recovered_before_last_anc", "late_anc"}
LESS_IS_WORSE |= {"hours_between_manifestations", "started_day"}
LESS_IS_WORSE |= {"uric_acid_baseline", "k_baseline", "phos_baseline", "uric_acid_uln_umol", "ferritin_uln"}
LESS_IS_WORSE |= {"ferritin_baseline"}
NO_DIRECTION = {"age", "developmental_delay", "child", "oxygen_reason", "baseline_alt_normal", "last_anc_day"}
# A maximum that only means something at its end, or a count that doses contradict.
ORDERED_WORDS = ("unarousable_cannot_perform", "unable_to_perform")


def values_of(one: Input) -> st.SearchStrategy[Any]:
    if one.kind == "flag":
        return st.booleans()
    if one.kind == "choice":
        return st.sampled_from(one.values)
    least = int(one.min or 0)
    most = int(one.max) if one.max is not None else 2000
    if one.kind == "whole":
        return st.one_of(st.integers(least, most), st.sampled_from(one.values or (least,)))
    number = st.decimals(least, most, allow_nan=False, places=2)
    bands = sorted({item for item in one.unknown if isinstance(item, (int, Decimal)) and item <= most})
    if one.kind == "number":
        return st.one_of(number, st.sampled_from(bands or [least]))
    return st.lists(st.one_of(number, st.sampled_from([Decimal(100), Decimal(500)])), max_size=4)


def assessments(scale: str) -> st.SearchStrategy[dict[str, Any]]:
    declared = inputs_of(scale)
    return st.fixed_dictionaries({}, optional={name: values_of(one) for name, one in declared.items()})


def graded_or_none(scale: str, inputs: Mapping[str, object]) -> Graded | None:
    """The answer, or None for values that cannot stand together."""
    try:
        return grade(scale, inputs)
    except InputError:
        return None


def answers(graded: Graded) -> set[object]:
    """All that an answer allows: its grades (nothing to grade counts as 0) and its screen."""
    if graded.scale == "iec-hs":
        screen = graded.parts["screen"]
        return {"positive", "negative"} if screen == "unknown" else {screen}
    return set(graded.grades) or {0}


@pytest.mark.parametrize("scale", TOXICITY_SCALES)
@LAW
@given(data=st.data())
def test_known_values_have_one_answer_and_unknown_ones_a_set_with_what_is_missing(
    scale: str, data: st.DataObject
) -> None:
    inputs = data.draw(assessments(scale))
    blanked = data.draw(st.sets(st.sampled_from(sorted(inputs_of(scale)))))
    graded = graded_or_none(scale, inputs | dict.fromkeys(blanked))
    if graded is None:
        return
    assert list(graded.possible) == sorted(set(graded.possible))
    assert set(graded.missing) <= set(inputs_of(scale))
    if graded.possible:
        assert graded.grade is None
        assert graded.missing
    if graded.grade is not None:
        assert 0 <= graded.grade <= 5
        assert not graded.missing


@pytest.mark.parametrize("scale", TOXICITY_SCALES)
@LAW
@given(data=st.data())
def test_blanking_an_input_only_widens_the_answer(scale: str, data: st.DataObject) -> None:
    inputs = data.draw(assessments(scale))
    name = data.draw(st.sampled_from(sorted(inputs_of(scale))))
    if name not in inputs:
        return
    before = graded_or_none(scale, inputs)
    if before is None:
        return
    after = grade(scale, inputs | {name: None})
    assert answers(before) <= answers(after)


@pytest.mark.parametrize("scale", TOXICITY_SCALES)
@LAW
@given(data=st.data())
def test_what_has_a_value_is_never_missing(scale: str, data: st.DataObject) -> None:
    """An input that has a value is never said to be missing."""
    inputs = data.draw(assessments(scale))
    blanked = data.draw(st.sets(st.sampled_from(sorted(inputs)))) if inputs else set()
    part = graded_or_none(scale, inputs | dict.fromkeys(blanked))
    if part is not None:
        assert not set(part.missing) & (inputs.keys() - blanked)


@pytest.mark.parametrize("scale", TOXICITY_SCALES)
@LAW
@given(data=st.data())
def test_the_grade_never_falls_as_a_value_worsens(scale: str, data: st.DataObject) -> None:
    inputs = data.draw(assessments(scale))
    name = data.draw(st.sampled_from(sorted(set(inputs_of(scale)) - NO_DIRECTION)))
    one = inputs_of(scale)[name]
    if one.kind == "numbers":
        milder = data.draw(values_of(one))
        share = st.sampled_from([0, Decimal("0.5"), 1])
        worse = [*(item * data.draw(share) for item in milder), Decimal(1000)]
    else:
        pair = (data.draw(values_of(one)), data.draw(values_of(one)))
        milder, worse = sorted(pair, key=lambda value: badness(one, value))
    before, after = (
        graded_or_none(scale, inputs | {name: milder}),
        graded_or_none(scale, inputs | {name: worse}),
    )
    if before is None or after is None:
        return
    if scale == "iec-hs":
        order = {"negative": 0, "unknown": 1, "positive": 2}
        assert order[str(after.parts["screen"])] >= order[str(before.parts["screen"])]
        return
    least, most = (lambda graded: min(graded.grades or (0,))), (lambda graded: max(graded.grades or (0,)))
    assert least(after) >= least(before)
    assert most(after) >= most(before)


def badness(one: Input, value: Any) -> Any:
    """How bad a value is, in the order of the scale's declaration."""
    if one.kind == "choice":
        return one.values.index(value)
    if isinstance(value, str):
        return 1000 + one.values.index(value) if value in ORDERED_WORDS else word_grade(one, value)
    return -value if one.name in LESS_IS_WORSE else value


def word_grade(one: Input, value: str) -> int:
    grades = {"seizure": (0, 2, 3, 4), "arrhythmia": (0, 1, 2, 3, 4)}[one.name]
    return grades[one.values.index(value)]


# CTCAE


@st.composite
def lab_values(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A complete value of any term of any version, in any of its units."""
    version = draw(st.sampled_from(VERSIONS))
    code = draw(st.sampled_from(sorted(lab_terms(version))))
    lines = lines_of(version, code)
    unit = draw(st.sampled_from(sorted({line.unit for line in lines if line.unit}) or ["U/L"]))
    numbers = [
        one.number for line in lines for one in line.thresholds if line.unit == unit and not one.reference
    ]
    most = max([*numbers, Decimal(10)]) * 2
    if unit == "%":
        most = Decimal(100)
    number = st.one_of(st.decimals(0, most, places=2), st.sampled_from([*numbers, Decimal(10)]))
    limits = sorted((draw(number), draw(number)))
    inputs: dict[str, Any] = {
        "term": code,
        "value": draw(number),
        "unit": unit,
        "lln": limits[0],
        "uln": limits[1] or Decimal("0.01"),
        "baseline": draw(number),
        "mi_cutoff": limits[1] * 2 + 1,
        "on_anticoagulation": draw(st.booleans()),
    }
    if any(line.sub_test for line in lines):
        inputs["sub_test"] = draw(st.sampled_from(sorted(SUB_TESTS[lines[0].analyte])))
    family = family_of(version, code)
    if family is not None:
        inputs["clinical_condition"] = draw(st.sampled_from(sorted(family.words)))
    return f"ctcae-{version}", inputs


@LAW
@given(lab=lab_values())
def test_a_laboratory_value_has_one_grade_unless_its_condition_leaves_it_open(
    lab: tuple[str, dict[str, Any]],
) -> None:
    graded = grade(*lab)
    assert graded.scale in CTCAE_SCALES
    assert (graded.grade is None) == bool(graded.possible)
    assert graded.grade is not None or graded.missing == ("clinical_condition",)


@settings(LAW, max_examples=200)
@given(lab=lab_values(), name=st.sampled_from(["value", "lln", "uln", "baseline", "on_anticoagulation"]))
def test_blanking_any_part_of_a_laboratory_value_only_widens_the_grade(
    lab: tuple[str, dict[str, Any]], name: str
) -> None:
    scale, inputs = lab
    before, after = grade(scale, inputs), grade(scale, inputs | {name: None})
    assert set(before.grades) <= set(after.grades)
    assert after.grade is not None or after.missing


@LAW
@given(lab=lab_values(), name=st.sampled_from(["sub_test", "clinical_condition", "mi_cutoff"]))
def test_blanking_what_a_value_is_or_means_only_widens_the_grade(
    lab: tuple[str, dict[str, Any]], name: str
) -> None:
    scale, inputs = lab
    assert set(grade(scale, inputs).grades) <= set(grade(scale, inputs | {name: None}).grades)


@settings(LAW, max_examples=200)
@given(lab=lab_values(), other=st.decimals(0, 1, places=3))
def test_a_laboratory_grade_never_falls_as_the_value_worsens(
    lab: tuple[str, dict[str, Any]], other: Decimal
) -> None:
    scale, inputs = lab
    low = any(
        one.op.startswith("<") for line in lines_of(scale[6:], inputs["term"]) for one in line.thresholds
    )
    pair = sorted((inputs["value"], inputs["value"] * other), reverse=low)
    milder, worse = (grade(scale, inputs | {"value": value}) for value in pair)
    assert min(worse.grades) >= min(milder.grades)
    assert max(worse.grades) >= max(milder.grades)


@LAW
@given(lab=lab_values(), bound=st.sampled_from(["<", "<=", ">", ">="]), inside=st.decimals(0, 1, places=3))
def test_a_bound_allows_every_grade_of_the_values_it_allows(
    lab: tuple[str, dict[str, Any]], bound: str, inside: Decimal
) -> None:
    scale, inputs = lab
    limit = inputs["value"]
    value = limit * inside if bound.startswith("<") else limit * (1 + inside)
    if value == limit or (inputs["unit"] == "%" and value > 100):
        return
    exact, bounded = (
        grade(scale, inputs | {"value": value}),
        grade(scale, inputs | {"value": f"{bound}{limit}"}),
    )
    assert set(exact.grades) <= set(bounded.grades)
