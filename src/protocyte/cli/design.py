"""`protocyte design`: operating characteristics, decision tables, pathways and advice of a design."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from protocyte.app.reporting import write_design_report
from protocyte.app.studies import open_study
from protocyte.app.unusable import unusable
from protocyte.app.wording import told
from protocyte.base import render
from protocyte.cli import options, output
from protocyte.cli.reading import read_map, read_text
from protocyte.designs import (
    Design,
    advise_outcomes,
    operating_characteristics,
    parse_design,
    parse_outcomes,
    with_levels,
)

app = typer.Typer(
    help="Designs: exact operating characteristics, tables, paths, advice.",
    no_args_is_help=True,
)

Node = Annotated[
    str, typer.Argument(help="Inline JSON, a JSON file, or a study (its first design).", metavar="NODE")
]


def _design(node: str, levels: int | None, words: Any, json: bool) -> Design:
    if node.lstrip().startswith("{"):
        return _parsed(node, levels, words, json)
    path = Path(node)
    if path.suffix == ".json":
        return _parsed(read_text(node), levels, words, json)
    loaded = open_study(node)
    if isinstance(loaded, tuple):
        output.stop_with_problems(loaded, words, json)
    for part in loaded.study.parts.values():
        if part.design is not None:
            return with_levels(part.design, len(loaded.study.ladder))
    raise unusable("no_design")


def _parsed(text: str, levels: int | None, words: Any, json: bool) -> Design:
    design = parse_design(read_map(text, "NODE", exact=False), levels)
    if isinstance(design, tuple):
        output.stop_with_problems(design, words, json)
    return design


def _truth(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        sentence = f"{text!r}: write probabilities as 0.05,0.10,0.20"
        raise typer.BadParameter(sentence, param_hint="--truth") from None


@app.command()
@options.safely
def oc(
    node: Node,
    truth: Annotated[
        list[str], typer.Option(help="DLT probabilities by level, as 0.05,0.10,0.20; repeatable.")
    ],
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Operating characteristics under one truth or several: exact where the design can be enumerated."""
    words = options.language(language)
    curves = [_truth(one) for one in truth]
    if len({len(curve) for curve in curves}) > 1:
        raise typer.BadParameter("all truths have the same number of levels", param_hint="--truth")
    design = _design(node, len(curves[0]), words, json)
    rows = operating_characteristics(design, curves).rows()
    if json:
        output.print_json(rows)
        return
    for row in rows:
        table = Table(title=f"{design.design}, {row['method']}", box=None)
        for heading in ("level", "truth", "selected", "treated", "DLTs"):
            table.add_column(heading, justify="right")
        columns = zip(row["truth"], row["selection"], row["mean_treated"], row["mean_dlt"], strict=True)
        for level, (p, selected, treated, dlts) in enumerate(columns, start=1):
            table.add_row(str(level), f"{p:.2f}", f"{selected:.4f}", f"{treated:.2f}", f"{dlts:.2f}")
        output.out.print(table)
        none, subjects = f"{row['none']:.4f}", f"{row['expected_subjects']:.2f}"
        output.say(told("oc_sum", words, none=none, subjects=subjects))


@app.command()
@options.safely
def table(node: Node, language: options.Lang = "en", json: options.Json = False) -> None:
    """The decision for each number of subjects and DLTs at a level."""
    from protocyte.designs.tables import decision_table

    words = options.language(language)
    rows = decision_table(_design(node, None, words, json))
    if json:
        output.print_json(rows)
        return
    most = max(row["n"] for row in rows)
    cells = {(row["n"], row["dlts"]): row["decision"] for row in rows}
    wide = max(2, *(len(cell) for cell in cells.values())) + 1
    output.say(told("table_title", words))
    output.say("    " + "".join(f"{n:>{wide}}" for n in range(1, most + 1)))
    for dlts in range(most + 1):
        line = "".join(f"{cells.get((n, dlts), ''):>{wide}}" for n in range(1, most + 1))
        output.say(f"{dlts:>4}{line}".rstrip())


@app.command()
@options.safely
def paths(
    node: Node,
    depth: Annotated[int, typer.Option(help="How many cohorts ahead.", min=0, max=12)] = 2,
    levels: Annotated[int | None, typer.Option(help="Dose levels, where the node does not say.")] = None,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Every course of the next cohorts, and what the design does in each."""
    from protocyte.designs.pathways import paths as pathways

    words = options.language(language)
    rows = pathways(_design(node, levels, words, json), depth)
    if json:
        output.print_json(rows)
        return
    for row in rows:
        if row["next"]:
            after = told("path_treat", words, size=row["next_size"], level=row["next"])
        else:
            after = told("path_over", words, level=row["selected"] or told("none", words))
        before = row["history"] or told("path_start", words)
        output.say(f"{'  ' * row['depth']}{before}: {after}")


@app.command()
@options.safely
def advise(
    node: Node,
    history: Annotated[
        str, typer.Argument(help="Outcomes by level: '1NNN 2NTP' (N none, T DLT, P pending).")
    ],
    levels: Annotated[int | None, typer.Option(help="Dose levels, where the node does not say.")] = None,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """What the design advises after a history."""
    words = options.language(language)
    advice = advise_outcomes(_design(node, levels, words, json), parse_outcomes(history))
    if json:
        plain = advice.model_dump(mode="json", exclude={"reason"})
        output.print_json(plain | {"reason": render(advice.reason, words)})
        return
    name = "design_advice" if advice.level else "design_advice_no_level"
    output.say(told(name, words, action=advice.action, level=advice.level or "-", reason=advice.reason))


@app.command()
@options.safely
def report(
    node: Node,
    out: Annotated[Path, typer.Option(help="Where to write the page.")] = Path("design.html"),
    truth: Annotated[
        list[str] | None,
        typer.Option(help="DLT probabilities by level; repeatable (default: four usual ones)."),
    ] = None,
    levels: Annotated[int | None, typer.Option(help="Dose levels, where the node does not say.")] = None,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """One HTML page: the rule, the decision table, pathways and operating characteristics."""
    words = options.language(language)
    curves = [_truth(one) for one in truth or []]
    design = _design(node, levels or (len(curves[0]) if curves else None), words, json)
    write_design_report(design, out, curves, words)
    if json:
        output.print_json({"report": str(out), "design": design.design})
    else:
        output.say(str(out))
