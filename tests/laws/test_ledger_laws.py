"""Laws of the ledger over random histories: every kind of ledger agrees, folding forward is folding from the
start, a cut-off is a shorter ledger, and a casebook answers as a plain reading of the entries would."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_histories import KINDS, START, STUDY, answers, form
from protocyte.base import LedgerBroken, digest_of
from protocyte.ledger import (
    Amended,
    Casebook,
    CutOff,
    Entry,
    Event,
    Ledger,
    Locked,
    MemoryLedger,
    Recorded,
    Signed,
    StudyAdopted,
    Unlocked,
    Verified,
    Voided,
    append_and_fold,
    fold,
    verify,
)

LAW = settings(deadline=None, derandomize=True, max_examples=100)

# A step is drawn as plain numbers and made possible in view of the casebook, so that every history is valid
# and every kind of event, in every order that may happen, comes up.
STEP = st.tuples(
    st.sampled_from(
        ["record"] * 5 + ["amend"] * 3 + ["move"] * 2 + ["void"] * 2 + ["sign"] * 3 + ["switch", "adopt"]
    ),
    st.integers(0, 7),
    st.text(max_size=6),
    st.integers(-90, 300),  # seconds on the writer's clock since the step before: it may run back
    st.booleans(),  # whether this step joins the batch of the one before
)
STEPS = st.sampled_from([0, 3, 10, 25]).flatmap(lambda n: st.lists(STEP, min_size=n, max_size=n))


def event_of(step: tuple[Any, ...], casebook: Casebook) -> Event:
    kind, n, text, *_ = step
    standing = casebook.current()
    if kind == "switch":
        return Unlocked(reason="r") if casebook.locked else Locked(reason="r")
    if kind == "adopt":
        return StudyAdopted(trial=STUDY.trial, study={"note": text}, digest="b" * 64, effective="2026-04-01")
    if kind == "sign" and standing:
        record = standing[n % len(standing)]
        return Signed(record_id=record.record_id, signs=record.digest, meaning="reviewed")
    if casebook.locked:
        return Unlocked(reason="r")
    if kind in ("amend", "move", "void") and standing:
        record = standing[n % len(standing)]
        old = {"record_id": record.record_id, "replaces": record.digest, "reason": "r"}
        if kind == "void":
            return Voided(**old)
        changes = {"note": text} if kind == "amend" else {"subject": f"S-{n % 3}", "form": f"form-{n % 2}"}
        return Amended(record={**record.record, **changes}, **old)
    record = form(f"form-{n % 2}", subject=f"S-{n % 3}", note=text)
    if n == 7:  # a record of the trial, not of a subject
        del record["subject"]
    return Recorded(record_id=f"r{casebook.seq + 1}", record=record)


def batches_of(steps: list[tuple[Any, ...]]) -> Iterator[tuple[list[Event], Any]]:
    """The batches of a history, with the time of each on the writer's clock."""
    ledger, casebook, at = MemoryLedger(), Casebook(), START
    casebook = append_and_fold(ledger, casebook, [STUDY], at=at, by="b", role="r")
    batch: list[Event] = [STUDY]
    for step in steps:
        event = event_of(step, casebook)
        casebook = append_and_fold(ledger, casebook, [event], at=START, by="b", role="r")
        if not step[4]:
            yield batch, at
            batch, at = [], max(START, at + timedelta(seconds=step[3]))
        batch.append(event)
    yield batch, at


def written(ledger: Ledger, steps: list[tuple[Any, ...]]) -> list[Casebook]:
    casebooks = [Casebook()]
    for batch, at in batches_of(steps):
        casebooks.append(append_and_fold(ledger, casebooks[-1], batch, at=at, by="b", role="r"))
    return casebooks


def history(steps: list[tuple[Any, ...]]) -> tuple[list[Entry], list[Casebook]]:
    ledger = MemoryLedger()
    casebooks = written(ledger, steps)
    return list(ledger.entries()), casebooks


