"""What a rule may speak of: `Fact` declares one name, a `Scope` is all of them.

This room knows no names of its own; `study/facts.py` declares them, `derive` provides their values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from pydantic import model_validator

from protocyte.base import Frozen, find_unit
from protocyte.base.units import MOLAR_MASS
from protocyte.rules.nodes import KEYWORDS, NAME

Kind = Literal["number", "quantity", "code", "flag", "date", "text"]


class Fact(Frozen):
    """One name a rule may use.

    `kind` number is a plain count or grade; quantity has a `unit` (any unit of its dimension may be written
    in a rule, and molar units where `analyte` names a species of known molar mass). `codes` lists what a
    code may be; empty means open. `series` says that the fact may be observed more than once, with dates:
    only then do windows, counts and `last` make sense. Anchors (consent, infusion) are facts of kind date.
    """

    name: str
    kind: Kind
    unit: str = "1"
    analyte: str | None = None
    codes: tuple[str, ...] = ()
    label_en: str = ""
    label_zh: str = ""
    series: bool = False

    @model_validator(mode="after")
    def _sound(self) -> Fact:
        if not NAME.fullmatch(self.name) or self.name in KEYWORDS or find_unit(self.name):
            raise ValueError(
                f"{self.name!r} cannot name a fact: snake_case, no unit, no word of the language"
            )
        if find_unit(self.unit) is None:
            raise ValueError(f"{self.name}: {self.unit!r} is not a unit Protocyte knows")
        if self.kind != "quantity" and self.unit != "1":
            raise ValueError(f"{self.name}: only a quantity has a unit")
        if self.kind == "quantity" and self.unit == "1":
            raise ValueError(f"{self.name}: a quantity needs a unit; a plain count or grade is a number")
        if self.analyte is not None and self.analyte not in MOLAR_MASS:
            raise ValueError(f"{self.name}: no molar mass is known for {self.analyte!r}")
        return self

    @property
    def dimension(self) -> str:
        """What the fact measures, as units.csv names it: `time`, `clearance`, `cell_count` ..."""
        unit = find_unit(self.unit)
        assert unit is not None  # the validator saw to it
        return unit.dimension


Scope: TypeAlias = Mapping[str, Fact]


def scope_of(*facts: Fact) -> dict[str, Fact]:
    """A scope from facts; a name declared twice is refused."""
    scope: dict[str, Fact] = {}
    for fact in facts:
        if fact.name in scope:
            raise ValueError(f"the fact {fact.name!r} is declared twice")
        scope[fact.name] = fact
    return scope
