"""Several drawings in one, so that what belongs together cannot be torn apart by a page."""

from __future__ import annotations

import re
from html import escape

from markupsafe import Markup

_HEAD = re.compile(r'^<svg xmlns="http://www\.w3\.org/2000/svg" viewBox="0 0 ([\d.]+) ([\d.]+)"')


def joined(rows: tuple[tuple[Markup, ...], ...], label: str, gap: float = 8) -> Markup:
    """Rows of drawings from the left, one row below the other, each drawing at its own size."""
    parts, width, y = [], 0.0, 0.0
    for row in rows:
        x = tallest = 0.0
        for svg in row:
            wide, high = _size(svg)
            place = f'<svg x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}"'
            parts.append(str(svg).replace("<svg", place, 1))
            x, tallest = x + wide + gap, max(tallest, high)
        width, y = max(width, x - gap), y + tallest + gap
    box = f'viewBox="0 0 {width:g} {y - gap:g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-label="{escape(label)}">'
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704 -- made of drawings that are escaped already


def _size(svg: Markup) -> tuple[float, float]:
    found = _HEAD.match(svg)
    if found is None:
        raise ValueError("not a drawing of this room")
    return float(found.group(1)), float(found.group(2))
