"""From a file to a study, or to all its problems at once, each with its line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from protocyte.base import Json, Message, Place, Problem, UnitError, digest_of, has_errors
from protocyte.designs.parse import OWN_ERRORS
from protocyte.study.check import check_partial, check_study
from protocyte.study.document import Document, Tree, parse_document
from protocyte.study.model import Study
from protocyte.study.ordering import by_name, level_labels
from protocyte.study.problems import message_key


@dataclass(frozen=True)
class Loaded:
    """A study with the document it was read from. `digest` is over the parsed text, before any default."""

    study: Study
    document: Document
    problems: tuple[Problem, ...]  # warnings and remarks; errors prevent loading

    @property
    def digest(self) -> str:
        return digest_of(cast(Json, self.document.tree))


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
    try:
        study = adopted_study(document.tree)
    except ValidationError as error:
        found = [_problem(details, document) for details in error.errors()]
        return in_file_order([*found, *check_partial(_partial_study(document.tree), document)])
    problems = in_file_order(check_study(study, document))
    return problems if has_errors(problems) else Loaded(study, document, problems)


def adopted_study(tree: dict[str, Tree]) -> Study:
    """The study of a parsed tree, as a ledger holds it. Raises pydantic's `ValidationError`."""
    return Study.model_validate(by_name(tree), context=_context(tree))


def in_file_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (problem.place.line or 0, problem.place.column or 0)))


def _context(tree: dict[str, Tree]) -> dict[str, Any]:
    """Designs name their first level by the ladder's labels, so these go along."""
    return {"labels": level_labels(tree.get("ladder"))}


# In these, one entry that is wrong leaves the others worth checking.
_ENTRY_BY_ENTRY = ("eligibility", "schedule", "endpoints", "kinetics")


def _partial_study(tree: dict[str, Tree]) -> Study:
    """The fields that are right, so that a mistake in one of them hides none in another.

    What is wrong is absent: asking for it raises `AttributeError`, which `check_partial` knows.
    """
    right: dict[str, Any] = {}
    for name, field in Study.model_fields.items():
        if name not in tree:
            if not field.is_required():
                right[name] = field.get_default()
            continue
        adapter, given = _adapter(name), by_name(tree[name])
        context = _context(tree)
        entries = given.items() if name in _ENTRY_BY_ENTRY and isinstance(given, dict) else None
        try:
            if entries is None:
                right[name] = adapter.validate_python(given, context=context)
                continue
        except ValidationError:
            continue
        right[name] = {}
        for key, value in entries:
            try:
                right[name] |= adapter.validate_python({key: value}, context=context)
            except ValidationError:
                continue
    return Study.model_construct(**right)


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(Study.model_fields[name].rebuild_annotation())


# -- what pydantic says, in our words ---------------------------------------------------------------

_KINDS = {
    "missing": "field.missing",
    "extra_forbidden": "field.unknown",
    "literal_error": "field.word",
    "union_tag_invalid": "field.kind",
    "union_tag_not_found": "field.kind",
    "string_pattern_mismatch": "field.name",
    "string_too_short": "field.length",
    "string_too_long": "field.length",
    "string_type": "field.text",
    "tuple_type": "field.list",
    "list_type": "field.list",
    "dict_type": "field.map",
    "model_type": "field.map",
    "model_attributes_type": "field.map",
    "too_short": "field.length",
    "too_long": "field.length",
    "greater_than": "field.range",
    "greater_than_equal": "field.range",
    "less_than": "field.range",
    "less_than_equal": "field.range",
    "bool_parsing": "field.flag",
}


def _problem(details: Any, document: Document) -> Problem:
    path = _document_path(details["loc"], document)
    rule, message = _said(details, path)
    return Problem(severity="error", rule=rule, message=message, place=document.place(path))


def _said(details: Any, path: str) -> tuple[str, Message]:
    kind, context = details["type"], details.get("ctx", {})
    name = path.rpartition(".")[2]
    if kind in OWN_ERRORS:
        return f"designs.{kind}", Message.of(f"designs.{kind}", **context)
    if "." in kind:  # raised by a validator of ours, see `parts.wrong`
        return kind, Message.of(message_key(kind), path=path, **context)
    rule = _KINDS.get(kind) or _kind_of_value(kind, context)
    params = {
        "path": path,
        "name": name,
        "given": _shown(details["input"]),
        "expected": _expected(context),
        "detail": details["msg"].removeprefix("Value error, "),
    }
    return rule, Message.of(message_key(rule), **params)


def _kind_of_value(kind: str, context: Any) -> str:
    if kind == "value_error":
        return "field.unit" if isinstance(context.get("error"), UnitError) else "field.quantity"
    if kind.startswith(("int_", "float_", "decimal_")):
        return "field.number"
    if kind.startswith("date"):
        return "field.date"
    return "field.value"


def _expected(context: Any) -> str:
    if "expected" in context or "expected_tags" in context:
        return str(context.get("expected", context.get("expected_tags")))
    signs = {"gt": ">", "ge": ">=", "lt": "<", "le": "<=", "min_length": ">=", "max_length": "<="}
    return ", ".join(f"{sign} {context[key]}" for key, sign in signs.items() if key in context)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "{...}"
    if isinstance(value, (list, tuple)):
        return "[...]"
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _document_path(loc: Iterable[str | int], document: Document) -> str:
    """pydantic's location without the tags it inserts for unions, so that it is a path of the file."""
    path = ""
    steps = [str(step) for step in loc if step != "[key]"]
    for index, step in enumerate(steps):
        longer = f"{path}.{step}" if path else step
        if longer in document.places or index == len(steps) - 1:
            path = longer
    return path
