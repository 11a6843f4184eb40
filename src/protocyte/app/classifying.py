"""Response categories of plain inputs, by a shipped criteria set or a study's own."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from protocyte.app.studies import open_study
from protocyte.base import InputError, Measured
from protocyte.derive.classify import Criteria, classify, own_criteria, shipped_criteria
from protocyte.rules import FactTable, Observation, Observations
from protocyte.study.load import Loaded
from protocyte.vocab.response_sets import RESPONSE_SETS

# The short names of one assessment's inputs: the fact each stands for and the unit of a plain number.
INPUTS: dict[str, tuple[str, str]] = {
    "bm": ("blasts", "%"),
    "bm0": ("baseline_blasts", "%"),
    "pb": ("circulating_blasts", ""),
    "emd": ("extramedullary_disease", ""),
    "anc": ("anc", "10^9/L"),
    "plt": ("platelets", "10^9/L"),
    "auer": ("auer_rods", ""),
    "rbc_ti": ("red_cell_independent", ""),
    "plt_ti": ("platelet_independent", ""),
    "cells": ("cells_counted", "1"),
    "cellularity": ("cellularity", "%"),
    "spicules": ("spicules", ""),
    "mrd_negative": ("mrd_negative", ""),
    "hb": ("hemoglobin", "g/L"),
    "wbc": ("wbc", "10^9/L"),
    "monocytes": ("monocytes", "10^9/L"),
}


def classifier(criteria: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A function from one assessment's inputs to `response`, `rule`, `missing` (and `possible`)."""
    chosen = _criteria(criteria)

    def answer(inputs: dict[str, Any]) -> dict[str, Any]:
        table = {}
        for name, value in inputs.items():
            fact, observed = _observation(name, value)
            table[fact] = observed
        found = classify(chosen, FactTable(table))
        return {
            "response": found.category,
            "rule": found.verdict.rule if found.verdict else str(found.why),
            "possible": list(found.possible),
            "missing": list(found.missing),
        }

    return answer


def _criteria(name: str) -> Criteria:
    if name in RESPONSE_SETS:
        return shipped_criteria(name)
    loaded = open_study(name)
    if not isinstance(loaded, Loaded):
        raise InputError(f"{name!r} is no criteria set ({', '.join(RESPONSE_SETS)}) and no study", loaded)
    own = loaded.study.response
    first = next(iter(own.primary.values()))
    return own_criteria(first, own.criteria[first]) if first in own.criteria else shipped_criteria(first)


def _observation(name: str, value: Any) -> tuple[str, Observations]:
    if name not in INPUTS:
        raise InputError(f"{name}: not an input; the inputs are {', '.join(INPUTS)}")
    fact, unit = INPUTS[name]
    if value is None:
        return fact, Observations((Observation(None),))
    if not unit:
        if not isinstance(value, bool):
            raise InputError(f"{name}: {value!r} is not true or false")
        return fact, Observations((Observation(value),))
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise InputError(f"{name}: {value!r} is not a number") from None
    if isinstance(value, bool) or not number.is_finite() or number < 0:
        raise InputError(f"{name}: {value!r} is not a number of zero or more")
    return fact, Observations((Observation(number if unit == "1" else Measured(number, unit)),))
