"""A document's blocks as they follow each other on pages: where a page begins, which drawings go together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from protocyte.reports.document import Block, Document, Grid, Heading, Paragraph, Picture
from protocyte.reports.formats.drawings import points
from protocyte.reports.formats.tables import ROOM

# Between two drawings side by side, in points.
BETWEEN = 12.0


@dataclass(frozen=True)
class Figure:
    """Drawings that follow each other under one label: a key and its chart, the panels of a chart.

    `lines` are the drawings that stand side by side.
    """

    lines: tuple[tuple[Picture, ...], ...]
    label: str


Piece: TypeAlias = "Heading | Paragraph | Grid | Figure"


def pieces(document: Document) -> Iterator[tuple[Piece, bool]]:
    """Each piece, and whether a page begins with it: every output has its own, a part begins with its first."""
    run: list[Picture] = []
    before: Block | None = None
    for block in document.blocks:
        if run and not (isinstance(block, Picture) and block.label == run[0].label):
            yield _figure(run), False
            run = []
        match block:
            case Picture():
                run.append(block)
            case Heading(_, level, _):
                after_part = isinstance(before, Heading) and before.level == 1
                yield block, level == 1 or (level == 2 and not after_part)
            case _:
                yield block, False
        before = block
    if run:
        yield _figure(run), False


def _figure(pictures: list[Picture]) -> Figure:
    lines: list[list[Picture]] = [[]]
    left = ROOM
    for picture in pictures:
        wide, _ = points(picture)
        if lines[-1] and wide > left:
            lines.append([])
            left = ROOM
        lines[-1].append(picture)
        left -= wide + BETWEEN
    return Figure(tuple(map(tuple, lines)), pictures[0].label)
