"""Values of a rule as functions of a subject's facts: amounts, facts, multiples, picks, minima."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from protocyte.base import PartialDate, Quantity
from protocyte.base.units import MOLAR_MASS
from protocyte.rules.facts import Facts, Observation, Observations
from protocyte.rules.nodes import Amount, Best, Code, Day, How, Multiple, Name, Picked, Value, Window
from protocyte.rules.ranges import DATE, Range, divided, extreme, in_unit, point, range_of, scaled
from protocyte.rules.scope import Scope
from protocyte.rules.verdict import Use
from protocyte.rules.windows import (
    EVER,
    FAR,
    Bounds,
    BoundsOf,
    DayOf,
    HoursOf,
    Seen,
    attested,
    compile_window,
    days_made,
    earliest_of,
    latest_of,
    seen_in,
)

Reading: TypeAlias = "tuple[Range | None, tuple[Use, ...], tuple[str, ...]]"
Reader: TypeAlias = Callable[[Facts], Reading]
Scale: TypeAlias = Callable[[Facts, Observation], Reading]


def analyte_of(name: str, scope: Scope) -> str | None:
    """The analyte of a fact; without a scope, a fact called `creatinine` is creatinine."""
    fact = scope.get(name)
    return fact.analyte if fact else name if name in MOLAR_MASS else None


# A SERIES AND THE ONE OBSERVATION MEANT


class Found(NamedTuple):
    """The observations that may be the one meant; `certain` that there is one at all."""

    candidates: list[Seen]
    certain: bool
    none_attested: bool
    missing: tuple[str, ...]
    missing_window: tuple[str, ...]


class Series:
    """The observations of one fact in one window."""

    __slots__ = ("_bounds_of", "_is_date", "_standing", "how", "name", "none_is_known", "none_is_zero")

    def __init__(self, name: str, how: How, window: Window | None, scope: Scope) -> None:
        fact = scope.get(name)
        self.name, self.how = name, how
        self._bounds_of = _bounds_of(window, scope)
        self._is_date = fact is None or fact.kind == "date"
        self._standing = fact is None or not fact.series
        # "None" is zero for grades and counts; nobody can attest that a concentration was zero.
        self.none_is_zero = fact is None or fact.kind == "number"
        self.none_is_known = fact is None or fact.kind not in ("quantity", "date")

    def observed(self, facts: Facts) -> Observations:
        """The observations; an anchor's day is one observation of a date."""
        observed = facts.observations(self.name)
        if self._is_date and not observed.items:
            day = facts.anchor(self.name)
            if day is not None:
                return Observations((Observation(day),), complete=True)
        return observed

    def bounds(self, facts: Facts) -> Bounds:
        return EVER if self._bounds_of is None else self._bounds_of(facts)

    def alone(self, facts: Facts) -> Observation | None:
        """The observation meant where all days are certain: the common case, made fast.

        None where there is none or a day is vague; then `find` decides, with the same answer.
        """
        items = facts.observations(self.name).items
        if not items or self.how != "last":
            return None
        lowest, highest = -FAR, FAR
        if self._bounds_of is not None:
            bounds = self._bounds_of(facts)
            lowest, highest = bounds.lo_in, bounds.hi_in
            if lowest != bounds.lo_out or highest != bounds.hi_out:
                return None
        elif len(items) == 1 and items[0].date is None:
            return items[0] if self._standing else None
        as_of = facts.as_of
        if as_of is not None:
            highest = min(highest, as_of.toordinal())
        latest, found = lowest, None
        for item in items:
            if type(item.date) is not date:
                return None
            day = item.date.toordinal()
            if latest <= day <= highest:
                latest, found = day, item
        return found

    def look(self, facts: Facts) -> tuple[Observations, Bounds, list[Seen]]:
        observed, bounds = self.observed(facts), self.bounds(facts)
        return observed, bounds, seen_in(observed, bounds, facts.as_of, self._standing)

    def unattested(self, facts: Facts, observed: Observations, bounds: Bounds) -> str | None:
        return attested(self.name, observed, bounds, facts.as_of)

    def find(self, facts: Facts) -> Found:
        """What the last (first) observation may be."""
        observed, bounds, seen = self.look(facts)
        candidates = earliest_of(seen) if self.how == "first" else latest_of(seen)
        certain = any(item.sure for item in candidates)
        none_attested = self.unattested(facts, observed, bounds) is None
        missing: tuple[str, ...] = ()
        if not certain:
            missing = bounds.missing or ((f"{self.name}.date",) if seen else ())
        return Found(candidates, certain, none_attested, missing, bounds.missing)


