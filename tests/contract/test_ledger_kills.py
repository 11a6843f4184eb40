"""Nothing acknowledged is lost and no batch is half there, however a writer ends.

Two hundred kills at random moments for each durable ledger (ten thousand in `bench/soak`), and every state the
text file can be in between, one by one.
"""

from __future__ import annotations

import resource
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from ledger_histories import DURABLE, START, STUDY, recorded
from ledger_kills import kill_writers
from protocyte.base import LedgerBroken, StorageFailure
from protocyte.ledger import NO_ENTRY, Broken, Event, Verified, make_entries, to_line, verify
from protocyte.ledger.portable import LINE_START
from protocyte.store import JsonLinesLedger, repair_torn_tail

ZEROS = bytes(len(LINE_START))


@pytest.mark.parametrize("kind", DURABLE)
def test_two_hundred_killed_writers_lose_nothing_and_leave_no_half(kind: str) -> None:
    # A kill leaves the system's memory as it is, so a disk in memory tells the same and never keeps us waiting;
    # the soak runs on a real one.
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        tally = kill_writers(kind, Path(folder), kills=200, seed=20260301)
    print(f"{kind}: {tally}")

    assert tally.failures == []
    assert tally.counts["kills"] == 200
    assert tally.counts["acknowledged appends"] >= 200


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def written(path: Path) -> tuple[bytes, JsonLinesLedger]:
    """The bytes of a ledger of three entries, written in two batches a minute apart."""
    ledger = JsonLinesLedger(path, create=True)
    head = add(ledger, STUDY)
    add(ledger, recorded("r1"), recorded("r2", note="体温"), after=head)
    return path.read_bytes(), ledger


def add(ledger: JsonLinesLedger, *events: Event, after: str | None = None) -> str:
    seq, head = ledger.head()
    at = START + timedelta(minutes=seq)
    return ledger.append(events, after=after or head, at=at, by="b", role="r")[-1].hash


def next_batch(ledger: JsonLinesLedger, size: int) -> bytes:
    last = list(ledger.entries())[-1]
    events = [recorded(f"new-{n}", note="z" * 40) for n in range(size)]
    at = last.at + timedelta(minutes=1)
    entries = make_entries(last.tip, events, after=last.hash, at=at, by="b", role="r")
    return b"".join(to_line(entry.body, entry.hash) for entry in entries)


def torn_line(path: Path) -> int | None:
    """The line every use of the file names as torn; None if it is sound."""
    ledger, named = JsonLinesLedger(path), set[int | None]()
    result = verify(ledger.raw())
    if isinstance(result, Verified):
        assert ledger.head() == (result.entries, result.head)
        return None
    assert result.why.key == "ledger.torn"
    for use in (
        ledger.head,
        lambda: list(ledger.entries()),
        lambda: add(ledger, recorded("no"), after="f" * 64),
    ):
        with pytest.raises(LedgerBroken) as broken:
            use()
        named.add(broken.value.seq)
    assert named == {result.seq}
    assert f"Line {result.seq} " in str(broken.value)
    return result.seq


@pytest.mark.parametrize("size", [1, 3])
def test_a_batch_cut_anywhere_before_its_first_flush_is_named_and_set_aside(size: int, path: Path) -> None:
    before, ledger = written(path)
    unfinished = ZEROS + next_batch(ledger, size)[len(ZEROS) :]
    for cut in range(1, len(unfinished) + 1):
        path.write_bytes(before + unfinished[:cut])
        assert torn_line(path) == 4
        aside = repair_torn_tail(path)
        assert aside == path.with_name("ledger.jsonl.torn")
        assert (path.read_bytes(), aside.read_bytes()) == (before, unfinished[:cut])
        assert torn_line(path) is None
        aside.unlink()


