"""Values that may be known only within bounds, and their three-valued comparison.

An exact value is a range of one point; `<50` is everything below 50; a blank is no range at all (None).
Widening a range can only turn a comparison unknown, which is where the law of blanking comes from.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from protocyte.base import Measured, PartialDate, Quantity, UnitError
from protocyte.base.quantity import convert

# Conversions are carried to 28 digits; two values that agree to 18 are one value written in two units.
_NEAR = Decimal("1e-18")
DATE = "date"  # the "unit" of ordinal days, so that dates compare as numbers do


class Range(NamedTuple):
    """From `lo` to `hi` (None: without end), each end in the range unless `open`."""

    lo: Decimal | None
    hi: Decimal | None
    lo_open: bool
    hi_open: bool
    unit: str

    @property
    def exact(self) -> bool:
        return self.lo is not None and self.lo == self.hi


def point(value: Decimal, unit: str) -> Range:
    return Range(value, value, False, False, unit)


def range_of(value: object, unit: str = "1") -> Range | None:
    """The range a fact's value stands for; a bare number is in `unit`. None where it is no number or date."""
    if isinstance(value, Quantity):
        bound = value.bound if isinstance(value, Measured) else ""
        if not bound:
            return Range(value.value, value.value, False, False, value.unit)
        if bound[0] == "<":
            return Range(None, value.value, True, bound == "<", value.unit)
        return Range(value.value, None, bound == ">", True, value.unit)
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, Decimal)):
        return point(Decimal(value), unit)
    if isinstance(value, float):
        return point(Decimal(repr(value)), unit)
    if isinstance(value, date):
        return point(Decimal(value.toordinal()), DATE)
    if isinstance(value, PartialDate):
        first, last = value.earliest().toordinal(), value.latest().toordinal()
        return Range(Decimal(first), Decimal(last), False, False, DATE)
    return None


def in_unit(value: Range, unit: str, analyte: str | None) -> Range | None:
    """`value` in another unit, or None where the two do not measure the same thing."""
    if value.unit == unit:
        return value
    factor = factor_between(value.unit, unit, analyte)
    return None if factor is None else scaled(value, factor, unit)


@cache
def factor_between(unit: str, to: str, analyte: str | None) -> Decimal | None:
    try:
        return convert(Decimal(1), unit, to, analyte)
    except UnitError:
        return None


def scaled(value: Range, factor: Decimal, unit: str) -> Range:
    """Times a positive number."""
    lo = None if value.lo is None else value.lo * factor
    hi = None if value.hi is None else value.hi * factor
    return Range(lo, hi, value.lo_open, value.hi_open, unit)


def divided(value: Range, by: Range, unit: str) -> Range | None:
    """`value / by` for amounts never negative; None where the divisor may be zero."""
    if by.lo is None or by.lo <= 0 or (value.lo is not None and value.lo < 0):
        return None
    low = Decimal(0) if value.lo is None or by.hi is None else value.lo / by.hi
    high = None if value.hi is None else value.hi / by.lo
    low_open = value.lo is not None and (value.lo_open or by.hi_open)
    return Range(low, high, low_open, value.hi_open or by.lo_open, unit)


def minus(left: Range, right: Range) -> Range:
    """`left - right`, both in one unit."""
    lo = None if left.lo is None or right.hi is None else left.lo - right.hi
    hi = None if left.hi is None or right.lo is None else left.hi - right.lo
    return Range(lo, hi, left.lo_open or right.hi_open, left.hi_open or right.lo_open, left.unit)


def hull(values: list[Range]) -> Range:
    """The smallest range that holds all of them, which are in one unit."""
    lo, lo_open = min(((v.lo, v.lo_open) for v in values), key=_low_key)
    hi, hi_open = max(((v.hi, v.hi_open) for v in values), key=_high_key)
    return Range(lo, hi, lo_open, hi_open, values[0].unit)


def extreme(values: list[Range], highest: bool) -> Range:
    """Where the highest (lowest) of values known only within these ranges lies."""
    pick = max if highest else min
    lo, lo_open = pick(((v.lo, v.lo_open) for v in values), key=_low_key)
    hi, hi_open = pick(((v.hi, v.hi_open) for v in values), key=_high_key)
    return Range(lo, hi, lo_open, hi_open, values[0].unit)


_INFINITY = Decimal("Infinity")


def _low_key(end: tuple[Decimal | None, bool]) -> tuple[Decimal, bool]:
    return (-_INFINITY if end[0] is None else end[0], end[1])


def _high_key(end: tuple[Decimal | None, bool]) -> tuple[Decimal, bool]:
    return (_INFINITY if end[0] is None else end[0], not end[1])


def holds(left: Range, op: str, right: Range) -> bool | None:
    """`left op right`, both in one unit: True or False where every value inside agrees, else None."""
    if op == "<":
        return _below(left, right, equal_counts=False)
    if op == "<=":
        return _below(left, right, equal_counts=True)
    if op == ">":
        return _below(right, left, equal_counts=False)
    if op == ">=":
        return _below(right, left, equal_counts=True)
    equal = _equal(left, right)
    return equal if op == "=" or equal is None else not equal


def _below(left: Range, right: Range, equal_counts: bool) -> bool | None:
    if left.hi is not None and right.lo is not None:
        order = _order(left.hi, right.lo)
        if order < 0 or (order == 0 and (equal_counts or left.hi_open or right.lo_open)):
            return True
    if left.lo is not None and right.hi is not None:
        order = _order(left.lo, right.hi)
        if order > 0 or (order == 0 and (not equal_counts or left.lo_open or right.hi_open)):
            return False
    return None


def _equal(left: Range, right: Range) -> bool | None:
    if _below(left, right, equal_counts=False) or _below(right, left, equal_counts=False):
        return False
    return True if left.exact and right.exact else None


def _order(left: Decimal, right: Decimal) -> int:
    if left == right:
        return 0
    difference = left - right
    if abs(difference) <= _NEAR * max(abs(left), abs(right)):
        return 0
    return 1 if difference > 0 else -1
