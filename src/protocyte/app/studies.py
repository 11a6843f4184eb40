"""Finding a study: by the id of one that ships with Protocyte, or by its file."""

from __future__ import annotations

from pathlib import Path

from protocyte.base import InputError, Message, Place, Problem
from protocyte.study.document import Document, parse_document
from protocyte.study.load import Loaded, load_study
from protocyte.study.shelf import find_study
from protocyte.study.shelf import shelf as shipped


def shelf() -> dict[str, Path]:
    """The studies that ship, by id."""
    return dict(shipped())


def _file_of(name: str) -> Path | tuple[Problem, ...]:
    try:
        return find_study(name)
    except InputError:
        message = Message.of("app.no_study", name=name, known=tuple(shelf()))
        return (Problem(severity="error", rule="study.not_found", message=message, place=Place(file=name)),)


def open_study(name: str) -> Loaded | tuple[Problem, ...]:
    found = _file_of(name)
    return load_study(found) if isinstance(found, Path) else found


def open_document(name: str) -> Document | tuple[Problem, ...]:
    """The text of a study with its places; what it says need not hold together, as in a draft."""
    found = _file_of(name)
    if not isinstance(found, Path):
        return found
    try:
        return parse_document(found.read_bytes(), str(found))
    except OSError as error:
        message = Message.of("study.file_unreadable", why=error.strerror or str(error))
        return (Problem(severity="error", rule="file.unreadable", message=message, place=Place(file=name)),)
