"""RTF (Rich Text Format specification 1.9.1): rows, borders and page settings by rtflite, the rest by hand.

rtflite's whole documents break pages by a count of rows, repeat heads where it thinks a page begins, know
no Chinese font and escape no text. Here Word breaks the pages and repeats the heads, and every text is
escaped before the library sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate, groupby

from rtflite.row import Border, Cell, Row, TextContent  # type: ignore[import-untyped]
from rtflite.rtf import RTFSyntaxGenerator  # type: ignore[import-untyped]
from rtflite.services.color_service import color_service  # type: ignore[import-untyped]

from protocyte.base import Message, render
from protocyte.reports.document import Document, Grid, Heading, Paragraph, Picture
from protocyte.reports.formats.drawings import picture_font, png, points
from protocyte.reports.formats.fonts import fonts_for, is_chinese, pictures_of
from protocyte.reports.formats.pages import Figure, pieces
from protocyte.reports.formats.tables import (
    BOTTOM,
    GAP,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    ROOM,
    SIDE,
    TOP,
    Line,
    body,
    fit,
    indents,
)

# What a reader of Word has. \fcharset134 is simplified Chinese.
FONTS = r"{\fonttbl{\f0\fswiss\fcharset0 Arial;}{\f1\fnil\fcharset134 Microsoft YaHei{\*\falt SimSun};}}"
# Word builds its navigation from styles with an outline level.
STYLES = (
    r"{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}{\s2\outlinelevel1 heading 2;}"
    r"{\s3\outlinelevel2 heading 3;}}"
)
_COLOUR = color_service.get_color_index
SOFT = rf"\cf{_COLOUR('gray40')}"
# Space before and after, size in half points and look of each kind of paragraph.
_HEADINGS = {1: r"\sb0\sa160\fs34\b", 2: r"\sb80\sa120\fs25\b", 3: r"\sb200\sa60\fs20\b"}
_PARAGRAPHS = {"plain": r"\sa80\fs19", "note": rf"\sa40\fs15{SOFT}", "strong": r"\sb80\sa80\fs19\b"}
_RULE, _THIN, _HAIR = (Border(width=w, color=c) for w, c in ((12, "gray30"), (6, "gray60"), (5, "gray85")))
_SIDES = {"text": "l", "number": "r"}
_INCH = 72.0


def lay_out(document: Document) -> bytes:
    font = picture_font(fonts_for(pictures_of(document)))
    headings = [block for block in document.blocks if isinstance(block, Heading)]
    numbers = iter(range(1, len(headings) + 1))
    parts = [*_head(document), _paragraph(r"\sb600\sa80\fs42\b", document.title)]
    parts.append(_paragraph(rf"\sa360\fs24{SOFT}", document.subtitle))
    for piece, new_page in pieces(document):
        match piece:
            case Heading():
                number = next(numbers)
                if number == 1:
                    parts += _contents(document, headings)
                parts.append(_heading(piece, number, new_page))
            case Paragraph():
                parts.append(_paragraph(_PARAGRAPHS[piece.style], piece.text))
            case Grid():
                parts += [*_Table(piece).rows(), r"{\pard\fs6\par}"]
            case Figure(lines, label):
                parts += (_line_of([_picture(one, font) for one in line]) for line in lines)
                parts.append(_paragraph(_PARAGRAPHS["note"], label))
    parts.append("}\n")
    return "\n".join(parts).encode("ascii")


def escaped(text: str) -> str:
    r"""Text in ASCII: a character beyond it as `\uN?` by its UTF-16 units, Chinese in a font for it."""
    if text.isascii():
        return _plain(text)
    runs = groupby(text, key=is_chinese)
    return "".join(rf"{{\f1 {_units(run)}}}" if chinese else _units(run) for chinese, run in runs)


def _units(run: Iterable[str]) -> str:
    return "".join(_plain(one) if one.isascii() else _unit(one) for one in run)


def _plain(text: str) -> str:
    text = text.replace("\\", r"\'5c").replace("{", r"\'7b").replace("}", r"\'7d")
    return text.replace("\n", r"\line ")


def _unit(letter: str) -> str:
    data = letter.encode("utf-16-le")
    units = (int.from_bytes(data[k : k + 2], "little", signed=True) for k in range(0, len(data), 2))
    return "".join(rf"\u{unit}?" for unit in units)


def _head(document: Document) -> Iterator[str]:
    syntax = RTFSyntaxGenerator
    yield syntax.generate_document_start() + r"\ansicpg1252\uc1\deflang1033\deflangfe2052"
    yield FONTS
    yield syntax.generate_color_table()
    yield STYLES
    title = document.title.replace("\n", " ")
    yield rf"{{\info{{\title {_units(title)}}}}}"
    margins = [one / _INCH for one in (SIDE, SIDE, TOP, BOTTOM, 24, 24)]
    sizes = PAGE_WIDTH / _INCH, PAGE_HEIGHT / _INCH
    yield syntax.generate_page_settings(*sizes, margins, "landscape")
    fields = r"{\field{\*\fldinst PAGE}{\fldrslt 1}} / {\field{\*\fldinst NUMPAGES}{\fldrslt 1}}"
    line = rf"\brdrt\brdrs\brdrw5\brsp80\brdrcf{_COLOUR('gray85')}"
    yield rf"{{\footer\pard{line}\tqr\tx{_twips(ROOM)}\f0\fs14{SOFT} {escaped(document.footer)}\tab {fields}\par}}"


def _paragraph(look: str, text: str) -> str:
    return rf"{{\pard{look} {escaped(text)}\par}}"


def _heading(heading: Heading, number: int, new_page: bool) -> str:
    page = r"\pagebb" if new_page else ""
    mark = rf"{{\*\bkmkstart _o{number}}}{escaped(heading.text)}{{\*\bkmkend _o{number}}}"
    look = rf"\s{heading.level}\outlinelevel{heading.level - 1}\keepn{page}{_HEADINGS[heading.level]}"
    return rf"{{\pard{look} {mark}\par}}"


def _contents(document: Document, headings: list[Heading]) -> Iterator[str]:
    yield _paragraph(r"\sb360\sa120\fs20\b", render(Message.of("reports.contents"), document.language))
    for number, heading in enumerate(headings, start=1):
        if heading.level <= 2:
            look = r"\sb120\sa20\fs18\b" if heading.level == 1 else r"\li200\fs17"
            link = rf'{{\field{{\*\fldinst HYPERLINK \\l "_o{number}"}}{{\fldrslt {escaped(heading.text)}}}}}'
            yield rf"{{\pard{look} {link}\par}}"


class _Table:
    """A table's rows at the size and with the columns that `fit` chose; its heads stand on every page."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        fitted = fit(grid)
        self.size = fitted.size
        self.edges = list(accumulate(fitted.widths))

    def rows(self) -> Iterator[str]:
        if self.grid.spans:
            yield self._row(self._spans(), head=True)
        yield self._row(self._heads(), head=True)
        lines = list(body(self.grid))
        for place, line in enumerate(lines, start=1):
            below = _RULE if place == len(lines) else _HAIR
            yield self._row(self._line(line, below), keep=line.is_group)

    def _spans(self) -> Iterator[Cell]:
        last = -1
        for text, across in self.grid.spans:
            last += across
            yield self._cell(text, self.edges[last], "c", (_RULE, _THIN if text else None), bold=True)

    def _heads(self) -> Iterator[Cell]:
        rules = None if self.grid.spans else _RULE, _RULE
        columns = zip(self.grid.heads, self.edges, self.grid.kinds, indents(self.grid), strict=True)
        for text, edge, kind, indent in columns:
            yield self._cell(text, edge, _SIDES[kind], rules, indent, bold=True, at="bottom")

    def _line(self, line: Line, below: Border) -> Iterator[Cell]:
        if line.is_group:
            yield self._cell(line.cells[0], self.edges[-1], "l", (None, below), bold=True)
            return
        columns = zip(line.cells, self.edges, self.grid.kinds, indents(self.grid, line), strict=True)
        for text, edge, kind, indent in columns:
            yield self._cell(text, edge, _SIDES[kind], (None, below), indent, bold=line.is_strong)

    def _row(self, cells: Iterator[Cell], head: bool = False, keep: bool = False) -> str:
        """A row that no page breaks within; `head` stands on every page, `keep` with the row below it.

        rtflite has no words for these. Text is escaped, so that what is replaced is only the library's.
        """
        gap = 0.8 * GAP * self.size / _INCH
        first, *rest = Row(row_cells=list(cells), justification="l", height=gap)._as_rtf()
        stay = r"\pard\intbl\keepn\hyphpar" if head or keep else r"\pard\intbl\hyphpar"
        said = "".join(rest).replace(r"\pard\hyphpar", stay)
        return "".join((first, r"\trkeep", r"\trhdr" * head, "\n", said))

    def _cell(
        self,
        text: str,
        edge: float,
        side: str,
        rules: tuple[Border | None, Border | None],
        indent: float = 0.0,
        bold: bool = False,
        at: str = "top",
    ) -> Cell:
        """`edge` is where the cell ends, in points from the left margin; `rules` are above and below it.

        rtflite knows whole points only: a half one is said inside, and its own says how high an empty cell is.
        """
        look = rf"\fs{round(2 * self.size)}" + r"\b" * bold
        above, below = rules
        content = TextContent(
            text=f"{look} {escaped(text)}",
            size=int(self.size),
            convert=False,
            justification=side,
            indent_left=_twips(indent * self.size),
            space_before=_twips(0.18 * self.size),
            space_after=_twips(0.18 * self.size),
            hyphenation=False,
        )
        return Cell(
            text=content,
            width=edge / _INCH,
            vertical_justification=at,
            border_top=above,
            border_bottom=below,
            border_left=None,
            border_right=None,
        )


def _picture(picture: Picture, font: str) -> str:
    drawn = png(picture, font)
    wide, high = points(picture)
    pixels = rf"\picw{round(2 * picture.width)}\pich{round(2 * picture.height)}"
    goal = rf"\picwgoal{_twips(wide)}\pichgoal{_twips(high)}"
    return rf"{{\pict\pngblip{pixels}{goal} {drawn.hex()}}}"


def _line_of(pictures: list[str]) -> str:
    return rf"{{\pard\keepn {'   '.join(pictures)}\par}}"


def _twips(points: float) -> int:
    return round(20 * points)
