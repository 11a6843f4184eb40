"""The commands of `protocyte`, by group."""

from __future__ import annotations

import gc
import io
import sys
from typing import Annotated, cast

import typer

from protocyte import __version__
from protocyte.cli import design, grading, options, output, report, study, trial, vocabulary
from protocyte.cli.demo import demo

app = typer.Typer(
    help="Early-phase trials of engineered T cells: the protocol is the program.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(demo)
app.add_typer(study.app, name="study")
app.add_typer(trial.app, name="trial")
app.add_typer(design.app, name="design")
app.add_typer(report.app, name="report")
app.add_typer(vocabulary.app, name="vocab")
app.command(name="grade")(grading.grade)
app.command(name="classify")(grading.classify)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"protocyte {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Early-phase trials of engineered T cells: the protocol is the program."""


def main() -> None:
    for stream in (sys.stdout, sys.stderr):  # JSON and Chinese are UTF-8 whatever the terminal's locale
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    # A command lives for seconds and keeps its records to its end: looking through them all for garbage
    # again and again costs more than the derivations themselves (bench/bench_derive.py).
    gc.set_threshold(200_000, 50, 50)
    try:
        _run_for_machine() if "--json" in sys.argv[1:] else app()
    except KeyboardInterrupt:  # before a command had begun
        sys.exit(output.INTERRUPTED)
    finally:
        _flush()


# What a wrong command line raises; typer exports only this kind of it.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]


def _run_for_machine() -> None:
    """A reader of JSON gets JSON for a wrong command line too, before any command has begun."""
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except _UsageError as error:
        try:
            output.stop(cast("typer.BadParameter", error).format_message(), output.USAGE, True, "usage")
        except typer.Exit as end:
            sys.exit(end.exit_code)


def _flush() -> None:
    """Short answers are still in the buffer here, and their reader (`| head`) may have left."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        options.silence_stdout()
