"""Altair specifications drawn to SVG text, the same bytes on every machine.

Sizes are fixed (`autosize: none`) and axis titles are texts at fixed places, because anything laid out by
the width of a text would depend on the fonts a machine has. Text stays text, in the page's own font.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape
from typing import Any

from markupsafe import Markup

from protocyte.reports.colours import AXIS, LINE, PAPER, SOFT

_SIZE = re.compile(r'^<svg [^>]*?viewBox="([^"]+)"[^>]*>')
_TIP = re.compile(r'<path aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="[^"]*"([^>]*)/>')


def altair() -> Any:
    """The library, imported when the first chart is drawn. Its types are too wide to help anybody here."""
    import altair as library

    return library


def draw(build: Callable[[], Any], label: str) -> Markup:
    """The SVG of the chart that `build` makes, labelled for those who cannot see it.

    Altair checks every specification against its schema, which takes as long as drawing it. Ours are fixed
    but for their data, and the tests build them checked.
    """
    import vl_convert
    from altair.utils.schemapi import debug_mode

    with debug_mode(False):
        specification = build().to_dict(validate=False)
    drawn = vl_convert.vegalite_to_svg(specification, allowed_base_urls=[])
    drawn = _TIP.sub(r"<path\2><title>\1</title></path>", drawn)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="\\1" role="img" aria-label="{escape(label)}">'
    head = head.replace("\\1", _SIZE.match(drawn).group(1))  # type: ignore[union-attr]
    # vega escapes what it draws; the label is escaped above.
    return Markup(_SIZE.sub(lambda _: head, drawn, count=1))  # noqa: S704


def styled(chart: Any, width: float, height: float, padding: dict[str, int]) -> Any:
    """The chart at a fixed size, in the page's font and colours."""
    alt = altair()
    axis = alt.AxisConfig(
        labelColor=SOFT, labelFontSize=11, labelOverlap=False, labelBound=False, labelFlush=False,
        labelLimit=0, gridColor=LINE, domainColor=AXIS, tickColor=AXIS, title=None, aria=False,
    )  # fmt: skip
    fixed = chart.properties(width=width, height=height, padding=padding, autosize="none", background=PAPER)
    return fixed.configure(font="inherit", view=alt.ViewConfig(stroke=None), axis=axis)


def values(rows: list[dict[str, Any]]) -> Any:
    """Rows as a chart's data, written out as text, which altair copies many times faster than rows.

    For the same reason channels are given as altair's own classes throughout, not as shorthand.
    """
    alt = altair()
    return alt.InlineData(values=json.dumps(rows), format=alt.JsonDataFormat(type="json"))


def tip() -> Any:
    """What a mark tells of itself to whoever points at it or has the page read out: the field `tip`."""
    return altair().Description("tip:N")


def caption(words: str, x: float, y: float, **style: Any) -> Any:
    """A text at a fixed place, in pixels from the upper left corner of the plot."""
    alt = altair()
    look = {"align": "left", "baseline": "middle", "fontSize": 11, "color": SOFT, "aria": False} | style
    mark = alt.Chart(values([{"t": words}])).mark_text(**look)
    return mark.encode(x=alt.XValue(x), y=alt.YValue(y), text=alt.Text("t:N"))
