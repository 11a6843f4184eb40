"""A document before it has a format: headings, paragraphs, tables and drawings, all of it already worded.

Every format is laid out from this one value, so no two of them can say different things.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from markupsafe import Markup

from protocyte.base import Language


@dataclass(frozen=True)
class Heading:
    """`level` 1 for a part, 2 for an output, 3 below it; `anchor` is unique in the document."""

    text: str
    level: int
    anchor: str


@dataclass(frozen=True)
class Paragraph:
    """`note` for footnotes, `strong` for what a reader must not miss."""

    text: str
    style: Literal["plain", "note", "strong"] = "plain"


@dataclass(frozen=True)
class Grid:
    """A table's cells as text. `spans` is an upper row of headings with the columns each stands over.

    `groups` are (row number, heading): the heading stands above that row, across all columns.
    """

    id: str
    heads: tuple[str, ...]
    kinds: tuple[Literal["text", "number"], ...]
    rows: tuple[tuple[str, ...], ...]
    spans: tuple[tuple[str, int], ...] = ()
    groups: tuple[tuple[int, str], ...] = ()
    strong: tuple[int, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A drawing as SVG, `width` and `height` in its own pixels; `label` says what it shows."""

    id: str
    svg: Markup
    width: float
    height: float
    label: str


Block: TypeAlias = "Heading | Paragraph | Grid | Picture"


@dataclass(frozen=True)
class Document:
    """`footer` stands on every page: trial, entry and its hash, clinical cut-off, protocol version."""

    title: str
    subtitle: str
    footer: str
    language: Language
    blocks: tuple[Block, ...]
