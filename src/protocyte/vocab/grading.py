"""One question for every scale: `grade(scale, inputs)`.

The answer is one grade, or, where something is not known, the set of grades that remain possible together
with the names of what is missing. A scale may also find that there is nothing to grade: without laboratory
tumour lysis Cairo and Bishop give no grade, and IEC-HS is a screen that only an adjudication grades.
"""

from __future__ import annotations

from collections.abc import Mapping

from protocyte.base import Message
from protocyte.vocab.graded import Graded
from protocyte.vocab.unusable import unusable

CTCAE_SCALES = ("ctcae-4.03", "ctcae-5.0", "ctcae-6.0")
TOXICITY_SCALES = ("astct-crs", "astct-icans", "lee2014-crs", "icaht", "tls", "iec-hs", "gvhd")
SCALES = (*TOXICITY_SCALES, *CTCAE_SCALES)

# What study files and older protocols call them.
ALIASES = {"astct-2019": "astct-crs", "astct-2019-crs": "astct-crs", "astct-2019-icans": "astct-icans"}


def find_scale(name: str) -> str:
    """The scale a reader means by `name`. Raises `InputError` for a name no scale has."""
    known = ALIASES.get(name, name)
    if known not in SCALES:
        raise unusable("not-one-of", name="scale", given=repr(name), known=SCALES)
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
