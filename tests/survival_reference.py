"""The survival reference set read back: R's data, as arrays, by the names its output files use."""

from __future__ import annotations

import csv
import gzip
from functools import cache

import numpy as np

from reference_folder import FOLDER, reference_file

Columns = dict[str, np.ndarray]
VETERAN_ABSENT = not (FOLDER / "survival/data/veteran.csv").exists()


def number(text: str) -> float:
    return float(text) if text not in ("", "NA") else float("nan")


def rows(name: str) -> list[dict[str, str]]:
    """A file's rows. Those about data the folder names but does not hold are passed over, and counted."""
    path = reference_file(f"survival/{name}")
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as handle:
        table = list(csv.DictReader(handle))
    usable = [row for row in table if not (VETERAN_ABSENT and any("veteran" in v for v in row.values() if v))]
    if len(usable) < len(table):
        print(f"REFERENCE DATA ABSENT: veteran.csv; {len(table) - len(usable)} rows of {name} passed over")
    return usable


@cache
def data(name: str) -> Columns:
    """One data file: numeric columns as floats (empty is NaN), the others as text."""
    table = rows(f"data/{name}.csv")
    return {column: _column([row[column] for row in table]) for column in table[0]}


def _column(values: list[str]) -> np.ndarray:
    try:
        return np.array([number(value) for value in values])
    except ValueError:
        return np.array(values)


# A data set's name in the output files is an endpoint, then perhaps `_by_` and a variable: the file, the
# column of times, and the column and value of the event; colon holds two rows a subject, one an endpoint.
ENDPOINTS: dict[str, tuple[str, str, str, float]] = {
    "aml": ("aml", "time", "status", 1),
    "lung": ("lung", "time", "status", 2),
    "veteran": ("veteran", "time", "status", 1),
    "mgus2_death": ("mgus2", "futime", "death", 1),
    "colon_death": ("colon", "time", "status", 1),
    "colon_recurrence": ("colon", "time", "status", 1),
    "bmt_dfs": ("bmt", "t2", "d3", 1),
    "bmt_t1": ("bmt", "t1", "d1", 1),
    "myeloid_os": ("myeloid", "futime", "death", 1),
}
COLON_ROWS = {"colon_death": 2.0, "colon_recurrence": 1.0}

# Competing risks: the file, times, codes, and the code of each state.
COMPETING: dict[str, tuple[str, str, str, dict[str, int]]] = {
    "bmt": ("bmt", "crtime", "crstat", {"relapse": 1, "trm": 2}),
    "mgus2": ("mgus2", "etime", "estat", {"pcm": 1, "death": 2}),
}


@cache
def sample(dataset: str, stratum: str) -> tuple[np.ndarray, np.ndarray]:
    """Times and events of one curve of the Kaplan-Meier files; `stratum` is "all" or "variable=value"."""
    if dataset.startswith("edge_"):
        edge = data("edge")
        keep = edge["case"] == dataset.removeprefix("edge_")
        return edge["time"][keep], edge["status"][keep]
    name = dataset.removeprefix("reverseKM_").partition("_by_")[0]
    file, time, event, value = ENDPOINTS[name]
    table = data(file)
    keep = np.ones(table[time].size, dtype=bool)
    if name in COLON_ROWS:
        keep &= table["etype"] == COLON_ROWS[name]
    if "=" in stratum:
        variable, _, label = stratum.partition("=")
        keep &= has_label(table[variable], label)
    return table[time][keep], table[event][keep] == value


@cache
def competing(dataset: str, label: str) -> tuple[np.ndarray, np.ndarray]:
    """Times and causes of one group: `dataset` is `bmt_all`, or `bmt_group` with the group's label."""
    name, _, variable = dataset.partition("_")
    file, time, cause, _ = COMPETING[name]
    table = data(file)
    if variable == "all":
        return table[time], table[cause]
    keep = has_label(table[variable], label)
    return table[time][keep], table[cause][keep]


def has_label(column: np.ndarray, label: str) -> np.ndarray:
    return np.array([(f"{cell:g}" if isinstance(cell, float) else str(cell)) == label for cell in column])


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
