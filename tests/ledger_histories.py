"""Ledgers of every kind, and small histories to put into them.

A new kind of ledger (PostgreSQL, say) joins all contract tests and laws by one more line in `KINDS`: a
function from a test's own folder to a ledger, which called twice gives two handles on the same entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from protocyte.ledger import (
    Amended,
    Casebook,
    Event,
    Ledger,
    Locked,
    MemoryLedger,
    Recorded,
    Signed,
    StudyAdopted,
    Unlocked,
    Voided,
    append_and_fold,
)
from protocyte.store import JsonLinesLedger, SqliteLedger

START = datetime(2026, 3, 1, 8, 0, 0, tzinfo=UTC)
STUDY = StudyAdopted(
    trial="7f3c9a", study={"study": "example", "ladder": {"DL1": "1e6 cells/kg"}}, digest="a" * 64,
    effective="2026-03-01",
)  # fmt: skip

DURABLE: dict[str, Callable[[Path], Ledger]] = {
    "jsonl": lambda folder: JsonLinesLedger(folder / "ledger.jsonl", create=True),
    "sqlite": lambda folder: SqliteLedger(folder / "ledger.sqlite", create=True),
}
KINDS: dict[str, Callable[[Path], Ledger]] = {"memory": lambda folder: MemoryLedger(), **DURABLE}


def form(name: str = "labs", subject: str = "S-001", **fields: Any) -> dict[str, Any]:
    return {"form": name, "version": 1, "subject": subject, **fields}


def recorded(record_id: str, **fields: Any) -> Recorded:
    return Recorded(record_id=record_id, record=form(**fields))


def write(ledger: Ledger, batches: Iterable[Sequence[Event]]) -> Casebook:
    """Append each batch a minute after the one before; the casebook at the end."""
    casebook = Casebook()
    for minute, batch in enumerate(batches):
        at = START + timedelta(minutes=minute)
        casebook = append_and_fold(ledger, casebook, batch, at=at, by="coordinator", role="site staff")
    return casebook


def small_history() -> list[list[Event]]:
    """Twelve entries with one of everything, text beyond ASCII among them."""
    labs, crs = form(ldh="240 U/L"), form("crs", grade="2", note="tocilizumab 8 mg/kg；体温 39.1 °C")
    amended = form(ldh="420 U/L")
    consent = form("consent", subject="S-002")
    return [
        [STUDY],
        [Recorded(record_id="r1", record=labs)],
        [Recorded(record_id="r2", record=crs), Recorded(record_id="r3", record=consent)],
        [Amended(record_id="r1", record=amended, replaces=digest(labs), reason="transposed digits")],
        [Signed(record_id="r2", signs=digest(crs), meaning="reviewed")],
        [Voided(record_id="r3", replaces=digest(consent), reason="entered for the wrong subject")],
        [recorded("r4", subject="S-003", passed=True, cells=1200000)],
        [Signed(record_id="r1", signs=digest(amended), meaning="reviewed"), Locked(reason="interim review")],
        [Unlocked(reason="a query was answered")],
        [Amended(record_id="r2", record={**crs, "grade": "3"}, replaces=digest(crs), reason="source says 3")],
    ]


def digest(record: dict[str, Any]) -> str:
    from protocyte.base import digest_of

    return digest_of(record)


def answers(casebook: Casebook) -> dict[str, Any]:
    """Everything a casebook can be asked, as one plain value to compare."""
    everything = casebook.current(voided=True)
    subjects = sorted({str(v.subject) for r in everything for v in casebook.history(r.record_id)})
    return {
        "head": (casebook.seq, casebook.head, casebook.last_at),
        "studies": (casebook.trial, casebook.studies),
        "locked": casebook.locked,
        "records": [_plain(record) for record in everything],
        "current": [record.record_id for record in casebook.current()],
        "by_form": {
            name: [r.record_id for r in casebook.current(form=name)]
            for name in sorted({str(r.record["form"]) for r in everything})
        },
        "by_subject": {s: [r.record_id for r in casebook.current(subject=s)] for s in subjects},
        "subjects": casebook.subjects(),
        "last_seq": {subject: casebook.last_seq(subject) for subject in subjects},
        "history": {
            r.record_id: [
                (v.seq, v.at, v.by, v.reason, v.voided, v.digest) for v in casebook.history(r.record_id)
            ]
            for r in everything
        },
    }


def _plain(r: Any) -> tuple[Any, ...]:
    return (r.record_id, r.record, r.digest, r.seq, r.at, r.by, r.role, r.version_no, r.voided, r.signatures)
