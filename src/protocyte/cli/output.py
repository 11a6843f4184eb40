"""What the command line prints, and the exit code it ends with.

Exit codes: 0 fine (warnings too), 1 the input has problems, 2 usage, 3 the ledger is broken, 4 refused,
5 storage failed, 130 interrupted. With `--json`, stdout holds one JSON document and nothing else.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from protocyte.base import Language, Message, Problem, has_errors, render
from protocyte.conduct import Refusal

PROBLEMS, USAGE, BROKEN, REFUSED, STORAGE, INTERRUPTED = 1, 2, 3, 4, 5, 130


class Screen(Console):
    def on_broken_pipe(self) -> None:
        """That nobody reads any more is for `options.safely` to answer, as everywhere else."""
        raise BrokenPipeError


err = Screen(stderr=True, highlight=False, soft_wrap=True, emoji=False)
out = Screen(highlight=False, soft_wrap=True, emoji=False)

_COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}


# A terminal obeys control characters, and text may come from a ledger that somebody else wrote.
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def say(text: str) -> None:
    """A line for a reader; plain text, whatever brackets or control characters it holds."""
    out.print(text.translate(_CONTROL), markup=False)


def note(text: str, style: str = "yellow") -> None:
    err.print(text.translate(_CONTROL), style=style, markup=False)


def print_json(value: Any, indent: int | None = 2) -> None:
    """One document; without an indent it is one line, also for readers to whom Unicode has more line ends."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    for line_end in ("\x85", "\u2028", "\u2029"):
        text = text.replace(line_end, f"\\u{ord(line_end):04x}")
    sys.stdout.write(text + "\n")


def show_problems(problems: Sequence[Problem], language: Language, as_json: bool) -> None:
    if as_json:
        print_json([problem.as_json(language) for problem in problems])
        return
    for problem in problems:
        line = Text(f"{problem.place}: ".translate(_CONTROL))
        line.append(problem.severity, style=_COLOURS[problem.severity])
        line.append(f" {problem.rule}", style="dim")
        line.append(f": {render(problem.message, language)}".translate(_CONTROL))
        err.print(line)


def stop_with_problems(problems: Sequence[Problem], language: Language, as_json: bool) -> NoReturn:
    show_problems(problems, language, as_json)
    raise typer.Exit(PROBLEMS if has_errors(problems) else 0)


def stop_refused(refusal: Refusal, language: Language, as_json: bool) -> NoReturn:
    if as_json:
        print_json(refusal.as_json(language))
    else:
        note(render(refusal.reason, language), "red")
        note(render(refusal.remedy, language), "cyan")
    raise typer.Exit(REFUSED)


def stop(sentence: str, code: int, as_json: bool, rule: str, **more: object) -> NoReturn:
    """End with one sentence: for what is wrong as a whole and has no place in a file."""
    if as_json:
        problem = {"severity": "error", "rule": rule, "message": sentence, "file": "", "line": None}
        print_json([problem | more])
    else:
        note(sentence, "red")
    raise typer.Exit(code)


def warn(messages: Sequence[Message], language: Language) -> None:
    for message in messages:
        note(render(message, language))
