"""Restricted means, log-rank, Gray and landmark against R: every row of their files."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from protocyte.stats.cox import cox
from protocyte.stats.gray import gray_test
from protocyte.stats.kaplan_meier import kaplan_meier, reverse_kaplan_meier
from protocyte.stats.landmark import known_by, landmark
from protocyte.stats.logrank import KSampleTest, logrank
from protocyte.stats.rmst import compare_rmst, rmst
from survival_reference import COMPETING, close, data, is_reverse, number, rows, sample

pytestmark = pytest.mark.reference


def test_every_mean_restricted_to_the_last_time_of_its_data_set_is_print_survfits():
    table = rows("km_summary_table.csv")
    last: dict[str, float] = {}
    for row in table:
        time, _ = sample(row["dataset"], row["strata"])
        last[row["dataset"]] = max(last.get(row["dataset"], 0.0), time.max())
    for row in table:
        estimate = reverse_kaplan_meier if is_reverse(row["dataset"]) else kaplan_meier
        mean = rmst(estimate(*sample(row["dataset"], row["strata"])), last[row["dataset"]], extend=True)
        assert close(mean.mean, row["rmean"]), row
        assert close(mean.se, row["se_rmean"]), row
    print(f"{len(table)} rows")


@cache
def _two_arms(dataset: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    match dataset:
        case "aml_x":
            aml = data("aml")
            return aml["time"], aml["status"], aml["x"] == "Maintained"
        case "lung_sex":
            lung = data("lung")
            return lung["time"], lung["status"] - 1, lung["sex"] == 2
        case "colon_obs_vs_lev5fu":
            colon = data("colon")
            keep = (colon["etype"] == 2) & (colon["rx"] != "Lev")
            return colon["time"][keep], colon["status"][keep], colon["rx"][keep] == "Lev+5FU"
        case _:
            raise KeyError(dataset)


def test_every_restricted_mean_and_contrast_is_survrm2s():
    table = rows("rmst.csv")
    for row in table:
        time, event, arm = _two_arms(row["dataset"])
        arms = [rmst(kaplan_meier(time[arm == k], event[arm == k]), number(row["tau"])) for k in (0, 1)]
        if row["quantity"].startswith("rmst_arm"):
            mean = arms[int(row["quantity"][-1])]
            ours = {"est": mean.mean, "se": mean.se, "lower": mean.lower, "upper": mean.upper}
        else:
            both = compare_rmst(*arms)
            chosen = {
                "diff_1_minus_0": both.difference,
                "ratio_1_over_0": both.ratio,
                "rmtl_ratio_1_over_0": both.lost_ratio,
            }[row["quantity"]]
            ours = {"est": chosen.estimate, "lower": chosen.lower, "upper": chosen.upper, "p": chosen.p}
        for name, value in ours.items():
            assert close(value, row[name]), (row, name, value)
    print(f"{len(table)} rows")


def _logrank(test: str, rho: float) -> KSampleTest:
    match test:
        case "aml_x":
            aml = data("aml")
            return logrank(aml["time"], aml["status"], aml["x"], rho=rho)
        case "veteran_trt" | "veteran_celltype" | "veteran_trt_strata_celltype":
            v = data("veteran")
            if test == "veteran_celltype":  # R keeps the factor's own order of levels
                order = {"squamous": 0, "smallcell": 1, "adeno": 2, "large": 3}
                return logrank(v["time"], v["status"], [order[cell] for cell in v["celltype"]], rho=rho)
            strata = v["celltype"] if test.endswith("celltype") else None
            return logrank(v["time"], v["status"], v["trt"], rho=rho, strata=strata)
        case "lung_sex":
            lung = data("lung")
            return logrank(lung["time"], lung["status"] - 1, lung["sex"], rho=rho)
        case "colon_rx_death":
            colon = data("colon")
            keep = colon["etype"] == 2
            order = {"Obs": 0, "Lev": 1, "Lev+5FU": 2}
            group = np.array([order[rx] for rx in colon["rx"][keep]])
            return logrank(colon["time"][keep], colon["status"][keep], group, rho=rho)
        case "bmt_group_dfs":
            bmt = data("bmt")
            return logrank(bmt["t2"], bmt["d3"], bmt["group"], rho=rho)
        case "separation_grp":
            s = data("separation")
            return logrank(s["time"], s["status"], s["grp"], rho=rho)
        case _:
            raise KeyError(test)


def test_every_logrank_test_is_survdiffs():
    table = rows("logrank.csv")
    for row in table:
        ours = _logrank(row["test"], float(row["rho"]))
        assert ours.df == int(row["df"]), row
        assert close(ours.statistic, row["chisq"]), row
        assert close(ours.p, row["p"]), row
        for column, values in (("obs", ours.observed), ("exp", ours.expected)):
            theirs = row[column].split(";")
            assert len(theirs) == values.size
            assert all(close(a, b) for a, b in zip(values, theirs, strict=True)), (row, column)
    print(f"{len(table)} rows")


def test_every_gray_test_is_cmprsk_cumincs():
    table = rows("gray_test.csv")
    for row in table:
        name, _, group = row["dataset"].partition("_")
        file, time, cause, _ = COMPETING[name]
        them = data(file)
        ours = gray_test(them[time], them[cause], them[group], int(row["cause"]))
        assert ours.df == int(row["df"]), row
        assert close(ours.statistic, row["stat"]), row
        assert close(ours.p, row["p"], 1e-7), row  # the file rounds p to 12 digits
    print(f"{len(table)} rows")


def _bmt_landmark() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Disease-free survival from day 100 by acute GvHD known then."""
    bmt = data("bmt")
    kept, since = landmark(bmt["t2"], 100)
    return since, bmt["d3"][kept], known_by(bmt["ta"], bmt["da"], 100)[kept]


