"""`protocyte grade` and `protocyte classify` on every worked example of the reference folder, as JSON lines."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from reference_folder import FOLDER, reference_file
from shell_runs import fine

pytestmark = pytest.mark.reference
SCALES = {
    "astct_crs": "astct-crs",
    "astct_icans": "astct-icans",
    "icaht": "icaht",
    "tls_cairo_bishop": "tls",
    "iec_hs": "iec-hs",
    "gvhd": "gvhd",
}
CRITERIA = {
    "eln2022": "aml-eln2022",
    "eln2017": "aml-eln2017",
    "iwg2003": "aml-iwg2003",
    "nccn": "aml-nccn",
    "all_nccn": "all-nccn",
    "cmml": "cmml-mdsmpn2015",
}


def asked(*words: str, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One answer a line, over standard input, as the contract has it."""
    stdin = "".join(json.dumps(line) + "\n" for line in lines)
    answers = fine(*words, "--input", "-", "--json", stdin=stdin).lines
    assert len(answers) == len(lines)
    return answers


def yaml(path: Path) -> dict[str, Any]:
    return dict(YAML(typ="safe").load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("version", ["4.03", "5.0", "6.0"])
def test_laboratory_lines_get_their_grade(version: str) -> None:
    text = reference_file("ctcae/lab_grading_examples.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(text.splitlines()) if row["ctcae_version"] == version]
    for blank in (False, True):
        inputs = [
            {
                name: (value or None) if blank else value
                for name, value in row.items()
                if not name.startswith("exp")
            }
            for row in rows
        ]
        answers = asked("grade", f"ctcae-{version}", lines=inputs)
        wrong = [
            (row, answer)
            for row, answer in zip(rows, answers, strict=True)
            if answer["grade"] != int(row["expected_grade"]) or answer["missing"] or not answer["rule"]
        ]
        assert not wrong, wrong[:3]
    print(f"ctcae-{version}: {len(rows)} lines")


@pytest.mark.parametrize("name", SCALES)
def test_toxicity_lines_get_their_grade(name: str) -> None:
    examples = yaml(reference_file(f"toxicity/{name}.yaml"))["examples"]
    answers = asked("grade", SCALES[name], lines=[example["in"] for example in examples])
    for example, answer in zip(examples, answers, strict=True):
        expected = {key: value for key, value in example.items() if key not in ("id", "in", "why", "note")}
        assert {key: answer[key] for key in expected} == expected, example
        assert {"grade", "rule", "missing"} <= set(answer)
    print(f"{SCALES[name]}: {len(examples)} lines")


def test_a_null_is_not_known_and_never_narrows_the_grades() -> None:
    tried = 0
    for name, scale in SCALES.items():
        examples = yaml(reference_file(f"toxicity/{name}.yaml"))["examples"]
        lines, expected = [], []
        for example in examples:
            for key in example["in"]:
                lines.append(example["in"] | {key: None})
                expected.append(example.get("grade"))
        for line, answer, grade in zip(lines, asked("grade", scale, lines=lines), expected, strict=True):
            if grade is None:  # a screen, or a laboratory syndrome, without a grade of its own
                continue
            possible = [answer["grade"]] if answer["grade"] is not None else answer["possible"]
            assert grade in possible, (scale, line, answer)
            assert answer["grade"] is not None or answer["missing"], (scale, line, answer)
            tried += 1
    print(f"{tried} lines with one value blanked")


def response_files() -> list[Path]:
    reference_file("response/response_examples.yaml")
    return sorted((FOLDER / "response").glob("*.yaml"))


def test_response_lines_get_their_category() -> None:
    """Every file of the folder that holds examples of one assessment, under every criteria named beside it."""
    tried: dict[str, int] = {}
    for path in response_files():
        examples = [one for one in yaml(path).get("examples", ()) if "in" in one]
        for key, criteria in CRITERIA.items():
            told = [one for one in examples if key in one]
            if not told:
                continue
            answers = asked("classify", criteria, lines=[one["in"] for one in told])
            for one, answer in zip(told, answers, strict=True):
                word = re.match(r"\w+", one[key])
                assert word is not None
                assert answer["response"] == word.group(), (one, answer)
                assert answer["rule"]
            tried[criteria] = tried.get(criteria, 0) + len(told)
    print(tried)
    assert tried


def test_a_blank_value_may_only_make_a_response_unknown() -> None:
    examples = yaml(reference_file("response/response_examples.yaml"))["examples"]
    lines = [one["in"] | {name: None} for one in examples for name in one["in"]]
    whole = [one["in"] for one in examples for _ in one["in"]]
    for criteria in CRITERIA.values():
        blanked = asked("classify", criteria, lines=lines)
        for line, answer, full in zip(lines, blanked, asked("classify", criteria, lines=whole), strict=True):
            same = answer["response"] == full["response"]
            assert same or (answer["response"] == "NE" and full["response"] in answer["possible"]), (
                criteria, line, answer, full,
            )  # fmt: skip
    print(f"{len(lines)} lines by {len(CRITERIA)} criteria")
