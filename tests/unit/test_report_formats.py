"""One document, four formats: each carries the same cells, whatever is written in them, in the same bytes."""

from __future__ import annotations

import io
import re
import struct
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pypdf
import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from protocyte.base import InputError
from protocyte.reports import vega
from protocyte.reports.document import Document, Grid, Heading, Paragraph, Picture
from protocyte.reports.formats import FORMATS, lay_out
from protocyte.reports.formats import fonts as fonts_module
from protocyte.reports.formats.drawings import LATIN, drawing_rules, inline, png, points, standalone
from protocyte.reports.formats.fonts import CHINESE, drawable, fonts_for, is_chinese
from protocyte.reports.formats.pages import BETWEEN, Figure, pieces
from protocyte.reports.formats.pdf import breakable
from protocyte.reports.formats.plain import plain_text
from protocyte.reports.formats.tables import ROOM, SIZES, body, fit, width
from protocyte.reports.svg import Drawing

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
Cells = list[list[list[str]]]  # tables, rows, cells

HOSTILE = (
    "<script>alert(1)</script>", "</td></table>", "&amp; &#60;", r"\par}", r"{\rtf1 \'41", r"\u20013?", "#set page()",
    '#import "x"', "$x$", "]", "@ref", "= heading", "*b* _i_", "`raw`", "//", "/*", '"', "'", "''", "\n", "\n\n", "\t",
    "\r\n", "{{ 7 * 7 }}", "{% raw %}", "]]>", "<w:t>", "%PDF", "\\", "\\\\", "{", "}", "~", "--", "---", "...", "😀",
    "👩🏽‍⚕️", "中文，测试。", "≥ 3 × 10⁶/kg", "é", "e\u0301", "\u202eabc", "\x00", "\x0b", "\ud800", "\ufffe", "\u200b",
    "Wort" * 40, "无" * 60, "a" * 300, " ", "  ", "",
)  # fmt: skip
# What only a font of the machine can draw is tried where there is one.
HAS_CHINESE = fonts_module._chinese(()) is not None
needs_chinese = pytest.mark.skipif(not HAS_CHINESE, reason="no font for Chinese on this machine")
LANGUAGES = ["en", pytest.param("zh", marks=needs_chinese)]
hostile_texts = st.lists(
    st.sampled_from(HOSTILE) | st.text(max_size=5) | st.characters().map(str), max_size=4
).map("".join)


def grid_of(texts: list[str], columns: int = 3) -> Grid:
    """The texts as heads, an upper row of heads, a group's heading and cells."""
    texts = [*texts, *("",) * (-len(texts) % columns)]
    rows = [tuple(texts[k : k + columns]) for k in range(0, len(texts), columns)]
    heads, rest = rows[0], tuple(rows[1:])
    kinds: tuple[Any, ...] = ("text", *("number",) * (columns - 1))
    return Grid("t", heads, kinds, rest, ((texts[0], 1), (texts[-1], columns - 1)), ((0, texts[1]),), (0,))


def document_of(*blocks: Any, language: str = "en", title: str = "A trial") -> Document:
    return Document(title, "Tables", "Trial T-1, entry 12", language, blocks)  # type: ignore[arg-type]


def expected(document: Document) -> Cells:
    """What every format has to carry: each table's upper heads, heads and rows with the headings of groups."""
    tables = []
    for block in document.blocks:
        if isinstance(block, Grid):
            rows = [[head for head, _ in block.spans]] if block.spans else []
            rows.append(list(block.heads))
            for place, cells in enumerate(block.rows):
                rows += [[words] for at, words in block.groups if at == place]
                rows.append(list(cells))
            rows += [[words] for at, words in block.groups if at >= len(block.rows)]
            tables.append([[plain_text(cell) for cell in row] for row in rows])
    return tables


class _Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: Cells = []
        self.open = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.open = True

    def handle_endtag(self, tag: str) -> None:
        self.open = self.open and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.open:
            self.tables[-1][-1][-1] += data


def cells_of_html(made: bytes) -> Cells:
    reader = _Tables()
    reader.feed(made.decode())
    return reader.tables


def cells_of_docx(made: bytes) -> Cells:
    with zipfile.ZipFile(io.BytesIO(made)) as file:
        root = ElementTree.fromstring(file.read("word/document.xml"))
    return [
        [[_docx_text(cell) for cell in row.iter(f"{W}tc")] for row in table.iter(f"{W}tr")]
        for table in root.iter(f"{W}tbl")
    ]


