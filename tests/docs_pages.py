"""Pages and their fenced blocks, and how each kind of block is tried.

A block is what stands between two lines of three (or more) backticks. Its first word says how it is tried:

    console   lines that begin with `$ protocyte` run in order; what follows is compared with what they print
    python    runs; the blocks of a page share one namespace
    json      is read; with title="name.json" it is also written to the page's folder
    yaml      is read; with title="name.yaml" it is also written to the page's folder
    sh        runs in a shell, where the tool it begins with is installed
    text      is prose, or a block that cannot run: nothing is tried
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from typer.testing import CliRunner

from protocyte.cli.main import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Languages with a test of their own, which reads the page where they stand.
ELSEWHERE = {"rule", "subject", "text"}
_FENCE = re.compile(r"^(`{3,})[ ]*([\w-]*)[ ]*(.*)$")


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    language: str
    title: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def is_file(self) -> bool:
        return bool(re.fullmatch(r"[\w.-]+\.(json|jsonl|yaml|txt|csv)", self.title))


def blocks(page: Path) -> Iterator[Block]:
    lines = page.read_text(encoding="utf-8").split("\n")
    at = 0
    while at < len(lines):
        opened = _FENCE.match(lines[at].lstrip())
        if opened is None:
            at += 1
            continue
        fence, language, rest = opened.groups()
        end = next((n for n in range(at + 1, len(lines)) if lines[n].strip() == fence), None)
        assert end is not None, f"{page}:{at + 1}: the block is not closed"
        indent = len(lines[at]) - len(lines[at].lstrip())
        text = "\n".join(line[indent:] for line in lines[at + 1 : end]) + "\n"
        title = re.search(r'title="([^"]*)"', rest)
        yield Block(page, at + 1, language, title.group(1) if title else "", text)
        at = end + 1


@dataclass
class Try:
    """One page being tried in one folder."""

    folder: Path
    names: dict[str, Any] = field(default_factory=dict)
    ran: int = 0

    def run(self, block: Block) -> None:
        if block.is_file:
            (self.folder / block.title).write_text(block.text, encoding="utf-8")
        kind = getattr(self, f"_{block.language}", None)
        if kind is not None:
            kind(block)
            self.ran += 1
            return
        assert block.language in ELSEWHERE, f"{block.place}: nobody tries a {block.language!r} block"

    def _console(self, block: Block) -> None:
        for command, shown in examples(block):
            printed = run_line(command, block.place)
            assert matches(shown, printed), (
                f"{block.place}: $ {command}\n--- the page shows\n{shown}\n--- it printed\n{printed}"
            )

    def _python(self, block: Block) -> None:
        code = compile("\n" * block.line + block.text, str(block.page), "exec")
        with contextlib.redirect_stdout(io.StringIO()):
            exec(code, self.names)

    def _json(self, block: Block) -> None:
        if block.title.endswith(".jsonl"):
            for line in block.text.splitlines():
                json.loads(line)
        else:
            json.loads(block.text)

    def _yaml(self, block: Block) -> None:
        if not block.title.startswith("bad"):  # `study-checks.md` is tried by its own test
            YAML(typ="safe").load(block.text)

    def _sh(self, block: Block) -> None:
        if shutil.which(block.text.split()[0]) is None:
            print(f"{block.place}: {block.text.split()[0]} is not installed here, so not tried")
            return
        subprocess.run(block.text, shell=True, check=True, capture_output=True, cwd=self.folder)


def examples(block: Block) -> Iterator[tuple[str, str]]:
    """Each command of a console block with the output shown below it."""
    command, shown, continued = "", [], False
    for line in block.text.split("\n"):
        if line.startswith("$ ") or continued:
            if line.startswith("$ ") and not continued:
                if command:
                    yield command, "\n".join(shown)
                command, shown = "", []
            part = line.removeprefix("$ ") if not continued else line.strip()
            continued = part.endswith("\\")
            command += part.removesuffix("\\")
        else:
            shown.append(line)
    assert command, f"{block.place}: a console block without a command"
    yield command, "\n".join(shown)


def run_line(line: str, place: str = "") -> str:
    """Run `protocyte ...` in this process; a last `# exits with N` says which exit code is meant."""
    line, _, expected = line.partition("# exits with ")
    words = shlex.split(line)
    assert words[:1] == ["protocyte"], f"{place}: only `$ protocyte ...` runs here: {line}"
    done = CliRunner().invoke(app, words[1:], prog_name="protocyte", env={"COLUMNS": "100"})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise AssertionError(f"{place}: $ {line}") from done.exception
    meant = int(expected) if expected.strip() else 0
    assert done.exit_code == meant, f"{place}: $ {line}\nexit {done.exit_code}\n{done.output}"
    return done.output


def matches(shown: str, printed: str) -> bool:
    """`...` stands for anything, on one line or over several; blanks at line ends do not count."""
    if not shown.strip():
        return True  # nothing is shown: the page is not about the output
    wanted = _plain(shown)
    pattern = ".*".join(re.escape(part) for part in wanted.split("..."))
    return re.fullmatch(pattern, _plain(printed), re.DOTALL) is not None


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))
