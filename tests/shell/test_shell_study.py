"""`protocyte study`: what it answers, and what it says of files that are none."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from shell_runs import fine, protocyte

STUDIES = ("cd123-cart", "cd7-cart", "cll1-cart", "lilrb4-start", "lstcar019")
SHIPPED = resources.files("protocyte").joinpath("studies/lstcar019.yaml").read_text(encoding="utf-8")

RECORD = """CD99 CAR-T Cells in R/R Acute Myeloid Leukemia
- Registration Number
- NCT00000099
- Target Recruitment
- 24
- Brief Summary
Three dose levels, 1E6, 3E6 and 1E7 cells/kg, follow a "3+3" scheme.
"""

HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "binary": bytes(range(256)) * 40,
    "not UTF-8": b"study: caf\xe9\n",
    "UTF-16": "study: x\n".encode("utf-16"),
    "null bytes": b"study: \x00\x00\n",
    "a list": b"- 1\n- 2\n",
    "a tab": b"study:\n\tversion: 1\n",
    "deep": b"study: " + b"[" * 5000 + b"]" * 5000,
    "aliases": b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "huge number": b"study: x\nplanned_subjects: " + b"9" * 100_000 + b"\n",
    "huge exponent": b"study: x\nladder: {DL1: 1e999999999 cells/kg}\n",
    "key twice": b"study: x\nstudy: y\n",
    "tag": b"study: !!python/object/apply:os.system [ls]\n",
    "huge file": b"study: x\n" + b"# filler\n" * 300_000,
}


def test_the_five_studies_are_listed_with_their_ids() -> None:
    rows = fine("study", "list", "--json").json

    assert tuple(row["id"] for row in rows) == STUDIES
    assert all(row["title"] and row["levels"] >= 1 and row["parts"] for row in rows)
    assert all(study in fine("study", "list").out for study in STUDIES)


def test_titles_are_in_the_language_asked_for() -> None:
    rows = fine("study", "list", "--json", "--language", "zh").json

    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in row["title"]) for row in rows)


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_that_ships_has_no_errors(study: str) -> None:
    assert all(problem["severity"] != "error" for problem in fine("study", "check", study, "--json").json)
    assert f"{study}:" in fine("study", "check", study).out


def test_every_statement_is_shown_with_where_it_is_from() -> None:
    shown = fine("study", "show", "lstcar019").out

    assert "registered  ladder.DL1: 1e6 cells/kg" in shown
    assert "departs     endpoints.os.operational.origin: infusion" in shown
    assert "unstated" not in shown
    assert fine("study", "show", "lstcar019", "--json").json["study"]["ladder"]["DL3"] == "5e6 cells/kg"


@pytest.mark.parametrize("command", ["show", "check", "diff"])
def test_a_study_that_is_not_there_is_a_problem_that_names_those_that_are(command: str) -> None:
    words = ("study", command, "lstcar091", *(["lstcar019"] if command == "diff" else []))

    assert protocyte(*words).code == 1
    (problem,) = protocyte(*words, "--json").json
    assert problem["rule"] == "study.not_found"
    assert all(study in problem["message"] for study in STUDIES)


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("command", ["check", "show", "diff"])
def test_whatever_the_file_holds_the_answer_is_problems(kind: str, command: str, tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_bytes(HOSTILE[kind])
    # A file that is no study may still be compared as a document.
    codes = {0, 1} if command == "diff" else {1}
    words = ("study", command, file, *(["lstcar019"] if command == "diff" else []))

    assert protocyte(*words).code in codes
    assert protocyte(*words, "--language", "zh").code in codes
    told = protocyte(*words, "--json")
    assert told.code in codes
    assert isinstance(told.json, list)


def test_a_folder_or_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    folder = tmp_path / "folder.yaml"
    folder.mkdir()

    for path in (folder, tmp_path / "missing.yaml"):
        (problem,) = protocyte("study", "check", path, "--json").json
        assert problem["rule"] == "file.unreadable"
        (problem,) = protocyte("study", "diff", path, "lstcar019", "--json").json
        assert problem["rule"] == "file.unreadable"


def test_problems_are_told_in_chinese_under_the_same_names(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(SHIPPED.replace("DL2: 2e6", "DL2: 9e6"), encoding="utf-8")

    english = protocyte("study", "check", file, "--json").json
    chinese = protocyte("study", "check", file, "--json", "--language", "zh").json

    assert [p["rule"] for p in english] == [p["rule"] for p in chinese]
    assert "ladder.order" in {p["rule"] for p in english}
    assert all(p["line"] for p in english)
    assert all(a["message"] != b["message"] for a, b in zip(english, chinese, strict=True))


def test_a_difference_is_told_by_path(tmp_path: Path) -> None:
    file = tmp_path / "amended.yaml"
    file.write_text("# a remark\n" + SHIPPED.replace("subjects: 12\n", "subjects: 15\n", 1), encoding="utf-8")

    (change,) = fine("study", "diff", "lstcar019", file, "--json").json

    assert (change["path"], change["before"], change["after"]) == ("parts.expansion.subjects", "12", "15")
    assert fine("study", "diff", "lstcar019", "lstcar019").out == "0 differences\n"


def test_an_import_writes_a_draft_and_lists_the_gaps(tmp_path: Path) -> None:
    record, draft = tmp_path / "record.txt", tmp_path / "draft.yaml"
    record.write_text(RECORD, encoding="utf-8")

    imported = fine("study", "import", record, "--out", draft, "--json").json

    assert "1e7 cells/kg" in draft.read_text(encoding="utf-8")
    assert imported
    assert "lymphodepletion" in fine("study", "import", record).err
    assert "ladder:" in fine("study", "import", record).out
    assert protocyte("study", "check", draft).code == 1


def test_a_draft_is_completed_from_a_study_that_is_whole(tmp_path: Path) -> None:
    record, draft, whole = tmp_path / "record.txt", tmp_path / "draft.yaml", tmp_path / "whole.yaml"
    record.write_text(RECORD, encoding="utf-8")
    fine("study", "import", record, "--out", draft)

    told = protocyte("study", "complete", draft, "--like", "lilrb4-start", "--out", whole, "--json")

    assert told.code in (0, 1)  # what only a person can say may still be missing
    assert told.json["filled"]
    assert "assumed:" in whole.read_text(encoding="utf-8")
    assert "1e7 cells/kg" in whole.read_text(encoding="utf-8")
    assert protocyte("study", "complete", draft, "--like", "nothing", "--out", whole, "--json").code == 1
    assert protocyte("study", "complete", tmp_path / "none", "--like", "lstcar019", "--out", whole).code == 5
    draft.write_bytes(b"\xff\xfe")
    assert protocyte("study", "complete", draft, "--like", "lstcar019", "--out", whole, "--json").code == 1


def test_bytes_that_are_no_record_are_a_problem(tmp_path: Path) -> None:
    record = tmp_path / "record.txt"
    record.write_bytes(bytes(range(256)) * 40)

    assert protocyte("study", "import", record).code == 1
    assert protocyte("study", "import", record, "--json").json[0]["severity"] == "error"


def test_a_record_that_cannot_be_read_or_a_draft_that_cannot_be_written_is_a_failure_of_storage(
    tmp_path: Path,
) -> None:
    record = tmp_path / "record.txt"
    record.write_text(RECORD, encoding="utf-8")

    assert protocyte("study", "import", tmp_path / "missing.txt").code == 5
    told = protocyte("study", "import", record, "--out", tmp_path / "no" / "draft.yaml", "--json")
    assert told.code == 5
    assert told.json[0]["rule"] == "storage.failed"


def test_a_language_nobody_speaks_here_is_a_usage_error_in_json_too() -> None:
    assert protocyte("study", "list", "--language", "de").code == 2
    told = protocyte("study", "list", "--language", "de", "--json")
    assert (told.code, told.json[0]["rule"]) == (2, "usage")
