"""A study file as text with places: YAML 1.2, every scalar kept as the text that was written.

Built from the parser's events rather than by a loader: so depth, size, aliases and tags are refused before
anything is built, `1E6` stays what the author wrote, `NO` is a word, and every value knows its line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
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
# Longer numbers are typing errors, and exact decimals of a million digits are an attack.
_NUMBER = re.compile(r"\s*[<>]?=?\s*[-+]?([\d_]*\.?[\d_]*)(?:[eE][-+]?(\d+))?(?![\w.])")
_MAX_DIGITS, _MAX_EXPONENT = 40, 30


@dataclass(frozen=True)
class Document:
    """`tree` holds maps, lists and text. `places` gives each dotted path its place in the file.

    `spans` gives each scalar's first and last index in `text`, quotes and block marks included.
    """

    file: str
    text: str
    tree: dict[str, Tree]
    places: dict[str, Place]
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)

    def place(self, path: str) -> Place:
        """The place of `path`, or of the nearest ancestor that is in the file (for what is missing)."""
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places.get(path, Place(file=self.file, line=1, column=1))

    def names(self, path: str) -> tuple[str, ...]:
        """The keys of the map at `path`; none where there is no map."""
        node: Tree = self.tree
        for step in path.split("."):
            node = node.get(step, {}) if isinstance(node, dict) else {}
        return tuple(node) if isinstance(node, dict) else ()

    def rest_of_line(self, path: str) -> str:
        """What stands after a scalar on its line; a comment there may have been meant as part of it."""
        if path not in self.spans:
            return ""
        return self.text[self.spans[path][1] :].partition("\n")[0]

    def place_in(self, path: str, offset: int) -> Place:
        """The place of the character at `offset` of a scalar's text.

        Folding a scalar changes its blanks only, so the characters that are none are counted.
        """
        if path not in self.spans:
            return self.place(path)
        before = sum(not character.isspace() for character in self.scalar(path)[:offset])
        start = self.spans[path][0]
        if self.text[start] in "|>":
            start = self.text.find("\n", start) + 1
        elif self.text[start] in "'\"":
            start += 1
        index = _after(self.text, start, self.spans[path][1], before)
        line = self.text.count("\n", 0, index) + 1
        column = index - self.text.rfind("\n", 0, index)
        return Place(file=self.file, line=line, column=column, path=path)

    def scalar(self, path: str) -> str:
        """The text of the scalar at `path`, empty where there is none."""
        node: Tree = self.tree
        while path:  # a key may hold dots, so the longest key that fits is taken
            step, _, rest = path.partition(".")
            while isinstance(node, dict) and step not in node and rest:
                more, _, rest = rest.partition(".")
                step = f"{step}.{more}"
            node = node[int(step)] if isinstance(node, list) else node[step] if isinstance(node, dict) else ""
            path = rest
        return node if isinstance(node, str) else ""


def _after(text: str, start: int, end: int, characters: int) -> int:
    """The index of the first character that is no blank after `characters` such ones, or where these end."""
    last = start
    for index in range(start, end):
        if not text[index].isspace():
            if characters == 0:
                return index
            characters -= 1
            last = index + 1
    return last


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
    return Document(file, text, builder.root, builder.places, builder.spans)


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


def _is_monstrous(text: str) -> bool:
    match = _NUMBER.match(text[:200])  # a number needs no more, and the search stays linear
    if match is None:
        return False
    digits, exponent = match.groups()
    return len(digits) > _MAX_DIGITS or (
        exponent is not None and (len(exponent) > 4 or int(exponent) > _MAX_EXPONENT)
    )


class _Builder:
    """Folds parser events into a tree; `stack` holds the open containers with the key they wait for."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.root: Tree | None = None
        self.places: dict[str, Place] = {}
        self.spans: dict[str, tuple[int, int]] = {}
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
            # The parser places a value that is not there where the next field begins.
            where = (top.key_place if top is not None else None) or place
            self.problems.append(_problem("document.empty", where, path=self._child_path()))
        if _is_monstrous(event.value):
            self.problems.append(_problem("document.number", place, path=self._child_path()))
        path = self._put(event.value, place)
        self.spans[path] = (event.start_mark.index, event.end_mark.index)

    def _key(self, top: _Open, key: str, place: Place) -> None:
        assert isinstance(top.container, dict)
        if key in top.container:
            path = f"{top.path}.{key}" if top.path else key
            first = self.places[path].line
            self.problems.append(_problem("document.duplicate_key", place, name=key, first=first))
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