def test_what_a_disk_had_not_written_before_the_first_flush_does_not_matter(path: Path) -> None:
    before, ledger = written(path)
    unfinished = ZEROS + next_batch(ledger, 6)[len(ZEROS) :]
    blocks = range(0, len(unfinished), 256)
    for missing in range(1, 2 ** len(blocks), 7):
        holes = bytearray(unfinished)
        for n, start in enumerate(blocks):
            if missing >> n & 1:
                holes[start : start + 256] = bytes(len(holes[start : start + 256]))
        path.write_bytes(before + holes)
        assert torn_line(path) == 4
        aside = repair_torn_tail(path)
        assert aside is not None
        assert path.read_bytes() == before
        aside.unlink()


@pytest.mark.parametrize("size", [1, 3])
def test_a_batch_whose_start_was_only_partly_put_in_is_finished(size: int, path: Path) -> None:
    before, ledger = written(path)
    batch = next_batch(ledger, size)
    for there in range(1, 2 ** len(ZEROS) - 1):
        start = bytes(byte if there >> n & 1 else 0 for n, byte in enumerate(LINE_START))
        path.write_bytes(before + start + batch[len(start) :])
        assert torn_line(path) == 4
        assert repair_torn_tail(path) is None
        assert path.read_bytes() == before + batch
    assert torn_line(path) is None


def test_a_last_line_that_lost_its_end_is_named_and_kept_aside(path: Path) -> None:
    before, ledger = written(path)
    batch = next_batch(ledger, 1)
    for cut in range(1, len(batch) - 1):
        path.write_bytes(before + batch[:cut])
        assert torn_line(path) == 4
        aside = repair_torn_tail(path)
        assert aside is not None
        assert (path.read_bytes(), aside.read_bytes()) == (before, batch[:cut])
        aside.unlink()


def test_a_last_line_that_lost_only_its_line_feed_gets_it_back(path: Path) -> None:
    before, _ = written(path)
    path.write_bytes(before[:-1])

    assert torn_line(path) == 3
    assert repair_torn_tail(path) is None
    assert path.read_bytes() == before


@pytest.mark.parametrize("byte", [b"\0", b"\n", b"x"])
def test_one_changed_byte_never_costs_an_acknowledged_entry(byte: bytes, path: Path) -> None:
    written(path)
    add(JsonLinesLedger(path), recorded("r3"))
    before = path.read_bytes()
    for place in range(len(before)):
        path.write_bytes(before[:place] + byte + before[place + 1 :])
        with suppress(LedgerBroken):
            assert repair_torn_tail(path) is None
        after = path.read_bytes()
        assert len(after) == len(before)
        assert after == before or isinstance(verify(JsonLinesLedger(path).raw()), Broken)


def test_zeros_before_entries_of_another_time_are_damage_not_an_interrupted_write(path: Path) -> None:
    before, _ = written(path)
    path.write_bytes(ZEROS + before[len(ZEROS) :])

    with pytest.raises(LedgerBroken):
        repair_torn_tail(path)
    assert path.read_bytes() == ZEROS + before[len(ZEROS) :]


def test_torn_bytes_of_earlier_repairs_are_kept_too(path: Path) -> None:
    before, _ = written(path)
    names = []
    for n in range(3):
        path.write_bytes(before + ZEROS + b"%d" % n)
        aside = repair_torn_tail(path)
        assert aside is not None
        names.append(aside.name)
    assert names == ["ledger.jsonl.torn", "ledger.jsonl.1.torn", "ledger.jsonl.2.torn"]
    assert [(path.parent / name).read_bytes()[-1:] for name in names] == [b"0", b"1", b"2"]


@pytest.mark.parametrize("kind", DURABLE)
def test_a_full_disk_refuses_the_batch_and_leaves_the_ledger_whole(kind: str, tmp_path: Path) -> None:
    ledger = DURABLE[kind](tmp_path)
    ledger.append([STUDY], after=NO_ENTRY, at=START, by="b", role="r")
    seq, head = ledger.head()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(StorageFailure):
            ledger.append(
                [recorded("r1"), recorded("r2", note="x" * 200_000)], after=head, at=START, by="b", role="r"
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert ledger.head() == (seq, head)
    assert verify(ledger.raw()) == Verified(entries=1, head=head)
    assert ledger.append([recorded("r1")], after=head, at=START, by="b", role="r")[0].seq == 2
    ledger.close()
