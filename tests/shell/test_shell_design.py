"""`design`: a node inline, in a file or in a study; what cannot be a design is a problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from shell_runs import fine, protocyte

THREE = '{"design": "three_plus_three", "variant": "korn_six_at_top"}'


def test_exact_characteristics_add_up_for_every_truth_given() -> None:
    rows = fine("design", "oc", THREE, "--truth", "0.05,0.15,0.3", "--truth", "0.3,0.4,0.5", "--json").json

    assert [row["truth"] for row in rows] == [[0.05, 0.15, 0.3], [0.3, 0.4, 0.5]]
    assert all(row["method"] == "exact" for row in rows)
    assert all(abs(sum(row["selection"]) + row["none"] - 1) < 1e-9 for row in rows)
    assert "expected subjects" in fine("design", "oc", THREE, "--truth", "0.05,0.15,0.3").out


def test_a_node_is_the_same_inline_in_a_file_and_in_a_study(tmp_path: Path) -> None:
    file = tmp_path / "node.json"
    file.write_text(THREE, encoding="utf-8")

    answers = [
        fine("design", "oc", node, "--truth", "0.1,0.2,0.3", "--json").json
        for node in (THREE, file, "lstcar019")
    ]

    assert answers[0] == answers[1] == answers[2]


def test_tables_paths_and_advice_agree_on_the_first_cohort() -> None:
    table = fine("design", "table", THREE, "--json").json
    paths = fine("design", "paths", THREE, "--levels", 3, "--depth", 1, "--json").json

    assert {(row["n"], row["dlts"]): row["decision"] for row in table}[3, 0] == "E"
    assert {row["history"]: row["next"] for row in paths}["1x3:0"] == 2
    advice = fine("design", "advise", "lstcar019", "1NNN", "--json").json
    assert (advice["action"], advice["level"]) == ("escalate", 2)
    assert fine("design", "table", THREE).out.startswith("DLTs")
    assert "1x3:0: treat 3 at 2" in fine("design", "paths", "lstcar019").out


def test_a_design_on_one_page_is_one_file(tmp_path: Path) -> None:
    page = tmp_path / "design.html"

    fine("design", "report", "lstcar019", "--out", page, "--truth", "0.1,0.2,0.3", "--json")

    assert "<html" in page.read_text(encoding="utf-8")
    assert protocyte("design", "report", "lstcar019", "--out", tmp_path / "no" / "d.html", "--json").code == 5
    assert protocyte("design", "report", "nothing", "--out", page, "--json").code == 1


def test_advice_is_said_in_both_languages() -> None:
    english = fine("design", "advise", "lstcar019", "1NNT", "--json").json
    chinese = fine("design", "advise", "lstcar019", "1NNT", "--json", "--language", "zh").json

    assert english["action"] == chinese["action"]
    assert english["reason"] != chinese["reason"]


@pytest.mark.parametrize(
    "node",
    [
        "{", "{}", '{"design": "wishful"}', '{"design": 3}', '{"design": "boin"}', '{"design": "boin", "target": 3}',
        '{"design": "boin", "target": NaN}', '{"design": "boin", "target": 0.3, "target": 0.2}',
        '{"design": "three_plus_three", "variant": "korn_six_at_top", "extra": 1}', "nothing", "no.json", "no.yaml",
    ],
)  # fmt: skip
def test_what_is_no_design_is_a_problem(node: str) -> None:
    for words in (
        ("oc", node, "--truth", "0.1,0.2"),
        ("table", node),
        ("paths", node),
        ("advise", node, "1NNN"),
    ):
        told = protocyte("design", *words, "--json")
        assert told.code in (1, 5), (words, told)
        assert told.json[0]["severity"] == "error"


@pytest.mark.parametrize("truth", ["x", "", "0.1,", "nan,0.2", "2,3", "-0.1,0.2", "0.1;0.2"])
def test_a_truth_that_is_none_is_told(truth: str) -> None:
    told = protocyte("design", "oc", THREE, f"--truth={truth}", "--json")

    assert told.code in (1, 2), told
    assert told.json


@pytest.mark.parametrize("history", ["", "1XYZ", "9NNN", "NNN", "1", "0NNN", "1NNN 2", "1" + "N" * 500])
def test_a_history_that_cannot_be_is_told(history: str) -> None:
    told = protocyte("design", "advise", "lstcar019", history, "--json")

    assert told.code in (0, 1), told
    assert told.json
    assert told.code == 1 or history in ("", "1" + "N" * 500)


def test_levels_and_depths_that_cannot_be_are_told(tmp_path: Path) -> None:
    file = tmp_path / "node.json"
    file.write_bytes(b"\xff\xfe")

    assert protocyte("design", "paths", THREE, "--depth", 99).code == 2
    assert protocyte("design", "paths", THREE, "--depth", -1).code == 2
    assert protocyte("design", "advise", THREE, "1NNN", "--levels", 0).code in (1, 2)
    assert protocyte("design", "oc", THREE).code == 2
    assert protocyte("design", "oc", THREE, "--truth", "0.1,0.2", "--truth", "0.1", "--json").code == 2
    assert protocyte("design", "table", file, "--json").code == 1
