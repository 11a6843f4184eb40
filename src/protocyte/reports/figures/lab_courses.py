"""Counts, markers of inflammation and the liver: a thin line a subject, the median with its quartiles."""

from __future__ import annotations

import math
from typing import Any

from markupsafe import Markup

from protocyte.analysis.labs.courses import ALT_TIMES, BILIRUBIN_TIMES, LabCourses, LabPanel, Liver
from protocyte.reports.colours import ACCENT, AXIS, DLT, INK, SOFT, level_colour, level_shape
from protocyte.reports.figures.courses import courses
from protocyte.reports.figures.day_axis import day_axis, day_span, height_of, log_axis
from protocyte.reports.figures.km_curves import y_title
from protocyte.reports.figures.legend import Mark, Shape, legend
from protocyte.reports.figures.panels import joined
from protocyte.reports.vega import altair, caption, draw, styled, tip, values
from protocyte.reports.words import Reader
from protocyte.study.model import Study

WIDE, GAP = 940, 8
LEFT, RIGHT, TOP, BOTTOM = 56, 34, 28, 38
COUNTS = ("anc", "platelets")
# The lowest value an axis shows; lower ones, a zero too, are drawn on the axis as rings.
FLOORS = {"anc": 0.01, "platelets": 1.0}

# The symbols of levels as a legend calls them.
IN_LEGEND: dict[str, Shape] = {
    "circle": "dot", "square": "square", "diamond": "diamond", "triangle-up": "triangle", "triangle-down": "down",
}  # fmt: skip
LIVER_LEFT, LIVER_WIDTH, LIVER_HEIGHT = 64, 540, 330
MOST_NAMED = 16


def lab_courses_figure(data: LabCourses, study: Study, reader: Reader) -> tuple[Markup, ...]:
    """A drawing a count, one of the markers side by side, and the liver: those that were recorded."""
    drawings: list[Markup] = [_key(data, reader)] if data.panels else []
    width = WIDE - LEFT - RIGHT
    drawings += [_drawn(panel, width, 220, reader) for panel in data.panels if panel.test in COUNTS]
    markers = [panel for panel in data.panels if panel.test not in COUNTS]
    if markers:
        each = (WIDE - GAP * (len(markers) - 1)) / len(markers) - LEFT - RIGHT
        row = tuple(_drawn(panel, each, 200, reader) for panel in markers)
        drawings.append(joined((row,), reader.say("labs_figure_markers"), GAP))
    if data.liver:
        liver = ((_liver_key(data.liver, reader),), (_liver_drawing(data, reader),))
        drawings.append(joined(liver, reader.say("labs_liver"), GAP))
    return tuple(drawings)


def _key(data: LabCourses, reader: Reader) -> Markup:
    marks = [Mark("line", ACCENT, reader.say("labs_key_subject"))]
    if any(panel.middles for panel in data.panels):
        marks.append(Mark("line", INK, reader.say("labs_key_middle")))
    if any(panel.thresholds for panel in data.panels):
        marks.append(Mark("dash", DLT, reader.say("labs_key_threshold")))
    if any(
        value < _range(panel)[0] for panel in data.panels for line in panel.lines for _, value in line.points
    ):
        marks.append(Mark("ring", ACCENT, reader.say("labs_key_floor")))
    return legend(tuple(marks))


# --- results over time --------------------------------------------------------------------------------


def _drawn(panel: LabPanel, width: float, height: float, reader: Reader) -> Markup:
    return draw(lambda: course_chart(panel, width, height, reader), _name(panel, reader))


def _name(panel: LabPanel, reader: Reader) -> str:
    return reader.say("labs_named", what=reader.say(f"labs_{panel.test}"), unit=_unit(panel))


def _unit(panel: LabPanel) -> str:
    return panel.unit.replace("10^9", "10⁹")


