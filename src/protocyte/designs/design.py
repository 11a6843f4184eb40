"""What every design is: a fold over outcomes, answered from one rule on arrays of tallies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from pydantic import (
    AliasChoices,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from protocyte.base import Frozen, InputError, Message
from protocyte.designs.advice import Action, Advice
from protocyte.designs.modifiers import Cap, ModifierNode
from protocyte.designs.outcome import Outcome
from protocyte.designs.rows import Decisions, Floats, Ints, Rows, Why
from protocyte.designs.wrong import wrong

LARGEST_TRIAL, LARGEST_COHORT = 1_000, 100  # beyond any dose escalation, within any machine


class Waiting(NamedTuple):
    """A subject still inside the DLT window: position among the outcomes, level, share of it observed."""

    position: int
    level: int
    follow_up: float


class Tally(NamedTuple):
    """One completed history, merged: subjects and DLTs a level, and where the escalation stands.

    `level` is the last treated level (0 = nobody yet), `open` how many subjects its cohort still misses,
    `memory` what a rule recalls beyond counts. `waiting` holds the pending subjects of designs that weigh
    follow-up time; they are counted in `n` and not in `y`.
    """

    n: tuple[int, ...]
    y: tuple[int, ...]
    level: int = 0
    open: int = 0
    memory: tuple[int, ...] = ()
    waiting: tuple[Waiting, ...] = ()


class Pending(NamedTuple):
    """A pending outcome: its position, and for every completion of the others the two tallies that remain
    possible, if it is a DLT and if it is not."""

    position: int
    pairs: frozenset[tuple[Tally, Tally]]


class State(NamedTuple):
    """Everything a design knows: each tally the pending outcomes may still complete to. Hashable."""

    possible: frozenset[Tally]
    pending: tuple[Pending, ...] = ()
    seen: int = 0


class Design(Frozen):
    """The base of all designs: `start`, `step`, `advise`. A subclass states `rule`.

    `levels` comes from the dose ladder of a study, from the node, or from a truth's length.
    """

    model_config = ConfigDict(populate_by_name=True, allow_inf_nan=False)
    own_memory: ClassVar[int] = 0  # columns of memory the rule itself keeps, before those of modifiers
    most_states: ClassVar[int] = 6_000_000  # more would take minutes to enumerate
    by_cohort: ClassVar[bool] = True  # decide when a cohort is full; False: at any tally
    unfit: ClassVar[frozenset[str]] = frozenset()  # modifiers that mean nothing for this design

    design: str
    levels: int | None = Field(default=None, ge=1, le=20)
    start_level: int = Field(default=1, ge=1, validation_alias=AliasChoices("start", "start_level"))
    modifiers: tuple[ModifierNode, ...] = Field(
        default=(), validation_alias=AliasChoices("with", "modifiers")
    )

    @model_validator(mode="after")
    def _options_agree(self) -> Self:
        """Options that contradict each other are refused, not resolved behind the writer's back."""
        names = [modifier.modifier for modifier in self.modifiers]
        most = getattr(self, "max_subjects", None)
        for modifier in self.modifiers:
            if modifier.modifier in self.unfit:
                unfit = {"modifier": modifier.modifier, "design": self.design}
                raise PydanticCustomError("modifier_unfit", "unfit", unfit)
            if names.count(modifier.modifier) > 1:
                raise PydanticCustomError("modifier_twice", "twice", {"modifier": modifier.modifier})
            level = getattr(modifier, "level", None)
            if level is not None and self.levels is not None and level > self.levels:
                about = {"modifier": modifier.modifier, "level": level, "levels": self.levels}
                raise PydanticCustomError("modifier_level", "level", about)
            if most is not None and getattr(modifier, "n", 0) > most:
                about = {"modifier": modifier.modifier, "n": getattr(modifier, "n", 0), "most": most}
                raise PydanticCustomError("modifier_subjects", "n", about)
        if self.levels is not None and self.start_level > self.top_level():
            numbers = {"start": self.start_level, "levels": self.top_level()}
            raise PydanticCustomError("start_above_ladder", "start", numbers)
        return self

    @field_validator(
        "levels", "start_level", "cohort_size", "max_subjects", mode="before", check_fields=False
    )
    @classmethod
    def _no_flag_for_a_count(cls, value: object) -> object:
        """True is 1 to Python; who writes it where things are counted means something else."""
        if isinstance(value, bool):
            raise PydanticCustomError("int_type", "a flag is no count")
        return value

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

    def own_recommendation(self, rows: Rows) -> Ints:
        """The level (S,) recommended if the trial ended now; 0 for none."""
        raise NotImplementedError

    def remember_own(self, rows: Rows, size: int, dlts: int) -> Ints:
        """The rule's own memory (S, own_memory) after `dlts` of `size` subjects at the level decided."""
        return rows.memory[:, : self.own_memory]

    def recall_own(self, tally: Tally, outcome: Outcome, dlt: bool) -> tuple[int, ...]:
        """The rule's own memory after one more outcome of a real trial."""
        return tally.memory[: self.own_memory]

    def target_rate(self) -> float:
        """The DLT rate aimed at; designs without one aim below one third."""
        return float(getattr(self, "target", 1 / 3))

    def whole_cohort(self) -> int:
        """Subjects in a cohort."""
        return int(getattr(self, "cohort_size", 3))

    def still_needed(self, n: int, size: int) -> int:
        """How many more subjects the level asks for, shown in the advice."""
        return size

    def evidence(self, tally: Tally) -> dict[str, str]:
        """Further numbers the advice rests on."""
        return {}

    def describe(self) -> tuple[Message, ...]:
        """The design's own rule in sentences."""
        raise NotImplementedError

    def rule_text(self) -> tuple[Message, ...]:
        """The whole rule in sentences, modifiers included: what a protocol prints."""
        return *self.describe(), *self.describe_course(), *(rule.describe() for rule in self.modifiers)

    def describe_course(self) -> tuple[Message, ...]:
        """Where it begins, how many are treated together and how many in all, where the node says so."""
        said = []
        cohort, most = getattr(self, "cohort_size", None), getattr(self, "max_subjects", None)
        if cohort is not None:
            said.append(Message.of("designs.about_size", cohort=cohort, most=most))
        if self.start_level > 1:
            said.append(Message.of("designs.about_start", level=self.start_level))
        return tuple(said)

    def as_node(self) -> dict[str, Any]:
        """The node that describes this design, ready to be written as JSON; `parse_design` reads it back."""
        stated = self.model_dump(mode="json", exclude_defaults=True, exclude={"modifiers", "start_level"})
        node = {"design": self.design} | stated
        if "variant" in type(self).model_fields:  # "3+3" without its variant says too little
            node["variant"] = getattr(self, "variant")  # noqa: B009
        if self.start_level > 1:
            node["start"] = self.start_level
        rules = []
        for rule in self.modifiers:
            settings = rule.model_dump(mode="json", exclude_defaults=True, exclude={"modifier"})
            rules.append({rule.modifier: settings} if settings else rule.modifier)
        return node | ({"with": rules} if rules else {})

    def top_level(self) -> int:
        """The highest level that may be treated."""
        caps = [modifier.level for modifier in self.modifiers if isinstance(modifier, Cap)]
        return min([self.size_of(), *caps])

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
        """The rule, then each modifier in the order it is listed."""
        return self.modify(rows, self.rule(rows))

    def modify(self, rows: Rows, out: Decisions) -> Decisions:
        """Lay the modifiers over decisions."""
        if not self.modifiers:
            return out
        self._restrict_selected(rows, out)
        column = self.own_memory
        for modifier in self.modifiers:
            memory = rows.memory[:, column : column + modifier.memory_size]
            modifier.apply(self, rows, memory, out)
            column += modifier.memory_size
        self._restrict_selected(rows, out)
        return out

    def _restrict_selected(self, rows: Rows, out: Decisions) -> None:
        over = out.selected > 0
        if over.any():
            out.selected[over] = self.restrict(rows.n[over], out.selected[over])
            out.why[over & (out.selected == 0)] = Why.NONE_RECOMMENDED

    def restrict(self, n: Ints, selected: Ints) -> Ints:
        """What the modifiers allow of the recommended levels (S,), from counts (S, K)."""
        for modifier in self.modifiers:
            selected = modifier.choose(n, selected)
        return selected

    def recommended(self, rows: Rows) -> Ints:
        """The level (S,) recommended if the trial ended now, modifiers included; 0 for none."""
        return self.restrict(rows.n, self.own_recommendation(rows))

    @property
    def memory_size(self) -> int:
        return self.own_memory + sum(modifier.memory_size for modifier in self.modifiers)

    def remember(self, rows: Rows, size: int, dlts: int) -> Ints:
        """The memory (S, M) after a whole cohort."""
        own = self.remember_own(rows, size, dlts)
        if not self.modifiers:
            return own
        added = [value for modifier in self.modifiers for value in modifier.remember(self, size, dlts)]
        return np.hstack([own, np.tile(np.array(added, dtype=np.int64), (len(rows), 1))])

    def remember_each(self, rows: Rows, size: Ints, dlts: Ints) -> Ints:
        """The memory (S, M) after cohorts of `size` (S,) with `dlts` (S,) DLTs."""
        memory = np.zeros((len(rows), self.memory_size), dtype=np.int64)
        if not self.memory_size:
            return memory
        for one_size, one_dlts in {*zip(size.tolist(), dlts.tolist(), strict=True)}:
            at = np.flatnonzero((size == one_size) & (dlts == one_dlts))
            memory[at] = self.remember(rows.take(at), one_size, one_dlts)
        return memory

    def largest_count(self) -> int:
        """An upper bound of the subjects one level can have, modifiers included."""
        return max([self.most_at_level(), *(modifier.most_at_level() for modifier in self.modifiers)])

    def size_of(self) -> int:
        """The number of levels; raises `InputError` where nobody has said it."""
        if self.levels is None:
            raise wrong("no_levels", design=self.design)
        return self.levels

    def decide_one(self, tally: Tally) -> tuple[int, int, int, Why]:
        """(next level, cohort size, selected level, why) for one tally."""
        return only_one(self.decide(row_of(tally)))

    # -- the fold ---------------------------------------------------------------------------------

    def start(self) -> State:
        zeros = (0,) * self.size_of()
        return State(frozenset([Tally(zeros, zeros, memory=(0,) * self.memory_size)]))

    def step(self, state: State, outcome: Outcome) -> State:
        """The state after one more subject. A pending outcome keeps both completions possible."""
        if outcome.level > self.size_of():
            raise wrong("no_such_level", levels=self.levels, level=outcome.level)

        answers = (False, True) if outcome.dlt is None else (outcome.dlt,)
        grown = {tally: [self.add(tally, outcome, dlt) for dlt in answers] for tally in state.possible}
        pending = tuple(
            Pending(
                p.position,
                frozenset(pair for a, b in p.pairs for pair in zip(grown[a], grown[b], strict=True)),
            )
            for p in state.pending
        )
        if outcome.dlt is None:
            new = frozenset((grown[tally][1], grown[tally][0]) for tally in state.possible)
            pending = (*pending, Pending(state.seen, new))
        possible = frozenset(after for tally in state.possible for after in grown[tally])
        return State(possible, pending, state.seen + 1)

    def add(self, tally: Tally, outcome: Outcome, dlt: bool) -> Tally:
        """`tally` with one more completed outcome."""
        at = outcome.level - 1
        n = (*tally.n[:at], tally.n[at] + 1, *tally.n[at + 1 :])
        y = (*tally.y[:at], tally.y[at] + dlt, *tally.y[at + 1 :])
        if outcome.backfill:
            return tally._replace(n=n, y=y)
        still_open = self._open_after(tally, outcome.level) if self.by_cohort else 0
        new_cohort = not (tally.open and outcome.level == tally.level)
        memory, column = list(self.recall_own(tally, outcome, dlt)), self.own_memory
        for modifier in self.modifiers:
            part = tally.memory[column : column + modifier.memory_size]
            memory.extend(modifier.recall(part, dlt, outcome.moderate, new_cohort))
            column += modifier.memory_size
        return Tally(n, y, outcome.level, still_open, tuple(memory))

    def _open_after(self, tally: Tally, level: int) -> int:
        """Continue the open cohort, or begin one; a subject more than a full cohort asked for joins it.

        A committee may treat where the design did not advise: that begins a cohort as well.
        """
        if tally.open and level == tally.level:
            return tally.open - 1
        advised, size, _, _ = self.decide_one(tally)
        if level == tally.level and advised != level:
            return 0
        return (size if advised == level else self.whole_cohort()) - 1

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
        """The pending outcomes whose answer changes the advice for some completion of the others."""
        advised: dict[Tally, tuple[str, int | None]] = {}
        for tally in state.possible:
            advice = self.advise_one(tally)
            advised[tally] = advice.action, advice.level
        return tuple(p.position for p in state.pending if any(advised[a] != advised[b] for a, b in p.pairs))

    def advise_one(self, tally: Tally) -> Advice:
        """The advice for one completed tally."""
        if tally.open:
            level, size, selected, why = tally.level, tally.open, 0, Why.COHORT_OPEN
        else:
            level, size, selected, why = self.decide_one(tally)
        if why is Why.SUSPENDED:
            positions = tuple(w.position for w in tally.waiting)
            reason = Message.of("designs.suspended", pending=len(positions), level=tally.level)
            return Advice(action="wait", level=None, reason=reason, waiting=positions)
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
        """The level recommended from final counts a level; 0 for none."""
        tally = Tally(tuple(n), tuple(y), max((i + 1 for i, k in enumerate(n) if k), default=0))
        return int(self.recommended(row_of(tally._replace(memory=(0,) * self.memory_size)))[0])


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
        raise wrong("levels_mismatch", stated=design.levels, levels=levels)
    given = {name: getattr(design, name) for name in design.model_fields_set} | {"levels": levels}
    try:
        return type(design).model_validate(given)
    except ValidationError as error:
        from protocyte.designs.parse import problems_of  # parse knows every design, and so this module

        problems = problems_of(error, tagged=False)
        raise InputError(problems[0].message, problems) from None


def count_levels(node: object, field: str) -> object:
    """A list with one entry a level says how many levels there are, where nothing else does."""
    if (
        isinstance(node, Mapping)
        and isinstance(node.get(field), (list, tuple))
        and node.get("levels") is None
    ):
        return {**node, "levels": len(node[field])}
    return node


def row_of(tally: Tally) -> Rows:
    """One tally as rows."""
    n, y = np.array([tally.n], dtype=np.int64), np.array([tally.y], dtype=np.int64)
    memory = np.array([tally.memory], dtype=np.int64).reshape(1, len(tally.memory))
    return Rows(np.array([tally.level], dtype=np.int64), n, y, memory)


def only_one(out: Decisions) -> tuple[int, int, int, Why]:
    """(next level, cohort size, selected level, why) of decisions for a single row."""
    return int(out.next[0]), int(out.size[0]), int(out.selected[0]), Why(int(out.why[0]))


def _action(here: int, level: int, selected: int) -> tuple[Action, int | None]:
    if level == 0:
        return ("complete", selected) if selected else ("stop", None)
    if level == here or here == 0:
        return "stay", level
    return ("escalate" if level > here else "de_escalate"), level