def series_of(name: str, how: How, window: Window | None, scope: Scope) -> Series:
    return Series(name, how, window, scope)


def single_day(facts: Facts, name: str) -> Seen | None:
    """The day a date fact stands for, between its first and last possible day; None where it is unknown."""
    day = facts.anchor(name)
    if day is not None:
        ordinal = day.toordinal()
        return Seen(Observation(day), ordinal, ordinal, True)
    items = facts.observations(name).items
    candidates = latest_of([Seen(item, *days_made(item), True) for item in items])
    if len(candidates) != 1 or not isinstance(candidates[0].observation.value, (date, PartialDate)):
        return None
    value = range_of(candidates[0].observation.value)
    assert value is not None
    assert value.lo is not None
    assert value.hi is not None  # a date or partial date has both ends
    return Seen(candidates[0].observation, int(value.lo), int(value.hi), True)


def _bounds_of(window: Window | None, scope: Scope) -> BoundsOf | None:
    if window is None:
        return None
    return compile_window(window, _day_reader, lambda value: _without_uses(value_reader(value, scope)))


def _day_reader(name: str) -> DayOf:
    unknown = (-FAR, FAR, (name,))

    def reader(facts: Facts) -> tuple[int, int, tuple[str, ...]]:
        day = facts.anchor(name)
        if day is not None:
            ordinal = day.toordinal()
            return ordinal, ordinal, ()
        seen = single_day(facts, name)
        return unknown if seen is None else (seen.first, seen.last, ())

    return reader


def _without_uses(reader: Reader) -> HoursOf:
    def plain(facts: Facts) -> tuple[Range | None, tuple[str, ...]]:
        value, _, missing = reader(facts)
        return value, missing

    return plain


# HOW ONE OBSERVATION IS MEASURED


def scale_for(name: str, like: Value | None, scope: Scope) -> Scale:
    """Observations of `name` as the other side of the comparison wants them: plain, or as multiples."""
    fact = scope.get(name)
    unit = fact.unit if fact else "1"
    if isinstance(like, Amount) and like.quantity.unit in ("ULN", "LLN"):
        return _limit_scale(name, like.quantity.unit, unit, analyte_of(name, scope))
    if isinstance(like, Multiple) and like.of.name == "baseline":
        return _baseline_scale(name, unit, analyte_of(name, scope))

    def plain(facts: Facts, observation: Observation) -> Reading:
        value = range_of(observation.value, unit)
        return (value, (), ()) if value is not None else (None, (), (name,))

    return plain


def _limit_scale(name: str, limit: str, unit: str, analyte: str | None) -> Scale:
    """Multiples of the laboratory's own limit, by the limit that came with the result."""
    suffix = f"{name}.{limit.lower()}"

    def scale(facts: Facts, observation: Observation) -> Reading:
        value = range_of(observation.value, unit)
        if value is None:
            return None, (), (name,)
        if value.unit == limit:
            return value, (), ()
        stated = observation.uln if limit == "ULN" else observation.lln
        norm = _norm(stated, value.unit, analyte)
        ratio = None if norm is None else divided(value, norm, limit)
        return (ratio, (), ()) if ratio is not None else (None, (), (suffix,))

    return scale


def _norm(stated: Decimal | Quantity | None, unit: str, analyte: str | None) -> Range | None:
    if stated is None:
        return None
    norm = range_of(stated, unit)
    return None if norm is None else in_unit(norm, unit, analyte)


def _baseline_scale(name: str, unit: str, analyte: str | None) -> Scale:
    def scale(facts: Facts, observation: Observation) -> Reading:
        value = range_of(observation.value, unit)
        baseline = facts.baseline(name)
        if value is None or baseline is None:
            return None, (), (name if value is None else f"{name}.baseline",)
        used = (Use(name, baseline),)
        reference = range_of(baseline.value, unit)
        reference = None if reference is None else in_unit(reference, value.unit, analyte)
        ratio = None if reference is None else divided(value, reference, "baseline")
        return (ratio, used, ()) if ratio is not None else (None, used, (f"{name}.baseline",))

    return scale


# READERS OF VALUES


def value_reader(node: Value, scope: Scope, like: Value | None = None) -> Reader:
    """The reader of a value; `like` is the other side of a comparison, which decides the scale of a pick."""
    match node:
        case Amount():
            return _constant(point(node.quantity.value, node.quantity.unit))
        case Day():
            return _constant(point(Decimal(node.day.toordinal()), DATE))
        case Code():
            return _constant(None)
        case Multiple():
            return _multiple(node, scope)
        case Best():
            return _best(node, scope)
        case Name():
            series = series_of(node.name, "last", None, scope)
            return _one(series, scale_for(node.name, like, scope), analyte_of(node.name, scope))
        case Picked():
            series = series_of(node.fact.name, node.how, node.window, scope)
            scale, analyte = scale_for(node.fact.name, like, scope), analyte_of(node.fact.name, scope)
            if node.how in ("highest", "lowest"):
                return _extreme(series, scale, analyte)
            return _one(series, scale, analyte)


