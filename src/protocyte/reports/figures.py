"""The report's figures, each a function from results to a drawing."""

from __future__ import annotations

import math
from collections.abc import Callable

from markupsafe import Markup

from protocyte.analysis.disposition import Flow
from protocyte.analysis.escalation import Step
from protocyte.analysis.kinetics import Profile
from protocyte.analysis.response import Swim
from protocyte.analysis.survival import Curve
from protocyte.analysis.toxicity import LAST_DAY, Strip
from protocyte.reports.svg import Drawing

Say = Callable[..., str]
Point = tuple[float, float]
Placing = Callable[[float, float], Point]
WIDTH = 920


def escalation_path(steps: tuple[Step, ...], labels: tuple[str, ...], say: Say) -> Markup:
    """Cohorts from left to right at the height of their level; a filled dot is a DLT."""
    cohorts = [step for step in steps if step.outcomes or step.cohort]
    row, left, top = 58, 64, 18
    height = top + row * len(labels) + 34
    drawing = Drawing(WIDTH, height, say("figure_escalation"))
    for index, label in enumerate(labels):
        y = top + row * (len(labels) - 1 - index) + row / 2
        drawing.line(left, y, WIDTH - 8, y, "grid")
        drawing.text(left - 10, y + 4, label, "axis", "end")
    width = (WIDTH - left - 20) / max(len(cohorts), 1)
    before: tuple[float, float] | None = None
    for position, step in enumerate(cohorts):
        level = step.level or 1
        y = top + row * (len(labels) - level) + row / 2
        x = left + 14 + width * position
        spread = min(16.0, (width - 18) / max(len(step.outcomes), 1))
        if before is not None:
            drawing.path([before, (x - 6, y)], "lead")
        for k, status in enumerate(step.outcomes):
            css = {"dlt": "dlt", "no_dlt": "ok", "not_evaluable": "out"}.get(status.status, "open")
            drawing.circle(
                x + 6 + spread * k, y, min(7, spread / 2.3), css, f"{status.subject}: {status.status}"
            )
        end = x + 6 + spread * max(len(step.outcomes) - 1, 0)
        before = (end + 9, y)
        drawing.text(x, y - 13, step.cohort or step.part, "small")
        drawing.text(x, height - 12, step.on.isoformat(), "small")
    return drawing.markup()


def flow_figure(flow: Flow, say: Say) -> Markup:
    """Boxes down the course, with those who left it at the side."""
    source = "lot_allocated" if flow.allogeneic else "collected"
    steps = [
        ("screened", flow.screened, "screen_failed", flow.screen_failed),
        ("enrolled", flow.enrolled, "", 0),
        (source, flow.collected, "manufacturing_failed", flow.manufacturing_failed),
        ("released", flow.released, "", 0),
        ("lymphodepleted", flow.lymphodepleted, "", 0),
        ("infused", flow.infused, "", 0),
        ("dlt_evaluable", flow.dlt_evaluable, "", 0),
    ]  # fmt: skip
    box, gap, wide = 34, 20, 330
    drawing = Drawing(WIDTH, len(steps) * (box + gap), say("figure_flow"))
    x = 150
    for index, (name, count, side, lost) in enumerate(steps):
        y = index * (box + gap) + 2
        drawing.rect(x, y, wide, box, "box")
        drawing.text(x + 14, y + 22, say(f"stage_{name}"))
        drawing.text(x + wide - 14, y + 22, count, "count", "end")
        if index + 1 < len(steps):
            drawing.line(x + wide / 2, y + box, x + wide / 2, y + box + gap, "arrow")
        if side:
            drawing.line(x + wide, y + box / 2, x + wide + 46, y + box / 2, "arrow")
            drawing.rect(x + wide + 46, y, 280, box, "box side")
            drawing.text(x + wide + 60, y + 22, say(f"stage_{side}"))
            drawing.text(x + wide + 312, y + 22, lost, "count", "end")
    return drawing.markup()


