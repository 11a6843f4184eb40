"""The waterfall: a bar a subject, its length the best change in marrow blasts, its colour the best response."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import Any

from markupsafe import Markup

from protocyte.analysis.efficacy.blasts import THRESHOLD, Bar, Waterfall
from protocyte.reports.colours import AXIS, DLT, INK, PAPER, SOFT, state_colour
from protocyte.reports.figures.notes import wrapped
from protocyte.reports.vega import altair, caption, draw, styled, tip, values
from protocyte.reports.words import Reader
from protocyte.study.model import Study

WIDTH, HEIGHT, LEFT, RIGHT = 840, 300, 70, 20
WIDEST, MOST = 60, 60  # pixels a bar, bars a panel
CAP = 100.0  # % increase; a longer bar is cut there and its value written
_LINE, _ROOM = 16, 140
_TURNED = 30  # pixels: on narrower bars words stand upright  # pixels a line of the notes, letters in one


def waterfall_figure(data: Waterfall, study: Study, reader: Reader) -> tuple[Markup, ...]:
    """Bars from the greatest increase to the greatest fall, all panels on one scale; under them who has none."""
    label, responses = reader.say("figure_waterfall"), study.response.responses
    parts = [data.bars[k : k + MOST] for k in range(0, len(data.bars), MOST)] or [()]
    drawings = []
    for number, bars in enumerate(parts, start=1):
        last = number == len(parts)
        drawings.append(draw(partial(waterfall_chart, data, bars, responses, reader, notes=last), label))
    return tuple(drawings)


def waterfall_chart(
    data: Waterfall, bars: tuple[Bar, ...], responses: tuple[str, ...], reader: Reader, notes: bool = True
) -> Any:
    """One panel. `responses` are the study's own, for the colours."""
    alt = altair()
    step, top = min(WIDEST, WIDTH / max(len(bars), 1)), _top(data)
    head = _head(bars, step)
    y = alt.Y(
        "change:Q",
        scale=alt.Scale(domain=[-100, top], nice=False),
        axis=alt.Axis(values=[v for v in (-100, -75, -50, -25, 0, 20, 50, 100) if v <= top], format="d"),
    )
    rows = [_row(bar, place, step, responses, reader) for place, bar in enumerate(bars)]
    drawn = alt.Chart(values(rows)).mark_bar(width=step * 0.76, strokeWidth=1)
    layers: list[Any] = [
        drawn.encode(
            x=alt.X("x:Q", scale=None, axis=None), y=y, y2=alt.Y2("zero:Q"),
            color=alt.Color("colour:N", scale=None, legend=None), stroke=alt.Stroke("edge:N", scale=None, legend=None),
            description=tip(),
        ),
        alt.Chart(values([{"change": 0.0}])).mark_rule(color=AXIS, aria=False).encode(y=y),
        *_dashes([{"x": 0.0, "end": float(WIDTH), "change": -50.0}], y, INK),
        *_dashes(_threshold(bars, step), y, DLT),
        *_said(rows, step, top),
        *_below(bars, rows, step, reader),
        *_key(data, responses, reader, head),
        caption(reader.say("waterfall_axis"), -44, HEIGHT / 2, angle=270, align="center"),
    ]  # fmt: skip
    foot = HEIGHT + 34 + _names_height(bars)
    lines = _notes(data, reader) if notes else []
    layers += [caption(line, -44, foot + _LINE * k) for k, line in enumerate(lines)]
    padding = {
        "left": LEFT,
        "right": RIGHT,
        "top": int(head + 34),
        "bottom": int(foot - HEIGHT + _LINE * len(lines) + 4),
    }
    return styled(alt.layer(*layers), WIDTH, HEIGHT, padding)


def _top(data: Waterfall) -> float:
    """The upper end of the axis: no more than the bars need, and never beyond the cap."""
    most = max((bar.change for bar in data.bars), default=0.0)
    return next((end for end in (20.0, 50.0) if most <= end), CAP)


def _head(bars: tuple[Bar, ...], step: float) -> float:
    """The room that the words over the highest bars need above the plot."""
    cut = [f"{bar.best} +{bar.change:.0f} %" for bar in bars if bar.change > CAP]
    if step >= _TURNED or not cut:
        return 44 if cut else 36
    return 16 + 6.2 * max(len(words) for words in cut)


def _row(bar: Bar, place: int, step: float, responses: tuple[str, ...], reader: Reader) -> dict[str, Any]:
    colour = state_colour(bar.best, responses)
    capped = bar.change > CAP
    return {
        "x": step * (place + 0.5), "change": min(bar.change, CAP), "zero": 0.0, "colour": colour,
        "tip": reader.say(
            "tip_blasts", subject=bar.subject, level=bar.level, baseline=f"{bar.baseline:g}",
            lowest=f"{bar.bound}{bar.lowest:g}", day=bar.day, change=f"{bar.change:+.0f}", best=bar.best,
        ),
        "edge": INK if bar.best not in responses else colour, "best": bar.best,
        "value": f"+{bar.change:.0f} %" if capped else "",
        "subject": f"{bar.subject}{' *' if bar.extramedullary else ''}{' †' if bar.bound else ''}",
    }  # fmt: skip


