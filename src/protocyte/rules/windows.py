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
from protocyte.rules.facts import Facts, Observation, Observations
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
# The reader of an anchor's day, or of a span's duration: a range (None: unknown) and what is missing.
ReaderOf = Callable[[Facts], tuple[Range | None, tuple[str, ...]]]


class Span(NamedTuple):
    """A duration: calendar `months`, or a range of hours; unknown when neither is given."""

    months: int | None
    hours: Range | None
    missing: tuple[str, ...] = ()


_ZERO = Span(0, None)


def compile_window(
    window: Window, day_of: Callable[[str], ReaderOf], value_of: Callable[[Value], ReaderOf]
) -> BoundsOf:
    """The bounds of `window` for a subject."""
    anchor = day_of(window.anchor.name)
    until = day_of(window.until.name) if window.until else None
    span_of = _compile_span(window.span, value_of) if window.span else lambda facts: _ZERO
    kind = window.kind

    def bounds(facts: Facts) -> Bounds:
        day, missing = anchor(facts)
        span = span_of(facts)
        first, last = _ordinals(day)
        if until is None:
            return _bounds(kind, first, last, span)._replace(missing=missing + span.missing)
        end, end_missing = until(facts)
        end_first, end_last = _ordinals(end)
        return Bounds(first, last, end_first, end_last, missing + end_missing)

    return bounds


def _compile_span(node: Value, value_of: Callable[[Value], ReaderOf]) -> Callable[[Facts], Span]:
    months = calendar_months(node)
    if months is not None:
        fixed = Span(months, None)
        return lambda facts: fixed
    reader = value_of(node)

    def span(facts: Facts) -> Span:
        hours, missing = reader(facts)
        return Span(None, None if hours is None else in_unit(hours, "h", None), missing)

    return span


def calendar_months(node: Value) -> int | None:
    """A whole number of months or years, which windows count by the calendar; else None."""
    if not isinstance(node, Amount) or node.quantity.unit not in ("mo", "y"):
        return None
    months = node.quantity.value * (12 if node.quantity.unit == "y" else 1)
    return int(months) if months == months.to_integral_value() and abs(months) < 12_000 else None


def _ordinals(day: Range | None) -> tuple[int, int]:
    if day is None or day.lo is None or day.hi is None or day.unit != "date":
        return -FAR, FAR
    return int(day.lo), int(day.hi)


def _bounds(kind: WindowKind, first: int, last: int, span: Span) -> Bounds:
    """`first` and `last` are the earliest and latest day the anchor may have been."""
    if kind == "before":
        return Bounds(-FAR, -FAR, first - 1, last - 1)
    if kind == "after":
        return Bounds(first + 1, last + 1, FAR, FAR)
    if kind == "on or before":
        return Bounds(-FAR, -FAR, first, last)
    if kind == "on or after":
        return Bounds(first, last, FAR, FAR)
    if kind == "at least before":
        return Bounds(-FAR, -FAR, *_shift(first, last, span, -1, ROUND_CEILING))
    if kind == "at least after":
        return Bounds(*_shift(first, last, span, 1, ROUND_CEILING), FAR, FAR)
    if kind == "within before":
        earliest, latest = _shift(first, last, span, -1, ROUND_FLOOR)
        return Bounds(earliest, latest, first, last)
    if kind == "within after":
        return Bounds(first, last, *_shift(first, last, span, 1, ROUND_FLOOR))
    if kind == "within of":
        lows = _shift(first, last, span, -1, ROUND_FLOOR)
        return Bounds(*lows, *_shift(first, last, span, 1, ROUND_FLOOR))
    return Bounds(first, last, first, last)  # on


def _shift(first: int, last: int, span: Span, sign: int, rounding: str) -> tuple[int, int]:
    """The earliest and latest day a duration away from the anchor.

    Observations have days, durations may have hours: within 36 h is within 1 day, at least 36 h is 2 days.
    """
    if span.months is not None:
        return _months_away(first, sign * span.months), _months_away(last, sign * span.months)
    shortest, longest = days_of(span.hours, rounding)
    if sign > 0:
        return max(first + shortest, -FAR), min(last + longest, FAR)
    return max(first - longest, -FAR), min(last - shortest, FAR)


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
