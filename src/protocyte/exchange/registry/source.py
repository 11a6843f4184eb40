"""From bytes to the rows of a record, or a problem with its place. Nothing here knows what a trial is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocyte.base import Message, Place, Problem

MAX_BYTES = 2_000_000  # the largest record with results seen in registers is far below this
MAX_ROWS = 20_000
_MARKUP = re.compile(r"<(?:!doctype\s+html|html|body|div|table|\?xml|clinical_study)\b", re.IGNORECASE)
# A page copied from a browser has tabs and hard blanks where others have a blank; one for one, so that places stay.
_BLANK = re.compile("[\t\u00a0\u2000-\u200a\u202f\u205f\u3000]")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a page, or a line of one JSON value. `label` is the path of that value, else empty."""

    index: int
    line: int  # in the file, from 1; several rows may share it
    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """A stretch of one row: the place every fact points to."""

    row: Row
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.row.text[self.start : self.end]

    @property
    def line(self) -> int:
        return self.row.line

    def sub(self, span: tuple[int, int]) -> Cut:
        """The part at `span`, counted from this cut's start, without blanks at its ends."""
        return trimmed(Cut(self.row, self.start + span[0], self.start + span[1]))


def whole(row: Row) -> Cut:
    return trimmed(Cut(row, 0, len(row.text)))


def trimmed(cut: Cut) -> Cut:
    text = cut.text
    left = len(text) - len(text.lstrip())
    return Cut(cut.row, cut.start + left, max(cut.start + left, cut.end - (len(text) - len(text.rstrip()))))


def read_text(data: bytes, file: str) -> str | Problem:
    """The text of a record. Only UTF-8, and UTF-16 that says so itself: an encoding is never guessed."""
    if len(data) > MAX_BYTES:
        return problem("too_large", file, 1, size=len(data), limit=MAX_BYTES)
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return _not_utf8(data, error.start, file, line)
    text = _BLANK.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    for index, character in enumerate(text):
        if ord(character) < 32 and character not in "\t\n\f\v":
            line = text.count("\n", 0, index) + 1
            return problem("binary", file, line, code=f"U+{ord(character):04X}")
    if not text.strip():
        return problem("empty", file, 1)
    if text.count("\n") >= MAX_ROWS:
        return problem("too_long", file, MAX_ROWS, limit=MAX_ROWS)
    if found := _MARKUP.search(text[:4000]):
        return problem("markup", file, text.count("\n", 0, found.start()) + 1)
    return text


def rows_of(text: str) -> tuple[Row, ...]:
    return tuple(Row(i, i + 1, line) for i, line in enumerate(text.split("\n")))


def problem(name: str, file: str, line: int, **params: object) -> Problem:
    message = Message.of(f"exchange.record_{name}", **params)
    place = Place(file=file, line=line)
    return Problem(severity="error", rule=f"record.{name}", message=message, place=place)


def _not_utf8(data: bytes, start: int, file: str, line: int) -> Problem:
    byte = f"0x{data[start]:02x}"
    try:
        chinese = data.decode("gb18030")
    except UnicodeDecodeError:
        return problem("not_utf8", file, line, byte=byte)
    share = sum("\u4e00" <= c <= "\u9fff" for c in chinese) / max(1, len(chinese))
    name = "looks_gb18030" if share > 0.05 and "\x00" not in chinese else "not_utf8"
    return problem(name, file, line, byte=byte)
