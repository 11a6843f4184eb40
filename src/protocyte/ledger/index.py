"""What casebooks look at: every version of every record, by record, subject and form; only ever added to."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from operator import attrgetter
from threading import Lock
from typing import Any

from protocyte.base import Json, Message, digest_of
from protocyte.ledger.entry import NO_ENTRY, Entry
from protocyte.ledger.errors import EntryBroken

_SEQ = attrgetter("seq")
_FIRST_SEQ = attrgetter("first_seq")


class RecordVersion:
    """One version of a record: as recorded, as amended, or (`voided`) withdrawn, the record unchanged."""

    __slots__ = (
        "_digest", "at_text", "by", "form", "reason", "record", "record_id", "role", "seq", "subject",
        "version_no", "voided",
    )  # fmt: skip

    def __init__(
        self, record_id: str, version_no: int, record: dict[str, Any], entry: dict[str, Any], voided: bool
    ) -> None:
        self.record_id, self.version_no, self.voided = record_id, version_no, voided
        self.record: Mapping[str, Json] = record
        self.form: str = record["form"]
        self.subject: str | None = record.get("subject")
        self.seq: int = entry["seq"]
        self.at_text: str = entry["at"]
        self.by: str = entry["by"]
        self.role: str = entry["role"]
        self.reason: str = entry["event"].get("reason", "")
        self._digest: str | None = None

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.at_text)

    @property
    def digest(self) -> str:
        """Of the record's canonical bytes. Most records are never amended or signed, so only when asked."""
        if self._digest is None:
            self._digest = digest_of(self.record)  # type: ignore[arg-type]  # it is a dict inside
        return self._digest

    def __repr__(self) -> str:
        return f"<RecordVersion {self.record_id} no. {self.version_no} at {self.seq}>"


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed which entry's version, and whether the record has changed since (`lapsed`)."""

    seq: int
    at: datetime
    by: str
    role: str
    meaning: str
    signs: str
    lapsed: bool = False


@dataclass(frozen=True, slots=True)
class AdoptedStudy:
    """A version of the protocol as adopted by entry `seq`; `study` is its parsed document."""

    trial: str
    study: Mapping[str, Json]
    digest: str
    effective: date
    seq: int
    at: datetime
    by: str
    role: str


@dataclass(frozen=True, slots=True)
class Switch:
    seq: int
    locked: bool


class Chart:
    """All versions of one record, and all signatures on them, oldest first."""

    __slots__ = ("first_seq", "signatures", "versions")

    def __init__(self, version: RecordVersion) -> None:
        self.first_seq = version.seq
        self.versions = [version]
        self.signatures: list[Signature] = []

    def version_at(self, seq: int) -> RecordVersion | None:
        """The version that was current at entry `seq`; None if the record came later."""
        last = self.versions[-1]
        if last.seq <= seq:
            return last
        place = bisect_right(self.versions, seq, key=_SEQ)
        return self.versions[place - 1] if place else None

    def signatures_at(self, seq: int, version: RecordVersion) -> tuple[Signature, ...]:
        """Signatures up to `seq`; those older than the `version` current then have lapsed."""
        return tuple(
            Signature(s.seq, s.at, s.by, s.role, s.meaning, s.signs, lapsed=s.seq < version.seq)
            for s in self.signatures
            if s.seq <= seq
        )

    def up_to(self, seq: int) -> Chart:
        chart = Chart(self.versions[0])
        chart.versions = [version for version in self.versions if version.seq <= seq]
        chart.signatures = [signature for signature in self.signatures if signature.seq <= seq]
        return chart


