"""Drawings that leave the page: an SVG with its own styles, and as PNG for formats that hold no SVG."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from markupsafe import Markup

from protocyte.reports.colours import INK, PAPER, css_variables
from protocyte.reports.document import Picture
from protocyte.reports.formats.fonts import Fonts, drawable
from protocyte.reports.formats.tables import DEPTH, ROOM

# A drawing's pixel in points, and the height left for it under its heading and its caption.
LATIN = "'Liberation Sans', Arial, sans-serif"
PIXEL, HEIGHT = 0.75, DEPTH - 90.0

_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_VARIABLE = re.compile(r"--([\w-]+):([^;]+);")
_USE = re.compile(r"var\(--([\w-]+)\)")
# Weights between the hundreds are a browser's own.
_WEIGHT = re.compile(r"font-weight: 6\d\d")
_CLASSES = re.compile(r'class="([^"]*)"')
_TEXT, _POWER = re.compile(r">[^<>]+<"), re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")
_HEAD = re.compile(r"<svg\b[^>]*>")
_ID = re.compile(r'\bid="([^"]+)"')


@cache
def drawing_rules() -> tuple[tuple[str, str], ...]:
    """What the report's stylesheet says about marks of drawings: (selector within a drawing, declarations)."""
    sheet = resources.files("protocyte.reports").joinpath("templates", "report.css").read_text("utf-8")
    values = dict(_VARIABLE.findall(css_variables()))
    found = []
    for selectors, declarations in _RULE.findall(sheet):
        for selector in selectors.split(","):
            place, _, mark = selector.strip().partition(" ")
            if place == "svg" and mark.startswith("."):
                said = _USE.sub(lambda use: values[use[1]], declarations).strip()
                said = _WEIGHT.sub("font-weight: bold", said)
                found.append((mark, said))
    return tuple(found)


def stylesheet(picture: Picture | None = None) -> str:
    """The rules as a stylesheet: all of them, or those for the classes that a drawing uses."""
    rules = drawing_rules()
    if picture is not None:
        used = {name for names in _CLASSES.findall(picture.svg) for name in names.split()}
        rules = tuple((mark, said) for mark, said in rules if used >= set(mark.split(".")[1:]))
        return " ".join(f"{mark} {{ {said} }}" for mark, said in rules)
    return "\n".join(f"svg.drawing {mark} {{ {said} }}" for mark, said in rules)


def standalone(picture: Picture, font: str) -> str:
    """The drawing as a file of its own, in `font`: nothing about its look is left to a page.

    Size, colour and font of its letters are set where they are inherited from, so that letters which say
    their own keep it: charts do.
    """
    style = stylesheet(picture)
    size = f'width="{picture.width:g}" height="{picture.height:g}" viewBox="0 0 {picture.width:g} {picture.height:g}"'
    letters = f'font-family="{font}" font-size="12" fill="{INK}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {letters}>'
    if style:
        head += f"<style>{style}</style>"
    return _HEAD.sub(lambda _: head, drawable(picture.svg), count=1).replace('font-family="inherit"', "")


def inline(picture: Picture) -> Markup:
    """The drawing within a page, which holds `stylesheet()`: names inside it are its own, not the page's."""
    svg = str(picture.svg)
    for name in dict.fromkeys(_ID.findall(svg)):
        own = f"{picture.id}-{name}"
        svg = svg.replace(f'id="{name}"', f'id="{own}"').replace(f"url(#{name})", f"url(#{own})")
        svg = svg.replace(f'href="#{name}"', f'href="#{own}"')
    head = f'<svg class="drawing" style="width:{picture.width:g}px"'
    return Markup(svg.replace("<svg", head, 1))  # noqa: S704 -- a drawing is escaped where it is drawn


def png(picture: Picture, font: str) -> bytes:
    """Two pixels for each of the drawing's own, on paper: readers differ in what they show behind a hole."""
    import vl_convert

    paper = f'<rect width="{picture.width:g}" height="{picture.height:g}" fill="{PAPER}"/>'
    svg = _raised(_HEAD.sub(lambda head: head[0] + paper, standalone(picture, font), count=1))
    return bytes(vl_convert.svg_to_png(svg, scale=2))


def _raised(svg: str) -> str:
    """Powers as raised digits: the font for pictures lacks `⁶`, and a text with it would be drawn in another.

    Chinese fonts lack it too.
    """
    plain = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789−")

    def lift(run: re.Match[str]) -> str:
        return f'<tspan baseline-shift="super" font-size="70%">{run[0].translate(plain)}</tspan>'

    return _TEXT.sub(lambda text: _POWER.sub(lift, text[0]), svg)


def picture_font(fonts: Fonts) -> str:
    """The families for PNG: one that comes with vl-convert, before it the machine's for Chinese."""
    import vl_convert

    for folder in fonts.folders:
        vl_convert.register_font_directory(folder)
    return f"'{fonts.chinese}', {LATIN}" if fonts.chinese else LATIN


def points(picture: Picture) -> tuple[float, float]:
    """Width and height on a page: as drawn, or smaller where the page is."""
    scale = min(PIXEL, ROOM / picture.width, HEIGHT / picture.height)
    return round(scale * picture.width, 2), round(scale * picture.height, 2)
