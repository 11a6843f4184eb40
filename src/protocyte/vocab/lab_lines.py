"""The lines of `ctcae_labs.csv`: thresholds of one term, in one unit, for one branch."""

from __future__ import annotations

import csv
import re
import tomllib
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import NamedTuple

SUB_TESTS = {
    "Calcium": {"corrected calcium": {"corrected calcium"}, "ionized calcium": {"ionized calcium"}},
    # A fasting value is also a glucose; a value of any time is not known to be fasting.
    "Glucose": {"fasting glucose": {"fasting glucose", "any glucose"}, "any glucose": {"any glucose"}},
}
_THRESHOLD = re.compile(r"(>=|<=|>|<)\s*(\d+(?:\.\d+)?)?\s*(ULN|LLN|baseline|MI cutoff)?")


class Threshold(NamedTuple):
    """`grade` is reached when the measure stands in relation `op` to `number` times `reference`."""

    grade: int
    op: str
    number: Decimal
    reference: str
    text: str


class Line(NamedTuple):
    term: str
    versions: frozenset[str]
    code: str
    analyte: str
    sub_test: str
    measure: str
    branch: str
    when: str
    mode: str
    unit: str
    thresholds: tuple[Threshold, ...]
    states: frozenset[str] = frozenset()
    """The states of its family in which an asked line holds."""

    @property
    def references(self) -> frozenset[str]:
        """Which of LLN, ULN, baseline and MI cutoff this line looks at."""
        words = " ".join((self.measure, self.branch, *(one.reference for one in self.thresholds)))
        found = {name for name in ("ULN", "LLN", "baseline", "MI cutoff") if name in words}
        if self.measure in ("fall", "fall percent"):
            found.add("baseline")
        if self.branch in ("baseline high", "baseline not high"):
            found.add("ULN")
        if self.branch in ("baseline low", "value low"):
            found.add("LLN")
        return frozenset(found)


class Sheet(NamedTuple):
    """The lines of a term, for one sub-test, with what they have in common."""

    lines: tuple[Line, ...]
    units: tuple[str, ...]
    references: frozenset[str]
    needs_baseline: bool
    """Whether the mildest grade of the term is nothing but a comparison with baseline."""


class Family(NamedTuple):
    """The states a term's clinical condition may have, and which of them a phrase leaves open."""

    states: tuple[str, ...]
    words: dict[str, frozenset[str]]


def read_text(name: str) -> str:
    return resources.files("protocyte").joinpath("vocab", name).read_text(encoding="utf-8")


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of a data file of this room, without its comment lines."""
    lines = (line for line in read_text(name).splitlines() if not line.startswith("#"))
    return list(csv.DictReader(lines))


@cache
def lines_of(version: str, code: str) -> tuple[Line, ...]:
    """The lines of a term in `version`; an asked line knows the clinical states it holds for."""
    family = family_of(version, code)
    return tuple(
        line._replace(states=family.words[line.when]) if family and line.mode == "asked" else line
        for line in _all_lines().get(code, ())
        if version in line.versions
    )


@cache
def sheet_of(version: str, code: str, sub_test: str) -> Sheet:
    lines = tuple(line for line in lines_of(version, code) if _belongs(line, sub_test))
    return Sheet(
        lines,
        units=tuple(dict.fromkeys(line.unit for line in lines if line.unit)),
        references=frozenset[str]().union(*(line.references for line in lines)),
        needs_baseline=_needs_baseline(lines),
    )


@cache
def lines_in_unit(version: str, code: str, sub_test: str, unit: str) -> tuple[Line, ...]:
    return tuple(line for line in sheet_of(version, code, sub_test).lines if line.unit in ("", unit))


def _belongs(line: Line, sub_test: str) -> bool:
    return not line.sub_test or line.sub_test in SUB_TESTS[line.analyte][sub_test]


def _needs_baseline(lines: tuple[Line, ...]) -> bool:
    mildest = min(one.grade for line in lines for one in line.thresholds if one.op != "stated")
    first = [line for line in lines if any(one.grade == mildest for one in line.thresholds)]
    return all(
        line.measure in ("fall", "fall percent", "rise over baseline")
        or any(one.reference == "baseline" for one in line.thresholds)
        for line in first
    )


@cache
def lab_terms(version: str) -> dict[str, str]:
    """The terms of `version` that a value can grade: MedDRA code to name."""
    return {
        code: lines[0].term
        for code, lines in _all_lines().items()
        if any(version in line.versions for line in lines)
    }


@cache
def _all_lines() -> dict[str, tuple[Line, ...]]:
    found: dict[str, list[Line]] = {}
    for row in read_rows("ctcae_labs.csv"):
        thresholds = tuple(_threshold(grade, row[f"g{grade}"]) for grade in (1, 2, 3, 4) if row[f"g{grade}"])
        line = Line(
            term=row["term"],
            versions=frozenset(row["versions"].split()),
            code=row["code"],
            analyte=row["analyte"],
            sub_test=row["sub_test"],
            measure=row["measure"],
            branch=row["branch"],
            when=row["when"],
            mode=row["mode"],
            unit=row["unit"],
            thresholds=thresholds,
        )
        found.setdefault(line.code, []).append(line)
    return {code: tuple(lines) for code, lines in found.items()}


def _threshold(grade: int, text: str) -> Threshold:
    if text == "stated":
        return Threshold(grade, "stated", Decimal(0), "", text)
    match = _THRESHOLD.fullmatch(text)
    if match is None:
        raise ValueError(f"ctcae_labs.csv: {text!r} is not a threshold")
    op, number, reference = match.groups()
    return Threshold(grade, op, Decimal(number or 1), reference or "", text)


@cache
def family_of(version: str, code: str) -> Family | None:
    """The family of clinical conditions of a term, or None where no line asks for one."""
    lines = (line for line in _all_lines().get(code, ()) if version in line.versions)
    phrases = {line.when for line in lines if line.mode == "asked"}
    if not phrases:
        return None
    for family in tomllib.loads(read_text("ctcae_conditions.toml"))["family"]:
        if phrases <= set(family["words"]):
            words = {phrase: frozenset(states) for phrase, states in family["words"].items()}
            return Family(tuple(family["states"]), words)
    raise ValueError(f"ctcae_conditions.toml has no family for {sorted(phrases)}")
