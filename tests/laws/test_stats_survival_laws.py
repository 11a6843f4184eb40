"""What must hold for any data: survival curves, incidences, tests and regressions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from protocyte.base import InputError
from protocyte.stats.aalen_johansen import aalen_johansen, incidence_at
from protocyte.stats.cox import cox, proportional_hazards
from protocyte.stats.fine_gray import fine_gray
from protocyte.stats.firth import firth_cox
from protocyte.stats.firth_logistic import firth_logistic
from protocyte.stats.gray import gray_test
from protocyte.stats.kaplan_meier import kaplan_meier, reverse_kaplan_meier, survival_at
from protocyte.stats.kaplan_meier_many import kaplan_meier_many, km_quantiles_many, survival_at_many
from protocyte.stats.landmark import known_by, landmark
from protocyte.stats.logrank import logrank
from protocyte.stats.quantiles import km_quantiles
from protocyte.stats.rmst import compare_rmst, rmst

LAW = settings(deadline=None, derandomize=True, max_examples=60)

times = st.sampled_from([0.0, 0.1 + 0.2, 0.3, 1.0, 2.0, 3.0, 3.5, 7.0, 12.0, 365.0])  # ties and near-ties
subjects = st.lists(st.tuples(times, st.booleans()), min_size=1, max_size=25)
competing = st.lists(st.tuples(times, st.integers(0, 2)), min_size=2, max_size=25)


def columns(rows):
    return tuple(np.array(column) for column in zip(*rows, strict=True))


@given(subjects)
@LAW
def test_survival_falls_from_one_to_no_less_than_zero_and_its_limits_enclose_it(rows):
    for band in ("log-log", "log", "plain"):
        curve = kaplan_meier(*columns(rows), band=band)
        assert (np.diff(np.concatenate([[1.0], curve.survival])) <= 1e-15).all()
        assert ((curve.survival >= 0) & (curve.survival <= 1)).all()
        known = ~np.isnan(curve.lower)
        assert (curve.lower[known] <= curve.survival[known] + 1e-12).all()
        assert (curve.upper[known] >= curve.survival[known] - 1e-12).all()
        assert curve.n_event.sum() + curve.n_censor.sum() == len(rows) == curve.n


@given(st.lists(times, min_size=1, max_size=25))
@LAW
def test_without_censoring_the_curve_is_the_share_still_free_and_its_error_is_binomial(time):
    curve = kaplan_meier(time, np.ones(len(time)))
    free = np.array([np.mean(np.array(time) > t + 1e-9) for t in curve.times])
    assert curve.survival == pytest.approx(free, abs=1e-12)
    inside = curve.survival > 0
    binomial = np.sqrt(free * (1 - free) / len(time))
    assert curve.se[inside] == pytest.approx(binomial[inside], abs=1e-12)


@given(subjects)
@LAW
def test_every_subject_twice_leaves_the_curve_and_divides_the_error_by_root_two(rows):
    time, event = columns(rows)
    once, twice = kaplan_meier(time, event), kaplan_meier(np.tile(time, 2), np.tile(event, 2))
    assert twice.survival == pytest.approx(once.survival, abs=1e-12)
    inside = once.survival > 0
    assert twice.se[inside] * 2**0.5 == pytest.approx(once.se[inside], abs=1e-12)


@given(subjects, st.floats(0.5, 20))
@LAW
def test_another_unit_of_time_multiplies_the_quantiles_and_the_restricted_mean(rows, factor):
    time, event = columns(rows)
    time = np.round(time, 6)  # so that the near-ties do not depend on the unit
    first, second = kaplan_meier(time, event), kaplan_meier(time * factor, event)
    for rule in ("first-crossing", "ordered"):
        a, b = km_quantiles(first, rule=rule), km_quantiles(second, rule=rule)
        for x, y in ((a.value, b.value), (a.lower, b.lower), (a.upper, b.upper)):
            assert y == pytest.approx(x * factor, nan_ok=True)
    assert rmst(second).mean == pytest.approx(rmst(first).mean * factor)


@given(subjects)
@LAW
def test_a_quantile_is_no_earlier_for_a_larger_share_and_lies_within_its_limits(rows):
    found = km_quantiles(kaplan_meier(*columns(rows)), [0.1, 0.25, 0.5, 0.75, 0.9])
    reached = found.value[~np.isnan(found.value)]
    assert (np.diff(reached) >= 0).all()
    with np.errstate(invalid="ignore"):
        assert not (found.lower > found.value + 1e-9).any()
        assert not (found.upper < found.value - 1e-9).any()


@given(st.lists(subjects, min_size=1, max_size=6), st.sampled_from(["log-log", "log", "plain"]))
@LAW
def test_many_samples_at_once_give_each_the_numbers_it_has_alone(samples, band):
    width = max(len(rows) for rows in samples)
    time, event = np.zeros((len(samples), width)), np.zeros((len(samples), width), dtype=bool)
    present = np.zeros_like(event)
    for i, rows in enumerate(samples):
        time[i, : len(rows)], event[i, : len(rows)] = columns(rows)
        present[i, : len(rows)] = True
    batch = kaplan_meier_many(time, event, present=present, band=band)
    medians, later = km_quantiles_many(batch), survival_at_many(batch, 3.0)
    for i, rows in enumerate(samples):
        alone = kaplan_meier(*columns(rows), band=band)
        step = ~np.isnan(batch.survival[i])
        assert batch.times[i, step].tolist() == alone.times.tolist()
        for many, one in (
            (batch.survival, alone.survival),
            (batch.se, alone.se),
            (batch.lower, alone.lower),
            (batch.upper, alone.upper),
        ):
            assert many[i, step] == pytest.approx(one, nan_ok=True, abs=1e-9)
        median = km_quantiles(alone, [0.5])
        assert medians.value[i] == pytest.approx(median.value[0], nan_ok=True)
        assert medians.lower[i] == pytest.approx(median.lower[0], nan_ok=True)
        assert medians.upper[i] == pytest.approx(median.upper[0], nan_ok=True)
        assert later[i] == pytest.approx(survival_at(alone, [3.0]).survival[0], nan_ok=True)


@given(competing)
@LAW
def test_survival_and_the_incidences_of_all_causes_add_up_to_one(rows):
    time, cause = columns(rows)
    free = kaplan_meier(time, cause > 0)
    total = sum(aalen_johansen(time, cause, k).incidence for k in (1, 2))
    assert free.survival + total == pytest.approx(np.ones(free.times.size))


@given(competing)
@LAW
def test_with_one_cause_the_incidence_is_one_minus_kaplan_meier_and_aalens_error_near_greenwoods(rows):
    time, cause = columns(rows)
    event = cause > 0
    curve = kaplan_meier(time, event)
    for variance in ("aalen", "jackknife"):
        ours = aalen_johansen(time, event.astype(int), variance=variance)
        assert 1 - ours.incidence == pytest.approx(curve.survival)
        inside = curve.survival > 0
        assert ours.se[inside] == pytest.approx(curve.se[inside], rel=0.5, abs=1e-12)


@given(competing)
@LAW
def test_without_censoring_both_errors_of_the_incidence_are_finite_and_the_jackknife_is_binomial(rows):
    time, cause = columns(rows)
    cause = np.where(cause == 0, 1, cause)
    ours = aalen_johansen(time, cause)
    assert ours.se == pytest.approx(np.sqrt(ours.incidence * (1 - ours.incidence) / len(rows)), abs=1e-9)
    assert np.isfinite(aalen_johansen(time, cause, variance="aalen").se).all()


groups = st.lists(st.tuples(times, st.integers(0, 2), st.sampled_from("abc")), min_size=4, max_size=30)


@given(groups)
@LAW
def test_tests_of_groups_do_not_depend_on_names_order_or_a_stretched_clock(rows):
    time, cause, group = columns(rows)
    assume(len(set(group)) > 1)
    renamed = np.array([{"a": "z", "b": "y", "c": "x"}[g] for g in group])
    for test, what in ((logrank, cause == 1), (gray_test, cause)):
        first = test(time, what, group)
        for other in (test(time, what, renamed), test(time[::-1], what[::-1], group[::-1])):
            assert other.statistic == pytest.approx(first.statistic, nan_ok=True, rel=1e-6, abs=1e-9)
            assert other.df == first.df
        assert first.observed.sum() == pytest.approx(first.expected.sum())
    stretched = logrank(np.round(time, 6) ** 2, cause == 1, group)
    same = logrank(np.round(time, 6), cause == 1, group)
    assert stretched.statistic == pytest.approx(same.statistic, nan_ok=True, rel=1e-6)


@given(groups)
@LAW
def test_grays_expected_counts_are_the_logranks_where_nothing_competes(rows):
    time, cause, group = columns(rows)
    assume(len(set(group)) > 1)
    event = (cause > 0).astype(int)
    assert gray_test(time, event, group).expected == pytest.approx(logrank(time, event, group).expected)


@given(groups)
@LAW
def test_one_stratum_is_no_stratum(rows):
    time, cause, group = columns(rows)
    assume(len(set(group)) > 1)
    plain, one = logrank(time, cause > 0, group), logrank(time, cause > 0, group, strata=["s"] * len(rows))
    assert one.statistic == pytest.approx(plain.statistic, nan_ok=True)


def sample(seed: int, n: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.Generator(np.random.PCG64(seed))
    x = np.column_stack([rng.integers(0, 2, n), rng.normal(size=n)])
    event = rng.exponential(np.exp(-x @ [0.7, 0.3]))
    censor = rng.exponential(2.0, n)
    return np.minimum(event, censor), event <= censor, x


@pytest.mark.parametrize("seed", range(5))
def test_the_score_test_of_a_yes_or_no_is_the_logrank_test_without_ties(seed):
    time, event, x = sample(seed)
    assert cox(time, event, x[:, 0]).score == pytest.approx(logrank(time, event, x[:, 0]).statistic)


@pytest.mark.parametrize("fit", [cox, firth_cox])
@pytest.mark.parametrize("seed", range(3))
def test_a_covariates_unit_divides_its_coefficient_and_nothing_else(fit, seed):
    time, event, x = sample(seed)
    a, b = fit(time, event, x), fit(time, event, x * [1, 10] + [5, -3])
    assert b.coef * [1, 10] == pytest.approx(a.coef, abs=1e-7)
    assert b.p == pytest.approx(a.p, abs=1e-7)
    assert b.concordance == a.concordance


@pytest.mark.parametrize("seed", range(3))
def test_a_period_cut_in_two_is_the_same_data(seed):
    time, event, x = sample(seed)
    cut = time / 2
    whole = cox(time, event, x)
    split = cox(
        np.concatenate([cut, time]),
        np.concatenate([np.zeros(time.size), event]),
        np.vstack([x, x]),
        start=np.concatenate([np.zeros(time.size), cut]),
    )
    assert split.coef == pytest.approx(whole.coef, abs=1e-8)
    assert split.loglik == pytest.approx(whole.loglik)


@pytest.mark.parametrize("seed", range(3))
def test_without_a_rival_event_fine_and_gray_is_cox_with_breslow_ties(seed):
    time, event, x = sample(seed)
    assert fine_gray(time, event, x).coef == pytest.approx(cox(time, event, x, ties="breslow").coef, abs=1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_firths_profile_limits_are_where_the_likelihood_ratio_says(seed):
    time, event, x = sample(seed, 25)
    fit = firth_cox(time, event, x[:, 0])
    for limit in (fit.lower[0], fit.upper[0]):
        from protocyte.stats.firth import penalised
        from protocyte.stats.partial_likelihood import cox_data

        data = cox_data(time, event, x[:, 0], ties="breslow")
        best = penalised(data, fit.coef).loglik
        assert 2 * (best - penalised(data, np.array([np.log(limit)])).loglik) == pytest.approx(3.841458820694)


@given(st.integers(0, 10_000))
@settings(deadline=None, derandomize=True, max_examples=40)
def test_a_likelihood_is_called_monotone_exactly_when_every_event_leads_its_risk_set(seed):
    rng = np.random.Generator(np.random.PCG64(seed))
    n = int(rng.integers(4, 10))
    time, event, x = rng.permutation(n) + 1.0, rng.integers(0, 2, n), rng.integers(0, 3, n).astype(float)
    assume(event.any() and np.ptp(x) > 0)
    leads = [x[i] - x[time >= time[i]] for i in np.flatnonzero(event)]
    some = any((lead != 0).any() for lead in leads)
    assume(some)  # no information at all is another case
    monotone = all((lead >= 0).all() for lead in leads) or all((lead <= 0).all() for lead in leads)
    fit = cox(time, event, x)
    assert (fit.problem is not None) == monotone
    if monotone:
        assert np.isnan(fit.coef).all()
        instead = proportional_hazards(time, event, x)
        assert instead.method == "firth"
        assert np.isfinite([instead.coef, instead.lower, instead.upper]).all()


def test_median_follow_up_is_read_from_the_reversed_curve():
    time = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    event = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    curve = reverse_kaplan_meier(time, event)
    assert curve.events == 12
    assert survival_at(curve, [19, 20]).survival[1] > 0.5
    assert km_quantiles(curve, [0.5]).value[0] == 25


def test_nobody_reaches_a_landmark_by_reaching_it_exactly_and_the_future_does_not_group():
    kept, since = landmark([50, 100, 101, 300], 100)
    assert kept.tolist() == [False, False, True, True]
    assert since.tolist() == [1, 200]
    assert known_by([30, 100, 101, 40], [1, 1, 1, 0], 100).tolist() == [True, True, False, False]


def test_past_its_last_observation_a_curve_says_nothing_unless_all_have_had_the_event():
    open_ended, closed = kaplan_meier([1, 2, 3], [1, 1, 0]), kaplan_meier([1, 2, 3], [1, 1, 1])
    assert np.isnan(survival_at(open_ended, [4]).survival[0])
    assert survival_at(open_ended, [4], extend=True).survival[0] == pytest.approx(1 / 3)
    assert survival_at(closed, [4]).survival[0] == 0
    assert np.isnan(incidence_at(aalen_johansen([1, 2, 3], [1, 2, 0]), [4]).incidence[0])
    with pytest.raises(InputError, match="past the last observation"):
        rmst(open_ended, 4)


def test_means_to_different_horizons_are_not_compared():
    curve = kaplan_meier([1, 2, 3, 9], [1, 1, 1, 0])
    with pytest.raises(InputError, match="cannot be compared"):
        compare_rmst(rmst(curve, 3), rmst(curve, 4))


def test_all_censored_has_no_median_no_limit_and_no_hazard_ratio():
    curve = kaplan_meier([1, 2, 3], [0, 0, 0])
    assert np.isnan(km_quantiles(curve, [0.5]).value).all()
    assert np.isnan(curve.lower).all()  # three subjects are no proof of certainty
    assert (aalen_johansen([1, 2, 3], [0, 0, 0]).incidence == 0).all()
    with pytest.raises(InputError, match="no event"):
        cox([1, 2, 3], [0, 0, 0], [0, 1, 0])
    nothing = logrank([1, 2, 3], [0, 0, 0], [0, 1, 0])
    assert np.isnan([nothing.statistic, nothing.p]).all()
    assert nothing.df == 0
    assert np.isnan(gray_test([1, 2, 3], [0, 0, 0], [0, 1, 0]).p)


def test_one_subject_has_a_curve_but_no_error():
    curve = kaplan_meier([12], [1])
    assert curve.survival.tolist() == [0]
    assert np.isnan([curve.se[0], curve.lower[0], curve.upper[0]]).all()
    assert km_quantiles(curve, [0.5]).value[0] == 12
    assert rmst(curve).mean == 12


def test_a_group_without_an_event_is_compared_and_its_ratio_is_firths():
    time, event, group = [2, 3, 4, 5, 6, 7], [1, 1, 0, 1, 0, 0], [1, 1, 1, 1, 0, 0]
    assert np.isfinite(logrank(time, event, group).p)
    fit = cox(time, event, group)
    assert fit.problem is not None
    assert "covariate 1" in str(fit.problem)
    assert proportional_hazards(time, event, group).lower[0] > 0


def test_data_that_say_nothing_about_a_covariate_are_said_to_say_nothing():
    time, event = [1, 2, 3], [0, 0, 1]  # the only event meets a risk set of one
    for fit in (cox(time, event, [0, 1, 1]), proportional_hazards(time, event, [0, 1, 1])):
        assert fit.problem is not None
        assert fit.problem.key == "stats.no_information"
        assert np.isnan([fit.coef[0], fit.lower[0], fit.upper[0], fit.p[0]]).all()


def test_times_that_differ_by_rounding_are_one_time():
    curve = kaplan_meier([0.1 + 0.2, 0.3, 1.0], [1, 1, 0])
    assert curve.times.tolist() == [0.3, 1.0]
    assert curve.n_event.tolist() == [2, 0]
    assert logrank([0.1 + 0.2, 0.3, 1, 2], [1, 1, 1, 0], [0, 1, 0, 1]).statistic == pytest.approx(
        logrank([0.3, 0.3, 1, 2], [1, 1, 1, 0], [0, 1, 0, 1]).statistic
    )


def test_an_event_at_time_zero_counts_from_the_start():
    curve = kaplan_meier([0, 1, 2, 4], [1, 1, 0, 1])
    assert survival_at(curve, [0]).survival[0] == 0.75
    assert rmst(curve, 1).mean == 0.75
    assert curve.n == 4


BAD_TIMES = [[], [-1.0, 2], [np.nan, 2], [np.inf, 2], ["a", "b"], [[1, 2]]]


@pytest.mark.parametrize("bad", BAD_TIMES, ids=str)
def test_times_that_are_no_times_are_refused_everywhere(bad):
    ones = np.ones(2)
    for call in (
        lambda: kaplan_meier(bad, ones),
        lambda: reverse_kaplan_meier(bad, ones),
        lambda: aalen_johansen(bad, ones),
        lambda: logrank(bad, ones, [0, 1]),
        lambda: gray_test(bad, ones, [0, 1]),
        lambda: cox(bad, ones, [0, 1]),
        lambda: firth_cox(bad, ones, [0, 1]),
        lambda: fine_gray(bad, ones, [0, 1]),
        lambda: landmark(bad, 1),
        lambda: kaplan_meier_many([bad], [ones]),
    ):
        with pytest.raises((InputError, ValueError)) as caught:
            call()
        assert caught.type is InputError


@pytest.mark.parametrize(
    "call",
    [
        lambda: kaplan_meier([1, 2], [1]),
        lambda: kaplan_meier([1, 2], [1, 2]),
        lambda: kaplan_meier([1, 2], [1, np.nan]),
        lambda: kaplan_meier([1, 2], [1, 1], level=95),
        lambda: kaplan_meier([1, 2], [1, 1], band="arcsine"),
        lambda: km_quantiles(kaplan_meier([1, 2], [1, 1]), [0, 0.5]),
        lambda: km_quantiles(kaplan_meier([1, 2], [1, 1]), rule="midpoint"),
        lambda: survival_at(kaplan_meier([1, 2], [1, 1]), [-1]),
        lambda: rmst(kaplan_meier([1, 2], [1, 1]), -3),
        lambda: rmst(kaplan_meier([1, 2], [1, 1]), 0),
        lambda: aalen_johansen([1, 2], [1, 2], 0),
        lambda: aalen_johansen([1, 2], [1, -1]),
        lambda: aalen_johansen([1, 2], [1, 1], variance="greenwood"),
        lambda: logrank([1, 2], [1, 1], [0, 0]),
        lambda: logrank([1, 2], [1, 1], [0]),
        lambda: gray_test([1, 2], [1, 1], [0, 0]),
        lambda: cox([1, 2, 3], [1, 1, 0], [1, 1, 1]),
        lambda: cox([1, 2, 3], [1, 1, 0], [[1, 2], [2, 4], [3, 6]]),
        lambda: cox([1, 2, 3], [1, 1, 0], [1, np.nan, 0]),
        lambda: cox([1, 2, 3], [1, 1, 0], [1, 0]),
        lambda: cox([1, 2, 3], [1, 1, 0], [1, 0, 1], ties="exact"),
        lambda: cox([1, 2, 3], [1, 1, 0], [1, 0, 1], start=[1, 0, 0]),
        lambda: fine_gray([1, 2, 3], [2, 2, 0], [1, 0, 1]),
        # Both events are of the marked; the search came to rest at a log ratio of 31 where the score is rounding.
        lambda: fine_gray([1, 2, 3, 4, 5, 6], [1, 1, 0, 2, 0, 2], [1, 1, 0, 0, 0, 0]),
        lambda: landmark([1, 2], -1),
        lambda: kaplan_meier_many([[1, 2]], [[1, 1]], present=[[False, False]]),
        lambda: kaplan_meier_many([[1, 2]], [[1, 3]]),
    ],
)
def test_an_unusable_argument_is_refused_with_a_sentence(call):
    with pytest.raises(InputError) as caught:
        call()
    assert len(str(caught.value)) > 15


def highest_over_intercepts(y: np.ndarray, x: np.ndarray, slope: float) -> float:
    """Firth's penalised logistic likelihood of a slope, its intercept looked for everywhere, not climbed to."""
    eta = np.linspace(-60, 60, 120_001)[:, None] + slope * x
    rest = np.exp(-np.abs(eta))
    weight = rest / (1 + rest) ** 2
    total, first, second = weight.sum(axis=1), weight @ x, weight @ x**2
    loglik = -np.logaddexp(0, np.where(y > 0, -eta, eta)).sum(axis=1)
    return float((loglik + np.log(np.maximum(total * second - first**2, 1e-300)) / 2).max())


@pytest.mark.parametrize(
    ("outcome", "x"),
    [
        ([0, 0, 1], [-0.8, 0.1, 0.7]),  # separated
        ([0, 0, 1, 1, 1], [-1.4, -0.6, 0.1, 0.5, 1.4]),
        ([0, 1, 0, 0, 1, 1, 1], [-1.5, -1.1, -0.6, 0.2, 0.7, 1.0, 1.3]),  # nearly
    ],
)
def test_a_profile_limit_of_firths_logistic_regression_is_where_the_whole_profile_has_fallen(outcome, x):
    """Far from the estimate there is a maximum between any two subjects; a climb from one start finds the nearest."""
    y, values = np.array(outcome, dtype=float), np.array(x)
    ours = firth_logistic(y, values)
    top = highest_over_intercepts(y, values, ours.coef[1])
    for limit in (ours.lower[1], ours.upper[1]):
        assert 2 * (top - highest_over_intercepts(y, values, limit)) == pytest.approx(
            3.841458820694, abs=1e-4
        )
