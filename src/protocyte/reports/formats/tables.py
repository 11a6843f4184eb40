"""How a table fits a page: one size of letters and a width for each column, by what its cells say.

Widths are estimated from the letters, not measured in a font: the same table then has the same columns on
every machine, whatever fonts it has. The estimate errs on the wide side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import east_asian_width

from protocyte.reports.document import Grid

# A4 on its side, in points, and the margins around the text.
PAGE_WIDTH, PAGE_HEIGHT = 841.89, 595.28
SIDE, TOP, BOTTOM = 42.5, 45.0, 48.0
ROOM = PAGE_WIDTH - 2 * SIDE
DEPTH = PAGE_HEIGHT - TOP - BOTTOM

SIZES = (8.5, 8.0, 7.5, 7.0, 6.5, 6.0, 5.5, 5.0)
# In widths of the letter m: the space around a cell, the longest word and line that a column yields to.
GAP, WORD, LINE = 1.3, 13.0, 40.0
INNER, OFF = 0.9, 0.6
# A head gets this on one line where there is room; bold letters run wider.
HEAD, BOLD = 16.0, 1.1
# A table is set at the largest size at which long texts get at least this part of the room they want.
COMFORT = 0.3
# Short tables are let out by this much at most: numbers far from their row's name are hard to follow.
STRETCH = 1.25


@dataclass(frozen=True)
class Fit:
    """`size` of the letters and the `widths` of the columns, both in points."""

    size: float
    widths: tuple[float, ...]


@dataclass(frozen=True)
class Line:
    """A row of the body. A group's heading has one cell, which stands across all columns."""

    cells: tuple[str, ...]
    is_group: bool = False
    is_strong: bool = False
    is_inner: bool = False


def body(grid: Grid) -> Iterator[Line]:
    """The rows of a table with the headings of its groups where they belong."""
    headings: dict[int, list[str]] = {}
    for place, words in grid.groups:
        headings.setdefault(place, []).append(words)
    strong, first = set(grid.strong), min(headings, default=len(grid.rows))
    for place, cells in enumerate(grid.rows):
        for words in headings.get(place, ()):
            yield Line((words,), is_group=True)
        yield Line(cells, is_strong=place in strong, is_inner=place >= first)
    for place in sorted(headings.keys() - set(range(len(grid.rows)))):
        for words in headings[place]:
            yield Line((words,), is_group=True)


def indents(grid: Grid, line: Line | None = None) -> Iterator[float]:
    """Of a row's cells, in ems: rows stand in under their group, a text stands off the number before it."""
    for column, kind in enumerate(grid.kinds):
        if column == 0:
            yield INNER if line is not None and line.is_inner else 0.0
        else:
            yield OFF if kind == "text" and grid.kinds[column - 1] == "number" else 0.0


def fit(grid: Grid, room: float = ROOM) -> Fit:
    """Columns by content: numbers stay on one line, long texts share what is left."""
    needs = [_needs(grid, column) for column in range(len(grid.heads))]
    off = list(indents(grid, Line((), is_inner=bool(grid.groups))))
    least, most, full = ([one[k] + more for one, more in zip(needs, off, strict=True)] for k in range(3))
    for size in SIZES:
        ems = room / size - GAP * len(needs)
        if sum(least) + COMFORT * (sum(most) - sum(least)) <= ems:
            break
    shares = _shares(most, full, ems) if sum(most) < ems else _shares(least, most, ems)
    wide = [size * (one + GAP) for one in shares]
    total = sum(wide) or 1.0
    let_out = min(room / total, STRETCH)
    if total * let_out > 0.7 * room or total > room:
        let_out = room / total
    return Fit(size, tuple(round(one * let_out, 2) for one in wide))


def _shares(least: list[float], most: list[float], ems: float) -> list[float]:
    """Everyone up to one limit, and it as high as there is room: only the longest texts are broken."""
    if sum(least) >= ems:
        return least
    low, high = 0.0, max(most)
    for _ in range(40):
        limit = (low + high) / 2
        low, high = (limit, high) if sum(_limited(least, most, limit)) <= ems else (low, limit)
    return _limited(least, most, low)


def _limited(least: list[float], most: list[float], limit: float) -> list[float]:
    return [max(some, min(all, limit)) for some, all in zip(least, most, strict=True)]


def _needs(grid: Grid, column: int) -> tuple[float, float, float]:
    """In ems: the least that a column can do with, what its cells want, and what its head wants besides."""
    lines = {line for row in grid.rows for line in row[column].split("\n")}
    words = {word for line in lines for word in line.split(" ")}
    head = grid.heads[column].replace("\n", " ")
    head_word = BOLD * max(map(width, head.split(" ")), default=0.0)
    longest = max(map(width, lines), default=0.0)
    word = longest if grid.kinds[column] == "number" else max(map(width, words), default=0.0)
    least = min(max(word, head_word, 1.0), WORD)
    most = max(min(longest, LINE), least)
    return least, most, max(most, min(BOLD * width(head), HEAD))


_NARROW, _BROAD = frozenset("iljtfrI.,:;'|!()[]{}/-\u200b "), frozenset("mwMWQ@%—…")


@lru_cache(maxsize=100_000)
def width(text: str) -> float:
    """Of a line of text, in ems."""
    return sum(map(_advance, text))


@lru_cache(maxsize=10_000)
def _advance(letter: str) -> float:
    """About that of a sans serif face, which runs wider than one with serifs."""
    if letter in _NARROW:
        return 0.36
    if letter in _BROAD:
        return 0.95
    if letter.isupper():
        return 0.75
    return 1.0 if east_asian_width(letter) in "WF" else 0.58
