"""Following the chain: is each entry the one that was written, and does each come after the one before?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256

from protocyte.base import Frozen, LedgerBroken, Message
from protocyte.ledger.entry import NO_ENTRY, Entry
from protocyte.ledger.errors import EntryBroken


class Verified(Frozen):
    """All `entries` are what was written; `head` is the last one's hash."""

    entries: int
    head: str


class Broken(Frozen):
    """Entry `seq` is not what was written, and why we know. Entries before it are sound."""

    seq: int
    why: Message


def verify(raw: Iterable[tuple[bytes, str]], head: str | None = None) -> Verified | Broken:
    """Check every body against its own hash, then every link, without parsing.

    In this order the *changed* entry is the one named, and the last entry is protected too. A cut tail
    leaves a shorter ledger that is sound in itself: it shows only if `head`, a hash known from elsewhere
    (every signed decision and report prints one), is given and no longer in the ledger.
    """
    count, last = 0, NO_ENTRY
    seen = head is None or head == NO_ENTRY
    try:
        for body, digest in raw:
            _check(body, digest, count + 1, last)
            count, last = count + 1, digest
            seen = seen or digest == head
    except LedgerBroken as broken:
        why = broken.why if isinstance(broken, EntryBroken) else Message.of("ledger.storage", says=broken)
        return Broken(seq=broken.seq or count + 1, why=why)
    if not seen:
        return Broken(seq=count + 1, why=Message.of("ledger.head_missing", head=head, seq=count))
    return Verified(entries=count, head=last)


def checked(raw: Iterable[tuple[bytes, str]], seq: int = 0, last: str = NO_ENTRY) -> Iterator[Entry]:
    """The entries of `raw`, which continue the ledger behind entry `seq` with hash `last`."""
    for body, digest in raw:
        seq += 1
        _check(body, digest, seq, last)
        last = digest
        yield Entry(body, digest)


def _check(body: bytes, digest: str, seq: int, last: str) -> None:
    # One comparison each for the hash, the fixed beginning and the fixed end; the explanation is for later.
    if (
        sha256(body).hexdigest() == digest
        and body.startswith(b'{"after":"%b","at":"' % last.encode())
        and body.endswith(b',"seq":%d}' % seq)
    ):
        return
    raise EntryBroken(*_explain(body, digest, seq, last))


def _explain(body: bytes, digest: str, seq: int, last: str) -> tuple[int, Message]:
    """Which entry to blame when entry `seq` fails, and the reason."""
    if sha256(body).hexdigest() != digest:
        return seq, Message.of("ledger.changed", seq=seq)
    if not (body.startswith(b'{"after":"') and body[74:82] == b'","at":"'):
        return seq, Message.of("ledger.not_an_entry", seq=seq)
    if not body.endswith(b',"seq":%d}' % seq):
        return seq, Message.of("ledger.missing", seq=seq)
    if seq == 1:
        return 1, Message.of("ledger.not_first")
    # Body and hash agree on both sides, so the entry before was replaced together with its hash.
    return seq - 1, Message.of("ledger.replaced", seq=seq - 1, next=seq)
