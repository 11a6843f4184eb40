"""A cell-therapy escalation in days: manufacturing, staggering, replacement and waiting.

What no exact engine sees: a subject is assigned a level, a product is made for weeks and may fail or fall
short, infusions keep their distance, a fraction may be withheld, a subject may leave before the DLT window
ends and is replaced, and a product may be ready for a level that is no longer open. One trial is followed
from event to event; the design is asked at each of them with what is known that day, pending outcomes
included, so that every design of the room can be put on the clock.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field, field_validator, model_validator

from protocyte.base import Frozen
from protocyte.designs.advice import Advice
from protocyte.designs.design import Design, State
from protocyte.designs.outcome import Outcome
from protocyte.designs.rows import Floats
from protocyte.designs.simulation import simulate_blocks
from protocyte.designs.time_to_event import TimeToEvent

NEVER = 10**9
BLOCK = 50  # trials followed day by day are slow: an interruption shall cost little
HORIZON = 365 * 20  # a trial that has not ended by then is a course that cannot end


class Course(Frozen):
    """How subjects come and products are made; times in days, probabilities a subject.

    `vein_to_vein` (shortest, longest) days from enrolment to a product ready for infusion. `failure`: no
    product. `short_of_dose`: cells for one level below the assigned one only, infused at that level.
    `not_evaluable`: leaves the DLT window without a DLT and is replaced. `made_ahead`: products started
    beyond what the design asks for now. `stagger_first` and `stagger` days between infusions at a level
    after its first and its later subjects; `stagger_levels` after the last infusion before a higher level.
    `split` (day, share) of each fraction; what is left is withheld after a DLT. `late` is the share of DLTs
    in the second half of the window. `patience`: days a subject waits for a slot before leaving.
    """

    days_between_subjects: float = Field(default=14, gt=0)
    dlt_window: int = Field(default=28, ge=1)
    vein_to_vein: tuple[int, int] = (21, 35)
    failure: float = Field(default=0.0, ge=0, lt=1)
    short_of_dose: float = Field(default=0.0, ge=0, lt=1)
    not_evaluable: float = Field(default=0.0, ge=0, lt=1)
    made_ahead: int = Field(default=0, ge=0)
    stagger_first: int = Field(default=0, ge=0)
    stagger: int = Field(default=0, ge=0)
    stagger_levels: int = Field(default=0, ge=0)
    split: tuple[tuple[int, float], ...] = ((0, 1.0),)
    late: float = Field(default=0.5, ge=0, le=1)
    patience: int = Field(default=60, ge=0)

    @field_validator("split")
    @classmethod
    def _whole_dose(cls, split: tuple[tuple[int, float], ...]) -> tuple[tuple[int, float], ...]:
        days = [day for day, _ in split]
        if not split or days[0] != 0 or days != sorted(set(days)):
            raise ValueError("fractions begin on day 0 and each later one has a later day")
        if abs(sum(share for _, share in split) - 1) > 1e-9 or min(share for _, share in split) <= 0:
            raise ValueError("the shares of the fractions are positive and add up to 1")
        return split

    @model_validator(mode="after")
    def _possible(self) -> Course:
        low, high = self.vein_to_vein
        if not 0 <= low <= high:
            raise ValueError("vein_to_vein is (shortest, longest) in days")
        if self.failure + self.short_of_dose >= 1:
            raise ValueError("failure and short_of_dose leave no product at the assigned dose")
        return self

    def last_window_day(self) -> int:
        """The day after infusion on which a subject without DLT completes the window, which runs from the
        first fraction to `dlt_window` days after the last."""
        return self.split[-1][0] + self.dlt_window


Known = tuple[int, bool | None, int, int]  # level, DLT, days observed of how many


@dataclass(slots=True)
class Subject:
    """One infused subject. `assigned` and `infused` levels; days from the trial's start; `dlt` and
    `left` are the days of a DLT and of leaving the window, `NEVER` if neither; `share` infused."""

    assigned: int
    infused: int
    day: int
    dlt: int
    left: int
    complete: int
    share: float = 1.0

    def known(self, now: int) -> Known | None:
        """What is known on day `now`; None once the subject is not evaluable."""
        if self.dlt <= now:
            return self.infused, True, 0, 1
        if self.left <= now:
            return None
        if self.complete <= now:
            return self.infused, False, 0, 1
        return self.infused, None, now - self.day, self.complete - self.day


@dataclass(slots=True)
class Account:
    """What happened in one trial, besides the subjects infused."""

    subjects: list[Subject] = field(default_factory=list)
    enrolled: int = 0
    failed: int = 0
    short: int = 0
    wasted: int = 0
    replaced: int = 0
    gave_up: int = 0
    waited: int = 0
    days: int = 0
    recommended: int = 0


def simulate_timeline(
    design: Design, course: Course, truth: Any, trials: int, seed: int, workers: int = 1, **options: Any
) -> Any:
    """Blocks of simulated trials on the clock, for `simulation.combine`; options as `simulate_blocks`.

    Extras: `days` from the first enrolment to the recommendation, `enrolled`, `failed`, `short`, `wasted`
    products, `replaced`, `gave_up` subjects, `waited` days spent waiting for a slot, `share_infused`, and
    `same_as_assigned`, how often the as-assigned analysis recommends the same level.
    """
    simulator = partial(_trials, course)
    return simulate_blocks(
        design, truth, trials, seed, workers, simulator=simulator, block_size=BLOCK, **options
    )


def follow_trial(design: Design, course: Course, truth: Floats, generator: Generator) -> Account:
    """One trial, from the first subject to the recommendation."""
    return _Trial(design, course, truth, generator).run()


class _Trial:
    def __init__(self, design: Design, course: Course, truth: Floats, generator: Generator) -> None:
        self.design, self.course, self.generator = design, course, generator
        self.risk = design.step_probabilities(truth)
        self.account = Account()
        self.queue: list[int] = []  # arrival days of subjects without a slot
        self.making: list[tuple[int, int, int]] = []  # (ready day, number, assigned level)
        self.now = 0
        self.next_arrival = 0
        self.wake: list[int] = []
        self.weighs_time = isinstance(design, TimeToEvent)

    def run(self) -> Account:
        while self.now < HORIZON:
            if self.now >= self.next_arrival:
                self.queue.append(self.now)
                gap = self.generator.exponential(self.course.days_between_subjects)
                self.next_arrival = self.now + max(1, round(gap))
            advice = self._ask()
            if advice.action in ("complete", "stop"):
                return self._close(advice)
            advice = self._infuse(advice)
            self._enrol(advice)
            self._forward()
        return self._close(None)

    def _ask(self) -> Advice:
        known = (s.known(self.now) for s in self.account.subjects)
        if not self.weighs_time:
            known = (k and (k[0], k[1], 0, 1) for k in known)
        return _advice(self.design, tuple(k for k in known if k is not None))

    def _infuse(self, advice: Advice) -> Advice:
        """Give every ready product the design has room for and the stagger allows."""
        postponed = []
        while self.making and self.making[0][0] <= self.now:
            ready, number, assigned = heapq.heappop(self.making)
            if advice.level is None or not self._spaced(min(assigned, advice.level)):
                postponed.append((ready, number, assigned))
                continue
            self._give(assigned, min(assigned, advice.level))
            advice = self._ask()
            if advice.action in ("complete", "stop"):
                break
        for item in postponed:
            heapq.heappush(self.making, item)
        return advice

    def _spaced(self, level: int) -> bool:
        given = self.account.subjects
        if not given:
            return True
        here = [s.day for s in given if s.infused == level]
        gap = (self.course.stagger_first if len(here) == 1 else self.course.stagger) if here else 0
        since = here[-1] if here else -NEVER
        if not here and level > max(s.infused for s in given):
            since, gap = given[-1].day, self.course.stagger_levels
        if self.now - since < gap:
            self.wake.append(since + gap)
            return False
        return True

    def _give(self, assigned: int, level: int) -> None:
        draw = self.generator.random(6)
        made = self.course
        if draw[0] < made.failure:
            self.account.failed += 1
            return
        if draw[0] < made.failure + made.short_of_dose and level > 1:
            self.account.short += 1
            level -= 1
        last = made.last_window_day()
        dlt = left = NEVER
        if draw[1] < self.risk[level - 1]:
            half = last / 2
            dlt = self.now + int((draw[3] + (draw[2] < made.late)) * half)
        elif draw[4] < made.not_evaluable:
            left = self.now + int(draw[5] * last)
        share = sum(part for day, part in made.split if self.now + day <= dlt)
        self.account.subjects.append(
            Subject(assigned, level, self.now, dlt, left, self.now + last, float(share))
        )

    def _enrol(self, advice: Advice) -> None:
        """Start products for waiting subjects, as many as the design asks for and some ahead."""
        patience = self.course.patience
        self.account.gave_up += sum(self.now - day > patience for day in self.queue)
        self.queue = [day for day in self.queue if self.now - day <= patience]
        wanted = int(advice.evidence.get("needed", 0)) + self.course.made_ahead
        level = advice.level or max((s.infused for s in self.account.subjects), default=1)
        while self.queue and len(self.making) < wanted:
            arrived = self.queue.pop(0)
            self.account.waited += self.now - arrived
            self.account.enrolled += 1
            low, high = self.course.vein_to_vein
            ready = self.now + int(self.generator.integers(low, high + 1))
            heapq.heappush(self.making, (ready, self.account.enrolled, level))

    def _forward(self) -> None:
        """To the next day on which anything can change."""
        days = [self.next_arrival, *self.wake]
        days += [ready for ready, _, _ in self.making]
        for s in self.account.subjects:
            days += [s.dlt, s.left, s.complete]
        later = [day for day in days if day > self.now]
        if self.weighs_time and any(day < NEVER for day in later):
            later.append(self.now + 1)  # such a design may change its mind on any day
        self.wake = [day for day in self.wake if day > self.now]
        self.now = min(later, default=HORIZON)

    def _close(self, advice: Advice | None) -> Account:
        account = self.account
        account.days = self.now
        account.wasted = len(self.making)
        account.replaced = sum(s.left <= self.now and s.dlt > self.now for s in account.subjects)
        account.recommended = (advice.level or 0) if advice is not None else 0
        return account


def _trials(
    course: Course, design: Design, truth: Floats, trials: int, generator: Generator
) -> tuple[Any, Any, Any, dict[str, Floats]]:
    levels = len(truth)
    n, y = np.zeros((trials, levels), dtype=np.int64), np.zeros((trials, levels), dtype=np.int64)
    selected = np.zeros(trials, dtype=np.int64)
    names = ("days", "enrolled", "failed", "short", "wasted", "replaced", "gave_up", "waited")
    extras = {name: np.zeros(trials) for name in (*names, "share_infused", "same_as_assigned")}
    for i in range(trials):
        account = follow_trial(design, course, truth, generator)
        for subject in account.subjects:
            n[i, subject.infused - 1] += 1
            y[i, subject.infused - 1] += subject.dlt < NEVER
        selected[i] = account.recommended
        for name in names:
            extras[name][i] = getattr(account, name)
        extras["share_infused"][i] = np.mean([s.share for s in account.subjects] or [1.0])
        treated, assigned = (analyse(design, account, by) for by in ("infused", "assigned"))
        extras["same_as_assigned"][i] = treated == assigned
    return n, y, selected, extras


def analyse(design: Design, account: Account, by: Literal["infused", "assigned"]) -> int:
    """The level the design recommends once everybody evaluable is followed to the end, each counted at the
    level `infused` (as treated) or `assigned` (as assigned); 0 for none."""
    levels = design.size_of()
    n, y = [0] * levels, [0] * levels
    for subject in account.subjects:
        if subject.dlt < NEVER or subject.left == NEVER:
            level = getattr(subject, by)
            n[level - 1] += 1
            y[level - 1] += subject.dlt < NEVER
    return _selected(design, tuple(n), tuple(y))


@lru_cache(maxsize=100_000)
def _selected(design: Design, n: tuple[int, ...], y: tuple[int, ...]) -> int:
    return design.select(n, y)


@lru_cache(maxsize=200_000)
def _state(design: Design, known: tuple[Known, ...]) -> State:
    """The fold, kept for every beginning of a history: neighbouring days share almost all of it."""
    if not known:
        return design.start()
    level, dlt, observed, window = known[-1]
    share = Decimal(observed) / Decimal(window) if dlt is None else None
    return design.step(_state(design, known[:-1]), Outcome(level=level, dlt=dlt, follow_up=share))


@lru_cache(maxsize=200_000)
def _advice(design: Design, known: tuple[Known, ...]) -> Advice:
    return design.advise(_state(design, known))
