"""The portable line of an entry: `{"hash":"<64 hex>","entry":<body>}`, the body byte for byte as hashed.

Lines of JSON, so that anybody's tools can read them; fixed positions, so that ours need not parse them.
"""

from __future__ import annotations

from protocyte.base import Message
from protocyte.ledger.errors import EntryBroken

LINE_START = b'{"hash":"'
_HASH = slice(9, 73)
_MIDDLE = b'","entry":'
_BODY = slice(83, -2)
_END = b"}\n"


def to_line(body: bytes, digest: str) -> bytes:
    """The line, with its line feed."""
    return b"".join((LINE_START, digest.encode(), _MIDDLE, body, _END))


def from_line(line: bytes, seq: int) -> tuple[bytes, str]:
    """Body and hash of line number `seq`; raises `EntryBroken` for a line that is torn or no entry's."""
    if line.startswith(LINE_START) and line[73:83] == _MIDDLE and line.endswith(_END):
        return line[_BODY], line[_HASH].decode("ascii", "replace")
    key = "ledger.torn" if is_torn(line) else "ledger.not_an_entry"
    raise EntryBroken(seq, Message.of(key, seq=seq))


def is_torn(line: bytes) -> bool:
    """Begun and not finished: zeros where a line starts, or no end. `store.jsonlines` says how it writes."""
    return b"\0" in line[: len(LINE_START)] or not line.endswith(b"\n")
