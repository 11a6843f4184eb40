"""What every ledger can do, wherever it keeps its entries; `tests/contract` holds them all to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from protocyte.ledger.entry import Entry
from protocyte.ledger.events import Event


class Ledger(Protocol):
    """Append-only entries, each bound to the one before it."""

    def append(
        self, events: Sequence[Event], *, after: str, at: datetime, by: str, role: str
    ) -> tuple[Entry, ...]:
        """Write `events` behind the entry whose hash is `after`: all of them, durably, or none.

        Raises `HeadMoved` if another entry is the last one now (fold the news and decide again) and
        `StorageFailure` if the disk or database did not do its part.
        """

    def entries(self, from_seq: int = 1) -> Iterator[Entry]:
        """Entries in order, each checked against its hash and its link; raises `LedgerBroken`."""

    def head(self) -> tuple[int, str]:
        """The last entry's seq and hash; `(0, NO_ENTRY)` when there is none."""

    def raw(self) -> Iterator[tuple[bytes, str]]:
        """Each body with its hash, as stored and unchecked: for `verify` and for export."""

    def close(self) -> None:
        """Release what is held open. A closed ledger opens itself again when it is used."""
