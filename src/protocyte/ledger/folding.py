"""Folding: from entries to a casebook, and from events to entries that are sure to fold."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import takewhile

from protocyte.ledger.casebook import Casebook
from protocyte.ledger.cut_off import CutOff
from protocyte.ledger.entry import Entry, make_entries
from protocyte.ledger.events import Event
from protocyte.ledger.protocol import Ledger


def fold(entries: Iterable[Entry], cut_off: CutOff | None = None) -> Casebook:
    """What is current after `entries`, all from the first on, or after those up to `cut_off`.

    Raises `LedgerBroken`, naming the entry, for a history that contradicts itself: an amendment of a record
    that is unknown, voided, or no longer what its author had in view; a record while locked.
    """
    if cut_off is not None:
        entries = takewhile(cut_off.includes, entries)
    with _collector_paused():
        return Casebook().apply_all(entries)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Folding makes hundreds of thousands of objects and drops none that form cycles: looking for such
    garbage again and again would take as long as the folding itself (100,000 entries: 1.7 s against 0.9 s)."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def append_and_fold(
    ledger: Ledger, casebook: Casebook, events: Sequence[Event], *, at: datetime, by: str, role: str
) -> Casebook:
    """Write `events`, decided in view of `casebook`, and return the casebook that includes them.

    They are folded before they are written: an event that contradicts the casebook raises `LedgerBroken`
    here, while the ledger is still whole, and not for ever after. Raises `HeadMoved` as `append` does.
    """
    entries = make_entries(casebook.tip, events, after=casebook.head, at=at, by=by, role=role)
    following = casebook.apply_all(entries)
    ledger.append(events, after=casebook.head, at=at, by=by, role=role)
    return following
