"""The SQLite ledger holds against programs that are not ours, and says when a file is not a ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger_histories import START, STUDY, recorded, small_history, write
from protocyte.base import InputError, LedgerBroken, StorageFailure
from protocyte.ledger import NO_ENTRY, Broken, EntryBroken, MemoryLedger, Verified, fold, verify
from protocyte.store import JsonLinesLedger, SqliteLedger, export_jsonl, open_ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a trial?.sqlite"  # a name with what an address would trip over


@pytest.fixture
def ledger(path: Path) -> Iterator[SqliteLedger]:
    ledger = SqliteLedger(path, create=True)
    write(ledger, small_history())
    yield ledger
    ledger.close()


NEXT = "SELECT 13, replace(body, substr(body, 11, 64), hash), hash FROM entry WHERE seq = 12"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET hash = 'x' WHERE seq = 3",
        "UPDATE entry SET body = body",
        "UPDATE entry SET seq = seq + 100",
        "UPDATE OR IGNORE entry SET hash = 'x'",
        "DELETE FROM entry WHERE seq = 12",
        "DELETE FROM entry",
        "INSERT INTO entry SELECT 14, body, hash FROM entry WHERE seq = 12",
        "INSERT INTO entry SELECT 0, body, hash FROM entry WHERE seq = 12",
        "INSERT INTO entry SELECT -1, body, hash FROM entry WHERE seq = 12",
        "INSERT INTO entry(body, hash) SELECT body, hash FROM entry WHERE seq = 12",
        "INSERT INTO entry SELECT 13, body, hash FROM entry WHERE seq = 12",  # after 11, not after 12
        "INSERT OR REPLACE INTO entry SELECT 12, body, 'x' FROM entry WHERE seq = 12",
        "REPLACE INTO entry SELECT 5, body, hash FROM entry WHERE seq = 6",
        "INSERT OR IGNORE INTO entry SELECT 12, body, hash FROM entry WHERE seq = 12",
        "INSERT INTO entry SELECT 12, body, 'x' FROM entry WHERE seq = 12 "
        "ON CONFLICT(seq) DO UPDATE SET hash = excluded.hash",
        "INSERT INTO entry VALUES (13, 1.5, NULL)",
    ],
)
def test_no_statement_changes_removes_or_misplaces_an_entry(statement: str, ledger: SqliteLedger) -> None:
    before = list(ledger.raw())
    with closing(sqlite3.connect(ledger.path)) as stranger, pytest.raises(sqlite3.IntegrityError), stranger:
        stranger.execute(statement)
    assert list(ledger.raw()) == before


def test_what_the_triggers_let_pass_the_chain_finds(ledger: SqliteLedger) -> None:
    with closing(sqlite3.connect(ledger.path)) as stranger, stranger:
        stranger.execute(f"INSERT INTO entry {NEXT}")
    assert ledger.head()[0] == 13
    result = verify(
        ledger.raw()
    )  # the triggers know the order; that its hash is not its own, the chain knows
    assert isinstance(result, Broken)
    assert result.seq == 13


def test_a_change_made_with_the_triggers_taken_away_is_found(ledger: SqliteLedger) -> None:
    with closing(sqlite3.connect(ledger.path)) as stranger, stranger:
        stranger.execute("DROP TRIGGER entry_is_never_changed")
        stranger.execute("UPDATE entry SET body = replace(body, '240', '140') WHERE seq = 2")
    assert verify(ledger.raw()).seq == 2  # type: ignore[union-attr]
    with pytest.raises(EntryBroken, match="Entry 2 was changed"):
        fold(ledger.entries())


def test_it_keeps_what_full_synchronisation_promises(ledger: SqliteLedger) -> None:
    pragma = ledger._connected().execute
    assert pragma("PRAGMA journal_mode").fetchone() == ("wal",)
    assert pragma("PRAGMA synchronous").fetchone() == (2,)


def test_a_damaged_database_is_never_taken_for_another_history(ledger: SqliteLedger, path: Path) -> None:
    ledger.close()
    data, whole = path.read_bytes(), list(SqliteLedger(path).raw())
    found = 0
    for place in range(0, len(data), 37):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x21]) + data[place + 1 :])
        for left in path.parent.glob(path.name + "-*"):
            left.unlink()
        try:
            damaged = SqliteLedger(path)
            result = verify(damaged.raw(), whole[-1][1])
        except (LedgerBroken, StorageFailure):
            found += 1
            continue
        if isinstance(result, Verified):
            assert list(damaged.raw()) == whole  # a byte that holds nothing
        else:
            found += 1
    assert found > 50


def test_a_file_that_is_no_ledger_is_named(tmp_path: Path) -> None:
    other, noise = tmp_path / "other.db", tmp_path / "noise.sqlite"
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("CREATE TABLE entry (seq, body, hash)")
    noise.write_bytes(b"not a database at all" * 100)
    for path in (other, noise):
        with pytest.raises(LedgerBroken, match=path.name):
            open_ledger(path).head()
        with pytest.raises(LedgerBroken, match=path.name):
            open_ledger(path, create=True).head()


def test_opening_goes_by_the_name_and_never_makes_a_ledger_unasked(tmp_path: Path) -> None:
    for name, kind in [("a.jsonl", JsonLinesLedger), ("a.sqlite", SqliteLedger), ("a.db", SqliteLedger)]:
        path = tmp_path / name
        with pytest.raises(StorageFailure, match=name):
            open_ledger(path)
        assert not path.exists()
        made = open_ledger(path, create=True)
        made.append([STUDY], after=NO_ENTRY, at=START, by="b", role="r")
        made.close()
        again = open_ledger(str(path), create=True)
        assert isinstance(again, kind)
        assert again.head()[0] == 1
        again.close()
    with pytest.raises(InputError, match=r"\.jsonl"):
        open_ledger(tmp_path / "a.csv", create=True)


def test_a_ledger_is_not_exported_onto_itself(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "a.jsonl", create=True)
    with pytest.raises(InputError, match="the ledger itself"):
        export_jsonl(ledger, tmp_path / "a.jsonl")


def test_an_export_that_fails_leaves_the_older_file_as_it_was(tmp_path: Path) -> None:
    class Failing(MemoryLedger):
        def raw(self) -> Iterator[tuple[bytes, str]]:
            yield from super().raw()
            raise StorageFailure("the disk went away")

    ledger, path = Failing(), tmp_path / "export.jsonl"
    ledger.append([STUDY, recorded("r1")], after=NO_ENTRY, at=START, by="b", role="r")
    path.write_text("older")
    with pytest.raises(StorageFailure):
        export_jsonl(ledger, path)
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


def test_a_text_ledger_that_became_shorter_is_named(tmp_path: Path) -> None:
    ledger = JsonLinesLedger(tmp_path / "a.jsonl", create=True)
    write(ledger, small_history())
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    ledger.path.write_bytes(b"".join(lines[:5]))
    with pytest.raises(LedgerBroken, match="entry 12"):
        ledger.head()
