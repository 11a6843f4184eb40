"""Near words, for "did you mean"."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word nearest to `word`, if any is near enough to be what a hurried hand meant."""
    by_lower = {name.lower(): name for name in sorted(known, reverse=True)}
    found = get_close_matches(word[:60].lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None
