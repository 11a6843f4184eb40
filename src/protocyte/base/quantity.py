"""A value with its unit, and a measurement that may be known only as a bound (`< 50 copies/ug`)."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal, TypeVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from protocyte.base.units import MOLAR_MASS, UNITS, Unit, find_unit

_SHAPE = re.compile(r"\s*([<>]=?)?\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*")
_Q = TypeVar("_Q", bound="Quantity")


# Nothing at the bedside is above 1e30 or below 1e-30; a slip of the hand, or an attack on memory, may be.
LARGEST_EXPONENT = 30


class UnitError(ValueError):
    """Two units that do not measure the same thing, or a unit nobody knows."""


class Quantity:
    """An exact decimal `value` and its `unit`, a name of the closed lexicon. Equal when both agree."""

    __slots__ = ("unit", "value")

    def __init__(self, value: Decimal | int | str, unit: str = "1") -> None:
        known = find_unit(unit)
        if known is None:
            raise UnitError(f"{unit!r} is not a unit Protocyte knows")
        number = Decimal(value)
        if not number.is_finite():
            raise ValueError(f"{value!r} is not a finite number")
        if number and abs(number.adjusted()) > LARGEST_EXPONENT:
            raise ValueError(f"{value!r} is beyond anything that is measured")
        self.value, self.unit = number, known.name

    @classmethod
    def parse(cls: type[_Q], text: Any) -> _Q:
        if isinstance(text, cls):
            return text
        bound, number, unit = _split(text)
        if bound:
            raise ValueError(f"{text!r} is a bound, where a value is needed")
        return cls(number, unit)

    def to(self, unit: str, analyte: str | None = None) -> Quantity:
        return Quantity(convert(self.value, self.unit, unit, analyte), unit)

    def __str__(self) -> str:
        number = format_number(self.value)
        return number if self.unit == "1" else f"{number} {self.unit}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and str(other) == str(self)

    def __hash__(self) -> int:
        return hash(str(self))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.to_string_ser_schema()
        )


class Measured(Quantity):
    """A laboratory result: a value, or only a bound on it (`bound` is `<`, `<=`, `>` or `>=`)."""

    __slots__ = ("bound",)

    def __init__(
        self, value: Decimal | int | str, unit: str = "1", bound: Literal["", "<", "<=", ">", ">="] = ""
    ) -> None:
        super().__init__(value, unit)
        self.bound = bound

    @classmethod
    def parse(cls, text: Any) -> Measured:
        if isinstance(text, Measured):
            return text
        if isinstance(text, Quantity):
            return cls(text.value, text.unit)
        bound, number, unit = _split(text)
        return cls(number, unit, bound)  # type: ignore[arg-type]

    def __str__(self) -> str:
        return self.bound + super().__str__()


def parse_quantity(text: str) -> Quantity:
    return Quantity.parse(text)


def parse_measured(text: str) -> Measured:
    return Measured.parse(text)


def convert(value: Decimal, unit: str, to: str, analyte: str | None = None) -> Decimal:
    """`value` of `unit` in the unit `to`. Mass and substance concentrations need the analyte's molar mass."""
    source, target = _known(unit), _known(to)
    if source.name == target.name:
        return value
    return value * _factor(source.name, target.name, analyte)


@cache
def _factor(unit: str, to: str, analyte: str | None) -> Decimal:
    source, target = UNITS[unit], UNITS[to]
    if source.dimension == target.dimension:
        return source.factor / target.factor
    pair = (source.dimension, target.dimension)
    if analyte in MOLAR_MASS and pair == ("mass_concentration", "substance_concentration"):
        return source.factor / MOLAR_MASS[analyte] / target.factor
    if analyte in MOLAR_MASS and pair == ("substance_concentration", "mass_concentration"):
        return source.factor * MOLAR_MASS[analyte] / target.factor
    kinds = f"one is a {source.dimension}, the other a {target.dimension}"
    raise UnitError(f"{unit} cannot be read as {to}: {kinds}")


def _known(unit: str) -> Unit:
    known = find_unit(unit)
    if known is None:
        raise UnitError(f"{unit!r} is not a unit Protocyte knows")
    return known


def _split(text: Any) -> tuple[str, Decimal, str]:
    if isinstance(text, (int, Decimal)) and not isinstance(text, bool):
        return "", Decimal(text), "1"
    match = _SHAPE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is not a quantity: write a number and a unit, as in '1e6 cells/kg'")
    bound, number, unit = match.groups()
    try:
        return bound or "", Decimal(number), unit or "1"
    except InvalidOperation:
        raise ValueError(f"{number!r} is not a number") from None


def format_number(value: Decimal) -> str:
    """Short and exact: plain digits where short, scientific where a trialist would write it so."""
    plain = value.normalize()
    _, digits, exponent = plain.as_tuple()
    if isinstance(exponent, int) and exponent >= 4:
        mantissa = Decimal((plain.as_tuple().sign, digits, -(len(digits) - 1)))
        return f"{mantissa.normalize():f}e{exponent + len(digits) - 1}"
    return f"{plain:f}"
