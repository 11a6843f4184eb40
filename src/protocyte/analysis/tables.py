"""A table of results: typed cells, the population they are of, and what a reader must know.

Nothing here is worded or laid out: a share keeps its count and its denominator, an estimate its limits, so
that a page, a file of numbers and a checking program all read the same values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from protocyte.base import Message, Quantity
from protocyte.study.parts import Words


@dataclass(frozen=True)
class Share:
    """`count` of `of`; of 0 there is no percentage."""

    count: int
    of: int


@dataclass(frozen=True)
class Rate:
    """A share with its exact limits (Clopper-Pearson), both None where there is nobody to count."""

    count: int
    of: int
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class Estimate:
    """A value with its limits; None where it cannot be estimated. `percent`: all three are shares of 1."""

    value: float | None
    lower: float | None = None
    upper: float | None = None
    digits: int = 1
    percent: bool = False


@dataclass(frozen=True)
class Spread:
    """The middle of `n` values with their least and greatest; None where n is 0."""

    n: int
    middle: float | None = None
    least: float | None = None
    most: float | None = None
    cv_percent: float | None = None  # of a geometric mean; None for a median
    digits: int = 0


@dataclass(frozen=True)
class Chance:
    """A probability."""

    value: float


@dataclass(frozen=True)
class Number:
    value: float
    digits: int = 1


@dataclass(frozen=True)
class Rung:
    """A level of the ladder and its dose."""

    label: str
    dose: Quantity


@dataclass(frozen=True)
class Phrase:
    """A sentence of the catalogue around the study's own words, which have two languages of their own."""

    message: Message
    words: tuple[tuple[str, Words], ...]


Cell: TypeAlias = (
    "str | int | date | Message | Phrase | Words | Quantity | Rung "
    "| Share | Rate | Estimate | Spread | Chance | Number | None"
)


@dataclass(frozen=True)
class Column:
    """`group` is what several neighbouring columns have in common, such as a dose level."""

    head: Cell
    kind: Literal["text", "number"] = "text"
    group: Cell = None


@dataclass(frozen=True)
class Row:
    """`group` is a heading shared by neighbouring rows; `strong` rows are the ones a reader looks for."""

    cells: tuple[Cell, ...]
    group: Cell = None
    strong: bool = False


@dataclass(frozen=True)
class ResultTable:
    """`population` says whose results these are, with their number; `empty` what to say without rows."""

    id: str
    title: Message
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    population: Message | Phrase
    notes: tuple[Message, ...] = ()
    empty: Message | None = None


@dataclass(frozen=True)
class Statistic:
    """One number of one table: what a checking program compares."""

    table: str
    item: tuple[Cell, ...]
    group: Cell
    column: Cell
    name: str
    value: float | None


@dataclass(frozen=True)
class Footing:
    """What every output stands on: the entry it was known at, the day it looks from, the protocol.

    Of data sets from elsewhere: `head` is the hash of their files, `seq` the number of their rows; there is
    no protocol (`study` is empty) and no day, for they were cut before they came.
    """

    trial: str
    head: str
    seq: int
    as_of: date | None
    digest: str
    study: str
    version: str
    locked: bool


def statistics(table: ResultTable) -> Iterator[Statistic]:
    """The table as a long list, one number a row. An item is named by the text columns of its row."""
    for row in table.rows:
        named = zip(table.columns, row.cells, strict=True)
        item = (row.group, *(cell for column, cell in named if column.kind == "text"))
        for column, cell in zip(table.columns, row.cells, strict=True):
            if column.kind == "number":
                for name, value in numbers_of(cell).items():
                    yield Statistic(table.id, item, column.group, column.head, name, value)


def numbers_of(cell: Cell) -> dict[str, float | None]:
    """The numbers in a cell by name; none in a text."""
    match cell:
        case int():
            return {"count": cell}
        case Share(count, of):
            return {"count": count, "of": of}
        case Rate(count, of, lower, upper):
            return {"count": count, "of": of, "lower": lower, "upper": upper}
        case Estimate(value, lower, upper):
            return {"value": value, "lower": lower, "upper": upper}
        case Spread(n, middle, least, most, cv):
            spread = {"n": n, "middle": middle, "least": least, "most": most}
            return spread if cv is None else spread | {"cv_percent": cv}
        case Chance(value) | Number(value):
            return {"value": value}
        case _:
            return {}


def say(name: str, **params: object) -> Message:
    return Message.of(f"analysis.{name}", **params)


def phrase(name: str, **params: object) -> Phrase:
    words = tuple((key, value) for key, value in params.items() if isinstance(value, Words))
    others = {key: value for key, value in params.items() if not isinstance(value, Words)}
    return Phrase(say(name, **others), words)


def text(*heads: str) -> tuple[Column, ...]:
    """Text columns with these headings of the catalogue."""
    return tuple(Column(say(head)) for head in heads)


def number(*heads: str) -> tuple[Column, ...]:
    return tuple(Column(say(head), "number") for head in heads)


def rate(count: int, of: int) -> Rate:
    """With 95 % limits of Clopper and Pearson."""
    from protocyte.stats.binomial import clopper_pearson

    if not of:
        return Rate(count, of, None, None)
    limits = clopper_pearson(count, of)
    return Rate(count, of, float(limits.lower), float(limits.upper))


def geometric_of(values: list[float]) -> Spread:
    """Geometric mean with CV, least and greatest; no CV of a single value.

    Without a value, or with one of zero, there is none: leaving the zero out would raise the mean.
    """
    from protocyte.stats.summaries import geometric_summary

    if not values or min(values) <= 0:
        return Spread(len(values))
    found = geometric_summary(values)
    cv = found.cv_percent if found.n > 1 else None
    return Spread(found.n, found.mean, found.minimum, found.maximum, cv, digits=2)


def median_of(values: list[int] | list[float], digits: int = 0) -> Spread:
    """Median, least and greatest."""
    if not values:
        return Spread(0)
    ordered = sorted(values)
    half = len(ordered) // 2
    middle = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    return Spread(len(ordered), float(middle), float(ordered[0]), float(ordered[-1]), digits=digits)
