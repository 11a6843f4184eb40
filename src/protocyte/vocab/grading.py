"""One question for every scale: `grade(scale, inputs)`.

The answer is one grade, or, where something is not known, the set of grades that remain possible together
with the names of what is missing. A scale may also find that there is nothing to grade: without laboratory
tumour lysis Cairo and Bishop give no grade, and IEC-HS is a screen that only an adjudication grades.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from pydantic import model_validator

from protocyte.base import Frozen, InputError, Message

Part: TypeAlias = "bool | int | str"

CTCAE_SCALES = ("ctcae-4.03", "ctcae-5.0", "ctcae-6.0")
TOXICITY_SCALES = ("astct-crs", "astct-icans", "lee2014-crs", "icaht", "tls", "iec-hs", "gvhd")
SCALES = (*TOXICITY_SCALES, *CTCAE_SCALES)

# What study files and older protocols call them.
ALIASES = {"astct-2019": "astct-crs", "astct-2019-crs": "astct-crs", "astct-2019-icans": "astct-icans"}


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


def find_scale(name: str) -> str:
    """The scale a reader means by `name`. Raises `InputError` for a name no scale has."""
    known = ALIASES.get(name, name)
    if known not in SCALES:
        raise InputError(f"scale: {name!r} is not one of {', '.join(SCALES)}")
    return known


def grade(scale: str, inputs: Mapping[str, object]) -> Graded:
    """Grade `inputs` on `scale`.

    On the toxicity scales an input that is not listed was assessed and absent, and None means not known:
    the answer then covers every completion of what is unknown. On the CTCAE scales the inputs are those
    of one laboratory value (see `protocyte.vocab.ctcae_labs`). An unknown input name, a wrong type or an
    impossible value raises `InputError` with a sentence that names the input.
    """
    known = find_scale(scale)
    if known in CTCAE_SCALES:
        from protocyte.vocab.ctcae_labs import grade_lab

        return grade_lab(known.removeprefix("ctcae-"), inputs)
    from protocyte.vocab.toxicity import grade_toxicity

    return grade_toxicity(known, inputs)


def explain(graded: Graded) -> Message:
    """Why this is the answer, as a message in English and Chinese."""
    if graded.missing and not graded.possible:
        return Message.of("vocab.unscreened", scale=graded.scale, missing=graded.missing)
    if graded.missing:
        return Message.of(
            "vocab.undecided", scale=graded.scale, missing=graded.missing, possible=graded.grades
        )
    if graded.scale in CTCAE_SCALES:
        from protocyte.vocab.ctcae_labs import explain_lab

        return explain_lab(graded)
    why = ".".join(word for word in graded.rule.split(".") if not word.isdigit())
    if graded.grade is None:
        return Message.of("vocab.nothing-to-grade", scale=graded.scale, why=Message.of(f"vocab.{why}"))
    reason = Message.of(f"vocab.{why}")
    return Message.of("vocab.graded", scale=graded.scale, grade=graded.grade, why=reason)
