"""From a file to a study, or to all its problems at once, each with its line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from protocyte.base import Message, Place, Problem, digest_of, has_errors
from protocyte.study.document import Document, Tree, parse_document
from protocyte.study.model import Study


@dataclass(frozen=True)
class Loaded:
    """A study with the document it was read from. `digest` is over the parsed text, before any default."""

    study: Study
    document: Document
    problems: tuple[Problem, ...]  # warnings and remarks; errors prevent loading

    @property
    def digest(self) -> str:
        return digest_of(self.document.tree)


def load_study(path: Path) -> Loaded | tuple[Problem, ...]:
    try:
        data = path.read_bytes()
    except OSError as error:
        message = Message.of("study.file_unreadable", why=error.strerror or str(error))
        return (
            Problem(severity="error", rule="file.unreadable", message=message, place=Place(file=str(path))),
        )
    return read_study(data, str(path))


def read_study(data: bytes, file: str = "study.yaml") -> Loaded | tuple[Problem, ...]:
    """The study in `data`, or every problem found in it, in the order of the file's lines."""
    document = parse_document(data, file)
    if not isinstance(document, Document):
        return document
    return study_of(document)


def study_of(document: Document) -> Loaded | tuple[Problem, ...]:
    from protocyte.study.check import check_study  # the checks need the model, the model not the checks

    try:
        study = adopted_study(document.tree)
    except ValidationError as error:
        return in_file_order(_problems(error, document))
    found = in_file_order(check_study(study, document))
    return found if has_errors(found) else Loaded(study, document, found)


def adopted_study(tree: dict[str, Tree]) -> Study:
    """The study of a parsed tree, as a ledger holds it. Raises pydantic's `ValidationError`.

    Designs name their first level by the ladder's labels, so these go along as context.
    """
    ladder = tree.get("ladder")
    labels = tuple(ladder) if isinstance(ladder, dict) else ()
    return Study.model_validate(tree, context={"labels": labels})


def in_file_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (problem.place.line or 0, problem.place.column or 0)))


def _problems(error: ValidationError, document: Document) -> list[Problem]:
    return [_problem(details, document) for details in error.errors()]


def _problem(details: Any, document: Document) -> Problem:
    path = _document_path(details["loc"], document)
    rule, message = _said(details, path)
    return Problem(severity="error", rule=rule, message=message, place=document.place(path))


def _said(details: Any, path: str) -> tuple[str, Message]:
    kind = details["type"]
    name = path.rpartition(".")[2]
    if kind == "missing":
        return "field.missing", Message.of("study.field_missing", path=path)
    if kind == "extra_forbidden":
        return "field.unknown", Message.of("study.field_unknown", path=path, name=name)
    if kind == "literal_error":
        words = details["ctx"]["expected"]
        return "field.word", Message.of("study.field_word", path=path, given=details["input"], expected=words)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return "field.kind", Message.of("study.field_kind", path=path, detail=details["msg"])
    detail = details["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return "field.value", Message.of("study.field_value", path=path, detail=detail)


def _document_path(loc: Iterable[str | int], document: Document) -> str:
    """pydantic's location without the tags it inserts for unions, so that it is a path of the file."""
    path = ""
    steps = [str(step) for step in loc]
    for index, step in enumerate(steps):
        longer = f"{path}.{step}" if path else step
        if longer in document.places or index == len(steps) - 1:
            path = longer
    return path
