"""What must hold for any profile: states, areas, phases, loss of signal, summaries, and refusals."""

from __future__ import annotations

from math import exp, inf, isnan, log, nan

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from protocyte.base import InputError
from protocyte.base.message import LANGUAGES, catalogue, render, template_params
from protocyte.stats.detection import BLQRule, State, classify, loss_of_signal
from protocyte.stats.nca import nca
from protocyte.stats.phase import not_estimable
from protocyte.stats.summaries import course_of, geometric_summary, paired_ratio

LAW = settings(deadline=None, derandomize=True, max_examples=80)
DAYS = [0.0, 1, 3, 7, 10, 14, 21, 28, 42, 60, 90, 180]
level = st.one_of(st.just(nan), st.just(0.0), st.floats(1, 1e6))
profile = st.lists(level, min_size=len(DAYS), max_size=len(DAYS))


@given(profile)
@LAW
def test_a_state_is_what_the_limits_say_and_a_higher_limit_only_takes_away(values):
    low, high = classify(values, 50, 10), classify(values, 500, 100)
    for value, a, b in zip(values, low, high, strict=True):
        assert (a == State.MISSING) == isnan(value)
        assert a >= b
        if not isnan(value):
            assert (a == State.QUANTIFIED) == (value >= 50)
            assert (a == State.DETECTED) == (10 <= value < 50)
    unknown = classify(values, 50)
    assert [s == State.QUANTIFIED for s in unknown] == [s == State.QUANTIFIED for s in low]
    assert not {State.DETECTED, State.NOT_DETECTED} & set(
        unknown
    )  # without a detection limit: below, no more


@given(profile, st.sampled_from(["linear", "linear-up-log-down", "linear-then-log"]))
@LAW
def test_another_unit_multiplies_levels_and_areas_and_leaves_times_and_half_lives(values, method):
    a = nca(DAYS, values, lloq=50, method=method)
    b = nca(DAYS, np.multiply(values, 1000), lloq=50_000, method=method)
    for name in ("cmax", "clast", "area_last", "area_all", "moment_last", "area_infinite"):
        assert getattr(b, name) == pytest.approx(1000 * getattr(a, name), nan_ok=True)
    for name in ("tmax", "tfirst", "tlast", "fold_expansion", "extrapolated_percent"):
        assert getattr(b, name) == pytest.approx(getattr(a, name), nan_ok=True)
    for phase in ("contraction", "terminal", "expansion"):
        one, other = getattr(a, phase), getattr(b, phase)
        assert other.half_life == pytest.approx(one.half_life, nan_ok=True, rel=1e-6)
        assert (other.n_points, other.problem) == (one.n_points, one.problem)


@given(profile)
@LAW
def test_areas_grow_with_their_window_and_the_logarithmic_one_is_never_larger(values):
    ends = (10.0, 28.0, 60.0, 90.0)
    log_down = nca(DAYS, values, lloq=50, windows=ends)
    linear = nca(DAYS, values, lloq=50, windows=ends, method="linear")
    assume(log_down.problem is None)
    parts = [w.value for w in log_down.windows if not isnan(w.value)]
    assert (np.diff(parts) >= -1e-6).all()
    assert log_down.area_last <= linear.area_last * (1 + 1e-12)
    assert log_down.area_all >= log_down.area_last


@given(profile)
@LAW
def test_everything_not_estimable_says_why_and_everything_estimable_is_a_number(values):
    found = nca(DAYS, values, lloq=50)
    for phase in (found.contraction, found.terminal, found.expansion):
        assert isnan(phase.half_life) == (phase.problem is not None)
        if phase.estimable:
            assert phase.rate > 0
            assert phase.n_points >= 3
            assert phase.first_time < phase.last_time
        else:
            assert all(len(render(phase.problem, language)) > 5 for language in LANGUAGES)
    for window in found.windows:
        assert isnan(window.value) == (window.problem is not None)
        assert isnan(window.value) or window.value == window.partial
    assert isnan(found.cmax) == (found.problem is not None)
    if found.problem is None:
        assert found.tfirst <= found.tmax
        assert found.tfirst <= found.tlast
        assert found.clast <= found.cmax
    assert found.n_samples == len(DAYS)