def course_chart(panel: LabPanel, width: float, height: float, reader: Reader) -> Any:
    alt = altair()

    low, high = _range(panel)
    days = [day for line in panel.lines for day, _ in line.points]
    first, last = day_span(days)
    x, y = day_axis(first, last, width), log_axis("value", low, high, 2 if high / low > 1e7 else 1)
    rows = [
        {
            "subject": line.subject,
            "day": day,
            "value": max(value, low),
            "known": value >= low,
            "tip": reader.say("tip_on_day", subject=line.subject, day=day, what=f"{value:g} {_unit(panel)}"),
        }
        for line in panel.lines
        for day, value in line.points
    ]
    begin = alt.Chart(values([{"day": 0}])).mark_rule(color=AXIS, strokeWidth=1, aria=False)
    layers: list[Any] = [
        begin.encode(x=x),
        *_thresholds(panel, low, high, width, height, y),
        *courses(rows, x, y, ACCENT, size=10),
        *_middles(panel, low, x, y),
        caption(_name(panel, reader), 0, -14, color=INK, fontSize=12.5, fontWeight=600),
        caption(f"n = {len(panel.lines)}", width, -14, align="right"),
        caption(reader.say("days_after"), width, height + 29, align="right"),
    ]
    padding = {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM}
    return styled(alt.layer(*layers), width, height, padding)


def _range(panel: LabPanel) -> tuple[float, float]:
    """From the floor of a count, or just below a marker's lowest value, to just above the highest."""
    seen = [value for line in panel.lines for _, value in line.points if value > 0]
    most = max([*seen, *panel.thresholds], default=1.0)
    least = FLOORS.get(panel.test) or 10.0 ** math.floor(math.log10(min(seen, default=1.0)))
    return least, max(most * 1.3, least * 100)


def _thresholds(panel: LabPanel, low: float, high: float, width: float, height: float, y: Any) -> list[Any]:
    alt = altair()

    rule = alt.Chart(values([{"value": one} for one in panel.thresholds])).mark_rule(
        color=DLT, strokeDash=[5, 4], strokeWidth=1, aria=False
    )
    marks = [rule.encode(y=y)] if panel.thresholds else []
    for one in panel.thresholds:
        at = height_of(one, low, high, height)
        marks.append(caption(f"{one:g}", width + 4, at, color=DLT, fontSize=10))
    return marks


def _middles(panel: LabPanel, low: float, x: Any, y: Any) -> list[Any]:
    """Quartiles as a bar at each planned day: between the days nobody knows them."""
    alt = altair()

    if not panel.middles:
        return []
    rows = [
        {"day": m.day, "value": max(m.median, low), "lower": max(m.lower, low), "upper": max(m.upper, low)}
        for m in panel.middles
    ]
    data = alt.Chart(values(rows))
    bars = data.mark_rule(color=INK, strokeWidth=3, opacity=0.45, aria=False)
    line = data.mark_line(color=INK, strokeWidth=2, interpolate="linear", aria=False)
    dots = data.mark_point(filled=True, color=INK, size=26, opacity=1, shape="diamond", aria=False)
    spread = bars.encode(x=x, y=alt.Y("lower:Q"), y2=alt.Y2("upper:Q"))
    return [spread, line.encode(x=x, y=y), dots.encode(x=x, y=y)]


# --- the liver ----------------------------------------------------------------------------------------


def _liver_key(liver: tuple[Liver, ...], reader: Reader) -> Markup:
    levels = sorted({(one.level_number, one.level) for one in liver})
    marks = [
        Mark(IN_LEGEND.get(level_shape(number), "plus"), level_colour(number), level)
        for number, level in levels
    ]
    return legend((*marks, Mark("dash", DLT, reader.say("labs_key_hys"))))


def _liver_drawing(data: LabCourses, reader: Reader) -> Markup:
    return draw(lambda: liver_chart(data, reader), reader.say("labs_liver"))


