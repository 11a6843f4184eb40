"""Each kind of test as a function of a subject's facts: its state, what it used, what is missing."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import TypeAlias

from protocyte.base import Measured, PartialDate, Quantity
from protocyte.rules.facts import Facts, Observation, Observations
from protocyte.rules.nodes import (
    Amount,
    Best,
    Change,
    Code,
    Compare,
    Comparison,
    Count,
    Holds,
    Known,
    Name,
    OneOf,
    Picked,
    Value,
)
from protocyte.rules.ranges import Range, divided, holds, in_unit, minus, point, range_of
from protocyte.rules.scope import Scope
from protocyte.rules.values import (
    Found,
    Series,
    analyte_of,
    scale_for,
    series_of,
    single_day,
    value_reader,
)
from protocyte.rules.verdict import Use
from protocyte.rules.windows import FAR, Seen, days_made, days_of

State: TypeAlias = "bool | None"
Result: TypeAlias = "tuple[State, tuple[Use, ...], tuple[str, ...]]"
Leaf: TypeAlias = Callable[[Facts], Result]
# One observation judged: the state, other observations used for it, what is missing.
Judge: TypeAlias = Callable[[Facts, Observation], Result]


def compile_test(node: Holds | Compare | OneOf | Known | Change | Count, scope: Scope) -> Leaf:
    """The function of one test."""
    match node:
        case Holds():
            return _holds(node, scope)
        case Compare():
            return _compare(node.left, node.op, node.right, node, scope)
        case OneOf():
            return _latest(_series(node.left, node.window, scope), _one_of_judge(node, scope), node.negated)
        case Known():
            return _known(node, scope)
        case Change():
            series = series_of(node.fact.name, "last", node.window, scope)
            return _latest(series, _change_judge(node, scope), None)
        case Count():
            return _count(node, scope)


def _series(left: Name | Picked, window: object, scope: Scope) -> Series:
    if isinstance(left, Picked):
        return series_of(left.fact.name, left.how, left.window, scope)
    return series_of(left.name, "last", window, scope)  # type: ignore[arg-type]


# ONE OBSERVATION OF A SERIES: THE LATEST


def _latest(series: Series, judge: Judge, if_none: State) -> Leaf:
    """The judge's state of the last (or first) observation; `if_none` where it is attested there is none."""
    name = series.name

    def leaf(facts: Facts) -> Result:
        alone = series.alone(facts)
        if alone is not None:
            state, used, missing = judge(facts, alone)
            return state, (Use(name, alone), *used), missing
        found = series.find(facts)
        return _merged(facts, name, found, judge, if_none)

    return leaf


def _merged(facts: Facts, name: str, found: Found, judge: Judge, if_none: State) -> Result:
    """Every observation that may be the one must agree; otherwise the state is unknown."""
    states: set[State] = set()
    used: list[Use] = []
    missing: list[str] = list(found.missing)
    for item in found.candidates:
        state, others, lacking = judge(facts, item.observation)
        states.add(state)
        used += [Use(name, item.observation), *others]
        missing += lacking
    if not found.certain:
        states.add(if_none if found.none_attested else None)
    state = states.pop() if len(states) == 1 else None
    if state is None and not missing:
        missing.append(f"{name}.date" if found.certain else name)
    return state, tuple(used), tuple(missing)


# FLAGS AND DATES


def _holds(node: Holds, scope: Scope) -> Leaf:
    name = node.fact.name
    fact = scope.get(name)
    flag = _latest(series_of(name, "last", node.window, scope), _flag_judge(name), False)
    if node.window is None or (fact is not None and fact.kind != "date"):
        return flag
    window = series_of(name, "last", node.window, scope)

    def day_in_window(facts: Facts) -> Result:
        seen = single_day(facts, name)
        if seen is None:
            return flag(facts) if fact is None else (None, (), (name,))
        bounds = window.bounds(facts)
        used = (Use(name, seen.observation),)
        if bounds.lo_in <= seen.first and seen.last <= bounds.hi_in:
            return True, used, ()
        if seen.last < bounds.lo_out or seen.first > bounds.hi_out:
            return False, used, ()
        return None, used, bounds.missing or (f"{name}.date",)

    return day_in_window


def _flag_judge(name: str) -> Judge:
    missing = (None, (), (name,))

    def judge(facts: Facts, observation: Observation) -> Result:
        value = observation.value
        if value is True:
            return True, (), ()
        return (False, (), ()) if value is False else missing

    return judge