def _docx_text(cell: ElementTree.Element) -> str:
    return "".join(
        "\n" if part.tag == f"{W}br" else part.text or "" for part in cell.iter() if part.tag != f"{W}tab"
    )


_RTF = re.compile(r"\\u(-?\d+)\?|\\'([0-9a-f]{2})|\\([a-z]+)(-?\d+)? ?|([{}])|([^\\{}\r\n])")


def rtf_tokens(made: bytes) -> Iterator[tuple[str, str]]:
    """(kind, value): a word of RTF, a brace, or text; characters beyond ASCII are put together again."""
    units: list[int] = []
    for unit, byte, word, _, brace, letter in _RTF.findall(made.decode("ascii")):
        if unit:
            units.append(int(unit) % 65536)
            continue
        if units:
            yield "text", struct.pack(f"<{len(units)}H", *units).decode("utf-16-le")
            units = []
        if brace or word:
            yield ("brace", brace) if brace else ("word", word)
        else:
            yield "text", chr(int(byte, 16)) if byte else letter


def cells_of_rtf(made: bytes) -> Cells:
    """Between two tables stands a paragraph, which ends with the only \\par outside cells."""
    tables: Cells = []
    text, within = "", False
    for kind, value in rtf_tokens(made):
        if (kind, value) == ("word", "trowd"):
            if not within:
                tables.append([])
            within, text = True, ""
            tables[-1].append([])
        elif (kind, value) == ("word", "cell"):
            tables[-1][-1].append(text)
            text = ""
        elif (kind, value) == ("word", "par"):
            within = False
        elif kind == "text":
            text += value
        elif value == "line":
            text += "\n"
    return tables


@cache
def pages_of_pdf(made: bytes) -> tuple[str, ...]:
    return tuple(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made)).pages)


def text_of_pdf(made: bytes) -> str:
    """All pages without white space: where lines break is the page's matter."""
    return bare("".join(pages_of_pdf(made)))


def bare(text: str) -> str:
    return re.sub(r"[\s\u200b]", "", text)


def carries_in_order(text: str, parts: list[str]) -> bool:
    place = 0
    for part in map(bare, parts):
        place = text.find(part, place)
        if place < 0:
            print("not found:", part)
            return False
        place += len(part)
    return True


READERS: dict[str, Callable[[bytes], Cells]] = {
    "html": cells_of_html,
    "docx": cells_of_docx,
    "rtf": cells_of_rtf,
}


def said_in_order(document: Document) -> list[str]:
    found = [document.title, document.subtitle]
    tables = iter(expected(document))
    for block in document.blocks:
        match block:
            case Grid():
                found += [cell for row in next(tables) for cell in row]
            case Picture():
                found.append(block.label)
            case _:
                found.append(block.text)
    return [plain_text(text) for text in found]


@pytest.mark.parametrize("format", READERS)
@given(texts=st.lists(hostile_texts, min_size=3, max_size=15))
@settings(deadline=None, derandomize=True, max_examples=40)
def test_every_format_carries_exactly_the_cells_whatever_they_say(format: str, texts: list[str]) -> None:
    grid = grid_of(texts)
    document = document_of(Heading(texts[0], 2, "a"), Paragraph(texts[1], "note"), grid, grid, title=texts[2])

    assert READERS[format](lay_out(document, format)) == expected(document)


@given(texts=st.lists(hostile_texts, min_size=3, max_size=15))
@settings(deadline=None, derandomize=True, max_examples=40)
def test_a_pdf_carries_exactly_the_cells_whatever_they_say(texts: list[str]) -> None:
    if not HAS_CHINESE:
        texts = ["".join(letter for letter in text if not is_chinese(letter)) for text in texts]
    document = document_of(Heading(texts[0], 2, "a"), Paragraph(texts[1], "note"), grid_of(texts))

    assert carries_in_order(
        text_of_pdf(lay_out(document, "pdf")), [drawable(one) for one in said_in_order(document)]
    )


