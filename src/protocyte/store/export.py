"""Opening a ledger by its file, and writing the portable form of any ledger."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from protocyte.base import InputError, Message, StorageFailure
from protocyte.ledger import Ledger, to_line
from protocyte.store.files import flush_folder
from protocyte.store.jsonlines import JsonLinesLedger
from protocyte.store.sqlite import SqliteLedger

LEDGERS: dict[str, Callable[..., Ledger]] = {
    ".jsonl": JsonLinesLedger,
    ".sqlite": SqliteLedger,
    ".db": SqliteLedger,
}


def open_ledger(path: Path | str, *, create: bool = False) -> Ledger:
    """The ledger in the file `path`: JSON Lines (`.jsonl`) or SQLite (`.sqlite`, `.db`).

    A ledger that is not there is made only where `create` says so: a mistyped name must not become an empty
    trial. Raises `InputError` for another kind of file, `StorageFailure` if it is not there.
    """
    path = Path(path)
    kind = LEDGERS.get(path.suffix)
    if kind is None:
        known = sorted(LEDGERS)
        raise InputError(str(Message.of("store.unknown_kind", path=path, known=known)))
    return kind(path, create=create)


def export_jsonl(ledger: Ledger, path: Path | str) -> None:
    """Write all entries to `path` in the portable form; it appears whole or not at all.

    Entries are written as they are stored, sound or not: what is wrong with a ledger must survive its export.
    """
    path = Path(path)
    own = getattr(ledger, "path", None)
    if own is not None and path.exists() and path.samefile(own):
        raise InputError(str(Message.of("store.export_onto_itself", path=path)))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.writelines(to_line(body, digest) for body, digest in ledger.raw())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        flush_folder(path.parent)
    except OSError as error:
        raise StorageFailure(Message.of("store.not_written", says=error)) from error
    finally:
        part.unlink(missing_ok=True)