def _known(node: Known, scope: Scope) -> Leaf:
    series = series_of(node.fact.name, "last", node.window, scope)

    def judge(facts: Facts, observation: Observation) -> Result:
        return (observation.value is not None) is node.known, (), ()

    def leaf(facts: Facts) -> Result:
        found = series.find(facts)
        if not found.candidates and not found.missing_window:
            # A quantity that nobody measured is not known, whatever is attested; a count or flag of none is.
            counts_as_known = found.none_attested and series.none_is_known
            return counts_as_known is node.known, (), ()
        return _merged(facts, series.name, found, judge, not node.known)

    return leaf


# COMPARISONS


def _compare(left: Value, op: Comparison, right: Value, node: Compare, scope: Scope) -> Leaf:
    """`x <= min(a, b)` is `x <= a and x <= b`: so each part may be a multiple of something else."""
    if isinstance(right, Best):
        parts = [_compare(left, op, value, node, scope) for value in right.values]
        return _combined(parts, every=(right.which == "min") is (op in ("<", "<=")))
    if isinstance(left, Best):
        parts = [_compare(value, op, right, node, scope) for value in left.values]
        return _combined(parts, every=(left.which == "min") is (op in (">", ">=")))
    if isinstance(left, Name) or (isinstance(left, Picked) and left.how in ("last", "first")):
        series = _series(left, node.window, scope)
        return _compare_series(series, op, right, scope)
    return _compare_values(left, op, right, scope)


def _combined(parts: list[Leaf], every: bool) -> Leaf:
    def leaf(facts: Facts) -> Result:
        results = [part(facts) for part in parts]
        states = [state for state, _, _ in results]
        outcome = (not every) if (not every) in states else None if None in states else every
        told = [result for result in results if result[0] is outcome]
        used = dict.fromkeys(use for _, uses, _ in told for use in uses)
        return outcome, tuple(used), tuple(dict.fromkeys(item for _, _, lacks in told for item in lacks))

    return leaf


def _compare_series(series: Series, op: Comparison, right: Value, scope: Scope) -> Leaf:
    judge = _compare_judge(series.name, op, right, scope)
    if isinstance(right, Code):
        return _latest(series, judge, op == "!=")
    plain = _latest(series, judge, None)
    if not series.none_is_zero:
        return plain
    zero = Observation(Decimal(0))

    def leaf(facts: Facts) -> Result:
        state, used, missing = plain(facts)
        if used or state is not None or not series.find(facts).none_attested:
            return state, used, missing
        state, others, missing = judge(facts, zero)  # attested that there was none: a grade or count of zero
        return state, others, missing

    return leaf


def _compare_judge(name: str, op: Comparison, right: Value, scope: Scope) -> Judge:
    if isinstance(right, Code):
        return _code_judge(name, (right.text,), negated=op == "!=")
    general = _range_judge(name, op, right, scope)
    if isinstance(right, Amount) and right.quantity.unit not in ("ULN", "LLN"):
        return _fast_judge(op, right.quantity, general, name in scope and scope[name].kind == "number")
    return general


_OPERATORS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


def _fast_judge(op: Comparison, threshold: Quantity, general: Judge, plain_number: bool) -> Judge:
    """Same unit, exact value: one comparison. Everything else goes the general way, with the same answer."""
    compare, limit, unit = _OPERATORS[op], threshold.value, threshold.unit
    met: Result = (True, (), ())
    not_met: Result = (False, (), ())

    def judge(facts: Facts, observation: Observation) -> Result:
        value = observation.value
        kind = type(value)
        if kind is Measured or kind is Quantity:
            if value.unit == unit and not getattr(value, "bound", ""):  # type: ignore[union-attr]
                return met if compare(value.value, limit) else not_met  # type: ignore[union-attr]
        elif plain_number and unit == "1" and (kind is int or kind is Decimal):
            return met if compare(value, limit) else not_met  # type: ignore[arg-type]
        return general(facts, observation)

    return judge


def _range_judge(name: str, op: Comparison, right: Value, scope: Scope) -> Judge:
    scale, reader = scale_for(name, right, scope), value_reader(right, scope)
    analyte = analyte_of(name, scope)

    def judge(facts: Facts, observation: Observation) -> Result:
        return _held(scale(facts, observation), op, reader(facts), name, analyte)

    return judge


Read: TypeAlias = "tuple[Range | None, tuple[Use, ...], tuple[str, ...]]"


def _held(value: Read, op: Comparison, limit: Read, name: str, analyte: str | None) -> Result:
    """Whether the value stands in this relation to the limit, both as read: range, what was used, what is missing."""
    (one, used, missing), (other, other_used, other_missing) = value, limit
    used, missing = used + other_used, missing + other_missing
    if one is None or other is None:
        return None, used, missing or (name,)
    here = in_unit(other, one.unit, analyte)
    if here is None:
        return None, used, (f"{name}.unit",)
    return holds(one, op, here), used, missing or (f"{name}.bound",)


