"""Exposure by response, CRS and ICANS: every subject a point, the geometric mean a line, a box from five up."""

from __future__ import annotations

from functools import partial
from typing import Any

from markupsafe import Markup

from protocyte.analysis.kinetics.figures import Box, BoxPanel, ExposureBoxes
from protocyte.reports.colours import ACCENT, AXIS, CLEAR, DLT, GRADES, INK, OUT, SOFT
from protocyte.reports.figures.kinetic_axes import log_axis, span
from protocyte.reports.figures.notes import wrapped
from protocyte.reports.vega import altair, caption, draw, styled, tip, values
from protocyte.reports.words import Reader, significant
from protocyte.study.model import Study

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 820, 240, 74, 30, 54, 76
COLOURS = {
    "responder": CLEAR, "non_responder": DLT, "not_evaluable": OUT, "none": "#3f7f93", "low": GRADES[2],
    "high": GRADES[4], "not_assessed": OUT,
}  # fmt: skip
SHAPES = {
    "responder": "circle",
    "non_responder": "square",
    "none": "circle",
    "low": "diamond",
    "high": "triangle-up",
}
_GAP, _HALF, _WIDEST = 36, 26, 7  # pixels between blocks, half a mean's line, points side by side in a group


def exposure_boxes_figure(data: ExposureBoxes, study: Study, reader: Reader) -> tuple[Markup, ...]:
    """A panel an assay and exposure, of those anybody has."""
    label = reader.say("figure_exposure_boxes")
    return tuple(draw(partial(exposure_boxes_chart, panel, reader), label) for panel in data.panels)


def exposure_boxes_chart(panel: BoxPanel, reader: Reader) -> Any:
    alt = altair()
    numbers = [value for block in panel.blocks for box in block.boxes for _, value in box.values]
    title = reader.say("kin_named", what=panel.title.in_(reader.language), more=reader.text(panel.exposure))
    notes = wrapped(reader.say("kin_boxes_note"), 140)
    layers: list[Any] = [
        caption(title, -LEFT + 4, -40, color=INK, fontSize=12.5, fontWeight=600),
        *(caption(line, -LEFT + 4, HEIGHT + 64 + 16 * k) for k, line in enumerate(notes)),
    ]
    if not numbers:
        layers.append(caption(reader.say("kin_nobody_estimable"), 0, HEIGHT / 2))
    low, high = span(numbers or [1.0])
    y = log_axis("value", low, high)
    frame = alt.Chart(values([{"value": low}])).mark_rule(color=AXIS, aria=False)
    layers.append(frame.encode(y=y))
    slots = sum(len(block.boxes) for block in panel.blocks)
    step = (WIDTH - _GAP * (len(panel.blocks) - 1)) / max(slots, 1)
    x = 0.0
    for block in panel.blocks:
        wide = step * len(block.boxes)
        layers.append(
            caption(reader.text(block.name), x + wide / 2, -16, align="center", color=INK, fontWeight=600)
        )
        for box in block.boxes:
            middle = x + step / 2
            layers += [
                *_box(middle, min(_HALF, step / 3), box, y),
                *_points(box, middle, y, reader.text(panel.exposure)),
                caption(reader.text(box.name), middle, HEIGHT + 14, align="center", color=INK),
                *_count(box, middle, reader),
            ]
            x += step
        x += _GAP
    padding = {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM + 16 * (len(notes) - 1)}
    return styled(alt.layer(*layers), WIDTH, HEIGHT, padding)


def _count(box: Box, middle: float, reader: Reader) -> list[Any]:
    """Two short lines: with eleven groups side by side there is no room for one long."""
    said = [
        f"n = {len(box.values)}",
        *([reader.say("kin_box_without", n=box.without)] if box.without else []),
    ]
    return [
        caption(line, middle, HEIGHT + 30 + 13 * k, align="center", fontSize=10)
        for k, line in enumerate(said)
    ]


def _box(middle: float, half: float, box: Box, y: Any) -> list[Any]:
    alt = altair()
    layers: list[Any] = []
    x, x2 = alt.X("x:Q", scale=None, axis=None), alt.X2("end:Q")
    ends = {"x": middle - half, "end": middle + half}
    if box.quartiles is not None:
        lower, median, upper = box.quartiles
        area = alt.Chart(values([ends | {"value": lower, "upper": upper}])).mark_rect(
            fill="#eef2f4", stroke=AXIS, strokeWidth=1, aria=False
        )
        layers.append(area.encode(x=x, x2=x2, y=y, y2=alt.Y2("upper:Q")))
        line = alt.Chart(values([ends | {"value": median}])).mark_rule(
            color=SOFT, strokeDash=[3, 3], aria=False
        )
        layers.append(line.encode(x=x, x2=x2, y=y))
    if box.mean is not None:
        bold = alt.Chart(values([ends | {"value": box.mean}])).mark_rule(
            color=ACCENT, strokeWidth=2.6, aria=False
        )
        layers.append(bold.encode(x=x, x2=x2, y=y))
    return layers


def _points(box: Box, middle: float, y: Any, exposure: str) -> list[Any]:
    """Side by side in the order of subjects: the same places every time, and nobody hides another."""
    alt = altair()
    rows = [
        {
            "x": middle + 6 * (k % _WIDEST - (min(len(box.values), _WIDEST) - 1) / 2),
            "value": value,
            "tip": f"{subject}, {exposure}: {significant(value)}",
        }
        for k, (subject, value) in enumerate(box.values)
    ]
    mark = alt.Chart(values(rows)).mark_point(
        shape=SHAPES.get(box.colour, "cross"), size=58, fill=COLOURS[box.colour], stroke=INK, strokeWidth=0.6,
        opacity=0.9,
    )  # fmt: skip
    return [mark.encode(x=alt.X("x:Q", scale=None, axis=None), y=y, description=tip())]
