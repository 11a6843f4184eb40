"""A ledger in a text file, a line an entry: the portable form itself.

**All or nothing.** A batch is first written with zeros in place of the nine bytes every line starts with, and
flushed; then the nine bytes are put in, and flushed again. Until then every reader sees a line that starts
with zeros (which JSON cannot hold), and takes it and all behind it for unwritten. So the file itself says
what was finished, whatever the disk did between the two flushes, without a second file that could be lost on
the way; and a finished file is the export, byte for byte.

Whoever reads or writes holds the file's lock while looking for its end, so zeros seen are an interrupted
write, never one under way.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from protocyte.base import Message, StorageFailure
from protocyte.ledger import Entry, EntryBroken, Event, Tip, checked, from_line, make_entries, to_line
from protocyte.ledger.portable import LINE_START
from protocyte.store.files import flush_folder, write_at


class End(NamedTuple):
    """Where the file ended when last looked at, and the entry it ended with."""

    offset: int = 0
    tip: Tip = Tip()


class JsonLinesLedger:
    """The ledger in the file `path`; many readers and writers may share it, one writes at a time."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        self._end = End()
        if create and not path.exists():
            with locked(path, os.O_RDWR | os.O_CREAT):
                flush_folder(path.parent)
        if not path.is_file():
            raise StorageFailure(Message.of("store.no_file", path=path))

    def append(
        self, events: Sequence[Event], *, after: str, at: datetime, by: str, role: str
    ) -> tuple[Entry, ...]:
        with locked(self.path, os.O_RDWR) as file:
            end = self._look(file)
            entries = make_entries(end.tip, events, after=after, at=at, by=by, role=role)
            if entries:
                batch = b"".join(to_line(entry.body, entry.hash) for entry in entries)
                write_batch(file.fileno(), end.offset, batch)
                self._end = End(end.offset + len(batch), entries[-1].tip)
            return entries

    def entries(self, from_seq: int = 1) -> Iterator[Entry]:
        start = self._end if self._end.tip.seq < from_seq else End()
        seq, last = start.tip.seq, start.tip.hash
        raw = self._raw(start)
        for _, digest in islice(raw, max(0, from_seq - 1 - seq)):
            seq, last = seq + 1, digest
        yield from checked(raw, seq, last)

    def head(self) -> tuple[int, str]:
        with locked(self.path, os.O_RDONLY) as file:
            return self._look(file).tip[:2]

    def raw(self) -> Iterator[tuple[bytes, str]]:
        return self._raw(End())

    def close(self) -> None:
        """Nothing is held open."""

    def _raw(self, start: End) -> Iterator[tuple[bytes, str]]:
        with locked(self.path, os.O_RDONLY) as file:
            size = os.fstat(file.fileno()).st_size
            # What lies before the end never changes, so reading on needs no lock and stops no writer.
            fcntl.flock(file, fcntl.LOCK_UN)
            yield from _lines(file, start, size)

    def _look(self, file: BinaryIO) -> End:
        """The end of the file now. Only what was added since the last look is read."""
        size, end = os.fstat(file.fileno()).st_size, self._end
        if size < end.offset:
            raise EntryBroken(end.tip.seq, Message.of("store.shrunk", path=self.path, seq=end.tip.seq))
        seq, last = end.tip.seq, None
        for seq, last in enumerate(_lines(file, end, size), end.tip.seq + 1):  # noqa: B007
            pass
        if last is not None:
            (entry,) = checked([last], seq - 1, last[0][10:74].decode("ascii", "replace"))
            end = End(size, entry.tip)
        self._end = end
        return end


def _lines(file: BinaryIO, start: End, size: int) -> Iterator[tuple[bytes, str]]:
    file.seek(start.offset)
    offset, seq = start.offset, start.tip.seq
    for line in file:
        if offset >= size:
            return
        offset, seq = offset + len(line), seq + 1
        yield from_line(line, seq)


def write_batch(descriptor: int, offset: int, batch: bytes) -> None:
    """Write the lines of `batch` at the end, durably and all or nothing. Raises `StorageFailure`."""
    start = len(LINE_START)
    try:
        write_at(descriptor, offset, bytes(start) + batch[start:])
        os.fsync(descriptor)
        write_at(descriptor, offset, LINE_START)
        os.fsync(descriptor)
    except BaseException as error:
        with suppress(OSError):  # if this fails too, the unfinished lines are named by the next reader
            os.ftruncate(descriptor, offset)
            os.fsync(descriptor)
        if isinstance(error, OSError):
            raise StorageFailure(Message.of("store.not_written", says=error)) from error
        raise


@contextmanager
def locked(path: Path, flags: int) -> Iterator[BinaryIO]:
    """The file under its lock: shared to read, exclusive to write. Every use opens it anew, so that threads
    and forked processes exclude each other as strangers do."""
    try:
        descriptor = os.open(path, flags | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StorageFailure(Message.of("store.not_opened", path=path, says=error.strerror)) from error
    writing = flags & os.O_RDWR
    with os.fdopen(descriptor, "r+b" if writing else "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX if writing else fcntl.LOCK_SH)
        yield file
