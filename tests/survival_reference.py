"""The survival reference set read back: R's data, as arrays, by the names its output files use."""

from __future__ import annotations

import csv
import gzip
from functools import cache
from pathlib import Path

import numpy as np

from reference_folder import FOLDER, reference_file

VETERAN = Path(__file__).parent / "published" / "stats_veteran.csv"
Columns = dict[str, np.ndarray]


def number(text: str) -> float:
    return float(text) if text not in ("", "NA") else float("nan")


def rows(name: str) -> list[dict[str, str]]:
    path = reference_file(f"survival/{name}")
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@cache
def data(name: str) -> Columns:
    """One data file: numeric columns as floats (empty is NaN), the others as text.

    The reference folder names the veteran trial but may not hold it; its 137 rows are public (Kalbfleisch
    and Prentice 1980, appendix) and lie beside the tests.
    """
    if name == "veteran" and not (FOLDER / "survival/data/veteran.csv").exists():
        with open(VETERAN, encoding="utf-8", newline="") as handle:
            table = list(csv.DictReader(handle))
    else:
        table = rows(f"data/{name}.csv")
    return {column: _column([row[column] for row in table]) for column in table[0]}


def _column(values: list[str]) -> np.ndarray:
    try:
        return np.array([number(value) for value in values])
    except ValueError:
        return np.array(values)


@cache
def sample(dataset: str, stratum: str) -> tuple[np.ndarray, np.ndarray]:
    """Times and events of one curve of the Kaplan-Meier files."""
    time, event, keep = _whole(dataset)
    if "=" in stratum:
        variable, _, value = stratum.partition("=")
        column = data(_FILE[dataset])[variable]
        keep = keep & np.array([_label(cell) == value for cell in column])
    return time[keep], event[keep]


_FILE = {
    "aml_by_x": "aml",
    "bmt_dfs_by_group": "bmt",
    "colon_death_by_rx": "colon",
    "lung_by_sex": "lung",
}


def _label(cell: object) -> str:
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def _whole(dataset: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if dataset.startswith("edge_"):
        table = data("edge")
        return table["time"], table["status"], table["case"] == dataset.removeprefix("edge_")
    match dataset:
        case "aml" | "aml_by_x" | "reverseKM_aml":
            table = data("aml")
            time, event = table["time"], table["status"]
        case "lung_by_sex" | "reverseKM_lung":
            table = data("lung")
            time, event = table["time"], table["status"] - 1
        case "mgus2_death":
            table = data("mgus2")
            time, event = table["futime"], table["death"]
        case "colon_death_by_rx":
            table = data("colon")
            return table["time"], table["status"], table["etype"] == 2
        case "bmt_dfs_by_group":
            table = data("bmt")
            time, event = table["t2"], table["d3"]
        case "reverseKM_bmt_t1":
            table = data("bmt")
            time, event = table["t1"], table["d1"]
        case _:
            raise KeyError(dataset)
    return time, event, np.ones(time.size, dtype=bool)


def is_reverse(dataset: str) -> bool:
    return dataset.startswith("reverseKM_")


def close(ours: float, theirs: str, tolerance: float = 1e-9) -> bool:
    """Both missing, or equal within `tolerance` relative to the value (and 1e-12, for zeros)."""
    expected = number(theirs)
    if np.isnan(expected) or np.isnan(ours):
        return bool(np.isnan(expected) and np.isnan(ours))
    return abs(ours - expected) <= tolerance * abs(expected) + 1e-12


def dummies(values: np.ndarray, *labels: object) -> np.ndarray:
    """One 0/1 column a label."""
    return np.column_stack([(values == label).astype(float) for label in labels])


def regression(model: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, events and covariates (in the file's order of terms) of one model of the Cox files."""
    match model:
        case "aml_x" | "aml_xm":
            aml = data("aml")
            return aml["time"], aml["status"], dummies(aml["x"], "Nonmaintained")
        case "veteran_full":
            v = data("veteran")
            cells = dummies(v["celltype"], "smallcell", "adeno", "large")
            return v["time"], v["status"], np.column_stack([v["trt"], v["karno"], v["age"], cells])
        case "veteran_trt2_karno":
            v = data("veteran")
            return v["time"], v["status"], np.column_stack([v["trt"] == 2, v["karno"]])
        case "lung_age_sex_ecog":
            lung = data("lung")
            x = np.column_stack([lung["age"], lung["sex"], lung["ph.ecog"]])
            keep = ~np.isnan(x).any(axis=1)  # R leaves out rows with a missing covariate
            return lung["time"][keep], lung["status"][keep] - 1, x[keep]
        case "colon_rx_node4_death":
            colon = data("colon")
            keep = colon["etype"] == 2
            x = np.column_stack([dummies(colon["rx"], "Lev", "Lev+5FU"), colon["node4"]])
            return colon["time"][keep], colon["status"][keep], x[keep]
        case "bmt_group_dfs":
            bmt = data("bmt")
            return bmt["t2"], bmt["d3"], np.column_stack([dummies(bmt["group"], 2, 3), bmt["z1"]])
        case "separation_grp" | "separation_grp_age":
            s = data("separation")
            x = s["grp"][:, None] if model == "separation_grp" else np.column_stack([s["grp"], s["age"]])
            return s["time"], s["status"], x
        case "coxphf_breast_TNGC":
            b = data("coxphf_breast")
            return b["TIME"], b["CENS"], np.column_stack([b[name] for name in ("T", "N", "G", "CD")])
        case _:
            raise KeyError(model)
