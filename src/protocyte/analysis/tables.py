"""A table of results: columns, rows, the population they are of, and what a reader must know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from protocyte.base import Message
from protocyte.study.parts import Words

Cell: TypeAlias = "str | int | Message | Words"


@dataclass(frozen=True)
class Table:
    """`columns` and headings are messages or the study's own words; cells likewise."""

    id: str
    title: Message
    columns: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    population: Message
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Footing:
    """What every output stands on: the entry it was known at, the day it looks from, the protocol."""

    head: str
    seq: int
    as_of: date
    digest: str
    study: str
    version: str


def say(name: str, **params: object) -> Message:
    return Message.of(f"analysis.{name}", **params)


def percent(count: int, of: int) -> str:
    """`3 (25 %)`; a bare count where there is nothing to divide by."""
    return f"{count} ({100 * count / of:.0f} %)" if of else f"{count}"
