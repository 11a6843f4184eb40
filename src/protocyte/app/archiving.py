"""Archive and restore: the portable ledger is the whole trial, and comes back byte for byte."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from protocyte.app.trials import LEDGERS, take_away
from protocyte.app.unusable import unusable
from protocyte.app.verifying import verify_file
from protocyte.base import LedgerBroken, Message
from protocyte.ledger import Broken, Entry, Ledger
from protocyte.store import export_jsonl, open_ledger


def archive_trial(ledger: Path, file: Path) -> tuple[int, str]:
    """Write the portable form of a sound ledger. Raises `LedgerBroken` rather than archive a broken one."""
    checked = _sound(ledger)
    export_jsonl(open_ledger(ledger), file)
    return checked


def restore_trial(file: Path, folder: Path, kind: str) -> tuple[int, str]:
    """Write every entry of `file` into a new ledger and hold each to the hash it had.

    The ledger has its name only when it is whole: half of one would be sound in itself.
    """
    if kind not in ("sqlite", "jsonl"):
        raise unusable("ledger_kind", kind=kind)
    if any((folder / name).exists() for name in LEDGERS):
        raise unusable("trial_exists", folder=folder)
    checked = _sound(file)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"restoring-{secrets.token_hex(4)}.{kind}"
    try:
        store = open_ledger(unfinished, create=True)
        for entry in open_ledger(file).entries():
            _append(store, entry)
        store.close()
        os.replace(unfinished, folder / f"ledger.{kind}")
    except BaseException:
        take_away(unfinished)
        raise
    return checked


def _append(store: Ledger, entry: Entry) -> None:
    """Written anew from what it says; its clock, where that was behind, gives the same `at` again."""
    (written,) = store.append(
        [entry.event], after=entry.after, at=entry.clock or entry.at, by=entry.by, role=entry.role
    )
    if written.hash != entry.hash:
        raise LedgerBroken(Message.of("app.not_as_written", seq=entry.seq), entry.seq)


def _sound(ledger: Path) -> tuple[int, str]:
    checked = verify_file(ledger, None)
    if isinstance(checked, Broken):
        raise LedgerBroken(Message.of("app.broken_entry", seq=checked.seq, why=checked.why), checked.seq)
    return checked.entries, checked.head
