"""The share of infused subjects in each state over time, stacked to 1, with the counts below in its order."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from protocyte.analysis.efficacy.occupancy import DEAD, UNFOLLOWED, Occupancy
from protocyte.analysis.efficacy.survival import MONTH
from protocyte.analysis.efficacy.swimmer import BEFORE, OTHER_THERAPY, RELAPSED
from protocyte.reports.colours import AXIS, INK, PAPER, state_colour
from protocyte.reports.figures.km_curves import y_title
from protocyte.reports.vega import altair, caption, draw, styled, values
from protocyte.reports.words import Reader
from protocyte.study.model import Study

WIDTH, HEIGHT, LEFT, RIGHT, TOP, ROW = 690, 320, 226, 22, 12, 20
LEAST_HEIGHT, LEAST_WIDTH = 15, 14  # pixels a number needs inside its area

_WORDED = (BEFORE, RELAPSED, OTHER_THERAPY, DEAD, UNFOLLOWED)


def occupancy_figure(data: Occupancy, study: Study, reader: Reader) -> tuple[Markup, ...]:
    """Areas from 0 to 1 against months since the infusion; their numbers tell them apart without colours."""
    responses = study.response.responses
    return (draw(lambda: occupancy_chart(data, responses, reader), reader.say("figure_occupancy")),)


def occupancy_chart(data: Occupancy, responses: tuple[str, ...], reader: Reader) -> Any:
    alt = altair()

    x = alt.X(
        "day:Q",
        scale=alt.Scale(domain=[0, data.last + 1], nice=False),
        axis=alt.Axis(
            values=[tick * MONTH for tick in data.ticks],
            labelExpr=f"round(datum.value / {MONTH})",
            grid=False,
            tickSize=5,
        ),
    )
    y = alt.Y(
        "low:Q",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".2f", domain=False, ticks=False),
    )
    edges = _edges(data)
    layers: list[Any] = [
        _area(data, place, edges, x, y, _colour(state, responses)) for place, state in enumerate(data.states)
    ]
    layers += [
        _number(data, place, edges, x, y, _on(_colour(state, responses)))
        for place, state in enumerate(data.states)
    ]
    layers += _counts(data, responses, reader)
    layers.append(caption(reader.say("months"), -12, HEIGHT + 14, align="right"))
    layers.append(y_title(reader.say("occ_axis", n=data.n), -48, HEIGHT))
    padding = {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": 44 + ROW * len(data.states)}
    return styled(alt.layer(*layers), WIDTH, HEIGHT, padding)


def _edges(data: Occupancy) -> list[list[float]]:
    """The height below each state on each of the days, and at last the whole."""
    heights = [[0.0] * len(data.days)]
    for row in data.counts:
        heights.append([under + count / data.n for under, count in zip(heights[-1], row, strict=True)])
    return heights


def _area(data: Occupancy, place: int, edges: list[list[float]], x: Any, y: Any, colour: str) -> Any:
    """A day lasts until the next one begins, so the last one is drawn to its end."""
    alt = altair()

    days = (*data.days, data.last + 1)
    low, high = ([*edges[k], edges[k][-1]] for k in (place, place + 1))
    rows = [{"day": d, "low": a, "high": b} for d, a, b in zip(days, low, high, strict=True)]
    mark = alt.Chart(values(rows)).mark_area(
        interpolate="step-after", color=colour, stroke=PAPER, strokeWidth=0.7, opacity=1, aria=False
    )
    return mark.encode(x=x, y=y, y2=alt.Y2("high:Q"))


def _number(data: Occupancy, place: int, edges: list[list[float]], x: Any, y: Any, ink: str) -> Any:
    """The state's number where its area is largest, if it fits there."""
    alt = altair()

    days = (*data.days, data.last + 1)
    found = []
    for k in range(len(data.days)):
        wide = (days[k + 1] - days[k]) / (data.last + 1) * WIDTH
        high = (edges[place + 1][k] - edges[place][k]) * HEIGHT
        if high >= LEAST_HEIGHT and wide >= LEAST_WIDTH:
            middle = (edges[place][k] + edges[place + 1][k]) / 2
            found.append((high * wide, -k, {"day": (days[k] + days[k + 1]) / 2, "low": middle}))
    rows = [max(found, key=lambda one: one[:2])[2] | {"number": str(place + 1)}] if found else []
    mark = alt.Chart(values(rows)).mark_text(
        fontSize=11, color=ink, baseline="middle", fontWeight=600, aria=False
    )
    return mark.encode(x=x, y=y, text=alt.Text("number:N"))


def _on(colour: str) -> str:
    """What can be read on a colour: white on the dark ones (weights of Rec. ITU-R BT.601)."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return PAPER if 0.299 * red + 0.587 * green + 0.114 * blue < 128 else INK


def _counts(data: Occupancy, responses: tuple[str, ...], reader: Reader) -> list[Any]:
    """A row a state in the order of the stack, the topmost first: number, name, and counts at each tick."""
    alt = altair()

    x = alt.X("day:Q")
    layers: list[Any] = []
    for line, place in enumerate(reversed(range(len(data.states)))):
        state, y = data.states[place], HEIGHT + 46 + ROW * line
        colour = _colour(state, responses)
        box = alt.Chart(values([{}])).mark_point(
            shape="square", size=230, filled=True, fill=colour, stroke=AXIS,
            strokeWidth=0.8, opacity=1, aria=False,
        )  # fmt: skip
        layers.append(box.encode(x=alt.XValue(-LEFT + 16), y=alt.YValue(y)))
        layers.append(
            caption(str(place + 1), -LEFT + 16, y, align="center", color=_on(colour), fontWeight=600)
        )
        layers.append(caption(_name(state, reader), -LEFT + 32, y, color=INK))
        rows = [
            {"day": tick * MONTH, "n": str(count)}
            for tick, count in zip(data.ticks, data.at_ticks[place], strict=True)
        ]
        mark = alt.Chart(values(rows)).mark_text(fontSize=12, color=INK, baseline="middle", aria=False)
        layers.append(mark.encode(x=x, y=alt.YValue(y), text=alt.Text("n:N")))
    return layers


def _name(state: str, reader: Reader) -> str:
    return reader.say(f"occ_{state}") if state in _WORDED else state


def _colour(state: str, responses: tuple[str, ...]) -> str:
    if state == DEAD:
        return "#4a5560"
    return PAPER if state == UNFOLLOWED else state_colour(state, responses)
