"""Axes the figures of kinetics share: days on a logarithmic scale that begins at zero, values on a logarithmic one.

`symlog` is log(1 + day): the first month, where most happens, takes half the width, and day 0 has a place.
"""

from __future__ import annotations

import math
from typing import Any

from protocyte.reports.colours import DLT, INK
from protocyte.reports.vega import altair, caption, values
from protocyte.reports.words import power_of_ten, significant

TICKS = (0, 1, 3, 7, 14, 21, 28, 56, 91, 183, 365, 730, 1461, 2922, 5479)
_ROOM = 24  # pixels between two ticks


def place(day: float, last: float, width: float) -> float:
    """Pixels from the left of a day."""
    return width * math.log1p(day) / math.log1p(last)


def days_axis(last: float, width: float, shown: tuple[int, ...] = TICKS) -> Any:
    alt = altair()
    ticks: list[int] = []
    for day in (one for one in shown if one <= last):
        if not ticks or place(day, last, width) - place(ticks[-1], last, width) >= _ROOM:
            ticks.append(day)
    return alt.X(
        "day:Q",
        scale=alt.Scale(type="symlog", constant=1, domain=[0, last], nice=False),
        axis=alt.Axis(values=ticks, format="d", grid=False, tickSize=4),
    )


def log_axis(field: str, low: float, high: float, *, across: bool = False) -> Any:
    """Ticks at powers of ten, at most seven; where fewer than three lie inside, also at 2 and 5, or at 3 and 7 too."""
    alt = altair()
    shown = log_ticks(low, high)
    lookup = " : ".join(f"abs(datum.value / {tick!r} - 1) < 1e-6 ? '{_named(tick)}'" for tick in shown)
    axis = alt.Axis(values=shown, labelExpr=f"{lookup} : ''", domain=across, ticks=across, grid=not across)
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    return (
        alt.X(f"{field}:Q", scale=scale, axis=axis) if across else alt.Y(f"{field}:Q", scale=scale, axis=axis)
    )


def log_ticks(low: float, high: float) -> list[float]:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    powers = list(range(first, last + 1))
    if len(powers) < 3:
        coarse, fine = (
            [one for k in range(first - 1, last + 2) for m in marks if low <= (one := m * 10.0**k) <= high]
            for marks in ((1, 2, 5), (1, 2, 3, 5, 7))
        )
        return coarse if len(coarse) > 2 else fine
    step = -(-len(powers) // 7)
    return [10.0**power for power in powers if power % step == 0]


def _named(tick: float) -> str:
    power = math.log10(tick)
    if abs(power - round(power)) < 1e-9:
        return power_of_ten(round(power)) if abs(power) >= 4 else f"{tick:g}"
    return f"{tick:g}" if 1e-3 <= tick < 1e4 else significant(tick, 1)


def span(numbers: list[float], lloq: float | None = None) -> tuple[float, float]:
    """An axis that holds every number with a margin, and where there is one the limit."""
    inside = [*numbers, *([lloq / 2, lloq * 4] if lloq else [])]
    low, high = min(inside), max(inside)
    if high / low < 4:
        low, high = low / 2, high * 2
    margin = (high / low) ** 0.05
    return low / margin, high * margin


def limit_line(lloq: float, y: Any, low: float, high: float, width: float, height: float) -> list[Any]:
    """The limit of quantification, named at its right end above the line."""
    alt = altair()
    rule = alt.Chart(values([{"value": lloq}])).mark_rule(color=DLT, strokeDash=[5, 4], aria=False)
    at = height * (1 - math.log(lloq / low) / math.log(high / low))
    words = caption(f"LLOQ {significant(lloq)}", width + 4, at, color=DLT, fontSize=10)
    return [rule.encode(y=y), words]


def key(marks: list[tuple[str, str, str, bool]], x: float, y: float) -> list[Any]:
    """(shape, colour, words, filled) side by side."""
    alt = altair()
    layers: list[Any] = []
    for shape, colour, words, filled in marks:
        mark = alt.Chart(values([{"k": words}])).mark_point(
            shape=shape, size=60, fill=colour if filled else "#ffffff", stroke=colour, strokeWidth=1.4,
            opacity=1, aria=False,
        )  # fmt: skip
        layers += [mark.encode(x=alt.XValue(x + 6), y=alt.YValue(y)), caption(words, x + 16, y, color=INK)]
        x += 34 + sum(12 if ord(letter) > 0x2E7F else 6.4 for letter in words)
    return layers