@given(st.floats(0.01, 0.5), st.floats(10, 1e5))
@LAW
def test_an_exponential_has_its_area_exactly_by_the_logarithmic_rule_wherever_it_is_cut(rate, start):
    days = np.array([0.0, 2, 5, 9, 16, 30])
    ours = nca(days, start * np.exp(-rate * days), lloq=0, windows=(1.0, 7.3, 30.0), terminal_after=0.0)
    for window in ours.windows:
        assert window.value == pytest.approx(start * (1 - exp(-rate * window.end)) / rate, rel=1e-9)
    assert ours.terminal.half_life == pytest.approx(log(2) / rate, rel=1e-7)
    assert ours.area_infinite == pytest.approx(start / rate, rel=1e-7)
    assert ours.moment_last == pytest.approx(
        start / rate**2 * (1 - exp(-rate * 30) * (1 + rate * 30)), rel=1e-6
    )


def test_the_three_phases_are_told_apart():
    days = [0, 3, 5, 7, 9, 12, 16, 20, 30, 45, 60, 90]
    levels = [0, 100, 400, 1600, 6400, 3200, 1270, 504, 400, 336, 283, 200]
    ours = nca(days, levels, lloq=50, contraction_span=12, terminal_after=12)
    assert ours.tmax == 9
    assert ours.expansion.doubling == pytest.approx(1.0)
    assert ours.fold_expansion == 64
    assert ours.contraction.half_life == pytest.approx(3.0, rel=0.01)
    assert (ours.contraction.first_time, ours.contraction.last_time) == (9, 20)
    assert ours.terminal.half_life == pytest.approx(60, rel=0.01)
    assert (ours.terminal.first_time, ours.terminal.last_time) == (30, 90)
    assert ours.terminal.n_points == 4
    assert ours.terminal.r_squared > 0.999


def test_the_terminal_stretch_stops_before_the_point_that_bends_it():
    days = [0, 7, 14, 28, 42, 60, 90, 120]
    tail = [1000 * exp(-0.02 * day) for day in days[3:]]
    bent = nca(days, [0, 50_000, 1300, *tail], lloq=50, terminal_after=0.0)
    assert bent.terminal.first_time == 28  # day 14 lies above the line: adjusted R2 would fall by 0.01
    assert bent.terminal.half_life == pytest.approx(log(2) / 0.02)
    straight = nca(days, [0, 50_000, 1000 * exp(-0.02 * 14), *tail], lloq=50, terminal_after=0.0)
    assert straight.terminal.first_time == 14
    assert straight.terminal.n_points == 6


def test_a_window_the_samples_do_not_reach_has_no_area_but_says_how_far_they_went():
    ours = nca([0, 2, 4, 7, 10], [0, 60, 900, 7000, 45000], lloq=50)
    first = ours.windows[0]
    assert isnan(first.value)
    assert (first.partial, first.covered_to) == (90870.0, 10.0)
    assert "10" in render(first.problem)
    assert "28" in render(first.problem)
    extrapolated = nca([0, 2, 4, 7, 10], [0, 60, 900, 7000, 45000], lloq=50, tail="extrapolated")
    assert isnan(extrapolated.windows[0].value)  # no decline to extrapolate by


def test_an_extrapolated_area_says_how_far_the_samples_went():
    days, values = [0, 7, 14, 21], [0, 800, 400, 200]
    (window,) = nca(
        days, values, lloq=50, windows=[28], tail="extrapolated", terminal_after=0, terminal_with_peak=True
    ).windows
    seven_days = 7 * (200 - 100) / log(2)
    assert window.covered_to == 21
    assert window.value == pytest.approx(window.partial + seven_days)


def test_a_last_sample_a_day_early_reaches_the_window_where_a_day_is_allowed():
    days, values = [0, 7, 14, 27.5], [0, 900, 500, 100]
    assert isnan(nca(days, values, lloq=50).windows[0].value)
    ours = nca(days, values, lloq=50, reach=1.0)
    assert ours.windows[0].value == ours.area_last
    assert ours.windows[0].covered_to == 27.5
    assert isnan(ours.windows[1].value)


def test_sampled_to_the_end_and_lost_before_it_the_area_stops_at_the_last_quantified_value():
    ours = nca([0, 7, 14, 21, 28], [0, 100, 80, 0, 0], lloq=50)
    assert ours.windows[0].value == ours.area_last
    assert ours.area_all == pytest.approx(ours.area_last + 7 * 80 / 2)


