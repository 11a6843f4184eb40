"""PDF, set by typst. The document is data that a fixed program reads: no text of it is ever typst's markup."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any

import typst

from protocyte.base import Message, render
from protocyte.reports.document import Document, Grid, Heading, Paragraph, Picture
from protocyte.reports.formats.drawings import points, standalone
from protocyte.reports.formats.fonts import drawable, fonts_for, texts_of
from protocyte.reports.formats.pages import Figure, Piece, pieces
from protocyte.reports.formats.tables import GAP, body, fit, width

# Both come with typst, so that a document without Chinese is the same on every machine.
LATIN = ("Libertinus Serif", "DejaVu Sans Mono")
# Lines that a cell may take before a page may break within its row.
TALL = 20
_BETWEEN = re.compile(r"([ \n])")


def lay_out(document: Document) -> bytes:
    contents = render(Message.of("reports.contents"), document.language)
    fonts = fonts_for([contents, *texts_of(document)])
    latin = () if document.language == "zh" else LATIN
    families = [*latin, *([fonts.chinese] if fonts.chinese else []), *LATIN]
    drawn = ", ".join(f"'{family}'" for family in dict.fromkeys(families))
    data = {
        "title": drawable(document.title),
        "subtitle": drawable(document.subtitle),
        "footer": drawable(document.footer),
        "contents": contents,
        "lang": document.language,
        "fonts": list(dict.fromkeys(families)),
        "blocks": [_piece(piece, drawn) | {"new_page": new_page} for piece, new_page in pieces(document)],
    }
    program = resources.files("protocyte.reports").joinpath("templates", "document.typ").read_bytes()
    library: Any = typst
    made = library.compile(
        {"main.typ": program, "data.json": json.dumps(data).encode()},
        font_paths=list(fonts.folders),
        ignore_system_fonts=fonts.chinese is None,
    )
    return bytes(made)


def _piece(piece: Piece, drawn: str) -> dict[str, Any]:
    match piece:
        case Heading(text, level, _):
            return {"kind": "heading", "text": drawable(text), "level": level}
        case Paragraph(text, style):
            return {"kind": "paragraph", "text": drawable(text), "style": style}
        case Figure(lines, label):
            drawings = [[_drawing(picture, drawn) for picture in line] for line in lines]
            return {"kind": "figure", "lines": drawings, "label": drawable(label)}
        case Grid():
            return _grid(piece)


def _drawing(picture: Picture, drawn: str) -> dict[str, Any]:
    wide, high = points(picture)
    return {"svg": standalone(picture, drawn), "width": wide, "height": high, "alt": drawable(picture.label)}


def _grid(grid: Grid) -> dict[str, Any]:
    fitted = fit(grid)
    room = [wide / fitted.size - GAP for wide in fitted.widths]
    return {
        "kind": "grid",
        "size": fitted.size,
        "tall": any(
            width(cell) > TALL * wide for row in grid.rows for cell, wide in zip(row, room, strict=True)
        ),
        "widths": fitted.widths,
        "numbers": [kind == "number" for kind in grid.kinds],
        "spans": [{"text": drawable(text), "wide": wide} for text, wide in grid.spans],
        "heads": [breakable(head, wide) for head, wide in zip(grid.heads, room, strict=True)],
        "rows": [
            {
                "cells": [
                    breakable(cell, wide) for cell, wide in zip(line.cells, room, strict=not line.is_group)
                ],
                "group": line.is_group,
                "strong": line.is_strong,
                "inner": line.is_inner,
            }
            for line in body(grid)
        ],
    }


def breakable(text: str, room: float) -> str:
    """The text as it can be drawn, in a column of `room` ems.

    A word too long for it may be broken anywhere; typst breaks words only where it is told.
    """
    text = drawable(text)
    if width(text) <= room:
        return text
    return "".join("\u200b".join(word) if width(word) > room else word for word in _BETWEEN.split(text))
