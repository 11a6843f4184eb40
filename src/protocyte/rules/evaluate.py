"""Rules to verdicts. A rule is compiled once into small functions and then asked of many subjects.

Three values, after Kleene: `and` is not met as soon as one part is not met, whatever else is unknown. The
law behind every function here: knowing less (a blank value, a vaguer date, a window that is still open) may
turn an outcome into unknown and never into its opposite.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from protocyte.rules.facts import Facts
from protocyte.rules.format import format_condition
from protocyte.rules.leaves import Leaf, compile_test
from protocyte.rules.nodes import And, Condition, Except, Not, Or, Unless
from protocyte.rules.rule import Rule
from protocyte.rules.scope import Scope
from protocyte.rules.verdict import OUTCOMES, Step, Verdict

_Branch = Callable[[Facts], tuple[bool | None, tuple[Step, ...]]]


class CompiledRule:
    """A rule made ready for many subjects; `text` is its one text."""

    __slots__ = ("_run", "rule", "text")

    def __init__(self, rule: Rule, run: _Branch) -> None:
        self.rule, self.text, self._run = rule, rule.text, run

    def evaluate(self, facts: Facts) -> Verdict:
        """The verdict on the subject whose facts these are."""
        state, steps = self._run(facts)
        ids = [use.observation.record_id for step in steps for use in step.used]
        records = tuple(dict.fromkeys(filter(None, ids)))
        missing = () if state is not None else tuple(dict.fromkeys(i for step in steps for i in step.missing))
        return Verdict(OUTCOMES[state], self.text, steps, records, missing)


def compile_rule(rule: Rule, scope: Scope | None = None) -> CompiledRule:
    """`rule` ready to be asked of many subjects.

    The scope tells the kinds, units and analytes of the facts. Without one a fact's kind follows its values
    and its analyte its name (`creatinine`); check the rule against its scope first (`check`).
    """
    return _compile_plain(rule) if scope is None else CompiledRule(rule, _branch(rule.body, scope))


@lru_cache(maxsize=1024)
def _compile_plain(rule: Rule) -> CompiledRule:
    return CompiledRule(rule, _branch(rule.body, {}))


def evaluate(rule: Rule | CompiledRule, facts: Facts, scope: Scope | None = None) -> Verdict:
    """The verdict of `rule` on one subject. For many subjects compile it once (`compile_rule`)."""
    compiled = rule if isinstance(rule, CompiledRule) else compile_rule(rule, scope)
    return compiled.evaluate(facts)


# CONNECTIVES


def _branch(node: Condition, scope: Scope) -> _Branch:
    match node:
        case And():
            return _all([_branch(part, scope) for part in node.parts])
        case Or():
            return _some([_branch(part, scope) for part in node.parts])
        case Not():
            return _not(_branch(node.part, scope))
        case Unless():
            return _some([_branch(node.body, scope), _branch(node.waiver, scope)])
        case Except():
            return _all([_branch(node.body, scope), _not(_branch(node.exemption, scope))])
        case _:
            return _step(format_condition(node), compile_test(node, scope))


def _step(text: str, leaf: Leaf) -> _Branch:
    def run(facts: Facts) -> tuple[bool | None, tuple[Step, ...]]:
        state, used, missing = leaf(facts)
        return state, (Step(text, OUTCOMES[state], used, missing if state is None else ()),)

    return run


def _not(part: _Branch) -> _Branch:
    def run(facts: Facts) -> tuple[bool | None, tuple[Step, ...]]:
        state, steps = part(facts)
        return (None if state is None else not state), steps

    return run


def _all(parts: list[_Branch]) -> _Branch:
    return _joined(parts, decisive=False)


def _some(parts: list[_Branch]) -> _Branch:
    return _joined(parts, decisive=True)


def _joined(parts: list[_Branch], decisive: bool) -> _Branch:
    """`decisive` is the state of one part that settles the whole: False for `and`, True for `or`.

    Every part is asked, even after one has settled it: a coordinator wants all the reasons at once.
    """

    def run(facts: Facts) -> tuple[bool | None, tuple[Step, ...]]:
        results = [part(facts) for part in parts]
        states = [state for state, _ in results]
        outcome = decisive if decisive in states else None if None in states else not decisive
        return outcome, tuple([step for state, steps in results if state is outcome for step in steps])

    return run
