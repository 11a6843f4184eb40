"""What every design is: a fold over outcomes, answered from one rule on arrays of tallies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from pydantic import AliasChoices, ConfigDict, Field, ValidationInfo, field_validator

from protocyte.base import Frozen, InputError, Message
from protocyte.designs.advice import Action, Advice, six_digits
from protocyte.designs.outcome import Outcome
from protocyte.designs.rows import Decisions, Floats, Rows, Why


class Tally(NamedTuple):
    """One completed history, merged: subjects and DLTs a level, and where the escalation stands.

    `level` is the last treated level (0 = nobody yet), `open` how many subjects its cohort still misses,
    `memory` what a rule recalls beyond counts.
    """

    n: tuple[int, ...]
    y: tuple[int, ...]
    level: int = 0
    open: int = 0
    memory: tuple[int, ...] = ()


class Pending(NamedTuple):
    """A pending outcome: its position, and the tallies that remain possible if it is a DLT or is not."""

    position: int
    if_dlt: frozenset[Tally]
    if_none: frozenset[Tally]


class State(NamedTuple):
    """Everything a design knows: each tally the pending outcomes may still complete to. Hashable."""

    possible: frozenset[Tally]
    pending: tuple[Pending, ...] = ()
    seen: int = 0


class Design(Frozen):
    """The base of all designs: `start`, `step`, `advise`. A subclass states `rule`.

    `levels` comes from the dose ladder of a study, from the node, or from a truth's length.
    """

    model_config = ConfigDict(populate_by_name=True)
    memory_size: ClassVar[int] = 0

    design: str
    levels: int | None = Field(default=None, ge=1, le=20)
    start_level: int = Field(default=1, ge=1, validation_alias=AliasChoices("start", "start_level"))

    @field_validator("start_level", mode="before")
    @classmethod
    def _level_from_label(cls, value: object, info: ValidationInfo) -> object:
        """A study names its first level by the ladder's label; the labels come as validation context."""
        labels = list((info.context or {}).get("labels", ()))
        return labels.index(value) + 1 if isinstance(value, str) and value in labels else value

    # -- what a subclass says ---------------------------------------------------------------------

    def rule(self, rows: Rows) -> Decisions:
        """The decision for each tally, at any number of subjects."""
        raise NotImplementedError

    def remember(self, rows: Rows, size: Any, dlts: Any) -> Any:
        """The memory (S, M) after `dlts` of `size` further subjects at the level just decided."""
        return rows.memory

    def cohort_open(self, decision_size: int) -> int:
        """How many of a new cohort are still to come after its first subject, 0 for rules on tallies."""
        return 0

    def still_needed(self, n: int, size: int) -> int:
        """How many more subjects the level asks for, shown in the advice."""
        return size

    def evidence(self, tally: Tally) -> dict[str, str]:
        """Further numbers the advice rests on."""
        return {}

    def describe(self) -> tuple[Message, ...]:
        """The rule in sentences, for a protocol."""
        raise NotImplementedError

    def most_at_level(self) -> int:
        """An upper bound of the subjects one level can have in the design's own course."""
        raise NotImplementedError

    def step_probabilities(self, truth: Floats) -> Floats:
        """The DLT probability of one treatment at each level under `truth` (..., K)."""
        return truth

    def subjects_of(self, treated: Floats) -> Any:
        """Expected subjects from expected treatments a level (..., K)."""
        return treated.sum(axis=-1)

    # -- the rule as it is applied ----------------------------------------------------------------

    def decide(self, rows: Rows) -> Decisions:
        """The rule with everything that modifies it."""
        return self.rule(rows)

    def size_of(self) -> int:
        """The number of levels; raises `InputError` where nobody has said it."""
        if self.levels is None:
            raise InputError(f"{self.design}: the number of dose levels is not stated; add levels")
        return self.levels

    def decide_one(self, tally: Tally) -> tuple[int, int, int, Why]:
        """(next level, cohort size, selected level, why) for one tally."""
        out = self.decide(_row(tally))
        return int(out.next[0]), int(out.size[0]), int(out.selected[0]), Why(int(out.why[0]))

    # -- the fold ---------------------------------------------------------------------------------

    def start(self) -> State:
        zeros = (0,) * self.size_of()
        return State(frozenset([Tally(zeros, zeros, memory=(0,) * self.memory_size)]))

    def step(self, state: State, outcome: Outcome) -> State:
        """The state after one more subject. A pending outcome keeps both completions possible."""
        if outcome.level > self.size_of():
            raise InputError(f"{self.design} has {self.levels} dose levels; an outcome is at {outcome.level}")

        def grow(tallies: frozenset[Tally], dlt: bool | None) -> frozenset[Tally]:
            answers = (False, True) if dlt is None else (dlt,)
            return frozenset(self.add(tally, outcome, answer) for tally in tallies for answer in answers)

        pending = tuple(
            Pending(p.position, grow(p.if_dlt, outcome.dlt), grow(p.if_none, outcome.dlt))
            for p in state.pending
        )
        if outcome.dlt is None:
            both = grow(state.possible, True), grow(state.possible, False)
            pending = (*pending, Pending(state.seen, *both))
        return State(grow(state.possible, outcome.dlt), pending, state.seen + 1)

    def add(self, tally: Tally, outcome: Outcome, dlt: bool) -> Tally:
        """`tally` with one more completed outcome."""
        at = outcome.level - 1
        n = (*tally.n[:at], tally.n[at] + 1, *tally.n[at + 1 :])
        y = (*tally.y[:at], tally.y[at] + dlt, *tally.y[at + 1 :])
        if outcome.backfill:
            return tally._replace(n=n, y=y)
        still_open = self._open_after(tally, outcome.level)
        return Tally(n, y, outcome.level, still_open, self.recall(tally, outcome, dlt))

    def recall(self, tally: Tally, outcome: Outcome, dlt: bool) -> tuple[int, ...]:
        """The memory after one more outcome of a real trial."""
        return tally.memory

    def _open_after(self, tally: Tally, level: int) -> int:
        """Continue the open cohort, or begin one; a subject more than a full cohort asked for joins it.

        A committee may treat where the design did not advise: that begins a cohort as well.
        """
        if tally.open and level == tally.level:
            return tally.open - 1
        advised, size, _, _ = self.decide_one(tally)
        if level == tally.level and advised != level:
            return 0
        return self.cohort_open(size if advised == level else 0)

    # -- the answer -------------------------------------------------------------------------------

    def advise(self, state: State) -> Advice:
        """What to do now; with outcomes pending, what every completion agrees on, else `wait`."""
        answers = [self.advise_one(tally) for tally in sorted(state.possible)]
        first = min(answers, key=lambda advice: int(advice.evidence.get("needed", 0)))
        if not state.pending:
            return first
        if len({(a.action, a.level) for a in answers}) == 1:
            reason = Message.of("designs.whatever_pending", pending=len(state.pending), reason=first.reason)
            return first.model_copy(update={"reason": reason})
        waiting = self._decisive(state)
        reason = Message.of("designs.wait", pending=len(waiting))
        return Advice(action="wait", level=None, reason=reason, waiting=waiting)

    def _decisive(self, state: State) -> tuple[int, ...]:
        """The pending outcomes whose answer changes what may be advised; all, if none does alone."""

        def answers(tallies: frozenset[Tally]) -> set[tuple[str, int | None]]:
            return {(a.action, a.level) for a in map(self.advise_one, tallies)}

        decisive = tuple(p.position for p in state.pending if answers(p.if_dlt) != answers(p.if_none))
        return decisive or tuple(p.position for p in state.pending)

    def advise_one(self, tally: Tally) -> Advice:
        """The advice for one completed tally."""
        if tally.open:
            level, size, selected, why = tally.level, tally.open, 0, Why.COHORT_OPEN
        else:
            level, size, selected, why = self.decide_one(tally)
        action, target = _action(tally.level, level, selected)
        here = max(tally.level, 1)
        n, dlts = tally.n[here - 1], tally.y[here - 1]
        evidence = {"n": str(n), "dlts": str(dlts)} | self.evidence(tally)
        facts: dict[str, object] = {"n": n, "dlts": dlts, "level": here, "next": level, "selected": selected}
        if target is not None and level:
            needed = size if tally.open else self.still_needed(tally.n[level - 1], size)
            evidence["needed"] = str(needed)
            facts["needed"] = needed
        reason = Message.of(f"designs.{why.name.lower()}", **{"needed": 0} | facts)
        return Advice(action=action, level=target, reason=reason, evidence=evidence)

    def select(self, n: Sequence[int], y: Sequence[int]) -> int:
        """The level recommended from final tallies, 0 for none. Count designs override it."""
        tally = Tally(tuple(n), tuple(y), max((i + 1 for i, k in enumerate(n) if k), default=0))
        return self.decide_one(tally._replace(memory=(0,) * self.memory_size))[2]


