"""`protocyte demo`: a virtual trial from first consent to lock, and its report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from protocyte.app.demo import MOST_SUBJECTS, Demo, run_demo
from protocyte.app.studies import open_study
from protocyte.app.wording import told
from protocyte.base import Language
from protocyte.cli import options, output
from protocyte.simulate import Progress as Stand


@options.safely
def demo(
    study: Annotated[
        str, typer.Argument(help="The id of a study that ships, or a study file.")
    ] = "lstcar019",
    seed: Annotated[int, typer.Option(help="The same seed gives the same trial, byte for byte.", min=0)] = 7,
    out: Annotated[Path | None, typer.Option(help="The folder to write to (default: demo-STUDY).")] = None,
    subjects: Annotated[
        int, typer.Option(help="The most subjects to screen.", min=1, max=400)
    ] = MOST_SUBJECTS,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Run a virtual trial of STUDY and write its ledger, summary and report."""
    words = options.language(language)
    loaded = open_study(study)
    if isinstance(loaded, tuple):
        output.stop_with_problems(loaded, words, json)
    folder = out or Path(f"demo-{loaded.study.study}")
    with Progress(
        SpinnerColumn(),
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
        console=output.err,
        disable=json,
    ) as bar:
        task = bar.add_task(loaded.study.study, total=subjects, told="")

        def seen(stage: str, stand: Stand | None) -> None:
            if stand is None:
                bar.update(task, completed=subjects, told=f"writing the {stage}")
            else:
                told = f"{stand.day}  {stand.consented} screened  {stand.entries} entries"
                bar.update(task, completed=stand.consented, told=told)

        done = run_demo(loaded, folder, seed=seed, language=words, most_subjects=subjects, seen=seen)
    if json:
        output.print_json(done.summary)
    else:
        _tell(done, words)


def _tell(done: Demo, words: Language) -> None:
    people = done.summary["subjects"]
    counts = {name: people[name] for name in ("consented", "infused")}
    output.say(told("demo_done", words, study=done.summary["study"], **counts))
    for one in done.summary["dose_decisions"]:
        level = one["decision"]["level"] or "-"
        mark = told("demo_deviates", words) if one["deviates"] else ""
        output.say(
            f"  {one['number']}. {one['advice']['reason']} -> {one['decision']['action']} {level}{mark}"
        )
    output.say(told("demo_head", words, head=done.summary["head_hash"]))
    for name in ("report.html", "ledger.jsonl", "study.yaml", "summary.json"):
        output.say(f"  {done.folder / name}")
