"""`protocyte grade` and `protocyte classify`: JSON lines in, JSON lines out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from protocyte.base import InputError, Language
from protocyte.cli import options, output
from protocyte.cli.reading import read_lines, read_map
from protocyte.vocab.grading import find_scale
from protocyte.vocab.grading import grade as grade_inputs

Input = Annotated[str, typer.Option("--input", help="A file of JSON lines, or - for standard input.")]


@options.safely
def grade(
    scale: Annotated[
        str, typer.Argument(help="Such as astct-crs, astct-icans, ctcae-5.0, icaht, tls, gvhd.")
    ],
    input: Input = "-",
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Grade each line on SCALE: one grade, or the possible ones with what is missing."""
    words = options.language(language)
    known = find_scale(scale)
    _each_line(input, words, lambda inputs: grade_inputs(known, inputs).as_json())


@options.safely
def classify(
    criteria: Annotated[str, typer.Argument(help="Such as aml-eln2022, all-nccn, or a study.")],
    input: Input = "-",
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Classify each line by CRITERIA: the response, its rule, and what is missing."""
    from protocyte.app.classifying import classifier

    words = options.language(language)
    _each_line(input, words, classifier(criteria))


def _each_line(source: str, words: Language, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """A line that cannot be used says so in its own place; the others are answered all the same."""
    failed = False
    for number, line in read_lines(source):
        try:
            result = answer(read_map(line, f"line {number}", exact=False))
        except InputError as error:
            failed = True
            said = error.in_(words)
            result = {"line": number, "error": said}
        output.print_json(result, indent=None)
    if failed:
        raise typer.Exit(output.PROBLEMS)
