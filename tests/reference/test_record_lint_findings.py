"""The record linter against an expert reader's findings: every row of every record, by family and line.

A finding is found when the linter names its family on a line of the quoted text. A false alarm is an error whose
family has no finding, of whatever severity, on its line. Rows of further records are tried as they are added.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from protocyte.base import Problem
from protocyte.exchange.lint import lint_record
from reference_folder import FOLDER, reference_file

pytestmark = pytest.mark.reference

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "record-lint.md"
NAMES = {"000": "LILRB4", "002": "CD7", "003": "CD123"}
LEAST_FOUND, MOST_FALSE = 0.9, 2
_ESCAPE = re.compile(r"\\([<>^\[\]*_~#])")


class Figures(NamedTuple):
    found: Counter[str]
    all: Counter[str]
    false: list[str]
    missed: list[str]

    def row(self, name: str) -> str:
        shares = [f"{self.found[s]} of {self.all[s]}" for s in ("error", "warning", "info")]
        return f"| {name} | {' | '.join(shares)} | {len(self.false)} |"


def rows() -> dict[str, list[dict[str, str]]]:
    records: dict[str, list[dict[str, str]]] = {}
    with reference_file("seedlint/seed_findings.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            records.setdefault(row["seed"], []).append(row)
    return records


def record(seed: str) -> bytes:
    found = sorted((FOLDER.parent / "seeds").glob(f"{seed}_*"))
    if not found:
        reference_file(f"../seeds/{seed}_*")
    return found[0].read_bytes()


def lines_of(quote: str, text: str) -> set[int]:
    """The lines a quote stands on, wherever it stands; white space and escapes do not count."""
    lines = [_plain(line) for line in text.split("\n")]
    wanted = _plain(quote)
    on_one = {number for number, line in enumerate(lines, 1) if wanted in line}
    if on_one:
        return on_one
    for start in range(len(lines)):
        for end in range(start + 2, min(start + 6, len(lines)) + 1):
            if wanted in " ".join(line for line in lines[start:end] if line):
                return set(range(start + 1, end + 1))
    return set()


def _plain(text: str) -> str:
    return " ".join(_ESCAPE.sub(r"\1", text).split()).lower()


def compared(seed: str) -> Figures:
    data, findings = record(seed), rows()[seed]
    text = data.decode("utf-8")
    problems = lint_record(data, seed)
    places = {(family(problem.rule), problem.place.line) for problem in problems}
    expected: set[tuple[str, int]] = set()
    figures = Figures(Counter(), Counter(), [], [])
    for row in findings:
        at = {(row["rule_family"].split()[0], line) for line in lines_of(row["quote"], text)}
        assert at, f"{row['finding_id']}: the quote is not in the record"
        expected |= at
        figures.all[row["severity"]] += 1
        if at & places:
            figures.found[row["severity"]] += 1
        else:
            figures.missed.append(row["finding_id"])
    figures.false.extend(_false(problems, expected))
    return figures


def _false(problems: tuple[Problem, ...], expected: set[tuple[str, int]]) -> list[str]:
    return [
        problem.sentence()
        for problem in problems
        if problem.severity == "error" and (family(problem.rule), problem.place.line) not in expected
    ]


def family(rule: str) -> str:
    return rule.partition(".")[0]


def test_nine_in_ten_errors_are_found_with_at_most_two_false_alarms_a_record() -> None:
    short, checked = [], 0
    for seed in rows():
        figures = compared(seed)
        checked += sum(figures.all.values())
        print(figures.row(seed), "missed:", ", ".join(figures.missed) or "none", *figures.false, sep="\n  ")
        if figures.found["error"] < LEAST_FOUND * figures.all["error"] or len(figures.false) > MOST_FALSE:
            short.append(seed)
    print(f"{checked} findings compared")
    assert checked > 0
    assert not short


def test_the_page_shows_the_figures_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for seed in rows():
        if seed in NAMES:
            assert compared(seed).row(NAMES[seed]) in page


def test_every_family_of_the_catalogue_has_a_detector() -> None:
    page = PAGE.read_text(encoding="utf-8")
    with reference_file("seedlint/rule_catalogue.csv").open(encoding="utf-8", newline="") as file:
        families = [row["rule_family"].split()[0] for row in csv.DictReader(file)]
    print(f"{len(families)} families")
    assert [name for name in families if f"### `{name}." not in page] == []


ENGINEERED = ("DESIGN-", "DOSE-", "SAFE-01", "SAFE-02", "TREAT-", "PROD-", "TTE-02", "FUP-")
_CELLS = re.compile(r"CAR[- ]?T\b|chimeric antigen", re.IGNORECASE)


def test_records_without_engineered_cells_are_not_asked_for_them() -> None:
    """Real records of other trials: what only engineered cells need is demanded of none of them."""
    tried = 0
    for path in sorted(reference_file("ctgov/v2").glob("*.json")):
        data = path.read_bytes()
        if _CELLS.search(data.decode("utf-8")):
            continue
        tried += 1
        asked = [p.sentence() for p in lint_record(data, path.name) if p.rule.startswith(ENGINEERED)]
        assert asked == []
    print(f"{tried} records without engineered cells")
    assert tried > 0
