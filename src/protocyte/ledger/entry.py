"""An entry: canonical bytes, their hash, and the entry before it.

The keys of a body sort to `after, at, by, [clock,] event, role, seq`. So every body begins with
`{"after":"<64 hex>","at":"<20 characters>"` and ends with `,"seq":N}`: the chain can be followed from fixed
positions without parsing. (A string inside the body cannot imitate either end: its quotes are escaped.)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from protocyte.base import InputError, Json, Message, canonical_bytes
from protocyte.ledger.errors import EntryBroken, HeadMoved
from protocyte.ledger.events import Event, parse_event

NO_ENTRY = "0" * 64  # what the first entry comes after

AFTER = slice(10, 74)
AT = slice(82, 102)


class Tip(NamedTuple):
    """What the next entry needs to know of the one before."""

    seq: int = 0
    hash: str = NO_ENTRY
    at_text: str = ""


class Entry:
    """One line of the ledger. Its bytes are the truth; everything else is read from them when asked for."""

    __slots__ = ("_content", "body", "hash")

    def __init__(self, body: bytes, hash: str) -> None:
        self.body, self.hash = body, hash
        self._content: dict[str, Any] | None = None

    @property
    def content(self) -> dict[str, Any]:
        """The parsed body; parsed once."""
        if self._content is None:
            try:
                self._content = json.loads(self.body)
            except (ValueError, RecursionError):
                raise EntryBroken(self.seq, Message.of("ledger.not_an_entry", seq=self.seq)) from None
        return self._content

    @property
    def seq(self) -> int:
        return int(self.body[self.body.rfind(b":") + 1 : -1])

    @property
    def after(self) -> str:
        return self.body[AFTER].decode()

    @property
    def at_text(self) -> str:
        """When it was written, as `2026-03-01T08:00:00Z`: UTC, whole seconds; so text order is time order."""
        return self.body[AT].decode()

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.at_text)

    @property
    def tip(self) -> Tip:
        return Tip(self.seq, self.hash, self.at_text)

    @property
    def by(self) -> str:
        return str(self.content["by"])

    @property
    def role(self) -> str:
        return str(self.content["role"])

    @property
    def clock(self) -> datetime | None:
        """What the clock said, where it was behind the entry before."""
        said = self.content.get("clock")
        return None if said is None else datetime.fromisoformat(str(said))

    @property
    def event(self) -> Event:
        return parse_event(self.content["event"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Entry) and (self.hash, self.body) == (other.hash, other.body)

    def __hash__(self) -> int:
        return hash(self.hash)

    def __repr__(self) -> str:
        return f"<Entry {self.seq} {self.content['event']['type']} {self.hash[:12]}>"


def hash_of(body: bytes) -> str:
    """SHA-256 of an entry's body, in lower-case hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def make_entries(
    tip: Tip, events: Sequence[Event], *, after: str, at: datetime, by: str, role: str
) -> tuple[Entry, ...]:
    """The entries that would write `events` behind `tip`; raises `HeadMoved` if `tip` is not `after`.

    Nobody's clock may put an entry before an earlier one: where it would, the entry takes the earlier time
    and keeps what the clock said.
    """
    seq, head, last_at = tip
    if after != head:
        raise HeadMoved(after, head, seq)
    if not by or not role:
        raise InputError(str(Message.of("ledger.who")))
    clock = utc_text(at)
    stamp = max(clock, last_at)
    entries = []
    for event in events:
        seq += 1
        content: dict[str, Json] = {"after": head, "at": stamp, "by": by, "role": role, "seq": seq}
        content["event"] = event.model_dump()
        if stamp != clock:
            content["clock"] = clock
        entries.append(_entry(content))
        head = entries[-1].hash
    return tuple(entries)


def _entry(content: dict[str, Json]) -> Entry:
    try:
        body = canonical_bytes(content)
    except UnicodeEncodeError:  # half of a surrogate pair: no text a file can hold
        raise InputError(str(Message.of("ledger.not_text"))) from None
    return Entry(body, hash_of(body))


def utc_text(moment: datetime) -> str:
    """`moment` in UTC, cut to the second; raises `InputError` for a time without a zone."""
    if moment.tzinfo is None:
        raise InputError(str(Message.of("ledger.no_zone", time=moment.isoformat())))
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
