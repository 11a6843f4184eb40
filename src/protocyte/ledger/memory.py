"""A ledger in memory: for virtual trials, and the yardstick the durable ones are held to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from protocyte.ledger.entry import NO_ENTRY, Entry, Tip, make_entries
from protocyte.ledger.events import Event


class MemoryLedger:
    """Holds its entries in a list, and forgets them with the process."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def append(
        self, events: Sequence[Event], *, after: str, at: datetime, by: str, role: str
    ) -> tuple[Entry, ...]:
        tip = self._entries[-1].tip if self._entries else Tip()
        entries = make_entries(tip, events, after=after, at=at, by=by, role=role)
        self._entries.extend(entries)
        return entries

    def entries(self, from_seq: int = 1) -> Iterator[Entry]:
        return iter(self._entries[max(from_seq, 1) - 1 :])

    def head(self) -> tuple[int, str]:
        return (len(self._entries), self._entries[-1].hash) if self._entries else (0, NO_ENTRY)

    def raw(self) -> Iterator[tuple[bytes, str]]:
        return ((entry.body, entry.hash) for entry in tuple(self._entries))

    def close(self) -> None:
        """Nothing to release."""
