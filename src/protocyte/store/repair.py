"""Setting aside the unfinished end of a JSON Lines ledger, as an explicit act.

Never done on opening: a torn end is also what a bad copy looks like, and a person should know.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import BinaryIO, NamedTuple

from protocyte.base import LedgerBroken, Message
from protocyte.ledger import NO_ENTRY, EntryBroken, checked, from_line, hash_of
from protocyte.ledger.entry import AT
from protocyte.ledger.portable import LINE_START, is_torn
from protocyte.store.files import flush_folder
from protocyte.store.jsonlines import locked


def repair_torn_tail(path: Path | str) -> Path | None:
    """Finish or set aside an interrupted write; the file that now holds the torn bytes, or None.

    * All nine bytes of a line's start are zeros: the batch behind was never finished, so never acknowledged.
      It is moved to `<name>.torn`.
    * Some of the nine are there: the batch was on disk before the first of them was, so it is finished by
      putting in the others (they are the same for every line).
    * A last line without its line feed is not our doing (a disk or a copy lost the end). It is finished if
      it is whole otherwise, its hash and link agreeing; if not, what is left of it is moved to `<name>.torn`.

    So no whole entry that was acknowledged is ever removed, and nothing at all is deleted. Other damage is not
    repaired: it raises `LedgerBroken`. Only the end is looked at: run `verify` after.
    """
    path = Path(path)
    with locked(path, os.O_RDWR) as file:
        while (torn := _first_torn(file)) is not None:
            whole = _finished(torn)
            if whole is None:
                _require_one_batch(file, torn)
                return _set_aside(path, file, torn.offset)
            file.seek(torn.offset)
            file.write(whole)
            file.flush()
            os.fsync(file.fileno())
    return None


class Torn(NamedTuple):
    """A line begun and not finished, where it starts, its number, and the hash of the entry before."""

    line: bytes
    offset: int
    seq: int
    last: str


def _first_torn(file: BinaryIO) -> Torn | None:
    offset, last = 0, NO_ENTRY
    file.seek(0)
    for number, line in enumerate(file, 1):
        if is_torn(line):
            return Torn(line, offset, number, last)
        offset, last = offset + len(line), line[9:73].decode("ascii", "replace")
    return None


def _finished(torn: Torn) -> bytes | None:
    """The line as it was meant, if all that matters of it is there; None if it was never finished."""
    start = torn.line[: len(LINE_START)]
    if not any(start):
        return None
    mended = bytes(byte or meant for byte, meant in zip(start, LINE_START, strict=False))
    line = mended + torn.line[len(start) :]
    if line.endswith(b"\n"):
        # Its batch was flushed before its start was written: if it is not whole now, that is damage.
        return _require_whole(line, torn)
    for ended in (line + b"\n", line[:-1] + b"\n"):  # the line feed is gone, or is another byte
        with suppress(LedgerBroken):
            return _require_whole(ended, torn)
    return None


def _require_whole(line: bytes, torn: Torn) -> bytes:
    list(checked([from_line(line, torn.seq)], torn.seq - 1, torn.last))
    return line


def _require_one_batch(file: BinaryIO, torn: Torn) -> None:
    """Refuse to set aside what cannot be one batch: whole entries written at different times."""
    file.seek(torn.offset)
    times = {body[AT] for body in _whole_bodies(file, torn.seq)}
    if len(times) > 1:
        raise EntryBroken(torn.seq, Message.of("ledger.not_an_entry", seq=torn.seq))


def _whole_bodies(lines: Iterable[bytes], seq: int) -> Iterator[bytes]:
    for number, line in enumerate(lines, seq):
        with suppress(LedgerBroken):
            body, digest = from_line(LINE_START + line[len(LINE_START) :], number)
            if hash_of(body) == digest:
                yield body


def _set_aside(path: Path, file: BinaryIO, offset: int) -> Path:
    file.seek(offset)
    aside = _free_name(path)
    with aside.open("xb") as copy:
        copy.write(file.read())
        copy.flush()
        os.fsync(copy.fileno())
    flush_folder(path.parent)
    os.ftruncate(file.fileno(), offset)
    os.fsync(file.fileno())
    return aside


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"{path.name}{f'.{n}' if n else ''}.torn") for n in count())
    return next(name for name in names if not name.exists())
