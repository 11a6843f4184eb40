"""CRS by the ASTCT consensus (Lee 2019): fever, then the worse of hypotension and hypoxia.

Two readings the table leaves open: vasopressin alone is a pressor requirement (grade 3) but never one of
"multiple" pressors; breathing support for another reason than hypoxia, such as an airway protected during
a seizure, does not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocyte.base import Quantity
from protocyte.vocab.finding import Block, Finding
from protocyte.vocab.inputs import Value, scale_facts


def is_fever(temperature: Quantity) -> bool:
    """Whether a temperature (degrees Celsius) is fever for CRS: 38.0 or more."""
    return bool(temperature.to("Cel").value >= scale_facts("astct-crs")["fever_from_celsius"])  # type: ignore[operator]


def prepare(values: dict[str, Value], listed: frozenset[str]) -> dict[str, Value]:
    return values


def _presence(values: Mapping[str, Any]) -> tuple[bool, bool]:
    """Is there CRS, and fever? Once CRS is diagnosed and treated against fever, fever is not required."""
    masked = values["crs_already_diagnosed"] and values["antipyretic_or_anticytokine_given"]
    return bool(values["fever"] or masked), bool(values["fever"])


def _pressure(values: Mapping[str, Any]) -> tuple[int, str]:
    pressors = values["vasopressor_count_excl_vasopressin"]
    if pressors >= 2:
        return 4, "pressors"
    if pressors == 1:
        return 3, "pressor"
    if values["vasopressin"]:
        return 3, "vasopressin"
    return (2, "hypotension") if values["hypotension"] else (0, "resolved")


def _oxygen(values: Mapping[str, Any]) -> tuple[int, str]:
    facts: Any = scale_facts("astct-crs")
    oxygen = values["oxygen"]
    if oxygen == "none" or values["oxygen_reason"] != "hypoxia":
        return 0, "resolved"
    if oxygen in facts["positive_pressure"]:
        return 4, "positive-pressure"
    return (3, "high-flow") if oxygen in facts["high_flow"] else (2, "low-flow")


def _death(values: Mapping[str, Any]) -> bool:
    return bool(values["death_due_to_crs"])


BLOCKS = (
    Block(("fever", "antipyretic_or_anticytokine_given", "crs_already_diagnosed"), _presence),
    Block(("hypotension", "vasopressor_count_excl_vasopressin", "vasopressin"), _pressure),
    Block(("oxygen", "oxygen_reason"), _oxygen),
    Block(("death_due_to_crs",), _death),
)


def conclude(
    presence: tuple[bool, bool], pressure: tuple[int, str], oxygen: tuple[int, str], dead: bool
) -> Finding:
    present, fever = presence
    if dead:
        return Finding(5, "astct-crs.5.death")
    if not present:
        return Finding(0, "astct-crs.0.no-crs")
    grade, why = max(pressure, oxygen, key=lambda one: one[0])
    if grade == 0 and fever:
        # Masked fever is not required for a higher grade, but grade 1 is fever and nothing else.
        grade, why = 1, "fever"
    return Finding(grade, f"astct-crs.{grade}.{why}")
