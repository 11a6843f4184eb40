"""Rules laid over a design: a flat list under `with:`, each seeing what the one before decided.

A modifier changes a decision or a recommended level; it never looks inside the design. What it must
recall beyond counts it adds to the tally's memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from protocyte.base import Frozen, Message
from protocyte.designs.rows import Decisions, Ints, Rows, Why, at_level

if TYPE_CHECKING:
    from protocyte.designs.design import Design


class Modifier(Frozen):
    """`apply` changes decisions in place; `choose` changes recommended levels."""

    memory_size: ClassVar[int] = 0
    modifier: str

    def apply(self, design: Design, rows: Rows, memory: Ints, out: Decisions) -> None:
        """Change `out` where this rule has something to say."""

    def choose(self, n: Ints, selected: Ints) -> Ints:
        """The recommended level (S,) this rule allows, from counts (S, K) and what was recommended."""
        return selected

    def remember(self, design: Design, size: int, dlts: int) -> tuple[int, ...]:
        """The memory after a whole cohort."""
        return ()

    def recall(self, memory: tuple[int, ...], dlt: bool, moderate: bool, new_cohort: bool) -> tuple[int, ...]:
        """The memory after one more subject of a real trial."""
        return memory

    def most_at_level(self) -> int:
        """The subjects this rule may ask for at one level."""
        return 0

    def describe(self) -> Message:
        params = {name: getattr(self, name) for name in type(self).model_fields if name != "modifier"}
        return Message.of(f"designs.with_{self.modifier}", **params)


class NoSkipping(Modifier):
    """Escalate by one level at most."""

    modifier: Literal["no_skipping"] = "no_skipping"

    def apply(self, design: Design, rows: Rows, memory: Ints, out: Decisions) -> None:
        skips = (out.next > rows.level + 1) & (rows.level > 0)
        out.treat(skips, rows.level + 1, out.size, Why.NO_SKIPPING)


class Coherence(Modifier):
    """No escalation after a cohort whose DLT rate reached the target (Cheung 2005, Biometrika 92:863)."""

    memory_size: ClassVar[int] = 2  # subjects and DLTs of the last cohort, a whole one as its verdict
    modifier: Literal["coherence"] = "coherence"

    def apply(self, design: Design, rows: Rows, memory: Ints, out: Decisions) -> None:
        toxic = (memory[:, 1] > 0) & (memory[:, 1] >= design.target_rate() * memory[:, 0])
        out.treat(toxic & (out.next > rows.level), rows.level, out.size, Why.COHERENCE)

    def remember(self, design: Design, size: int, dlts: int) -> tuple[int, ...]:
        return 1, int(dlts > 0 and dlts >= design.target_rate() * size)

    def recall(self, memory: tuple[int, ...], dlt: bool, moderate: bool, new_cohort: bool) -> tuple[int, ...]:
        return (1, int(dlt)) if new_cohort else (memory[0] + 1, memory[1] + dlt)


class TriedOnly(Modifier):
    """Recommend only a level that was given: else the highest given one below it."""

    modifier: Literal["tried_only"] = "tried_only"

    def choose(self, n: Ints, selected: Ints) -> Ints:
        levels = np.arange(1, n.shape[1] + 1)
        highest: Ints = np.where((n > 0) & (levels <= selected[:, None]), levels, 0).max(axis=1)
        return highest


class Cap(Modifier):
    """Neither treat nor recommend above `level`."""

    modifier: Literal["cap"] = "cap"
    level: int = Field(ge=1)

    def apply(self, design: Design, rows: Rows, memory: Ints, out: Decisions) -> None:
        out.treat(out.next > self.level, self.level, out.size, Why.CAPPED)

    def choose(self, n: Ints, selected: Ints) -> Ints:
        return np.minimum(selected, self.level)


class ConfirmBeforeEscalating(Modifier):
    """Leave a level upwards only with `n` subjects there."""

    modifier: Literal["confirm_before_escalating"] = "confirm_before_escalating"
    n: int = Field(ge=1)

    def apply(self, design: Design, rows: Rows, memory: Ints, out: Decisions) -> None:
        missing = self.n - at_level(rows.n, rows.level)
        early = (out.next > rows.level) & (rows.level > 0) & (missing > 0)
        out.treat(early, rows.level, np.minimum(out.size, np.maximum(missing, 1)), Why.CONFIRM_FIRST)

    def most_at_level(self) -> int:
        return self.n


class DemandN(Modifier):
    """Recommend a level only with `n` subjects there: treat the missing ones first, even beyond the
    design's own number. A `max_subjects` listed after this one is a limit this one keeps."""

    modifier: Literal["demand_n"] = "demand_n"
    n: int = Field(ge=1)

    def apply(self, design: Design, rows: Rows, memory: Ints, out: Decisions) -> None:
        missing = self.n - at_level(rows.n, out.selected)
        short = (out.next == 0) & (out.selected > 0) & (missing > 0)
        out.treat(short, out.selected.copy(), missing, Why.CONFIRM_LEVEL)

    def most_at_level(self) -> int:
        return self.n


class MaxSubjects(Modifier):
    """End with `n` subjects in all and recommend what the design recommends then."""

    modifier: Literal["max_subjects"] = "max_subjects"
    n: int = Field(ge=1)

    def apply(self, design: Design, rows: Rows, memory: Ints, out: Decisions) -> None:
        left = self.n - rows.n.sum(axis=1)
        np.copyto(out.size, np.minimum(out.size, np.maximum(left, 1)), where=out.next > 0)
        _end(design, rows, (left <= 0) & (out.next > 0), Why.MAX_SUBJECTS, out)