def toxicity_figure(strips: tuple[Strip, ...], say: Say) -> Markup:
    """A row a subject: CRS above, ICANS below, a square a day; grey where nobody assessed."""
    cell, left, top, row = 24, 128, 30, 36
    drawing = Drawing(left + cell * (LAST_DAY + 1) + 90, top + row * len(strips) + 8, say("figure_toxicity"))
    for day in range(0, LAST_DAY + 1, 2):
        drawing.text(left + cell * day + cell / 2, top - 10, day, "axis", "middle")
    drawing.text(left - 12, top - 10, say("day"), "axis", "end")
    for index, strip in enumerate(strips):
        y = top + row * index
        drawing.text(0, y + 18, f"{strip.subject}  {strip.level}", "row")
        for offset, grades, name in ((0, strip.crs, "CRS"), (15, strip.icans, "ICANS")):
            drawing.text(left - 6, y + offset + 11, name, "tiny", "end")
            for day in range(LAST_DAY + 1):
                least, most = grades.get(day, (-1, -1))
                css = "none" if least < 0 else f"g{most}" + ("" if least == most else " unsure")
                tip = f"{strip.subject} D{day} {name} " + (
                    "-" if least < 0 else str(most) if least == most else f"{least}-{most}"
                )
                drawing.rect(left + cell * day, y + offset, cell - 1.5, 13, css, tip)
                if most > 0:
                    drawing.text(left + cell * day + cell / 2, y + offset + 10.5, most, "grade", "middle")
        for day in strip.anticytokine:
            drawing.path(_diamond(left + cell * day + 4, y + 4, 3.2), "drug", closed=True)
        for day in strip.steroid:
            drawing.circle(left + cell * day + cell - 5, y + 4, 2.6, "steroid")
    return drawing.markup()


def swimmer_figure(lanes: tuple[Swim, ...], say: Say) -> Markup:
    row, left, top = 22, 150, 8
    longest = max((lane.last for lane in lanes), default=1) or 1
    drawing = Drawing(WIDTH, top + row * len(lanes) + 34, say("figure_swimmer"))
    scale = (WIDTH - left - 30) / longest
    bottom = top + row * len(lanes)
    for tick in _ticks(longest):
        drawing.line(left + tick * scale, top, left + tick * scale, bottom, "grid")
        drawing.text(left + tick * scale, bottom + 16, tick, "axis", "middle")
    drawing.text(left - 10, bottom + 16, say("day"), "axis", "end")
    for index, lane in enumerate(lanes):
        y = top + row * index
        drawing.text(0, y + 14, f"{lane.subject}  {lane.level}  {lane.best}", "row")
        drawing.rect(left, y + 4, max(lane.last * scale, 2), 12, f"lane r-{_safe(lane.best)}")
        for day, kind, label in lane.marks:
            _mark(drawing, left + day * scale, y + 10, kind, label, lane.subject)
        if lane.ongoing:
            x = left + lane.last * scale + 3
            drawing.path([(x, y + 5), (x + 7, y + 10), (x, y + 15)], "onward", closed=True)
    return drawing.markup()


def _mark(drawing: Drawing, x: float, y: float, kind: str, label: str, subject: str) -> None:
    tip = f"{subject} {kind} {label}".strip()
    if kind == "response":
        drawing.circle(x, y, 5, f"mark r-{_safe(label)}", tip)
    elif kind == "death":
        drawing.line(x - 4, y - 5, x + 4, y + 5, "death")
        drawing.line(x - 4, y + 5, x + 4, y - 5, "death")
    elif kind == "relapse":
        drawing.path([(x - 5, y + 5), (x, y - 5), (x + 5, y + 5)], "relapse", closed=True)
    elif kind == "transplant":
        drawing.rect(x - 4, y - 4, 8, 8, "transplant", tip)
    else:
        drawing.line(x, y - 7, x, y + 7, "infusion")


