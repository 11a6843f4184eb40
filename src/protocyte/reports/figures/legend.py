"""What the marks of a drawing mean, as a drawing of its own: it goes wherever the figure goes."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Literal
from unicodedata import east_asian_width

from markupsafe import Markup

from protocyte.reports.colours import INK

WIDTH, LINE, SIZE = 940, 22, 11.5
Shape = Literal[
    "box", "dot", "ring", "open", "diamond", "square", "triangle", "down", "onward", "plus", "cross", "line", "dash"
]  # fmt: skip


@dataclass(frozen=True)
class Mark:
    shape: Shape
    colour: str
    words: str


def legend(marks: tuple[Mark, ...]) -> Markup:
    """The marks with their words, side by side, broken into lines where they are many."""
    x, y, parts = 4.0, LINE / 2, []
    for mark in marks:
        room = 26 + words_width(mark.words, SIZE)
        if x + room > WIDTH and x > 4:
            x, y = 4.0, y + LINE
        parts.append(_shape(mark, x + 7, y))
        words = escape(mark.words)
        parts.append(f'<text x="{x + 18:.1f}" y="{y + 4:.1f}" font-size="{SIZE}" fill="{INK}">{words}</text>')
        x += room + 16
    height = y + LINE / 2
    label = escape("; ".join(mark.words for mark in marks))
    box = f'viewBox="0 0 {WIDTH} {height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-label="{label}">'
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704 -- every word above is escaped


def words_width(words: str, size: float) -> float:
    """Wide enough in any font: a Chinese character takes as much room as its height."""
    return sum(size if east_asian_width(one) in "WF" else 0.6 * size for one in words)


def _shape(mark: Mark, x: float, y: float) -> str:
    fill = f'fill="{mark.colour}"'
    stroke = f'fill="none" stroke="{mark.colour}" stroke-width="1.6"'
    match mark.shape:
        case "box":
            return f'<rect x="{x - 6:.1f}" y="{y - 6:.1f}" width="12" height="12" {fill}/>'
        case "dot":
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" {fill}/>'
        case "ring":
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.2" {stroke}/>'
        case "open":
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.2" {stroke} stroke-dasharray="3 2"/>'
        case "diamond":
            return f'<path d="M{x:.1f} {y - 5.5:.1f}l5.5 5.5l-5.5 5.5l-5.5 -5.5z" {fill}/>'
        case "square":
            return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" {fill}/>'
        case "triangle":
            return f'<path d="M{x:.1f} {y - 5:.1f}l5 9h-10z" {fill}/>'
        case "down":
            return f'<path d="M{x:.1f} {y + 5:.1f}l5 -9h-10z" {fill}/>'
        case "onward":
            return f'<path d="M{x + 5:.1f} {y:.1f}l-9 5v-10z" {fill}/>'
        case "plus":
            bars = f"M{x - 5:.1f} {y - 1.7:.1f}h10v3.4h-10zM{x - 1.7:.1f} {y - 5:.1f}h3.4v10h-3.4z"
            return f'<path d="{bars}" {fill}/>'
        case "cross":
            return f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8" {stroke}/>'
        case "line":
            return f'<path d="M{x - 7:.1f} {y:.1f}h14" {stroke}/>'
        case "dash":
            return f'<path d="M{x - 7:.1f} {y:.1f}h14" {stroke} stroke-dasharray="4 3"/>'
