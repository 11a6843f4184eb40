"""The pages on the command line and its errors name every command, option and exit code, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

from docs_pages import ROOT
from protocyte.cli import output
from protocyte.cli.main import app

PAGE = (ROOT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
ERRORS = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that can be run, by its full name."""
    root = typer.main.get_command(app)
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        if hasattr(command, "commands"):
            for inner, one in command.commands.items():
                yield f"protocyte {name} {inner}", one
        else:
            yield f"protocyte {name}", command


def section(name: str) -> str:
    """The part of the page below the command's heading, to the next heading."""
    found = re.search(rf"^#+ `{name}`\n(.*?)(?=^#+ |\Z)", PAGE, flags=re.M | re.S)
    assert found, f"{name} has no section"
    return found[1]


def options(command: Any) -> set[str]:
    return {word for one in command.params for word in one.opts if word.startswith("--")} - {"--help"}


def test_every_command_has_a_section_with_exactly_its_options() -> None:
    told = {name: set(re.findall(r"`(--[a-z-]+)", section(name))) for name, _ in commands()}

    assert told == {name: options(command) for name, command in commands()}
    assert len(told) >= 20


def test_no_section_is_about_a_command_that_is_not_there() -> None:
    headings = set(re.findall(r"^#+ `(protocyte [a-z -]+)`$", PAGE, flags=re.M))
    groups = {name.rpartition(" ")[0] for name, _ in commands()} - {"protocyte"}

    assert headings == {name for name, _ in commands()} | groups


def test_every_command_says_what_it_does_and_every_option_what_it_is() -> None:
    silent = [name for name, command in commands() if not command.help]
    silent += [f"{name} {one.name}" for name, command in commands() for one in command.params if not one.help]

    assert silent == []


def test_both_pages_explain_every_exit_code() -> None:
    codes = {
        0,
        output.PROBLEMS,
        output.USAGE,
        output.BROKEN,
        output.REFUSED,
        output.STORAGE,
        output.INTERRUPTED,
    }

    assert {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, flags=re.M)} == codes
    assert {int(code) for code in re.findall(r"^## (\d+)", ERRORS, flags=re.M)} == codes - {0}


def test_every_command_speaks_json_and_both_languages() -> None:
    mute = [name for name, command in commands() if not {"--json", "--language"} <= options(command)]

    assert mute == []
