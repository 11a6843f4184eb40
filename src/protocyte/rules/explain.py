"""A verdict as sentences: which tests decided, by which values, dates and records, and what is missing."""

from __future__ import annotations

from protocyte.base import Language, Message, render
from protocyte.rules.facts import FactValue, Observation
from protocyte.rules.scope import Scope
from protocyte.rules.verdict import Step, Use, Verdict

_SHOWN = 6  # observations a test; a series of two hundred counts explains nothing


def explain(verdict: Verdict, language: Language = "en", scope: Scope | None = None) -> str:
    """One line for the verdict, one for each test that decided it, one for what is missing.

    Facts are named by their labels in `scope`, where it has them; the tests stand as the protocol has them.
    """
    lines = [Message.of("rules.verdict", rule=verdict.rule, outcome=_outcome(verdict.outcome))]
    lines += [_step(step, language, scope or {}) for step in verdict.because]
    if verdict.missing:
        items = tuple(_missing(item, language, scope or {}) for item in verdict.missing)
        lines.append(Message.of("rules.missing", items=items))
    return "\n".join(render(line, language) for line in lines)


def _outcome(outcome: str) -> Message:
    return Message.of(f"rules.outcome_{outcome}")


def _step(step: Step, language: Language, scope: Scope) -> Message:
    if not step.used:
        return Message.of("rules.step", test=step.test, outcome=_outcome(step.outcome))
    used = [_use(use, language, scope) for use in step.used[:_SHOWN]]
    if len(step.used) > _SHOWN:
        used.append(Message.of("rules.use_more", count=len(step.used) - _SHOWN))
    return Message.of("rules.step_used", test=step.test, outcome=_outcome(step.outcome), used=tuple(used))


def _use(use: Use, language: Language, scope: Scope) -> Message:
    seen = use.observation
    nothing = Message.of("rules.nothing")
    return Message.of(
        "rules.use",
        name=_label(use.fact, language, scope),
        value=_value(seen.value),
        limits=_limits(seen),
        day=Message.of("rules.use_day", day=seen.date) if seen.date is not None else nothing,
        record=Message.of("rules.use_record", record=seen.record_id) if seen.record_id else nothing,
    )


def _limits(seen: Observation) -> Message:
    if seen.uln is not None:
        return Message.of("rules.use_uln", limit=seen.uln)
    if seen.lln is not None:
        return Message.of("rules.use_lln", limit=seen.lln)
    return Message.of("rules.nothing")


def _value(value: FactValue) -> Message | str:
    if value is None:
        return Message.of("rules.blank")
    if isinstance(value, bool):
        return Message.of("rules.yes" if value else "rules.no")
    return str(value)


def _label(name: str, language: Language, scope: Scope) -> str:
    fact = scope.get(name)
    if fact is None:
        return name
    return (fact.label_zh if language == "zh" else fact.label_en) or name


def _missing(item: str, language: Language, scope: Scope) -> Message:
    name, _, what = item.partition(".")
    return Message.of(f"rules.missing_{what or 'value'}", name=_label(name, language, scope))
