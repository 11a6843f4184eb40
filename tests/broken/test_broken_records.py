"""Records nobody would write: the linter answers with findings or with why it cannot read, and never raises."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocyte.base import render
from protocyte.exchange.lint import lint_record

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "record-lint.md"
_SOUND = re.search(r'```text title="sound record"\n(.*?)```', PAGE.read_text(encoding="utf-8"), flags=re.S)
assert _SOUND
SOUND = _SOUND.group(1).splitlines()
quick = settings(deadline=None, derandomize=True, max_examples=60)


def check(data: bytes) -> None:
    problems = lint_record(data, "r")
    lines = len(re.split(rb"\r\n|\r|\n", data))
    for problem in problems:
        assert problem.place.line is not None
        assert 1 <= problem.place.line <= max(1, lines)
        assert render(problem.message)
        assert render(problem.message, "zh")
    assert problems == lint_record(data, "r")


@given(st.binary(max_size=400))
@quick
def test_any_bytes_are_answered(data: bytes) -> None:
    check(data)


@given(st.text(max_size=400))
@quick
def test_any_text_is_answered(text: str) -> None:
    check(text.encode("utf-8", "surrogatepass"))


@given(st.lists(st.sampled_from(SOUND), max_size=60))
@quick
def test_the_lines_of_a_record_in_any_order_are_answered(lines: list[str]) -> None:
    check("\n".join(lines).encode())


@given(st.integers(0, len(SOUND) - 1), st.text(max_size=40))
@quick
def test_a_line_replaced_by_anything_is_answered(at: int, text: str) -> None:
    lines = [*SOUND]
    lines[at] = text.replace("\x00", " ")
    check("\n".join(lines).encode("utf-8", "surrogatepass"))


@given(
    st.recursive(st.none() | st.integers() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=4))
)
@quick
def test_any_json_is_answered(value: object) -> None:
    module = {"identificationModule": {"briefTitle": "CAR-T"}, "descriptionModule": {"briefSummary": value}}
    check(json.dumps({"protocolSection": module}).encode())


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_do_not_change_what_is_found(end: str) -> None:
    lines = [line.replace("ASTCT 2019", "CTCAE 4.03") for line in SOUND]
    expected = lint_record("\n".join(lines).encode(), "r")
    assert expected
    assert lint_record(end.join(lines).encode(), "r") == expected


@pytest.mark.parametrize(
    "piece",
    [
        "CAR-T 1x105 to 1x108 /kg ",
        "relapse or refractory, ",
        "((((",
        "a ",
        "within 6 months ",
        "DLT grade ",
        "x" * 50,
    ],
)
def test_a_flood_of_one_phrase_takes_no_more_than_seconds(piece: str) -> None:
    title = "CD99 CAR-T in AML\nExclusion Criteria\n1. "
    started = time.monotonic()
    check((title + piece * (30_000 // len(piece))).encode())
    assert time.monotonic() - started < 20


def test_a_chinese_record_is_answered_with_one_warning() -> None:
    text = "研究题目\n急性髓系白血病 CAR-T 细胞治疗的安全性和有效性研究"
    assert [problem.rule for problem in lint_record(text.encode(), "r")] == ["META-01.record.language"]


def test_a_page_of_labels_only_has_no_text_to_judge() -> None:
    assert [problem.rule for problem in lint_record(b"Inclusion Criteria\nExclusion Criteria", "r")] == [
        "META-01.record.no_text"
    ]


def test_a_page_saved_as_markup_says_so() -> None:
    assert [problem.rule for problem in lint_record(b"<!DOCTYPE html><html></html>", "r")] == [
        "record.markup"
    ]
