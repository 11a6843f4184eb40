"""Running the command line in this process, and a small trial to run it on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from protocyte.cli.main import app


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output; anything beside it would not parse."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


def protocyte(*words: object, stdin: str | bytes | None = None) -> Ran:
    """`protocyte WORDS`; an exception that got out would have been a traceback, and fails the test."""
    done = CliRunner().invoke(app, [str(word) for word in words], input=stdin, prog_name="protocyte")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise AssertionError(f"a traceback from {words}") from done.exception
    return Ran(done.exit_code, done.stdout, done.stderr)


def fine(*words: object, stdin: str | bytes | None = None) -> Ran:
    ran = protocyte(*words, stdin=stdin)
    assert ran.code == 0, ran
    return ran


def new_trial(folder: Path, *, ledger: str = "jsonl", study: str = "lstcar019") -> Path:
    """A trial with an open cohort and one subject who consented: three entries."""
    fine("trial", "create", study, folder, "--actor", "dm01", "--ledger", ledger)
    cohort = ("cohort=C1", "part=escalation", "dose_level=1", "size=3", "opened=2026-01-05")
    fine("trial", "do", folder, "cohort", *cohort, "--actor", "src01", "--role", "committee")
    fine(
        "trial",
        "do",
        folder,
        "consent",
        "subject=S-001",
        "on=2026-01-05",
        "document_version=1",
        "--actor",
        "c",
    )
    return folder