def chart() -> Markup:
    alt = vega.altair()

    def build() -> Any:
        rows = [{"x": k, "y": k / 5, "g": f"DL{k % 2}"} for k in range(6)]
        x, y = alt.X("x:Q"), alt.Y("y:Q", scale=alt.Scale(domain=[0, 1]))
        line = (
            alt.Chart(vega.values(rows))
            .mark_line(clip=True)
            .encode(x=x, y=y, color=alt.Color("g:N", legend=None))
        )
        layers = alt.layer(line, vega.caption("chance <b> & ≥ 3", 10, -10))
        return vega.styled(layers, 300, 150, {"left": 40, "right": 10, "top": 25, "bottom": 30})

    return vega.draw(build, "a chart")


def drawing(words: str = "subjects <&>") -> Markup:
    made = Drawing(200, 100, "boxes")
    made.rect(0, 0, 50, 100, "g3")
    made.rect(60, 0, 40, 40, "box side")
    made.circle(150, 50, 20, "dlt")
    made.text(60, 80, words, "flow soft")
    made.text(2, 50, "plain")
    return made.markup()


@cache
def full(language: str = "en") -> Document:
    """Every kind of block, wide and long tables, two languages."""
    zh = language == "zh"
    few = Grid(
        "few", ("性别" if zh else "Sex", "DL1", "DL2"), ("text", "number", "number"),
        (("Female", "1 (33 %)", "2"), ("Male", "0", "10 (9–12)"), ("", "", "")),
        (("", 1), ("剂量水平" if zh else "Dose level", 2)), ((0, "Sex, n (%)"), (1, "Second")), (2,),
    )  # fmt: skip
    rows = tuple(
        (f"S{k:03d}", *(f"{k}.{n}" for n in range(16)), f"comment {k} goes on and on") for k in range(120)
    )
    kinds: tuple[Any, ...] = ("text", *("number",) * 16, "text")
    long = Grid("long", ("Subject", *(f"Day {7 * n}" for n in range(16)), "Comment"), kinds, rows)
    none = Grid("none", ("Subject", "Term"), ("text", "text"), ())
    return document_of(
        Paragraph("截至 2026-03-31。" if zh else "As of 2026-03-31."),
        Paragraph("Two are missing.", "strong"),
        Heading("Part 14.1", 1, "part"), Heading("Table 14.1.1  Demographics", 2, "t1"), Heading("By level", 3, "t1a"),
        Paragraph("All infused (N = 3)"), few, Paragraph("A footnote.", "note"),
        Heading("Figure 1", 2, "f1"), Picture("f1", chart(), 350, 205, "Chances"),
        Picture("f2", drawing("受试者 <&>" if zh else "subjects <&>"), 200, 100, "Boxes"),
        Heading("Listing 16.2", 2, "l1"), long, none, Paragraph("The end.", "note"),
        language=language, title="一项 1 期试验" if zh else "A phase 1 trial",
    )  # fmt: skip


@cache
def laid(format: str, language: str = "en") -> bytes:
    return lay_out(full(language), format)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("format", READERS)
