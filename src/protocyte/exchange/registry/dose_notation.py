"""Cell doses as people type them, and the notations that can be read in two ways.

`1E6`, `1x10^6`, `1×10\\^6`, `1*10^6`, `1×10⁶`, `1x10(6)` say one thing. `1×106` has lost its superscript (106
or 10^6?), and `1x10e6` says 10^7 to a computer and 10^6 to its author: both are kept as text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from protocyte.base import Quantity

_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_TEN = r"\s*\\?[x×X*·]\s*10"
_POWER = (
    rf"(?:[eE](?P<e>\d{{1,2}})(?!\d)|{_TEN}(?:\s*\\?\^\s*(?P<caret>\d{{1,2}})|\((?P<paren>\d{{1,2}})\)"
    r"|(?P<sup>[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2})|(?P<odd>[eE]\^?\d{1,2}|x[eE]\d{1,2})|(?P<lost>\d{1,2})(?!\d)))"
)
_NUMBER = r"\d+(?:\.\d+)?"
# What may stand between a number and its unit; `cells` without a weight is a flat dose.
_UNIT = (
    r"\s*(?:\(±\s*\d+\s*%\)\s*)?(?:(?:viable|total|transduced|positive"
    r"|CAR|CAR\+|STAR|anti-[\w-]+|[A-Za-z]+\d+|CAR-T|T|\+)[\s-]*){0,6}"
    r"(?P<unit>(?:cells?)?\s*(?:/|per\s+)\s*(?:kg|kilogram)\b|cells\b)"
)
_ONE = re.compile(rf"(?<![\d.<>≤≥=])(?P<m>{_NUMBER}){_POWER}(?:{_UNIT})?")
_RANGE = re.compile(
    rf"(?<![\d.])\(?\s*(?P<m>{_NUMBER})\s*[-–~]\s*(?P<top>{_NUMBER})\s*\)?{_POWER}(?:{_UNIT})?"
)
_BOUND = re.compile(r"[<>≤≥]=?\s*$")
_NOT_A_DOSE = re.compile(r"\s*(?:/\s*\\?[lL]\b|/\s*[uµμ]L|copies|vg\b|IU|TU\b|/\s*mL)")


@dataclass(frozen=True, slots=True)
class DoseText:
    """A dose in a text: `low` (and `high` for a range written as one), its unit, and how sure the reading is.

    `readings` holds the two ways an ambiguous notation can be meant.
    """

    start: int
    end: int
    low: Decimal
    high: Decimal | None
    unit: str
    readings: tuple[str, ...] = ()


def find_doses(text: str) -> list[DoseText]:
    """Every number with a power of ten that may be a cell dose, in order."""
    taken = sorted([*_RANGE.finditer(text), *_ONE.finditer(text)], key=lambda match: match.start())
    found: list[DoseText] = []
    at = 0
    for match in taken:
        bounded = _BOUND.search(text[max(0, match.start() - 4) : match.start()])
        if match.start() < at or bounded or _NOT_A_DOSE.match(text, match.end()):
            continue
        at = match.end()
        found.append(_dose(match))
    return found


def spoken(value: Decimal, unit: str) -> str:
    return str(Quantity(value, unit or "1"))


def _dose(match: re.Match[str]) -> DoseText:
    parts = match.groupdict()
    unit = _unit(parts["unit"])
    bottom, top = Decimal(parts["m"]), Decimal(parts["top"]) if parts.get("top") else None
    if parts["lost"] or parts["odd"]:
        return DoseText(match.start(), match.end(), bottom, top, unit, _readings(parts))
    digits = parts["e"] or parts["caret"] or parts["paren"] or (parts["sup"] or "").translate(_SUPERSCRIPT)
    power = Decimal(10) ** int(digits)
    return DoseText(
        match.start(), match.end(), bottom * power, top * power if top is not None else None, unit
    )


def _readings(parts: dict[str, str | None]) -> tuple[str, ...]:
    mantissa = Decimal(parts["m"] or "1")
    if parts["lost"]:
        lost = parts["lost"]
        return spoken(mantissa * Decimal(10) ** int(lost), ""), spoken(mantissa * Decimal(f"10{lost}"), "")
    power = int(re.sub(r"\D", "", parts["odd"] or ""))
    return spoken(mantissa * Decimal(10) ** power, ""), spoken(mantissa * Decimal(10) ** (power + 1), "")


def _unit(text: str | None) -> str:
    if not text:
        return ""
    return "cells/kg" if re.search(r"kg|kilogram", text) else "cells"
