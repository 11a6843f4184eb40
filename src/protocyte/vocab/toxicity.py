"""Toxicity scales over completions: what is unknown takes every value that the scale tells apart.

Each scale is a module of `BLOCKS` (organs, domains: inputs that speak of one thing), each judged by itself
from complete values, and `conclude`, which draws the grade from the judgements. This module reads the inputs,
completes every block in every way, and says one grade where all completions agree. Blocks keep that small:
the completions of a block are few, and so are the judgements they lead to.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, cast

from protocyte.vocab.finding import Block, Finding, Impossible
from protocyte.vocab.graded import Graded, Part
from protocyte.vocab.inputs import Input, Value, inputs_of
from protocyte.vocab.unusable import unusable

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

    @property
    def BLOCKS(self) -> tuple[Block, ...]: ...  # noqa: N802

    def conclude(self, *judgements: Any) -> Finding: ...

    def prepare(self, values: dict[str, Value], listed: frozenset[str]) -> dict[str, Value]: ...


def grade_toxicity(scale: str, inputs: Mapping[str, object]) -> Graded:
    """Grade on a scale of `scales.toml`; see `protocyte.vocab.grading.grade`."""
    return _answer(scale, tuple(read_inputs(scale, inputs).items()))


def read_inputs(scale: str, inputs: Mapping[str, object]) -> dict[str, Value]:
    """Every declared input with its value: given, absent because nobody listed it, or None: not known."""
    declared = inputs_of(scale)
    for name in inputs:
        if name not in declared:
            raise unusable("not-an-input", name=name, scale=scale, known=tuple(declared))
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


class _Judged(NamedTuple):
    """A block's judgement for each completion (one index for each unknown input)."""

    unknown: tuple[str, ...]
    found: Mapping[tuple[int, ...], Any]

    @property
    def judgements(self) -> list[Any]:
        return list(dict.fromkeys(self.found.values()))


@lru_cache(maxsize=8192)
def _answer(scale: str, items: tuple[tuple[str, Value], ...]) -> Graded:
    values, module = dict(items), _module(scale)
    blocks = tuple(_judged(scale, block, values) for block in module.BLOCKS)
    findings = {
        judgements: module.conclude(*judgements)
        for judgements in itertools.product(*(block.judgements for block in blocks))
    }
    return _summary(scale, blocks, findings)


def _judged(scale: str, block: Block, values: Mapping[str, Value]) -> _Judged:
    declared = inputs_of(scale)
    axes = {name: _stand_ins(declared[name], values[name]) for name in block.inputs}
    unknown = tuple(name for name, options in axes.items() if len(options) > 1)
    found, impossible = {}, ""
    for choice in itertools.product(*(range(len(axes[name])) for name in unknown)):
        picked = dict(zip(unknown, choice, strict=True))
        complete = {name: options[picked.get(name, 0)] for name, options in axes.items()}
        judgement = block.judge(complete)
        if isinstance(judgement, Impossible):
            impossible = judgement.sentence
        else:
            found[choice] = judgement
    if not found:
        raise unusable(impossible)
    return _Judged(unknown, found)


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


def _summary(scale: str, blocks: tuple[_Judged, ...], findings: dict[tuple[Any, ...], Finding]) -> Graded:
    answers = set(findings.values())
    grades, parts = {one.grade for one in answers}, _common_parts(answers)
    agreed = len({(one.grade, one.parts) for one in answers}) == 1
    if agreed or (len(grades) == 1 and grades != {None}):
        # Completions may reach one grade by different rules; the smallest name keeps the answer stable.
        return Graded(scale=scale, grade=grades.pop(), rule=min(one.rule for one in answers), parts=parts)
    # Beside a grade, "nothing to grade" is the mildest answer: a reader who asks "at least 2?" needs it.
    possible = () if grades == {None} else tuple(sorted({one or 0 for one in grades}))
    missing = tuple(_missing(blocks, findings))
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


def _missing(blocks: tuple[_Judged, ...], findings: dict[tuple[Any, ...], Finding]) -> Iterator[str]:
    """The unknown inputs that matter: two completions differ in that input alone, and in their answer."""
    for place, block in enumerate(blocks):
        apart = _told_apart(place, findings)
        for index, name in enumerate(block.unknown):
            groups: dict[tuple[int, ...], set[Any]] = {}
            for choice, judgement in block.found.items():
                groups.setdefault(choice[:index] + choice[index + 1 :], set()).add(judgement)
            pairs = (pair for group in groups.values() for pair in itertools.permutations(group, 2))
            if any(pair in apart for pair in pairs):
                yield name


def _told_apart(place: int, findings: dict[tuple[Any, ...], Finding]) -> set[tuple[Any, Any]]:
    """The pairs of judgements of one block that, all else equal, lead to different answers."""
    groups: dict[tuple[Any, ...], dict[Any, tuple[object, object]]] = {}
    for judgements, finding in findings.items():
        rest = judgements[:place] + judgements[place + 1 :]
        groups.setdefault(rest, {})[judgements[place]] = (finding.grade, finding.parts)
    return {
        (one, other)
        for answers in groups.values()
        for one, other in itertools.permutations(answers, 2)
        if answers[one] != answers[other]
    }