class CaseIndex:
    """Grows entry by entry. An entry that contradicts what is there is refused before anything is added."""

    def __init__(self) -> None:
        self.hashes: list[str] = []
        self.times: list[str] = []
        self.charts: dict[str, Chart] = {}
        self.by_subject: dict[str, list[Chart]] = {}
        self.by_form: dict[str, list[Chart]] = {}
        self.touched: dict[str, list[int]] = {}
        self.studies: list[AdoptedStudy] = []
        self.locks: list[Switch] = []
        self._lock = Lock()

    def grown(self, seq: int, entries: Iterable[Entry]) -> tuple[CaseIndex, int]:
        """An index with `entries` behind entry `seq`, and the seq of the last of them.

        It is this one, unless this one already went on with other entries (an append that was then refused,
        or two casebooks tried against each other): then it is a copy.
        """
        pending = iter(entries)
        with self._lock:
            for entry in pending:
                if seq == len(self.hashes):
                    self._add(entry)
                elif self.hashes[seq] != entry.hash:
                    return self._up_to(seq).grown(seq, chain((entry,), pending))
                seq += 1
        return self, seq

    def charts_of(self, form: str | None, subject: str | None) -> Iterable[Chart]:
        """Charts among which are all that ever had this form and subject, in order of their first version."""
        if subject is not None:
            return self.by_subject.get(subject, ())
        if form is not None:
            return self.by_form.get(form, ())
        return self.charts.values()

    def _add(self, entry: Entry) -> None:
        content, seq = entry.content, len(self.hashes) + 1
        event, at = content["event"], content["at"]
        if content["seq"] != seq:
            raise EntryBroken(seq, Message.of("ledger.missing", seq=seq))
        if content["after"] != (self.hashes[-1] if self.hashes else NO_ENTRY):
            raise EntryBroken(seq, Message.of("ledger.replaced", seq=seq - 1, next=seq))
        if len(at) != len("2026-03-01T08:00:00Z") or (self.times and at < self.times[-1]):
            raise EntryBroken(seq, Message.of("ledger.time_runs_back", seq=seq, at=at))
        kind = event["type"]
        if seq == 1 and kind != "study_adopted":
            raise EntryBroken(seq, Message.of("ledger.no_study_first"))
        handler = _HANDLERS.get(kind)
        if handler is None:
            raise EntryBroken(seq, Message.of("ledger.unknown_event", seq=seq, type=kind))
        try:
            handler(self, content, event)
        except (KeyError, TypeError, ValueError) as error:
            raise EntryBroken(seq, Message.of("ledger.malformed", seq=seq, type=kind, what=error)) from None
        self.hashes.append(entry.hash)
        self.times.append(at)

    def _adopt(self, entry: dict[str, Any], event: dict[str, Any]) -> None:
        if self.studies and event["trial"] != self.studies[0].trial:
            raise EntryBroken(entry["seq"], Message.of("ledger.other_trial", seq=entry["seq"]))
        self.studies.append(
            AdoptedStudy(
                event["trial"],
                event["study"],
                event["digest"],
                date.fromisoformat(event["effective"]),
                entry["seq"],
                datetime.fromisoformat(entry["at"]),
                entry["by"],
                entry["role"],
            )
        )

    def _record(self, entry: dict[str, Any], event: dict[str, Any]) -> None:
        self._require_unlocked(entry)
        record_id = event["record_id"]
        if record_id in self.charts:
            raise EntryBroken(
                entry["seq"], Message.of("ledger.recorded_twice", seq=entry["seq"], record=record_id)
            )
        version = RecordVersion(record_id, 1, event["record"], entry, voided=False)
        chart = self.charts[record_id] = Chart(version)
        self.by_form.setdefault(version.form, []).append(chart)
        if version.subject is not None:
            self.by_subject.setdefault(version.subject, []).append(chart)
            self.touched.setdefault(version.subject, []).append(version.seq)

    def _amend(self, entry: dict[str, Any], event: dict[str, Any]) -> None:
        self._require_unlocked(entry)
        chart, old = self._current(entry, event, event["replaces"])
        new = RecordVersion(old.record_id, old.version_no + 1, event["record"], entry, voided=False)
        chart.versions.append(new)
        if new.form != old.form:
            _file(self.by_form, new.form, chart)
        if new.subject != old.subject and new.subject is not None:
            _file(self.by_subject, new.subject, chart)
        self._touch(new.seq, old.subject, new.subject)

    def _void(self, entry: dict[str, Any], event: dict[str, Any]) -> None:
        self._require_unlocked(entry)
        chart, old = self._current(entry, event, event["replaces"])
        record: dict[str, Any] = old.record  # type: ignore[assignment]  # it is a dict inside
        chart.versions.append(RecordVersion(old.record_id, old.version_no + 1, record, entry, voided=True))
        self._touch(entry["seq"], old.subject)

    def _sign(self, entry: dict[str, Any], event: dict[str, Any]) -> None:
        chart, version = self._current(entry, event, event["signs"])
        at = datetime.fromisoformat(entry["at"])
        chart.signatures.append(
            Signature(entry["seq"], at, entry["by"], entry["role"], event["meaning"], event["signs"])
        )
        self._touch(entry["seq"], version.subject)

    def _switch(self, entry: dict[str, Any], event: dict[str, Any]) -> None:
        locked = event["type"] == "locked"
        if locked == self._locked():
            key = "ledger.locked_twice" if locked else "ledger.not_locked"
            raise EntryBroken(entry["seq"], Message.of(key, seq=entry["seq"]))
        self.locks.append(Switch(entry["seq"], locked))

    def _locked(self) -> bool:
        return bool(self.locks) and self.locks[-1].locked

    def _require_unlocked(self, entry: dict[str, Any]) -> None:
        if self.locks and self._locked():
            raise EntryBroken(entry["seq"], Message.of("ledger.while_locked", seq=entry["seq"]))

    def _current(
        self, entry: dict[str, Any], event: dict[str, Any], digest: str
    ) -> tuple[Chart, RecordVersion]:
        """The record an event speaks of; refused unless it is current and is what the author had in view."""
        seq, record_id, kind = entry["seq"], event["record_id"], event["type"]
        chart = self.charts.get(record_id)
        if chart is None:
            raise EntryBroken(seq, Message.of("ledger.unknown_record", seq=seq, type=kind, record=record_id))
        version = chart.versions[-1]
        if version.voided:
            raise EntryBroken(seq, Message.of("ledger.voided_record", seq=seq, type=kind, record=record_id))
        if version.digest != digest:
            raise EntryBroken(seq, Message.of("ledger.stale", seq=seq, type=kind, record=record_id))
        return chart, version

    def _touch(self, seq: int, *subjects: str | None) -> None:
        for subject in {*subjects} - {None}:
            self.touched.setdefault(subject, []).append(seq)  # type: ignore[arg-type]  # None is taken out

    def _up_to(self, seq: int) -> CaseIndex:
        """A copy that knows only the entries up to `seq`."""
        copy = CaseIndex()
        copy.hashes, copy.times = self.hashes[:seq], self.times[:seq]
        copy.charts = {key: c.up_to(seq) for key, c in self.charts.items() if c.first_seq <= seq}
        for chart in copy.charts.values():
            for form in dict.fromkeys(version.form for version in chart.versions):
                copy.by_form.setdefault(form, []).append(chart)
            for subject in dict.fromkeys(version.subject for version in chart.versions):
                if subject is not None:
                    copy.by_subject.setdefault(subject, []).append(chart)
        copy.touched = {key: [s for s in seqs if s <= seq] for key, seqs in self.touched.items()}
        copy.studies = [study for study in self.studies if study.seq <= seq]
        copy.locks = [switch for switch in self.locks if switch.seq <= seq]
        return copy


_HANDLERS = {
    "study_adopted": CaseIndex._adopt,
    "recorded": CaseIndex._record,
    "amended": CaseIndex._amend,
    "voided": CaseIndex._void,
    "signed": CaseIndex._sign,
    "locked": CaseIndex._switch,
    "unlocked": CaseIndex._switch,
}


def _file(index: dict[str, list[Chart]], key: str, chart: Chart) -> None:
    """Put a chart that changed its form or subject where its first version belongs, once."""
    charts = index.setdefault(key, [])
    if chart not in charts:
        insort(charts, chart, key=_FIRST_SEQ)
