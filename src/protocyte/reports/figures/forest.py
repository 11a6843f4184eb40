"""The forest plot: response rates of subgroups with their exact limits, beside the rate of everybody."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from protocyte.analysis.efficacy.subgroups import Forest, ForestLine
from protocyte.reports.colours import ACCENT, INK, SOFT
from protocyte.reports.figures.notes import wrapped
from protocyte.reports.vega import altair, caption, draw, styled, values
from protocyte.reports.words import Reader, fixed
from protocyte.study.model import Study

WIDTH, LEFT, RIGHT, TOP, ROW = 380, 340, 190, 44, 20
_INDENT, _LONGEST, _LINE, _ROOM = 14, 54, 16, 140


def forest_figure(data: Forest, study: Study, reader: Reader) -> tuple[Markup, ...]:
    """Rates from 0 to 100 %, one line a subgroup, the families under their headings."""
    return (draw(lambda: forest_chart(data, reader), reader.say("figure_forest")),)


def forest_chart(data: Forest, reader: Reader) -> Any:
    alt = altair()
    heads, places, height = _places(data)
    said = [reader.say("forest_unadjusted"), *(reader.text(note) for note in data.notes)]
    notes = [line for one in said for line in wrapped(one, _ROOM)]
    axis = reader.say("forest_rate", responses=" + ".join(data.responses))
    x = alt.X(
        "value:Q",
        scale=alt.Scale(domain=[0, 100], nice=False),
        axis=alt.Axis(values=[0, 25, 50, 75, 100], format="d", tickSize=4),
    )
    y = alt.Y("y:Q", scale=None, axis=None)
    drawn = [(line, place) for line, place in zip(data.lines, places, strict=True) if line.n]
    rows = [_row(line, place, data.lines[0].n) for line, place in drawn]
    limits = alt.Chart(values([row | {"value": row["lower"]} for row in rows]))
    limits = limits.mark_rule(color=INK, strokeWidth=1.4, aria=False)
    squares, diamonds = ([row for row in rows if row["all"] is whole] for whole in (False, True))
    square = alt.Chart(values(squares)).mark_point(
        shape="square", filled=True, color=ACCENT, opacity=1, aria=False
    )
    diamond = alt.Chart(values(diamonds)).mark_point(
        shape="diamond", filled=True, color=INK, size=170, opacity=1, aria=False
    )
    everybody = alt.Chart(values([{"value": row["value"]} for row in diamonds]))
    layers = [
        everybody.mark_rule(color=SOFT, strokeDash=[4, 4], aria=False).encode(x=x),
        limits.encode(x=x, x2=alt.X2("upper:Q"), y=y),
        square.encode(x=x, y=y, size=alt.Size("size:Q", scale=None, legend=None)),
        diamond.encode(x=x, y=y),
        *(caption(reader.text(head), -LEFT + 4, at, color=INK, fontWeight=600) for head, at in heads),
        *_words(data, places, reader),
        caption(axis, WIDTH / 2, height + 32, align="center"),
        caption(reader.say("forest_n"), WIDTH + 58, -16, align="right"),
        caption(reader.say("forest_limits"), WIDTH + 70, -16),
        *(caption(line, -LEFT + 4, height + 54 + _LINE * k) for k, line in enumerate(notes)),
    ]  # fmt: skip
    return styled(
        alt.layer(*layers),
        WIDTH,
        height,
        {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": 52 + _LINE * len(notes)},
    )


def _places(data: Forest) -> tuple[list[tuple[Any, float]], list[float], float]:
    """The height of each heading and of each line, and of the whole."""
    heads: list[tuple[Any, float]] = []
    places, y, family = [], 0.0, None
    for line in data.lines:
        if line.family is not None and line.family != family:
            heads.append((line.family, y + ROW * 0.9))
            y += ROW * 1.3
            family = line.family
        places.append(y + ROW / 2)
        y += ROW
    return heads, places, y + 4


def _row(line: ForestLine, place: float, everybody: int) -> dict[str, Any]:
    """In %; the area of a square grows with the subgroup."""
    assert line.estimate is not None and line.lower is not None and line.upper is not None  # noqa: PT018
    return {
        "value": 100 * line.estimate, "lower": 100 * line.lower, "upper": 100 * line.upper, "y": place,
        "size": max(400 * line.n / everybody, 12), "all": line.family is None,
    }  # fmt: skip


def _words(data: Forest, places: list[float], reader: Reader) -> list[Any]:
    layers = []
    for line, place in zip(data.lines, places, strict=True):
        whole = line.family is None
        look: dict[str, Any] = {"color": INK, "fontWeight": 600 if whole else 400}
        name = _short(reader.text(line.name))
        layers.append(caption(name, -LEFT + (4 if whole else 4 + _INDENT), place, **look))
        layers.append(caption(f"{line.responders}/{line.n}", WIDTH + 58, place, align="right", color=INK))
        layers.append(caption(_limits(line), WIDTH + 70, place, color=INK))
    return layers


def _limits(line: ForestLine) -> str:
    if line.estimate is None or line.lower is None or line.upper is None:
        return "–"
    return f"{fixed(100 * line.estimate)} ({fixed(100 * line.lower)}–{fixed(100 * line.upper)})"


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
