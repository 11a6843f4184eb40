"""Reading what a user hands in: text in UTF-8, and JSON in which nothing is said twice."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from protocyte.app.unusable import unusable


def read_text(source: str) -> str:
    """A file's text, or that of standard input for `-`. Bytes that are no UTF-8 are an `InputError`."""
    data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise unusable("not_utf8", file=source, at=error.start) from None


def read_lines(source: str) -> list[tuple[int, str]]:
    """Numbered lines that hold something. Only a line feed ends one: JSON text may hold other separators."""
    lines = read_text(source).split("\n")
    return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def read_json(text: str, name: str, *, exact: bool = True) -> Any:
    """The value of `text`. `exact` keeps numbers with a point as the text they are: no float enters a record."""
    try:
        value = json.loads(
            text, parse_float=str if exact else float, parse_constant=_no_number, object_pairs_hook=_once
        )
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        raise unusable("not_json", name=name, why=error) from None
    return value


def read_map(text: str, name: str, *, exact: bool = True) -> dict[str, Any]:
    value = read_json(text, name, exact=exact)
    if not isinstance(value, dict):
        raise unusable("not_a_map", name=name)
    return value


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name!r} is given twice")
        found[name] = value
    return found