def advise_outcomes(design: Design, outcomes: Iterable[Outcome], levels: int | None = None) -> Advice:
    """The advice after `outcomes`, in the order of infusion, pending ones included.

    `levels` completes a design that does not state its number of levels; a contradiction is an
    `InputError`. Subjects who are not DLT-evaluable are simply not among the outcomes.
    """
    full = with_levels(design, levels)
    state = full.start()
    for outcome in outcomes:
        state = full.step(state, outcome)
    return full.advise(state)


def with_levels(design: Design, levels: int | None) -> Design:
    """`design` with its number of levels; raises `InputError` if it states another."""
    if levels is None or design.levels == levels:
        return design
    if design.levels is not None:
        raise InputError(f"{design.design} states {design.levels} dose levels, but there are {levels}")
    return type(design).model_validate(
        {name: getattr(design, name) for name in design.model_fields_set} | {"levels": levels}
    )


def _row(tally: Tally) -> Rows:
    n, y = np.array([tally.n], dtype=np.int64), np.array([tally.y], dtype=np.int64)
    memory = np.array([tally.memory], dtype=np.int64).reshape(1, len(tally.memory))
    return Rows(np.array([tally.level], dtype=np.int64), n, y, memory)


def _action(here: int, level: int, selected: int) -> tuple[Action, int | None]:
    if level == 0:
        return ("complete", selected) if selected else ("stop", None)
    if level == here or here == 0:
        return "stay", level
    return ("escalate" if level > here else "de_escalate"), level


__all__ = ["Design", "Pending", "State", "Tally", "advise_outcomes", "six_digits", "with_levels"]
