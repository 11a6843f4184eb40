"""One output of a study report: its number, its cells, and for a figure what is drawn.

Tables, figures and listings are numbered as ICH E3 numbers them (14.1 disposition and demography, 14.2
efficacy, 14.3 safety, 14.4 kinetics; 16.2 listings), so that a reviewer finds each where it is looked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from protocyte.analysis.cut import Cut
from protocyte.analysis.tables import ResultTable, say
from protocyte.base import Message

Kind = Literal["table", "figure", "listing"]
Tables: TypeAlias = "ResultTable | tuple[ResultTable | None, ...] | None"


@dataclass(frozen=True)
class Entry:
    """A place in the catalogue.

    `build` makes the tables of a table or listing, or the data of a figure; None where the study has
    nothing of the kind (a donor's product has no manufacturing by subject).
    """

    number: str
    kind: Kind
    id: str
    build: Callable[[Cut], Any]


@dataclass(frozen=True)
class Output:
    """`tables` are the cells of a table or listing; `drawing` is what a figure draws, a frozen dataclass.

    Without either there is nothing to show, and the output says so: it is never left out silently.
    """

    number: str
    kind: Kind
    id: str
    title: Message
    tables: tuple[ResultTable, ...] = ()
    drawing: Any = None

    @property
    def is_empty(self) -> bool:
        return self.drawing is None and not any(table.rows for table in self.tables)


def build_output(entry: Entry, cut: Cut) -> Output:
    made = entry.build(cut)
    title = say(f"output_{entry.id}")
    if entry.kind == "figure":
        return Output(entry.number, entry.kind, entry.id, title, drawing=made)
    tables = made if isinstance(made, tuple) else (made,)
    kept = tuple(table for table in tables if table is not None)
    return Output(entry.number, entry.kind, entry.id, title, kept)
