"""Windows as days, and which observations lie in them: surely, perhaps, or not at all.

A window's ends may themselves be uncertain (an anchor known to the month, `min(2 wk, 5 half_lives)` without
the half-life). So each end is two days: inside `[lo_in, hi_in]` is surely in, outside `[lo_out, hi_out]`
surely out. All windows include both their ends, except `before` and `after`, which are strict. Weeks and
days are exact; months and years go by the calendar (six months before 31 August is 28 or 29 February).
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

from protocyte.base import PartialDate
from protocyte.rules.facts import NO_FACTS, Facts, Observation, Observations
from protocyte.rules.nodes import Amount, Value, Window, WindowKind
from protocyte.rules.ranges import Range, in_unit

FAR = 10**7  # days beyond every calendar date
_LAST_DAY = date.max.toordinal()
# Days that differ from a whole number by less are whole: 2 wk in another unit may end in ...999.
_WHOLE = Decimal("1e-9")


class Bounds(NamedTuple):
    """Ordinal days; `missing` names what makes them uncertain."""

    lo_out: int
    lo_in: int
    hi_in: int
    hi_out: int
    missing: tuple[str, ...] = ()


EVER = Bounds(-FAR, -FAR, FAR, FAR)
BoundsOf = Callable[[Facts], Bounds]
# The first and last day an anchor may have been, and what is missing to know it.
DayOf = Callable[[Facts], tuple[int, int, tuple[str, ...]]]
# A duration as a range of hours (None: unknown), and what is missing.
HoursOf = Callable[[Facts], tuple[Range | None, tuple[str, ...]]]


class Span(NamedTuple):
    """A duration: calendar `months`, or between `shortest` and `longest` whole days."""

    months: int | None
    shortest: int = 0
    longest: int = 0
    missing: tuple[str, ...] = ()


_NONE = Span(None)


def compile_window(
    window: Window, day_of: Callable[[str], DayOf], hours_of: Callable[[Value], HoursOf]
) -> BoundsOf:
    """The bounds of `window` for a subject."""
    anchor = day_of(window.anchor.name)
    until = day_of(window.until.name) if window.until else None
    # Observations have days, durations may have hours: within 36 h is within 1 day, at least 36 h is 2 days.
    rounding = ROUND_CEILING if window.kind.startswith("at least") else ROUND_FLOOR
    span_of = _compile_span(window.span, hours_of, rounding) if window.span else lambda facts: _NONE
    kind = window.kind

    def bounds(facts: Facts) -> Bounds:
        first, last, missing = anchor(facts)
        if until is not None:
            end_first, end_last, end_missing = until(facts)
            return Bounds(first, last, end_first, end_last, missing + end_missing)
        span = span_of(facts)
        return _bounds(kind, first, last, span, missing + span.missing)

    return bounds


def _compile_span(
    node: Value, hours_of: Callable[[Value], HoursOf], rounding: str
) -> Callable[[Facts], Span]:
    months = calendar_months(node)
    reader = hours_of(node)

    def span(facts: Facts) -> Span:
        hours, missing = reader(facts)
        return Span(None, *days_of(None if hours is None else in_unit(hours, "h", None), rounding), missing)

    if months is None and not isinstance(node, Amount):
        return span
    fixed = Span(months) if months is not None else span(NO_FACTS)
    return lambda facts: fixed


def calendar_months(node: Value) -> int | None:
    """A whole number of months or years, which windows count by the calendar; else None."""
    if not isinstance(node, Amount) or node.quantity.unit not in ("mo", "y"):
        return None
    months = node.quantity.value * (12 if node.quantity.unit == "y" else 1)
    return int(months) if months == months.to_integral_value() and abs(months) < 12_000 else None


def _bounds(kind: WindowKind, first: int, last: int, span: Span, missing: tuple[str, ...]) -> Bounds:
    """`first` and `last` are the earliest and latest day the anchor may have been."""
    if kind == "before":
        return Bounds(-FAR, -FAR, first - 1, last - 1, missing)
    if kind == "after":
        return Bounds(first + 1, last + 1, FAR, FAR, missing)
    if kind == "on or before":
        return Bounds(-FAR, -FAR, first, last, missing)
    if kind == "on or after":
        return Bounds(first, last, FAR, FAR, missing)
    if kind == "at least before":
        return Bounds(-FAR, -FAR, *_earlier(first, last, span), missing)
    if kind == "at least after":
        return Bounds(*_later(first, last, span), FAR, FAR, missing)
    if kind == "within before":
        return Bounds(*_earlier(first, last, span), first, last, missing)
    if kind == "within after":
        return Bounds(first, last, *_later(first, last, span), missing)
    if kind == "within of":
        return Bounds(*_earlier(first, last, span), *_later(first, last, span), missing)
    return Bounds(first, last, first, last, missing)  # on


def _earlier(first: int, last: int, span: Span) -> tuple[int, int]:
    """The earliest and latest day a duration before the anchor."""
    if span.months is not None:
        return _months_away(first, -span.months), _months_away(last, -span.months)
    return max(first - span.longest, -FAR), min(last - span.shortest, FAR)


def _later(first: int, last: int, span: Span) -> tuple[int, int]:
    """The earliest and latest day a duration after the anchor."""
    if span.months is not None:
        return _months_away(first, span.months), _months_away(last, span.months)
    return max(first + span.shortest, -FAR), min(last + span.longest, FAR)


def days_of(hours: Range | None, rounding: str) -> tuple[int, int]:
    """The shortest and longest whole days a duration in hours may mean."""
    if hours is None:
        return 0, 2 * FAR
    shortest = 0 if hours.lo is None else _whole_days(hours.lo, rounding)
    longest = 2 * FAR if hours.hi is None else _whole_days(hours.hi, rounding)
    return shortest, longest


def _whole_days(hours: Decimal, rounding: str) -> int:
    days = hours / 24
    nearest = days.to_integral_value()
    whole = nearest if abs(days - nearest) < _WHOLE else days.to_integral_value(rounding)
    return int(min(max(whole, Decimal(-FAR)), Decimal(2 * FAR)))


def _months_away(ordinal: int, months: int) -> int:
    if not 1 <= ordinal <= _LAST_DAY:
        return ordinal
    day = date.fromordinal(ordinal)
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if not 1 <= year <= 9999:
        return FAR if months > 0 else -FAR
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1])).toordinal()


# OBSERVATIONS IN A WINDOW


class Seen(NamedTuple):
    """An observation that lies in the window surely (`sure`) or perhaps, made between two ordinal days."""

    observation: Observation
    first: int
    last: int
    sure: bool


def days_made(observation: Observation) -> tuple[int, int]:
    """The first and last day on which it may have been made."""
    made = observation.date
    if made is None:
        return -FAR, FAR
    if isinstance(made, PartialDate):
        return made.earliest().toordinal(), made.latest().toordinal()
    day = made.toordinal()
    return day, day


def seen_in(observed: Observations, bounds: Bounds, as_of: date | None, standing: bool) -> list[Seen]:
    """The observations in the window and not after `as_of`. A `standing` fact has no date and counts."""
    cut = FAR if as_of is None else as_of.toordinal()
    hi_in, hi_out = min(bounds.hi_in, cut), min(bounds.hi_out, cut)
    anywhere = bounds.lo_in == -FAR and bounds.hi_in == FAR
    found = []
    for observation in observed.items:
        first, last = days_made(observation)
        if observation.date is None and standing and anywhere:
            found.append(Seen(observation, first, last, True))
        elif last >= bounds.lo_out and first <= hi_out:
            found.append(Seen(observation, first, last, bounds.lo_in <= first and last <= hi_in))
    return found


def latest_of(seen: list[Seen]) -> list[Seen]:
    """Those that may be the last one made. Of two surely made on one day the later in order is the last."""
    sure = [item for item in seen if item.sure]
    if not sure:
        return seen
    floor = max(item.first for item in sure)
    return _one_a_day([item for item in seen if item.last >= floor], floor)


def earliest_of(seen: list[Seen]) -> list[Seen]:
    """Those that may be the first one made."""
    mirrored = [item._replace(first=-item.last, last=-item.first) for item in reversed(seen)]
    chosen = {id(item.observation) for item in latest_of(mirrored)}
    return [item for item in seen if id(item.observation) in chosen]


def _one_a_day(candidates: list[Seen], floor: int) -> list[Seen]:
    exact = [item for item in candidates if item.sure and item.first == item.last == floor]
    others = [item for item in candidates if not (item.sure and item.first == item.last == floor)]
    return others + exact[-1:]


def attested(name: str, observed: Observations, bounds: Bounds, as_of: date | None) -> str | None:
    """None when nobody can have missed an observation in the window; else what is missing for that."""
    cut = FAR if as_of is None else as_of.toordinal()
    endless = bounds.hi_in >= FAR  # as meant by `after infusion`, not for want of an anchor
    end = cut if endless else bounds.hi_out
    if end > cut:
        return f"{name}.open"
    if not observed.complete:
        return f"{name}.complete"
    if observed.through is not None and observed.through.toordinal() < end and not (endless and end >= FAR):
        return f"{name}.complete"
    return None
