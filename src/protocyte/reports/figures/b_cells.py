"""B cells above CAR cells, over the same days; and how long B cells stay away.

Two panels with one axis of days, not one panel with two axes of values: where two scales cross depends on how
they are chosen, and a reader takes the crossing for a fact.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from protocyte.analysis.efficacy.survival import Curve
from protocyte.analysis.kinetics.b_cells import AplasiaCurve, BCells, Cells
from protocyte.analysis.kinetics.courses import Sample
from protocyte.base import Message
from protocyte.reports.colours import AXIS, DLT, INK, LEVELS, SOFT
from protocyte.reports.figures.courses import courses
from protocyte.reports.figures.day_axis import day_axis, day_span, height_of, log_axis
from protocyte.reports.figures.km_curves import y_title
from protocyte.reports.figures.legend import Mark, legend
from protocyte.reports.figures.panels import joined
from protocyte.reports.figures.survival import BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH, survival_layers
from protocyte.reports.vega import altair, caption, draw, styled, values
from protocyte.reports.words import Reader, power_of_ten, significant
from protocyte.study.model import Study
from protocyte.study.parts import Words

WIDE = 940
CELLS_LEFT, CELLS_RIGHT, CELLS_TOP, CELLS_BOTTOM, CELLS_HEIGHT = 56, 14, 28, 38, 190
TOP = 40
B_COLOUR, CAR_COLOUR = LEVELS[2], LEVELS[0]


def b_cells_figure(data: BCells, study: Study, reader: Reader) -> tuple[Markup, ...]:
    """The two panels in one drawing, then Kaplan and Meier's curve of aplasia where anybody had it."""
    drawings = [_key(reader), _both(data, reader)]
    if data.curve is not None:
        drawings.append(_aplasia(data.curve, data, reader))
    return tuple(drawings)


def _key(reader: Reader) -> Markup:
    return legend(
        (
            Mark("dot", B_COLOUR, reader.say("labs_b_cells")),
            Mark("dot", CAR_COLOUR, reader.say("labs_car")),
            Mark("ring", SOFT, reader.say("key_below")),
            Mark("dash", DLT, reader.say("labs_key_limits")),
        )
    )


# --- cells over time ----------------------------------------------------------------------------------


def _both(data: BCells, reader: Reader) -> Markup:
    shown = [cells for cells in (data.b_cells, data.car) if cells is not None]
    span = day_span(sample.day for cells in shown for line in cells.lines for sample in line.samples)
    drawings = [
        draw(lambda: cells_chart("labs_b_cells", data.b_cells, data.below, B_COLOUR, span, reader),
             reader.say("labs_b_cells"))
    ]  # fmt: skip
    if (car := data.car) is not None:
        drawings.append(
            draw(lambda: cells_chart("labs_car", car, None, CAR_COLOUR, span, reader), reader.say("labs_car"))
        )
    return joined(tuple((one,) for one in drawings), reader.say("labs_figure_b_cells"), 0)


def cells_chart(
    name: str, cells: Cells, below: float | None, colour: str, span: tuple[int, int], reader: Reader
) -> Any:
    """One panel; `below` is the limit of aplasia. Below its limit a result is drawn at half of it, as a ring."""
    alt = altair()

    width, height = WIDE - CELLS_LEFT - CELLS_RIGHT, CELLS_HEIGHT
    rows = _rows(cells, reader)
    limits = {reader.say("labs_aplasia_below", limit=f"{below:g}"): below} if below is not None else {}
    if cells.lloq is not None:
        limits |= {f"LLOQ {significant(cells.lloq)}": cells.lloq}
    low = min(row["value"] for row in rows) / 2
    high = max([*(row["value"] for row in rows), *limits.values(), low * 100]) * 1.5
    x = day_axis(*span, width)
    y = log_axis("value", low, high, 2 if high / low > 1e7 else 1)
    y.axis.labelExpr = _powers()
    begin = alt.Chart(values([{"day": 0}])).mark_rule(color=AXIS, strokeWidth=1, aria=False)
    title = reader.say("labs_named", what=reader.say(name), unit=cells.unit)
    if cells.title is not None:
        title = reader.say("labs_named", what=cells.title.in_(reader.language), unit=cells.unit)
    layers: list[Any] = [
        begin.encode(x=x),
        *_limits(limits, low, high, y),
        *courses(rows, x, y, colour),
        caption(title, 0, -14, color=INK, fontSize=12.5, fontWeight=600),
        caption(f"n = {len(cells.lines)}", width, -14, align="right"),
        caption(reader.say("days_after"), width, height + 29, align="right"),
    ]
    padding = {"left": CELLS_LEFT, "right": CELLS_RIGHT, "top": CELLS_TOP, "bottom": CELLS_BOTTOM}
    return styled(alt.layer(*layers), width, height, padding)


