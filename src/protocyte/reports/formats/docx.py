"""DOCX: styles that Word builds its navigation from, tables whose heads stand on every page.

Text and tables are written as WordprocessingML (ISO/IEC 29500-1, chapter 17) and handed to python-docx
whole: cell by cell through its objects a listing takes minutes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import serialize_for_reading
from docx.shared import Pt, RGBColor

from protocyte.base import Message, render
from protocyte.reports.document import Document, Grid, Heading, Paragraph, Picture
from protocyte.reports.formats.drawings import picture_font, png, points
from protocyte.reports.formats.fonts import fonts_for, pictures_of
from protocyte.reports.formats.pages import Figure, pieces
from protocyte.reports.formats.tables import (
    BOTTOM,
    GAP,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    ROOM,
    SIDE,
    SIZES,
    TOP,
    Line,
    body,
    fit,
    indents,
)

# What a reader of Word has: the first on every system, the second on those set up for Chinese.
LATIN, CHINESE = "Arial", "Microsoft YaHei"
INK, SOFT, ACCENT = "1B2733", "5A6875", "0F5A6C"
RULE, THIN, HAIR = "5F6D79", "A4AFB8", "DDE2E6"
_URI = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can say
# Name, size in points, bold, colour, space before and after in points.
_LOOKS = (
    ("Normal", 9.5, False, INK, 0, 4), ("Title", 21, True, INK, 30, 4), ("Subtitle", 12, False, SOFT, 0, 18),
    ("Heading 1", 17, True, ACCENT, 0, 8), ("Heading 2", 12.5, True, INK, 4, 6),
    ("Heading 3", 10, True, INK, 10, 3), ("Note", 7.5, False, SOFT, 0, 2), ("Notice", 9.5, True, INK, 6, 6),
    ("Contents Title", 10, True, ACCENT, 18, 6), ("toc 1", 9, True, INK, 6, 1), ("toc 2", 8.5, False, INK, 0, 0),
    ("After Table", 3, False, INK, 0, 0), ("Footer", 7, False, SOFT, 0, 0),
)  # fmt: skip
_STYLE_OF = {"plain": "Normal", "note": "Note", "strong": "Notice"}


def lay_out(document: Document) -> bytes:
    made: Any = docx.Document()
    _page(made, document)
    _styles(made)
    font = picture_font(fonts_for(pictures_of(document)))
    parts = [_paragraph("Title", _run(document.title)), _paragraph("Subtitle", _run(document.subtitle))]
    headings = [block for block in document.blocks if isinstance(block, Heading)]
    numbers = iter(range(1, len(headings) + 1))
    drawings = 0
    for piece, new_page in pieces(document):
        match piece:
            case Heading():
                number = next(numbers)
                if number == 1:
                    parts.append(_contents(document, headings))
                parts.append(_heading(piece, number, new_page))
            case Paragraph():
                parts.append(_paragraph(_STYLE_OF[piece.style], _run(piece.text)))
            case Grid():
                parts += [_Table(piece).xml(), _paragraph("AfterTable", "")]
            case Figure(lines, label):
                for line in lines:
                    drawn = (_picture(made, one, n, font) for n, one in enumerate(line, start=drawings + 1))
                    parts.append(_paragraph("Normal", _run("   ").join(drawn), "<w:keepNext/>"))
                    drawings += len(line)
                parts.append(_paragraph("Note", _run(label)))
    _fill(made, "".join(parts))
    return _fixed(made)


def _fill(made: Any, xml: str) -> None:
    """The body, parsed once as a whole: moving it into another tree would take most of the time."""
    section = serialize_for_reading(made.element.body[-1])
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in made.element.nsmap.items())
    made.part._element = parse_xml(f"<w:document {names}><w:body>{xml}{section}</w:body></w:document>")


def _page(made: Any, document: Document) -> None:
    section = made.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Pt(PAGE_WIDTH), Pt(PAGE_HEIGHT)
    section.left_margin = section.right_margin = Pt(SIDE)
    section.top_margin, section.bottom_margin = Pt(TOP), Pt(BOTTOM)
    section.header_distance = section.footer_distance = Pt(24)
    tab = f'<w:tabs><w:tab w:val="right" w:pos="{_twips(ROOM)}"/></w:tabs>'
    line = f'<w:pBdr><w:top w:val="single" w:sz="4" w:space="4" w:color="{HAIR}"/></w:pBdr>'
    number = "".join((_field("PAGE"), _run(" / "), _field("NUMPAGES")))
    foot = _paragraph("Footer", _run(document.footer) + "<w:r><w:tab/></w:r>" + number, line + tab)
    footer = section.footer
    footer.is_linked_to_previous = False
    footer._element.replace(
        footer.paragraphs[0]._p, parse_xml(foot.replace("<w:p>", f'<w:p xmlns:w="{_URI}">', 1))
    )
    core = made.core_properties
    core.title, core.subject, core.author, core.last_modified_by = (
        document.title[:255],
        document.subtitle[:255],
        "",
        "",
    )
    core.comments, core.keywords, core.revision = "", "", 1
    core.created = core.modified = datetime(*_EPOCH)  # noqa: DTZ001 -- python-docx takes UTC without saying so
    core.language = "zh-CN" if document.language == "zh" else "en-US"


def _styles(made: Any) -> None:
    known = {style.name for style in made.styles}
    # A style for each size of a table's cells: an empty cell is then no higher than the others.
    cells = [(f"Cell {size:g}", size, False, INK, 0.2 * size, 0.2 * size) for size in SIZES]
    for name, size, bold, colour, before, after in (*_LOOKS, *cells):
        if name not in known:
            made.styles.add_style(
                name, WD_STYLE_TYPE.PARAGRAPH, name.startswith("toc")
            ).base_style = made.styles["Normal"]
        style = made.styles[name]
        style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
        style.font.color.rgb = RGBColor.from_string(colour)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
        style.paragraph_format.line_spacing = 1.08
        _fonts(style)
        for given in style.element.xpath("w:pPr/w:pBdr | w:pPr/w:tabs | w:rPr/w:spacing | w:rPr/w:kern"):
            given.getparent().remove(given)
    made.styles["toc 2"].paragraph_format.left_indent = Pt(10)
    language = OxmlElement("w:lang")
    language.set(qn("w:eastAsia"), "zh-CN")
    made.styles["Normal"].element.get_or_add_rPr().append(language)


def _fonts(style: Any) -> None:
    properties = style.element.get_or_add_rPr()
    fonts = properties.get_or_add_rFonts()
    fonts.attrib.clear()
    for letters, font in (("ascii", LATIN), ("hAnsi", LATIN), ("cs", LATIN), ("eastAsia", CHINESE)):
        fonts.set(qn(f"w:{letters}"), font)


def _paragraph(style: str, runs: str, more: str = "") -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{more}</w:pPr>{runs}</w:p>'


def _run(text: str, look: str = "") -> str:
    """Text as it is, line breaks kept."""
    lines = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.split("\n"))
    return f"<w:r>{f'<w:rPr>{look}</w:rPr>' if look else ''}{lines}</w:r>"


def _field(name: str) -> str:
    return f'<w:fldSimple w:instr=" {name} "><w:r><w:t>1</w:t></w:r></w:fldSimple>'


def _heading(heading: Heading, number: int, new_page: bool) -> str:
    mark = f'<w:bookmarkStart w:id="{number}" w:name="_o{number}"/>{_run(heading.text)}<w:bookmarkEnd w:id="{number}"/>'
    return _paragraph(f"Heading{heading.level}", mark, "<w:pageBreakBefore/>" if new_page else "")


def _contents(document: Document, headings: list[Heading]) -> str:
    """A field that Word can bring up to date; until it does, links that are right without page numbers."""
    entries = [(number, one) for number, one in enumerate(headings, start=1) if one.level <= 2]
    if not entries:
        return ""
    begin = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        '<w:r><w:instrText xml:space="preserve"> TOC \\o "1-2" \\h \\n </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    )
    end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    parts = [_paragraph("ContentsTitle", _run(render(Message.of("reports.contents"), document.language)))]
    for place, (number, heading) in enumerate(entries):
        link = f'<w:hyperlink w:anchor="_o{number}" w:history="1">{_run(heading.text)}</w:hyperlink>'
        runs = (begin if place == 0 else "") + link + (end if place == len(entries) - 1 else "")
        parts.append(_paragraph(f"toc{heading.level}", runs))
    return "".join(parts)


class _Table:
    """A table at the size and with the columns that `fit` chose; its heads stand on every page."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        fitted = fit(grid)
        self.style = f"Cell{fitted.size:g}"
        self.size = fitted.size
        self.wide = [_twips(one) for one in fitted.widths]

    def xml(self) -> str:
        edges = _edge("top", RULE, 8) + _edge("bottom", RULE, 8) + _edge("insideH", HAIR, 4)
        gap = f'<w:left w:w="0" w:type="dxa"/><w:right w:w="{_twips(0.8 * GAP * self.size)}" w:type="dxa"/>'
        parts = [
            f'<w:tbl><w:tblPr><w:tblW w:w="{sum(self.wide)}" w:type="dxa"/><w:tblBorders>{edges}</w:tblBorders>',
            f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{gap}</w:tblCellMar></w:tblPr><w:tblGrid>',
            *(f'<w:gridCol w:w="{one}"/>' for one in self.wide),
            "</w:tblGrid>",
            _row(self._spans(), head=True) if self.grid.spans else "",
            _row(self._heads(), head=True),
            *(_row(self._line(line)) for line in body(self.grid)),
            "</w:tbl>",
        ]
        return "".join(parts)

    def _spans(self) -> Iterator[str]:
        first = 0
        for text, across in self.grid.spans:
            below = _edge("bottom", THIN, 4) if text else '<w:bottom w:val="nil"/>'
            box = _box(sum(self.wide[first : first + across]), across, below)
            yield self._cell(text, box, "center", bold=True, keep=True)
            first += across

    def _heads(self) -> Iterator[str]:
        columns = zip(self.grid.heads, self.wide, self.grid.kinds, indents(self.grid), strict=True)
        for text, wide, kind, indent in columns:
            box = _box(wide, 1, _edge("bottom", RULE, 6), at_bottom=True)
            yield self._cell(text, box, _SIDES[kind], indent, bold=True, keep=True)

    def _line(self, line: Line) -> Iterator[str]:
        if line.is_group:
            box = _box(sum(self.wide), len(self.wide))
            yield self._cell(line.cells[0], box, "left", bold=True, keep=True)
            return
        columns = zip(line.cells, self.wide, self.grid.kinds, indents(self.grid, line), strict=True)
        for text, wide, kind, indent in columns:
            yield self._cell(text, _box(wide), _SIDES[kind], indent, bold=line.is_strong)

    def _cell(
        self, text: str, box: str, side: str, indent: float = 0.0, bold: bool = False, keep: bool = False
    ) -> str:
        """The parts of a paragraph's properties stand in the order that the standard wants: stay, indent, side."""
        place = "<w:keepNext/>" if keep else ""
        if indent:
            place += f'<w:ind w:left="{_twips(indent * self.size)}"/>'
        if side != "left":
            place += f'<w:jc w:val="{side}"/>'
        said = _run(text, "<w:b/>" if bold else "") if text else ""
        return f"<w:tc>{box}{_paragraph(self.style, said, place)}</w:tc>"


