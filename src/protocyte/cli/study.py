"""`protocyte study`: list, show, check, compare and import protocols."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from protocyte.app.completing import Completed, complete_draft
from protocyte.app.studies import open_document, open_study, shelf
from protocyte.app.wording import told
from protocyte.base import Language, Problem, has_errors, render
from protocyte.cli import options, output
from protocyte.study.document import Document
from protocyte.study.load import Loaded, load_study
from protocyte.study.provenance import MARKS, leaves, provenance_of, read_marks

app = typer.Typer(help="Protocols: list, show, check, compare, import.", no_args_is_help=True)

# What names the study itself needs no source.
OWN = ("study", "version", "effective")

RECORDS = (".txt", ".json", ".htm", ".html")

Name = Annotated[str, typer.Argument(help="The id of a study that ships, or a study file.")]


@app.command(name="list")
@options.safely
def list_studies(language: options.Lang = "en", json: options.Json = False) -> None:
    """The studies that ship with Protocyte."""
    words = options.language(language)
    rows = [
        _row(loaded.study, words)
        for path in shelf().values()
        if isinstance(loaded := load_study(path), Loaded)
    ]
    if json:
        output.print_json(rows)
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "title", "levels", "parts"):
        table.add_column(heading, no_wrap=heading != "title")
    for row in rows:
        table.add_row(row["id"], row["title"], str(row["levels"]), ", ".join(row["parts"]))
    output.out.print(table)


def _row(study: Any, language: str) -> dict[str, Any]:
    return {
        "id": study.study,
        "title": study.title.in_(language),
        "version": study.version,
        "product": study.product.name,
        "antigen": study.product.antigen,
        "levels": len(study.ladder),
        "parts": list(study.parts),
        "planned_subjects": study.planned_subjects,
    }


@app.command()
@options.safely
def show(study: Name, language: options.Lang = "en", json: options.Json = False) -> None:
    """Every statement of a study with where it comes from: registered, assumed or departing."""
    words = options.language(language)
    loaded = open_study(study)
    if isinstance(loaded, tuple):
        output.stop_with_problems(loaded, words, json)
    tree, marks = loaded.document.tree, read_marks(loaded.document.tree)
    if json:
        output.print_json({"digest": loaded.digest, "study": tree})
        return
    output.say(f"{loaded.study.study} {loaded.study.version}  digest {loaded.digest}")
    for path in leaves(tree):
        head = path.partition(".")[0]
        if head in MARKS:
            continue
        mark = "own" if head in OWN else provenance_of(path, marks).mark
        output.say(f"{mark:<11} {path}: {_value(tree, path)}")


def _value(tree: Any, path: str) -> str:
    for step in path.split("."):
        tree = tree[step]
    return ", ".join(map(str, tree)) if isinstance(tree, list) else str(tree)


@app.command()
@options.safely
def check(study: Name, language: options.Lang = "en", json: options.Json = False) -> None:
    """All problems of a study file, or of a registry record as saved, at once, each with its line."""
    words = options.language(language)
    problems = _problems(study)
    output.show_problems(problems, words, json)
    if not json and not has_errors(problems):
        output.say(told("checked", words, study=study, remarks=len(problems)))
    raise typer.Exit(output.PROBLEMS if has_errors(problems) else 0)


def _problems(study: str) -> tuple[Problem, ...]:
    """A study file is YAML; what is text, JSON or a page is a registry record, judged for itself."""
    path = Path(study)
    if path.suffix.lower() in RECORDS and path.is_file():
        from protocyte.exchange.lint import lint_record

        return lint_record(path.read_bytes(), study)
    loaded = open_study(study)
    return loaded if isinstance(loaded, tuple) else loaded.problems


@app.command()
@options.safely
def diff(
    before: Name,
    after: Annotated[str, typer.Argument(help="The study to compare with.")],
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """What changed between two studies, statement by statement."""
    from protocyte.study.diff import diff_studies

    words = options.language(language)
    changes = diff_studies(_document(before, words, json), _document(after, words, json))
    if json:
        rows = [{"path": c.path, "before": c.before, "after": c.after, "line": c.place.line} for c in changes]
        output.print_json(rows)
        return
    for change in changes:
        output.say(change.path)
        for sign, value in (("-", change.before), ("+", change.after)):
            if value is not None:
                output.say(f"  {sign} {value}")
    output.say(told("differences", words, number=len(changes)))


def _document(name: str, words: Language, json: bool) -> Document:
    document = open_document(name)
    if not isinstance(document, Document):
        output.stop_with_problems(document, words, json)
    return document


@app.command()
@options.safely
def complete(
    draft: Annotated[Path, typer.Argument(help="A draft study, as `study import` writes it.")],
    like: Annotated[str, typer.Option(help="The study to take what is missing from: an id or a file.")],
    out: Annotated[Path, typer.Option(help="Write the completed study here.")],
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """Fill in what a draft lacks from another study, each statement marked as assumed, for a person to confirm."""
    words = options.language(language)
    whole = open_study(like)
    if isinstance(whole, tuple):
        output.stop_with_problems(whole, words, json)
    done = complete_draft(draft, whole)
    if not isinstance(done, Completed):
        output.stop_with_problems(done, words, json)
    out.write_text(done.text, encoding="utf-8")
    if json:
        left = [problem.as_json(words) for problem in done.problems]
        output.print_json({"study": str(out), "filled": list(done.filled), "problems": left})
    else:
        output.show_problems(done.problems, words, json)
        output.say(told("completed", words, out=out, number=len(done.filled), like=like))
    raise typer.Exit(output.PROBLEMS if has_errors(done.problems) else 0)


@app.command(name="import")
@options.safely
def import_(
    file: Annotated[Path, typer.Argument(help="A registry record as saved: text, page or JSON.")],
    out: Annotated[Path | None, typer.Option(help="Write the draft study here.")] = None,
    language: options.Lang = "en",
    json: options.Json = False,
) -> None:
    """A draft study from a registry record, with the list of what the record does not hold."""
    from protocyte.exchange.registry import as_json, draft_yaml, import_record

    words = options.language(language)
    imported = import_record(file.read_bytes(), str(file))
    if isinstance(imported, tuple):
        output.stop_with_problems(imported, words, json)
    draft = draft_yaml(imported, words)
    if out is not None:
        out.write_text(draft, encoding="utf-8")
    if json:
        output.print_json(as_json(imported, words))
        return
    if out is None:
        output.say(draft)
    placed, gaps, left = len(imported.facts), len(imported.gaps), len(imported.unplaced)
    output.note(told("imported", words, placed=placed, gaps=gaps, left=left))
    for gap in imported.gaps:
        output.note(f"{gap.path}: {render(gap.why, words)}")
