"""What a scale may be told: one declaration an input, read from `scales.toml`.

An input is a flag, a whole number, a number, a list of numbers or one of several words. Its declaration
says what it means when nobody lists it (assessed and absent), and which values stand for every value it
could have while it is unknown: one from each band that the scale tells apart.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources
from typing import Literal, TypeAlias

from protocyte.base import Frozen, InputError, Message
from protocyte.base.quantity import LARGEST_EXPONENT
from protocyte.vocab.unusable import unusable

Value: TypeAlias = "bool | int | Decimal | str | tuple[Decimal | None, ...] | None"
Kind = Literal["flag", "whole", "number", "numbers", "choice"]


class Input(Frozen):
    """`unknown` are the stand-ins while the value is not known; `absent` is the value nobody listed."""

    name: str
    kind: Kind
    min: Decimal | None = None
    max: Decimal | None = None
    values: tuple[str, ...] = ()
    unknown: tuple[bool | int | Decimal | str | tuple[Decimal, ...], ...] = ()
    absent: bool | int | Decimal | str | tuple[Decimal, ...] | None = None

    def read(self, given: object) -> Value:
        """`given` as this input's type. Raises `InputError` naming the input."""
        if given is None:
            return None
        if self.kind == "numbers":
            return self._numbers(given)
        if isinstance(given, str) and given in self.values:
            return given
        if self.kind == "flag":
            if isinstance(given, bool):
                return given
            raise self.refuse(given, "flag")
        if self.kind == "choice":
            raise self.refuse(given, "one-of", known=self.values)
        return self._bounded(given)

    def refuse(self, given: object, wanted: str, **params: object) -> InputError:
        """`wanted` names a sentence of what the input must be: `[wanted-...]`."""
        needed = Message.of(f"vocab.wanted-{wanted}", **params)
        return unusable("not-a", name=self.name, given=repr(given), wanted=needed)

    def _bounded(self, given: object) -> int | Decimal:
        number = as_number(given)
        if number is None or (self.kind == "whole" and number != number.to_integral_value()):
            plain = "whole" if self.kind == "whole" else "number"
            if not self.values:
                raise self.refuse(given, plain)
            raise self.refuse(given, f"{plain}-or", known=self.values)
        if (self.min is not None and number < self.min) or (self.max is not None and number > self.max):
            raise self._out_of_span(given)
        return int(number) if self.kind == "whole" else number

    def _out_of_span(self, given: object) -> InputError:
        if self.max is None:
            return self.refuse(given, "from", least=self.min)
        return self.refuse(given, "between", least=self.min, most=self.max)

    def _numbers(self, given: object) -> tuple[Decimal | None, ...]:
        if not isinstance(given, (list, tuple)):
            raise self.refuse(given, "numbers")
        return tuple(None if item is None else Decimal(self._bounded(item)) for item in given)


def as_number(given: object) -> Decimal | None:
    """A number as the decimal its text shows; None for anything else, as a truth value or what nobody measures."""
    if isinstance(given, bool) or not isinstance(given, (int, float, Decimal)):
        return None
    try:
        number = Decimal(str(given))
    except InvalidOperation:
        return None
    return number if number.is_finite() and is_measurable(number) else None


def is_measurable(number: Decimal) -> bool:
    """Whether a finite number is no slip of the hand by dozens of digits, on which arithmetic would fail."""
    return not number or abs(number.adjusted()) <= LARGEST_EXPONENT


@cache
def _scales() -> dict[str, dict[str, object]]:
    text = resources.files("protocyte").joinpath("vocab", "scales.toml").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


def scale_facts(scale: str) -> dict[str, object]:
    """All that `scales.toml` says about `scale`: title, source, what was recalled, inputs, tables."""
    return _scales()[scale]


@cache
def inputs_of(scale: str) -> dict[str, Input]:
    """The declared inputs of a toxicity scale, in the order a form would ask for them."""
    declared = scale_facts(scale)["inputs"]
    assert isinstance(declared, dict)
    return {name: Input(name=name, **_with_defaults(facts)) for name, facts in declared.items()}


def _with_defaults(facts: Mapping[str, object]) -> dict[str, object]:
    """A flag nobody listed is false and a list is empty; a choice falls back to its first word."""
    defaults: dict[str, object] = {}
    if facts["kind"] == "flag":
        defaults = {"unknown": (False, True), "absent": False}
    elif facts["kind"] == "choice":
        words = facts["values"]
        assert isinstance(words, list)
        defaults = {"unknown": words, "absent": words[0]}
    elif facts["kind"] == "numbers":
        defaults = {"absent": ()}
    return defaults | dict(facts)
