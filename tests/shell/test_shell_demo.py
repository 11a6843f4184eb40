"""`demo` and `report`: a whole virtual trial, its four files, and what makes it the same trial again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shell_runs import Ran, fine, new_trial, protocyte

FILES = {"report.html", "ledger.jsonl", "study.yaml", "summary.json"}


def demo(folder: Path, *more: object, seed: int = 7) -> Ran:
    return fine("demo", "lstcar019", "--subjects", 5, "--seed", seed, "--out", folder, "--json", *more)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    folder = tmp_path_factory.mktemp("demo") / "run"
    return folder, demo(folder)


def test_a_demonstration_writes_its_four_files_and_prints_its_summary(run: tuple[Path, Ran]) -> None:
    folder, ran = run
    summary = ran.json

    assert {path.name for path in folder.iterdir()} == FILES
    assert json.loads((folder / "summary.json").read_text(encoding="utf-8")) == summary
    assert {"study", "digest", "head_hash", "dose_decisions", "subjects", "endpoints"} <= set(summary)
    assert summary["study"] == "lstcar019"
    assert 1 <= summary["subjects"]["consented"] <= 5
    assert ran.err == ""


def test_the_report_is_one_page_that_names_the_head_and_loads_nothing(run: tuple[Path, Ran]) -> None:
    folder, ran = run
    page = (folder / "report.html").read_text(encoding="utf-8")

    assert ran.json["head_hash"] in page
    assert "<html" in page
    assert 'src="http' not in page
    assert "<link" not in page


def test_the_same_seed_is_the_same_trial_and_another_seed_another(
    run: tuple[Path, Ran], tmp_path: Path
) -> None:
    folder, ran = run

    again, other = demo(tmp_path / "again").json, demo(tmp_path / "other", seed=8).json

    assert again == ran.json
    assert (tmp_path / "again" / "ledger.jsonl").read_bytes() == (folder / "ledger.jsonl").read_bytes()
    assert (tmp_path / "again" / "report.html").read_bytes() == (folder / "report.html").read_bytes()
    assert other["digest"] == ran.json["digest"]
    assert other["head_hash"] != ran.json["head_hash"]


def test_its_ledger_verifies_against_the_head_of_its_summary(run: tuple[Path, Ran]) -> None:
    folder, ran = run

    told = fine("trial", "verify", folder, "--head", ran.json["head_hash"], "--json").json

    assert told["head"] == ran.json["head_hash"]
    assert told["entries"] == ran.json["entries"]
    assert told["decisions_replayed"] == len(ran.json["dose_decisions"])


def test_a_flipped_byte_anywhere_in_its_ledger_is_found(run: tuple[Path, Ran], tmp_path: Path) -> None:
    whole = (run[0] / "ledger.jsonl").read_bytes()
    file = tmp_path / "ledger.jsonl"

    for share in (0.1, 0.35, 0.6, 0.85, 0.999):
        at = int(len(whole) * share)
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        told = protocyte("trial", "verify", file, "--json")
        assert told.code == 3
        assert told.json[0]["entry"] == whole[:at].count(b"\n") + 1


def test_it_is_a_trial_like_any_other(run: tuple[Path, Ran]) -> None:
    folder, ran = run

    assert (
        len(fine("trial", "status", folder, "--json").json["subjects"]) == ran.json["subjects"]["consented"]
    )
    told = protocyte(
        "trial", "do", folder, "contact", "subject=S001", "on=2026-02-01", "--actor", "a", "--json"
    )
    assert (told.code, told.json["refused"]) == (4, "conduct.locked")


def test_a_folder_with_other_files_is_left_alone_and_an_earlier_demonstration_is_replaced(
    tmp_path: Path,
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("x", encoding="utf-8")

    told = protocyte("demo", "lstcar019", "--subjects", 1, "--out", mine, "--json")

    assert told.code == 1
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]
    once = fine("demo", "lstcar019", "--subjects", 1, "--out", tmp_path / "d", "--json").json
    assert fine("demo", "lstcar019", "--subjects", 1, "--out", tmp_path / "d", "--json").json == once


def test_without_json_progress_goes_to_one_side_and_the_result_to_the_other(tmp_path: Path) -> None:
    ran = fine("demo", "lstcar019", "--subjects", 1, "--out", tmp_path / "d")

    assert "lstcar019: 1 screened" in ran.out
    assert all(str(tmp_path / "d" / name) in ran.out for name in FILES)


def test_numbers_and_studies_that_cannot_be_are_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")

    assert protocyte("demo", "--subjects", 0).code == 2
    assert protocyte("demo", "--subjects", 10**9).code == 2
    assert protocyte("demo", "--seed", -1).code == 2
    assert protocyte("demo", "--seed", "x").code == 2
    assert protocyte("demo", "nothing", "--json").json[0]["rule"] == "study.not_found"
    assert protocyte("demo", "lstcar019", "--out", file, "--json").json[0]["rule"] == "storage.failed"


def test_a_report_is_built_of_a_trial_under_way_as_of_any_day(tmp_path: Path) -> None:
    ward = new_trial(tmp_path / "ward")
    page = tmp_path / "report.html"

    told = fine("report", "build", ward, "--out", page, "--as-of", "2026-01-06", "--json").json

    assert told["as_of"] == "2026-01-06"
    assert told["head"] in page.read_text(encoding="utf-8")
    early = fine("report", "build", ward, "--out", page, "--cut-off", 1, "--json").json
    assert early["head"] != told["head"]
    fine("report", "build", ward, "--out", page, "--language", "zh")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in page.read_text(encoding="utf-8"))
    assert protocyte("report", "build", tmp_path / "none", "--json").code == 1
    assert protocyte("report", "build", ward, "--out", page, "--as-of", "soon").code == 2
