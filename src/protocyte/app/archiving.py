"""Archive and restore: the portable ledger is the whole trial, and comes back byte for byte."""

from __future__ import annotations

from pathlib import Path

from protocyte.app.trials import LEDGERS
from protocyte.app.unusable import unusable
from protocyte.app.verifying import verify_file
from protocyte.base import LedgerBroken, render
from protocyte.ledger import Broken, Entry, Ledger
from protocyte.store import export_jsonl, open_ledger


def archive_trial(ledger: Path, file: Path) -> tuple[int, str]:
    """Write the portable form of a sound ledger. Raises `LedgerBroken` rather than archive a broken one."""
    checked = _sound(ledger)
    export_jsonl(open_ledger(ledger), file)
    return checked


def restore_trial(file: Path, folder: Path, kind: str) -> tuple[int, str]:
    """Write every entry of `file` into a new ledger and hold each to the hash it had."""
    if kind not in ("sqlite", "jsonl"):
        raise unusable("ledger_kind", kind=kind)
    if any((folder / name).exists() for name in LEDGERS):
        raise unusable("trial_exists", folder=folder)
    checked = _sound(file)
    folder.mkdir(parents=True, exist_ok=True)
    store = open_ledger(folder / f"ledger.{kind}", create=True)
    for entry in open_ledger(file).entries():
        _append(store, entry)
    return checked


def _append(store: Ledger, entry: Entry) -> None:
    """Written anew from what it says; its clock, where that was behind, gives the same `at` again."""
    (written,) = store.append(
        [entry.event], after=entry.after, at=entry.clock or entry.at, by=entry.by, role=entry.role
    )
    if written.hash != entry.hash:
        raise LedgerBroken(f"entry {entry.seq} would not come back as it was written", entry.seq)


def _sound(ledger: Path) -> tuple[int, str]:
    checked = verify_file(ledger, None)
    if isinstance(checked, Broken):
        raise LedgerBroken(f"entry {checked.seq}: {render(checked.why)}", checked.seq)
    return checked.entries, checked.head