def liver_chart(data: LabCourses, reader: Reader) -> Any:
    """Peak bilirubin against peak ALT, both in multiples of normal and on logarithmic axes."""
    alt = altair()

    width, height = LIVER_WIDTH, LIVER_HEIGHT
    low_x, high_x = _span([one.alt for one in data.liver])
    low_y, high_y = _span([one.bilirubin for one in data.liver])
    y = log_axis("bilirubin", low_y, high_y)
    x = alt.X(
        "alt:Q",
        scale=alt.Scale(type="log", domain=[low_x, high_x], nice=False),
        axis=alt.Axis(values=_powers(low_x, high_x), format="~r", grid=True, tickSize=4),
    )
    across = width - height_of(ALT_TIMES, low_x, high_x, width)
    up = height_of(BILIRUBIN_TIMES, low_y, high_y, height)
    look = {"color": DLT, "strokeDash": [5, 4], "strokeWidth": 1.1, "aria": False}
    layers: list[Any] = [
        alt.Chart(values([{"alt": ALT_TIMES}])).mark_rule(**look).encode(x=x),
        alt.Chart(values([{"bilirubin": BILIRUBIN_TIMES}])).mark_rule(**look).encode(y=y),
        *(_points(data.liver, number, x, y, (low_x, low_y), reader) for number in _numbers(data.liver)),
        *_named(data.liver, reader),
        caption(reader.say("labs_hys"), width - 6, 12, align="right", color=DLT),
        caption(reader.say("labs_cholestasis"), 6, 12),
        caption(reader.say("labs_temple"), width - 6, height - 12, align="right"),
        caption(f"{ALT_TIMES}", across + 4, height - 28, color=DLT, fontSize=10),
        caption(f"{BILIRUBIN_TIMES}", 6, up - 8, color=DLT, fontSize=10),
        caption(reader.say("labs_liver"), 0, -34, color=INK, fontSize=12.5, fontWeight=600),
        caption(reader.say("labs_liver_n", n=len(data.liver), of=data.n), 0, -16),
        caption(reader.say("labs_alt_axis"), width / 2, height + 32, align="center"),
        y_title(reader.say("labs_bilirubin_axis"), -42, height),
    ]  # fmt: skip
    padding = {"left": LIVER_LEFT, "right": WIDE - width - LIVER_LEFT, "top": 48, "bottom": 46}
    return styled(alt.layer(*layers), width, height, padding)


def _span(seen: list[float]) -> tuple[float, float]:
    """Around what was seen, and always around the lines of Hy's law."""
    least = min([0.1, *(value for value in seen if value > 0)])
    return 10.0 ** math.floor(math.log10(least) + 1e-9), max(10.0, *(value * 1.4 for value in seen))


def _powers(low: float, high: float) -> list[float]:
    return [
        10.0**power for power in range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high)) + 1)
    ]


def _numbers(liver: tuple[Liver, ...]) -> list[int]:
    return sorted({one.level_number for one in liver})


def _points(
    liver: tuple[Liver, ...], number: int, x: Any, y: Any, low: tuple[float, float], reader: Reader
) -> Any:
    alt = altair()

    rows = [
        {
            "alt": max(one.alt, low[0]),
            "bilirubin": max(one.bilirubin, low[1]),
            "tip": reader.say(
                "labs_hys_subject",
                subject=one.subject,
                level=one.level,
                alt=f"{one.alt:.1f}",
                bilirubin=f"{one.bilirubin:.1f}",
            ),
        }
        for one in liver
        if one.level_number == number
    ]
    colour = level_colour(number)
    mark = alt.Chart(values(rows)).mark_point(
        shape=level_shape(number), size=70, opacity=0.9, strokeWidth=1.4, fill=colour, stroke=colour
    )
    return mark.encode(x=x, y=y, description=tip())


def _named(liver: tuple[Liver, ...], reader: Reader) -> list[Any]:
    """Whoever lies in the range of Hy's law stands beside the plot, where names cannot cover each other."""
    found = sorted((one for one in liver if one.in_hys_range), key=lambda one: (-one.bilirubin, one.subject))
    at = LIVER_WIDTH + 24
    lines = [reader.say("labs_hys_none")] if not found else [reader.say("labs_hys_listed", n=len(found))]
    lines += [
        reader.say(
            "labs_hys_subject", subject=one.subject, level=one.level, alt=f"{one.alt:.1f}",
            bilirubin=f"{one.bilirubin:.1f}",
        )
        for one in found[:MOST_NAMED]
    ]  # fmt: skip
    if len(found) > MOST_NAMED:
        lines.append(reader.say("labs_hys_more", n=len(found) - MOST_NAMED))
    return [caption(words, at, 12 + 18 * k, color=INK if k == 0 else SOFT) for k, words in enumerate(lines)]
