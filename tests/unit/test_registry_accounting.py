"""Nothing of a record is lost, whatever it is; and nothing that is not a record breaks the import."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocyte.base import render
from protocyte.exchange.registry import Imported, as_json, draft_yaml, import_record
from protocyte.exchange.registry.imported import QUOTE
from protocyte.exchange.registry.needs import general_path
from protocyte.study.document import Document, parse_document
from protocyte.study.load import study_of
from protocyte.study.provenance import unstated_leaves

LINES = st.sampled_from(
    [
        "Dose-limiting toxicity (DLT)", "Time frame: 28 days", "Inclusion Criteria", "Exclusion Criteria", "- Status",
        "1. Ages: 18 to 70 years", "-", "- LVEF ≥ 50%", "RECRUITINGOverall survival",
        "1E6, 3E6 cells/kg", "MedPath",
        "Primary Outcome Measures", "NameTimeMethod", "Overall survival2 years",
        "Name Time Method OS 2 years from infusion to death",
        "Split infusion of (1-5)x10^6 cells/kg.", "Springfield, Westland, Atlantis", "Enrollment", "20", "", "Phase 1",
        "Persistence of CAR-T cells in blood by qPCR, 12 months|Overall survival, from infusion to death, 2 years",
        "Universal CD19 CAR-T cells in relapsed or refractory B-ALL", "# not: a comment",
        "'\"quoted\"' \\^ text", "注册号",
    ]
)  # fmt: skip
RECORDS = st.lists(st.one_of(LINES, st.text(max_size=40)), max_size=25).map("\n".join)


def check_accounting(found: Imported) -> None:
    """Every letter and digit lies in a placed or an unplaced stretch, and each stretch is what it says."""
    covered: dict[int, set[int]] = {row.index: set() for row in found.rows}
    for fact in found.facts:
        stretch = found.rows[fact.row].text[fact.start : fact.end]
        assert len(fact.quote) <= QUOTE
        assert stretch.startswith(fact.quote.removesuffix("…").rstrip()[:70])
        assert found.rows[fact.row].line == fact.line
        covered[fact.row] |= set(range(fact.start, fact.end))
    for left in found.unplaced:
        assert found.rows[left.row].text[left.start : left.end] == left.text
        assert not covered[left.row] & set(range(left.start, left.end))
        covered[left.row] |= set(range(left.start, left.end))
    for row in found.rows:
        lost = [i for i, letter in enumerate(row.text) if letter.isalnum() and i not in covered[row.index]]
        assert not lost, (row.line, row.text)


def check_draft(found: Imported) -> None:
    """The draft's file says what the draft says, and `study check` misses in it exactly the listed gaps."""
    for language in ("en", "zh"):
        document = parse_document(draft_yaml(found, language).encode(), "draft.yaml")
        assert isinstance(document, Document)
        assert document.tree == found.draft
    problems = study_of(document)
    assert isinstance(problems, tuple)
    holes = [problem for problem in problems if problem.rule == "field.missing"]
    listed = [gap for gap in found.gaps if gap.missing]
    assert {general_path(str(problem.message.params["path"])) for problem in holes} == {
        gap.path for gap in listed if gap.why.key.startswith("exchange.need")
    }
    # Whatever else the check says of the draft is said by the import too; none of it is a misread value.
    others = [problem for problem in problems if problem.rule != "field.missing"]
    assert {str(problem.message) for problem in others} == {
        str(gap.why) for gap in listed if not gap.why.key.startswith("exchange.need")
    }
    assert not {problem.rule for problem in others} & {
        "field.value",
        "field.kind",
        "field.word",
        "field.unknown",
    }
    assert unstated_leaves(found.draft) == []
    assert all(render(gap.why, "zh") for gap in found.gaps)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(RECORDS)
def test_every_letter_of_a_record_is_accounted_for(text: str) -> None:
    found = import_record(text.encode("utf-8", "replace"), "record.txt")
    if isinstance(found, Imported):
        check_accounting(found)
        check_draft(found)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.binary(max_size=300))
def test_no_bytes_break_the_import(data: bytes) -> None:
    found = import_record(data, "record.txt")
    assert isinstance(found, Imported) or all(problem.place.line for problem in found)


HOSTILE = [
    ("empty", b"", "record.empty"),
    ("blank", b" \n\n", "record.empty"),
    ("binary", bytes(range(32)) * 10, "record.binary"),
    ("too large", b"x" * 5_000_000, "record.too_large"),
    ("web page", b"<!DOCTYPE html><html><body>NCT01234567</body></html>", "record.markup"),
    ("xml", b'<?xml version="1.0"?><clinical_study/>', "record.markup"),
    ("latin-1", b"caf\xe9 study", "record.not_utf8"),
    ("GB18030", "复发或难治性白血病的细胞治疗研究".encode("gb18030"), "record.looks_gb18030"),
    ("broken JSON", b'{"protocolSection": {"a": 1,}}', "record.not_json"),
    ("deep JSON", b"[" * 500, "record.json_too_deep"),
    ("many lines", b"a\n" * 30_000, "record.too_long"),
]


@pytest.mark.parametrize(("data", "rule"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_what_is_no_record_is_a_problem_with_its_place(data: bytes, rule: str) -> None:
    found = import_record(data, "record.txt")

    assert isinstance(found, tuple)
    assert [problem.rule for problem in found] == [rule]
    assert found[0].place.line is not None


def test_a_text_that_is_no_trial_is_all_unplaced() -> None:
    found = import_record(b"Shopping list: bread, milk.\nAnd two apples.\n", "list.txt")

    assert isinstance(found, Imported)
    assert not found.facts
    assert [left.line for left in found.unplaced] == [1, 2]


LONG = [
    "1x10^6 cells " * 2_000,
    "1," * 15_000,
    "CAR-" * 8_000,
    "acute B cell " * 2_500,
    "at " * 10_000,
    "(CR " * 8_000,
]


@pytest.mark.parametrize("line", LONG, ids=[line[:12] for line in LONG])
def test_time_to_import_does_not_explode_with_the_text(line: str) -> None:
    started = time.perf_counter()
    import_record("\n".join([line] * 6).encode(), "record.txt")
    assert time.perf_counter() - started < 10  # a second at most here; quadratic patterns took minutes


def test_the_answer_as_json_is_plain_and_bilingual() -> None:
    found = import_record(b"T\nA dose of 1x10e6 cells/kg.\n", "record.txt")
    assert isinstance(found, Imported)
    english, chinese = as_json(found), as_json(found, "zh")

    assert set(english) == {"file", "shape", "draft", "facts", "gaps", "unplaced"}
    assert english["draft"] == chinese["draft"]
    assert english["gaps"][0]["why"] != chinese["gaps"][0]["why"]
