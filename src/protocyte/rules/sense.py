"""Conditions that decide nothing: contradictions, tautologies, repetitions.

Only what is certain from the text alone: numbers of one fact that leave no value or leave all, one fact
with two codes, a test beside its own negation. A false alarm would cost more than a miss.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from protocyte.base.problem import Severity
from protocyte.rules.format import format_condition, format_value, format_window
from protocyte.rules.nodes import (
    TESTS,
    Amount,
    And,
    Code,
    Compare,
    Comparison,
    Condition,
    Except,
    Name,
    Not,
    Or,
    Picked,
    Unless,
)
from protocyte.rules.ranges import factor_between
from protocyte.rules.scope import Scope
from protocyte.rules.values import analyte_of


class Senseless(NamedTuple):
    """The problem's rule, severity, place and parameters."""

    rule: str
    severity: Severity
    at: int
    params: dict[str, object]


def senseless(node: Condition, scope: Scope) -> Iterator[Senseless]:
    """What `node` says that cannot be meant."""
    match node:
        case And():
            yield from _group(_flat(node, And), scope, conjunction=True)
        case Or():
            yield from _group(_flat(node, Or), scope, conjunction=False)
        case Compare() if not isinstance(node.left, (Name, Picked)) and not _mentions(node.right):
            yield Senseless("constant", "error", node.at, {"text": format_condition(node)})
    for part in _children(node):
        yield from senseless(part, scope)


def _children(node: Condition) -> tuple[Condition, ...]:
    match node:
        case And() | Or():  # parts of the same kind were judged together with this one
            return tuple(child for part in node.parts for child in _beneath(part, type(node)))
        case Not():
            return (node.part,)
        case Unless():
            return (node.body, node.waiver)
        case Except():
            return (node.body, node.exemption)
        case _:
            return ()


def _beneath(part: Condition, kind: type) -> tuple[Condition, ...]:
    return _children(part) if isinstance(part, kind) else (part,)


def _flat(node: Condition, kind: type[And] | type[Or]) -> list[Condition]:
    if isinstance(node, (And, Or)) and isinstance(node, kind):
        return [leaf for part in node.parts for leaf in _flat(part, kind)]
    return [node]


def _mentions(node: object) -> bool:
    return "Name(" in repr(node)


def _group(parts: list[Condition], scope: Scope, conjunction: bool) -> Iterator[Senseless]:
    rule = "contradiction" if conjunction else "always_true"
    seen: set[Condition] = set()
    for part in parts:
        opposite = part.part if isinstance(part, Not) else Not(part)
        if part in seen:
            yield Senseless("repeated", "warning", _at(part), {"text": format_condition(part)})
        elif opposite in seen:
            yield Senseless(rule, "error", _at(part), _pair(part, opposite))
        seen.add(part)
    yield from _numbers(parts, scope, conjunction, rule)
    yield from _codes(parts, conjunction, rule)


def _at(node: Condition) -> int:
    while not isinstance(node, TESTS):
        node = _children(node)[0]
    return node.at


def _pair(left: Condition, right: Condition) -> dict[str, object]:
    return {"left": format_condition(right), "right": format_condition(left)}


# NUMBERS

_NEGATED: dict[Comparison, Comparison] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}


def _numbers(parts: list[Condition], scope: Scope, conjunction: bool, rule: str) -> Iterator[Senseless]:
    """Tests of an `or` leave every value exactly when their negations, joined by `and`, leave none."""
    subjects: dict[str, list[Compare]] = {}
    for part in parts:
        if isinstance(part, Compare) and isinstance(part.right, Amount):
            subjects.setdefault(_subject(part), []).append(part)
    for tests in subjects.values():
        clash = _clash(tests, scope, conjunction)
        if clash:
            yield Senseless(rule, "error", clash[1].at, _pair(clash[1], clash[0]))


def _subject(test: Compare) -> str:
    window = format_window(test.window) if test.window else ""
    return f"{format_value(test.left)} {window}"


def _clash(tests: list[Compare], scope: Scope, conjunction: bool) -> tuple[Compare, Compare] | None:
    for place, second in enumerate(tests):
        for first in tests[:place]:
            one, two = _bound(first, first, scope, conjunction), _bound(second, first, scope, conjunction)
            if one and two and _disjoint(one, two):
                return first, second
    return None


def _bound(
    test: Compare, like: Compare, scope: Scope, conjunction: bool
) -> tuple[Comparison, Decimal] | None:
    """The test (or its negation) with its number in the unit of `like`."""
    assert isinstance(test.right, Amount)
    assert isinstance(like.right, Amount)
    fact = test.left.fact if isinstance(test.left, Picked) else test.left
    analyte = analyte_of(fact.name, scope) if isinstance(fact, Name) else None
    factor = factor_between(test.right.quantity.unit, like.right.quantity.unit, analyte)
    if factor is None:
        return None
    return test.op if conjunction else _NEGATED[test.op], test.right.quantity.value * factor


def _disjoint(one: tuple[Comparison, Decimal], two: tuple[Comparison, Decimal]) -> bool:
    """No number passes both."""
    for (op, number), (other, limit) in ((one, two), (two, one)):
        touching = number == limit and (op == "<" or other == ">")
        if op in ("<", "<=") and other in (">", ">=", "=") and (number < limit or touching):
            return True
        if op in (">", ">=") and other == "=" and (limit < number or (limit == number and op == ">")):
            return True
        if op == "=" and other in ("=", "!=") and (number != limit) is (other == "="):
            return True
    return False


# CODES


def _codes(parts: list[Condition], conjunction: bool, rule: str) -> Iterator[Senseless]:
    """`x = a and x = b`, `x != a or x != b`."""
    op = "=" if conjunction else "!="
    first: dict[str, Compare] = {}
    for part in parts:
        if isinstance(part, Compare) and isinstance(part.right, Code) and part.op == op:
            earlier = first.setdefault(_subject(part), part)
            if earlier.right != part.right:
                yield Senseless(rule, "error", part.at, _pair(part, earlier))
