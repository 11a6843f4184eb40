"""What a scale answers: a grade, the grades that remain possible, or that there is nothing to grade."""

from __future__ import annotations

from typing import TypeAlias

from pydantic import model_validator

from protocyte.base import Frozen

Part: TypeAlias = "bool | int | str"


class Graded(Frozen):
    """What a scale says.

    Either `grade` is known and `possible` and `missing` are empty; or `grade` is None, `possible` holds
    the grades that remain (ascending, without repeats) and `missing` the inputs that would decide; or
    `grade` is None and both are empty: there is nothing to grade, and `rule` says why.
    `parts` holds what a scale finds besides its grade (`ltls`, `early_grade`, `screen`, `liver_stage`).
    """

    scale: str
    grade: int | None
    possible: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()
    rule: str
    parts: dict[str, Part] = {}

    @model_validator(mode="after")
    def _one_answer(self) -> Graded:
        if self.grade is not None and (self.possible or self.missing):
            raise ValueError("a known grade leaves nothing possible and nothing missing")
        if self.possible and not self.missing:
            raise ValueError("a set of possible grades says what is missing")
        return self

    @property
    def grades(self) -> tuple[int, ...]:
        """Every grade this answer allows: the known one, or the possible ones."""
        return self.possible if self.grade is None else (self.grade,)

    def at_least(self, threshold: int) -> bool | None:
        """Whether the grade reaches `threshold`; None where that depends on what is missing."""
        if self.missing and not self.possible:
            return None
        answers = {grade >= threshold for grade in self.grades} or {False}
        return answers.pop() if len(answers) == 1 else None

    def as_json(self) -> dict[str, object]:
        """What `protocyte grade --json` prints for one line of input."""
        plain: dict[str, object] = {
            "scale": self.scale,
            "grade": self.grade,
            "possible": list(self.possible),
            "missing": list(self.missing),
            "rule": self.rule,
        }
        return plain | {name: value for name, value in self.parts.items() if name not in plain}
