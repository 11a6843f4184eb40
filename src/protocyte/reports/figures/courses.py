"""Single courses under whatever is drawn over them: a thin line a subject, a mark a result."""

from __future__ import annotations

from typing import Any

from protocyte.reports.vega import altair, tip, values


def courses(rows: list[dict[str, Any]], x: Any, y: Any, colour: str, size: float = 17) -> list[Any]:
    """`rows` have `subject`, `day`, `value`, `tip` and `known`: what is not known to be there is a ring."""
    alt = altair()
    thin = alt.Chart(values(rows)).mark_line(
        color=colour, strokeWidth=1, opacity=0.42, interpolate="linear", aria=False
    )
    rings = alt.Chart(values([row for row in rows if not row["known"]])).mark_point(
        fill="#ffffff", stroke=colour, strokeWidth=1.1, size=22, opacity=1
    )
    dots = alt.Chart(values([row for row in rows if row["known"]])).mark_point(
        filled=True, size=size, color=colour, opacity=0.8
    )
    return [
        thin.encode(x=x, y=y, detail=alt.Detail("subject:N")),
        rings.encode(x=x, y=y, description=tip()),
        dots.encode(x=x, y=y, description=tip()),
    ]
