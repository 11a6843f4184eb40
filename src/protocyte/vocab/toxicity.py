"""Toxicity scales over completions: what is unknown takes every value that the scale tells apart.

Each scale is a module with `decide(values) -> Finding`, written for complete values. This module reads
the inputs, completes what is unknown in every way, and says one grade where all completions agree.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol, cast

from protocyte.base import InputError
from protocyte.vocab.finding import Finding
from protocyte.vocab.grading import Graded, Part
from protocyte.vocab.inputs import Input, Value, inputs_of

MODULES = {
    "astct-crs": "crs",
    "astct-icans": "icans",
    "lee2014-crs": "lee2014",
    "icaht": "icaht",
    "tls": "tls",
    "iec-hs": "iec_hs",
    "gvhd": "gvhd",
}


class Scale(Protocol):
    """What a scale's module offers. `prepare` may mark as unknown what the scale needs and nobody gave."""

    def decide(self, values: Mapping[str, Any]) -> Finding: ...

    def impossible(self, values: Mapping[str, Any]) -> str | None: ...

    def prepare(self, values: dict[str, Value], listed: frozenset[str]) -> dict[str, Value]: ...


def grade_toxicity(scale: str, inputs: Mapping[str, object]) -> Graded:
    """Grade on a scale of `scales.toml`; see `protocyte.vocab.grading.grade`."""
    return _answer(scale, tuple(read_inputs(scale, inputs).items()))


def read_inputs(scale: str, inputs: Mapping[str, object]) -> dict[str, Value]:
    """Every declared input with its value: given, absent because nobody listed it, or None: not known."""
    declared = inputs_of(scale)
    for name in inputs:
        if name not in declared:
            raise InputError(f"{name}: not an input of {scale}, which takes {', '.join(declared)}")
    values: dict[str, Value] = {
        name: one.read(inputs[name]) if name in inputs else _absent(one) for name, one in declared.items()
    }
    return _module(scale).prepare(values, frozenset(inputs))


class _NotListed:
    """Marks an input without a value of its own for absence, until completion makes it None."""

    def __repr__(self) -> str:
        return "not listed"


NOT_LISTED: Any = _NotListed()


def _absent(one: Input) -> Value:
    return cast("Value", NOT_LISTED if one.absent is None else one.absent)


def _module(scale: str) -> Scale:
    return cast("Scale", importlib.import_module(f"protocyte.vocab.{MODULES[scale]}"))


@lru_cache(maxsize=8192)
def _answer(scale: str, items: tuple[tuple[str, Value], ...]) -> Graded:
    values = dict(items)
    module = _module(scale)
    axes = {name: _stand_ins(inputs_of(scale)[name], value) for name, value in values.items()}
    unknown = [name for name, options in axes.items() if len(options) > 1]
    findings: dict[tuple[int, ...], Finding] = {}
    refused = None
    for choice in itertools.product(*(range(len(axes[name])) for name in unknown)):
        picked = dict(zip(unknown, choice, strict=True))
        complete = {name: options[picked.get(name, 0)] for name, options in axes.items()}
        reason = module.impossible(complete)
        if reason is None:
            findings[choice] = module.decide(complete)
        else:
            refused = reason
    if not findings:
        raise InputError(refused or f"{scale}: nothing can be graded from these inputs")
    return _summary(scale, unknown, findings)


def _stand_ins(one: Input, value: Value) -> tuple[Value, ...]:
    if value is NOT_LISTED:
        return (None,)
    if value is None:
        return one.unknown
    if isinstance(value, tuple) and None in value:
        return tuple(_filled(value, one.unknown))
    return (value,)


def _filled(value: tuple[Decimal | None, ...], bands: tuple[Any, ...]) -> Iterator[tuple[Decimal, ...]]:
    """A list with unknown items: two of them take every band, the others the mildest.

    Two are enough because a scale asks a list for its lowest and its second-lowest value only.
    """
    known = tuple(item for item in value if item is not None)
    options = sorted({item for band in bands for item in band})
    for pick in itertools.product(options, repeat=min(2, value.count(None))):
        yield known + pick


def _summary(scale: str, unknown: list[str], findings: dict[tuple[int, ...], Finding]) -> Graded:
    answers = set(findings.values())
    if len({(one.grade, one.parts) for one in answers}) == 1:
        # Completions may reach one grade by different rules; the smallest name keeps the answer stable.
        one = min(answers, key=lambda finding: finding.rule)
        return Graded(scale=scale, grade=one.grade, rule=one.rule, parts=dict(one.parts))
    grades = {one.grade for one in answers}
    parts = _common_parts(answers)
    if len(grades) == 1 and grades != {None}:
        return Graded(scale=scale, grade=grades.pop(), rule=min(one.rule for one in answers), parts=parts)
    # Beside a grade, "nothing to grade" is the mildest answer: a reader who asks "at least 2?" needs it.
    possible = () if grades == {None} else tuple(sorted({one or 0 for one in grades}))
    missing = tuple(_missing(unknown, findings))
    return Graded(
        scale=scale, grade=None, possible=possible, missing=missing, rule=f"{scale}.undecided", parts=parts
    )


def _common_parts(answers: set[Finding]) -> dict[str, Part]:
    """The parts on which all completions agree; one on which they differ is said to be unknown."""
    every = [dict(one.parts) for one in answers]
    names = sorted(set().union(*every))
    found = {name: {parts.get(name) for parts in every} for name in names}
    return {
        name: cast("Part", next(iter(values))) if len(values) == 1 else "unknown"
        for name, values in found.items()
    }


def _missing(unknown: list[str], findings: dict[tuple[int, ...], Finding]) -> Iterator[str]:
    """The unknown inputs that matter: two completions differ in that input alone, and in their answer."""
    for index, name in enumerate(unknown):
        groups: dict[tuple[int, ...], set[tuple[object, object]]] = {}
        for choice, finding in findings.items():
            rest = choice[:index] + choice[index + 1 :]
            groups.setdefault(rest, set()).add((finding.grade, finding.parts))
        if any(len(answers) > 1 for answers in groups.values()):
            yield name
