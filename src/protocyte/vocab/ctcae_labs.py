"""CTCAE grades of one laboratory value, vital sign, QTc interval or ejection fraction.

What may be said of a value is in `lab_inputs`, the thresholds are in `lab_lines`. A value has the highest
grade whose threshold it reaches. What is not known takes every value that could change the answer.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from protocyte.base import Message
from protocyte.vocab.graded import Graded
from protocyte.vocab.lab_inputs import NUMBERS, Lab, Range, read_labs
from protocyte.vocab.lab_lines import Line, Threshold, lines_in_unit, lines_of


class Case(NamedTuple):
    """One complete state of affairs; a reference that is None does not exist."""

    value: Decimal
    refs: Mapping[str, Decimal | None]
    anticoagulated: bool
    state: str


def grade_lab(version: str, inputs: Mapping[str, object]) -> Graded:
    """The CTCAE grade of one value; see `protocyte.vocab.grading.grade` and `lab_inputs`."""
    labs = read_labs(version, inputs)
    first, *others = (_answer(lab) for lab in labs)
    if all(one.grade is not None and one.grade == first.grade for one in others):
        return first
    every = (first, *others)
    apart = len({one.grades for one in every}) > 1
    missing = dict.fromkeys(name for one in every for name in one.missing)
    return Graded(
        scale=first.scale,
        grade=None,
        possible=tuple(sorted({grade for one in every for grade in one.grades})),
        missing=(*missing, *(["sub_test"] if apart else [])),
        rule=f"{first.scale}.{labs[0].code}.undecided",
        parts={"term": first.parts["term"], "code": first.parts["code"]},
    )


def explain_lab(graded: Graded) -> Message:
    """Why a value has its grade: the threshold it reached."""
    parts = graded.parts
    name = "ctcae-reached" if graded.grade else "ctcae-none"
    return Message.of(f"vocab.{name}", scale=graded.scale, grade=graded.grade, **parts)


@lru_cache(maxsize=8192)
def _answer(lab: Lab) -> Graded:
    lines = lines_in_unit(lab.version, lab.code, lab.sub_test, lab.unit)
    if lab.value is None:
        return _without_value(lab, lines)
    found: dict[tuple[object, ...], tuple[int, str]] = {}
    for case, key in _cases(lab, lab.value, lines):
        found[key] = _worst(lines, case, lab.stated)
    grades = {grade for grade, _ in found.values()}
    parts = {"term": lines[0].term, "code": lab.code}
    scale = f"ctcae-{lab.version}"
    if len(grades) == 1:
        grade, threshold = min(found.values())
        rule = f"{scale}.{lab.code}.{grade}"
        return Graded(scale=scale, grade=grade, rule=rule, parts=parts | {"threshold": threshold})
    missing = _missing(found) or tuple(_unknown_axes(lab))
    return Graded(
        scale=scale,
        grade=None,
        possible=tuple(sorted(grades)),
        missing=missing,
        rule=f"{scale}.{lab.code}.undecided",
        parts=parts,
    )


def _without_value(lab: Lab, lines: tuple[Line, ...]) -> Graded:
    """Without a value every grade its lines can give remains, and grade 0."""
    stated = max(
        (one.grade for line in lines for one in line.thresholds if line.when in lab.stated), default=0
    )
    grades = {one.grade for line in lines for one in line.thresholds if one.op != "stated"} | {0}
    return Graded(
        scale=f"ctcae-{lab.version}",
        grade=None,
        possible=tuple(sorted({max(grade, stated) for grade in grades})),
        missing=("value", *_unknown_axes(lab)),
        rule=f"ctcae-{lab.version}.{lab.code}.undecided",
        parts={"term": lines[0].term, "code": lab.code},
    )


AXES = ("value", *NUMBERS, "on_anticoagulation", "clinical_condition")


def _unknown_axes(lab: Lab) -> Iterator[str]:
    for name, reference in NUMBERS.items():
        if reference in lab.unknown:
            yield name
    if lab.anticoagulated is None and any(
        line.branch == "anticoagulated" for line in lines_of(lab.version, lab.code)
    ):
        yield "on_anticoagulation"
    if len(lab.states) > 1:
        yield "clinical_condition"


def _cases(lab: Lab, value: Range, lines: tuple[Line, ...]) -> Iterator[tuple[Case, tuple[object, ...]]]:
    """Every complete state of affairs that the grade could tell apart, with its place on the axes."""
    flags = (False, True) if lab.anticoagulated is None else (lab.anticoagulated,)
    for refs in _completed(lab, value, lines):
        for number in _values(value, refs, lines):
            for flag, state in itertools.product(flags, lab.states):
                key = (number, *(refs.get(one) for one in NUMBERS.values()), flag, state)
                yield Case(number, refs, flag, state), key


def _completed(lab: Lab, value: Range, lines: tuple[Line, ...]) -> Iterator[dict[str, Decimal | None]]:
    """The references with stand-ins for the unknown ones: around every number that could matter."""
    refs: dict[str, Decimal | None] = dict(lab.refs)
    if not lab.unknown:
        yield refs
        return
    marks = {value.low} | ({value.high} if value.high is not None else set())

    def options(reference: str, extra: Iterable[Decimal | None] = ()) -> tuple[Decimal | None, ...]:
        if reference not in lab.unknown:
            return (refs.get(reference),)
        return _around(_turning(marks, lines, reference) | {one for one in extra if one is not None})

    # An unknown limit is also told apart by where the other limit and the baseline lie.
    low, high = (
        options("LLN", [refs.get("ULN"), refs.get("baseline")]),
        options("ULN", [refs.get("LLN"), refs.get("baseline")]),
    )
    cut = options("MI cutoff")
    for lln, uln, cutoff in itertools.product(low, high, cut):
        if lln is not None and uln is not None and lln > uln:
            continue
        for baseline in options("baseline", [lln, uln]):
            yield {"LLN": lln, "ULN": uln, "baseline": baseline, "MI cutoff": cutoff}


def _turning(values: Iterable[Decimal], lines: tuple[Line, ...], reference: str) -> set[Decimal]:
    """Where, on the axis of `reference`, the answer may change for one of `values`."""
    found = set()
    for value in values:
        found.add(value)
        for line in lines:
            for one in line.thresholds:
                found |= _turning_of(value, line, one, reference)
    return {one for one in found if one >= 0}


def _turning_of(value: Decimal, line: Line, one: Threshold, reference: str) -> set[Decimal]:
    if one.reference == reference and one.number:
        return {value / one.number}
    if line.measure == f"rise over {reference}":
        return {value - one.number}
    if reference == "baseline" and line.measure == "fall":
        return {value + one.number}
    if reference == "baseline" and line.measure == "fall percent" and one.number < 100:
        return {value / (1 - one.number / 100)}
    return set()


def _around(marks: Iterable[Decimal]) -> tuple[Decimal, ...]:
    """Each mark, a number between neighbours, and one below and one above all of them."""
    ordered = sorted(set(marks))
    if not ordered:
        return (Decimal(1),)
    between = [(a + b) / 2 for a, b in itertools.pairwise(ordered)]
    return tuple(sorted({*ordered, *between, ordered[0] / 2, ordered[-1] * 2 + 1}))


def _values(value: Range, refs: Mapping[str, Decimal | None], lines: tuple[Line, ...]) -> tuple[Decimal, ...]:
    """The value; of a bound, its ends and a number in each band that the thresholds make."""
    if value.exact:
        return (value.low,)
    marks = {value.low} | ({value.high} if value.high is not None else set())
    for line in lines:
        marks |= {limit for one in line.thresholds if (limit := _limit(line, one, refs)) is not None}
    inside = (one for one in _around(marks) if one >= value.low)
    return tuple(one for one in inside if value.high is None or one <= value.high)


def _limit(line: Line, one: Threshold, refs: Mapping[str, Decimal | None]) -> Decimal | None:
    """The value at which a threshold is met, or None where what it compares with does not exist."""
    baseline = refs.get("baseline")
    if line.measure == "rise over ULN" or line.measure == "rise over baseline":
        reference = refs.get(line.measure.removeprefix("rise over "))
        return None if reference is None else reference + one.number
    if line.measure == "fall":
        return None if baseline is None else baseline - one.number
    if line.measure == "fall percent":
        return None if baseline is None else baseline * (1 - one.number / 100)
    if one.reference:
        reference = refs.get(one.reference)
        return None if reference is None else reference * one.number
    return one.number


_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    ">": Decimal.__gt__,
    ">=": Decimal.__ge__,
    "<": Decimal.__lt__,
    "<=": Decimal.__le__,
}
_MIRROR = {">": "<", ">=": "<=", "<": ">", "<=": ">="}


def _worst(lines: tuple[Line, ...], case: Case, stated: frozenset[str]) -> tuple[int, str]:
    """The highest grade whose threshold is reached, and that threshold as text."""
    best, text = 0, ""
    for line in lines:
        if not _applies(line, case, stated):
            continue
        for one in line.thresholds:
            if one.grade > best and _reached(line, one, case):
                best, text = one.grade, _spoken(line, one)
    return best, text


def _applies(line: Line, case: Case, stated: frozenset[str]) -> bool:
    if line.mode == "stated":
        return line.when in stated
    if not _on_branch(line, case):
        return False
    if line.mode != "asked":
        return True
    return case.state in line.states


def _on_branch(line: Line, case: Case) -> bool:
    branch, refs = line.branch, case.refs
    baseline, uln, lln = refs.get("baseline"), refs.get("ULN"), refs.get("LLN")
    if branch in ("baseline high", "baseline not high"):
        high = baseline is not None and uln is not None and baseline > uln
        return high == (branch == "baseline high")
    if branch == "baseline low":
        return baseline is not None and lln is not None and baseline < lln
    if branch == "value low":
        return lln is not None and case.value < lln
    if branch == "value over baseline":
        return baseline is None or case.value > baseline
    return case.anticoagulated if branch == "anticoagulated" else True


def _reached(line: Line, one: Threshold, case: Case) -> bool:
    if one.op == "stated":
        return True
    limit = _limit(line, one, case.refs)
    if limit is None:
        return False
    # A fall grows as the value shrinks, so its comparison turns round.
    op = _MIRROR[one.op] if line.measure in ("fall", "fall percent") else one.op
    return _COMPARE[op](case.value, limit)


def _spoken(line: Line, one: Threshold) -> str:
    if one.op == "stated":
        return line.when
    unit = "" if one.reference or line.unit in ("", "1") else f" {line.unit}"
    text = f"{line.measure} {one.text}{unit}"
    extra = ", ".join(word for word in (line.branch, line.when if line.mode == "asked" else "") if word)
    return f"{text} ({extra})" if extra else text


def _missing(found: Mapping[tuple[object, ...], tuple[int, str]]) -> tuple[str, ...]:
    """The axes that matter: fixing one of them to some value leaves fewer grades possible."""
    everything = {grade for grade, _ in found.values()}
    names = []
    for index, name in enumerate(AXES):
        groups: dict[object, set[int]] = {}
        for key, (grade, _) in found.items():
            groups.setdefault(key[index], set()).add(grade)
        if len(groups) > 1 and any(grades != everything for grades in groups.values()):
            names.append(name)
    return tuple(names)
