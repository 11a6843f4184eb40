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
    cmax: float
    tmax: float
    tfirst: float
    tlast: float
    clast: float
    minimum: float
    area_last: float
    area_all: float
    moment_last: float
    windows: tuple[WindowArea, ...]
    contraction: Phase
    terminal: Phase
    expansion: Phase
    fold_expansion: float
    clast_predicted: float
    area_infinite: float
    area_infinite_predicted: float
    extrapolated_percent: float
    start_assumed: bool
    method: AreaMethod
    blq: str
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
    limits = np.broadcast_to(np.asarray(lloq, dtype=np.float64), when.shape)
    rows = [
        _Sample(t, c, s, limit)
        for t, c, s, limit in zip(when.tolist(), given.tolist(), found, limits.tolist(), strict=True)
        if s != State.MISSING
    ]
    quantified = [row for row in rows if row.state == State.QUANTIFIED]
    counts = (
        when.size,
        len(quantified),
        sum(state == State.DETECTED for state in found),
        when.size - len(rows),
    )
    if not quantified:
        return _nothing(counts, windows, method, rule)
    if any(isnan(row.value) for row in quantified):
        raise InputError("a quantified sample has no value")

    peak = max(quantified, key=lambda row: row.value)  # the first of several equal ones
    first, last = quantified[0], quantified[-1]
    line_times, line_values = _profile(rows, first.time, peak.time, last.time, rule)
    start_assumed = line_times[0] > 0
    if start_assumed:
        line_times, line_values = [0.0, *line_times], [0.0, *line_values]
    upto = line_times.index(last.time) + 1
    area_last = area(line_times[:upto], line_values[:upto], method, peak.time)
    phases = _Phases(quantified, peak, min_points, min_r_squared)
    terminal = phases.terminal(terminal_after, terminal_with_peak)
    at_last = predicted(terminal, last.time)
    observed_tail, predicted_tail = last.value / terminal.rate, at_last / terminal.rate
    expansion, fold = phases.expansion()
    drawn = _Drawn(line_times, line_values, upto, rows[-1].time, method, peak.time, terminal, last.value)
    return Kinetics(
        n_samples=counts[0],
        n_quantified=counts[1],
        n_detected=counts[2],
        n_missing=counts[3],
        cmax=peak.value,
        tmax=peak.time,
        tfirst=first.time,
        tlast=last.time,
        clast=last.value,
        minimum=min(row.value if row.state == State.QUANTIFIED else 0.0 for row in rows),
        area_last=area_last,
        area_all=area(line_times[: upto + 1], line_values[: upto + 1], method, peak.time),
        moment_last=first_moment(line_times[:upto], line_values[:upto], method, peak.time),
        windows=tuple(drawn.to(float(end), tail, reach) for end in windows),
        contraction=phases.contraction(contraction_span),
        terminal=terminal,
        expansion=expansion,
        fold_expansion=fold,
        clast_predicted=at_last,
        area_infinite=area_last + observed_tail,
        area_infinite_predicted=area_last + predicted_tail,
        extrapolated_percent=100 * observed_tail / (area_last + observed_tail),
        start_assumed=start_assumed,
        method=method,
        blq=rule.name,
    )


@dataclass(frozen=True, slots=True)
class _Sample:
    time: float
    value: float
    state: State
    limit: float


def _profile(
    rows: list[_Sample], first: float, peak: float, last: float, rule: BLQRule
) -> tuple[list[float], list[float]]:
    """Times and numbers of the line the area is taken under, the rule's numbers in place."""
    times, values = [], []
    for row in rows:
        if row.state == State.QUANTIFIED:
            value = row.value
        else:
            inside = rule.rising if row.time < peak else rule.falling
            action = rule.leading if row.time < first else rule.trailing if row.time > last else inside
            if action == "drop":
                continue
            value = 0.0 if action == "zero" else row.limit / 2
        times.append(row.time)
        values.append(value)
    return times, values


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
class _Drawn:
    """The line under which windows are measured."""

    times: list[float]
    values: list[float]
    upto: int
    last_sample: float
    method: AreaMethod
    peak: float
    terminal: Phase
    clast: float

    def to(self, end: float, tail: Tail, reach: float) -> WindowArea:
        tlast = self.times[self.upto - 1]
        if end <= tlast:
            whole = area_to(end, self.times, self.values, self.method, self.peak)
            return WindowArea(end, whole, whole, end)
        times, values = self.times[: self.upto], self.values[: self.upto]
        if tail == "extrapolated":
            return self._extrapolated(end, tlast, times, values)
        if tail == "all":
            times, values = self.times[: self.upto + 1], self.values[: self.upto + 1]
            if end < times[-1]:
                whole = area_to(end, times, values, self.method, self.peak)
                return WindowArea(end, whole, whole, end)
        part = area(times, values, self.method, self.peak)
        if end <= self.last_sample + reach:  # sampled to the end, and unquantified since tlast
            return WindowArea(end, part, part, min(end, self.last_sample))
        return WindowArea(end, nan, part, self.last_sample, _ends_early(self.last_sample, end))

    def _extrapolated(self, end: float, tlast: float, times: list[float], values: list[float]) -> WindowArea:
        part = area(times, values, self.method, self.peak)
        if not self.terminal.estimable:
            return WindowArea(end, nan, part, self.last_sample, self.terminal.problem)
        rate = self.terminal.rate
        whole = part + self.clast * -np.expm1(-rate * (end - tlast)) / rate
        return WindowArea(end, float(whole), part, min(end, self.last_sample))


def _ends_early(last: float, end: float) -> Message:
    return Message.of("stats.samples_end_early", last=f"{last:g}", end=f"{end:g}")


def _nothing(
    counts: tuple[int, int, int, int], windows: Sequence[float], method: AreaMethod, rule: BLQRule
) -> Kinetics:
    phase = not_estimable(NOTHING_QUANTIFIED)
    return Kinetics(
        n_samples=counts[0],
        n_quantified=counts[1],
        n_detected=counts[2],
        n_missing=counts[3],
        cmax=nan,
        tmax=nan,
        tfirst=nan,
        tlast=nan,
        clast=nan,
        minimum=nan,
        area_last=nan,
        area_all=nan,
        moment_last=nan,
        windows=tuple(WindowArea(float(end), nan, nan, nan, NOTHING_QUANTIFIED) for end in windows),
        contraction=phase,
        terminal=phase,
        expansion=phase,
        fold_expansion=nan,
        clast_predicted=nan,
        area_infinite=nan,
        area_infinite_predicted=nan,
        extrapolated_percent=nan,
        start_assumed=False,
        method=method,
        blq=rule.name,
        problem=NOTHING_QUANTIFIED,
    )


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
