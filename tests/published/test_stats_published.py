"""Numbers printed in papers and textbooks, retyped from the page named beside each."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from protocyte.stats.aalen_johansen import aalen_johansen, incidence_at
from protocyte.stats.binomial import clopper_pearson, mid_p, wilson
from protocyte.stats.cox import cox
from protocyte.stats.firth_logistic import firth_logistic
from protocyte.stats.kaplan_meier import kaplan_meier, survival_at
from protocyte.stats.logrank import logrank
from protocyte.stats.nca import nca
from protocyte.stats.quantiles import km_quantiles
from protocyte.stats.rmst import rmst

# Remission in weeks of 42 children with acute leukaemia, 6-mercaptopurine against placebo: Freireich et al.
# (Blood 1963;21:699), table 1.1 of Cox and Oakes (Analysis of Survival Data, 1984). + means censored.
MERCAPTOPURINE = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"

# Weeks to relapse of acute myelogenous leukaemia with and without maintenance: Embury et al. (West J Med
# 1977;126:267), table 1.1 of Miller (Survival Analysis, 1981).
MAINTAINED = "9 13 13+ 18 23 28+ 31 34 45+ 48 161+"
NOT_MAINTAINED = "5 5 8 8 12 16+ 23 27 30 33 43 45"

# Days, death, age, residual disease, treatment, ECOG performance of 26 women with ovarian cancer: Edmonson et
# al. (Cancer Treat Rep 1979;63:241), as in R's survival::ovarian.
OVARIAN = """
59 1 72.3315 2 1 1   115 1 74.4932 2 1 1   156 1 66.4658 2 1 2   268 1 74.5041 2 1 2
329 1 43.1370 2 1 1   353 1 63.2192 1 2 2   365 1 64.4247 2 2 1   377 0 58.3096 1 2 1
421 0 53.3644 2 2 1   431 1 50.3397 2 1 1   448 0 56.4301 1 1 2   464 1 56.9370 2 2 2
475 1 59.8548 2 2 2   477 0 64.1753 2 1 1   563 1 55.1781 1 2 2   638 1 56.7562 1 1 2
744 0 50.1096 1 2 1   769 0 59.6301 2 2 2   770 0 57.0521 2 2 1   803 0 39.2712 1 1 1
855 0 43.1233 1 1 2  1040 0 38.8932 2 1 2  1106 0 44.6000 1 1 1  1129 0 53.9068 1 2 1
1206 0 44.2055 2 2 1  1227 0 59.5890 1 2 2
"""

# Urinary tract infection of 239 women; the six figures are age over 24, oral contraceptive, condom, lubricated
# condom, spermicide, diaphragm; then how many without an infection and with one. Foxman et al. (Epidemiology
# 1997;8:637), as in R's logistf::sex2.
SEX2 = """
000010 1 1   001000 2 14   001010 1 3   001100 8 10   001110 18 12   001111 0 1
010000 42 44   010001 0 3   010010 1 0   011000 1 15   011001 0 1   011010 0 2
011100 5 7   011110 6 3   101000 0 2   101010 0 1   101011 0 1   101100 2 1
101110 4 0   101111 0 1   110000 14 5   110010 1 0   111000 1 3   111110 2 0
"""


def read(text: str) -> tuple[np.ndarray, np.ndarray]:
    words = text.split()
    return np.array([float(w.rstrip("+")) for w in words]), np.array([not w.endswith("+") for w in words])


def both(first: str, second: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    (t1, e1), (t2, e2) = read(first), read(second)
    return np.concatenate([t1, t2]), np.concatenate([e1, e2]), np.repeat([0, 1], [t1.size, t2.size])


def ovarian() -> np.ndarray:
    return np.array(OVARIAN.split(), dtype=float).reshape(-1, 6).T


def sex2() -> tuple[np.ndarray, np.ndarray]:
    words = SEX2.split()
    y, x = [], []
    for pattern, without, having in zip(words[::3], words[1::3], words[2::3], strict=True):
        y += [0] * int(without) + [1] * int(having)
        x += [[int(figure) for figure in pattern]] * (int(without) + int(having))
    return np.array(y), np.array(x)


def test_r_survival_tests_ovarian_rout_save_has_the_stratified_cox_fit():
    time, event, age, _, rx, ecog = ovarian()
    ours = cox(time, event, np.column_stack([age, ecog]), strata=rx)
    assert np.round(ours.coef, 5).tolist() == [0.13853, -0.09670]
    assert np.round(ours.se, 5).tolist() == [0.04801, 0.62994]
    assert np.round(ours.lower, 4).tolist() == [1.0454, 0.2641]
    assert np.round(ours.upper, 3).tolist() == [1.262, 3.120]
    tests = (ours.likelihood_ratio, ours.wald, ours.score)
    assert [round(test, 2) for test in tests] == [12.71, 8.43, 12.24]


def test_r_survival_example_anova_coxph_has_the_likelihoods_of_the_ovarian_models():
    time, event, _, residual, rx, ecog = ovarian()
    columns = (residual, rx, ecog, residual * rx)
    fits = [cox(time, event, np.column_stack(columns[: k + 1])) for k in range(4)]
    assert [round(fit.loglik, 3) for fit in fits] == [-33.105, -32.269, -31.970, -30.946]
    assert {round(fit.loglik_null, 3) for fit in fits} == {-34.985}


def test_r_survival_tests_quantile_r_crosses_rests_and_ends_of_the_curve():
    # S falls to 6/7, 18/35 and 9/35 and rests there; R's `quantile` runs the last rest on to day 10.
    curve = kaplan_meier([9, 1, 1, 6, 6, 8, 10], [1, 1, 0, 1, 1, 0, 0], band="log")
    probs = 1 - np.array([13 / 14, 6 / 7, 2 / 3, 0.5, 9 / 35, 0.1])
    ordered = km_quantiles(curve, probs, rule="ordered")
    np.testing.assert_allclose(ordered.value, [1, 3.5, 6, 9, 9.5, np.nan])
    np.testing.assert_allclose(ordered.lower, [1, 1, 1, 6, 6, 9])
    assert np.isnan(ordered.upper).all()


def test_r_logistf_sex2_has_the_penalised_coefficients_and_profile_limits():
    ours = firth_logistic(*sex2())
    coef = [0.12025405, -1.10598131, -0.06881673, 2.26887464, -2.11140817, -0.78831694, 3.09601166]
    lower = [-1.9737884, -0.9414363, 1.2730216, -3.2608611, -1.6080879, 0.7745682]
    upper = [-0.30742514, 0.78920202, 3.43543273, -1.11773495, 0.01518468, 8.03029352]
    np.testing.assert_allclose(ours.coef, coef, rtol=1e-6)
    np.testing.assert_allclose(ours.lower[1:], lower, rtol=1e-5)  # logistf stops within 1e-5
    np.testing.assert_allclose(ours.upper[1:], upper, rtol=1e-5)


def test_klein_moeschberger_2003_table_4_1_has_the_estimates_for_mercaptopurine():
    at = survival_at(kaplan_meier(*read(MERCAPTOPURINE)), [6, 7, 10, 13, 16, 22, 23])
    assert np.round(at.survival, 3).tolist() == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert np.round(at.se, 3).tolist() == [0.076, 0.087, 0.096, 0.107, 0.114, 0.128, 0.135]
    assert at.n_at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]


def test_the_medians_of_the_6_mp_trial_are_23_and_8_weeks():
    assert km_quantiles(kaplan_meier(*read(MERCAPTOPURINE)), [0.5]).value[0] == 23
    assert km_quantiles(kaplan_meier(*read(PLACEBO)), [0.5]).value[0] == 8


def test_the_logrank_test_of_the_6_mp_trial_is_16_79():
    ours = logrank(*both(MERCAPTOPURINE, PLACEBO))
    assert round(ours.statistic, 2) == 16.79
    assert np.round(ours.expected, 2).tolist() == [19.25, 10.75]


def test_the_cox_coefficient_of_the_6_mp_trial_is_1_51_by_breslow_and_1_57_by_efron():
    time, event, placebo = both(MERCAPTOPURINE, PLACEBO)
    assert round(cox(time, event, placebo, ties="breslow").coef[0], 3) == 1.509
    assert round(cox(time, event, placebo, ties="efron").coef[0], 3) == 1.572


def test_miller_1981_the_aml_medians_are_31_and_23_weeks_and_the_logrank_test_is_3_40():
    assert km_quantiles(kaplan_meier(*read(MAINTAINED)), [0.5]).value[0] == 31
    assert km_quantiles(kaplan_meier(*read(NOT_MAINTAINED)), [0.5]).value[0] == 23
    ours = logrank(*both(MAINTAINED, NOT_MAINTAINED))
    assert round(ours.statistic, 2) == 3.40
    assert round(ours.p, 4) == 0.0653


def test_miller_1981_the_mean_of_the_maintained_group_is_52_6_weeks():
    assert round(rmst(kaplan_meier(*read(MAINTAINED))).mean, 2) == 52.65


@pytest.mark.parametrize(
    ("x", "n", "score", "exact", "mid"),
    [
        (81, 263, (0.2553, 0.3662), (0.2527, 0.3676), (0.2544, 0.3658)),
        (15, 148, (0.0624, 0.1605), (0.0578, 0.1617), (0.0601, 0.1581)),
        (0, 20, (0.0000, 0.1611), (0.0000, 0.1684), (0.0000, 0.1391)),
        (1, 29, (0.0061, 0.1718), (0.0009, 0.1776), (0.0017, 0.1585)),
    ],
)
def test_newcombe_1998_stat_med_17_857_table_1(x, n, score, exact, mid):
    for ours, printed in ((wilson(x, n), score), (clopper_pearson(x, n), exact), (mid_p(x, n), mid)):
        assert (round(float(ours.lower), 4), round(float(ours.upper), 4)) == printed


def test_hanley_lippman_hand_1983_jama_249_1743_the_rule_of_three_is_the_one_sided_limit_of_no_event():
    for n in (30, 100, 300):
        assert abs(float(clopper_pearson(0, n, 0.90).upper) - 3 / n) < 0.005


def test_gooley_1999_stat_med_18_695_one_minus_km_exceeds_the_incidence_where_causes_compete():
    # Their worked idea: treating a rival event as censoring adds to the estimate and never takes away.
    time = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    cause = [1, 2, 1, 2, 0, 1, 2, 1, 2, 0]
    incidence = incidence_at(aalen_johansen(time, cause), [8]).incidence[0]
    naive = 1 - survival_at(kaplan_meier(time, np.equal(cause, 1)), [8]).survival[0]
    by_hand = 0.1 + 0.1 + 0.6 / 5 + 0.36 / 3 * 1.0
    assert incidence == pytest.approx(by_hand)
    assert naive > incidence


def test_the_half_life_of_an_exponential_is_log_2_over_its_rate_gibaldi_perrier_1982():
    days = np.array([0.0, 7, 14, 21, 28, 42])
    values = np.concatenate([[0.0], 1000 * np.exp(-0.05 * (days[1:] - 7))])
    ours = nca(days, values, lloq=1.0, terminal_after=0.0, contraction_span=14.0)
    assert ours.terminal.half_life == pytest.approx(log(2) / 0.05)
    assert ours.contraction.half_life == pytest.approx(log(2) / 0.05)