class StopWhenNAtDose(Modifier):
    """End once the recommended level (or, with `dose: any`, any level) has `n` subjects."""

    modifier: Literal["stop_when_n_at_dose"] = "stop_when_n_at_dose"
    n: int = Field(ge=1)
    dose: Literal["recommended", "any"] = "recommended"

    def apply(self, design: Design, rows: Rows, memory: Ints, out: Decisions) -> None:
        if self.dose == "any":
            enough = (rows.n >= self.n).any(axis=1)
        else:
            best = design.recommended(rows)
            enough = (best > 0) & (at_level(rows.n, best) >= self.n)
        _end(design, rows, enough & (out.next > 0), Why.ENOUGH_AT_LEVEL, out)

    def describe(self) -> Message:
        return Message.of(f"designs.with_stop_when_n_at_{self.dose}", n=self.n)


class StopWhenTooToxic(Modifier):
    """End with no recommendation once P(DLT rate of `level` > `threshold`) > `certainty`.

    The posterior is beta-binomial with prior Beta(`prior`), from `least` subjects on.
    """

    modifier: Literal["stop_when_too_toxic"] = "stop_when_too_toxic"
    threshold: float = Field(gt=0, lt=1)
    certainty: float = Field(default=0.95, gt=0, lt=1)
    level: int = Field(default=1, ge=1)
    least: int = Field(default=3, ge=1)
    prior: tuple[float, float] = (1.0, 1.0)

    def apply(self, design: Design, rows: Rows, memory: Ints, out: Decisions) -> None:
        from scipy.special import betaincc

        if self.level > rows.n.shape[1]:
            return
        n, y = rows.n[:, self.level - 1], rows.y[:, self.level - 1]
        posterior = betaincc(self.prior[0] + y, self.prior[1] + n - y, self.threshold)
        out.finish((posterior > self.certainty) & (n >= self.least), 0, Why.TOO_TOXIC)


class AcceleratedTitration(Modifier):
    """One subject a level until the first DLT or the `moderate`-th moderate toxicity, then the design.

    Simon et al. 1997 (JNCI 89:1138), without intra-subject escalation. The level where the phase ends is
    filled to a whole cohort. The exact engine knows DLTs alone and so counts no moderate toxicity.
    """

    memory_size: ClassVar[int] = 1  # moderate toxicities so far
    modifier: Literal["accelerated_titration"] = "accelerated_titration"
    moderate: int = Field(default=2, ge=1)

    def apply(self, design: Design, rows: Rows, memory: Ints, out: Decisions) -> None:
        cohort = design.whole_cohort()
        if cohort == 1:
            return
        # An end, an eliminated level and overdose control are above the phase.
        ruled = (out.next == 0) | (out.why == Why.ELIMINATE)
        ruled |= (out.why == Why.OVERDOSE_CONTROL) & (out.next <= rows.level)
        singly = (rows.n.max(axis=1) <= 1) & (rows.level > 0) & ~ruled
        quiet = (rows.y.sum(axis=1) == 0) & (memory[:, 0] < self.moderate)
        below_top = rows.level < design.top_level()
        out.size[rows.level == 0] = 1
        out.treat(singly & quiet & below_top, rows.level + 1, 1, Why.ACCELERATED)
        fill = np.minimum(cohort - 1, out.size)
        out.treat(singly & ~(quiet & below_top), rows.level, fill, Why.COHORT_OPEN)

    def remember(self, design: Design, size: int, dlts: int) -> tuple[int, ...]:
        return (0,)

    def recall(self, memory: tuple[int, ...], dlt: bool, moderate: bool, new_cohort: bool) -> tuple[int, ...]:
        return (memory[0] + moderate,)


def _end(design: Design, rows: Rows, where: Any, why: Why, out: Decisions) -> None:
    if not where.any():
        return
    selected = np.zeros(len(rows), dtype=np.int64)
    selected[where] = design.recommended(rows.take(where))
    out.finish(where, selected, why)
    np.copyto(out.why, int(Why.NONE_RECOMMENDED), where=where & (selected == 0))


_ALL: tuple[type[Modifier], ...] = (
    NoSkipping,
    Coherence,
    TriedOnly,
    Cap,
    ConfirmBeforeEscalating,
    DemandN,
    MaxSubjects,
    StopWhenNAtDose,
    StopWhenTooToxic,
    AcceleratedTitration,
)
_MAIN = {kind.model_fields["modifier"].default: list(kind.model_fields)[1:2] for kind in _ALL}


def spell_out(item: object) -> object:
    """`no_skipping`, `{stop_when_n_at_dose: 9}` and `{cap: {level: 3}}` as a mapping tagged `modifier`."""
    if isinstance(item, str):
        return {"modifier": item}
    if isinstance(item, Mapping) and "modifier" not in item and len(item) == 1:
        ((name, value),) = item.items()
        if isinstance(value, Mapping):
            return {"modifier": name, **value}
        return {"modifier": name} | dict.fromkeys(_MAIN.get(name, ["value"]), value)
    return item


ModifierNode = Annotated[
    Annotated[
        NoSkipping
        | Coherence
        | TriedOnly
        | Cap
        | ConfirmBeforeEscalating
        | DemandN
        | MaxSubjects
        | StopWhenNAtDose
        | StopWhenTooToxic
        | AcceleratedTitration,
        Field(discriminator="modifier"),
    ],
    BeforeValidator(spell_out),
]
