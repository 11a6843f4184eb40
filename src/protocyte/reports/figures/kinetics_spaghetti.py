"""Each subject's kinetics, twice: coloured by best response, and by the worst grade of CRS."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from markupsafe import Markup

from protocyte.analysis.kinetics.figures import CourseLine, CoursePanel, KineticsByResponse
from protocyte.reports.colours import GRADES, INK, OUT, SHAPES, SOFT, state_colour
from protocyte.reports.figures.kinetic_axes import days_axis, key, limit_line, log_axis, span
from protocyte.reports.vega import altair, caption, draw, styled, tip, values
from protocyte.reports.words import Reader, significant
from protocyte.study.model import Study

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 800, 230, 74, 66, 46, 26
CRS_COLOURS = {"none": "#3f7f93", "low": GRADES[2], "high": GRADES[4], "not_assessed": OUT}
Look = tuple[str, str, str]  # shape, colour, words


def kinetics_spaghetti_figure(data: KineticsByResponse, study: Study, reader: Reader) -> tuple[Markup, ...]:
    """Two panels an assay."""
    drawings = []
    for panel in data.panels:
        for by in ("response", "crs"):
            build = partial(kinetics_spaghetti_chart, panel, data.order, by, study.response.responses, reader)
            drawings.append(draw(build, reader.say(f"figure_kinetics_{by}")))
    return tuple(drawings)


def kinetics_spaghetti_chart(
    panel: CoursePanel, order: tuple[str, ...], by: str, responses: tuple[str, ...], reader: Reader
) -> Any:
    """`by` is `response` or `crs`."""
    alt = altair()
    looks = _looks(order, by, responses, reader)
    of: Callable[[CourseLine], str] = lambda line: line.best if by == "response" else line.crs  # noqa: E731
    points = [point for line in panel.lines for point in line.points]
    last = max(day for day, _, _ in points) * 1.04
    low, high = span([value for _, value, _ in points], panel.lloq)
    x, y = days_axis(last, WIDTH), log_axis("value", low, high)
    layers: list[Any] = limit_line(panel.lloq, y, low, high, WIDTH, HEIGHT)
    shown: list[tuple[str, str, str, bool]] = []
    for name, (shape, colour, words) in looks.items():
        lines = [line for line in panel.lines if of(line) == name]
        if lines:
            layers += _group(lines, shape, colour, x, y, panel, reader)
            shown.append((shape, colour, reader.say("kin_of_n", what=words, n=len(lines)), True))
    title = reader.say("kin_named", what=panel.title.in_(reader.language), more=reader.say(f"kin_by_{by}"))
    layers += [
        caption(title, -LEFT + 4, -34, color=INK, fontSize=12.5, fontWeight=600),
        *key([*shown, ("circle", SOFT, reader.say("kin_open"), False)], 0, -14),
        caption(panel.unit, -54, HEIGHT / 2, angle=270, align="center"),
        caption(reader.say("kin_axis_days"), WIDTH + 18, HEIGHT + 13),
    ]
    return styled(
        alt.layer(*layers), WIDTH, HEIGHT, {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM}
    )


def _looks(order: tuple[str, ...], by: str, responses: tuple[str, ...], reader: Reader) -> dict[str, Look]:
    if by == "response":
        return {
            name: (SHAPES[k % len(SHAPES)], state_colour(name, responses) if name in responses else OUT, name)
            for k, name in enumerate(order)
        }
    return {
        name: (SHAPES[k], colour, reader.say(f"kin_crs_{name}"))
        for k, (name, colour) in enumerate(CRS_COLOURS.items())
    }


def _group(
    lines: list[CourseLine], shape: str, colour: str, x: Any, y: Any, panel: CoursePanel, reader: Reader
) -> list[Any]:
    alt = altair()
    rows = [
        {
            "subject": line.subject,
            "day": day,
            "value": value,
            "below": below,
            "tip": _tip(panel, line, day, value, below, reader),
        }
        for line in lines
        for day, value, below in line.points
    ]
    path = alt.Chart(values(rows)).mark_line(
        color=colour, strokeWidth=1.4, opacity=0.8, interpolate="linear", aria=False
    )
    layers = [path.encode(x=x, y=y, detail=alt.Detail("subject:N"))]
    for below in (True, False):
        dots = alt.Chart(values([row for row in rows if row["below"] is below])).mark_point(
            shape=shape, size=34, fill="#ffffff" if below else colour, stroke=colour, strokeWidth=1.2, opacity=1,
        )  # fmt: skip
        layers.append(dots.encode(x=x, y=y, description=tip()))
    return layers


def _tip(panel: CoursePanel, line: CourseLine, day: int, value: float, below: bool, reader: Reader) -> str:
    what = f"{'< LLOQ ' + significant(panel.lloq) if below else significant(value)} {panel.unit}"
    return reader.say("tip_on_day", subject=line.subject, day=day, what=what)
