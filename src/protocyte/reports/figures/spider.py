"""The spider: marrow blasts of each subject over time on a logarithmic axis, ended by the best response."""

from __future__ import annotations

import math
from typing import Any

from markupsafe import Markup

from protocyte.analysis.efficacy.blasts import THRESHOLD, BlastLine, BlastPoint, Spider
from protocyte.reports.colours import DLT, INK, PAPER, SHAPES, SOFT, state_colour
from protocyte.reports.figures.notes import wrapped
from protocyte.reports.vega import altair, caption, draw, styled, tip, values
from protocyte.reports.words import Reader
from protocyte.study.model import Study

WIDTH, HEIGHT, LEFT, RIGHT, TOP = 820, 330, 64, 36, 40
MONTH = 30.4375
IN_DAYS = 125  # up to so many days after the infusion the axis counts days
CROSS = "M-.8,-.8L.8,.8M-.8,.8L.8,-.8"  # not evaluable
_LINE, _ROOM = 16, 140


def spider_figure(data: Spider, study: Study, reader: Reader) -> tuple[Markup, ...]:
    """Day 0 is the first infusion; blasts from the floor, where 0 is drawn open, to 100 %."""
    return (draw(lambda: spider_chart(data, study.response.responses, reader), reader.say("figure_spider")),)


