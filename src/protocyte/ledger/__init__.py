"""The ledger: append-only entries, each bound to the one before it, and the casebook folded from them."""

from protocyte.ledger.casebook import Casebook, CurrentRecord
from protocyte.ledger.chain import Broken, Verified, checked, verify
from protocyte.ledger.cut_off import CutOff
from protocyte.ledger.entry import NO_ENTRY, Entry, Tip, hash_of, make_entries, utc_text
from protocyte.ledger.errors import EntryBroken, HeadMoved
from protocyte.ledger.events import (
    EVENT_TYPES,
    Amended,
    Event,
    Locked,
    Recorded,
    Signed,
    StudyAdopted,
    Unlocked,
    Voided,
    parse_event,
)
from protocyte.ledger.folding import append_and_fold, fold
from protocyte.ledger.index import AdoptedStudy, RecordVersion, Signature
from protocyte.ledger.memory import MemoryLedger
from protocyte.ledger.portable import from_line, to_line
from protocyte.ledger.protocol import Ledger

__all__ = [
    "EVENT_TYPES",
    "NO_ENTRY",
    "AdoptedStudy",
    "Amended",
    "Broken",
    "Casebook",
    "CurrentRecord",
    "CutOff",
    "Entry",
    "EntryBroken",
    "Event",
    "HeadMoved",
    "Ledger",
    "Locked",
    "MemoryLedger",
    "RecordVersion",
    "Recorded",
    "Signature",
    "Signed",
    "StudyAdopted",
    "Tip",
    "Unlocked",
    "Verified",
    "Voided",
    "append_and_fold",
    "checked",
    "fold",
    "from_line",
    "hash_of",
    "make_entries",
    "parse_event",
    "to_line",
    "utc_text",
    "verify",
]