def survival_figure(curve: Curve, say: Say) -> Markup:
    """Axis from 0 to 1, band, censor ticks, and the numbers at risk below, aligned."""
    left, top, high, low = 70, 14, 300, 70
    drawing = Drawing(WIDTH, top + high + low, say("figure_survival"))
    longest = max(curve.ticks[-1], max(curve.times, default=1), 1)
    scale = (WIDTH - left - 24) / longest

    def at(day: float, survival: float) -> tuple[float, float]:
        return left + day * scale, top + (1 - survival) * high

    for tenth in range(0, 11, 2):
        y = top + (1 - tenth / 10) * high
        drawing.line(left, y, WIDTH - 24, y, "grid")
        drawing.text(left - 8, y + 4, f"{tenth / 10:.1f}", "axis", "end")
    upper = _stairs(curve.times, curve.upper, at)
    lower = _stairs(curve.times, curve.lower, at)
    drawing.path(upper + lower[::-1], "band", closed=True)
    drawing.path(_stairs(curve.times, curve.survival, at), "km")
    for day, survival in curve.censored:
        x, y = at(day, survival)
        drawing.line(x, y - 5, x, y + 5, "censor")
    for tick, risk in zip(curve.ticks, curve.risk, strict=True):
        x = left + tick * scale
        drawing.line(x, top + high, x, top + high + 5, "tick")
        drawing.text(x, top + high + 20, tick, "axis", "middle")
        drawing.text(x, top + high + 52, risk, "axis", "middle")
    drawing.text(left - 22, top + high + 52, say("at_risk"), "small", "end")
    return drawing.markup()


def _stairs(
    times: tuple[float, ...], heights: tuple[float, ...], at: Callable[[float, float], tuple[float, float]]
) -> list[tuple[float, float]]:
    points, level = [at(0, 1.0)], 1.0
    for day, height in zip(times, heights, strict=True):
        points.append(at(day, level))
        level = level if math.isnan(height) else height
        points.append(at(day, level))
    return points


def kinetics_figure(profile: Profile, labels: tuple[str, ...], say: Say) -> Markup:
    """Log axis; the limit as a line; what lies below it as open symbols on the line."""
    values = [value for _, _, points in profile.lines for _, value, ok in points if ok]
    left, top, high = 76, 12, 250
    drawing = Drawing(WIDTH, top + high + 40, say("figure_kinetics"))
    floor = math.floor(math.log10(profile.lloq)) if profile.lloq > 0 else 0
    ceiling = max(math.ceil(math.log10(max(values, default=profile.lloq))), floor + 1)
    longest = max((day for _, _, points in profile.lines for day, _, _ in points), default=1) or 1
    scale = (WIDTH - left - 24) / longest

    def at(day: float, value: float) -> tuple[float, float]:
        share = (math.log10(max(value, 10.0**floor)) - floor) / (ceiling - floor)
        return left + max(day, 0) * scale, top + (1 - share) * high

    for power in range(floor, ceiling + 1):
        _, y = at(0, 10.0**power)
        drawing.line(left, y, WIDTH - 24, y, "grid")
        drawing.text(left - 8, y + 4, _power(power), "axis", "end")
    for tick in _ticks(longest):
        drawing.text(left + tick * scale, top + high + 18, tick, "axis", "middle")
    _, limit = at(0, profile.lloq)
    drawing.line(left, limit, WIDTH - 24, limit, "lloq")
    drawing.text(WIDTH - 26, limit - 5, f"LLOQ {profile.lloq:g} {profile.unit}", "small", "end")
    for subject, level, points in profile.lines:
        colour = f"l{labels.index(level) % 5}" if level in labels else "l0"
        drawing.path([at(day, value) for day, value, _ in points], f"profile {colour}")
        for day, value, ok in points:
            x, y = at(day, value)
            drawing.circle(x, y, 2.6, f"point {colour}" if ok else f"below {colour}", f"{subject} D{day}")
    return drawing.markup()


def _power(power: int) -> str:
    return f"{10**power:g}" if -3 <= power <= 4 else f"1e{power}"


def _ticks(longest: int) -> list[int]:
    step = next((s for s in (7, 14, 28, 56, 84, 168, 365) if longest / s <= 10), 730)
    return list(range(0, longest + 1, step))


def _diamond(x: float, y: float, r: float) -> list[tuple[float, float]]:
    return [(x, y - r), (x + r, y), (x, y + r), (x - r, y)]


def _safe(label: str) -> str:
    return "".join(c for c in label if c.isalnum()) or "x"
