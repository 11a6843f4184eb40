"""Whatever is typed, piped or found in a file, the answer is an exit code that is documented, never a traceback."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocyte.conduct import command_names
from shell_runs import new_trial, protocyte

settings.register_profile("shell", deadline=None, derandomize=True, max_examples=40)
LAW = settings(
    settings.get_profile("shell"),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Words that mean something here, among any others.
NAMES = st.sampled_from(
    ["subject", "on", "results", "gate", "dose_level", "record_id", "reason", "part", "action", "form", "fever",
     "oxygen", "term", "value", "unit", "lot", "course", "attribution", "agents", "cohort", "size", "birth", "sex"]
) | st.text(max_size=8)  # fmt: skip
TEXTS = st.sampled_from(
    [
        "S-001",
        "2026-01-06",
        "enrolment",
        "1e6 cells/kg",
        "38.9 Cel",
        "true",
        "1",
        "-1",
        "escalation",
        "C1",
        "CD19",
        "",
    ]
) | st.text(max_size=20)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
ANY = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = new_trial(tmp_path_factory.mktemp("laws") / "ward")
    (folder / "study.yaml").unlink()
    return folder


@LAW
@given(st.sampled_from(sorted(command_names())), st.dictionaries(NAMES, ANY, max_size=6))
def test_any_fields_of_any_command_are_answered(ward: Path, command: str, fields: dict[str, Any]) -> None:
    folder = Path(shutil.copytree(ward, ward.parent / "copy", dirs_exist_ok=True))
    for role in ("investigator", "committee", "manufacturing", "data_manager"):
        told = protocyte(
            "trial", "do", folder, command, "--file", "-", "--actor", "a", "--role", role, "--json",
            stdin=json.dumps(fields),
        )  # fmt: skip
        assert told.code in (0, 1, 4)
        assert told.json is not None


@LAW
@given(st.lists(TEXTS | st.builds("{}={}".format, NAMES, TEXTS), max_size=5))
def test_any_words_behind_a_command_are_answered(ward: Path, words: list[str]) -> None:
    folder = Path(shutil.copytree(ward, ward.parent / "copy", dirs_exist_ok=True))

    assert protocyte("trial", "do", folder, "labs", "--actor", "a", "--json", *words).code in (0, 1, 2, 4)


@LAW
@given(
    st.sampled_from(
        ["astct-crs", "astct-icans", "lee2014-crs", "icaht", "tls", "iec-hs", "gvhd", "ctcae-5.0"]
    ),
    st.lists(st.dictionaries(NAMES, ANY, max_size=5), max_size=4),
)
def test_any_lines_to_grade_or_classify_are_answered_line_by_line(
    scale: str, rows: list[dict[str, Any]]
) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows)

    for command in (("grade", scale), ("classify", "aml-eln2022")):
        told = protocyte(*command, "--json", stdin=text)
        assert told.code in (0, 1)
        assert len(told.lines) == len(rows)


@LAW
@given(st.binary(max_size=200))
def test_any_bytes_are_answered_wherever_a_file_is_read(tmp_path: Path, data: bytes) -> None:
    for name, words in (
        ("s.yaml", ("study", "check")),
        ("r.txt", ("study", "import")),
        ("l.jsonl", ("trial", "verify")),
        ("l.sqlite", ("trial", "status")),
        ("n.json", ("design", "table")),
    ):
        file = tmp_path / name
        file.write_bytes(data)
        told = protocyte(*words, file, "--json")
        assert told.code in (0, 1, 3, 5), (name, told)
        assert told.json is not None
