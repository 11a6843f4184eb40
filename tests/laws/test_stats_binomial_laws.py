"""What must hold for any interval of a proportion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import comb

from protocyte.base import InputError
from protocyte.stats.binomial import clopper_pearson, mid_p, wilson

LAW = settings(deadline=None, derandomize=True, max_examples=100)
METHODS = [clopper_pearson, mid_p, wilson]
counts = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])


@pytest.mark.parametrize("interval", METHODS)
@given(counts, levels)
@LAW
def test_an_interval_holds_its_estimate_lies_in_0_1_and_mirrors_its_complement(interval, pair, level):
    x, n = pair
    ours, mirror = interval(x, n, level), interval(n - x, n, level)
    assert 0 <= ours.lower <= ours.estimate <= ours.upper <= 1
    assert ours.lower == pytest.approx(1 - mirror.upper, abs=1e-12)
    assert (ours.lower == 0) == (x == 0)
    assert (ours.upper == 1) == (x == n)


@given(counts, levels)
@LAW
def test_the_mid_p_interval_lies_within_the_exact_one(pair, level):
    exact, middle = clopper_pearson(*pair, level), mid_p(*pair, level)
    assert exact.lower - 1e-12 <= middle.lower
    assert middle.upper <= exact.upper + 1e-12


@pytest.mark.parametrize("interval", METHODS)
@given(counts)
@LAW
def test_more_confidence_is_a_wider_interval(interval, pair):
    narrow, wide = interval(*pair, 0.8), interval(*pair, 0.95)
    assert wide.lower <= narrow.lower
    assert wide.upper >= narrow.upper


@pytest.mark.parametrize("n", [1, 3, 6, 10, 30])
def test_the_exact_interval_covers_at_least_its_level_for_every_truth(n):
    x = np.arange(n + 1)
    limits = clopper_pearson(x, n)
    for p in np.linspace(0.001, 0.999, 199):
        probability = comb(n, x) * p**x * (1 - p) ** (n - x)
        assert probability[(limits.lower <= p) & (p <= limits.upper)].sum() >= 0.95 - 1e-9


@pytest.mark.parametrize("interval", METHODS)
def test_nobody_treated_leaves_everything_possible_and_no_estimate(interval):
    ours = interval(0, 0)
    assert (float(ours.lower), float(ours.upper)) == (0, 1)
    assert np.isnan(ours.estimate)


@pytest.mark.parametrize("interval", METHODS)
def test_arrays_broadcast(interval):
    ours = interval([0, 1, 2, 3], 3)
    assert ours.lower.shape == (4,)
    assert (np.diff(ours.lower) > 0).all()


@pytest.mark.parametrize("interval", METHODS)
@pytest.mark.parametrize(
    "bad", [(4, 3, 0.95), (-1, 3, 0.95), (1.5, 3, 0.95), (1, 3, 1.0), (1, 3, 0), (np.nan, 3, 0.9)]
)
def test_impossible_counts_and_levels_are_refused(interval, bad):
    with pytest.raises(InputError):
        interval(*bad)
