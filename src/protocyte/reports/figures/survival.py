"""Kaplan and Meier's curve with its band and censor ticks, and aligned below it who was still at risk."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from protocyte.analysis.efficacy.survival import Curve
from protocyte.analysis.tables import Estimate
from protocyte.reports.colours import ACCENT, INK, SOFT
from protocyte.reports.vega import altair, caption, draw, styled, tip, values
from protocyte.reports.words import Reader, fixed

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM = 820, 300, 100, 20, 92


def survival_figure(curve: Curve, reader: Reader) -> Markup:
    """Survival from 0 to 1 against months; every number at risk stands below its tick."""
    return draw(lambda: survival_chart(curve, reader), reader.say("figure_survival"))


def survival_chart(curve: Curve, reader: Reader) -> Any:
    padding = {"left": LEFT, "right": RIGHT, "top": 12, "bottom": BOTTOM}
    return styled(altair().layer(*survival_layers(curve, reader)), WIDTH, HEIGHT, padding)


def survival_layers(curve: Curve, reader: Reader) -> list[Any]:
    """The curve and the numbers below it; room for those is `BOTTOM`."""
    alt = altair()

    x = alt.X(
        "month:Q",
        scale=alt.Scale(domain=[0, max(*curve.ticks, *curve.months, 1)], nice=False),
        axis=alt.Axis(values=list(curve.ticks), format="d", grid=False, tickSize=5),
    )
    y = alt.Y(
        "survival:Q",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".2f", domain=False, ticks=False),
    )
    steps = [{"month": 0.0, "survival": 1.0}]
    steps += [{"month": t, "survival": s} for t, s in zip(curve.months, curve.survival, strict=True)]
    line = alt.Chart(values(steps)).mark_line(
        interpolate="step-after", color=ACCENT, strokeWidth=2.2, aria=False
    )
    at = alt.Chart(values(_points(curve, reader))).mark_point(size=90, filled=True, opacity=0)
    ticks = [
        {
            "month": t,
            "survival": s,
            "tip": reader.say("tip_censored", month=f"{t:.1f}", share=fixed(100 * s)),
        }
        for t, s in curve.censored
    ]
    censor = alt.Chart(values(ticks)).mark_point(
        shape="M0,-1L0,1", size=70, stroke=ACCENT, strokeWidth=1.5, opacity=1
    )
    layers: list[Any] = [
        _band(curve, x),
        line.encode(x=x, y=y),
        at.encode(x=x, y=y, description=tip()),
        censor.encode(x=x, y=y, description=tip()),
        *_median(curve, x, y),
    ]
    counts = ((reader.say("at_risk"), curve.at_risk), (reader.say("events_so_far"), curve.events_by))
    return [*layers, *counts_below(curve.ticks, counts, HEIGHT, reader)]


def _points(curve: Curve, reader: Reader) -> list[dict[str, Any]]:
    """The steps of the curve, not seen but told: month, share and its limits."""
    return [
        {
            "month": month, "survival": share,
            "tip": reader.say(
                "tip_curve", month=f"{month:.1f}", share=reader.text(Estimate(share, low, high, 0, percent=True))
            ),
        }
        for month, share, low, high in zip(curve.months, curve.survival, curve.lower, curve.upper, strict=True)
    ]  # fmt: skip


def _band(curve: Curve, x: Any) -> Any:
    """Where the band has no limit (before the first event, and at zero) none is drawn."""
    alt = altair()

    rows = [
        {"month": t, "survival": low, "upper": high}
        for t, low, high in zip(curve.months, curve.lower, curve.upper, strict=True)
        if low is not None and high is not None
    ]
    area = alt.Chart(values(rows)).mark_area(interpolate="step-after", color=ACCENT, opacity=0.13, aria=False)
    return area.encode(x=x, y=alt.Y("survival:Q"), y2=alt.Y2("upper:Q"))


def _median(curve: Curve, x: Any, y: Any) -> list[Any]:
    alt = altair()

    at = curve.median.value
    if at is None:
        return []
    rows = [
        {"month": 0.0, "survival": 0.5},
        {"month": at, "survival": 0.5},
        {"month": at, "survival": 0.0},
    ]
    mark = alt.Chart(values(rows)).mark_line(
        color=SOFT, strokeDash=[4, 4], strokeWidth=1.2, interpolate="linear", aria=False
    )
    return [mark.encode(x=x, y=y, order=alt.OrderValue(1))]


def counts_below(
    ticks: tuple[int, ...], rows: tuple[tuple[str, tuple[int, ...]], ...], height: float, reader: Reader
) -> list[Any]:
    """Under an axis of months, a line of counts a row: each count below its tick."""
    alt = altair()

    x = alt.X("month:Q")
    layers: list[Any] = [caption(reader.say("months"), -12, height + 14, align="right")]
    for k, (name, counts) in enumerate(rows):
        y = height + 52 + 20 * k
        data = [{"month": t, "n": str(n)} for t, n in zip(ticks, counts, strict=True)]
        mark = alt.Chart(values(data)).mark_text(
            fontSize=12, color=INK if k == 0 else SOFT, baseline="middle", aria=False
        )
        layers.append(mark.encode(x=x, y=alt.YValue(y), text=alt.Text("n:N")))
        layers.append(caption(name, -22, y, align="right"))
    return layers
