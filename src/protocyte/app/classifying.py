"""Response categories of plain inputs, by a shipped criteria set or a study's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from protocyte.app.studies import open_study
from protocyte.base import InputError
from protocyte.derive.classify import (
    Criteria,
    classify,
    facts_of_inputs,
    input_names,
    own_criteria,
    shipped_criteria,
)
from protocyte.study.load import Loaded
from protocyte.vocab.response_sets import RESPONSE_SETS


def classifier(criteria: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A function from one assessment's inputs to `response`, `rule`, `missing` (and `possible`)."""
    chosen = _criteria(criteria)

    def answer(inputs: dict[str, Any]) -> dict[str, Any]:
        found = classify(chosen, facts_of_inputs(inputs))
        return {
            "response": found.category,
            "rule": found.verdict.rule if found.verdict else str(found.why),
            "possible": list(found.possible),
            "missing": list(input_names(found.missing)),
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
