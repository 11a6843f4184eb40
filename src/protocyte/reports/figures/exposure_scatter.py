"""Peak against the dose infused and against marrow blasts before lymphodepletion, both on logarithmic axes."""

from __future__ import annotations

from functools import partial
from typing import Any

from markupsafe import Markup

from protocyte.analysis.kinetics.figures import Dot, ExposureScatter, ScatterPanel
from protocyte.reports.colours import INK, SOFT, level_colour, level_shape
from protocyte.reports.figures.kinetic_axes import key, limit_line, log_axis, span
from protocyte.reports.figures.notes import wrapped
from protocyte.reports.vega import altair, caption, draw, styled, tip, values
from protocyte.reports.words import Reader, significant
from protocyte.study.model import Study

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 800, 240, 74, 66, 46, 62


def exposure_scatter_figure(data: ExposureScatter, study: Study, reader: Reader) -> tuple[Markup, ...]:
    """Two panels an assay."""
    label = reader.say("figure_exposure_scatter")
    return tuple(
        draw(partial(exposure_scatter_chart, panel, data.levels, reader), label) for panel in data.panels
    )


def exposure_scatter_chart(panel: ScatterPanel, levels: tuple[str, ...], reader: Reader) -> Any:
    """`levels` are all of the ladder, for shapes and colours; those with a point are named."""
    alt = altair()
    x_low, x_high = span([dot.x for dot in panel.dots] or [1.0])
    low, high = span([dot.y for dot in panel.dots] or [panel.lloq], panel.lloq)
    x, y = log_axis("x", x_low, x_high, across=True), log_axis("value", low, high)
    layers: list[Any] = limit_line(panel.lloq, y, low, high, WIDTH, HEIGHT)
    shown: list[tuple[str, str, str, bool]] = []
    for number, level in enumerate(levels, start=1):
        dots = [dot for dot in panel.dots if dot.number == number]
        shape, colour = level_shape(number), level_colour(number)
        if dots:
            shown.append((shape, colour, reader.say("kin_of_n", what=level, n=len(dots)), True))
        groups = {
            open_: [dot for dot in dots if (dot.below or dot.bound) is open_] for open_ in (True, False)
        }
        layers += [
            _marks(group, shape, colour, open_, x, y, panel, reader) for open_, group in groups.items()
        ]
    against = reader.say(f"kin_against_{panel.x}")
    title = reader.say("kin_named", what=panel.title.in_(reader.language), more=against)
    note = reader.say("kin_scatter_note")
    if panel.without:
        note = f"{note} {reader.say(f'kin_without_{panel.x}', n=panel.without)}"
    lines = wrapped(note, 140)
    if not panel.dots:
        layers.append(caption(reader.say("kin_nobody_estimable"), 0, HEIGHT / 2))
    layers += [
        caption(title, -LEFT + 4, -34, color=INK, fontSize=12.5, fontWeight=600),
        *key([*shown, ("circle", SOFT, reader.say("kin_open_scatter"), False)], 0, -14),
        caption(f"Cmax ({panel.unit})", -54, HEIGHT / 2, angle=270, align="center"),
        caption(reader.say(f"kin_axis_{panel.x}", unit=panel.x_unit), WIDTH, HEIGHT + 32, align="right"),
        *(caption(line, -LEFT + 4, HEIGHT + 50 + 16 * k) for k, line in enumerate(lines)),
    ]
    padding = {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM + 16 * (len(lines) - 1)}
    return styled(alt.layer(*layers), WIDTH, HEIGHT, padding)


def _marks(
    dots: list[Dot], shape: str, colour: str, open_: bool, x: Any, y: Any, panel: ScatterPanel, reader: Reader
) -> Any:
    rows = [{"x": dot.x, "value": dot.y, "tip": _tip(dot, panel)} for dot in dots]
    mark = altair().Chart(values(rows)).mark_point(
        shape=shape, size=70, fill="#ffffff" if open_ else colour, stroke=colour, strokeWidth=1.5,
        opacity=0.9,
    )  # fmt: skip
    return mark.encode(x=x, y=y, description=tip())


def _tip(dot: Dot, panel: ScatterPanel) -> str:
    x = f"{'≤ ' if dot.bound else ''}{significant(dot.x)} {panel.x_unit}"
    y = f"{'< LLOQ ' + significant(panel.lloq) if dot.below else significant(dot.y)} {panel.unit}"
    return f"{dot.subject} · {dot.level} · {x} · Cmax {y}"
