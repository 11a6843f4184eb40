"""Geometric mean kinetics: a line a dose level with 95 % limits, and below it how many values each mean is of."""

from __future__ import annotations

from functools import partial
from typing import Any

from markupsafe import Markup

from protocyte.analysis.kinetics.figures import KineticsMean, MeanLine, MeanPanel
from protocyte.reports.colours import INK, SOFT, level_colour, level_shape
from protocyte.reports.figures.kinetic_axes import days_axis, key, limit_line, log_axis, place, span
from protocyte.reports.figures.notes import wrapped
from protocyte.reports.vega import altair, caption, draw, styled, values
from protocyte.reports.words import Reader
from protocyte.study.model import Study

WIDTH, HEIGHT, LEFT, RIGHT, TOP = 800, 260, 74, 66, 46
_ASIDE, _ROW, _LINE, _ROOM = (
    5,
    16,
    16,
    140,
)  # pixels between levels of one day, rows of counts, lines of notes


def kinetics_mean_figure(data: KineticsMean, study: Study, reader: Reader) -> tuple[Markup, ...]:
    """A panel an assay."""
    label = reader.say("figure_kinetics_mean")
    return tuple(draw(partial(kinetics_mean_chart, panel, reader), label) for panel in data.panels)


def kinetics_mean_chart(panel: MeanPanel, reader: Reader) -> Any:
    alt = altair()
    points = [point for line in panel.lines for point in line.points]
    days = tuple(sorted({0, *(point.day for point in points)}))
    last = max(days) * 1.06
    x = days_axis(last, WIDTH, days)
    ends = [v for point in points for v in (point.mean, point.lower, point.upper) if v is not None]
    low, high = span(ends, panel.lloq)
    y = log_axis("value", low, high)
    layers: list[Any] = limit_line(panel.lloq, y, low, high, WIDTH, HEIGHT)
    for place_in_day, line in enumerate(panel.lines):
        aside = _ASIDE * (place_in_day - (len(panel.lines) - 1) / 2)
        layers += _line(line, x, y, aside)
    layers += _counts(panel, last, reader)
    title = panel.title.in_(reader.language)
    marks = [(level_shape(one.number), level_colour(one.number), one.level, True) for one in panel.lines]
    foot = HEIGHT + 54 + _ROW * len(panel.lines)
    lines = wrapped(reader.say("kin_mean_note"), _ROOM)
    layers += [
        caption(title, -LEFT + 4, -34, color=INK, fontSize=12.5, fontWeight=600),
        *key([*marks, ("circle", SOFT, reader.say("kin_open_mean"), False)], 0, -14),
        caption(reader.say("kin_axis_mean", unit=panel.unit), -54, HEIGHT / 2, angle=270, align="center"),
        caption(reader.say("kin_axis_days"), WIDTH + 18, HEIGHT + 13),
        *(caption(words, -LEFT + 4, foot + _LINE * k) for k, words in enumerate(lines)),
    ]
    padding = {
        "left": LEFT,
        "right": RIGHT,
        "top": TOP,
        "bottom": 54 + _ROW * len(panel.lines) + _LINE * len(lines),
    }
    return styled(alt.layer(*layers), WIDTH, HEIGHT, padding)


def _line(line: MeanLine, x: Any, y: Any, aside: float) -> list[Any]:
    """Levels of one day stand a little aside of each other, so that their limits can be told apart."""
    alt = altair()
    colour, shape = level_colour(line.number), level_shape(line.number)
    rows = [
        {"day": p.day, "value": p.mean, "lower": p.lower, "upper": p.upper, "below": p.below > 0}
        for p in line.points
    ]
    path = alt.Chart(values(rows)).mark_line(
        color=colour, strokeWidth=1.6, interpolate="linear", xOffset=aside, aria=False
    )
    limits = [
        {"day": p.day, "value": p.lower, "upper": p.upper}
        for p in line.points
        if None not in (p.lower, p.upper)
    ]
    bars = alt.Chart(values(limits)).mark_rule(color=colour, strokeWidth=1.1, xOffset=aside, aria=False)
    layers = [bars.encode(x=x, y=y, y2=alt.Y2("upper:Q")), path.encode(x=x, y=y)]
    for below in (False, True):
        dots = alt.Chart(values([row for row in rows if row["below"] is below])).mark_point(
            shape=shape, size=52, fill="#ffffff" if below else colour, stroke=colour, strokeWidth=1.5, opacity=1,
            xOffset=aside, aria=False,
        )  # fmt: skip
        layers.append(dots.encode(x=x, y=y))
    return layers


def _counts(panel: MeanPanel, last: float, reader: Reader) -> list[Any]:
    """Under each day, by level: values in the mean, and after a slash those of them below the limit."""
    alt = altair()
    layers: list[Any] = [caption(reader.say("kin_counts"), -LEFT + 4, HEIGHT + 30, fontSize=10)]
    for row, line in enumerate(panel.lines):
        y = HEIGHT + 46 + _ROW * row
        rows = [
            {"x": place(p.day, last, WIDTH), "t": f"{p.n}/{p.below}" if p.below else f"{p.n}"}
            for p in line.points
        ]
        mark = alt.Chart(values(rows)).mark_text(fontSize=10, color=INK, baseline="middle", aria=False)
        layers.append(
            mark.encode(x=alt.X("x:Q", scale=None, axis=None), y=alt.YValue(y), text=alt.Text("t:N"))
        )
        layers.append(caption(line.level, -12, y, align="right", color=level_colour(line.number)))
    return layers
