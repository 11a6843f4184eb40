"""Cohorts from left to right at the height of their level, with the decisions taken between them."""

from __future__ import annotations

from math import ceil

from markupsafe import Markup

from protocyte.analysis.escalation.history import Decision, Escalation, Group
from protocyte.derive.dlt import DltStatus
from protocyte.reports.figures.legend import words_width
from protocyte.reports.svg import Drawing
from protocyte.reports.words import Reader
from protocyte.study.model import Study

WIDTH, LEFT, TOP, ROW = 940, 150, 14, 66
_CSS = {"dlt": "dlt", "no_dlt": "ok", "not_evaluable": "out"}
_SAID = {"dlt": "key_dlt", "no_dlt": "key_no_dlt", "not_evaluable": "key_out"}
_MOST_IN_LINE = 8  # subjects of one cohort side by side; more of them stand in several lines
_DECISION = 34  # pixels a decision takes


def escalation_path(found: Escalation, study: Study, reader: Reader) -> Markup:
    """A dot is a subject (of a climbing subject: each infusion); filled red, a DLT."""
    labels = study.labels
    bottom = TOP + ROW * len(labels)
    drawing = Drawing(WIDTH, bottom + 30, reader.say("figure_escalation"))
    recommended = next((d.level for d in reversed(found.decisions) if d.action == "recommend"), None)
    for index, label in enumerate(labels, start=1):
        y = _height(index, len(labels))
        drawing.line(LEFT, y, WIDTH, y, "level")
        drawing.text(0, y - 2, label, "level-name" + (" chosen" if label == recommended else ""))
        drawing.text(0, y + 13, reader.text(study.ladder[label]), "small")
        if label == recommended:
            drawing.text(46, y - 2, reader.say("recommended"), "chosen-tag")
    items = _in_order(found)
    taken = sum(_columns(item) for item in items if isinstance(item, Group))
    fixed = sum(_DECISION if isinstance(item, Decision) else 22 for item in items)
    step = min((WIDTH - LEFT - 20 - fixed) / max(taken, 1), 17)
    spare = min((WIDTH - LEFT - 20 - fixed - taken * step) / max(len(items), 1), 34)
    x, before = LEFT + 16.0, None
    for place, item in enumerate(items):
        if isinstance(item, Group):
            y = _height(item.level or 1, len(labels))
            if before is not None:
                drawing.path([before, (x - 6, y)], "lead")
            x = _group(drawing, item, _title(item, study, reader), x, step, len(labels), bottom, reader)
            before = (x - 4, _end_height(item, len(labels)))
            x += 10 + spare
        else:
            ahead = next((i for i in items[place + 1 :] if isinstance(i, Group)), None)
            start = before or (x, _height(1, len(labels)))
            to = _height(ahead.level or 1, len(labels)) if ahead else _target(item, study, start[1])
            middle = (x + _DECISION / 2 - 4, (start[1] + to) / 2)
            drawing.path([start, middle], "lead")
            _badge(drawing, middle, item, reader)
            before = (middle[0] + 11, middle[1])
            x += _DECISION + spare
    return drawing.markup()


def _in_order(found: Escalation) -> list[Group | Decision]:
    """By day; on one day the decision comes before the cohort it opened."""
    items: list[Group | Decision] = [*found.groups, *found.decisions]
    return sorted(items, key=lambda item: (item.on, isinstance(item, Group)))


def _subjects(group: Group) -> dict[str, list[DltStatus]]:
    found: dict[str, list[DltStatus]] = {}
    for status in group.outcomes:
        found.setdefault(status.subject, []).append(status)
    return found


def _lines(group: Group) -> int:
    return min(4, ceil(len(_subjects(group)) / _MOST_IN_LINE)) or 1


def _columns(group: Group) -> int:
    return max(ceil(len(_subjects(group)) / _lines(group)), 2)


def _title(group: Group, study: Study, reader: Reader) -> str:
    """The cohort's name; of a part without cohorts, the part's."""
    return (
        reader.text(study.parts[group.part].title) if group.name == group.part in study.parts else group.name
    )


def _group(
    drawing: Drawing,
    group: Group,
    title: str,
    x: float,
    step: float,
    levels: int,
    bottom: float,
    reader: Reader,
) -> float:
    """Draw a cohort; the x where it ends."""
    subjects, columns, lines = _subjects(group), _columns(group), _lines(group)
    radius = min(6.2, step / 2.4)
    y = _height(group.level or 1, levels)
    if not subjects:
        drawing.circle(x + radius, y, radius, "open", group.name)
    climbs = any(len(windows) > 1 for windows in subjects.values())
    for k, (subject, windows) in enumerate(subjects.items()):
        cx = x + radius + step * (k % columns)
        offset = (k // columns - (lines - 1) / 2) * (radius * 2 + 2)
        points = [(cx, _height(s.window.level or s.window.assigned, levels) + offset) for s in windows]
        if climbs:
            drawing.path(points, "climb")
        for (px, py), status in zip(points, windows, strict=True):
            tip = f"{subject}: {reader.say(_SAID.get(status.status, 'key_open'))}"
            drawing.circle(px, py, radius, _CSS.get(status.status, "open"), tip)
    end = x + step * (columns - 1) + radius * 2
    top = min([y, *(_height(s.window.level or s.window.assigned, levels) for s in group.outcomes)])
    fits = x + words_width(title, 11.5) <= WIDTH
    drawing.text(x if fits else WIDTH, top - radius * lines - 9, title, "cohort", "start" if fits else "end")
    drawing.text(x, bottom + 18, f"{group.on:%Y-%m}", "small")
    return end + 6


def _badge(drawing: Drawing, at: tuple[float, float], decision: Decision, reader: Reader) -> None:
    css = "lapsed" if decision.lapsed else "deviates" if decision.deviates else "decided"
    told = reader.say(f"action_{decision.action}")
    drawing.circle(*at, 9.5, f"badge {css}", f"{decision.on} {told} {decision.level or ''}".strip())
    drawing.text(at[0], at[1] + 3.8, decision.number, "badge-no", "middle")


def _end_height(group: Group, levels: int) -> float:
    last = group.outcomes[-1].window if group.outcomes else None
    level = (last.level or last.assigned) if last and len(_subjects(group)) < len(group.outcomes) else None
    return _height(level or group.level or 1, levels)


def _target(decision: Decision, study: Study, otherwise: float) -> float:
    return _height(study.level_of(decision.level), len(study.labels)) if decision.level else otherwise


def _height(level: int, levels: int) -> float:
    return TOP + ROW * (levels - level) + ROW / 2