_SIDES = {"text": "left", "number": "right"}


def _row(cells: Iterator[str], head: bool = False) -> str:
    repeat = "<w:tblHeader/>" if head else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeat}</w:trPr>{''.join(cells)}</w:tr>"


def _box(wide: int, across: int = 1, border: str = "", at_bottom: bool = False) -> str:
    """A cell's own properties, in the order that the standard wants."""
    span = f'<w:gridSpan w:val="{across}"/>' if across > 1 else ""
    border = f"<w:tcBorders>{border}</w:tcBorders>" if border else ""
    low = '<w:vAlign w:val="bottom"/>' if at_bottom else ""
    return f'<w:tcPr><w:tcW w:w="{wide}" w:type="dxa"/>{span}{border}{low}</w:tcPr>'


def _edge(where: str, colour: str, eighths: int) -> str:
    return f'<w:{where} w:val="single" w:sz="{eighths}" w:space="0" w:color="{colour}"/>'


def _twips(points: float) -> int:
    return round(20 * points)


def _picture(made: Any, picture: Picture, number: int, font: str) -> str:
    wide, high = points(picture)
    shape = made.part.new_pic_inline(io.BytesIO(png(picture, font)), Pt(wide), Pt(high))
    # python-docx counts the drawings in the body, which is still empty; Word wants them told apart.
    shape.docPr.set("id", str(number))
    shape.docPr.set("name", f"Picture {number}")
    shape.docPr.set("descr", picture.label)
    return f"<w:r><w:drawing>{serialize_for_reading(shape)}</w:drawing></w:r>"


def _fixed(made: Any) -> bytes:
    """The file with no date in it: the same document gives the same bytes."""
    saved, fixed = io.BytesIO(), io.BytesIO()
    made.save(saved)
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, _EPOCH), old.read(name), zipfile.ZIP_DEFLATED)
    return fixed.getvalue()