def test_spans_groups_and_long_tables_arrive_in_every_format(format: str, language: str) -> None:
    assert READERS[format](laid(format, language)) == expected(full(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pdf_says_everything_in_order(language: str) -> None:
    assert carries_in_order(text_of_pdf(laid("pdf", language)), said_in_order(full(language)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("format", FORMATS)
def test_the_same_document_gives_the_same_bytes(format: str, language: str) -> None:
    assert lay_out(full(language), format) == laid(format, language)


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_document_and_a_table_without_rows_are_laid_out(format: str) -> None:
    assert len(lay_out(document_of(title=""), format)) > 200
    none = Grid("none", ("Subject", "Term"), ("text", "text"), ())
    made = lay_out(document_of(none, Grid("nothing", (), (), ())), format)

    if format == "pdf":
        assert carries_in_order(text_of_pdf(made), ["Subject", "Term"])
    else:
        assert READERS[format](made) == [[["Subject", "Term"]]]


def test_every_page_of_a_pdf_has_the_footer_its_number_and_the_heads_of_its_table() -> None:
    pages = pages_of_pdf(laid("pdf"))

    assert len(pages) > 4
    for number, page in enumerate(pages, start=1):
        assert "Trial T-1, entry 12" in page
        assert f"{number} / {len(pages)}" in page
    assert all("Subject" in page and "Comment" in page for page in pages if re.search(r"S\d\d\d", page))
    assert sum("comment 1" in page for page in pages) > 1, "the listing runs over several pages"


def test_a_pdf_has_bookmarks_its_title_and_no_date_of_its_own() -> None:
    reader = pypdf.PdfReader(io.BytesIO(laid("pdf")))
    outline: Any = reader.outline

    def titles(items: Any) -> list[str]:
        return [t for one in items for t in (titles(one) if isinstance(one, list) else [one.title])]

    assert titles(outline) == [block.text for block in full().blocks if isinstance(block, Heading)]
    assert reader.metadata is not None
    assert reader.metadata.title == "A phase 1 trial"
    assert reader.metadata.creation_date_raw == "D:19700101000000Z"
    box = reader.pages[0].mediabox
    assert (round(box.width), round(box.height)) == (842, 595), "A4 on its side"


def test_pictures_stay_drawings_in_a_pdf() -> None:
    reader = pypdf.PdfReader(io.BytesIO(laid("pdf")))

    assert not any(page.images for page in reader.pages)
    assert "chance<b>&≥3" in text_of_pdf(laid("pdf")), "the chart's words are text"


@needs_chinese
def test_word_finds_headings_repeated_heads_page_numbers_and_pictures_in_a_docx() -> None:
    with zipfile.ZipFile(io.BytesIO(laid("docx", "zh"))) as file:
        body_xml = file.read("word/document.xml").decode()
        styles = file.read("word/styles.xml").decode()
        footers = "".join(file.read(name).decode() for name in file.namelist() if "footer" in name)
        images = [file.read(name) for name in file.namelist() if name.startswith("word/media/")]
        dates = {info.date_time for info in file.infolist()}

    headings = [block for block in full().blocks if isinstance(block, Heading)]
    assert [int(n) for n in re.findall(r'w:val="Heading(\d)"', body_xml)] == [one.level for one in headings]
    assert body_xml.count("<w:tblHeader/>") == 4, "two rows of heads, then one for each of two tables"
    assert 'w:instr=" PAGE "' in footers
    assert "Trial T-1, entry 12" in footers
    assert 'w:orient="landscape"' in body_xml
    assert 'w:eastAsia="Microsoft YaHei"' in styles
    assert [image[:8] for image in images] == [b"\x89PNG\r\n\x1a\n"] * 2
    assert dates == {(1980, 1, 1, 0, 0, 0)}
    anchors = set(re.findall(r'w:hyperlink w:anchor="(\w+)"', body_xml))
    assert len(anchors) == sum(one.level < 3 for one in headings)
    assert anchors <= set(re.findall(r'w:bookmarkStart w:id="\d+" w:name="(\w+)"', body_xml))


def test_python_docx_opens_what_it_saved() -> None:
    import docx

    opened = docx.Document(io.BytesIO(laid("docx")))

    assert [one.text for one in opened.paragraphs if one.style.name == "Heading 2"] == [
        block.text for block in full().blocks if isinstance(block, Heading) and block.level == 2
    ]
    assert len(opened.tables) == 3
    assert opened.core_properties.title == "A phase 1 trial"


@needs_chinese
def test_an_rtf_is_ascii_with_balanced_braces_repeated_heads_and_a_footer() -> None:
    made = laid("rtf", "zh").decode("ascii")
    depth = 0
    for kind, value in rtf_tokens(made.encode()):
        depth += {"{": 1, "}": -1}.get(value, 0) if kind == "brace" else 0
        assert depth >= 0

    assert depth == 0
    assert made.count(r"\trhdr") == 4
    assert re.search(r"\{\\footer.*PAGE.*NUMPAGES", made)
    assert made.count(r"\pngblip") == 2
    assert re.findall(r"\\outlinelevel(\d)\\keepn", made) == ["0", "1", "2", "1", "1"]
    assert re.search(r"\\paperw16838\\paperh1190\d\\landscape", made)


def test_a_character_beyond_the_first_plane_is_two_units_in_rtf() -> None:
    made = lay_out(document_of(Paragraph("😀 \\ { } 中")), "rtf").decode("ascii")

    assert r"\u-10179?\u-8704? \'5c \'7b \'7d {\f1 \u20013?}" in made


def test_a_page_of_html_is_self_contained_and_every_entry_of_its_contents_leads_somewhere() -> None:
    page = laid("html").decode()

    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert "url(" not in re.sub(r"url\(#f1-[\w-]+\)", "", page)
    assert set(re.findall(r'href="#([^"]+)"', page)) == {"part", "t1", "f1", "l1"}
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert {"part", "t1", "t1a", "f1", "l1"} <= set(ids)
    assert "size: A4 landscape" in page
    assert "table-header-group" in page


def test_markup_in_a_cell_stays_text_in_html() -> None:
    page = lay_out(
        document_of(grid_of(["<script>alert(1)</script>", '"><img src=x>', "&lt;"])), "html"
    ).decode()

    assert "<script" not in page
    assert "<img" not in page


def test_what_no_format_can_carry_is_marked_and_nothing_else_is_changed() -> None:
    assert plain_text("a\x00b\u202ec\ud800d\ufffee") == "a\ufffdb\ufffdc\ufffdd\ufffde"
    assert plain_text("a\r\nb\rc\td\u2028e") == "a\nb\nc d\ne"
    same = "≥ 3 × 10⁶/kg, 中文，é e\u0301 😀 \u200b\xa0"
    assert plain_text(same) == same


def test_a_character_without_a_glyph_is_named_in_a_pdf_and_never_a_box() -> None:
    assert drawable("fever 😀 ≥ 38 °C, 中") == "fever [U+1F600] ≥ 38 °C, 中"
    assert "fever[U+1F600]" in text_of_pdf(lay_out(document_of(Paragraph("fever 😀")), "pdf"))


def test_every_sign_that_counts_as_drawable_is_drawn_with_the_fonts_that_come_along() -> None:
    signs = [chr(k) for k in range(0xA1, 0x2E80) if drawable(chr(k)) == chr(k) and chr(k).isprintable()]
    text = text_of_pdf(lay_out(document_of(*(Paragraph(f"<{sign}>") for sign in signs)), "pdf"))

    lost = [sign for sign in signs if f"<{sign}>" not in text]
    print(len(signs), "signs")
    assert not lost


def grey(png_bytes: bytes) -> tuple[int, int]:
    """Width and height of a PNG, from its header."""
    wide, high = struct.unpack(">II", png_bytes[16:24])
    return wide, high


def test_a_drawing_by_itself_holds_its_styles_its_size_and_no_variables() -> None:
    made = standalone(Picture("p", drawing(), 200, 100, ""), LATIN)

    root = ElementTree.fromstring(made)
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("200", "100", "0 0 200 100")
    style = next(root.iter("{http://www.w3.org/2000/svg}style")).text or ""
    assert "var(" not in style
    assert re.search(r"\.g3 \{ fill: #dc7434;", style)
    assert ".side" in style
    assert ".badge" not in style, "only what the drawing uses"
    assert "inherit" not in standalone(Picture("p", chart(), 350, 205, ""), LATIN)


def test_every_rule_for_drawings_is_found_in_the_stylesheet() -> None:
    assert {".g0", ".g5", ".box", ".side", ".dlt", ".arrow", ".badge.lapsed", ".gt5"} <= {
        m for m, _ in drawing_rules()
    }
    assert not any("var(" in said for _, said in drawing_rules())


def pixel(drawn: bytes, x: int, y: int) -> tuple[int, ...]:
    import zlib

    wide, _ = grey(drawn)
    place, data = 8, b""
    while place < len(drawn):
        size, name = struct.unpack(">I4s", drawn[place : place + 8])
        data += drawn[place + 8 : place + 8 + size] if name == b"IDAT" else b""
        place += size + 12
    raw, stride = zlib.decompress(data), 4 * wide + 1
    row = bytearray(4 * wide)
    for line in range(y + 1):
        kind, now = raw[line * stride], bytearray(raw[line * stride + 1 : (line + 1) * stride])
        for k in range(len(now)):
            left, up, corner = (now[k - 4] if k > 3 else 0), row[k], (row[k - 4] if k > 3 else 0)
            guess = left + up - corner
            paeth = min((left, up, corner), key=lambda v: abs(guess - v))
            now[k] = (now[k] + (0, left, up, (left + up) // 2, paeth)[kind]) % 256
        row = now
    return tuple(row[4 * x : 4 * x + 4])


def test_a_png_has_two_pixels_for_one_and_the_colours_of_the_stylesheet() -> None:
    drawn = png(Picture("p", drawing(), 200, 100, ""), LATIN)

    assert grey(drawn) == (400, 200)
    assert pixel(drawn, 20, 20)[:3] == (0xDC, 0x74, 0x34), "grade 3"
    assert pixel(drawn, 300, 100)[:3] == (0xB0, 0x28, 0x1F), "a dose-limiting toxicity"
    assert pixel(drawn, 250, 10) == (255, 255, 255, 255), "paper, not a hole"


def test_a_power_is_drawn_raised_in_the_font_of_the_picture() -> None:
    made = [Drawing(300, 40, "power") for _ in range(2)]
    made[0].text(5, 25, "1 × 10⁶ cells/kg", "flow")
    made[1].text(5, 25, "1 × 10 cells/kg", "flow")
    with_power, without = (png(Picture("p", one.markup(), 300, 40, ""), LATIN) for one in made)

    # What stands before the power is the same to the pixel: no other font was taken for its sake.
    assert all(pixel(with_power, x, 40) == pixel(without, x, 40) for x in range(0, 78, 2))
    assert with_power != without


def test_names_inside_two_drawings_of_a_page_do_not_meet() -> None:
    made = [str(inline(Picture(name, chart(), 350, 205, ""))) for name in ("one", "two")]
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in made]

    assert ids[0]
    assert not ids[0] & ids[1]
    for svg, own in zip(made, ids, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= own


def test_drawings_under_one_label_stand_together_and_say_it_once() -> None:
    key, panel = Picture("k", drawing(), 940, 40, "Kinetics"), Picture("p", drawing(), 300, 200, "Kinetics")
    document = document_of(key, panel, panel, panel, Picture("o", drawing(), 300, 200, "Other"), panel)
    figures = [piece for piece, _ in pieces(document) if isinstance(piece, Figure)]

    assert [(one.label, [len(line) for line in one.lines]) for one in figures] == [
        ("Kinetics", [1, 3]),
        ("Other", [1]),
        ("Kinetics", [1]),
    ]
    assert sum(points(one)[0] for one in figures[0].lines[1]) + 2 * BETWEEN <= ROOM
    assert text_of_pdf(lay_out(document, "pdf")).count("Kinetics") == 2
    assert lay_out(document, "rtf").count(rb"\pngblip") == 6


def test_an_output_begins_a_page_and_a_part_begins_with_its_first_output() -> None:
    blocks = [Heading(str(level), level, f"a{k}") for k, level in enumerate((1, 2, 3, 2, 1, 1, 2))]

    assert [new for _, new in pieces(document_of(*blocks))] == [True, False, False, True, True, True, False]


def test_the_footer_of_printed_pages_cannot_end_the_style_it_stands_in() -> None:
    page = lay_out(replace(document_of(), footer='</style><script>"; } 中'), "html").decode()
    style = page.partition("<style>")[2].partition("</style>")[0]

    assert r'content: "\3c \2f style\3e \3c script\3e \22 \3b \20 \7d \20 \4e2d "' in style


def test_chinese_without_a_font_is_an_error_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fonts_module, "_chinese", lambda folders: None)

    for format in ("pdf", "docx", "rtf"):
        with pytest.raises(InputError, match="Noto Sans CJK"):
            lay_out(full("zh"), format)
    with pytest.raises(InputError, match="PROTOCYTE_FONTS"):
        lay_out(document_of(Paragraph("中文")), "pdf")
    assert lay_out(full("zh"), "html")
    assert lay_out(document_of(Paragraph("中文，由读者的字体显示")), "docx"), "the reader's own font"
    assert lay_out(document_of(Paragraph("English needs none: ≥ 3 × 10⁶")), "pdf")


@needs_chinese
def test_a_folder_of_fonts_is_searched(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("PROTOCYTE_FONTS", str(tmp_path))

    found = fonts_for(["中文"])

    assert found.folders == (str(tmp_path),)
    assert found.chinese in CHINESE


@pytest.mark.parametrize(("format", "library"), [("rtf", "rtflite"), ("docx", "docx"), ("pdf", "typst")])
def test_a_missing_library_is_an_error_that_names_the_extra(
    format: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [one for one in sys.modules if one.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, f"protocyte.reports.formats.{format}", raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    if library == "rtflite":
        monkeypatch.setitem(sys.modules, "rtflite.row", None)

    with pytest.raises(InputError, match=r"install Protocyte with its extra, protocyte\[formats\]"):
        lay_out(document_of(), format)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(InputError, match="html, rtf, docx, pdf"):
        lay_out(document_of(), "odt")


@given(
    columns=st.integers(1, 40),
    words=st.lists(st.text("abc 中1W", max_size=60), min_size=1, max_size=12),
    data=st.data(),
)
@settings(deadline=None, derandomize=True, max_examples=80)
def test_a_table_never_leaves_its_page(columns: int, words: list[str], data: st.DataObject) -> None:
    pick = st.sampled_from(words)
    kinds: tuple[Any, ...] = tuple(data.draw(st.sampled_from(["text", "number"])) for _ in range(columns))
    rows = tuple(tuple(data.draw(pick) for _ in range(columns)) for _ in range(2))
    fitted = fit(Grid("t", rows[0], kinds, rows))

    assert len(fitted.widths) == columns
    assert sum(fitted.widths) <= ROOM + 0.01 * columns
    assert min(fitted.widths) > 0
    assert fitted.size in SIZES


def test_numbers_stay_on_one_line_and_texts_get_what_is_left() -> None:
    long = "a comment that goes on for quite a while and has to be broken into lines somewhere " * 3
    rows = (("S001", *("12 (34 %)",) * 9, long),)
    fitted = fit(Grid("t", ("Subject", *("DL",) * 9, "Comment"), ("text", *("number",) * 9, "text"), rows))
    few = fit(Grid("t", ("Sex", "DL1"), ("text", "number"), (("Female", "12 (34 %)"),)))

    assert all(wide >= width("12 (34 %)") * fitted.size for wide in fitted.widths[1:10])
    assert fitted.widths[10] == max(fitted.widths)
    assert sum(few.widths) < 0.6 * ROOM, "a small table is not stretched over the page"
    assert few.size == SIZES[0]


def test_rows_stand_in_under_the_heading_of_their_group() -> None:
    rows = (("all",), ("a",), ("b",), ("c",))
    lines = list(
        body(Grid("t", ("Head",), ("text",), rows, (), ((1, "One"), (3, "Two"), (4, "Nobody")), (0,)))
    )

    assert [line.cells[0] for line in lines] == ["all", "One", "a", "b", "Two", "c", "Nobody"]
    assert [line.cells[0] for line in lines if line.is_group] == ["One", "Two", "Nobody"]
    assert [line.cells[0] for line in lines if line.is_inner] == ["a", "b", "c"]
    assert [line.cells[0] for line in lines if line.is_strong] == ["all"]


def test_a_word_too_long_for_its_column_is_broken_into_lines_in_a_pdf() -> None:
    rows = (("a" * 300, *("b" * 20,) * 12),)
    made = lay_out(document_of(Grid("t", ("H",) * 13, ("text",) * 13, rows)), "pdf")
    lines = re.findall(r"a{3,}", pages_of_pdf(made)[0])

    assert len(lines) > 4
    assert "".join(lines) == "a" * 300
    assert breakable("short and plain", 20.0) == "short and plain"


def test_without_chinese_a_pdf_takes_no_font_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    compile = typst.compile
    monkeypatch.setattr(typst, "compile", lambda *a, **k: asked.append(k) or compile(*a, **k))
    monkeypatch.setenv("PROTOCYTE_FONTS", "/anywhere")

    made = lay_out(document_of(Paragraph("Any text, ≥ 3"), Picture("p", chart(), 350, 205, "Chances")), "pdf")

    assert [(one["ignore_system_fonts"], one["font_paths"]) for one in asked] == [(True, [])]
    assert set(re.findall(rb"/BaseFont */[A-Z]+\+(\w+)", made)) <= {b"LibertinusSerif", b"DejaVuSansMono"}


def test_a_cell_higher_than_a_page_is_carried_whole() -> None:
    words = " ".join(f"word{k}" for k in range(4000))
    made = lay_out(document_of(Grid("t", ("A", "B"), ("text", "text"), ((words, "x"),))), "pdf")
    found = [int(k) for k in re.findall(r"word(\d+)", " ".join(pages_of_pdf(made)))]

    assert found == list(range(4000))
