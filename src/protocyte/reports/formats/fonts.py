"""Fonts for text that is drawn here and not by its reader: PDF and pictures.

Latin letters are drawn with the fonts that the libraries bring, the same on every machine. Chinese needs a
font of the machine, or of the folder that `PROTOCYTE_FONTS` names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from unicodedata import normalize

from protocyte.base import InputError, Message
from protocyte.reports.document import Document, Grid, Heading, Paragraph, Picture

# In this order: evenly drawn fonts before those of offices. All of them hold Latin letters too.
CHINESE = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei",
    "PingFang SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimHei", "Noto Serif CJK SC",
    "Source Han Serif SC", "SimSun",
)  # fmt: skip
# Letters and signs that the fonts which come with typst can draw, written from left to right: Latin, Greek,
# Cyrillic, punctuation, superscripts, currencies, arrows, mathematics, shapes.
_DRAWN = (
    "\\x20-\\x7e\\n\\xa0-\\xac\\xae-\u0233\u0250-\u02ff\u037a-\u037f\u0384-\u0482\u048a-\u04ff\u1e00-\u1ef9"
    "\u2010-\u2027\u2030-\u2040\u2042\u2044\u2047-\u2051\u2070-\u209c\u20a0-\u20ba\u2190-\u21ff\u2200-\u2246\u2248-\u22ab"
    "\u22ad-\u22e9\u2300-\u2311\u2460-\u249b\u24eb-\u24ff\u2500-\u25ff\u2713-\u271d\ufffd"
)
# Ideographs, kana and their punctuation, full-width forms.
_WIDE = ((0x2E80, 0x9FFF), (0xF900, 0xFAFF), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF), (0x20000, 0x3FFFF))
_UNDRAWN = re.compile(f"[^{_DRAWN}\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]")


@dataclass(frozen=True)
class Fonts:
    """`chinese` is the family for Chinese, where there is any; `folders` are searched for it besides."""

    chinese: str | None
    folders: tuple[str, ...]


def fonts_for(texts: Iterable[str]) -> Fonts:
    """The fonts that draw these texts. `InputError` where one is Chinese and there is no font for it."""
    if not any(map(is_chinese, texts)):
        return Fonts(None, ())
    folder = os.environ.get("PROTOCYTE_FONTS", "")
    folders = (folder,) if folder else ()
    family = _chinese(folders)
    if family is None:
        raise InputError(Message.of("reports.no_chinese_font"))
    return Fonts(family, folders)


def drawable(text: str) -> str:
    """The text with what would be drawn as an empty box written as its code point: `[U+1F600]`.

    That is every emoji and every script besides Latin, Greek, Cyrillic and Chinese.
    """
    if text.isascii():
        return text
    return _UNDRAWN.sub(lambda one: f"[U+{ord(one[0]):04X}]", normalize("NFC", text))


def is_chinese(text: str) -> bool:
    return not text.isascii() and any(low <= ord(one) <= high for one in text for low, high in _WIDE)


@cache
def _chinese(folders: tuple[str, ...]) -> str | None:
    import typst

    library: Any = typst
    here = set(library.Fonts(font_paths=list(folders)).families())
    return next((family for family in CHINESE if family in here), None)


def pictures_of(document: Document) -> Iterator[str]:
    return (str(block.svg) for block in document.blocks if isinstance(block, Picture))


def texts_of(document: Document) -> Iterator[str]:
    yield from (document.title, document.subtitle, document.footer)
    yield from pictures_of(document)
    for block in document.blocks:
        match block:
            case Heading(text) | Paragraph(text) | Picture(label=text):
                yield text
            case Grid():
                yield from block.heads
                yield from (words for words, _ in block.spans)
                yield from (words for _, words in block.groups)
                for row in block.rows:
                    yield from row
