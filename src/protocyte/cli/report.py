"""`protocyte report`: the report of a trial, its outputs in every format, and their verification."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from protocyte.app import clock
from protocyte.app.double_programming import as_json, as_lines, verify_report
from protocyte.app.outputs import Progress as Watch
from protocyte.app.outputs import Written, nothing, parse_formats, parse_set, write_outputs, write_set
from protocyte.app.reporting import write_report
from protocyte.app.sdtm_report import sdtm_outputs, sdtm_set
from protocyte.app.trials import open_trial
from protocyte.app.wording import told
from protocyte.base import Language
from protocyte.cli import options, output

app = typer.Typer(help="Reports.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Reports."""


@app.command()
@options.safely
def build(
    trial: Annotated[
        str | None, typer.Argument(help="A trial's folder or its ledger file.", metavar="[TRIAL]")
    ] = None,
    sdtm: Annotated[
        Path | None, typer.Option(help="Instead of a trial: a folder of SDTM data sets (CSV).")
    ] = None,
    set_name: Annotated[
        str | None,
        typer.Option("--set", help="full, safety-review, interim or csr; without it the one-page report."),
    ] = None,
    format: Annotated[
        str, typer.Option(help="Any of html, rtf, docx, pdf, csv, json, with commas between.")
    ] = "html",
    out: Annotated[
        Path | None, typer.Option(help="The report's file (report.html), or a set's folder (reports).")
    ] = None,
    cohort: Annotated[
        str | None, typer.Option(help="The cohort of a safety review; otherwise the last one infused.")
    ] = None,
    as_of: options.AsOf = None,
    cut_off: options.Cut = None,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """A self-contained page of the trial, or a set of tables, figures and listings; as of the last entry's day."""
    words = options.language(language)
    formats = parse_formats(format)
    if (trial is None) == (sdtm is None):
        raise typer.BadParameter("give a trial, or --sdtm with a folder, and not both", param_hint="TRIAL")
    if sdtm is not None:
        _from_sdtm(sdtm, out or Path("reports"), formats, words, json)
        return
    assert trial is not None, "one of the two is given"
    name = parse_set(set_name) if set_name else "full" if formats != ("html",) else None
    if cohort is not None and name != "safety-review":
        raise typer.BadParameter("only a safety review is of one cohort", param_hint="--cohort")
    opened = open_trial(trial, options.cut_off(cut_off))
    output.warn(opened.warnings, words)
    day = options.day(as_of, clock.last_day(opened.desk.trial))
    about = {"head": opened.desk.casebook.head, "as_of": day.isoformat()}
    if name is None:
        file = out or Path("report.html")
        write_report(opened.desk.trial, file, day, words)
        _say(words, json, {"report": str(file)} | about, [file])
        return
    with _progress(json) as watch:
        written = write_set(
            opened.desk.trial, out or Path("reports"), name, formats, day, words, cohort, watch
        )
    _say(words, json, {"set": name, "files": _files(written)} | about, [one.path for one in written])


def _from_sdtm(folder: Path, out: Path, formats: tuple[str, ...], words: Language, json: bool) -> None:
    """Problems of the data are told whether or not there are tables; with an error there are none."""
    found = sdtm_outputs(folder)
    if not found.tables:
        output.stop_with_problems(found.problems, words, json)
    if not json:
        output.show_problems(found.problems, words, as_json=False)
    with _progress(json) as watch:
        written = write_outputs(sdtm_set(found), None, out, formats, words, watch)
    if json:
        problems = [problem.as_json(words) for problem in found.problems]
        output.print_json(
            {"set": "sdtm", "files": _files(written), "sha256": found.sha256, "problems": problems}
        )
        return
    for one in written:
        output.say(told("reported_sdtm", words, out=one.path, rows=found.rows, hash=found.sha256[:12]))


def _files(written: tuple[Written, ...]) -> list[dict[str, str]]:
    return [{"path": str(one.path), "format": one.format, "sha256": one.sha256} for one in written]


def _say(words: Language, json: bool, whole: dict[str, Any], files: list[Path]) -> None:
    if json:
        output.print_json(whole)
        return
    for file in files:
        output.say(told("reported", words, out=file, as_of=whole["as_of"], head=whole["head"][:12]))


@contextmanager
def _progress(json: bool) -> Iterator[Watch]:
    """A line that names what is being made; none where a machine reads."""
    if json:
        yield nothing
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=output.err, transient=True) as bar:
        task = bar.add_task("")
        yield lambda step: bar.update(task, description=step)


@app.command()
@options.safely
def verify(
    trial: Annotated[str, typer.Argument(help="A trial's folder or its ledger file.", metavar="TRIAL")],
    as_of: options.AsOf = None,
    cut_off: options.Cut = None,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Key numbers of the report computed again by a second program, and by R where R is installed."""
    words = options.language(language)
    opened = open_trial(trial, options.cut_off(cut_off))
    output.warn(opened.warnings, words)
    day = options.day(as_of, clock.last_day(opened.desk.trial))
    found = verify_report(opened.desk.trial, day)
    if json:
        output.print_json(as_json(found))
    else:
        for line in as_lines(found, words):
            output.say(line)
    if not found.agrees:
        raise typer.Exit(output.PROBLEMS)
