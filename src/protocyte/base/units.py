"""The closed lexicon of units: what may be written, its UCUM code, its dimension and its exact factor.

A unit nobody listed is a problem with a place, not a guess. Factors are exact decimals (a test holds
them to pint's); molar conversions need the analyte and live in `MOLAR_MASS` (g/mol, from the IUPAC
atomic weights of the formula named beside each).
"""

from __future__ import annotations

import csv
from decimal import Decimal
from functools import cache
from importlib import resources

from protocyte.base.model import Frozen


class Unit(Frozen):
    """`factor` turns one of this unit into the dimension's base unit (the first listed with factor 1)."""

    name: str
    ucum: str
    dimension: str
    factor: Decimal
    aliases: tuple[str, ...] = ()


@cache
def _load() -> dict[str, Unit]:
    text = resources.files("protocyte").joinpath("base", "units.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    units = {}
    for row in rows:
        unit = Unit(
            name=row["name"],
            ucum=row["ucum"],
            dimension=row["dimension"],
            factor=Decimal(row["factor"]),
            aliases=tuple(row["aliases"].split()),
        )
        for word in {unit.name, unit.ucum, *unit.aliases}:
            if word in units:
                raise ValueError(f"units.csv names {word!r} twice")
            units[word] = unit
    return units


UNITS: dict[str, Unit] = _load()


def find_unit(word: str) -> Unit | None:
    """The unit a reader means by `word` (its name, UCUM code or an alias), or None."""
    return UNITS.get(word.strip())


# g/mol of the species a laboratory reports; sources: formula mass from IUPAC 2021 atomic weights.
MOLAR_MASS: dict[str, Decimal] = {
    "creatinine": Decimal("113.12"),  # C4H7N3O
    "bilirubin": Decimal("584.67"),  # C33H36N4O6
    "calcium": Decimal("40.078"),
    "phosphate": Decimal("30.974"),  # reported as phosphorus
    "urate": Decimal("168.11"),  # C5H4N4O3
    "glucose": Decimal("180.16"),  # C6H12O6
    "magnesium": Decimal("24.305"),
    "triglycerides": Decimal("885.4"),  # triolein, the usual convention
    "cholesterol": Decimal("386.65"),  # C27H46O
    "urea": Decimal("60.056"),  # CH4N2O
}
