"""A panel an endpoint: Kaplan and Meier's curve under what it counts, whom, and its median."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from protocyte.analysis.efficacy.survival import Curve
from protocyte.reports.colours import INK
from protocyte.reports.figures.survival import BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH, survival_layers
from protocyte.reports.vega import altair, caption, draw, styled
from protocyte.reports.words import Reader
from protocyte.study.model import Study

TOP = 76


def km_curves_figure(data: tuple[Curve, ...], study: Study, reader: Reader) -> tuple[Markup, ...]:
    """Event-free share from 0 to 1 against months, one panel a curve; `study` is for the catalogue's sake."""
    return tuple(
        draw(
            lambda curve=curve: km_chart(curve, reader),  # type: ignore[misc]
            f"{curve.title.in_(reader.language)}: {reader.say('figure_survival')}",
        )
        for curve in data
    )


def km_chart(curve: Curve, reader: Reader) -> Any:
    layers = [*survival_layers(curve, reader), *_head(curve, reader), y_title(reader.say("km_axis"))]
    if not curve.n:
        words = reader.say("nobody_counted")
        layers.append(caption(words, WIDTH / 2, 0.625 * HEIGHT, align="center", fontSize=13))
    padding = {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM}
    return styled(altair().layer(*layers), WIDTH, HEIGHT, padding)


def _head(curve: Curve, reader: Reader) -> list[Any]:
    title = reader.say(
        "km_title", title=curve.title.in_(reader.language), which=reader.text(curve.definition)
    )
    line = reader.say(
        "km_line", population=curve.population.in_(reader.language), n=curve.n, events=curve.events,
        median=reader.text(curve.median), follow_up=reader.text(curve.follow_up),
    )  # fmt: skip
    at = -LEFT + 8
    return [
        caption(reader.say("km_key"), WIDTH + RIGHT - 8, -TOP + 14, align="right"),
        caption(title, at, -TOP + 14, fontSize=14, fontWeight=600, color=INK),
        caption(reader.text(curve.told), at, -TOP + 34, fontSize=12),
        caption(line, at, -TOP + 52, fontSize=12),
    ]


def y_title(words: str, x: float = -52, height: float = HEIGHT) -> Any:
    """What the upright axis counts, written along it."""
    return caption(words, x, height / 2, align="center", angle=270)
