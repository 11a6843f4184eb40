"""A ledger in an SQLite file of its own: the default, and the one for several programs at once.

One table, and triggers for the programs that are not this one: no entry can be changed, removed, or put
anywhere but behind the last (`INSERT OR REPLACE` slips past triggers on update and delete, so the insert
itself is checked). They stop accidents; what somebody does on purpose, the chain shows.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import RLock
from urllib.parse import quote

from protocyte.base import LedgerBroken, Message, StorageFailure
from protocyte.ledger import NO_ENTRY, Entry, Event, Tip, checked, make_entries

APPLICATION_ID = 0x50435954  # "PCYT": tells `file` and us whose database this is
LAYOUT = 1
PATIENCE = 30.0  # seconds to wait for another writer; an append takes milliseconds

_SCHEMA = (
    """
    CREATE TABLE entry (
      seq  INTEGER PRIMARY KEY,
      body TEXT NOT NULL,
      hash TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
    BEGIN SELECT RAISE(ABORT, 'a ledger entry is never changed'); END
    """,
    """
    CREATE TRIGGER entry_is_never_removed BEFORE DELETE ON entry
    BEGIN SELECT RAISE(ABORT, 'a ledger entry is never removed'); END
    """,
    """
    CREATE TRIGGER entry_comes_last BEFORE INSERT ON entry
    WHEN new.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entry)
    OR substr(new.body, 11, 64) IS NOT
       coalesce((SELECT hash FROM entry WHERE seq = new.seq - 1), printf('%064d', 0))
    BEGIN SELECT RAISE(ABORT, 'a ledger entry comes after the last one'); END
    """,
)
# Our statements are always the same ones: that SQLite cannot read one of them is a damaged schema.
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


class SqliteLedger:
    """The ledger in the SQLite file `path`; threads and processes may share it, one writes at a time."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._lock = RLock()
        if create:
            _create(path)
        if not path.is_file():
            raise StorageFailure(Message.of("store.no_file", path=path))

    def append(
        self, events: Sequence[Event], *, after: str, at: datetime, by: str, role: str
    ) -> tuple[Entry, ...]:
        with self._lock, _translated(self.path):
            connection = self._connected()
            connection.execute("BEGIN IMMEDIATE")
            try:
                entries = make_entries(_tip(connection), events, after=after, at=at, by=by, role=role)
                rows = ((entry.seq, entry.body.decode(), entry.hash) for entry in entries)
                connection.executemany("INSERT INTO entry VALUES (?, ?, ?)", rows)
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a commit that failed may have rolled back already
                    connection.execute("ROLLBACK")
                raise
            return entries

    def entries(self, from_seq: int = 1) -> Iterator[Entry]:
        before = max(from_seq, 1) - 1
        raw = self._raw(before)
        last = NO_ENTRY
        if before:  # the entry before the first wanted one, for its hash
            _, last = next(raw, (b"", ""))
        yield from checked(raw, before, last)

    def head(self) -> tuple[int, str]:
        with self._lock, _translated(self.path):
            return _tip(self._connected())[:2]

    def raw(self) -> Iterator[tuple[bytes, str]]:
        return self._raw(1)

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _raw(self, from_seq: int) -> Iterator[tuple[bytes, str]]:
        # A connection of its own, so that a long read sees one state and holds up nobody.
        with _translated(self.path), closing(_connect(self.path, "ro")) as connection:
            rows = connection.execute(
                "SELECT CAST(body AS BLOB), CAST(hash AS BLOB) FROM entry WHERE seq >= ? ORDER BY seq",
                (from_seq,),
            )
            # What is no text, or nothing at all, is a wrong hash of a certain entry, and named as one.
            yield from ((body or b"", (known or b"").decode("utf-8", "replace")) for body, known in rows)

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _connect(self.path, "rw")
        return self._connection


def _tip(connection: sqlite3.Connection) -> Tip:
    row = connection.execute(
        "SELECT seq, hash, substr(body, 83, 20) FROM entry ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    return Tip(*row) if row else Tip()


def _create(path: Path) -> None:
    """Make the table and its triggers where there are none: whole, even if two start at once."""
    with _translated(path), closing(_connect(path, "rwc", known=False)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,):
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {LAYOUT}")
        connection.execute("COMMIT")


def _connect(path: Path, mode: str, *, known: bool = True) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"
    if not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists():
        address += "&immutable=1"  # on a disk nobody can write to, SQLite needs telling that nobody will
    connection = sqlite3.connect(
        address, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")  # a commit is acknowledged only once it is on disk
        if known:
            _require_ours(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _require_ours(connection: sqlite3.Connection, path: Path) -> None:
    marks = tuple(
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    if marks != (APPLICATION_ID, LAYOUT):
        raise LedgerBroken(Message.of("store.not_a_ledger", path=path))


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """SQLite's errors as ours: damaged bytes are a broken ledger, the rest is storage that failed."""
    try:
        yield
    except (
        UnicodeDecodeError
    ) as error:  # SQLite quotes the damaged bytes, and Python cannot read the quotation
        raise LedgerBroken(Message.of("store.damaged", path=path, says=error.reason)) from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGED:
            raise LedgerBroken(Message.of("store.damaged", path=path, says=error)) from error
        raise StorageFailure(Message.of("store.database", path=path, says=error)) from error
