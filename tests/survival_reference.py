"""The survival reference set read back: R's data, as arrays, by the names its output files use."""

from __future__ import annotations

import csv
import gzip
from functools import cache

import numpy as np

from reference_folder import reference_file

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
    """One data file: numeric columns as floats (empty is NaN), the others as text."""
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
