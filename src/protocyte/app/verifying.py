"""Verifying a ledger as bytes: without folding it, and without believing anything it says of itself."""

from __future__ import annotations

from pathlib import Path

from protocyte.ledger import Broken, Verified, verify
from protocyte.store import open_ledger


def verify_file(path: Path, head: str | None) -> Verified | Broken:
    ledger = open_ledger(path)
    try:
        return verify(ledger.raw(), head)
    finally:
        ledger.close()
