"""The program as a process of its own: pipes that close, interrupts, bytes, hash seeds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shell_runs import protocyte

PROGRAM = [sys.executable, "-c", "from protocyte.cli import main; main()"]


def run(*words: object, **more: object) -> subprocess.CompletedProcess[bytes]:
    command = [*PROGRAM, *(str(word) for word in words)]
    return subprocess.run(command, capture_output=True, timeout=120, **more)  # type: ignore[call-overload, no-any-return]


def test_a_reader_that_leaves_ends_the_command_quietly() -> None:
    many, few = "study show lstcar019", "study check lstcar019"
    for words in (many, few):
        line = f"{sys.executable} -c 'from protocyte.cli import main; main()' {words} | true; echo ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120)
        assert done.stdout == "0\n"
        assert done.stderr == ""


def test_an_interrupt_ends_with_130_and_no_traceback() -> None:
    begun = "from protocyte.cli import main; print('begun', flush=True); main()"
    command = [sys.executable, "-c", begun, "grade", "astct-crs"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        time.sleep(1)  # it waits for a line on standard input, for ever
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)

    assert process.returncode == 130
    assert b"Traceback" not in said


@pytest.mark.parametrize("seed", ["0", "12345"])
def test_the_head_of_a_demonstration_does_not_depend_on_the_hash_seed(seed: str, tmp_path: Path) -> None:
    here = protocyte("demo", "lstcar019", "--subjects", 2, "--out", tmp_path / "here", "--json").json

    there = run(
        "demo", "lstcar019", "--subjects", 2, "--out", tmp_path / "there", "--json",
        env={**os.environ, "PYTHONHASHSEED": seed},
    )  # fmt: skip

    assert there.returncode == 0, there.stderr
    assert json.loads(there.stdout)["head_hash"] == here["head_hash"]


def test_bytes_that_are_no_text_are_a_problem_and_not_a_traceback(tmp_path: Path) -> None:
    grade = run("grade", "astct-crs", "--json", input=b"\xff\xfe{}\n")
    field = run(
        "trial", "do", tmp_path, "labs", b"note=\xff".decode(errors="surrogateescape"), "--actor", "a"
    )

    assert grade.returncode == 1
    assert json.loads(grade.stdout)[0]["severity"] == "error"
    assert field.returncode == 2
    assert b"Traceback" not in grade.stderr + field.stderr


def test_chinese_is_printed_also_where_the_terminal_is_not_utf_8() -> None:
    done = run(
        "study", "list", "--json", "--language", "zh", env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"}
    )

    assert done.returncode == 0, done.stderr
    assert "白血病" in done.stdout.decode()


def test_the_version_and_the_help_are_there() -> None:
    assert protocyte("--version").out.startswith("protocyte ")
    assert "Usage" in protocyte("--help").out
    assert protocyte().code == 2
    assert protocyte("nonsense").code == 2
    assert protocyte("trial", "status").code == 2
    assert protocyte("trial", "status", "x", "--colour").code == 2


@pytest.mark.parametrize(
    "words", [("grade", "--json"), ("grade", "astct-crs", "--bogus", "--json"), ("nonsense", "--json")]
)
def test_a_wrong_command_line_is_json_too_where_json_was_asked_for(words: tuple[str, ...]) -> None:
    done = run(*words)

    assert done.returncode == 2
    assert [problem["rule"] for problem in json.loads(done.stdout)] == ["usage"]
    assert done.stderr == b""
