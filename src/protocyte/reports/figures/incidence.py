"""Relapse and death in remission as two curves that rise, with who was still in remission below them."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from protocyte.analysis.efficacy.incidence import CauseCurve, IncidenceCurves
from protocyte.reports.colours import DLT, INK, LEVELS
from protocyte.reports.figures.km_curves import y_title
from protocyte.reports.figures.survival import HEIGHT, RIGHT, WIDTH, counts_below
from protocyte.reports.vega import altair, caption, draw, styled, values
from protocyte.reports.words import Reader
from protocyte.study.model import Study

LEFT, TOP, BOTTOM = 110, 88, 112
# Told apart by dashes as well as by colour.
LOOK: dict[str, tuple[str, list[int]]] = {"relapse": (DLT, [1, 0]), "death": (LEVELS[0], [7, 4])}


def incidence_figure(data: IncidenceCurves, study: Study, reader: Reader) -> tuple[Markup, ...]:
    """Cumulative incidence from 0 to 1 against months since the first remission."""
    return (draw(lambda: incidence_chart(data, reader), reader.say("figure_incidence")),)


def incidence_chart(data: IncidenceCurves, reader: Reader) -> Any:
    alt = altair()

    longest = max(*data.ticks, *(month for curve in data.curves for month in curve.months), 1)
    x = alt.X(
        "month:Q",
        scale=alt.Scale(domain=[0, longest], nice=False),
        axis=alt.Axis(values=list(data.ticks), format="d", grid=False, tickSize=5),
    )
    y = alt.Y(
        "incidence:Q",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".2f", domain=False, ticks=False),
    )
    layers: list[Any] = [_band(curve, x) for curve in data.curves]
    layers += [_line(curve, x, y) for curve in data.curves]
    rows = ((reader.say("at_risk"), data.at_risk), *((_name(c, reader), c.events_by) for c in data.curves))
    layers += counts_below(data.ticks, rows, HEIGHT, reader)
    layers += _head(data, reader)
    layers.append(y_title(reader.say("inc_axis"), -52))
    padding = {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM}
    return styled(alt.layer(*layers), WIDTH - 10, HEIGHT, padding)


def _name(curve: CauseCurve, reader: Reader) -> str:
    return reader.say(f"inc_{curve.cause}")


def _line(curve: CauseCurve, x: Any, y: Any) -> Any:
    alt = altair()

    colour, dash = LOOK[curve.cause]
    steps = [{"month": 0.0, "incidence": 0.0}]
    steps += [{"month": t, "incidence": f} for t, f in zip(curve.months, curve.incidence, strict=True)]
    mark = alt.Chart(values(steps)).mark_line(
        interpolate="step-after", color=colour, strokeWidth=2.2, strokeDash=dash, aria=False
    )
    return mark.encode(x=x, y=y)


def _band(curve: CauseCurve, x: Any) -> Any:
    """Until the first event there are no limits, and no band."""
    alt = altair()

    rows = [
        {"month": t, "incidence": low, "upper": high}
        for t, low, high in zip(curve.months, curve.lower, curve.upper, strict=True)
        if low is not None and high is not None
    ]
    mark = alt.Chart(values(rows)).mark_area(
        interpolate="step-after", color=LOOK[curve.cause][0], opacity=0.11, aria=False
    )
    return mark.encode(x=x, y=alt.Y("incidence:Q"), y2=alt.Y2("upper:Q"))


def _head(data: IncidenceCurves, reader: Reader) -> list[Any]:
    """Whom the curves are of, then a line a curve: its look, its events and the test of the dose levels."""
    at = -LEFT + 8
    population = data.population.in_(reader.language)
    layers = [caption(reader.say("inc_of", population=population, n=data.n), at, -TOP + 14, fontSize=12)]
    for place, curve in enumerate(data.curves):
        y = -TOP + 36 + 20 * place
        layers.append(_sample(curve, at, y))
        told = reader.say("inc_key", cause=reader.say(f"inc_{curve.cause}_long"), events=curve.events)
        words = reader.say("inc_line", told=told, test=_gray(curve, reader))
        layers.append(caption(words, at + 46, y, fontSize=12, color=INK))
    return layers


def _sample(curve: CauseCurve, at: float, y: float) -> Any:
    alt = altair()

    colour, dash = LOOK[curve.cause]
    mark = alt.Chart(values([{}])).mark_rule(color=colour, strokeWidth=2.2, strokeDash=dash, aria=False)
    return mark.encode(x=alt.XValue(at), x2=alt.X2Value(at + 36), y=alt.YValue(y))


def _gray(curve: CauseCurve, reader: Reader) -> str:
    if curve.gray.p is None:
        return reader.say("inc_not_compared", why=reader.text(curve.gray.why))
    if curve.gray.p < 0.001:
        return reader.say("inc_gray_small")
    return reader.say("inc_gray", p=f"{curve.gray.p:.3f}")
