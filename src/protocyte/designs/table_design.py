"""Any decision table of one's own, given as CSV."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Literal

import numpy as np
from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from protocyte.base import Message
from protocyte.designs.interval import DU, LETTERS, Codes, D, E, IntervalDesign, S

_CODES = {letter: code for code, letter in LETTERS.items()}


class TableDesign(IntervalDesign):
    """`csv` has a header `n,y,decision` and one row for each n and y; decisions are E, S, D or DU.

    A number of subjects the table leaves out (a cohort with one not evaluable) is read at the next
    smaller n of the table with the same DLTs, which never makes a level look safer than it is. Below the
    smallest n nothing is decided yet: stay.
    """

    design: Literal["table"] = "table"
    csv: str = Field(min_length=1)

    @field_validator("csv")
    @classmethod
    def _complete(cls, text: str) -> str:
        table = read_decision_table(text)
        for n in sorted({n for n, _ in table}):
            missing = [y for y in range(n + 1) if (n, y) not in table]
            if missing:
                raise PydanticCustomError("table_hole", "no decision for {n}, {y}", {"n": n, "y": missing[0]})
        return text

    def codes(self, largest: int) -> Codes:
        table = read_decision_table(self.csv)
        listed = sorted({n for n, _ in table})
        codes = np.zeros((largest + 1, largest + 1), dtype=np.int8)
        for n in range(listed[0], largest + 1):
            row = max(k for k in listed if k <= n)
            for y in range(n + 1):
                codes[n, y] = table[row, min(y, row)]
        return codes

    def describe(self) -> tuple[Message, ...]:
        return (Message.of("designs.about_table"), Message.of("designs.about_isotonic", target=self.target))


def read_decision_table(text: str) -> dict[tuple[int, int], int]:
    """`{(n, y): code}` from CSV text. A row that cannot be read is a validation error that names it."""
    table: dict[tuple[int, int], int] = {}
    lines = [line for line in text.strip().splitlines() if line.strip() and not line.startswith("#")]
    for row in csv.DictReader(StringIO("\n".join(lines))):
        try:
            n, y, code = int(row["n"]), int(row["y"]), _CODES[row["decision"].strip()]
        except (KeyError, TypeError, ValueError, AttributeError):
            shown = ",".join(str(cell) for cell in row.values())
            raise PydanticCustomError("table_row", "cannot read {row}", {"row": shown}) from None
        if not 0 <= y <= n or n < 1:
            raise PydanticCustomError("table_row", "cannot read {row}", {"row": f"{n},{y}"})
        if table.setdefault((n, y), code) != code:
            raise PydanticCustomError("table_twice", "two decisions for {n}, {y}", {"n": n, "y": y})
    if not table:
        raise PydanticCustomError("table_row", "cannot read {row}", {"row": "(nothing)"})
    return table


__all__ = ["DU", "D", "E", "S", "TableDesign", "read_decision_table"]
