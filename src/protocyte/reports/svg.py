"""Small drawings as SVG text: escaped, rounded, and the same bytes for the same numbers."""

from __future__ import annotations

from html import escape

from markupsafe import Markup


def number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


class Drawing:
    """A canvas in pixels, y downwards. Text is escaped: labels may come from a ledger."""

    def __init__(self, width: float, height: float, label: str) -> None:
        self.width, self.height, self.label = width, height, label
        self.parts: list[str] = []

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str) -> None:
        a, b, c, d = (number(v) for v in (x1, y1, x2, y2))
        self.parts.append(f'<line x1="{a}" y1="{b}" x2="{c}" y2="{d}" class="{css}"/>')

    def arrow(self, x1: float, y1: float, x2: float, y2: float, css: str) -> None:
        """A line with a head at its end, down or to the right."""
        self.line(x1, y1, x2, y2, css)
        across, along = (3.5, 6.0)
        down = [(x2 - across, y2 - along), (x2, y2), (x2 + across, y2 - along)]
        right = [(x2 - along, y2 - across), (x2, y2), (x2 - along, y2 + across)]
        self.path(down if x1 == x2 else right, f"{css} head")

    def path(self, points: list[tuple[float, float]], css: str, closed: bool = False) -> None:
        if points:
            way = "L".join(f"{number(x)} {number(y)}" for x, y in points)
            self.parts.append(f'<path d="M{way}{"Z" if closed else ""}" class="{css}"/>')

    def rect(self, x: float, y: float, width: float, height: float, css: str, tip: str = "") -> None:
        a, b, c, d = (number(v) for v in (x, y, max(width, 0), max(height, 0)))
        title = f"<title>{escape(tip)}</title>" if tip else ""
        self.parts.append(f'<rect x="{a}" y="{b}" width="{c}" height="{d}" class="{css}">{title}</rect>')

    def circle(self, x: float, y: float, radius: float, css: str, tip: str = "") -> None:
        title = f"<title>{escape(tip)}</title>" if tip else ""
        self.parts.append(
            f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" class="{css}">{title}</circle>'
        )

    def text(self, x: float, y: float, words: object, css: str = "t", anchor: str = "start") -> None:
        self.parts.append(
            f'<text x="{number(x)}" y="{number(y)}" class="{css}" text-anchor="{anchor}">{escape(str(words))}</text>'
        )

    def markup(self) -> Markup:
        w, h = number(self.width), number(self.height)
        body = "".join(self.parts)
        return Markup(  # noqa: S704 -- every text above is escaped where it enters
            f'<svg viewBox="0 0 {w} {h}" role="img" aria-label="{escape(self.label)}" '
            f'xmlns="http://www.w3.org/2000/svg">{body}</svg>'
        )
