"""A JSON record as rows: every scalar with its path and its line, so that facts can point into the file."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]

from protocyte.base import Problem
from protocyte.exchange.registry.source import MAX_ROWS, Row, problem

MAX_DEPTH = 40
_BLANK = re.compile(r"[ \t\n]*")
_ATOM = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null")


@dataclass(frozen=True)
class Scalar:
    """One value: `path` as in `protocolSection.outcomesModule.primaryOutcomes.0.measure`."""

    path: str
    rows: tuple[Row, ...]


class _NotJson(Exception):
    def __init__(self, at: int, name: str = "not_json") -> None:
        self.at, self.name = at, name


def looks_like_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[")


def read_json(text: str, file: str) -> tuple[Scalar, ...] | Problem:
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    scanner = _Scanner(text, starts)
    try:
        end = scanner.value(scanner.skip(0), "", 0)
        if scanner.skip(end) != len(text):
            raise _NotJson(end)
    except _NotJson as stopped:
        return problem(stopped.name, file, bisect_right(starts, stopped.at), limit=MAX_DEPTH)
    return tuple(scanner.found)


class _Scanner:
    def __init__(self, text: str, starts: list[int]) -> None:
        self.text, self.starts = text, starts
        self.found: list[Scalar] = []
        self.count = 0

    def skip(self, at: int) -> int:
        match = _BLANK.match(self.text, at)
        return match.end() if match else at

    def value(self, at: int, path: str, depth: int) -> int:
        if depth > MAX_DEPTH:
            raise _NotJson(at, "json_too_deep")
        opening = self.text[at : at + 1]
        if opening == "{":
            return self._members(at + 1, path, depth, "}")
        if opening == "[":
            return self._members(at + 1, path, depth, "]")
        if opening == '"':
            value, end = self._string(at)
        else:
            match = _ATOM.match(self.text, at)
            if match is None:
                raise _NotJson(at)
            value, end = match.group(), match.end()
        self._take(path, value, at)
        return end

    def _members(self, at: int, path: str, depth: int, closing: str) -> int:
        at = self.skip(at)
        index = 0
        while self.text[at : at + 1] != closing:
            if index:
                at = self._expect(at, ",")
            key = str(index)
            if closing == "}":
                key, at = self._string(at)
                at = self._expect(self.skip(at), ":")
            at = self.skip(self.value(at, f"{path}.{key}" if path else key, depth + 1))
            index += 1
        return at + 1

    def _expect(self, at: int, mark: str) -> int:
        if self.text[at : at + 1] != mark:
            raise _NotJson(at)
        return self.skip(at + 1)

    def _string(self, at: int) -> tuple[str, int]:
        if self.text[at : at + 1] != '"':
            raise _NotJson(at)
        try:
            value, end = scanstring(self.text, at + 1, False)
        except JSONDecodeError as error:
            raise _NotJson(error.pos) from None
        return str(value), int(end)

    def _take(self, path: str, value: str, at: int) -> None:
        line = bisect_right(self.starts, at)
        lines = value.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if self.count + len(lines) > MAX_ROWS:
            raise _NotJson(at, "too_long_json")
        rows = tuple(Row(self.count + i, line, text, path) for i, text in enumerate(lines))
        self.count += len(lines)
        self.found.append(Scalar(path, rows))
