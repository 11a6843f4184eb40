"""Processes and their clock: everybody in a virtual trial is a generator of dated commands.

A process yields what it wants done and when; it is sent the answer, be it a refusal, and goes on from there.
The clock runs them in the order of their days, so that nobody acts on what has not happened yet.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

from protocyte.conduct import Answer, Desk, Role

Fields: TypeAlias = dict[str, Any]


class Step(NamedTuple):
    """A command on a day; an empty command only waits for the day."""

    on: date
    command: str = ""
    fields: Fields | None = None
    role: Role = "coordinator"


Process: TypeAlias = "Generator[Step, Answer | None, None]"

# One account a role: a virtual trial has no people in it.
ACTORS: dict[Role, str] = {
    "investigator": "inv01",
    "coordinator": "crc01",
    "manufacturing": "gmp01",
    "committee": "src01",
    "statistician": "sta01",
    "monitor": "cra01",
    "data_manager": "dm01",
    "system": "protocyte",
}


class Clock:
    """Runs processes on a desk. `seen` is called with each day begun, for progress."""

    def __init__(self, desk: Desk, start: date, seen: Callable[[date], None] | None = None) -> None:
        self.desk, self.today, self._seen = desk, start, seen
        self._queue: list[tuple[date, int, Process, Step]] = []
        self._order = 0
        self._second = 0
        self.running = 0

    def begin(self, process: Process) -> None:
        self.running += 1
        self._next(process, None, first=True)

    def run(self) -> None:
        while self._queue:
            on, _, process, step = heapq.heappop(self._queue)
            if on > self.today:
                self.today, self._second = on, 0
                if self._seen is not None:
                    self._seen(on)
            answer = self._do(step) if step.command else None
            self._next(process, answer)

    def _do(self, step: Step) -> Answer:
        # Site mornings begin at 09:00 in China, which is 01:00 UTC; a command takes its seconds.
        self._second += 7
        at = datetime(self.today.year, self.today.month, self.today.day, 1, tzinfo=UTC)
        at += timedelta(seconds=self._second)
        return self.desk.do(
            step.command, step.fields or {}, actor=ACTORS[step.role], role=step.role, today=self.today, at=at
        )

    def _next(self, process: Process, answer: Answer | None, first: bool = False) -> None:
        try:
            step = next(process) if first else process.send(answer)
        except StopIteration:
            self.running -= 1
            return
        self._order += 1
        heapq.heappush(self._queue, (max(step.on, self.today), self._order, process, step))
