"""What every ledger must do, wherever it keeps its entries."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledger_histories import DURABLE, KINDS, START, STUDY, answers, recorded, small_history, write
from protocyte.base import InputError
from protocyte.ledger import (
    NO_ENTRY,
    HeadMoved,
    Ledger,
    Verified,
    fold,
    hash_of,
    to_line,
    verify,
)
from protocyte.store import export_jsonl


@pytest.fixture(params=KINDS)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    made = KINDS[request.param](tmp_path)
    yield made
    made.close()


def add(ledger: Ledger, *events: object, after: str | None = None, at: datetime = START) -> tuple:
    after = ledger.head()[1] if after is None else after
    return ledger.append(events, after=after, at=at, by="coordinator", role="site staff")


def test_a_new_ledger_is_empty_and_sound(ledger: Ledger) -> None:
    assert ledger.head() == (0, NO_ENTRY)
    assert list(ledger.entries()) == list(ledger.raw()) == []
    assert verify(ledger.raw()) == Verified(entries=0, head=NO_ENTRY)


def test_what_was_appended_is_read_back_as_it_was_returned(ledger: Ledger) -> None:
    first = add(ledger, STUDY)
    rest = add(ledger, recorded("r1"), recorded("r2", note='体温 39.1 °C \u2028 \x00 " \\ 😀'))

    assert tuple(ledger.entries()) == first + rest
    assert [entry.seq for entry in ledger.entries()] == [1, 2, 3]
    assert [entry.event for entry in rest] == [
        recorded("r1"),
        recorded("r2", note=rest[1].event.record["note"]),
    ]
    assert [entry.after for entry in ledger.entries()] == [NO_ENTRY, first[0].hash, rest[0].hash]
    assert ledger.head() == (3, rest[-1].hash)
    assert {(entry.by, entry.role, entry.at) for entry in first + rest} == {
        ("coordinator", "site staff", START)
    }


def test_a_body_is_hashed_as_it_is_stored(ledger: Ledger) -> None:
    entries = add(ledger, STUDY, recorded("r1"))

    assert [(entry.body, entry.hash) for entry in entries] == list(ledger.raw())
    assert all(hash_of(body) == digest for body, digest in ledger.raw())


def test_an_append_decided_on_an_older_head_is_refused_and_writes_nothing(ledger: Ledger) -> None:
    old = add(ledger, STUDY)[0].hash
    add(ledger, recorded("r1"))
    before = list(ledger.raw())

    for stale in (old, NO_ENTRY, "f" * 64):
        with pytest.raises(HeadMoved) as moved:
            add(ledger, recorded("r2"), after=stale)
        assert (moved.value.expected, moved.value.found, moved.value.seq) == (stale, before[-1][1], 2)
    assert list(ledger.raw()) == before


def test_a_batch_with_one_event_that_cannot_be_stored_writes_nothing(ledger: Ledger) -> None:
    add(ledger, STUDY)
    half_a_pair = recorded("r2").model_copy(update={"record_id": "\ud800"})

    with pytest.raises(InputError):
        add(ledger, recorded("r1"), half_a_pair)
    assert ledger.head()[0] == 1
    assert add(ledger, recorded("r1"))[0].seq == 2


def test_an_empty_batch_writes_nothing_but_still_minds_the_head(ledger: Ledger) -> None:
    add(ledger, STUDY)

    assert add(ledger) == ()
    with pytest.raises(HeadMoved):
        add(ledger, after=NO_ENTRY)
    assert ledger.head()[0] == 1


def test_an_entry_needs_somebody_and_a_time_with_its_zone(ledger: Ledger) -> None:
    for by, role, at in [("", "r", START), ("b", "", START), ("b", "r", START.replace(tzinfo=None))]:
        with pytest.raises(InputError):
            ledger.append([STUDY], after=NO_ENTRY, at=at, by=by, role=role)
    assert ledger.head() == (0, NO_ENTRY)


def test_a_clock_that_was_behind_neither_reorders_entries_nor_is_forgotten(ledger: Ledger) -> None:
    add(ledger, STUDY)
    behind = START - timedelta(hours=1)
    (entry,) = add(ledger, recorded("r1"), at=behind)

    assert (entry.at, entry.clock) == (START, behind)
    (entry,) = add(ledger, recorded("r2"), at=START + timedelta(seconds=1))
    assert (entry.at, entry.clock) == (START + timedelta(seconds=1), None)


def test_times_are_kept_in_utc_to_the_second(ledger: Ledger) -> None:
    at = datetime.fromisoformat("2026-03-01T17:30:59.999999+08:00")
    (entry,) = add(ledger, STUDY, at=at)

    assert entry.at_text == "2026-03-01T09:30:59Z"
    assert entry.at == datetime(2026, 3, 1, 9, 30, 59, tzinfo=UTC)


def test_reading_may_start_anywhere(ledger: Ledger) -> None:
    write(ledger, small_history())
    everything = list(ledger.entries())

    for seq in range(-1, 15):
        assert list(ledger.entries(seq)) == everything[max(seq, 1) - 1 :]


def test_a_reader_sees_whole_batches_while_others_append(ledger: Ledger) -> None:
    add(ledger, STUDY)
    reading = ledger.entries()
    first = next(reading)
    add(ledger, recorded("r1"), recorded("r2"))

    assert [first.seq, *(entry.seq for entry in reading)] in ([1], [1, 2, 3])
    assert [entry.seq for entry in ledger.entries()] == [1, 2, 3]


def test_of_many_threads_that_decided_on_one_head_one_is_heard(ledger: Ledger) -> None:
    add(ledger, STUDY)

    def attempt(name: str, head: str) -> bool:
        try:
            add(ledger, recorded(name + ".a"), recorded(name + ".b"), after=head)
        except HeadMoved:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        for round_no in range(10):
            head = ledger.head()[1]
            heard = list(pool.map(lambda n, h=head, r=round_no: attempt(f"{r}.{n}", h), range(8)))
            assert heard.count(True) == 1
    assert verify(ledger.raw()).entries == 21  # type: ignore[union-attr]


def test_a_closed_ledger_opens_itself_again(ledger: Ledger) -> None:
    add(ledger, STUDY)
    ledger.close()
    ledger.close()

    assert add(ledger, recorded("r1"))[0].seq == 2


def test_the_export_is_the_lines_of_all_entries(ledger: Ledger, tmp_path: Path) -> None:
    write(ledger, small_history())
    export_jsonl(ledger, tmp_path / "export.jsonl")

    assert (tmp_path / "export.jsonl").read_bytes() == b"".join(to_line(*raw) for raw in ledger.raw())
    assert not list(tmp_path.glob("*.part"))


def test_one_history_has_the_same_bytes_and_casebook_in_every_ledger(tmp_path: Path) -> None:
    seen = set()
    for kind, make in KINDS.items():
        ledger = make(tmp_path)
        casebook = write(ledger, small_history())
        assert answers(fold(ledger.entries())) == answers(casebook)
        seen.add(tuple(ledger.raw()))
        ledger.close()
        print(kind, casebook.head)
    assert len(seen) == 1


@pytest.mark.parametrize("kind", DURABLE)
def test_two_handles_see_each_others_entries(kind: str, tmp_path: Path) -> None:
    one, two = DURABLE[kind](tmp_path), DURABLE[kind](tmp_path)
    add(one, STUDY)
    assert two.head() == one.head()
    add(two, recorded("r1"), recorded("r2"))
    add(two, recorded("r3"))

    assert [entry.seq for entry in one.entries(2)] == [2, 3, 4]
    with pytest.raises(HeadMoved):
        add(one, recorded("r4"), after=next(iter(one.entries())).hash)
    assert add(one, recorded("r4"))[0].seq == 5
    assert [entry.seq for entry in two.entries(5)] == [5]
    one.close()
    two.close()


@pytest.mark.parametrize("kind", DURABLE)
def test_of_many_handles_that_decided_on_one_head_one_is_heard(kind: str, tmp_path: Path) -> None:
    handles = [DURABLE[kind](tmp_path) for _ in range(6)]
    add(handles[0], STUDY)

    def attempt(n: int, head: str) -> bool:
        try:
            add(handles[n], recorded(f"{head}.{n}.a"), recorded(f"{head}.{n}.b"), after=head)
        except HeadMoved:
            return False
        return True

    with ThreadPoolExecutor(len(handles)) as pool:
        for _ in range(15):
            head = handles[0].head()[1]
            assert list(pool.map(lambda n, h=head: attempt(n, h), range(len(handles)))).count(True) == 1
    assert verify(handles[0].raw()).entries == 31  # type: ignore[union-attr]
    for handle in handles:
        handle.close()