def spider_chart(data: Spider, responses: tuple[str, ...], reader: Reader) -> Any:
    """`responses` are the study's own, for the colours."""
    alt = altair()
    x, y = _axes(data)
    rows = [_row(data, line, point, responses, reader) for line in data.lines for point in line.points]
    known, open_ = ([row for row in rows if row["open"] is wanted] for wanted in (False, True))
    path = alt.Chart(values(rows)).mark_line(strokeWidth=1.5, opacity=0.85, interpolate="linear", aria=False)
    colour = alt.Color("colour:N", scale=None, legend=None)
    dots = alt.Chart(values(known)).mark_point(filled=True, size=22, opacity=1)
    rings = alt.Chart(values(open_)).mark_point(fill="#ffffff", strokeWidth=1.3, size=30, opacity=1)
    infusion = alt.Chart(values([{"day": 0}])).mark_rule(color=SOFT, strokeDash=[2, 3], aria=False)
    limit = alt.Chart(values([{"blasts": THRESHOLD}])).mark_rule(color=DLT, strokeDash=[5, 4], aria=False)
    layers: list[Any] = [
        infusion.encode(x=x),
        limit.encode(y=y),
        path.encode(x=x, y=y, detail=alt.Detail("subject:N"), color=colour, order=alt.Order("day:Q")),
        rings.encode(x=x, y=y, stroke=alt.Stroke("colour:N", scale=None, legend=None), description=tip()),
        dots.encode(x=x, y=y, color=colour, description=tip()),
        *_ends(data, responses, x, y, reader),
        *_key(data, responses),
        caption("5 %", WIDTH + 6, HEIGHT * _depth(data, THRESHOLD), color=DLT),
        caption(reader.say("spider_axis"), -46, HEIGHT / 2, angle=270, align="center"),
        caption(
            reader.say("spider_days" if _in_days(data) else "spider_months"),
            WIDTH,
            HEIGHT + 32,
            align="right",
        ),
    ]
    lines = _notes(data, reader)
    layers += [caption(line, -46, HEIGHT + 54 + _LINE * k) for k, line in enumerate(lines)]
    padding = {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": 54 + _LINE * len(lines)}
    return styled(alt.layer(*layers), WIDTH, HEIGHT, padding)


def _row(
    data: Spider, line: BlastLine, point: BlastPoint, responses: tuple[str, ...], reader: Reader
) -> dict[str, Any]:
    return {
        "subject": line.subject, "day": point.day, "blasts": max(point.blasts, data.floor),
        "open": point.blasts == 0 or bool(point.bound), "colour": state_colour(line.best, responses),
        "tip": reader.say(
            "tip_on_day", subject=line.subject, day=point.day, what=f"{point.bound}{point.blasts:g} %, {line.best}"
        ),
    }  # fmt: skip


def _shape(data: Spider, category: str) -> str:
    if category == "NE" or category not in data.order:
        return CROSS
    return SHAPES[min(data.order.index(category), len(SHAPES) - 1)]


def _mark(
    data: Spider,
    category: str,
    rows: list[dict[str, Any]],
    responses: tuple[str, ...],
    filled: bool = True,
    told: bool = False,
) -> Any:
    colour, shape = state_colour(category, responses) if filled else PAPER, _shape(data, category)
    return altair().Chart(values(rows)).mark_point(
        shape=shape, size=95, fill=colour, stroke=INK, strokeWidth=1.1, opacity=1, aria=told
    )  # fmt: skip


def _ends(data: Spider, responses: tuple[str, ...], x: Any, y: Any, reader: Reader) -> list[Any]:
    """At the last marrow of each line the shape of its best response."""
    ends: dict[tuple[str, bool], list[dict[str, Any]]] = {}
    for line in data.lines:
        row = _row(data, line, line.points[-1], responses, reader)
        ends.setdefault((line.best, not row["open"]), []).append(row)
    return [
        _mark(data, best, rows, responses, filled, told=True).encode(x=x, y=y, description=tip())
        for (best, filled), rows in sorted(ends.items())
    ]


def _key(data: Spider, responses: tuple[str, ...]) -> list[Any]:
    alt = altair()
    seen, layers, x = {line.best for line in data.lines}, [], 0.0
    for category in (one for one in data.order if one in seen):
        mark = _mark(data, category, [{"c": category}], responses)
        layers.append(mark.encode(x=alt.XValue(x + 6), y=alt.YValue(-22)))
        layers.append(caption(category, x + 18, -22, color=INK))
        x += 34 + 8 * len(category)
    return layers


def _axes(data: Spider) -> tuple[Any, Any]:
    alt = altair()
    days = [point.day for line in data.lines for point in line.points]
    first, last = min([0, *days]), 1.015 * max([28, *days])
    unit = 1.0 if _in_days(data) else MONTH
    span = last / unit
    step = next(s for s in (7, 14, 28, 1, 2, 3, 6, 12, 24, 60) if _fits(s, span, unit))
    ticks = [k * step * unit for k in range(int(span / step) + 1)]
    x = alt.X(
        "day:Q",
        scale=alt.Scale(domain=[first, last], nice=False),
        axis=alt.Axis(values=ticks, labelExpr=f"round(datum.value / {unit})", grid=False, tickSize=4),
    )
    powers = [10.0**k for k in range(round(math.log10(data.floor)), 3)]
    names = {power: "0" if power == data.floor else f"{power:g}" for power in powers}
    lookup = " : ".join(
        f"abs(datum.value / {power!r} - 1) < 1e-6 ? '{name}'" for power, name in names.items()
    )
    y = alt.Y(
        "blasts:Q",
        scale=alt.Scale(type="log", domain=[data.floor, 100], nice=False, clamp=True),
        axis=alt.Axis(values=powers, labelExpr=f"{lookup} : ''", domain=False, ticks=False),
    )
    return x, y


def _in_days(data: Spider) -> bool:
    return max((point.day for line in data.lines for point in line.points), default=0) <= IN_DAYS


def _fits(step: int, span: float, unit: float) -> bool:
    """Steps of weeks on an axis of days, of months on one of months; at most a dozen ticks."""
    weeks = step in (7, 14, 28)
    return weeks == (unit == 1.0) and (span / step <= 12 or step == 60)


def _depth(data: Spider, blasts: float) -> float:
    """The height of a value as a share of the plot, from above."""
    floor = math.log10(data.floor)
    return 1 - (math.log10(blasts) - floor) / (2 - floor)


def _notes(data: Spider, reader: Reader) -> list[str]:
    said = [reader.say("spider_drawn", n=len(data.lines), of=data.infused, floor=f"{data.floor:g}")]
    if data.undrawn:
        said.append(reader.say("spider_undrawn", n=len(data.undrawn), subjects=data.undrawn))
    if data.inadequate:
        said.append(reader.say("spider_inadequate", n=data.inadequate))
    return [line for one in said for line in wrapped(one, _ROOM)]
