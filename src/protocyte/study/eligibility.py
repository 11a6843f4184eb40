"""Eligibility criteria: each a rule that can be computed, or a judgement that somebody signs."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from protocyte.base import Frozen
from protocyte.study.parts import Flag, RuleText, Words, wrong

Gate = Literal["enrolment", "lymphodepletion", "infusion"]


class Criterion(Frozen):
    """An inclusion `rule` must be met; an exclusion `rule` must not be. Unknown opens no gate."""

    kind: Literal["inclusion", "exclusion"]
    text: Words
    gates: tuple[Gate, ...]
    rule: RuleText | None = None
    judgement: Flag = False

    @model_validator(mode="after")
    def _one_way_to_answer(self) -> Criterion:
        if (self.rule is None) != self.judgement:
            raise wrong("eligibility.answer")
        if not self.gates:
            raise wrong("eligibility.gates")
        return self
