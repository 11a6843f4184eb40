"""A study file as text with places: YAML 1.2, every scalar kept as the text that was written.

Built from the parser's events rather than by a loader: so depth, size, aliases and tags are refused before
anything is built, `1E6` stays what the author wrote, `NO` is a word, and every value knows its line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from protocyte.base import Message, Place, Problem

Tree: TypeAlias = "str | list[Tree] | dict[str, Tree]"

MAX_BYTES = 2_000_000
MAX_DEPTH = 24
MAX_NODES = 50_000
_STANDARD_TAGS = (None, "!")


@dataclass(frozen=True)
class Document:
    """`tree` holds maps, lists and text. `places` gives each dotted path its place in the file."""

    file: str
    text: str
    tree: dict[str, Tree]
    places: dict[str, Place]
    ends: dict[str, tuple[int, int]] = field(default_factory=dict)

    def place(self, path: str) -> Place:
        """The place of `path`, or of the nearest ancestor that is in the file (for what is missing)."""
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places.get(path, Place(file=self.file, line=1, column=1))

    def rest_of_line(self, path: str) -> str:
        """What stands after a scalar on its line; a comment there may have been meant as part of it."""
        if path not in self.ends:
            return ""
        line, column = self.ends[path]
        return self.text.splitlines()[line][column:]


class _Refused(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def parse_document(data: bytes, file: str) -> Document | tuple[Problem, ...]:
    """Read a study file. Whatever the bytes are, the answer is a document or problems with places."""
    text, problem = _decode(data, file)
    if problem is not None:
        return (problem,)
    builder = _Builder(file, text)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except _Refused as refused:
        return (refused.problem,)
    except YAMLError as error:
        return (_yaml_problem(error, file),)
    except (ValueError, RecursionError) as error:  # the scanner's own limits
        return (_problem("document.unreadable", Place(file=file, line=1), detail=str(error)),)
    if not isinstance(builder.root, dict):
        return (_problem("document.not_a_map", Place(file=file, line=1)),)
    if builder.problems:
        return tuple(builder.problems)
    return Document(file, text, builder.root, builder.places, builder.ends)


def _decode(data: bytes, file: str) -> tuple[str, Problem | None]:
    if len(data) > MAX_BYTES:
        place = Place(file=file, line=1)
        return "", _problem("document.too_large", place, size=len(data), limit=MAX_BYTES)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return "", _problem(
            "document.not_utf8", Place(file=file, line=line), byte=f"0x{data[error.start]:02x}"
        )
    for index, character in enumerate(text):
        if ord(character) < 32 and character not in "\t\n\r":
            line = text.count("\n", 0, index) + 1
            place = Place(file=file, line=line)
            return "", _problem("document.control_character", place, code=f"U+{ord(character):04X}")
    return text, None


def _problem(rule: str, place: Place, **params: object) -> Problem:
    name = rule.replace(".", "_")
    return Problem(severity="error", rule=rule, message=Message.of(f"study.{name}", **params), place=place)


def _yaml_problem(error: YAMLError, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = Place(file=file, line=mark.line + 1, column=mark.column + 1) if mark else Place(file=file, line=1)
    detail = getattr(error, "problem", None) or str(error).splitlines()[0]
    return _problem("document.not_yaml", place, detail=detail)


class _Builder:
    """Folds parser events into a tree; `stack` holds the open containers with the key they wait for."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.root: Tree | None = None
        self.places: dict[str, Place] = {}
        self.ends: dict[str, tuple[int, int]] = {}
        self.problems: list[Problem] = []
        self.stack: list[_Open] = []
        self.nodes = 0
        self.documents = 0

    def take(self, event: Any) -> None:
        place = Place(file=self.file, line=event.start_mark.line + 1, column=event.start_mark.column + 1)
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise _Refused(_problem("document.several", place))
        elif isinstance(event, AliasEvent):
            raise _Refused(_problem("document.alias", place, name=event.anchor))
        elif isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            self._refuse_oddities(event, place)
            self._open({} if isinstance(event, MappingStartEvent) else [], place)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            self.stack.pop()
        elif isinstance(event, ScalarEvent):
            self._refuse_oddities(event, place)
            self._scalar(event, place)

    def _refuse_oddities(self, event: Any, place: Place) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _Refused(_problem("document.too_many_nodes", place, limit=MAX_NODES))
        if event.anchor is not None:
            raise _Refused(_problem("document.alias", place, name=event.anchor))
        tag = getattr(event, "tag", None)
        if tag is not None and str(tag) not in _STANDARD_TAGS:
            raise _Refused(_problem("document.tag", place, tag=str(tag)))

    def _open(self, container: Tree, place: Place) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise _Refused(_problem("document.too_deep", place, limit=MAX_DEPTH))
        path = self._put(container, place)
        self.stack.append(_Open(container, path))

    def _scalar(self, event: ScalarEvent, place: Place) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.container, dict) and top.key is None:
            self._key(top, event.value, place)
            return
        plain = event.style is None or event.style == ""
        if plain and event.value in ("", "~", "null", "Null", "NULL"):
            self.problems.append(_problem("document.empty", place, path=self._child_path()))
        path = self._put(event.value, place)
        self.ends[path] = (event.end_mark.line, event.end_mark.column)

    def _key(self, top: _Open, key: str, place: Place) -> None:
        assert isinstance(top.container, dict)
        if key in top.container:
            path = f"{top.path}.{key}" if top.path else key
            first = self.places[path].line
            self.problems.append(_problem("document.duplicate_key", place, key=key, first=first))
        top.key = key
        top.key_place = place

    def _child_path(self) -> str:
        if not self.stack:
            return ""
        top = self.stack[-1]
        name = top.key if isinstance(top.container, dict) else str(len(top.container))
        return f"{top.path}.{name}" if top.path else str(name)

    def _put(self, value: Tree, place: Place) -> str:
        path = self._child_path()
        if not self.stack:
            self.root = value
            return ""
        top = self.stack[-1]
        if isinstance(top.container, list):
            top.container.append(value)
        else:
            assert isinstance(top.container, dict)
            if top.key is None:
                raise _Refused(_problem("document.odd_key", place))
            top.container[top.key] = value
            place = top.key_place or place
            top.key = None
        self.places[path] = Place(file=place.file, line=place.line, column=place.column, path=path)
        return path


@dataclass
class _Open:
    container: Tree
    path: str
    key: str | None = None
    key_place: Place | None = None
