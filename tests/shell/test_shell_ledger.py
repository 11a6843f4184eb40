"""`trial verify`, `archive` and `restore`: what is broken is named, what is whole comes back."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from protocyte.app import archiving
from protocyte.app.verifying import verify_file
from protocyte.base import LedgerBroken, StorageFailure
from protocyte.ledger import Broken, Entry
from shell_runs import fine, new_trial, protocyte


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_trial(tmp_path_factory.mktemp("begun") / "ward")


@pytest.fixture
def ledger(begun: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(begun / "ledger.jsonl", tmp_path / "ledger.jsonl"))


def spoil(ledger: Path, old: bytes, new: bytes) -> None:
    whole = ledger.read_bytes()
    assert whole.count(old) == 1
    ledger.write_bytes(whole.replace(old, new))


def test_a_sound_ledger_prints_its_entries_and_its_head(ledger: Path) -> None:
    told = fine("trial", "verify", ledger, "--json").json
    last = json.loads(ledger.read_text(encoding="utf-8").splitlines()[-1])

    assert told == {"entries": 3, "head": last["hash"], "decisions_replayed": 0}
    assert fine("trial", "verify", ledger, "--head", told["head"]).out.startswith("3 entries, all sound")


@pytest.mark.parametrize(
    ("old", "new", "entry"),
    [
        (b'"record_id":"cohort/1"', b'"record_id":"cohort/2"', 2),
        (b'"by":"src01"', b'"by":"src02"', 2),
        (b'"document_version":"1"', b'"document_version":"2"', 3),
        (b'"DL3":"5e6 cells/kg"', b'"DL3":"6e6 cells/kg"', 1),
    ],
)
def test_a_changed_byte_is_found_and_its_entry_named(
    old: bytes, new: bytes, entry: int, ledger: Path
) -> None:
    spoil(ledger, old, new)

    said, told = protocyte("trial", "verify", ledger), protocyte("trial", "verify", ledger, "--json")
    chinese = protocyte("trial", "verify", ledger, "--json", "--language", "zh")

    assert (said.code, told.code, chinese.code) == (3, 3, 3)
    assert f"entry {entry}" in said.err
    assert said.out == ""
    assert (told.json[0]["rule"], told.json[0]["entry"]) == ("ledger.broken", entry)
    assert chinese.json[0]["message"] != told.json[0]["message"]


@pytest.mark.parametrize("command", [("status",), ("advise",), ("why", "S-001", "dlt")], ids=lambda c: c[0])
def test_no_answer_is_given_from_a_ledger_whose_chain_is_broken(
    command: tuple[str, ...], ledger: Path
) -> None:
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(lines[0] + lines[2])  # an entry is missing

    told = protocyte("trial", command[0], ledger, *command[1:], "--json")

    assert (told.code, told.json[0]["rule"]) == (3, "ledger.broken")


def test_a_cut_tail_is_found_only_by_a_head_kept_elsewhere(ledger: Path) -> None:
    head = fine("trial", "verify", ledger, "--json").json["head"]
    ledger.write_bytes(b"".join(ledger.read_bytes().splitlines(keepends=True)[:-1]))

    assert fine("trial", "verify", ledger).code == 0
    told = protocyte("trial", "verify", ledger, "--head", head, "--json")
    assert (told.code, told.json[0]["rule"]) == (3, "ledger.broken")


def test_a_head_that_is_no_hash_is_a_usage_error_and_not_a_broken_ledger(ledger: Path) -> None:
    for head in ("", "abc", "g" * 64, "0" * 65):
        assert protocyte("trial", "verify", ledger, "--head", head).code == 2


def test_an_unfinished_last_line_is_named(ledger: Path) -> None:
    ledger.write_bytes(ledger.read_bytes()[:-20])

    told = protocyte("trial", "verify", ledger, "--json")

    assert told.code == 3
    assert told.json[0]["message"]
    assert protocyte("trial", "status", ledger).code in (0, 3)


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\x01\x02" * 999,
        b"not a ledger\n",
        b"{}\n",
        b"[]\n",
        b'{"hash": 1, "entry": 2}\n',
        b"\xff\xfe\n",
        b"\n\n",
    ],
)
def test_a_file_that_is_no_ledger_is_a_broken_one(content: bytes, tmp_path: Path) -> None:
    for name in ("ledger.jsonl", "ledger.sqlite"):
        file = tmp_path / name
        file.write_bytes(content)
        for command in (("verify",), ("status",), ("advise",), ("do", "contact", "--actor", "a")):
            told = protocyte("trial", command[0], file, *command[1:], "--json")
            assert told.code in (3, 5), (name, command, told)
            assert told.json[0]["severity"] == "error"


def test_an_empty_ledger_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").write_bytes(b"")

    told = protocyte("trial", "status", tmp_path, "--json")

    assert told.code == 1
    assert "no study was adopted" in told.json[0]["message"]


def test_a_row_changed_behind_the_databases_back_is_found(tmp_path: Path) -> None:
    ward = new_trial(tmp_path / "ward", ledger="sqlite")
    database = sqlite3.connect(ward / "ledger.sqlite")
    triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        database.execute(f'DROP TRIGGER "{name}"')
    database.execute("UPDATE entry SET body = replace(body, 'src01', 'src02') WHERE seq = 2")
    database.commit()
    database.close()

    told = protocyte("trial", "verify", ward, "--json")

    assert (told.code, told.json[0]["entry"]) == (3, 2)


@pytest.mark.parametrize("kind", ["jsonl", "sqlite"])
def test_an_archived_trial_comes_back_byte_for_byte(kind: str, tmp_path: Path) -> None:
    ward = new_trial(tmp_path / "ward", ledger=kind)
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"

    archived = fine("trial", "archive", ward, first, "--json").json
    restored = fine("trial", "restore", first, tmp_path / "again", "--ledger", kind, "--json").json
    fine("trial", "archive", tmp_path / "again", second)

    assert archived["head"] == restored["head"]
    assert archived["entries"] == restored["entries"] == 3
    assert first.read_bytes() == second.read_bytes()
    assert (
        fine(
            "trial", "do", tmp_path / "again", "contact", "subject=S-001", "on=2026-01-06", "--actor", "a"
        ).code
        == 0
    )


def test_a_broken_ledger_is_neither_archived_nor_restored(ledger: Path, tmp_path: Path) -> None:
    spoil(ledger, b'"by":"src01"', b'"by":"src02"')

    assert protocyte("trial", "archive", ledger, tmp_path / "a.jsonl").code == 3
    assert protocyte("trial", "restore", ledger, tmp_path / "again").code == 3
    assert not (tmp_path / "a.jsonl").exists()
    assert not (tmp_path / "again").exists()


def test_restoring_over_a_trial_or_as_another_kind_is_a_problem(
    begun: Path, ledger: Path, tmp_path: Path
) -> None:
    assert protocyte("trial", "restore", ledger, begun, "--json").code == 1
    assert protocyte("trial", "restore", ledger, tmp_path / "x", "--ledger", "paper", "--json").code in (1, 2)
    assert protocyte("trial", "restore", tmp_path / "none.jsonl", tmp_path / "x", "--json").code in (1, 5)


def test_what_cannot_be_written_is_a_failure_of_storage(ledger: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x", encoding="utf-8")

    for told in (
        protocyte("trial", "archive", ledger, tmp_path / "no" / "a.jsonl", "--json"),
        protocyte("trial", "create", "lstcar019", blocked, "--actor", "a", "--json"),
        protocyte("trial", "restore", ledger, blocked / "x", "--json"),
        protocyte("report", "build", ledger, "--out", tmp_path / "no" / "report.html", "--json"),
    ):
        assert (told.code, told.json[0]["rule"]) == (5, "storage.failed")


def test_a_damaged_byte_anywhere_in_a_database_is_never_a_traceback_and_never_a_change_unseen(
    tmp_path: Path,
) -> None:
    ward = new_trial(tmp_path / "ward", ledger="sqlite")
    with sqlite3.connect(ward / "ledger.sqlite") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    whole = (ward / "ledger.sqlite").read_bytes()
    head = fine("trial", "verify", ward, "--json").json["head"]
    damaged = tmp_path / "damaged.sqlite"
    seen: set[int] = set()
    # The pages of the schema and of the entries; every 37th byte keeps the test to a second.
    for at in range(0, len(whole), 37):
        damaged.write_bytes(whole[:at] + bytes([whole[at] ^ 0x81]) + whole[at + 1 :])
        for tail in ("-wal", "-shm"):
            damaged.with_name(damaged.name + tail).unlink(missing_ok=True)
        try:
            found = verify_file(damaged, head)  # a cell that is gone from the last page is a cut tail
        except LedgerBroken:
            seen.add(3)
            continue
        assert isinstance(found, Broken) or found.head == head, at
        seen.add(3 if isinstance(found, Broken) else 0)
    assert seen == {0, 3}


def test_a_trial_that_could_not_be_begun_leaves_nothing_that_looks_like_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageFailure("the disk is full")

    monkeypatch.setattr("protocyte.store.sqlite.make_entries", full)
    ward = tmp_path / "ward"
    assert protocyte("trial", "create", "lstcar019", ward, "--actor", "dm01").code == 5
    monkeypatch.undo()
    fine("trial", "create", "lstcar019", ward, "--actor", "dm01")


def test_a_restore_that_fails_half_way_leaves_nothing_that_looks_like_a_trial(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(store: object, entry: Entry) -> None:
        if entry.seq > 1:
            raise StorageFailure("the disk is full")
        write(store, entry)

    write = archiving._append
    monkeypatch.setattr(archiving, "_append", full)
    again = tmp_path / "again"
    assert protocyte("trial", "restore", ledger, again).code == 5
    assert list(again.iterdir()) == []


def test_a_study_that_lies_in_the_folder_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("study: mine\n")
    assert protocyte("trial", "create", "lstcar019", tmp_path, "--actor", "dm01").code == 1
    assert (tmp_path / "study.yaml").read_text() == "study: mine\n"
    assert not (tmp_path / "ledger.sqlite").exists()