def _threshold(bars: tuple[Bar, ...], step: float) -> list[dict[str, Any]]:
    """Where 5 % blasts lie in each bar: the fewer there were, the smaller a fall leads there."""
    return [
        {"x": step * place, "end": step * (place + 1), "change": 100 * (THRESHOLD / bar.baseline - 1)}
        for place, bar in enumerate(bars)
    ]


def _dashes(rows: list[dict[str, Any]], y: Any, colour: str) -> list[Any]:
    """Dashed lines that are seen on the bars too: on a white one each."""
    alt = altair()
    base, x = alt.Chart(values(rows)), alt.X("x:Q", scale=None, axis=None)
    looks: list[dict[str, Any]] = [
        {"color": PAPER, "strokeWidth": 2.8},
        {"color": colour, "strokeWidth": 1.3, "strokeDash": [4, 3]},
    ]
    return [base.mark_rule(aria=False, **look).encode(x=x, x2=alt.X2("end:Q"), y=y) for look in looks]


def _said(rows: list[dict[str, Any]], step: float, top: float) -> list[Any]:
    """The best response over each bar, and the value of a bar that is cut."""
    alt = altair()
    for row in rows:
        row["over"] = HEIGHT * (top - max(row["change"], 0.0)) / (top + 100) - 6
        row["both"] = f"{row['best']} {row['value']}".strip()
        row["higher"] = row["over"] - 13
    x = alt.X("x:Q", scale=None, axis=None)
    look: dict[str, Any] = {"fontSize": 10, "color": INK, "aria": False}
    base = alt.Chart(values(rows))
    if step < _TURNED:
        turned = base.mark_text(angle=270, align="left", baseline="middle", **look)
        return [turned.encode(x=x, y=alt.Y("over:Q", scale=None, axis=None), text=alt.Text("both:N"))]
    level = base.mark_text(align="center", baseline="bottom", **look)
    valued = alt.Chart(values([row for row in rows if row["value"]]))
    cut = valued.mark_text(align="center", baseline="bottom", **(look | {"color": DLT, "fontSize": 9.5}))
    return [
        level.encode(x=x, y=alt.Y("over:Q", scale=None, axis=None), text=alt.Text("best:N")),
        cut.encode(x=x, y=alt.Y("higher:Q", scale=None, axis=None), text=alt.Text("value:N")),
    ]


def _below(bars: tuple[Bar, ...], rows: list[dict[str, Any]], step: float, reader: Reader) -> list[Any]:
    """Under the axis: a dot for whoever reached less than 5 % blasts, and the subjects."""
    alt = altair()
    x = alt.X("x:Q", scale=None, axis=None)
    reached = [row for row, bar in zip(rows, bars, strict=True) if bar.reached]
    dots = alt.Chart(values(reached)).mark_point(
        shape="circle", filled=True, size=34, color=INK, opacity=1, aria=False
    )
    names = alt.Chart(values(rows)).mark_text(
        angle=270, align="right", baseline="middle", fontSize=min(10.5, step * 0.85), color=SOFT, aria=False
    )
    return [
        dots.encode(x=x, y=alt.YValue(HEIGHT + 15)),
        caption("< 5 %", -10, HEIGHT + 15, align="right"),
        names.encode(x=x, y=alt.YValue(HEIGHT + 25), text=alt.Text("subject:N")),
    ]


def _names_height(bars: tuple[Bar, ...]) -> float:
    return (
        7 * max((len(bar.subject) + 4 * bool(bar.extramedullary or bar.bound) for bar in bars), default=0) + 8
    )


def _key(data: Waterfall, responses: tuple[str, ...], reader: Reader, head: float) -> list[Any]:
    """The categories there are, best first, each with its colour; and what the marks mean."""
    alt = altair()
    seen = {bar.best for bar in data.bars}
    layers, x = [], 0.0
    for category in (one for one in data.order if one in seen):
        colour = state_colour(category, responses)
        edge = INK if category not in responses else colour
        box = alt.Chart(values([{"c": category}])).mark_point(
            shape="square", size=110, fill=colour, stroke=edge, strokeWidth=1, opacity=1, aria=False
        )
        layers.append(box.encode(x=alt.XValue(x + 6), y=alt.YValue(-head - 18)))
        layers.append(caption(category, x + 17, -head - 18, color=INK))
        x += 30 + 8 * len(category)
    return [*layers, caption(reader.say("waterfall_marks"), 0, -head)]


def _notes(data: Waterfall, reader: Reader) -> list[str]:
    """How many are drawn, and by reason who is not: a subject without a change is no subject without change."""
    said = [reader.say("waterfall_drawn", n=len(data.bars), of=data.infused)]
    missing = sorted(data.undrawn, key=lambda one: one.reason)
    for reason, group in groupby(missing, key=lambda one: one.reason):
        subjects = tuple(one.subject for one in group)
        said.append(
            reader.say(
                "waterfall_undrawn", n=len(subjects), subjects=subjects, why=reader.say(f"wf_{reason}")
            )
        )
    return [line for one in said for line in wrapped(one, _ROOM)]
