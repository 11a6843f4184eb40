"""Cellular kinetics of one assay: a panel a dose level, a thin line a subject, on a logarithmic axis."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from markupsafe import Markup

from protocyte.analysis.kinetics.courses import Line, Profile, Sample
from protocyte.reports.colours import DLT, INK, level_colour
from protocyte.reports.figures.courses import courses
from protocyte.reports.vega import altair, caption, draw, styled, values
from protocyte.reports.words import Reader, power_of_ten, significant

WIDE = 940
LEFT, RIGHT, TOP, BOTTOM, GAP = 46, 12, 26, 36, 14
_TICKS = (0, 7, 14, 28, 56, 84, 112, 168, 252, 365, 548, 730, 1095, 1461, 1826, 3652, 5479)
_ROOM = 24  # pixels between two ticks


def columns(profile: Profile) -> int:
    """How many panels stand side by side."""
    n = len(_levels(profile))
    return {0: 1, 1: 1, 2: 2, 3: 3, 4: 2}.get(n, 3)


def kinetics_panels(profile: Profile, labels: tuple[str, ...], reader: Reader) -> tuple[Markup, ...]:
    """One panel for each level anybody was infused at, all with the same axes."""
    per_row = columns(profile)
    width = (WIDE - GAP * (per_row - 1)) / per_row - LEFT - RIGHT
    height = 240 if per_row == 1 else 210
    drawings = []
    for level in _levels(profile):
        build = partial(kinetics_chart, profile, level, labels.index(level) + 1, width, height, reader)
        drawings.append(draw(build, f"{reader.say('figure_kinetics')} {level}"))
    return tuple(drawings)


def _levels(profile: Profile) -> list[str]:
    return sorted({line.level for line in profile.lines})


def kinetics_chart(
    profile: Profile, level: str, number: int, width: float, height: float, reader: Reader
) -> Any:
    """One panel; `number` is the level's place in the ladder, sizes are of the plot in pixels."""
    alt = altair()

    lines = [line for line in profile.lines if line.level == level]
    x, y = _axes(profile, width)
    colour = level_colour(number)
    rows = [row for line in lines for row in _rows(profile, line, reader)]
    limit = alt.Chart(values([{"value": profile.lloq}])).mark_rule(color=DLT, strokeDash=[5, 4], aria=False)
    layers: list[Any] = [
        limit.encode(y=y),
        *courses(rows, x, y, colour),
    ]
    middle = dict(profile.medians).get(level, ())
    if len(middle) > 1:
        bold = alt.Chart(values([{"day": day, "value": value} for day, value in middle]))
        layers.append(bold.mark_line(color=INK, strokeWidth=2, aria=False).encode(x=x, y=y))
    place, limit_of = _below(profile, height), f"LLOQ {significant(profile.lloq)}"
    layers += [
        caption(level, 0, -13, color=INK, fontSize=12.5, fontWeight=600),
        caption(f"n = {len(lines)}", width, -13, align="right"),
        caption(reader.say("days_after"), width, height + 27, align="right"),
        caption(limit_of, width, place, align="right", color=DLT, fontSize=10),
    ]  # fmt: skip
    padding = {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM}
    return styled(alt.layer(*layers), width, height, padding)


def drawn_at(profile: Profile, sample: Sample) -> float:
    """A value where one is known (detected ones too), else half the limit: a place to draw, not a result."""
    return sample.value if sample.value is not None and sample.value > 0 else profile.lloq / 2


def _rows(profile: Profile, line: Line, reader: Reader) -> list[dict[str, Any]]:
    return [
        {
            "subject": line.subject,
            "day": sample.day,
            "value": max(drawn_at(profile, sample), _floor(profile)),
            "known": sample.state == "quantified",
            "tip": _tip(profile, line, sample, reader),
        }
        for sample in line.samples
        if sample.day >= 0
    ]


def _tip(profile: Profile, line: Line, sample: Sample, reader: Reader) -> str:
    """A value below the limit is told with the limit, for it is drawn where it was not measured."""
    known = f"{significant(sample.value)} {profile.unit}" if sample.value else ""
    limit = "" if sample.state == "quantified" else f"< LLOQ {significant(sample.lloq)} {profile.unit}"
    what = f"{known} ({limit})" if known and limit else known or limit
    return reader.say("tip_on_day", subject=line.subject, day=sample.day, what=what)


def _floor(profile: Profile) -> float:
    return profile.lloq / 4


def _top(profile: Profile) -> float:
    seen = [s.value for line in profile.lines for s in line.samples if s.value is not None]
    return max([profile.lloq * 10, *(value * 1.4 for value in seen)])


def _axes(profile: Profile, width: float) -> tuple[Any, Any]:
    """Days on a square-root scale, for the first month is where most happens; values on a logarithmic one."""
    alt = altair()

    last = max((s.day for line in profile.lines for s in line.samples), default=28) or 28
    ticks: list[int] = []
    for day in (day for day in _TICKS if day <= last):
        if not ticks or (math.sqrt(day) - math.sqrt(ticks[-1])) * width / math.sqrt(last) >= _ROOM:
            ticks.append(day)
    floor, top = _floor(profile), _top(profile)
    powers = range(math.ceil(math.log10(floor)), math.floor(math.log10(top)) + 1)
    step = 2 if len(powers) > 6 else 1
    shown = [float(_plain(power)) for power in powers if power % step == 0]
    lookup = ",".join(f"'{_plain(power)}':'{power_of_ten(power)}'" for power in powers)
    x = alt.X(
        "day:Q",
        scale=alt.Scale(type="sqrt", domain=[0, last], nice=False),
        axis=alt.Axis(values=ticks, format="d", grid=False, tickSize=4),
    )
    y = alt.Y(
        "value:Q",
        scale=alt.Scale(type="log", domain=[floor, top], nice=False),
        axis=alt.Axis(
            values=shown, labelExpr=f"({{{lookup}}})[datum.value]", domain=False, ticks=False,
        ),
    )  # fmt: skip
    return x, y


def _plain(power: int) -> str:
    """The power of ten as the drawing program writes it."""
    return str(10**power) if power >= 0 else f"{10.0**power:.{-power}f}"


def _below(profile: Profile, height: float) -> float:
    """The height just above the limit's line, in pixels."""
    floor, top = math.log10(_floor(profile)), math.log10(_top(profile))
    return height * (1 - (math.log10(profile.lloq) - floor) / (top - floor)) - 7
