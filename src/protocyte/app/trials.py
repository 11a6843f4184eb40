"""Opening and creating trials: a folder, a ledger file; the ledger alone is the trial."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from protocyte.app.unusable import unusable
from protocyte.base import LedgerBroken, Message, ProtocyteError, StorageFailure, digest_of
from protocyte.conduct import Desk, adopt
from protocyte.ledger import CutOff, HeadMoved, StudyAdopted, fold
from protocyte.store import open_ledger
from protocyte.study.load import Loaded, load_study

LEDGERS = ("ledger.jsonl", "ledger.sqlite")


@dataclass(frozen=True)
class OpenTrial:
    """A desk on the ledger of a trial; `warnings` are what a reader should know before relying on it."""

    desk: Desk
    path: Path
    warnings: tuple[Message, ...] = ()


def ledger_path(name: str) -> Path:
    """The ledger a reader means by a folder or a file; raises `InputError` where there is none."""
    if "://" in name:
        raise unusable("no_database", url=name.partition("://")[0])
    path = Path(name)
    if path.is_dir():
        found = [path / ledger for ledger in LEDGERS if (path / ledger).exists()]
        if not found:
            raise unusable("no_ledger", folder=path, names=LEDGERS)
        return found[0]
    if not path.exists():
        raise unusable("no_trial", path=path)
    return path


def open_trial(name: str, cut_off: CutOff | None = None) -> OpenTrial:
    """The trial, as of a recording cut-off if one is given. Raises `LedgerBroken`, `StorageFailure`."""
    path = ledger_path(name)
    ledger = open_ledger(path)
    casebook = fold(ledger.entries(), cut_off)
    if not casebook.studies:
        raise unusable("empty_ledger", path=path)
    for adopted in casebook.studies:
        if digest_of(dict(adopted.study)) != adopted.digest:
            raise LedgerBroken(Message.of("app.study_digest", seq=adopted.seq), adopted.seq)
    desk = Desk(ledger, casebook)
    return OpenTrial(desk, path, _warnings(desk, path))


def _warnings(desk: Desk, ledger: Path) -> tuple[Message, ...]:
    """The ledger wins over a study file beside it; a difference is worth a word."""
    beside = ledger.parent / "study.yaml"
    if not beside.exists():
        return ()
    if _is(desk.trial.digest, beside):
        return ()
    return (Message.of("app.study_differs", file=beside),)


def _is(digest: str, file: Path) -> bool:
    loaded = load_study(file)
    return isinstance(loaded, Loaded) and loaded.digest == digest


def adoption(loaded: Loaded, trial_id: str) -> StudyAdopted:
    return StudyAdopted(
        trial=trial_id,
        study=loaded.document.tree,
        digest=loaded.digest,
        effective=str(loaded.study.effective),
    )


def create_trial(
    loaded: Loaded, folder: Path, *, actor: str, at: datetime, ledger: str = "ledger.sqlite"
) -> Desk:
    """A new trial in `folder`, which must not hold one yet. Its random id says nothing about anybody."""
    if any((folder / name).exists() for name in LEDGERS):
        raise unusable("trial_exists", folder=folder)
    beside = folder / "study.yaml"
    if beside.exists() and not _is(loaded.digest, beside):
        raise unusable("study_in_the_way", file=beside)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ledger
    try:
        desk = adopt(
            open_ledger(path, create=True), adoption(loaded, secrets.token_hex(8)), actor=actor, at=at
        )
    except HeadMoved:
        raise unusable("trial_exists", folder=folder) from None  # somebody else was faster
    except (StorageFailure, OSError):
        _take_away_if_empty(path)
        raise
    if not beside.exists():
        beside.write_text(loaded.document.text, encoding="utf-8")
    return desk


def _take_away_if_empty(ledger: Path) -> None:
    """A ledger that could not be begun is no trial, and must not stand where one could."""
    with suppress(ProtocyteError, OSError):
        if open_ledger(ledger).head()[0] > 0:
            return
    take_away(ledger)


def take_away(ledger: Path) -> None:
    for tail in ("", "-wal", "-shm"):
        ledger.with_name(ledger.name + tail).unlink(missing_ok=True)
