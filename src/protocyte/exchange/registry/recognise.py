"""Which page shape a record has, by its content alone; the file's name says nothing."""

from __future__ import annotations

import re

from protocyte.base import Problem
from protocyte.exchange.registry.json_rows import looks_like_json, read_json
from protocyte.exchange.registry.labels import inline_label, label_of
from protocyte.exchange.registry.outcome_rows import TIME_FRAME_LINE
from protocyte.exchange.registry.page import Page
from protocyte.exchange.registry.page_json import is_ctgov, read_any_json, read_ctgov
from protocyte.exchange.registry.page_labelled import read_labelled
from protocyte.exchange.registry.page_paragraphs import read_paragraphs
from protocyte.exchange.registry.source import read_text, rows_of


def read_page(data: bytes, file: str) -> Page | Problem:
    text = read_text(data, file)
    if isinstance(text, Problem):
        return text
    if looks_like_json(text):
        scalars = read_json(text, file)
        if isinstance(scalars, Problem):
            return scalars
        return read_ctgov(scalars) if is_ctgov(scalars) else read_any_json(scalars)
    rows = rows_of(text)
    shape = shape_of([row.text.strip() for row in rows])
    return read_paragraphs(rows) if shape == "paragraphs" else read_labelled(rows, shape)


def shape_of(lines: list[str]) -> str:
    labels = sum(1 for line in lines if label_of(line) or inline_label(line))
    frames = any(TIME_FRAME_LINE.match(line) for line in lines)
    if labels < 2 and not frames:
        return "paragraphs"
    if any(re.match(r"medpath$|nametimemethod$|groupinterventiondescription$", line, re.I) for line in lines):
        return "medpath"
    dashed = sum(1 for line in lines if line.startswith("- ") and label_of(line))
    return "dashes" if dashed >= 2 else "labels"
