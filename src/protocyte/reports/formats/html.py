"""HTML: one file with its styles and drawings inside, for the screen and for paper."""

from __future__ import annotations

from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from protocyte.base import Message, render
from protocyte.reports.colours import css_variables
from protocyte.reports.document import Document, Heading, Picture
from protocyte.reports.formats.drawings import inline, stylesheet
from protocyte.reports.formats.pages import Piece, pieces
from protocyte.reports.formats.tables import body, fit

# Letters on the screen are larger than on paper, where `fit` chose them for.
_ON_SCREEN = 1.5


def lay_out(document: Document) -> bytes:
    page = _template().render(
        d=document,
        pieces=[piece for piece, _ in pieces(document)],
        lang="zh-CN" if document.language == "zh" else "en",
        say=lambda name: render(Message.of(f"reports.{name}"), document.language),
        contents=[one for one in document.blocks if isinstance(one, Heading) and one.level <= 2],
        style="\n".join((css_variables(), _sheet(), stylesheet(), _foot(document.footer))),
        pictured=any(isinstance(one, Picture) for one in document.blocks),
        kind=_kind,
        body=body,
        size=lambda grid: f"{fit(grid).size * _ON_SCREEN:g}",
        paper=lambda grid: f"{fit(grid).size:g}",
        inline=inline,
    )
    return page.encode()


def _kind(piece: Piece) -> str:
    return type(piece).__name__.lower()


def _foot(text: str) -> str:
    """The footer of printed pages. All but letters and digits are escaped: nothing can end the style."""
    said = "".join(one if one.isascii() and one.isalnum() else f"\\{ord(one):x} " for one in text)
    look = "font: 7pt sans-serif; color: #75828e; white-space: nowrap"
    return f'@page {{ @bottom-left {{ content: "{said}"; {look}; }} }}'


def _sheet() -> str:
    return resources.files("protocyte.reports").joinpath("templates", "document.css").read_text("utf-8")


@cache
def _template() -> Template:
    loader = PackageLoader("protocyte.reports", "templates")
    made = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return made.get_template("document.html")