def test_the_landmark_analysis_of_bmt_is_rs():
    table = {row["quantity"]: row["value"] for row in rows("landmark_bmt_day100.csv")}
    time, event, gvhd = _bmt_landmark()
    fit = cox(time, event, gvhd)
    bmt = data("bmt")
    later = (bmt["da"] == 1) & (bmt["ta"] < bmt["t2"])  # the marker as a covariate that changes with time
    dependent = cox(
        np.concatenate([np.where(later, bmt["ta"], bmt["t2"]), bmt["t2"][later]]),
        np.concatenate([np.where(later, 0, bmt["d3"]), bmt["d3"][later]]),
        np.concatenate([np.zeros(later.size), np.ones(later.sum())]),
        start=np.concatenate([np.zeros(later.size), bmt["ta"][later]]),
    )
    ours = {
        "n": time.size,
        "n_agvhd": int(gvhd.sum()),
        "logrank_chisq": logrank(time, event, gvhd).statistic,
        "cox_coef": fit.coef[0],
        "cox_se": fit.se[0],
        "tdc_cox_coef": dependent.coef[0],
        "tdc_cox_se": dependent.se[0],
    }
    assert ours.keys() == table.keys()
    for name, value in ours.items():
        if "cox" in name:  # coxph stops when the likelihood gains less than 1e-9: 1e-7 is what it settles
            assert abs(value - number(table[name])) < 1e-7, (name, value)
        else:
            assert close(value, table[name]), (name, value)
    print(f"{len(table)} values")


def test_every_row_of_the_landmark_curves_is_survfits():
    table = rows("landmark_km.csv")
    time, event, gvhd = _bmt_landmark()
    curves = {f"agvhd100={k}": kaplan_meier(time[gvhd == k], event[gvhd == k]) for k in (0, 1)}
    for row in table:
        curve = curves[row["strata"]]
        (i,) = np.flatnonzero(curve.times == float(row["time"]))
        ours = {
            "n_risk": curve.n_at_risk[i],
            "surv": curve.survival[i],
            "lower": curve.lower[i],
            "upper": curve.upper[i],
        }
        for name, value in ours.items():
            assert close(value, row[name]), (row, name, value)
    print(f"{len(table)} rows")
