"""The characters a document may hold: those that every format can carry.

A cell may come from a ledger and hold anything. XML has no way to write most control characters, and a
character that turns the direction of writing could make a cell read backwards, so both are replaced by
U+FFFD, once, before any format sees them: all formats then say the same.
"""

from __future__ import annotations

import re
from dataclasses import replace

from protocyte.reports.document import Block, Document, Grid, Heading, Paragraph, Picture

_UNSHOWN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff]"
    "|[\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U0003fffe\U0003ffff\U0004fffe-\U000dffff]"
    "|[\U000efffe\U000effff\U000ffffe\U000fffff\U0010fffe\U0010ffff]"
)
_BREAK = re.compile("\r\n|[\r\u2028\u2029\x0b\x0c\x85]")


def plain_text(text: str) -> str:
    """Line breaks as `\\n`, tabs as spaces, everything that cannot be shown as U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSHOWN.sub("\ufffd", _BREAK.sub("\n", text).replace("\t", " "))


def plain(document: Document) -> Document:
    return replace(
        document,
        title=plain_text(document.title),
        subtitle=plain_text(document.subtitle),
        footer=plain_text(document.footer),
        blocks=tuple(_block(block) for block in document.blocks if not _is_nothing(block)),
    )


def _is_nothing(block: Block) -> bool:
    """A table without columns: no format has one."""
    return isinstance(block, Grid) and not block.heads


def _block(block: Block) -> Block:
    match block:
        case Heading() | Paragraph():
            return replace(block, text=plain_text(block.text))
        case Picture():
            return replace(block, label=plain_text(block.label))
        case Grid():
            return replace(
                block,
                heads=tuple(map(plain_text, block.heads)),
                rows=tuple(tuple(map(plain_text, row)) for row in block.rows),
                spans=tuple((plain_text(head), wide) for head, wide in block.spans),
                groups=tuple((place, plain_text(head)) for place, head in block.groups),
            )
