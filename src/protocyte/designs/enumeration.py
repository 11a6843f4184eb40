"""Every way a design can end, once, for all truths.

The probability of a final state is `coefficient x prod over levels of p^y (1 - p)^(n - y)`, and the
coefficient (the number of histories that end there, each weighed by its binomial factors) does not know
the truth. Histories that agree on counts, level and memory are merged cohort by cohort: a BOIN of ten
cohorts of three at five levels has 282,586 histories but 6,564 final states.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import count
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protocyte.base import InputError
from protocyte.designs.design import Design
from protocyte.designs.rows import Decisions, Floats, Ints, Rows
from protocyte.designs.wrong import wrong

MAX_STATES = 6_000_000
_MAX_CHILDREN = 20_000_000  # before equal ones are merged: about a gigabyte
_CHUNK = 4_000_000  # numbers held at once when many truths are pushed through: 32 MB


@dataclass(frozen=True)
class Enumeration:
    """The `S` final states of a design: counts `n`, `y` (S, K), the recommended level (S,), why (S,), and
    the coefficient (S,). States are ordered by the recommended level. `merged` counts all states met."""

    n: Ints
    y: Ints
    selected: Ints
    why: Ints
    coefficient: Floats
    merged: int

    @property
    def levels(self) -> int:
        return int(self.n.shape[1])

    @property
    def histories(self) -> int:
        return len(self.coefficient)

    @cached_property
    def _exponents(self) -> Floats:
        return np.concatenate([self.y, self.n - self.y], axis=1).astype(float)

    @cached_property
    def _treated(self) -> Floats:
        return self.n.astype(float)

    @cached_property
    def _edges(self) -> tuple[Ints, Ints]:
        """Where each recommended level begins among the ordered states, and which levels occur."""
        levels, begins = np.unique(self.selected, return_index=True)
        return begins.astype(np.int64), levels.astype(np.int64)

    def probabilities(self, truth: Floats) -> Floats:
        """The probability of each final state: (S,) for a truth (K,), (S, R) for truths (R, K)."""
        p = np.clip(truth, 0.0, 1.0)
        # A probability of 0 or 1 is kept just inside, so that 0 x log 0 is 0; the error is below 1e-290.
        logs = np.log(np.maximum(np.concatenate([p, 1.0 - p], axis=-1), 1e-300))
        weights: Floats = self._exponents @ logs.T
        np.exp(weights, out=weights)
        weights *= self.coefficient if truth.ndim == 1 else self.coefficient[:, None]
        return weights

    def summarise(self, truth: Floats) -> tuple[Floats, Floats]:
        """Selection (..., K + 1), level 0 first, and mean treated (..., K) for truths (K,) or (R, K)."""
        if truth.ndim == 1:
            weights = self.probabilities(truth)
            return self._by_selection(weights), weights @ self._treated
        chunk = max(1, _CHUNK // max(len(self.coefficient), 1))
        parts = [self.summarise_block(truth[i : i + chunk]) for i in range(0, len(truth), chunk)]
        return np.concatenate([a for a, _ in parts]), np.concatenate([b for _, b in parts])

    def summarise_block(self, truth: Floats) -> tuple[Floats, Floats]:
        weights = self.probabilities(truth)
        return self._by_selection(weights).T, weights.T @ self._treated

    def _by_selection(self, weights: Floats) -> Floats:
        begins, levels = self._edges
        out = np.zeros((self.levels + 1, *weights.shape[1:]))
        out[levels] = np.add.reduceat(weights, begins, axis=0)
        return out


def enumerate_design(design: Design, max_states: int = MAX_STATES) -> Enumeration:
    """All final states of `design`; kept for the next call. Raises `InputError` where there are too many."""
    return _enumerate(design, max_states)


@lru_cache(maxsize=16)
def _enumerate(design: Design, max_states: int) -> Enumeration:
    return build(design, max_states)


def build(design: Design, max_states: int = MAX_STATES) -> Enumeration:
    """As `enumerate_design`, without the memory of earlier calls."""
    ends: list[tuple[Rows, Decisions, Floats]] = []
    merged = 0
    for cohorts, (rows, out, coefficient) in enumerate(layers(design)):
        merged += len(rows)
        if merged > min(max_states, design.most_states):
            raise _too_large(design, merged, cohorts)
        over = out.next == 0
        if over.all():
            ends.append((rows, out, coefficient))
        elif over.any():
            ends.append((rows.take(over), _take(out, over), coefficient[over]))
    return _finish(_Keys(design), ends, merged)


def layers(design: Design) -> Iterator[tuple[Rows, Decisions, Floats]]:
    """Cohort by cohort: the merged tallies, what the design decides on each, and their coefficients.

    The probability of a tally is its coefficient times `prod p^y (1 - p)^(n - y)`.
    """
    keys = _Keys(design)
    zeros = np.zeros((1, design.size_of()), dtype=np.int16)  # small numbers, moved about in bulk
    rows = Rows(np.zeros(1, np.int64), zeros, zeros, np.zeros((1, design.memory_size), dtype=np.int64))
    coefficient = np.ones(1)
    for cohorts in count():
        out = design.decide(rows)
        yield rows, out, coefficient
        over = out.next == 0
        if over.all():
            return
        if over.any():
            rows, out, coefficient = rows.take(~over), _take(out, ~over), coefficient[~over]
        children = int(out.size.sum()) + len(rows)
        if children > _MAX_CHILDREN:
            raise _too_large(design, children, cohorts + 1)
        rows, coefficient = _next_layer(design, keys, rows, out, coefficient)


def _next_layer(
    design: Design, keys: _Keys, rows: Rows, out: Decisions, coefficient: Floats
) -> tuple[Rows, Floats]:
    """Treat the decided cohort with every possible number of DLTs, and merge equal results."""
    base = keys.of(rows.n, rows.y)
    base += out.next.astype(np.uint64) * keys.level
    parents, cohorts, memories, key_parts, weight_parts = [], [], [], [], []
    for size in np.unique(out.size).tolist():
        parent = np.flatnonzero(out.size == size).astype(np.int32)
        some = slice(None) if len(parent) == len(rows) else parent
        plain, weight, at = rows.take(some), coefficient[some], out.next[some] - 1
        grown_n, one_dlt = base[some] + size * keys.n[at], keys.y[at]
        for dlts in range(size + 1):
            key = grown_n + dlts * one_dlt
            memory = design.remember(plain, size, dlts)
            if design.memory_size:
                key = key + memory @ keys.memory
            parents.append(parent)
            cohorts.append((size, dlts))
            memories.append(memory)
            key_parts.append(key)
            weight_parts.append(weight * comb(size, dlts))
    first, starts, order = _merge(np.concatenate(key_parts))
    merged = np.add.reduceat(np.concatenate(weight_parts)[order], starts)

    origin, memory = np.concatenate(parents), np.concatenate(memories)
    piece = np.repeat(np.arange(len(parents), dtype=np.int16), [len(parent) for parent in parents])
    sizes, dlt_counts = np.array(cohorts, dtype=np.int16).T

    def grown(index: Any) -> Rows:
        parent, part = origin[index], piece[index]
        level = out.next[parent]
        n, y = rows.n.take(parent, axis=0), rows.y.take(parent, axis=0)
        at = np.arange(len(n)), level - 1
        n[at] += sizes[part]
        y[at] += dlt_counts[part]
        return Rows(level, n, y, memory[index])

    if not keys.exact:
        _refuse_collision(grown(order), grown(first), starts)
    return grown(first), merged


def _merge(key: NDArray[np.uint64]) -> tuple[Ints, Ints, Ints]:
    """(one index of each group, where each group starts in `order`, the sorting order)."""
    order = np.argsort(key)
    ordered = key[order]
    new = np.empty(len(key), dtype=bool)
    new[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    starts = np.flatnonzero(new)
    return order[starts], starts, order


class _Keys:
    """One 64-bit number a state, linear in its counts, so that a child's follows from its parent's.

    Where the counts fit, the number is the state written in a mixed radix and equal numbers are equal
    states. Where they do not, fixed random multipliers are used and every merge is verified.
    """

    def __init__(self, design: Design) -> None:
        levels, radix = design.size_of(), design.largest_count() + 1
        self.radix = radix
        digits = 2 * levels
        tail = (levels + 1) * 64**design.memory_size * 64
        self.exact = radix**digits * tail < 2**63
        if self.exact:
            powers = [radix**i for i in range(digits)]
            top = radix**digits
            level, memory = top, [top * (levels + 1) * 64**i for i in range(design.memory_size)]
            self.last = np.uint64(top * (levels + 1))
        else:
            draw = np.random.Generator(np.random.PCG64(20050311))  # any fixed odd numbers will do
            odd = (draw.integers(0, 2**62, digits + design.memory_size + 2, dtype=np.uint64) * 2 + 1).tolist()
            powers, level, memory = odd[:digits], odd[digits], odd[digits + 1 : -1]
            self.last = np.uint64(odd[-1])
        self.n = np.array(powers[:levels], dtype=np.uint64)
        self.y = np.array(powers[levels:], dtype=np.uint64)
        self.level = np.uint64(level)
        self.memory = np.array(memory, dtype=np.uint64)

    def of(self, n: Ints, y: Ints) -> NDArray[np.uint64]:
        return n.astype(np.uint64) @ self.n + y.astype(np.uint64) @ self.y


def _finish(keys: _Keys, ends: list[tuple[Rows, Decisions, Floats]], merged: int) -> Enumeration:
    n = np.concatenate([rows.n for rows, _, _ in ends])
    y = np.concatenate([rows.y for rows, _, _ in ends])
    selected = np.concatenate([out.selected for _, out, _ in ends])
    why = np.concatenate([out.why for _, out, _ in ends])
    weight = np.concatenate([coefficient for _, _, coefficient in ends])
    key = keys.of(n, y) + selected.astype(np.uint64) * keys.level + why.astype(np.uint64) * keys.last
    if keys.exact and int(n.max()) >= keys.radix:
        raise ArithmeticError("a level has more subjects than the design said it could have")
    first, starts, order = _merge(key)
    if not keys.exact:
        rows = Rows(selected, n, y, why[:, None])
        _refuse_collision(rows.take(order), rows.take(first), starts)
    weight = np.add.reduceat(weight[order], starts)
    by_level = np.argsort(selected[first].astype(np.int16), kind="stable")
    ends_at = first[by_level]
    counts = n.take(ends_at, axis=0), y.take(ends_at, axis=0)
    return Enumeration(*counts, selected[ends_at], why[ends_at], weight[by_level], merged)


def _take(out: Decisions, index: Any) -> Decisions:
    return Decisions(out.next[index], out.size[index], out.selected[index], out.why[index])


def _refuse_collision(members: Rows, heads: Rows, starts: Ints) -> None:
    """Two different states under one number would silently be added up; odds near 1e-9, never ignored."""
    group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(members))))
    same = all(
        np.array_equal(a, b[group])
        for a, b in (
            (members.n, heads.n),
            (members.y, heads.y),
            (members.level, heads.level),
            (members.memory, heads.memory),
        )
    )
    if not same:
        raise ArithmeticError("two states share a key; choose other multipliers")


def _too_large(design: Design, states: int, cohorts: int) -> InputError:
    return wrong("too_large", design=design.design, states=states, cohorts=cohorts)