def _compare_values(left: Value, op: Comparison, right: Value, scope: Scope) -> Leaf:
    """Neither side is one observation: the highest of a series, or a constant."""
    if isinstance(left, Picked) and isinstance(right, Code):
        return lambda facts: (None, (), (f"{left.fact.name}.unit",))
    name = left.fact.name if isinstance(left, Picked) else ""
    left_reader = value_reader(left, scope, like=right)
    right_reader = value_reader(right, scope)
    analyte = analyte_of(name, scope)

    def leaf(facts: Facts) -> Result:
        return _held(left_reader(facts), op, right_reader(facts), name, analyte)

    return leaf


# CODE LISTS


def _code_judge(name: str, codes: tuple[str, ...], negated: bool) -> Judge:
    inside: Result = (not negated, (), ())
    outside: Result = (negated, (), ())
    unknown: Result = (None, (), (name,))

    def judge(facts: Facts, observation: Observation) -> Result:
        value = observation.value
        if isinstance(value, str):
            return inside if value in codes else outside
        return unknown

    return judge


def _one_of_judge(node: OneOf, scope: Scope) -> Judge:
    name = node.left.fact.name if isinstance(node.left, Picked) else node.left.name
    by_code = _code_judge(name, tuple(i.text for i in node.items if isinstance(i, Code)), node.negated)
    numbers = [_compare_judge(name, "=", i, scope) for i in node.items if isinstance(i, Amount)]
    if not numbers:
        return by_code

    def judge(facts: Facts, observation: Observation) -> Result:
        if observation.value is None or isinstance(observation.value, str):
            return by_code(facts, observation)
        states = [number(facts, observation)[0] for number in numbers]
        if True in states:
            return not node.negated, (), ()
        return (None, (), (name,)) if None in states else (node.negated, (), ())

    return judge


# CHANGE FROM A REFERENCE


def _change_judge(node: Change, scope: Scope) -> Judge:
    """Per cent is relative to the reference, for amounts never negative; other units are absolute."""
    name = node.fact.name
    fact = scope.get(name)
    unit = fact.unit if fact else "1"
    analyte = analyte_of(name, scope)
    reader = _reference_reader(node, scope, unit)
    amount = node.amount.quantity
    relative = amount.unit == "%"
    limit = point(amount.value / 100 if relative else amount.value, "1" if relative else amount.unit)
    falls = node.direction == "decreased"

    def judge(facts: Facts, observation: Observation) -> Result:
        reference, used, missing = reader(facts)
        value = range_of(observation.value, unit)
        if value is None or reference is None:
            return None, used, (*missing, *((name,) if value is None else ()))
        here = in_unit(reference, value.unit, analyte)
        if here is None:
            return None, used, (f"{name}.unit",)
        change = _relative_change(value, here, falls) if relative else _change(value, here, falls)
        change = None if change is None else in_unit(change, limit.unit, analyte)
        if change is None:
            return None, used, missing or (f"{name}.baseline",)
        return holds(change, node.op, limit), used, missing or (f"{name}.bound",)

    return judge


def _change(value: Range, reference: Range, falls: bool) -> Range:
    return minus(reference, value) if falls else minus(value, reference)


def _relative_change(value: Range, reference: Range, falls: bool) -> Range | None:
    ratio = divided(value, reference, "1")
    if ratio is None:
        return None
    one = point(Decimal(1), "1")
    return minus(one, ratio) if falls else minus(ratio, one)


def _reference_reader(
    node: Change, scope: Scope, unit: str
) -> Callable[[Facts], tuple[Range | None, tuple[Use, ...], tuple[str, ...]]]:
    if isinstance(node.reference, Picked) or node.reference.name != "baseline":
        return value_reader(node.reference, scope)
    name = node.fact.name

    def reader(facts: Facts) -> tuple[Range | None, tuple[Use, ...], tuple[str, ...]]:
        baseline = facts.baseline(name)
        value = None if baseline is None else range_of(baseline.value, unit)
        used = () if baseline is None else (Use(name, baseline),)
        return value, used, () if value is not None else (f"{name}.baseline",)

    return reader


# COUNTS