def _constant(value: Range | None) -> Reader:
    reading: Reading = (value, (), ())
    return lambda facts: reading


def _multiple(node: Multiple, scope: Scope) -> Reader:
    if node.of.name == "baseline":
        return _constant(point(node.number, "baseline"))
    reader, number = value_reader(node.of, scope), node.number

    def multiple(facts: Facts) -> Reading:
        value, used, missing = reader(facts)
        if value is None or number <= 0:
            return None, used, missing
        return scaled(value, number, value.unit), used, missing

    return multiple


def _best(node: Best, scope: Scope) -> Reader:
    """The least (greatest) of several; a blank one may lie anywhere, so it leaves one end open."""
    readers = [value_reader(value, scope) for value in node.values]

    def best(facts: Facts) -> Reading:
        readings = [reader(facts) for reader in readers]
        used = tuple(use for _, uses, _ in readings for use in uses)
        missing = tuple(item for _, _, lacking in readings for item in lacking)
        unit = next((value.unit for value, _, _ in readings if value is not None), None)
        if unit is None:
            return None, used, missing
        blank = Range(None, None, True, True, unit)
        values = [blank if v is None else in_unit(v, unit, None) or blank for v, _, _ in readings]
        return extreme(values, highest=node.which == "max"), used, missing

    return best


def _one(series: Series, scale: Scale, analyte: str | None) -> Reader:
    """The last (first) value; where several may be it, the range that holds them all."""

    def reader(facts: Facts) -> Reading:
        alone = series.alone(facts)
        if alone is not None:
            value, others, missing = scale(facts, alone)
            return value, (Use(series.name, alone), *others), missing
        found = series.find(facts)
        used = tuple(Use(series.name, item.observation) for item in found.candidates)
        if not found.certain:
            return None, used, found.missing or (series.name,)
        readings = [scale(facts, item.observation) for item in found.candidates]
        missing = tuple(item for _, _, lacking in readings for item in lacking)
        values = _in_one_unit([value for value, _, _ in readings], analyte)
        if values is None:
            return None, used, missing or (f"{series.name}.unit",)
        if len(values) == 1:
            return values[0], used, missing
        low, high = extreme(values, highest=False), extreme(values, highest=True)
        whole = Range(low.lo, high.hi, low.lo_open, high.hi_open, low.unit)
        return whole, used, (f"{series.name}.date",)

    return reader


def _in_one_unit(values: list[Range | None], analyte: str | None) -> list[Range] | None:
    """All in the unit of the first, or None where one is blank or cannot be converted."""
    if not values or values[0] is None:
        return None
    unit = values[0].unit
    converted = [None if value is None else in_unit(value, unit, analyte) for value in values]
    known = [value for value in converted if value is not None]
    return known if len(known) == len(values) else None


def _extreme(series: Series, scale: Scale, analyte: str | None) -> Reader:
    """The highest (lowest) value; unless absence is attested, one nobody recorded may lie beyond it."""
    highest = series.how == "highest"

    def reader(facts: Facts) -> Reading:
        observed, bounds, seen = series.look(facts)
        unattested = series.unattested(facts, observed, bounds)
        if not seen and unattested is None and series.none_is_zero:
            return point(Decimal(0), "1"), (), ()
        used = tuple(Use(series.name, item.observation) for item in seen)
        readings = [scale(facts, item.observation) for item in seen]
        missing = tuple(item for _, _, lacking in readings for item in lacking)
        missing += () if all(item.sure for item in seen) else bounds.missing or (f"{series.name}.date",)
        unit = next((value.unit for value, _, _ in readings if value is not None), None)
        if unit is None or not any(item.sure for item in seen):
            return None, used, missing or (series.name,)
        blank = Range(None, None, True, True, unit)
        values = [blank if v is None else in_unit(v, unit, analyte) or blank for v, _, _ in readings]
        sure = extreme([value for value, item in zip(values, seen, strict=True) if item.sure], highest)
        beyond = extreme([*values, blank] if unattested else values, highest)
        value = sure._replace(hi=beyond.hi, hi_open=beyond.hi_open)
        if not highest:
            value = sure._replace(lo=beyond.lo, lo_open=beyond.lo_open)
        return value, used, missing + ((unattested,) if unattested else ())

    return reader
