"""The parts a toxicity scale is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Finding(NamedTuple):
    """`grade` is None where there is nothing to grade; `parts` are pairs, so that they compare."""

    grade: int | None
    rule: str
    parts: tuple[tuple[str, bool | int | str], ...] = ()


class Impossible(NamedTuple):
    """Values that cannot stand together; `sentence` names one of `messages_unusable.toml`."""

    sentence: str


class Block(NamedTuple):
    """Inputs that speak of one thing, and the judgement of their complete values (hashable)."""

    inputs: tuple[str, ...]
    judge: Callable[[Mapping[str, Any]], Any]
