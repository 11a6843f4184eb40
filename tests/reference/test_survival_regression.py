"""Cox, Firth and Fine-Gray against R survival, coxphf and cmprsk: cox_coef, cox_fit, finegray_crr.

coxphf stops early (its estimates are good to about 1e-7), so Firth's estimates are held to 1e-6, its
penalised likelihoods and tests to 1e-9 and its profile limits to 1e-4 on the log scale.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from protocyte.stats.cox import cox, proportional_hazards
from protocyte.stats.fine_gray import fine_gray
from protocyte.stats.firth import firth_cox
from protocyte.stats.hazard_fit import HazardFit
from survival_reference import close, data, dummies, number, regression, rows

pytestmark = pytest.mark.reference


@cache
def _fit(model: str, method: str) -> HazardFit:
    if method.startswith("firth_breslow"):
        return firth_cox(*regression(model), ties="breslow")
    return cox(*regression(model), ties=method)


def _same_log(ours: float, theirs: str, tolerance: float) -> bool:
    return abs(np.log(ours) - np.log(number(theirs))) <= tolerance


def test_every_coefficient_is_coxphs_or_coxphfs():
    table = rows("cox_coef.csv")
    seen: dict[tuple[str, str], int] = {}
    for row in table:
        key = (row["model"], row["method"])
        k = seen.get(key, 0)
        seen[key] = k + 1
        fit, firth = _fit(*key), "firth" in row["method"]
        assert close(fit.coef[k], row["coef"], 1e-6 if firth else 1e-7), (row, fit.coef[k])
        assert close(fit.se[k], row["se"], 1e-6 if firth else 1e-9), (row, fit.se[k])
        assert _same_log(fit.lower[k], row["hr_lower"], 1e-4 if firth else 1e-8), (row, fit.lower[k])
        assert _same_log(fit.upper[k], row["hr_upper"], 1e-4 if firth else 1e-8), (row, fit.upper[k])
        assert close(fit.p[k], row["p"], 1e-7), (row, fit.p[k])
    for (model, method), count in seen.items():
        assert _fit(model, method).coef.size == count
    print(f"{len(table)} coefficients of {len(seen)} fits")


def test_every_fit_has_the_likelihoods_and_tests_of_coxph_or_coxphf():
    table = rows("cox_fit.csv")
    for row in table:
        fit = _fit(row["model"], row["method"])
        assert fit.n == int(row["n"]), row
        if row["nevent"]:
            assert fit.n_event == int(row["nevent"]), row
        ours = {
            "loglik0": fit.loglik_null,
            "loglik1": fit.loglik,
            "lrt": fit.likelihood_ratio,
            "score": fit.score,
        }
        if row["concordance"]:
            ours["concordance"] = fit.concordance
        for name, value in ours.items():
            assert close(value, row[name], 1e-9), (row, name, value)
        if row["wald"]:
            assert round(fit.wald, 2) == number(row["wald"]), row  # R stores two decimals
    print(f"{len(table)} fits")


def test_the_separated_data_are_reported_and_turn_to_firth():
    for model in ("separation_grp", "separation_grp_age"):
        fit = cox(*regression(model))
        assert fit.problem is not None
        assert fit.problem.params["covariates"] == ("1",)
        assert np.isnan(fit.coef).all()
        assert proportional_hazards(*regression(model)).method == "firth"


@cache
def _competing(model: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if model == "mgus2_pcm_age_male":
        mgus = data("mgus2")
        return mgus["etime"], mgus["estat"], np.column_stack([mgus["age"], mgus["sex"] == "M"])
    if model == "bmt_relapse_group":
        bmt = data("bmt")
        return bmt["crtime"], bmt["crstat"], dummies(bmt["group"], 2, 3)
    raise KeyError(model)


def test_every_fine_gray_coefficient_is_crrs_where_crr_stops_and_its_likelihood_is_no_better():
    table = rows("finegray_crr.csv")
    seen: dict[str, int] = {}
    for row in table:
        k = seen.get(row["model"], 0)
        seen[row["model"]] = k + 1
        stopped = fine_gray(*_competing(row["model"]), tolerance=1e-6)
        assert close(stopped.coef[k], row["coef"]), row
        assert close(stopped.se[k], row["se"]), row
        assert abs(fine_gray(*_competing(row["model"])).coef[k] - number(row["coef"])) < 5e-5
    print(f"{len(table)} coefficients")
