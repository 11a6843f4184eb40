"""`Rule`: one condition, with the text it was read from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from protocyte.base import Problem
from protocyte.rules.format import format_condition
from protocyte.rules.nodes import Condition


class RuleError(ValueError):
    """A rule in a typed model cannot be read; `problems` say why, with their columns."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(str(problem.message) for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Rule:
    """A condition, and the `source` it was read from (to which the nodes' offsets refer).

    Two rules are equal when they say the same, however they were spaced.
    """

    body: Condition
    source: str = field(default="", compare=False, repr=False)

    @cached_property
    def text(self) -> str:
        """The one text of the rule (`format_rule`)."""
        return format_condition(self.body)

    def __str__(self) -> str:
        return self.text

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _validate, serialization=core_schema.to_string_ser_schema()
        )


def format_rule(rule: Rule) -> str:
    """The one text of `rule`: single blanks, canonical unit names, no parentheses it could do without."""
    return rule.text


def _validate(value: object) -> Rule:
    from protocyte.rules.parse import parse_rule  # the parser makes rules; only this door needs it back

    if isinstance(value, Rule):
        return value
    if not isinstance(value, str):
        raise ValueError("a rule is written as text")
    rule = parse_rule(value)
    if isinstance(rule, Rule):
        return rule
    raise RuleError(rule)
