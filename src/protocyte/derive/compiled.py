"""Rules of a study, compiled once and kept. `study check` saw to it that they can be read."""

from __future__ import annotations

from functools import lru_cache

from protocyte.rules import CompiledRule, Rule, compile_rule, parse_rule


@lru_cache(maxsize=2048)
def compiled(text: str) -> CompiledRule:
    rule = parse_rule(text)
    assert isinstance(rule, Rule), f"an adopted study holds a rule that cannot be read: {text}"
    return compile_rule(rule)
