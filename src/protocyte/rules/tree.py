"""From lark's parse tree to our nodes; what the grammar cannot refuse is refused here (`BadRule`)."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from lark import Token, Transformer, v_args

from protocyte.base import Quantity, UnitError
from protocyte.rules.nodes import (
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
    WindowKind,
)

# Numbers a person writes in a protocol; beyond them lie mistakes and denial of service (1e-999999).
_MOST_DIGITS = 25
_LARGEST_EXPONENT = 25
_MOST_REPEATS = 1000


class BadRule(Exception):
    """`rule` and `params` of the problem at offset `at`."""

    def __init__(self, rule: str, at: int, **params: object) -> None:
        super().__init__(rule)
        self.rule, self.at, self.params = rule, at, params


_ASCII = {"≤": "<=", "≥": ">=", "≠": "!="}


@v_args(inline=True)
class Builder(Transformer[Token, Any]):
    """One method a production of rule.lark; lark calls them from the leaves up."""

    def start(self, body: Condition) -> Condition:
        return body

    def unless(self, body: Condition, waiver: Condition) -> Unless:
        return Unless(body, waiver)

    def except_(self, body: Condition, exemption: Condition) -> Except:
        return Except(body, exemption)

    def any_of(self, *parts: Condition) -> Or:
        return Or(parts)

    def all_of(self, *parts: Condition) -> And:
        return And(parts)

    def negation(self, part: Condition) -> Not:
        return Not(part)

    # TESTS

    def holds(self, name: Name, window: Window | None) -> Holds:
        return Holds(name, window, at=name.at)

    def compare(self, left: Value, op: Token, right: Value, window: Window | None) -> Compare:
        return Compare(left, _op(op), right, window, at=left.at)

    def compare_source(self, left: Value, op: Token, right: Value) -> Compare:
        return Compare(left, _op(op), right, at=left.at)

    def one_of(self, left: Name, items: tuple[Code | Amount, ...], window: Window | None) -> OneOf:
        return OneOf(left, items, False, window, at=left.at)

    def none_of(self, left: Name, _: Token, items: tuple[Code | Amount, ...], window: Window | None) -> OneOf:
        return OneOf(left, items, True, window, at=left.at)

    def one_of_picked(self, left: Picked, items: tuple[Code | Amount, ...]) -> OneOf:
        return OneOf(left, items, at=left.at)

    def none_of_picked(self, left: Picked, _: Token, items: tuple[Code | Amount, ...]) -> OneOf:
        return OneOf(left, items, True, at=left.at)

    def is_known(self, name: Name, window: Window | None) -> Known:
        return Known(name, True, window, at=name.at)

    def is_unknown(self, name: Name, window: Window | None) -> Known:
        return Known(name, False, window, at=name.at)

    def change(
        self,
        name: Name,
        direction: Token,
        op: Token,
        amount: Amount,
        ref: Name | Picked,
        window: Window | None,
    ) -> Change:
        return Change(name, direction.value, _op(op), amount, ref, window, at=name.at)

    # COUNTS

    def any(self) -> tuple[str, int, bool]:
        return "any", 1, False

    def no(self) -> tuple[str, int, bool]:
        return "no", 0, False

    def at_least(self, _: Token, number: Token, consecutive: Token | None) -> tuple[str, int, bool]:
        return "at least", _whole(number), consecutive is not None

    def at_most(self, _: Token, number: Token) -> tuple[str, int, bool]:
        return "at most", _whole(number), False

    def exactly(self, number: Token) -> tuple[str, int, bool]:
        return "exactly", _whole(number), False

    def counted_holds(self, name: Name) -> Holds:
        return Holds(name, at=name.at)

    def counted_compare(self, left: Name, op: Token, right: Value) -> Compare:
        return Compare(left, _op(op), right, at=left.at)

    def counted_one_of(self, left: Name, items: tuple[Code | Amount, ...]) -> OneOf:
        return OneOf(left, items, at=left.at)

    def counted_none_of(self, left: Name, _: Token, items: tuple[Code | Amount, ...]) -> OneOf:
        return OneOf(left, items, True, at=left.at)

    def apart(self, _: Token, span: Value) -> Value:
        return span

    def count(
        self,
        quantifier: tuple[Any, int, bool],
        test: Holds | Compare | OneOf,
        apart: Value | None,
        window: Window | None,
    ) -> Count:
        counted, number, consecutive = quantifier
        return Count(counted, number, test, consecutive, apart, window, at=test.at)

    # WINDOWS

    def w_before(self, anchor: Name) -> Window:
        return _window("before", anchor)

    def w_after(self, anchor: Name) -> Window:
        return _window("after", anchor)

    def w_on(self, anchor: Name) -> Window:
        return _window("on", anchor)

    def w_on_or_before(self, _: Token, anchor: Name) -> Window:
        return _window("on or before", anchor)

    def w_on_or_after(self, _: Token, anchor: Name) -> Window:
        return _window("on or after", anchor)

    def w_within_before(self, span: Value, anchor: Name) -> Window:
        return _window("within before", anchor, span)

    def w_within_after(self, span: Value, anchor: Name) -> Window:
        return _window("within after", anchor, span)

    def w_within_of(self, span: Value, anchor: Name) -> Window:
        return _window("within of", anchor, span)

    def w_at_least_before(self, _: Token, span: Value, anchor: Name) -> Window:
        return _window("at least before", anchor, span)

    def w_at_least_after(self, _: Token, span: Value, anchor: Name) -> Window:
        return _window("at least after", anchor, span)

    def w_from_to(self, anchor: Name, until: Name) -> Window:
        return Window("from to", anchor, None, until, at=anchor.at)

    # VALUES

    def picked(self, how: Token, name: Name, window: Window | None) -> Picked:
        return Picked(how.value, name, window, at=_at(how))

    def best(self, which: Token, *values: Value) -> Best:
        return Best(which.value, values, at=_at(which))

    def amount(self, token: Token) -> Amount:
        match = re.match(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?", token.value)
        assert match is not None  # the terminal began with a number
        unit = re.sub(r"^[x×]\s*(?=[UL]LN$)", "", " ".join(token.value[match.end() :].split()))
        number = _number(match.group(), _at(token))
        try:
            return Amount(Quantity(number, unit or "1"), at=_at(token))
        except UnitError:  # a lost blank can split a number and its unit oddly: 110^9/L
            raise BadRule("unknown_unit", _at(token) + match.end(), word=unit) from None
        except ValueError:
            digits, most = _MOST_DIGITS, _LARGEST_EXPONENT
            raise BadRule("number_out_of_range", _at(token), digits=digits, exponent=most) from None

    def times_baseline(self, number: Token, _: Token) -> Multiple:
        return Multiple(_number(number.value, _at(number)), Name("baseline"), at=_at(number))

    def half_lives(self, number: Token) -> Multiple:
        return Multiple(_number(number.value, _at(number)), Name("half_life", at=_at(number)), at=_at(number))

    def times(self, number: Token, name: Name) -> Multiple:
        return Multiple(_number(number.value, _at(number)), name, at=_at(number))

    def day(self, token: Token) -> Day:
        try:
            return Day(date.fromisoformat(token.value), at=_at(token))
        except ValueError:
            raise BadRule("no_such_day", _at(token), text=token.value) from None

    def code(self, token: Token) -> Code:
        text = token.value[1:-1] if token.type == "STRING" else token.value
        if not text.strip():
            raise BadRule("empty_code", _at(token))
        return Code(text, at=_at(token))

    def name(self, token: Token) -> Name:
        return Name(token.value, at=_at(token))

    def baseline(self, token: Token) -> Name:
        return Name("baseline", at=_at(token))

    def list(self, *items: Code | Amount) -> tuple[Code | Amount, ...]:
        return items


def _at(token: Token) -> int:
    return token.start_pos or 0


def _op(token: Token) -> Any:
    return _ASCII.get(token.value, token.value)


def _window(kind: WindowKind, anchor: Name, span: Value | None = None) -> Window:
    return Window(kind, anchor, span, at=span.at if span else anchor.at)


def _number(text: str, at: int) -> Decimal:
    mantissa, _, exponent = text.lower().partition("e")
    digits = sum(char.isdigit() for char in mantissa)
    if digits > _MOST_DIGITS or len(exponent) > 4 or abs(int(exponent or 0)) > _LARGEST_EXPONENT:
        raise BadRule("number_out_of_range", at, digits=_MOST_DIGITS, exponent=_LARGEST_EXPONENT)
    return Decimal(text)


def _whole(token: Token) -> int:
    number = _number(token.value, _at(token))
    if number != number.to_integral_value() or not 0 <= number <= _MOST_REPEATS:
        raise BadRule("not_a_count", _at(token), text=token.value, most=_MOST_REPEATS)
    return int(number)
