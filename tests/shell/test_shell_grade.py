"""`grade` and `classify`: JSON lines in, JSON lines out, each line answered in its own place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shell_runs import fine, protocyte

TOXICITY = ("astct-crs", "astct-icans", "lee2014-crs", "icaht", "tls", "iec-hs", "gvhd")
CTCAE = ("ctcae-4.03", "ctcae-5.0", "ctcae-6.0")
CRITERIA = ("aml-iwg2003", "aml-eln2017", "aml-eln2022", "aml-nccn", "all-nccn", "cmml-mdsmpn2015")
REMISSION = {
    "bm": 3, "bm0": 40, "pb": False, "emd": False, "auer": False, "anc": 1.5, "plt": 120, "cells": 500,
    "cellularity": 40, "spicules": True, "rbc_ti": True, "plt_ti": True, "hb": 110, "wbc": 5, "monocytes": 0.4,
}  # fmt: skip


def lines(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.mark.parametrize("scale", TOXICITY)
def test_every_toxicity_scale_answers_with_grade_rule_and_missing(scale: str) -> None:
    (row,) = fine("grade", scale, "--input", "-", "--json", stdin="{}\n").lines

    assert {"grade", "rule", "missing"} <= set(row)
    assert row["missing"] == []  # what is not listed was assessed and absent


def test_what_is_not_known_leaves_a_set_of_possible_grades() -> None:
    known, unknown = fine(
        "grade", "astct-crs", "--json",
        stdin=lines({"fever": True, "hypotension": True}, {"fever": True, "hypotension": True, "oxygen": None}),
    ).lines  # fmt: skip

    assert (known["grade"], known["missing"]) == (2, [])
    assert (unknown["grade"], unknown["possible"], unknown["missing"]) == (None, [2, 3, 4], ["oxygen"])


@pytest.mark.parametrize("scale", CTCAE)
def test_laboratory_values_are_graded_by_the_columns_of_the_table(scale: str) -> None:
    row = {"term": "Neutrophil count decreased", "value": "0.49", "unit": "10^9/L", "lln": "1.8"}

    (answer,) = fine("grade", scale, "--json", stdin=lines(row)).lines

    assert answer["missing"] == []
    assert answer["grade"] in (3, 4)


def test_a_file_and_standard_input_give_the_same_answers(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text(lines({"fever": True}) + "\n\n" + lines({}), encoding="utf-8")

    from_file = fine("grade", "astct-crs", "--input", file)
    from_stdin = fine("grade", "astct-crs", stdin=file.read_text(encoding="utf-8"))

    assert from_file.out == from_stdin.out
    assert [row["grade"] for row in from_file.lines] == [1, 0]


def test_nothing_in_gives_nothing_out() -> None:
    assert fine("grade", "astct-crs", "--json", stdin="").out == ""


@pytest.mark.parametrize(
    "bad",
    [
        "not json",
        "[]",
        "7",
        "null",
        '{"fever": 1}',
        '{"oxygen": "gills"}',
        '{"feaver": true}',
        '{"fever": NaN}',
        '{"vasopressors": 1e999}',
        '{"vasopressors": -1}',
        '{"fever": true, "fever": false}',
        '{"vasopressors": ' + "9" * 5000 + "}",
        "{" * 5000,
        '{"oxygen": "\\ud800"}',
        '{"temperature": "warm"}',
    ],
)
def test_a_line_that_cannot_be_used_says_so_and_the_others_are_answered(bad: str) -> None:
    ran = protocyte("grade", "astct-crs", "--json", stdin='{"fever": true}\n' + bad + "\n{}\n")

    first, wrong, last = ran.lines
    assert ran.code == 1
    assert (first["grade"], last["grade"]) == (1, 0)
    assert wrong["line"] == 2
    assert wrong["error"]


def test_a_separator_inside_a_text_does_not_end_the_line() -> None:
    told = protocyte("grade", "ctcae-5.0", stdin='{"term": "a\u2028b\x85c"}\n')

    assert len(told.lines) == 1


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", bytes(range(256))])
def test_bytes_that_are_no_text_are_one_problem(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_bytes(content)

    for ran in (
        protocyte("grade", "astct-crs", "--json", "--input", file),
        protocyte("grade", "astct-crs", "--json", stdin=content),
        protocyte("classify", "all-nccn", "--json", stdin=content),
    ):
        assert ran.code == 1
        assert len(ran.json) == 1
    assert "UTF-8" in protocyte("grade", "astct-crs", "--language", "zh", stdin=content).err


def test_a_file_that_is_not_there_is_a_failure_of_storage(tmp_path: Path) -> None:
    for command in (("grade", "astct-crs"), ("classify", "all-nccn")):
        assert (
            protocyte(*command, "--input", tmp_path / "none.jsonl", "--json").json[0]["rule"]
            == "storage.failed"
        )


def test_a_scale_or_criteria_nobody_knows_is_a_problem_that_names_those_there_are() -> None:
    (scale,) = protocyte("grade", "ctcae-7.0", "--json", stdin="{}\n").json
    (criteria,) = protocyte("classify", "aml-eln2037", "--json", stdin="{}\n").json

    assert all(name in scale["message"] for name in (*TOXICITY, *CTCAE))
    assert "aml-eln2037" in criteria["message"]


@pytest.mark.parametrize(
    "criteria", [*CRITERIA, "lstcar019", "cll1-cart", "cd7-cart", "cd123-cart", "lilrb4-start"]
)
def test_every_criteria_set_answers_with_response_rule_and_missing(criteria: str) -> None:
    full, blank = fine("classify", criteria, "--json", stdin=lines(REMISSION, dict.fromkeys(REMISSION))).lines

    assert {"response", "rule", "missing"} <= set(full)
    assert full["response"].startswith("CR") or criteria == "cmml-mdsmpn2015"
    assert blank["missing"]
    assert blank["response"] == "NE"


def test_a_blank_count_leaves_the_categories_it_would_decide() -> None:
    (row,) = fine("classify", "all-nccn", stdin=lines(REMISSION | {"plt": None})).lines

    assert {"CR", "CRi"} <= set(row["possible"])
    assert row["missing"] == ["plt"]  # the name under which it would be given


@pytest.mark.parametrize(
    "bad", [{"bm": "many"}, {"bm": -1}, {"bm": True}, {"pb": "no"}, {"blasts": 3}, {"bm": 1e400}]
)
def test_an_input_that_cannot_be_is_told_in_its_line(bad: dict[str, object]) -> None:
    ran = protocyte("classify", "all-nccn", "--json", stdin=lines(bad, REMISSION))

    assert ran.code == 1
    assert ran.lines[0]["line"] == 1
    assert ran.lines[1]["response"] == "CR"
