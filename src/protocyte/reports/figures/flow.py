"""The flow of subjects: boxes down the course, at the side those who went no further."""

from __future__ import annotations

from markupsafe import Markup

from protocyte.analysis.baseline.disposition import Flow, FlowStep
from protocyte.reports.svg import Drawing
from protocyte.reports.words import Reader

WIDTH, X, WIDE, SIDE_X, SIDE = 940, 130, 330, 540, 330
BOX, GAP, LINE = 36, 20, 19


def flow_figure(flow: Flow, reader: Reader) -> Markup:
    heights = [_room(step) for step in flow.steps]
    total = sum(heights) + 100
    drawing = Drawing(WIDTH, total, reader.say("figure_flow"))
    y = 2.0
    for step, height in zip(flow.steps, heights, strict=True):
        drawing.rect(X, y, WIDE, BOX, "box")
        drawing.text(X + 16, y + 23, reader.say(f"flow_{step.name}"), "flow")
        drawing.text(X + WIDE - 16, y + 23.5, step.count, "count", "end")
        middle = X + WIDE / 2
        drawing.arrow(middle, y + BOX, middle, y + height - 1, "arrow")
        _side(drawing, step, y + BOX + (height - BOX) / 2, reader)
        y += height
    _foot(drawing, flow, y, reader)
    return drawing.markup()


def _room(step: FlowStep) -> float:
    """The height of a step: its box, and below it room for those it loses."""
    return BOX + max(GAP, LINE * len(step.lost) + 22 if step.lost else 0)


def _side(drawing: Drawing, step: FlowStep, y: float, reader: Reader) -> None:
    if not step.lost:
        return
    height = LINE * len(step.lost) + 11
    drawing.arrow(X + WIDE / 2, y, SIDE_X - 1, y, "arrow")
    drawing.rect(SIDE_X, y - height / 2, SIDE, height, "box side")
    for k, lost in enumerate(step.lost):
        line = y - height / 2 + LINE * k + 19
        drawing.text(SIDE_X + 14, line, reader.text(lost.why), "flow" if lost.final else "flow soft")
        drawing.text(SIDE_X + SIDE - 14, line, lost.count, "count small-count", "end")


def _foot(drawing: Drawing, flow: Flow, y: float, reader: Reader) -> None:
    """Of the infused: who can be judged for a DLT, and where everybody stands."""
    answers = [("evaluable", flow.evaluable), ("not_evaluable", flow.not_evaluable), ("open", flow.open)]
    shown = [(name, count) for name, count in answers if count or name == "evaluable"]
    cells = [(reader.say(f"flow_dlt_{name}"), count) for name, count in shown]
    stands = [(reader.say(f"flow_{name}"), count) for name, count in flow.standing]
    _band(drawing, y, reader.say("flow_dlt"), cells)
    _band(drawing, y + 46, reader.say("flow_standing"), stands)


def _band(drawing: Drawing, y: float, title: str, cells: list[tuple[str, int]]) -> None:
    drawing.text(X - 12, y + 20, title, "small", "end")
    wide = min(WIDE, (WIDTH - X - 70) / max(len(cells), 1) - 8)
    for k, (name, count) in enumerate(cells):
        x = X + k * (wide + 8)
        drawing.rect(x, y, wide, 32, "box last")
        drawing.text(x + 14, y + 21, name, "flow")
        drawing.text(x + wide - 14, y + 21, count, "count", "end")