def _rows(cells: Cells, reader: Reader) -> list[dict[str, Any]]:
    return [
        {
            "subject": line.subject,
            "day": sample.day,
            "value": _drawn_at(sample.value, sample.lloq),
            "known": sample.state == "quantified" and bool(sample.value),
            "tip": reader.say(
                "tip_on_day", subject=line.subject, day=sample.day, what=_said(sample, cells.unit)
            ),
        }
        for line in cells.lines
        for sample in line.samples
    ]


def _drawn_at(value: float | None, lloq: float) -> float:
    """A place to draw, not a result; a laboratory that reports zero names no limit, so half a cell stands for it."""
    return value if value else (lloq or 1.0) / 2


def _powers() -> str:
    """Large and small numbers of the axis as powers of ten."""
    words = {10.0**power: power_of_ten(power) for power in range(-6, 13)}
    found = ",".join(f"'{value:g}':'{word}'" for value, word in words.items())
    return f"({{{found}}})[format(datum.value,'~g')] || format(datum.value,'~r')"


def _limits(limits: dict[str, float], low: float, high: float, y: Any) -> list[Any]:
    alt = altair()

    if not limits:
        return []
    rule = alt.Chart(values([{"value": one} for one in limits.values()])).mark_rule(
        color=DLT, strokeDash=[5, 4], strokeWidth=1, aria=False
    )
    words = [
        caption(name, 5, height_of(one, low, high, CELLS_HEIGHT) - 7, color=DLT, fontSize=10)
        for name, one in limits.items()
    ]
    return [rule.encode(y=y), *words]


# --- aplasia ------------------------------------------------------------------------------------------


def _aplasia(curve: AplasiaCurve, data: BCells, reader: Reader) -> Markup:
    return draw(lambda: aplasia_chart(curve, data, reader), reader.say("labs_figure_aplasia"))


def aplasia_chart(curve: AplasiaCurve, data: BCells, reader: Reader) -> Any:
    """The share still without B cells, from 0 to 1, against months since the infusion."""
    at = -LEFT + 8
    line = reader.say(
        "labs_aplasia_line", n=curve.n, of=data.n, back=curve.recovered, median=reader.text(curve.median)
    )
    title = reader.say("labs_aplasia_title", limit=f"{data.below:g}")
    layers = [
        *survival_layers(_as_curve(curve, title), reader),
        caption(title, at, -TOP + 10, fontSize=12.5, fontWeight=600, color=INK),
        caption(line, at, -TOP + 27),
        caption(reader.say("km_key"), WIDTH + RIGHT - 8, -TOP + 27, align="right"),
        y_title(reader.say("labs_aplasia_axis")),
    ]
    padding = {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM}
    return styled(altair().layer(*layers), WIDTH, HEIGHT, padding)


def _as_curve(of: AplasiaCurve, title: str) -> Curve:
    """In the form in which curves are drawn; the words above it are the caller's."""
    words, which = Words(en=title, zh=title), Message.of("reports.labs_aplasia_axis")
    return Curve(
        title=words, definition=which, told=which, population=words, n=of.n, events=of.recovered,
        median=of.median, follow_up=of.median, months=of.months, survival=of.share, lower=of.lower,
        upper=of.upper, censored=of.censored, ticks=of.ticks, at_risk=of.at_risk, events_by=of.recovered_by,
    )  # fmt: skip


def _said(sample: Sample, unit: str) -> str:
    if sample.state == "quantified" and sample.value is not None:
        return f"{significant(sample.value)} {unit}"
    return f"< LLOQ {significant(sample.lloq)} {unit}"
