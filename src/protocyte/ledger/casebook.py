"""The casebook: what the ledger says is current, as of one entry.

All casebooks of a trial look at one growing index. Nothing in the index is ever changed or removed, only
added, and everything in it carries the seq it came with; a `Casebook` is that index seen up to its own seq.
So folding one more entry costs a few additions, an older casebook goes on answering as it did, and a cut-off
is only a smaller seq.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from protocyte.base import InputError, Json, Message
from protocyte.ledger.cut_off import CutOff
from protocyte.ledger.entry import NO_ENTRY, Entry, Tip
from protocyte.ledger.index import AdoptedStudy, CaseIndex, Chart, RecordVersion, Signature

_SEQ = attrgetter("seq")


@dataclass(frozen=True, slots=True)
class CurrentRecord:
    """A record as it stands: its latest version and who signed it."""

    version: RecordVersion
    signatures: tuple[Signature, ...] = ()

    @property
    def record_id(self) -> str:
        return self.version.record_id

    @property
    def record(self) -> Mapping[str, Json]:
        """The form as it was written. Shared, so never change it: amend."""
        return self.version.record

    @property
    def digest(self) -> str:
        """What an amendment, a void or a signature must name."""
        return self.version.digest

    @property
    def seq(self) -> int:
        return self.version.seq

    @property
    def at(self) -> datetime:
        return self.version.at

    @property
    def by(self) -> str:
        return self.version.by

    @property
    def role(self) -> str:
        return self.version.role

    @property
    def version_no(self) -> int:
        return self.version.version_no

    @property
    def voided(self) -> bool:
        return self.version.voided

    @property
    def signed(self) -> bool:
        """Somebody's signature still holds for what the record says now."""
        return any(not signature.lapsed for signature in self.signatures)


class Casebook:
    """The current records of a trial as of entry `seq`. Never changes; `apply` gives the next one."""

    __slots__ = ("_index", "seq")

    def __init__(self, index: CaseIndex | None = None, seq: int = 0) -> None:
        self._index = CaseIndex() if index is None else index
        self.seq = seq

    def apply(self, entry: Entry) -> Casebook:
        """The casebook with one more entry; raises `LedgerBroken` if it contradicts what is there."""
        return self.apply_all((entry,))

    def apply_all(self, entries: Iterable[Entry]) -> Casebook:
        """The casebook with more entries; this one stays as it is."""
        return Casebook(*self._index.grown(self.seq, entries))

    def up_to(self, cut_off: CutOff) -> Casebook:
        """What was known at `cut_off`; it must not lie after this casebook."""
        seq = min(cut_off.last_seq(self._index.times), self.seq)
        if cut_off.seq is not None and cut_off.seq > self.seq:
            raise InputError(str(Message.of("ledger.cut_off_ahead", seq=cut_off.seq, last=self.seq)))
        return Casebook(self._index, seq)

    @property
    def head(self) -> str:
        """The hash of the last entry seen."""
        return self._index.hashes[self.seq - 1] if self.seq else NO_ENTRY

    @property
    def tip(self) -> Tip:
        """What the next entry needs to know."""
        return Tip(self.seq, self.head, self._index.times[self.seq - 1]) if self.seq else Tip()

    @property
    def last_at(self) -> datetime | None:
        """When the last entry seen was written."""
        return datetime.fromisoformat(self._index.times[self.seq - 1]) if self.seq else None

    @property
    def trial(self) -> str | None:
        """The random id the trial was given with its first study version."""
        return self.studies[0].trial if self.studies else None

    @property
    def studies(self) -> tuple[AdoptedStudy, ...]:
        """Versions of the protocol, in the order of their adoption."""
        return tuple(_seen(self._index.studies, self.seq))

    @property
    def locked(self) -> bool:
        switches = _seen(self._index.locks, self.seq)
        return bool(switches) and switches[-1].locked

    def current(
        self, form: str | None = None, subject: str | None = None, *, voided: bool = False
    ) -> tuple[CurrentRecord, ...]:
        """Records as they stand, in the order they were first recorded; voided ones only if asked for."""
        charts = self._index.charts_of(form, subject)
        return tuple(
            self._record(chart, version)
            for chart, version in self._visible(charts)
            if (voided or not version.voided)
            and (form is None or version.form == form)
            and (subject is None or version.subject == subject)
        )

    def get(self, record_id: str) -> CurrentRecord | None:
        """The record as it stands, voided or not; None if it was never recorded."""
        chart = self._index.charts.get(record_id)
        version = chart and chart.version_at(self.seq)
        return self._record(chart, version) if chart and version else None

    def history(self, record_id: str) -> tuple[RecordVersion, ...]:
        """Every version of a record, oldest first; a voided record's last one says why. Empty if unknown."""
        chart = self._index.charts.get(record_id)
        return tuple(_seen(chart.versions, self.seq)) if chart else ()

    def subjects(self) -> tuple[str, ...]:
        """Subjects of whom anything is current, in the order of their first record."""
        return tuple(
            subject
            for subject, charts in tuple(self._index.by_subject.items())
            if any(v.subject == subject and not v.voided for _, v in self._visible(charts))
        )

    def last_seq(self, subject: str) -> int:
        """The last entry that touched any of the subject's records, 0 if none: the key to cache what is
        derived from them."""
        touched = self._index.touched.get(subject, [])
        place = bisect_right(touched, self.seq)
        return touched[place - 1] if place else 0

    def _visible(self, charts: Iterable[Chart]) -> Iterator[tuple[Chart, RecordVersion]]:
        for chart in tuple(charts):
            version = chart.version_at(self.seq)
            if version is not None:
                yield chart, version

    def _record(self, chart: Chart, version: RecordVersion) -> CurrentRecord:
        if not chart.signatures:
            return CurrentRecord(version)
        return CurrentRecord(version, chart.signatures_at(self.seq, version))

    def __repr__(self) -> str:
        return f"<Casebook of {self.trial} at {self.seq} {self.head[:12]}>"


def _seen(items: list, seq: int) -> list:  # type: ignore[type-arg]
    """Those of `items`, which grow in order of their `seq`, that came with entry `seq` or before."""
    if not items or items[-1].seq <= seq:
        return list(items)
    return items[: bisect_right(items, seq, key=_SEQ)]
