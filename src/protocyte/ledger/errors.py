"""What can be wrong with a ledger, and the one ordinary reason an append is refused.

ProtocyteError
 +-- HeadMoved          somebody else appended first: fold the news and decide again
 +-- LedgerBroken
      +-- EntryBroken   the same, with the reason as a message in both languages
"""

from __future__ import annotations

from protocyte.base import LedgerBroken, Message, ProtocyteError


class HeadMoved(ProtocyteError):
    """An append was decided on entry `expected`, but `found` is the last entry now. Nothing was written."""

    def __init__(self, expected: str, found: str, seq: int) -> None:
        super().__init__(Message.of("ledger.head_moved", expected=expected[:12], found=found[:12], seq=seq))
        self.expected, self.found, self.seq = expected, found, seq


class EntryBroken(LedgerBroken):
    """Entry `seq` is not what was written, or cannot follow the entries before it; `why` says how."""

    seq: int

    def __init__(self, seq: int, why: Message) -> None:
        super().__init__(why, seq)
        self.why = why
