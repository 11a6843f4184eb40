"""`protocyte report`: the report of a trial."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from protocyte.app import clock
from protocyte.app.reporting import write_report
from protocyte.app.trials import open_trial
from protocyte.app.wording import told
from protocyte.cli import options, output

app = typer.Typer(help="Reports.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Reports."""


@app.command()
@options.safely
def build(
    trial: Annotated[str, typer.Argument(help="A trial's folder or its ledger file.", metavar="TRIAL")],
    out: Annotated[Path, typer.Option(help="Where to write it.")] = Path("report.html"),
    as_of: options.AsOf = None,
    cut_off: options.Cut = None,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """One self-contained HTML file, as of the last entry's day unless told otherwise."""
    words = options.language(language)
    opened = open_trial(trial, options.cut_off(cut_off))
    output.warn(opened.warnings, words)
    day = options.day(as_of, clock.last_day(opened.desk.trial))
    write_report(opened.desk.trial, out, day, words)
    if json:
        output.print_json({"report": str(out), "head": opened.desk.casebook.head, "as_of": day.isoformat()})
    else:
        output.say(told("reported", words, out=out, as_of=day, head=opened.desk.casebook.head[:12]))
