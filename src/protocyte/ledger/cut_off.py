"""The recording cut-off: what was known, as of an entry or a time, inclusive.

Not to be confused with the clinical data cut, which asks when things happened to the subject.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime

from pydantic import model_validator

from protocyte.base import Frozen, InputError, Message
from protocyte.ledger.entry import Entry, utc_text


class CutOff(Frozen):
    """Entries up to and including `seq`, or all entries written at `time` or before."""

    seq: int | None = None
    time: datetime | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> CutOff:
        if (self.seq is None) == (self.time is None):
            raise ValueError("a cut-off is an entry's seq or a time, one of the two")
        if self.seq is not None and self.seq < 0:
            raise ValueError("an entry's seq counts from 1")
        if self.time is not None and self.time.tzinfo is None:
            raise ValueError("the time of a cut-off needs its zone")
        return self

    @classmethod
    def parse(cls, text: str) -> CutOff:
        """`17`, or `2026-03-01T08:00:00Z`; raises `InputError`."""
        try:
            return cls(seq=int(text)) if text.isdecimal() else cls(time=datetime.fromisoformat(text))
        except ValueError:
            raise InputError(str(Message.of("ledger.no_cut_off", text=text))) from None

    def includes(self, entry: Entry) -> bool:
        if self.time is not None:
            return entry.at_text <= utc_text(self.time)
        return self.seq is not None and entry.seq <= self.seq

    def last_seq(self, times: Sequence[str]) -> int:
        """The last entry included, where `times` are those of all entries in order."""
        if self.time is not None:
            return bisect_right(times, utc_text(self.time))
        return self.seq or 0

    def __str__(self) -> str:
        return str(self.seq) if self.time is None else utc_text(self.time)
