"""CRS by the ASTCT consensus (Lee 2019): fever, then the worse of hypotension and hypoxia.

Two readings the table leaves open: vasopressin alone is a pressor requirement (grade 3) but never one of
"multiple" pressors; breathing support for another reason than hypoxia, such as an airway protected during
a seizure, does not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocyte.base import Quantity
from protocyte.vocab.finding import Finding
from protocyte.vocab.inputs import Value, scale_facts


def is_fever(temperature: Quantity) -> bool:
    """Whether a temperature (degrees Celsius) is fever for CRS: 38.0 or more."""
    return bool(temperature.to("Cel").value >= scale_facts("astct-crs")["fever_from_celsius"])  # type: ignore[operator]


def prepare(values: dict[str, Value], listed: frozenset[str]) -> dict[str, Value]:
    return values


def impossible(values: Mapping[str, Any]) -> str | None:
    return None


def decide(values: Mapping[str, Any]) -> Finding:
    if values["death_due_to_crs"]:
        return Finding(5, "astct-crs.5.death")
    if not _present(values):
        return Finding(0, "astct-crs.0.no-crs")
    found = (_by_pressure(values), _by_oxygen(values))
    worst = max(found, key=lambda one: one.grade or 0)
    if worst.grade:
        return worst
    # Fever masked by treatment is not required for a higher grade, but grade 1 is fever and nothing else.
    return Finding(1, "astct-crs.1.fever") if values["fever"] else Finding(0, "astct-crs.0.resolved")


def _present(values: Mapping[str, Any]) -> bool:
    """Fever; once CRS is diagnosed and treated against fever, fever is no longer required."""
    masked = values["crs_already_diagnosed"] and values["antipyretic_or_anticytokine_given"]
    return bool(values["fever"] or masked)


def _by_pressure(values: Mapping[str, Any]) -> Finding:
    pressors = values["vasopressor_count_excl_vasopressin"]
    if pressors >= 2:
        return Finding(4, "astct-crs.4.pressors")
    if pressors == 1:
        return Finding(3, "astct-crs.3.pressor")
    if values["vasopressin"]:
        return Finding(3, "astct-crs.3.vasopressin")
    return (
        Finding(2, "astct-crs.2.hypotension") if values["hypotension"] else Finding(0, "astct-crs.0.resolved")
    )


def _by_oxygen(values: Mapping[str, Any]) -> Finding:
    facts: Any = scale_facts("astct-crs")
    oxygen = values["oxygen"]
    if oxygen == "none" or values["oxygen_reason"] != "hypoxia":
        return Finding(0, "astct-crs.0.resolved")
    if oxygen in facts["positive_pressure"]:
        return Finding(4, "astct-crs.4.positive-pressure")
    if oxygen in facts["high_flow"]:
        return Finding(3, "astct-crs.3.high-flow")
    return Finding(2, "astct-crs.2.low-flow")
