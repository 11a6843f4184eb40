"""Where in the file an offset of a rule's text lies."""

from __future__ import annotations

from protocyte.base import Place


def shifted(place: Place, text: str, at: int) -> Place:
    """`place` (where the rule begins) moved by `at` characters of `text`; unknown stays unknown.

    A rule that runs over several lines is counted by its own line breaks.
    """
    before = text[:at]
    lines = before.count("\n")
    start = place.column if place.column is not None else 1
    column = at - before.rfind("\n") if lines else start + at
    line = place.line + lines if place.line is not None else None
    return place.model_copy(update={"line": line, "column": column})
