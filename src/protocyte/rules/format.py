"""A rule as its one text. `parse_rule(format_rule(rule)) == rule` for every rule (a law in the tests)."""

from __future__ import annotations

from functools import singledispatch

from protocyte.base.quantity import format_number
from protocyte.rules.nodes import (
    CODE,
    KEYWORDS,
    Amount,
    And,
    Best,
    Change,
    Code,
    Compare,
    Condition,
    Count,
    Day,
    Except,
    Holds,
    Known,
    Multiple,
    Name,
    Not,
    OneOf,
    Or,
    Picked,
    Unless,
    Value,
    Window,
)


def format_condition(node: Condition) -> str:
    """The text of a condition, with only the parentheses that its meaning needs."""
    match node:
        case Unless():
            return f"{_inside(node.body, 1)} unless {_inside(node.waiver, 1)}"
        case Except():
            return f"{_inside(node.body, 1)} except {_inside(node.exemption, 1)}"
        case Or():
            return " or ".join(_inside(part, 2) for part in node.parts)
        case And():
            return " and ".join(_inside(part, 3) for part in node.parts)
        case Not():
            return f"not {_inside(node.part, 4)}"
        case _:
            return _test(node)


_TIGHTNESS: dict[type, int] = {Unless: 0, Except: 0, Or: 1, And: 2, Not: 3}


def _inside(node: Condition, at_least: int) -> str:
    text = format_condition(node)
    return text if _TIGHTNESS.get(type(node), 4) >= at_least else f"({text})"


@singledispatch
def _test(node: object) -> str:
    raise AssertionError(f"unhandled node: {node!r}")


@_test.register
def _(node: Holds) -> str:
    return _join(node.fact.name, node.window)


@_test.register
def _(node: Compare) -> str:
    return _join(f"{format_value(node.left)} {node.op} {format_value(node.right)}", node.window)


@_test.register
def _(node: OneOf) -> str:
    items = ", ".join(format_value(item) for item in node.items)
    return _join(f"{format_value(node.left)} {'not in' if node.negated else 'in'} [{items}]", node.window)


@_test.register
def _(node: Known) -> str:
    return _join(f"{node.fact.name} is {'known' if node.known else 'unknown'}", node.window)


@_test.register
def _(node: Change) -> str:
    amount, reference = format_value(node.amount), format_value(node.reference)
    return _join(f"{node.fact.name} {node.direction} {node.op} {amount} from {reference}", node.window)


@_test.register
def _(node: Count) -> str:
    number = "" if node.counted in ("any", "no") else f" {node.number}"
    consecutive = " consecutive" if node.consecutive else ""
    apart = f" at least {format_value(node.apart)} apart" if node.apart else ""
    return _join(f"{node.counted}{number}{consecutive} {_test(node.test)}{apart}", node.window)


def _join(text: str, window: Window | None) -> str:
    return f"{text} {format_window(window)}" if window else text


def format_window(window: Window) -> str:
    """`within 28 d before enrolment`."""
    if window.kind == "from to":
        assert window.until is not None
        return f"from {window.anchor.name} to {window.until.name}"
    if window.span is None:
        return f"{window.kind} {window.anchor.name}"
    words, side = window.kind.rsplit(" ", 1)
    return f"{words} {format_value(window.span)} {side} {window.anchor.name}"


def format_value(node: Value) -> str:
    """`1 10^9/L`, `2.5 ULN`, `5 half_lives`, `last anc before lymphodepletion`, `"t(9;22)"`."""
    match node:
        case Name():
            return node.name
        case Amount():
            return str(node.quantity)
        case Multiple():
            return f"{format_number(node.number)} {_multiple_of(node.of.name)}"
        case Day():
            return node.day.isoformat()
        case Code():
            plain = CODE.fullmatch(node.text) and node.text not in KEYWORDS
            return node.text if plain else f'"{node.text}"'
        case Picked():
            return _join(f"{node.how} {node.fact.name}", node.window)
        case Best():
            return f"{node.which}({', '.join(format_value(value) for value in node.values)})"


def _multiple_of(name: str) -> str:
    if name == "baseline":
        return name
    return "half_lives" if name == "half_life" else f"times {name}"
