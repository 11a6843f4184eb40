"""A desk: decides a command on what the ledger holds, appends its events, and folds them.

The ledger may be in memory (a virtual trial) or durable (a real one): both take the same way. What follows
from the news by itself (a hold) is appended right behind it, by the system and not by the person.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

from protocyte.base import Json, Problem
from protocyte.conduct.commands import decide
from protocyte.conduct.consequences import consequences, may_have_consequences
from protocyte.conduct.refusal import Refusal, refuse
from protocyte.conduct.scene import Role, Scene
from protocyte.conduct.versions import adopt_version
from protocyte.derive.course import Trial, view
from protocyte.ledger import Casebook, Event, HeadMoved, Ledger, append_and_fold, fold
from protocyte.study.load import Loaded

SYSTEM = "protocyte"
# Others may write between our look and our append; each round decides again on what they wrote.
_ROUNDS = 20


class Done(NamedTuple):
    """What was written: the events and, after them, what followed by itself; `seq` of the last entry."""

    events: tuple[Event, ...]
    followed: tuple[Event, ...]
    seq: int

    @property
    def record_ids(self) -> tuple[str, ...]:
        return tuple(event.record_id for event in self.events if hasattr(event, "record_id"))


Answer = Done | Refusal | tuple[Problem, ...]


class Desk:
    """One ledger and the trial folded from it. Not for several threads; several processes are fine."""

    def __init__(self, ledger: Ledger, casebook: Casebook | None = None) -> None:
        self.ledger = ledger
        self.casebook = casebook or fold(ledger.entries())
        self._trial: Trial | None = None

    @property
    def trial(self) -> Trial:
        if self._trial is None or self._trial.casebook is not self.casebook:
            self._trial = view(self.casebook, self._trial)
        return self._trial

    def do(
        self, command: str, fields: Mapping[str, Json], *, actor: str, role: Role, today: date, at: datetime
    ) -> Answer:
        """Run one command. Raises `StorageFailure` or `LedgerBroken`; everything else is an answer."""
        for attempt in range(1, _ROUNDS + 1):
            decided = decide(Scene(self.trial, actor, role, today), command, fields)
            if isinstance(decided, Refusal):
                return decided
            problems = tuple(item for item in decided if isinstance(item, Problem))
            if problems:
                return problems
            events = tuple(item for item in decided if not isinstance(item, Problem))
            try:
                self._append(events, at=at, by=actor, role=role)
            except HeadMoved:
                if attempt == _ROUNDS:
                    raise
                self.refresh()
                continue
            trial = self.trial
            news = any(may_have_consequences(trial, event) for event in events)
            return Done(events, self._follow(today, at) if news else (), self.casebook.seq)
        raise AssertionError("unreachable")

    def amend_protocol(self, loaded: Loaded, *, actor: str, role: Role, today: date, at: datetime) -> Answer:
        """Adopt a later version of the study."""
        if self.casebook.locked:
            return refuse("locked")
        decided = adopt_version(Scene(self.trial, actor, role, today), loaded)
        if isinstance(decided, Refusal):
            return decided
        self._append(decided, at=at, by=actor, role=role)
        return Done(decided, (), self.casebook.seq)

    def refresh(self) -> None:
        """Fold what others have written since."""
        self.casebook = self.casebook.apply_all(self.ledger.entries(self.casebook.seq + 1))

    def _append(self, events: tuple[Event, ...], *, at: datetime, by: str, role: str) -> None:
        self.casebook = append_and_fold(self.ledger, self.casebook, events, at=at, by=by, role=role)

    def _follow(self, today: date, at: datetime) -> tuple[Event, ...]:
        for _ in range(_ROUNDS):
            if self.casebook.locked:
                return ()
            events = consequences(Scene(self.trial, SYSTEM, "system", today))
            if not events:
                return ()
            try:
                self._append(events, at=at, by=SYSTEM, role="system")
                return events
            except HeadMoved:  # what the others wrote may call for nothing by itself: look again
                self.refresh()
        raise AssertionError("others write faster than this desk can read")


def adopt(ledger: Ledger, event: Event, *, actor: str, at: datetime) -> Desk:
    """A new trial: the ledger's first entry holds the whole study."""
    casebook = append_and_fold(ledger, Casebook(), (event,), at=at, by=actor, role="data_manager")
    return Desk(ledger, casebook)
