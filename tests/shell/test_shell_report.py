"""`report build` from the command line: sets, formats, a folder of data sets, and what is asked for wrongly."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from shell_runs import fine, protocyte


@cache
def demo() -> Path:
    folder = Path(mkdtemp()) / "demo"
    fine("demo", "lilrb4-start", "--out", folder)
    return folder


def test_a_set_is_written_in_every_format_asked_for_with_a_list_of_what_was_written(tmp_path: Path) -> None:
    ran = fine(
        "report", "build", demo(), "--set", "safety-review", "--format", "html,rtf,docx,pdf,csv,json",
        "--out", tmp_path, "--json",
    )  # fmt: skip

    files = {Path(one["path"]).name: one["sha256"] for one in ran.json["files"]}
    assert set(files) == {f"safety-review.{end}" for end in ("html", "rtf", "docx", "pdf", "csv", "json")}
    for name, told in files.items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == told
    manifest = json.loads((tmp_path / "safety-review.manifest.json").read_text(encoding="utf-8"))
    assert manifest["files"] == files
    assert (
        manifest["head"] == ran.json["head"] == json.loads((demo() / "summary.json").read_text())["head_hash"]
    )


def test_the_same_set_has_the_same_bytes_twice(tmp_path: Path) -> None:
    first, again = (
        fine(
            "report",
            "build",
            demo(),
            "--set",
            "interim",
            "--format",
            "html,rtf,docx,pdf",
            "--out",
            out,
            "--json",
        )
        for out in (tmp_path / "a", tmp_path / "b")
    )

    assert [one["sha256"] for one in first.json["files"]] == [one["sha256"] for one in again.json["files"]]


def test_a_set_in_chinese_is_chinese(tmp_path: Path) -> None:
    fine(
        "report",
        "build",
        demo(),
        "--set",
        "safety-review",
        "--format",
        "json",
        "--out",
        tmp_path,
        "--language",
        "zh",
    )

    whole = json.loads((tmp_path / "safety-review.json").read_text(encoding="utf-8"))
    assert whole["outputs"][0]["title"] == "设计建议及理由"
    assert whole["language"] == "zh"


def test_a_cut_off_and_a_day_are_kept(tmp_path: Path) -> None:
    ran = fine(
        "report", "build", demo(), "--set", "interim", "--format", "json", "--out", tmp_path,
        "--cut-off", "300", "--as-of", "2026-06-01", "--json",
    )  # fmt: skip

    whole = json.loads((tmp_path / "interim.json").read_text(encoding="utf-8"))
    assert ran.json["as_of"] == whole["footing"]["as_of"] == "2026-06-01"
    assert whole["footing"]["seq"] == 300


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "everything"), "no set of outputs"),
        (("--format", "xlsx"), "no format we write"),
        (("--format", ","), "no format we write"),
        (("--set", "safety-review", "--cohort", "nonsense"), "no cohort nonsense"),
        (("--cohort", "C1"), "only a safety review"),
        (("--sdtm", "/nowhere"), "not both"),
    ],
)
def test_what_is_asked_for_wrongly_is_told_and_writes_nothing(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    out = tmp_path / "out"

    ran = protocyte("report", "build", demo(), *words, "--out", out)

    assert ran.code in (1, 2)
    assert said in " ".join((ran.out + ran.err).split())
    assert not out.exists()


def test_a_folder_that_cannot_be_written_is_a_failure_of_storage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    ran = protocyte(
        "report", "build", demo(), "--set", "interim", "--format", "csv", "--out", tmp_path / "file"
    )

    assert ran.code == 5


def test_data_sets_become_tables_and_a_wrong_cell_is_named_with_its_place(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    head = "STUDYID,USUBJID,AGE,SEX,RACE,ETHNIC,ARM,ACTARM,RFXSTDTC,RFXENDTC,RFSTDTC,RFENDTC,DTHFL,COUNTRY"
    row = "X1,X1-01,51,F,ASIAN,,A,A,2026-01-05,2026-02-05,2026-01-05,2026-02-05,,CHN"
    (data / "dm.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")

    ran = fine(
        "report", "build", "--sdtm", data, "--format", "json,html", "--out", tmp_path / "out", "--json"
    )
    whole = json.loads((tmp_path / "out" / "sdtm.json").read_text(encoding="utf-8"))
    (data / "dm.csv").write_text(f"{head}\n{row.replace('51', 'old')}\n", encoding="utf-8")
    wrong = protocyte("report", "build", "--sdtm", data, "--out", tmp_path / "no", "--json")

    assert whole["footing"]["trial"] == "X1"
    assert [problem["severity"] for problem in ran.json["problems"]]
    assert wrong.code == 1
    assert any(problem["line"] == 2 for problem in wrong.json)
    assert not (tmp_path / "no").exists()
