"""`protocyte design`: operating characteristics, decision tables, pathways and advice of a design."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from protocyte.app.reporting import write_design_report
from protocyte.app.simulating import TRIALS_IN_DAYS, Simulation, read_course, run_simulation
from protocyte.app.studies import open_study
from protocyte.app.unusable import unusable
from protocyte.app.wording import told
from protocyte.base import Language, render
from protocyte.cli import options, output
from protocyte.cli.reading import read_map, read_text
from protocyte.designs import (
    Course,
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
    trials: Annotated[
        int | None, typer.Option(help="Simulate so many trials a truth instead (with --course: 2000).", min=1)
    ] = None,
    course: Annotated[
        str | None,
        typer.Option(
            help="Simulate days, products and replacements: a course as inline JSON or a JSON file."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of a simulation: the same seed, the same numbers.", min=0)] = 1,
    workers: Annotated[int, typer.Option(help="Processes that simulate; they do not change it.", min=1)] = 1,
    keep: Annotated[
        Path | None,
        typer.Option(help="Where a simulation keeps what is done; interrupted, it goes on from there."),
    ] = None,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Operating characteristics under one truth or several: exact, or simulated where that is asked for."""
    words = options.language(language)
    curves = [_truth(one) for one in truth]
    if len({len(curve) for curve in curves}) > 1:
        raise typer.BadParameter("all truths have the same number of levels", param_hint="--truth")
    design = _design(node, len(curves[0]), words, json)
    if trials is not None or course is not None:
        asked = Simulation(design, curves, trials or TRIALS_IN_DAYS, seed, workers, _course(course))
        rows = _simulated(asked, keep, words, json)
    elif keep is not None:
        raise typer.BadParameter("only a simulation is kept: add --trials", param_hint="--keep")
    else:
        rows = operating_characteristics(design, curves).rows()
    if json:
        output.print_json(rows)
        return
    for row in rows:
        _show(design, row, words)


def _course(given: str | None) -> Course | None:
    if given is None:
        return None
    text = given if given.lstrip().startswith("{") else read_text(given)
    return read_course(read_map(text, "--course", exact=False))


def _simulated(asked: Simulation, keep: Path | None, words: Language, json: bool) -> list[dict[str, Any]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=output.err, disable=json, transient=True) as bar:
        total = asked.trials * len(asked.truths)
        task = bar.add_task(asked.design.design, total=total)
        try:
            return run_simulation(asked, keep, lambda done: bar.update(task, completed=done))
        except KeyboardInterrupt:
            if keep is not None:
                bar.stop()
                output.note(told("simulation_kept", words, file=keep))
            raise


def _show(design: Design, row: dict[str, Any], words: Language) -> None:
    """A table of levels and a line of the whole; where it was simulated, with the Monte Carlo errors."""
    errors = row["mcse"]

    def said(name: str, digits: int, level: int | None = None) -> str:
        value, error = row[name], errors[name] if errors else None
        if level is not None:
            value, error = value[level], error[level] if error else None
        return f"{value:.{digits}f}" + (f" ± {error:.{digits}f}" if error is not None else "")

    title = told(f"oc_{row['method']}", words, design=design.design, trials=row["trials"] or 0)
    table = Table(title=title, box=None)
    for heading in ("level", "truth", "selected", "treated", "dlts"):
        table.add_column(told(f"oc_{heading}", words), justify="right")
    for k, p in enumerate(row["truth"]):
        counted = said("mean_treated", 2, k), said("mean_dlt", 2, k)
        table.add_row(str(k + 1), f"{p:.2f}", said("selection", 4, k), *counted)
    output.out.print(table)
    output.say(told("oc_sum", words, none=said("none", 4), subjects=said("expected_subjects", 2)))
    for name, value in row.get("extras", {}).items():
        output.say(f"  {told(f'oc_extra_{name}', words)}: {value:.2f} ± {errors[name]:.2f}")


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
    for row in _in_branches(rows):
        if row["next"]:
            after = told("path_treat", words, size=row["next_size"], level=row["next"])
        else:
            after = told("path_over", words, level=row["selected"] or told("none", words))
        before = row["history"] or told("path_start", words)
        output.say(f"{'  ' * row['depth']}{before}: {after}")


def _in_branches(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each course below the one it continues, as its indent says."""
    behind: dict[int | None, list[dict[str, Any]]] = {}
    for row in rows:
        behind.setdefault(row["parent"], []).append(row)
    found, waiting = [], behind[None][::-1]
    while waiting:
        found.append(waiting.pop())
        waiting += behind.get(found[-1]["node"], [])[::-1]
    return found


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
    trials: Annotated[
        int | None, typer.Option(help="Simulate so many trials a truth instead of enumerating.", min=1)
    ] = None,
    seed: Annotated[int, typer.Option(help="Of a simulation: the same seed, the same numbers.", min=0)] = 1,
    levels: Annotated[int | None, typer.Option(help="Dose levels, where the node does not say.")] = None,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """One HTML page: the rule, the decision table, pathways and operating characteristics."""
    words = options.language(language)
    curves = [_truth(one) for one in truth or []]
    given = len(curves[0]) if curves else None
    design = _design(node, given if levels is None else levels, words, json)
    if trials is None:
        write_design_report(design, out, curves, words)
    else:
        write_design_report(
            design, out, curves, words,
            lambda full, truths: _simulated(Simulation(full, truths, trials, seed), None, words, json),
        )  # fmt: skip
    if json:
        output.print_json({"report": str(out), "design": design.design})
    else:
        output.say(str(out))
