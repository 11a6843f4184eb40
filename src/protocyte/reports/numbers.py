"""Outputs as files for machines: the same cells as the pages have, each with the numbers behind it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from protocyte.analysis.catalogue import OutputSet
from protocyte.analysis.output import Output
from protocyte.analysis.tables import Cell, ResultTable, numbers_of
from protocyte.base import Language, Message, Quantity, render
from protocyte.reports.assemble import grid
from protocyte.reports.words import Reader
from protocyte.study.parts import Words

COLUMNS = (
    "output", "kind", "id", "table", "population", "row_group", "row", "item", "column_group", "column",
    "statistic", "value", "text",
)  # fmt: skip


def as_csv(of: OutputSet, language: Language) -> bytes:
    """One statistic a line; a table's definitions and rules first. A cell of words is a line without a number."""
    reader, out = Reader(language), io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for output in of.outputs:
        for table in output.tables:
            for line in _lines(table, reader):
                writer.writerow((output.number, output.kind, output.id, *map(_guarded, line)))
    return out.getvalue().encode("utf-8")


def _guarded(value: Any) -> Any:
    """A spreadsheet runs a text that begins like a formula; an apostrophe makes it text again."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "@", "\t", "\r") else value


def _lines(table: ResultTable, reader: Reader) -> Iterator[tuple[Any, ...]]:
    population = reader.text(table.population)
    for note in table.notes:
        yield table.id, population, "", "", "", "", "", "definition", "", reader.text(note)
    for number, row in enumerate(table.rows, start=1):
        named = [c for c, column in zip(row.cells, table.columns, strict=True) if column.kind == "text"]
        item = " | ".join(reader.text(cell) for cell in named)
        for column, cell in zip(table.columns, row.cells, strict=True):
            of = (
                table.id, population, reader.text(row.group), number, item, reader.text(column.group),
                reader.text(column.head),
            )  # fmt: skip
            values = numbers_of(cell) or {"": None}
            for name, value in values.items():
                yield *of, name, "" if value is None else repr(value), reader.text(cell)


def as_json(of: OutputSet, language: Language) -> bytes:
    """Every cell with its text and its numbers, every figure with the data it draws."""
    reader = Reader(language)
    whole = {
        "set": of.name,
        "cohort": of.cohort,
        "language": language,
        "footing": _plain(of.footing, language),
        "notices": [reader.text(notice) for notice in of.notices],
        "outputs": [_output(output, reader) for output in of.outputs],
    }
    return (json.dumps(whole, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode("utf-8")


def _output(output: Output, reader: Reader) -> dict[str, Any]:
    told: dict[str, Any] = {
        "number": output.number,
        "kind": output.kind,
        "id": output.id,
        "title": reader.text(output.title),
        "tables": [_table(table, reader) for table in output.tables],
    }
    if output.kind == "figure":
        told["data"] = _plain(output.drawing, reader.language)
    return told


def _table(table: ResultTable, reader: Reader) -> dict[str, Any]:
    laid = grid(table, reader)
    return {
        "id": table.id,
        "title": reader.text(table.title),
        "population": reader.text(table.population),
        "notes": [reader.text(note) for note in table.notes],
        "empty": reader.text(table.empty) if table.empty is not None and not table.rows else None,
        "columns": [
            {"head": head, "kind": column.kind, "group": reader.text(column.group)}
            for head, column in zip(laid.heads, table.columns, strict=True)
        ],
        "rows": [
            {
                "group": reader.text(row.group),
                "cells": [_cell(t, c) for t, c in zip(texts, row.cells, strict=True)],
            }
            for texts, row in zip(laid.rows, table.rows, strict=True)
        ],
    }


def _cell(text: str, cell: Cell) -> dict[str, Any]:
    return {"text": text} | ({"numbers": found} if (found := numbers_of(cell)) else {})


def _plain(value: Any, language: Language) -> Any:
    """Results as JSON has them: what is not a number there becomes null, never NaN."""
    match value:
        case Message():
            return render(value, language)
        case Words():
            return value.in_(language)
        case float():
            return value if value - value == 0 else None
        case None | bool() | int() | str():
            return value
        case Decimal():
            return float(value)
        case date() | Quantity():
            return str(value)
        case dict():
            return {str(key): _plain(one, language) for key, one in value.items()}
        case tuple() | list() | set() | frozenset():
            return [_plain(one, language) for one in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            shallow = {name: getattr(value, name) for name in value.__dataclass_fields__}
            return {name: _plain(one, language) for name, one in shallow.items()}
        case _:
            return str(value)