def _count(node: Count, scope: Scope) -> Leaf:
    """How many may pass lies between a certain `low` and a possible `high`; the comparison follows."""
    test = node.test
    left = test.fact if isinstance(test, Holds) else test.left
    assert isinstance(left, Name)  # the grammar counts observations of one plain fact
    name = left.name
    series = series_of(name, "last", node.window, scope)
    judge = _count_judge(node, name, scope)
    gap_reader = value_reader(node.apart, scope) if node.apart else None

    def leaf(facts: Facts) -> Result:
        observed, bounds, seen = series.look(facts)
        judged = [(item, *judge(facts, item.observation)) for item in seen]
        gap = None
        lacking: list[str] = []
        if gap_reader is not None:
            hours, _, gap_missing = gap_reader(facts)
            gap = days_of(None if hours is None else in_unit(hours, "h", None), ROUND_CEILING)
            lacking += gap_missing
        low, high = _between([(item, state) for item, state, _, _ in judged], gap, node.consecutive)
        unattested = series.unattested(facts, observed, bounds)
        state = _decided(node, low, None if unattested else high)
        passing = [entry for entry in judged if entry[1] is not False]
        used = tuple(
            use
            for item, _, others, _ in (passing or judged)
            for use in (Use(name, item.observation), *others)
        )
        if state is not None:
            # None in the window: what was told last says so, be it a denial or an event long ago.
            return state, used or _told_last(name, observed, facts), ()
        for item, one, _, missing in passing:
            lacking += missing if one is None else ()
            lacking += () if item.sure else (bounds.missing or (f"{name}.date",))
        lacking += (unattested,) if unattested else ()
        return None, used, tuple(dict.fromkeys([*lacking, *bounds.missing])) or (f"{name}.date",)

    return leaf


def _told_last(name: str, observed: Observations, facts: Facts) -> tuple[Use, ...]:
    """What had been observed last by the as-of day, in a window or not."""
    cut = FAR if facts.as_of is None else facts.as_of.toordinal()
    for item in reversed(observed.items):
        if days_made(item)[0] <= cut:
            return (Use(name, item),)
    return ()


def _count_judge(node: Count, name: str, scope: Scope) -> Judge:
    match node.test:
        case Compare():
            return _compare_any(name, node.test, scope)
        case OneOf():
            return _one_of_judge(node.test, scope)
        case _:
            return _occurred_judge(name)


def _compare_any(name: str, test: Compare, scope: Scope) -> Judge:
    if not isinstance(test.right, Best):
        return _compare_judge(name, test.op, test.right, scope)
    judges = [_compare_judge(name, test.op, value, scope) for value in test.right.values]
    every = (test.right.which == "min") is (test.op in ("<", "<="))

    def judge(facts: Facts, observation: Observation) -> Result:
        results = [one(facts, observation) for one in judges]
        states = [state for state, _, _ in results]
        outcome = (not every) if (not every) in states else None if None in states else every
        told = [result for result in results if result[0] is outcome]
        return outcome, tuple(u for r in told for u in r[1]), tuple(m for r in told for m in r[2])

    return judge


def _occurred_judge(name: str) -> Judge:
    """`any crs`: a flag that is true, a number above zero, a code, text or date that is there."""
    zero = point(Decimal(0), "1")

    def judge(facts: Facts, observation: Observation) -> Result:
        value = observation.value
        if value is None:
            return None, (), (name,)
        if isinstance(value, bool):
            return value, (), ()
        if isinstance(value, (str, date, PartialDate)):
            return True, (), ()
        number = range_of(value)
        assert number is not None  # every other kind of value is a number
        return holds(number._replace(unit="1"), ">", zero), (), (f"{name}.bound",)

    return judge


def _between(
    judged: list[tuple[Seen, State]], gap: tuple[int, int] | None, consecutive: bool
) -> tuple[int, int]:
    """The fewest and the most observations that may count."""
    certain = sum(1 for item, state in judged if item.sure and state is True)
    possible = sum(1 for _, state in judged if state is not False)
    if gap is None and not consecutive:
        return certain, possible
    if any(item.first != item.last for item, _ in judged):
        return min(certain, 1), possible  # the order of vague dates is open; spacing cannot be shown
    ordered = sorted(judged, key=lambda entry: entry[0].first)
    shortest, longest = gap or (0, 0)
    low = _longest_run(ordered, longest, consecutive, hopeful=False)
    return low, _longest_run(ordered, shortest, consecutive, hopeful=True)


def _longest_run(ordered: list[tuple[Seen, State]], gap: int, consecutive: bool, hopeful: bool) -> int:
    """Observations passing at least `gap` days apart, without one that fails between them if `consecutive`.

    Taking each as early as the gap allows gives the most that fit (interval scheduling).
    """
    most = count = 0
    last: int | None = None
    for item, state in ordered:
        passes = state is not False if hopeful else item.sure and state is True
        if passes:
            if last is None or item.first - last >= gap:
                count, last = count + 1, item.first
                most = max(most, count)
        elif consecutive and (item.sure or not hopeful):
            count, last = 0, None
    return most


def _decided(node: Count, low: int, high: int | None) -> State:
    """`high` None: nobody attests that there were no more."""
    number = node.number
    if node.counted in ("any", "at least"):
        return True if low >= number else False if high is not None and high < number else None
    if node.counted in ("no", "at most"):
        return False if low > number else True if high is not None and high <= number else None
    if low > number or (high is not None and high < number):
        return False
    return True if low == high else None
