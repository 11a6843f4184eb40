"""The swimmer plot: a lane a subject, coloured by the state the subject was in, with what happened when."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from protocyte.analysis.efficacy.swimmer import BEFORE, OTHER_THERAPY, RELAPSED, Stretch, Swim
from protocyte.reports.colours import ACCENT, DLT, INK, SOFT, level_colour, state_colour
from protocyte.reports.vega import altair, caption, draw, styled, tip, values
from protocyte.reports.words import Reader

WIDTH, LEFT, RIGHT, TOP, ROW, BETWEEN = 790, 128, 22, 8, 21, 12
MONTH = 30.4375

# Kind of mark: shape (a vega symbol or a path in a square from -1 to 1), colour, filled.
MARKS: dict[str, tuple[str, str, bool]] = {
    "reinfusion": ("triangle-up", ACCENT, True),
    "dlt": ("diamond", DLT, True),
    "mrd_negative": ("circle", "#ffffff", True),
    "relapse": ("triangle-down", DLT, True),
    "transplant": ("square", "#274b8f", True),
    "new_therapy": ("cross", "#6c4a9e", True),
    "death": ("M-.8,-.8L.8,.8M-.8,.8L.8,-.8", INK, False),
}


def swimmer_figure(lanes: tuple[Swim, ...], responses: tuple[str, ...], reader: Reader) -> Markup:
    """Lanes by level, the longest first; days after the first infusion, ticked in months."""
    return draw(lambda: swimmer_chart(lanes, responses, reader), reader.say("figure_swimmer"))


def swimmer_chart(lanes: tuple[Swim, ...], responses: tuple[str, ...], reader: Reader) -> Any:
    alt = altair()

    places, height = _places(lanes)
    x, y = _days(lanes), alt.Y("y:Q", scale=None, axis=None)
    layers: list[Any] = [_bars(lanes, places, responses, x, y, reader)]
    layers += [_points(lanes, places, kind, x, y, reader) for kind in MARKS]
    layers.append(_onward(lanes, places, x, y))
    layers += _labels(lanes, places)
    layers.append(caption(reader.say("months"), -10, height + 14, align="right"))
    padding = {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": 26}
    return styled(alt.layer(*layers), WIDTH, height, padding)


def _days(lanes: tuple[Swim, ...]) -> Any:
    """Days, ticked and told in months."""
    alt = altair()
    longest = max((lane.last for lane in lanes), default=0) or 1
    ticks = [month * MONTH for month in _ticks(longest)]
    axis = alt.Axis(values=ticks, labelExpr=f"round(datum.value / {MONTH})", tickSize=4)
    return alt.X("day:Q", scale=alt.Scale(domain=[0, longest], nice=False), axis=axis)


def _bars(
    lanes: tuple[Swim, ...], places: list[float], responses: tuple[str, ...], x: Any, y: Any, reader: Reader
) -> Any:
    alt = altair()
    rows = [
        {
            "day": one.start,
            "end": one.end,
            "y": place,
            "colour": state_colour(one.state, responses),
            "tip": _stretch(lane, one, reader),
        }
        for lane, place in zip(lanes, places, strict=True)
        for one in lane.stretches
    ]
    colour = alt.Color("colour:N", scale=None, legend=None)
    bars = alt.Chart(values(rows)).mark_bar(height=11)
    return bars.encode(x=x, x2=alt.X2("end:Q"), y=y, color=colour, description=tip())


def _onward(lanes: tuple[Swim, ...], places: list[float], x: Any, y: Any) -> Any:
    """An arrow behind the lane of whoever is still followed."""
    rows = [{"day": lane.last, "y": place} for lane, place in zip(lanes, places, strict=True) if lane.ongoing]
    mark = altair().Chart(values(rows)).mark_point(
        shape="triangle-right", filled=True, size=55, color=SOFT, opacity=1, xOffset=8, aria=False
    )  # fmt: skip
    return mark.encode(x=x, y=y)


def _stretch(lane: Swim, one: Stretch, reader: Reader) -> str:
    return reader.say(
        "tip_stretch", subject=lane.subject, level=lane.level, what=state_words(one.state, reader), start=one.start,
        end=one.end,
    )  # fmt: skip


def state_words(state: str, reader: Reader) -> str:
    """A response category as the study writes it; the states beside those in words."""
    return reader.say(f"state_{state}") if state in (BEFORE, RELAPSED, OTHER_THERAPY) else state


def _places(lanes: tuple[Swim, ...]) -> tuple[list[float], float]:
    """The height of each lane's middle, and of the whole; a little room between levels."""
    places, y = [], 0.0
    for k, lane in enumerate(lanes):
        if k and lane.level != lanes[k - 1].level:
            y += BETWEEN
        places.append(y + ROW / 2)
        y += ROW
    return places, max(y, ROW)


def _points(lanes: tuple[Swim, ...], places: list[float], kind: str, x: Any, y: Any, reader: Reader) -> Any:
    alt = altair()

    shape, colour, filled = MARKS[kind]
    rows = [
        {
            "day": mark.day,
            "y": y0,
            "tip": reader.say(
                "tip_on_day", subject=lane.subject, day=mark.day, what=reader.say(f"key_{kind}")
            ),
        }
        for lane, y0 in zip(lanes, places, strict=True)
        for mark in lane.marks
        if mark.kind == kind
    ]
    look: dict[str, Any] = (
        {"stroke": "#ffffff", "strokeWidth": 0.8} if filled else {"stroke": colour, "strokeWidth": 2}
    )
    if kind == "mrd_negative":
        look = {"stroke": "#1c6b50", "strokeWidth": 1.6}
    mark = alt.Chart(values(rows)).mark_point(
        shape=shape, size=80, fill=colour if filled else None, opacity=1, **look
    )
    return mark.encode(x=x, y=y, description=tip())


def _labels(lanes: tuple[Swim, ...], places: list[float]) -> list[Any]:
    """At the left of the lanes: the level with its colour, the subject, the best response."""
    alt = altair()

    def row(lane: Swim, y0: float, first: bool) -> dict[str, Any]:
        return {
            "y": y0, "subject": lane.subject, "best": lane.best, "level": lane.level if first else "",
            "colour": level_colour(lane.level_number),
        }  # fmt: skip

    firsts = [k == 0 or lane.level != lanes[k - 1].level for k, lane in enumerate(lanes)]
    data = values([row(*each) for each in zip(lanes, places, firsts, strict=True)])
    y = alt.Y("y:Q", scale=None, axis=None)
    base: dict[str, Any] = {"baseline": "middle", "fontSize": 11, "aria": False}

    def column(field: str, at: float, **look: Any) -> Any:
        mark = alt.Chart(data).mark_text(**(base | look))
        return mark.encode(x=alt.XValue(at), y=y, text=alt.Text(f"{field}:N"))

    strip = (
        alt.Chart(data)
        .mark_point(shape="square", size=150, filled=True, opacity=1, aria=False)
        .encode(x=alt.XValue(-89), y=y, color=alt.Color("colour:N", scale=None, legend=None))
    )
    return [
        strip,
        column("level", -126, align="left", fontWeight=600, color=INK),
        column("subject", -78, align="left", color=INK),
        column("best", -8, align="right", color=SOFT),
    ]


def _ticks(longest: float) -> list[int]:
    step = next(s for s in (1, 2, 3, 6, 12, 24, 60) if longest / MONTH / s <= 10 or s == 60)
    return list(range(0, int(longest / MONTH) + 1, step))