@settings(LAW, max_examples=25)
@given(STEPS)
def test_every_kind_of_ledger_holds_the_same_bytes_and_folds_to_the_same_casebook(steps: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bytes_seen, heads = set(), set()
        for make in KINDS.values():
            ledger = make(Path(folder))
            casebook = written(ledger, steps)[-1]
            assert answers(fold(ledger.entries())) == answers(casebook)
            assert verify(ledger.raw(), casebook.head) == Verified(entries=casebook.seq, head=casebook.head)
            bytes_seen.add(tuple(ledger.raw()))
            heads.add(ledger.head())
            ledger.close()
    assert len(bytes_seen) == len(heads) == 1


@LAW
@given(STEPS)
def test_folding_forward_is_folding_from_the_start_and_changes_no_older_casebook(steps: list[Any]) -> None:
    entries, casebooks = history(steps)

    for casebook in casebooks:  # all older than the last, all still answering as of their own time
        assert answers(casebook) == answers(fold(entries[: casebook.seq]))
    one_by_one = Casebook()
    for entry in entries:
        one_by_one = one_by_one.apply(entry)
    assert answers(one_by_one) == answers(fold(entries))


@LAW
@given(STEPS)
def test_a_cut_off_is_the_ledger_as_it_was(steps: list[Any]) -> None:
    entries, casebooks = history(steps)
    whole = casebooks[-1]

    for seq in range(len(entries) + 1):
        short = answers(fold(entries[:seq]))
        cut_off = CutOff(seq=seq)
        assert answers(fold(entries, cut_off)) == answers(whole.up_to(cut_off)) == short
    for moment in {entry.at + timedelta(seconds=s) for entry in entries for s in (-1, 0, 0.5)}:
        cut_off = CutOff(time=moment)
        kept = [entry for entry in entries if entry.at <= moment]
        assert answers(fold(entries, cut_off)) == answers(whole.up_to(cut_off)) == answers(fold(kept))


@LAW
@given(STEPS)
def test_a_casebook_answers_as_a_plain_reading_of_the_entries(steps: list[Any]) -> None:
    entries, casebooks = history(steps)
    versions: dict[str, list[tuple[int, dict[str, Any], bool]]] = {}
    touched: dict[str, int] = {}
    for entry in entries:
        event = entry.content["event"]
        if "record_id" not in event:
            continue
        past = versions.setdefault(event["record_id"], [])
        before = past[-1][1] if past else {}
        record = event.get("record", before)
        if event["type"] != "signed":
            past.append((entry.seq, record, event["type"] == "voided"))
        touched |= {str(r["subject"]): entry.seq for r in (before, record) if "subject" in r}

    book = casebooks[-1]
    standing = {key: past[-1] for key, past in versions.items()}
    assert {r.record_id: (r.seq, r.record, r.voided) for r in book.current(voided=True)} == standing
    assert [r.record_id for r in book.current(voided=True)] == list(versions)
    for name in ("form-0", "form-1", None):
        for subject in ("S-0", "S-1", "S-2", None):
            wanted = [
                key
                for key, (_, record, voided) in standing.items()
                if not voided
                and (name is None or record["form"] == name)
                and (subject is None or record.get("subject") == subject)
            ]
            assert [r.record_id for r in book.current(name, subject)] == wanted
    assert {s: book.last_seq(s) for s in touched} == touched
    assert set(book.subjects()) == {
        str(r["subject"]) for _, r, v in standing.values() if not v and "subject" in r
    }
    for key, past in versions.items():
        assert [(v.seq, v.record, v.voided) for v in book.history(key)] == past
        assert [v.version_no for v in book.history(key)] == list(range(1, len(past) + 1))


@LAW
@given(STEPS)
def test_a_signature_holds_until_the_record_changes_and_never_after(steps: list[Any]) -> None:
    entries, casebooks = history(steps)
    for record in casebooks[-1].current(voided=True):
        changed = max(v.seq for v in casebooks[-1].history(record.record_id))
        signed = [
            entry.seq
            for entry in entries
            if entry.content["event"].get("signs") and entry.content["event"]["record_id"] == record.record_id
        ]
        assert [(s.seq, s.lapsed) for s in record.signatures] == [(seq, seq < changed) for seq in signed]
        assert all(s.signs == digest_of(dict(record.record)) for s in record.signatures if not s.lapsed)


@LAW
@given(STEPS, STEPS)
def test_two_futures_of_one_casebook_do_not_disturb_each_other(one: list[Any], other: list[Any]) -> None:
    entries, casebooks = history(one)
    middle = casebooks[len(casebooks) // 2]
    before = answers(middle)
    ledger = MemoryLedger()
    list(map(ledger._entries.append, entries[: middle.seq]))
    branch, place = middle, middle
    for step in other:
        branch = append_and_fold(ledger, branch, [event_of(step, branch)], at=START, by="c", role="r")

    assert answers(branch) == answers(fold(ledger.entries()))
    assert answers(place) == before
    assert answers(casebooks[-1]) == answers(fold(entries))


@LAW
@given(STEPS, st.integers(0, 100), st.sampled_from(["replaces", "signs", "record_id"]))
def test_an_event_made_in_view_of_something_else_is_refused_and_changes_nothing(
    steps: list[Any], n: int, key: str
) -> None:
    entries, casebooks = history(steps)
    book = casebooks[-1]
    if book.locked or not book.current():
        return
    record = book.current()[n % len(book.current())]
    stale = {"record_id": record.record_id, "replaces": "0" * 64, "reason": "r"}
    wrong: Event = Voided(**stale)
    if key == "signs":
        wrong = Signed(record_id=record.record_id, signs="0" * 64, meaning="m")
    if key == "record_id":
        wrong = Voided(**{**stale, "record_id": "never recorded", "replaces": record.digest})
    ledger = MemoryLedger()
    list(map(ledger._entries.append, entries))
    before = answers(book)

    fine = Recorded(record_id="fine", record=form())
    with pytest.raises(LedgerBroken) as broken:
        append_and_fold(ledger, book, [fine, wrong], at=START, by="b", role="r")
    assert broken.value.seq == book.seq + 2
    assert ledger.head() == (book.seq, book.head)
    assert answers(book) == before
    # The event that was fine was folded on trial; what is written in its place is folded all the same.
    after = append_and_fold(ledger, book, [Locked(reason="r")], at=START, by="b", role="r")
    assert after.locked
    assert after.get("fine") is None
