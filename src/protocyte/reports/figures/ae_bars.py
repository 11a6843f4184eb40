"""Adverse events by term: a bar a term, its length the share of infused subjects, its parts their worst grades."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from protocyte.analysis.safety.ae_tables import AeBars
from protocyte.reports.colours import GRADES, INK, SOFT
from protocyte.reports.vega import altair, caption, draw, styled, tip, values
from protocyte.reports.words import Reader
from protocyte.study.model import Study

WIDTH, ROW, LEFT, RIGHT = 560, 22, 280, 90


def ae_bars_figure(data: AeBars, study: Study, reader: Reader) -> tuple[Markup, ...]:
    """Terms from the most frequent down, on an axis from 0 to 100 %."""
    return (draw(lambda: ae_bars_chart(data, reader), reader.say("figure_ae_bars")),)


def ae_bars_chart(data: AeBars, reader: Reader) -> Any:
    alt = altair()
    height = ROW * len(data.bars)
    x = alt.X(
        "start:Q",
        scale=alt.Scale(domain=[0, 100], nice=False),
        axis=alt.Axis(values=[0, 25, 50, 75, 100], format="d", tickSize=4),
    )
    scale = alt.Scale(domain=[0, len(data.bars)], reverse=True, nice=False)
    y = alt.Y("row:Q", scale=scale, axis=None)
    parts = _parts(data, reader)
    bars = alt.Chart(values(parts)).mark_bar(stroke="#ffffff", strokeWidth=0.6)
    layers = [
        bars.encode(
            x=x, x2=alt.X2("end:Q"), y=y, y2=alt.Y2("under:Q"), color=alt.Color("colour:N", scale=None),
            description=tip(),
        ),
        *_names(data),
        *_key(reader),
        caption(reader.say("percent_of_infused", n=data.infused), WIDTH, height + 30, align="right"),
    ]  # fmt: skip
    padding = {"left": LEFT, "right": RIGHT, "top": 34, "bottom": 44}
    return styled(alt.layer(*layers), WIDTH, height, padding)


def _parts(data: AeBars, reader: Reader) -> list[dict[str, Any]]:
    """The worst grades first, so that the severe begin at a common line and can be compared."""
    found = []
    for row, bar in enumerate(data.bars):
        start = 0.0
        for grade in (5, 4, 3, 2, 1):
            end = start + 100 * bar.counts[grade - 1] / data.infused
            if end > start:
                found.append(
                    {
                        "start": start,
                        "end": end,
                        "row": row + 0.16,
                        "under": row + 0.84,
                        "colour": GRADES[grade],
                        "tip": reader.say("tip_grade", term=bar.term, grade=grade, n=bar.counts[grade - 1]),
                    }
                )
            start = end
    return found


def _names(data: AeBars) -> list[Any]:
    layers = []
    for row, bar in enumerate(data.bars):
        middle, all_grades, severe = ROW * (row + 0.5), sum(bar.counts), sum(bar.counts[2:])
        layers.append(caption(_short(bar.term), -8, middle, align="right", color=INK))
        layers.append(caption(f"{all_grades} ({severe})", WIDTH + 10, middle, color=SOFT))
    return layers


def _short(term: str, most: int = 42) -> str:
    return term if len(term) <= most else term[: most - 1] + "…"


def _key(reader: Reader) -> list[Any]:
    alt = altair()
    layers = [caption(reader.say("worst_grade"), 0, -20)]
    for place, grade in enumerate((5, 4, 3, 2, 1)):
        x = 110 + 42 * place
        box = alt.Chart(values([{"g": grade}])).mark_point(
            shape="square", filled=True, size=110, color=GRADES[grade], opacity=1, aria=False
        )
        layers.append(box.encode(x=alt.XValue(x), y=alt.YValue(-20)))
        layers.append(caption(str(grade), x + 11, -20, color=INK))
    layers.append(caption(reader.say("subjects_severe"), WIDTH + RIGHT - 4, -20, align="right"))
    return layers
