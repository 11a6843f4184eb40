"""Axes of results over infusion days: days by their square root on both sides of day 0, values by logarithm."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from protocyte.reports.vega import altair

_TICKS = (-14, -7, 0, 7, 14, 28, 56, 84, 112, 168, 252, 365, 548, 730, 1095, 1461, 1826, 3652, 5479)
_ROOM = 26  # pixels between two ticks


def day_axis(first: int, last: int, width: float) -> Any:
    """The first month is where most happens; what lies before day 0 is drawn to the same measure."""
    alt = altair()

    ticks: list[int] = []
    for day in (day for day in _TICKS if first <= day <= last):
        if not ticks or place(day, first, last, width) - place(ticks[-1], first, last, width) >= _ROOM:
            ticks.append(day)
    return alt.X(
        "day:Q",
        scale=alt.Scale(type="sqrt", domain=[first, last], nice=False),
        axis=alt.Axis(values=ticks, format="d", grid=False, tickSize=4),
    )


def day_span(days: Iterable[int]) -> tuple[int, int]:
    """From a whole week before day 0 where anything was before it; to day 28 at least."""
    seen = [*days, 0]
    return -7 * math.ceil(-min(seen) / 7), max(*seen, 28)


def place(day: float, first: int, last: int, width: float) -> float:
    """Pixels from the left."""
    low, high = _root(first), _root(last)
    return (_root(day) - low) / (high - low) * width


def _root(day: float) -> float:
    return math.copysign(math.sqrt(abs(day)), day)


def log_axis(name: str, low: float, high: float, step: int = 1) -> Any:
    """Powers of ten as plain numbers; every `step`-th of them."""
    alt = altair()

    powers = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
    return alt.Y(
        f"{name}:Q",
        scale=alt.Scale(type="log", domain=[low, high], nice=False),
        axis=alt.Axis(
            values=[10.0**power for power in powers if power % step == 0],
            format="~r",
            domain=False,
            ticks=False,
        ),
    )


def height_of(value: float, low: float, high: float, height: float) -> float:
    """Pixels from the top."""
    return height * (1 - math.log(value / low) / math.log(high / low))
