"""`protocyte study check` on a registry record as saved: findings as data, exit codes, both languages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from protocyte.cli.main import app

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "record-lint.md"
_SOUND = re.search(r'```text title="sound record"\n(.*?)```', PAGE.read_text(encoding="utf-8"), flags=re.S)
assert _SOUND
SOUND = _SOUND.group(1)
BAD = SOUND.replace("7. Creatinine clearance ≥ 50 mL/min", "7. Creatinine clearance < 220 umol/L")


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["study", "check", *words], prog_name="protocyte", env={"COLUMNS": "200"})
    return done.exit_code, done.output


def saved(folder: Path, text: str, name: str = "record.txt") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_sound_record_has_no_findings_and_exits_with_0(tmp_path: Path) -> None:
    assert run(saved(tmp_path, SOUND), "--json") == (0, "[]\n")


def test_an_error_has_line_severity_rule_and_message_and_exits_with_1(tmp_path: Path) -> None:
    code, printed = run(saved(tmp_path, BAD), "--json")
    (row,) = json.loads(printed)
    line = BAD.split("\n").index("7. Creatinine clearance < 220 umol/L;") + 1
    assert code == 1
    assert (row["line"], row["severity"], row["rule"]) == (line, "error", "UNIT-02.quantity.unit_error")
    assert "220 umol/L" in row["message"]


@pytest.mark.parametrize("name", ["record.txt", "RECORD.TXT", "record.json", "record.html"])
def test_what_is_no_yaml_by_name_is_judged_as_a_record(tmp_path: Path, name: str) -> None:
    assert "UNIT-02" in run(saved(tmp_path, BAD, name), "--json")[1]


def test_the_findings_are_said_in_chinese(tmp_path: Path) -> None:
    _, printed = run(saved(tmp_path, BAD), "--json", "--language", "zh")
    assert re.search(r"[\u4e00-\u9fff]", json.loads(printed)[0]["message"])


def test_a_record_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    code, printed = run(str(tmp_path / "none.txt"), "--json")
    assert code == 1
    assert json.loads(printed)[0]["rule"] == "study.not_found"
