"""What an event may hold, and which histories contradict themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from string import Formatter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ledger_histories import START, STUDY, form, recorded, small_history, write
from protocyte.base import InputError, digest_of, render
from protocyte.base.message import catalogue
from protocyte.ledger import (
    EVENT_TYPES,
    Amended,
    Casebook,
    CutOff,
    Entry,
    EntryBroken,
    Event,
    Locked,
    MemoryLedger,
    Recorded,
    Signed,
    StudyAdopted,
    Unlocked,
    Voided,
    fold,
    hash_of,
    make_entries,
    parse_event,
)

LABS = form(ldh="240 U/L")
SEEN = digest_of(LABS)


def entries_of(*events: Event) -> tuple[Entry, ...]:
    return make_entries(Casebook().tip, events, after=Casebook().head, at=START, by="b", role="r")


@pytest.mark.parametrize(
    "record",
    [
        {**LABS, "ldh": 240.0},
        {**LABS, "ldh": None},
        {**LABS, "ldh": ("240",)},
        {**LABS, 5: "x"},
        {"form": "labs"},
        {"version": 1},
        {**LABS, "form": ""},
        {**LABS, "version": True},
        {**LABS, "subject": ""},
        {**LABS, "subject": 7},
    ],
)
def test_a_record_holds_plain_values_and_names_its_form_version_and_subject(record: dict[Any, Any]) -> None:
    with pytest.raises(ValidationError):
        Recorded(record_id="r1", record=record)


def test_a_record_nested_beyond_reason_is_refused_not_a_crash() -> None:
    for levels in (59, 61, 100_000):
        deep: Any = "x"
        for _ in range(levels - 1):
            deep = [deep]
        if levels < 60:
            assert entries_of(STUDY, Recorded(record_id="r", record={**LABS, "deep": deep}))
        else:
            with pytest.raises(ValidationError, match="nested deeper"):
                Recorded(record_id="r", record={**LABS, "deep": deep})


def test_an_event_does_not_change_with_the_form_it_was_made_from() -> None:
    record = form(values={"ldh": "240"})
    event = Recorded(record_id="r1", record=record)
    record["values"]["ldh"] = "420"

    assert event.record["values"] == {"ldh": "240"}


@pytest.mark.parametrize("digest", ["", "0" * 63, "0" * 65, "A" * 64, "0" * 64 + "\n"])
def test_a_digest_is_sixty_four_hexadecimal_digits(digest: str) -> None:
    with pytest.raises(ValidationError):
        Voided(record_id="r1", replaces=digest, reason="r")


def test_a_change_needs_its_reason() -> None:
    for kind in (Locked, Unlocked):
        with pytest.raises(ValidationError):
            kind(reason="")
    with pytest.raises(ValidationError):
        Amended(record_id="r1", record=LABS, replaces=SEEN, reason="")


def test_every_event_is_read_back_as_itself() -> None:
    events = [event for batch in small_history() for event in batch]

    assert [parse_event(event.model_dump()) for event in events] == events
    assert {event.type for event in events} == set(EVENT_TYPES)


@given(st.text(), st.text(min_size=1), st.integers(1, 10**9))
def test_the_links_stand_at_fixed_places_whatever_is_written(note: str, by: str, n: int) -> None:
    events = [STUDY, recorded("r1", note=note, seq=n, trap=f'","seq":{n}}}')]
    entries = make_entries(Casebook().tip, events, after="0" * 64, at=START, by=by, role="r")
    assert [entry.seq for entry in entries] == [entry.content["seq"] for entry in entries] == [1, 2]
    assert [entry.after for entry in entries] == [entry.content["after"] for entry in entries]
    assert [entry.at_text for entry in entries] == [entry.content["at"] for entry in entries]


CONTRADICTIONS: dict[str, tuple[Event, ...]] = {
    "no_study_first": (Recorded(record_id="r1", record=LABS),),
    "recorded_twice": (STUDY, Recorded(record_id="r1", record=LABS), Recorded(record_id="r1", record=LABS)),
    "unknown_record": (STUDY, Voided(record_id="r1", replaces=SEEN, reason="r")),
    "stale": (
        STUDY,
        Recorded(record_id="r1", record=LABS),
        Voided(record_id="r1", replaces="0" * 64, reason="r"),
    ),
    "voided_record": (
        STUDY,
        Recorded(record_id="r1", record=LABS),
        Voided(record_id="r1", replaces=SEEN, reason="r"),
        Amended(record_id="r1", record=LABS, replaces=SEEN, reason="r"),
    ),
    "while_locked": (STUDY, Locked(reason="r"), Recorded(record_id="r1", record=LABS)),
    "locked_twice": (STUDY, Locked(reason="r"), Locked(reason="r")),
    "not_locked": (STUDY, Unlocked(reason="r")),
    "other_trial": (STUDY, STUDY.model_copy(update={"trial": "another"})),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_history_that_contradicts_itself_is_refused_at_the_entry_that_does(name: str) -> None:
    entries = entries_of(*CONTRADICTIONS[name])

    with pytest.raises(EntryBroken) as broken:
        fold(entries)
    assert (broken.value.why.key, broken.value.seq) == (f"ledger.{name}", len(entries))
    fold(entries[:-1])


def test_a_signature_after_the_lock_is_no_contradiction() -> None:
    labs = Recorded(record_id="r1", record=LABS)
    book = fold(entries_of(STUDY, labs, Locked(reason="r"), Signed(record_id="r1", signs=SEEN, meaning="m")))

    record = book.get("r1")
    assert record is not None
    assert record.signed


def altered(entry: Entry, old: bytes, new: bytes) -> Entry:
    body = entry.body.replace(old, new)
    assert body != entry.body
    return Entry(body, hash_of(body))


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        (b'"recorded"', b'"annotated"', "unknown_event"),
        (b'"form":"labs",', b"", "malformed"),
        (b'"record_id":"r1",', b"", "malformed"),
        (b'"at":"2026-03-01T08:00:00Z"', b'"at":"2026-03-01T07:59:59Z"', "time_runs_back"),
        (b'"at":"2026-03-01T08:00:00Z"', b'"at":"2026-03-01T08:00:00.5Z"', "time_runs_back"),
        (b'"seq":2', b'"seq":3', "missing"),
        (b'{"after"', b'["after"', "not_an_entry"),
    ],
)
def test_an_entry_no_version_of_ours_wrote_is_named(old: bytes, new: bytes, key: str) -> None:
    study, entry = entries_of(STUDY, Recorded(record_id="r1", record=LABS))

    with pytest.raises(EntryBroken) as broken:
        fold([study, altered(entry, old, new)])
    assert broken.value.why.key == f"ledger.{key}"


def test_folding_minds_the_links() -> None:
    one = entries_of(STUDY, recorded("r1"), recorded("r2"))
    other = entries_of(STUDY, recorded("r9"))

    with pytest.raises(EntryBroken, match="Entry 2 was replaced"):
        fold([one[0], other[1], one[2]])


def test_a_cut_off_is_an_entry_or_a_moment_with_its_zone() -> None:
    assert CutOff.parse("17") == CutOff(seq=17)
    assert CutOff.parse("2026-03-01T16:00:00+08:00").time == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert str(CutOff.parse("2026-03-01T16:00:00+08:00")) == "2026-03-01T08:00:00Z"
    for text in ("", "-1", "1.5", "yesterday", "2026-03-01T08:00:00", "²"):
        with pytest.raises(InputError):
            CutOff.parse(text)
    for wrong in ({}, {"seq": 1, "time": START}, {"seq": -1}):
        with pytest.raises(ValidationError):
            CutOff(**wrong)


def test_a_cut_off_after_the_last_entry_is_refused_for_an_entry_and_fine_for_a_time() -> None:
    book = write(MemoryLedger(), small_history())

    with pytest.raises(InputError, match="ends with entry 12"):
        book.up_to(CutOff(seq=13))
    assert book.up_to(CutOff(time=datetime(2030, 1, 1, tzinfo=UTC))).seq == 12


def test_an_empty_casebook_knows_nothing() -> None:
    book = Casebook()

    assert (book.seq, book.head, book.trial, book.last_at, book.locked) == (0, "0" * 64, None, None, False)
    assert (book.studies, book.current(), book.subjects(), book.history("r1")) == ((), (), (), ())
    assert (book.get("r1"), book.last_seq("S-001")) == (None, 0)


def test_the_study_in_force_can_be_read_from_the_ledger_alone() -> None:
    later = StudyAdopted(trial=STUDY.trial, study={"v": "2"}, digest="c" * 64, effective="2026-05-01")
    book = fold(entries_of(STUDY, later))

    assert [(s.study, s.digest[0], s.effective.isoformat(), s.seq) for s in book.studies] == [
        (STUDY.study, "a", "2026-03-01", 1),
        ({"v": "2"}, "c", "2026-05-01", 2),
    ]


@pytest.mark.parametrize("room", ["ledger", "store"])
def test_every_message_says_the_same_in_both_languages(room: str) -> None:
    for name, sentences in catalogue(room).items():
        params = [
            {field for _, field, _, _ in Formatter().parse(sentences[lang]) if field} for lang in ("en", "zh")
        ]
        assert params[0] == params[1], name


def test_a_broken_entry_can_be_explained_in_chinese() -> None:
    with pytest.raises(EntryBroken) as broken:
        fold(entries_of(*CONTRADICTIONS["stale"]))
    assert "旧版本" in render(broken.value.why, "zh")