def test_a_profile_without_a_sample_at_time_zero_starts_at_zero_and_says_so():
    late, whole = nca([4, 7, 10], [60, 90, 80], lloq=50), nca([0, 4, 7, 10], [0, 60, 90, 80], lloq=50)
    assert late.start_assumed
    assert not whole.start_assumed
    assert late.area_last == whole.area_last


def test_with_nothing_quantified_there_is_no_level_no_area_and_no_zero():
    for values in ([0, 0, 0], [20, 30, 49.9], [nan, nan, nan], [nan, 0, 30]):
        ours = nca([0, 7, 14], values, lloq=50, lod=10)
        assert ours.problem is not None
        assert isnan(ours.cmax)
        assert isnan(ours.clast)
        assert isnan(ours.area_last)
        assert not any(phase.estimable for phase in (ours.contraction, ours.terminal, ours.expansion))
    assert nca([0, 7, 14], [20, 30, 49.9], lloq=50, lod=10).n_detected == 3


def test_each_named_rule_puts_its_number_in_its_place():
    days, values = [0, 1, 4, 7, 14, 21, 28, 60], [20, 100, 20, 1000, 20, 100, 20, 20]

    def area_of(rule):
        return nca(days, values, lloq=50, blq=rule, method="linear", tail="all").area_all

    def trapezoid(points):
        return float(np.trapezoid([c for _, c in points], [t for t, _ in points]))

    quantified = [(1, 100), (7, 1000), (21, 100)]
    assert area_of("drop") == trapezoid([(0, 0), *quantified])  # the start is assumed
    assert area_of("zero-outside") == trapezoid([(0, 0), *quantified, (28, 0)])
    assert area_of("zero") == trapezoid([(0, 0), (1, 100), (4, 0), (7, 1000), (14, 0), (21, 100), (28, 0)])
    assert area_of("zero-until-peak") == trapezoid([(0, 0), (1, 100), (4, 0), (7, 1000), (21, 100)])
    inside = [(0, 0), (1, 100), (4, 25), (7, 1000), (14, 25), (21, 100), (28, 0)]
    assert area_of("half-inside") == trapezoid(inside)
    own = BLQRule("mine", "drop", "half", "drop", "half")
    assert area_of(own) == trapezoid([(0, 0), (1, 100), (4, 25), (7, 1000), (21, 100), (28, 25)])


def test_a_limit_that_changes_with_the_sample_decides_sample_by_sample():
    ours = nca([0, 7, 14], [60, 60, 60], lloq=[50, 100, 50])
    assert ours.n_quantified == 2


def test_states_given_override_the_limits_for_results_reported_without_a_number():
    states = [State.BELOW, State.QUANTIFIED, State.DETECTED, State.MISSING]
    ours = nca([0, 7, 14, 21], [nan, 80, nan, nan], lloq=50, states=states)
    assert (ours.n_quantified, ours.n_detected, ours.n_missing) == (1, 1, 1)


def test_a_poor_fit_is_refused_where_a_good_one_is_asked_for():
    days, values = [0, 7, 14, 21, 28, 35], [0, 1000, 400, 900, 300, 700]
    assert nca(days, values, lloq=50, terminal_after=0.0).contraction.estimable
    strict = nca(days, values, lloq=50, contraction_span=28, min_r_squared=0.8)
    assert isnan(strict.contraction.half_life)
    assert strict.contraction.n_points == 5
    assert "0.800" in render(strict.contraction.problem)


@pytest.mark.parametrize(
    ("values", "seen", "last", "first", "confirmed"),
    [
        ([100, 100, 0, 0, 0], State.QUANTIFIED, 7, 14, True),
        ([100, 100, 100, 100, 0], State.QUANTIFIED, 21, 28, False),  # one result alone confirms nothing
        ([100, 0, 100, 0, 0], State.QUANTIFIED, 14, 21, True),  # a single gap is no loss
        ([100, nan, 0, nan, 0], State.QUANTIFIED, 0, 14, True),  # missing results are passed over
        ([100, 20, 20, 0, 0], State.QUANTIFIED, 0, 7, True),
        ([100, 20, 20, 0, 0], State.DETECTED, 14, 21, True),  # seen though not quantified: still there
        ([100, 100, 100, 100, 100], State.QUANTIFIED, 28, nan, False),
        ([0, 0, 0, 0, 0], State.QUANTIFIED, nan, nan, False),  # what never came cannot be lost
        ([0, 0, 100, 0, 0], State.QUANTIFIED, 14, 21, True),
    ],
)
def test_a_signal_is_lost_at_the_first_of_two_results_below(values, seen, last, first, confirmed):
    found = loss_of_signal([0, 7, 14, 21, 28], classify(values, 50, 10), seen=seen)
    assert found.last_seen == pytest.approx(last, nan_ok=True)
    assert found.first_absent == pytest.approx(first, nan_ok=True)
    assert found.confirmed is confirmed


