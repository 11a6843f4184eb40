"""The closed list of facts (`facts.csv`): every name a rule may use, and where records hold it."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import NamedTuple

from protocyte.study.model import Study


class FactRow(NamedTuple):
    """One line of `facts.csv`. `source` is `form:item`, or `derived`; `scope` letters as its header says."""

    name: str
    kind: str
    unit: str
    analyte: str
    codes: tuple[str, ...]
    series: bool
    scope: str
    source: str
    en: str
    zh: str


@cache
def fact_rows() -> tuple[FactRow, ...]:
    text = resources.files("protocyte").joinpath("study", "facts.csv").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return tuple(_row(row) for row in csv.DictReader(lines))


def fact_sources(study: Study) -> dict[str, str]:
    """Where each fact comes from, the study's own facts included."""
    own = {name: f"{fact.source}:{fact.item}" for name, fact in study.facts.items()}
    return {row.name: row.source for row in fact_rows()} | own


def _row(row: dict[str, str]) -> FactRow:
    return FactRow(
        name=row["name"],
        kind=row["kind"],
        unit=row["unit"] or "1",
        analyte=row["analyte"],
        codes=() if row["codes"] in ("", "*") else tuple(row["codes"].split("|")),
        series=row["series"] == "yes",
        scope=row["scope"],
        source=row["source"],
        en=row["en"],
        zh=row["zh"],
    )
