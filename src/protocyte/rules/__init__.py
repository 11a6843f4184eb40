"""The rule language: what a protocol states about subjects, as text that is checked, evaluated and explained.

    parse_rule(text, place)      -> Rule, or what is wrong with it
    check(rule, scope, place)    -> problems: unknown names, units that do not fit, contradictions
    compile_rule(rule, scope)    -> CompiledRule, ready for many subjects
    evaluate(rule, facts)        -> Verdict: met, not met or unknown, with reasons
    explain(verdict, language)   -> the same as sentences, in English or Chinese

The room knows no names and no medicine: names come from a `Scope`, values from `Facts`.
"""

from protocyte.rules.check import check
from protocyte.rules.evaluate import CompiledRule, compile_rule, evaluate
from protocyte.rules.explain import explain
from protocyte.rules.facts import NOTHING, Facts, FactTable, FactValue, Observation, Observations
from protocyte.rules.parse import parse_rule
from protocyte.rules.rule import Rule, RuleError, format_rule
from protocyte.rules.scope import Fact, Kind, Scope, scope_of
from protocyte.rules.verdict import Outcome, Step, Use, Verdict

__all__ = [
    "NOTHING",
    "CompiledRule",
    "Fact",
    "FactTable",
    "FactValue",
    "Facts",
    "Kind",
    "Observation",
    "Observations",
    "Outcome",
    "Rule",
    "RuleError",
    "Scope",
    "Step",
    "Use",
    "Verdict",
    "check",
    "compile_rule",
    "evaluate",
    "explain",
    "format_rule",
    "parse_rule",
    "scope_of",
]