def test_the_geometric_summary_of_1_10_100():
    ours = geometric_summary([1, 10, 100, nan])
    assert (ours.n, ours.left_out) == (3, 1)
    assert ours.mean == pytest.approx(10)
    assert ours.cv_percent == pytest.approx(100 * (exp(log(10) ** 2) - 1) ** 0.5)
    assert ours.lower * ours.upper == pytest.approx(100)
    assert (ours.median, ours.minimum, ours.maximum) == (10, 1, 100)
    assert isnan(geometric_summary([nan]).mean)
    assert isnan(geometric_summary([5]).cv_percent)
    with pytest.raises(InputError, match="positive"):
        geometric_summary([1, 0])


def test_samples_are_paired_with_the_nearest_once_and_within_reach():
    ours = paired_ratio([7, 14, 15, 28], [2, 4, 6, 8], [6, 15, 90], [1, 2, 0], within=2)
    assert ours.times.tolist() == [7, 15]
    assert ours.ratio.tolist() == [2, 3]
    assert isnan(paired_ratio([7], [2], [7], [0]).ratio[0])


def test_a_sample_at_a_later_start_closes_the_course_before():
    assert course_of([-1, 0, 5, 28, 29, 60], [0, 28]).tolist() == [0, 1, 1, 1, 2, 2]
    assert course_of([1, 2], []).tolist() == [0, 0]


def test_every_sentence_of_the_room_has_both_languages_with_the_same_parameters():
    for name, sentence in catalogue("stats").items():
        assert set(sentence) == set(LANGUAGES), name
        assert template_params(sentence["en"]) == template_params(sentence["zh"]), name


@pytest.mark.parametrize(
    "call",
    [
        lambda: nca([], [], lloq=50),
        lambda: nca([-7, 0, 7], [0, 0, 100], lloq=50),
        lambda: nca([0, 7, 7], [0, 1, 2], lloq=50),
        lambda: nca([0, 7, 3], [0, 1, 2], lloq=50),
        lambda: nca([0, nan], [0, 1], lloq=50),
        lambda: nca([0, 7], [0, -1], lloq=50),
        lambda: nca([0, 7], [0, inf], lloq=50),
        lambda: nca([0, 7], [0], lloq=50),
        lambda: nca([0, 7], [0, 100], lloq=-1),
        lambda: nca([0, 7], [0, 100], lloq=nan),
        lambda: nca([0, 7], [0, 100], lloq=50, lod=60),
        lambda: nca([0, 7], [0, 100], lloq=50, blq="ignore"),
        lambda: nca([0, 7], [0, 100], lloq=50, method="spline"),
        lambda: nca([0, 7], [0, 100], lloq=50, tail="none"),
        lambda: nca([0, 7], [0, 100], lloq=50, windows=(0,)),
        lambda: nca([0, 7], [0, 100], lloq=50, windows=(inf,)),
        lambda: nca([0, 7], [0, 100], lloq=50, min_points=1),
        lambda: nca([0, 7], [nan, nan], lloq=50, states=[State.BELOW, State.QUANTIFIED]),
        lambda: nca([0, 7], [0, 1], lloq=50, states=[State.BELOW]),
        lambda: BLQRule("mine", "one", "drop", "drop", "drop"),
        lambda: loss_of_signal([0, 7], [State.BELOW]),
        lambda: course_of([1], [5, 2]),
    ],
)
def test_an_unusable_profile_is_refused_with_a_sentence(call):
    with pytest.raises(InputError) as caught:
        call()
    assert len(str(caught.value)) > 15


def test_what_is_not_estimable_carries_no_number():
    phase = not_estimable(nca([0], [0], lloq=1).problem)
    assert all(isnan(number) for number in (phase.rate, phase.half_life, phase.r_squared, phase.span_ratio))
