"""A rule held against its scope: names, kinds, units, codes, windows.

What passes here can be evaluated; a unit that does not fit its quantity is found when the study is loaded,
not when the first subject is screened. Conditions that decide nothing are found by `sense.py`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from protocyte.base import Message, Place, Problem, find_unit
from protocyte.base.problem import Severity
from protocyte.base.units import Unit
from protocyte.rules.format import format_value
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
)
from protocyte.rules.places import shifted
from protocyte.rules.ranges import factor_between
from protocyte.rules.rule import Rule
from protocyte.rules.scope import Fact, Scope
from protocyte.rules.sense import senseless
from protocyte.rules.windows import calendar_months
from protocyte.rules.words import closest


def check(rule: Rule, scope: Scope, place: Place | None = None) -> tuple[Problem, ...]:
    """Everything about `rule` that cannot be meant, given what its names are.

    `place` is where the rule begins in its file, as for `parse_rule`.
    """
    checker = _Checker(rule, scope, place or Place())
    checker.condition(rule.body)
    if not checker.problems:  # a rule with a wrong unit is not worth asking for contradictions
        for sense in senseless(rule.body, scope):
            checker.say(sense.rule, sense.at, sense.severity, **sense.params)
    return tuple(checker.problems.values())


class _Type(NamedTuple):
    """What a value is: `kind` of a fact, or `multiple` (of ULN, LLN, baseline). `unit` where it has one."""

    kind: str
    unit: str = "1"
    fact: Fact | None = None


class _Checker:
    def __init__(self, rule: Rule, scope: Scope, place: Place) -> None:
        self.scope, self.place, self.source = scope, place, rule.source or rule.text
        self.problems: dict[tuple[str, int], Problem] = {}

    def say(self, rule: str, at: int, severity: Severity = "error", /, **params: object) -> None:
        """One problem a rule and place; the first to see it says it."""
        message = Message.of(f"rules.{rule}", **params)
        place = shifted(self.place, self.source, at)
        problem = Problem(severity=severity, rule=f"rules.{rule}", message=message, place=place)
        self.problems.setdefault((rule, at), problem)

    # CONDITIONS

    def condition(self, node: Condition) -> None:
        match node:
            case And() | Or():
                for part in node.parts:
                    self.condition(part)
            case Not():
                self.condition(node.part)
            case Unless():
                self.condition(node.body)
                self.condition(node.waiver)
            case Except():
                self.condition(node.body)
                self.condition(node.exemption)
            case Count():
                self.count(node)
            case _:
                self.test(node)

    def test(self, node: Holds | Compare | OneOf | Known | Change) -> None:
        match node:
            case Holds():
                self.holds(node)
            case Compare():
                self.compare(node)
            case OneOf():
                self.one_of(node)
            case Known():
                self.fact(node.fact)
            case Change():
                self.change(node)
        if node.window is not None:
            name = node.left if isinstance(node, (Compare, OneOf)) else node.fact
            self.window(node.window, name if isinstance(name, Name) else None)

    def fact(self, name: Name) -> Fact | None:
        fact = self.scope.get(name.name)
        if fact is None:
            hint = closest(name.name, self.scope)
            if hint:
                self.say("unknown_name_hint", name.at, name=name.name, hint=hint)
            else:
                self.say("unknown_name", name.at, name=name.name)
        return fact

    def holds(self, node: Holds) -> None:
        fact = self.fact(node.fact)
        if fact is None or fact.kind == "flag" or (fact.kind == "date" and node.window):
            return
        if fact.kind == "date":
            self.say("date_alone", node.at, name=fact.name)
        else:
            self.say("not_a_flag", node.at, name=fact.name, kind=_kind(fact.kind))

    def one_of(self, node: OneOf) -> None:
        fact = self.fact(node.left.fact if isinstance(node.left, Picked) else node.left)
        if isinstance(node.left, Picked):
            self.picked(node.left)
        if fact is None:
            return
        left = _Type(fact.kind, fact.unit, fact)
        for item in node.items:
            self.fits(left, item, "=")

    def change(self, node: Change) -> None:
        fact = self.fact(node.fact)
        reference = node.reference
        if isinstance(reference, Picked) or reference.name != "baseline":
            self.type_of(reference)
        if fact is None:
            return
        if fact.kind not in ("number", "quantity"):
            self.say("cannot_change", node.at, name=fact.name, kind=_kind(fact.kind))
        elif node.amount.quantity.unit != "%":
            self.fits(_Type(fact.kind, fact.unit, fact), node.amount, node.op)
        if node.amount.quantity.value < 0:
            self.say("negative_change", node.amount.at)

    def count(self, node: Count) -> None:
        test = node.test
        name = test.fact if isinstance(test, Holds) else test.left
        assert isinstance(name, Name)  # the grammar allows no other
        fact = self.scope.get(name.name)
        if isinstance(test, Holds):
            fact = self.fact(name)
        else:
            self.test(test)
        if fact is not None and not fact.series:
            self.say("not_a_series", name.at, name=fact.name)
        if node.counted == "at least" and node.number == 0:
            self.say("at_least_none", node.at)
        if node.number < 2 and (node.consecutive or node.apart):
            self.say("spacing_of_one", node.at)
        if node.apart is not None:
            self.span(node.apart)
        if node.window is not None:
            self.window(node.window, name)

    # WINDOWS

    def window(self, window: Window, of: Name | None) -> None:
        for anchor in (window.anchor, window.until):
            fact = self.fact(anchor) if anchor else None
            if fact is not None and fact.kind != "date":
                self.say("anchor_is_no_date", anchor.at if anchor else 0, name=fact.name)
        if window.span is not None:
            self.span(window.span)
        fact = self.scope.get(of.name) if of else None
        if of is not None and fact is not None and not fact.series and fact.kind != "date":
            self.say("not_a_series", of.at, name=fact.name)

    def span(self, value: Value) -> None:
        kind = self.type_of(value)
        if kind is None:
            return
        unit = find_unit(kind.unit)
        if kind.kind != "quantity" or unit is None or unit.dimension != "time":
            self.say("not_a_duration", value.at, text=format_value(value))
        elif isinstance(value, Amount):
            days = factor_between(unit.name, "d", None)
            assert days is not None  # both are durations
            whole = value.quantity.value * days
            near = abs(whole - whole.to_integral_value()) < Decimal("1e-9")
            if value.quantity.value < 0:
                self.say("negative_duration", value.at)
            elif calendar_months(value) is None and not near:
                self.say("not_whole_days", value.at, text=format_value(value))

    # VALUES

    def compare(self, node: Compare) -> None:
        left = self.type_of(node.left)
        if left is None:
            self.type_of(node.right)
            return
        if left.fact is None and isinstance(node.right, (Name, Picked)):  # `3 <= crs` reads as `crs >= 3`
            right = self.type_of(node.right)
            if right is not None:
                self.fits(right, node.left, node.op)
        else:
            self.fits(left, node.right, node.op)

    def type_of(self, node: Value) -> _Type | None:
        """What a value is; None when a problem with it has been said."""
        match node:
            case Name():
                fact = self.fact(node)
                return None if fact is None else _Type(fact.kind, fact.unit, fact)
            case Picked():
                fact = self.picked(node)
                return None if fact is None else _Type(fact.kind, fact.unit, fact)
            case Amount():
                unit = node.quantity.unit
                return _Type(
                    "multiple" if unit in ("ULN", "LLN") else "number" if unit == "1" else "quantity", unit
                )
            case Multiple():
                return self.multiple(node)
            case Day():
                return _Type("date")
            case Code():
                return _Type("code")
            case Best():
                return self.best(node)

    def picked(self, node: Picked) -> Fact | None:
        fact = self.fact(node.fact)
        if node.window is not None:
            self.window(node.window, node.fact)
        elif fact is not None and not fact.series:
            self.say("not_a_series", node.fact.at, name=fact.name)
        if fact is not None and node.how in ("highest", "lowest") and fact.kind not in ("number", "quantity"):
            self.say("no_highest", node.at, name=fact.name, kind=_kind(fact.kind), how=node.how)
        return fact

    def multiple(self, node: Multiple) -> _Type | None:
        if node.number <= 0:
            self.say("multiple_not_positive", node.at)
        if node.of.name == "baseline":
            return _Type("multiple", "baseline")
        fact = self.fact(node.of)
        if fact is None:
            return None
        if fact.kind not in ("number", "quantity"):
            self.say("cannot_multiply", node.at, name=fact.name, kind=_kind(fact.kind))
            return None
        return _Type(fact.kind, fact.unit, fact)

    def best(self, node: Best) -> _Type | None:
        types = [(value, self.type_of(value)) for value in node.values]
        known = [(value, kind) for value, kind in types if kind is not None]
        if len(known) < len(types):
            return None
        first = next((kind for _, kind in known if kind.kind != "multiple"), known[0][1])
        for value, kind in known:
            if not self.comparable(first, kind, value):
                return None
        return first

    def fits(self, left: _Type, right: Value, op: str) -> None:
        """Whether `left op right` can be asked."""
        if isinstance(right, Best):
            for value in right.values:
                self.fits(left, value, op)
            return
        if left.kind == "flag":
            name = left.fact.name if left.fact else ""
            self.say("flag_compared", right.at, name=name)
            return
        kind = self.type_of(right)
        if kind is not None and self.comparable(left, kind, right):
            self.code(left, right, op)

    def code(self, left: _Type, right: Value, op: str) -> None:
        if left.kind not in ("code", "text") or left.fact is None:
            return
        if op not in ("=", "!="):
            self.say("codes_have_no_order", right.at, name=left.fact.name)
        elif isinstance(right, Code) and left.fact.codes and right.text not in left.fact.codes:
            hint = closest(right.text, left.fact.codes)
            known = left.fact.codes[:12]
            if hint:
                self.say("unknown_code_hint", right.at, code=right.text, name=left.fact.name, hint=hint)
            else:
                self.say("unknown_code", right.at, code=right.text, name=left.fact.name, codes=known)

    def comparable(self, left: _Type, right: _Type, node: Value) -> bool:
        """Says why not, at `node`, which is of the type `right`."""
        name = left.fact.name if left.fact else left.unit
        worded = {"code", "text"}
        if right.kind == "multiple" or left.kind == "multiple":
            other = left if right.kind == "multiple" else right
            if other.kind == "multiple":
                return left.unit == right.unit or self._refuse("kinds_differ", node, name, left, right)
            if other.kind == "quantity" or (other.kind == "number" and "baseline" in (left.unit, right.unit)):
                return True
            return self._refuse("kinds_differ", node, name, left, right)
        if left.kind in worded and right.kind in worded:
            return True
        if {left.kind, right.kind} == {"number", "quantity"}:
            if left.kind == "quantity":
                self.say("unit_missing", node.at, name=name, unit=left.unit)
            else:
                self.say("unit_not_wanted", node.at, name=name, unit=right.unit)
            return False
        if left.kind != right.kind:
            return self._refuse("kinds_differ", node, name, left, right)
        analyte = left.fact.analyte if left.fact else right.fact.analyte if right.fact else None
        if left.kind != "quantity" or factor_between(right.unit, left.unit, analyte) is not None:
            return True
        self.unit_mismatch(left, right, node)
        return False

    def _refuse(self, rule: str, node: Value, name: str, left: _Type, right: _Type) -> bool:
        self.say(rule, node.at, name=name, left=_kind(left.kind), right=_kind(right.kind))
        return False

    def unit_mismatch(self, left: _Type, right: _Type, node: Value) -> None:
        """`creatinine_clearance < 220 umol/L`: name what is measured so, for that is what was meant."""
        name = left.fact.name if left.fact else left.unit
        written, wanted = find_unit(right.unit), find_unit(left.unit)
        assert written is not None
        assert wanted is not None
        if wanted.dimension.startswith("clearance") and written.dimension.endswith("_concentration"):
            self.say("clearance_unit", node.at, name=name, unit=left.unit, written=right.unit)
            return
        meant = self.measured_in(written, name)
        if meant:
            self.say("unit_mismatch_hint", node.at, name=name, unit=left.unit, written=right.unit, hint=meant)
        else:
            self.say("unit_mismatch", node.at, name=name, unit=left.unit, written=right.unit)

    def measured_in(self, unit: Unit, name: str) -> str | None:
        """A fact measured in such a unit whose name shares a word with `name`."""
        words = set(name.split("_"))
        for other in sorted(self.scope):
            fact = self.scope[other]
            fits = fact.kind == "quantity" and factor_between(unit.name, fact.unit, fact.analyte) is not None
            if fits and words & set(other.split("_")):
                return other
        return None


def _kind(kind: str) -> Message:
    return Message.of(f"rules.kind_{kind}")
