"""What a scale finds for complete values."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """`grade` is None where there is nothing to grade; `parts` are pairs, so that they compare."""

    grade: int | None
    rule: str
    parts: tuple[tuple[str, bool | int | str], ...] = ()
