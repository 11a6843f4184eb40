"""The tests a rule is made of, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from protocyte.rules import Rule, parse_rule
from protocyte.rules.format import format_condition, format_window
from protocyte.rules.nodes import (
    And,
    Change,
    Compare,
    Condition,
    Count,
    Except,
    Holds,
    Known,
    Not,
    OneOf,
    Or,
    Unless,
)

Leaf: TypeAlias = "Holds | Compare | OneOf | Known | Change | Count"


def leaves_of(text: str) -> Iterator[Leaf]:
    """The tests of the rule in `text`; none where it cannot be read (that is said elsewhere)."""
    rule = parse_rule(text)
    if isinstance(rule, Rule):
        yield from _leaves(rule.body)


def _leaves(node: Condition) -> Iterator[Leaf]:
    match node:
        case And() | Or():
            for part in node.parts:
                yield from _leaves(part)
        case Not():
            yield from _leaves(node.part)
        case Unless():
            yield from _leaves(node.body)
            yield from _leaves(node.waiver)
        case Except():
            yield from _leaves(node.body)
            yield from _leaves(node.exemption)
        case _:
            yield node


def window_of(leaf: Leaf) -> str:
    """The text of its window, empty where it has none."""
    return format_window(leaf.window) if leaf.window else ""


def without_window(leaf: Leaf) -> str:
    """The text of what it asks, whenever."""
    return format_condition(replace(leaf, window=None))
