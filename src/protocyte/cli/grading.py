"""`protocyte grade` and `protocyte classify`: JSON lines in, JSON lines out."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from protocyte.base import InputError
from protocyte.cli import options, output
from protocyte.vocab.grading import grade as grade_inputs

Input = Annotated[str, typer.Option("--input", help="A file of JSON lines, or - for standard input.")]


@options.safely
def grade(
    scale: Annotated[
        str, typer.Argument(help="Such as astct-crs, astct-icans, ctcae-5.0, icaht, tls, gvhd.")
    ],
    input: Input = "-",
    json: options.Json = False,
) -> None:
    """Grade each line on SCALE: one grade, or the possible ones with what is missing."""
    _each_line(input, json, lambda inputs: grade_inputs(scale, inputs).as_json())


@options.safely
def classify(
    criteria: Annotated[str, typer.Argument(help="Such as aml-eln2022, all-nccn, or a study.")],
    input: Input = "-",
    json: options.Json = False,
) -> None:
    """Classify each line by CRITERIA: the response, its rule, and what is missing."""
    from protocyte.app.classifying import classifier

    _each_line(input, json, classifier(criteria))


def _each_line(source: str, json: bool, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """A line that cannot be used says so in its own place; the others are answered all the same."""
    failed = False
    for number, line in _lines(source):
        try:
            result = answer(_read(line, number))
        except InputError as error:
            failed = True
            result = {"line": number, "error": str(error)}
        sys.stdout.write(jsonlib.dumps(result, ensure_ascii=False) + "\n")
    if failed:
        raise typer.Exit(output.PROBLEMS)


def _lines(source: str) -> Iterator[tuple[int, str]]:
    text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    return ((number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip())


def _read(line: str, number: int) -> dict[str, Any]:
    try:
        inputs = jsonlib.loads(line)
    except (jsonlib.JSONDecodeError, RecursionError) as error:
        raise InputError(f"line {number} is not JSON: {error}") from None
    if not isinstance(inputs, dict):
        raise InputError(f"line {number} is not a JSON object")
    return inputs
