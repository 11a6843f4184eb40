"""Non-compartmental analysis of one profile: what was measured, areas, phases, and what cannot be said.

Definitions in docs/reference/statistics.md. Two choices differ on purpose from PKNCA, whose results are
the reference for all the rest:

* a profile whose first sample comes after time zero starts at (0, 0) instead of having no area, and says
  so (`start_assumed`): nothing is there before it is given;
* a profile without a quantified value has no Cmax, Clast or area instead of zeros: below is not zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isnan, nan
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from protocyte.base import InputError, Message
from protocyte.stats.area import AreaMethod, area, area_to, first_moment
from protocyte.stats.arrays import Floats
from protocyte.stats.detection import BLQRule, State, checked_sampling, classify, find_rule
from protocyte.stats.phase import Phase, best_tail, fixed_window, not_estimable, predicted

Tail = Literal["last", "all", "extrapolated"]

NOTHING_QUANTIFIED = Message.of("stats.nothing_quantified")
NO_GROWTH_SEEN = Message.of("stats.first_value_is_peak")


@dataclass(frozen=True, slots=True)
class WindowArea:
    """The area from 0 to `end`, interpolated there. `partial` is the area to `covered_to`, where the samples
    stopped; `value` equals it if that reaches the end and is NaN, with `problem`, if not (or goes on along
    the terminal phase, where that was asked for).
    """

    end: float
    value: float
    partial: float
    covered_to: float
    problem: Message | None = None


@dataclass(frozen=True, slots=True)
class Kinetics:
    """One profile's parameters, in the units of its times and values; NaN where not estimable.

    `area_last` runs to the last quantified value, `area_all` on along the next unquantified one.
    `contraction` is the regression from the peak over a fixed span, `terminal` the one after it,
    `expansion` from the lowest quantified value before the peak up to it. `problem` is set when nothing
    was quantified.
    """

    n_samples: int
    n_quantified: int
    n_detected: int
    n_missing: int
    windows: tuple[WindowArea, ...]
    contraction: Phase
    terminal: Phase
    expansion: Phase
    method: AreaMethod
    blq: str
    cmax: float = nan
    tmax: float = nan
    tfirst: float = nan
    tlast: float = nan
    clast: float = nan
    minimum: float = nan
    area_last: float = nan
    area_all: float = nan
    moment_last: float = nan
    fold_expansion: float = nan
    clast_predicted: float = nan
    area_infinite: float = nan
    area_infinite_predicted: float = nan
    extrapolated_percent: float = nan
    start_assumed: bool = False
    problem: Message | None = None


def nca(
    times: ArrayLike,
    values: ArrayLike,
    *,
    lloq: ArrayLike,
    lod: ArrayLike | None = None,
    states: Sequence[State] | None = None,
    windows: Sequence[float] = (28.0, 90.0),
    blq: str | BLQRule = "zero-outside",
    method: AreaMethod = "linear-up-log-down",
    tail: Tail = "last",
    reach: float = 0.0,
    contraction_span: float = 21.0,
    terminal_after: float = 21.0,
    terminal_with_peak: bool = False,
    min_points: int = 3,
    min_r_squared: float = 0.0,
) -> Kinetics:
    """Analyse one profile.

    `times`: increasing, from 0 up, counted from the dose. `values`: as reported, NaN for a missing result;
    `lloq` and `lod` in the same unit, one number or one a sample. `states` overrides what the limits say
    (for results reported as "<LLOQ" without a number). `windows`: ends of the areas wanted;
    a last sample no more than `reach` before an end counts as reaching it (visits are early by a day), and
    nothing is added for the days between.
    `contraction_span` and `terminal_after` count from the peak: the contraction takes the quantified
    values up to the span, the terminal phase only those later than `terminal_after`, of which the best
    last stretch is chosen. `InputError` for times that do not increase, negative values, unknown names.
    """
    when = checked_sampling(times)
    rule = find_rule(blq)
    _check_options(method, tail, windows, min_points, reach)
    given = np.asarray(values, dtype=np.float64)
    if given.shape != when.shape:
        raise InputError(f"there are {given.size} values for {when.size} times")
    found = classify(given, lloq, lod) if states is None else tuple(states)
    if len(found) != when.size:
        raise InputError(f"there are {len(found)} states for {when.size} times")
    rows = _present(when, given, found, lloq)
    quantified = [row for row in rows if row.state == State.QUANTIFIED]
    counts = (
        when.size,
        len(quantified),
        sum(state == State.DETECTED for state in found),
        when.size - len(rows),
    )
    if not quantified:
        phase = not_estimable(NOTHING_QUANTIFIED)
        none = tuple(WindowArea(float(end), nan, nan, nan, NOTHING_QUANTIFIED) for end in windows)
        return Kinetics(*counts, none, phase, phase, phase, method, rule.name, problem=NOTHING_QUANTIFIED)

    peak = max(quantified, key=lambda row: row.value)  # the first of several equal ones
    first, last = quantified[0], quantified[-1]
    line = _line(rows, first, peak, last, rule, method)
    phases = _Phases(quantified, peak, min_points, min_r_squared)
    terminal = phases.terminal(terminal_after, terminal_with_peak)
    expansion, fold = phases.expansion()
    at_last, area_last = predicted(terminal, last.time), line.area(line.upto)
    observed_tail, predicted_tail = last.value / terminal.rate, at_last / terminal.rate
    return Kinetics(
        *counts,
        windows=tuple(line.to(float(end), tail, reach, terminal) for end in windows),
        contraction=phases.contraction(contraction_span),
        terminal=terminal,
        expansion=expansion,
        method=method,
        blq=rule.name,
        cmax=peak.value,
        tmax=peak.time,
        tfirst=first.time,
        tlast=last.time,
        clast=last.value,
        minimum=min(row.value if row.state == State.QUANTIFIED else 0.0 for row in rows),
        area_last=area_last,
        area_all=line.area(line.upto + 1),
        moment_last=first_moment(line.times[: line.upto], line.values[: line.upto], method, peak.time),
        fold_expansion=fold,
        clast_predicted=at_last,
        area_infinite=area_last + observed_tail,
        area_infinite_predicted=area_last + predicted_tail,
        extrapolated_percent=100 * observed_tail / (area_last + observed_tail),
        start_assumed=line.start_assumed,
    )


@dataclass(frozen=True, slots=True)
class _Sample:
    time: float
    value: float
    state: State
    limit: float


def _present(when: Floats, given: Floats, found: Sequence[State], lloq: ArrayLike) -> list[_Sample]:
    """The samples with a result."""
    limits = np.broadcast_to(np.asarray(lloq, dtype=np.float64), when.shape)
    rows = [
        _Sample(t, c, s, limit)
        for t, c, s, limit in zip(when.tolist(), given.tolist(), found, limits.tolist(), strict=True)
        if s != State.MISSING
    ]
    if any(isnan(row.value) for row in rows if row.state == State.QUANTIFIED):
        raise InputError("a quantified sample has no value")
    return rows


class _Phases:
    """The three regressions of one profile, each over its own quantified values."""

    def __init__(
        self, quantified: list[_Sample], peak: _Sample, min_points: int, min_r_squared: float
    ) -> None:
        self._quantified, self._peak = quantified, peak
        self._min_points, self._min_r_squared = min_points, min_r_squared

    def _between(self, low: float, high: float, *, open_low: bool) -> tuple[list[float], list[float]]:
        chosen = [
            row
            for row in self._quantified
            if (row.time > low if open_low else row.time >= low) and row.time <= high
        ]
        return [row.time for row in chosen], [row.value for row in chosen]

    def contraction(self, span: float) -> Phase:
        start = self._peak.time
        times, values = self._between(start, start + span, open_low=False)
        return fixed_window(
            times, values, sign=-1, min_points=self._min_points, min_r_squared=self._min_r_squared
        )

    def terminal(self, after: float, with_peak: bool) -> Phase:
        times, values = self._between(self._peak.time + after, inf, open_low=not with_peak)
        return best_tail(times, values, min_points=self._min_points, min_r_squared=self._min_r_squared)

    def expansion(self) -> tuple[Phase, float]:
        """From the lowest quantified value before the peak (the latest of equal ones), and the fold rise."""
        before = [row for row in self._quantified if row.time < self._peak.time]
        if not before:
            return not_estimable(NO_GROWTH_SEEN), nan
        lowest = min(before, key=lambda row: (row.value, -row.time))
        times, values = self._between(lowest.time, self._peak.time, open_low=False)
        phase = fixed_window(
            times, values, sign=1, min_points=self._min_points, min_r_squared=self._min_r_squared
        )
        return phase, self._peak.value / lowest.value


@dataclass(frozen=True, slots=True)
class _Line:
    """The line the areas are taken under; its first `upto` points end at the last quantified value, `clast`."""

    times: list[float]
    values: list[float]
    upto: int
    start_assumed: bool
    last_sample: float
    clast: float
    method: AreaMethod
    peak: float

    def area(self, points: int) -> float:
        return area(self.times[:points], self.values[:points], self.method, self.peak)

    def to(self, end: float, tail: Tail, reach: float, terminal: Phase) -> WindowArea:
        """The area to `end`: between two points of the line where the tail has some so far, else as it says."""
        points = self.upto + 1 if tail == "all" else self.upto
        times, values = self.times[:points], self.values[:points]
        if end <= times[-1]:
            whole = area_to(end, times, values, self.method, self.peak)
            return WindowArea(end, whole, whole, end)
        part = self.area(points)
        if tail == "extrapolated":
            return self._extrapolated(end, part, terminal)
        if end <= self.last_sample + reach:  # sampled to the end, and unquantified since the last value
            return WindowArea(end, part, part, min(end, self.last_sample))
        return WindowArea(end, nan, part, self.last_sample, _ends_early(self.last_sample, end))

    def _extrapolated(self, end: float, part: float, terminal: Phase) -> WindowArea:
        if not terminal.estimable:
            return WindowArea(end, nan, part, self.last_sample, terminal.problem)
        since = end - self.times[self.upto - 1]
        whole = part + self.clast * -np.expm1(-terminal.rate * since) / terminal.rate
        return WindowArea(end, float(whole), part, min(end, self.last_sample))


def _line(
    rows: list[_Sample], first: _Sample, peak: _Sample, last: _Sample, rule: BLQRule, method: AreaMethod
) -> _Line:
    """Times and numbers, the rule's numbers in place; from (0, 0) where the first sample came later."""
    times, values = [], []
    for row in rows:
        if row.state == State.QUANTIFIED:
            value = row.value
        else:
            inside = rule.rising if row.time < peak.time else rule.falling
            action = (
                rule.leading if row.time < first.time else rule.trailing if row.time > last.time else inside
            )
            if action == "drop":
                continue
            value = 0.0 if action == "zero" else row.limit / 2
        times.append(row.time)
        values.append(value)
    assumed = times[0] > 0
    if assumed:
        times, values = [0.0, *times], [0.0, *values]
    upto = times.index(last.time) + 1
    return _Line(times, values, upto, assumed, rows[-1].time, last.value, method, peak.time)


def _ends_early(last: float, end: float) -> Message:
    return Message.of("stats.samples_end_early", last=f"{last:g}", end=f"{end:g}")


def _check_options(
    method: AreaMethod, tail: Tail, windows: Sequence[float], min_points: int, reach: float
) -> None:
    if method not in get_args(AreaMethod):
        raise InputError(f"method must be one of {', '.join(get_args(AreaMethod))}, not {method!r}")
    if tail not in get_args(Tail):
        raise InputError(f"tail must be one of {', '.join(get_args(Tail))}, not {tail!r}")
    if any(not 0 < end < inf for end in windows):
        raise InputError("a window ends at a positive time")
    if not 0 <= reach < inf:
        raise InputError("reach is a number from 0 up")
    if min_points < 2:
        raise InputError("a regression needs at least two points")
