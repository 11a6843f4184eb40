"""CRS by Lee 2014, for comparison and for older protocols.

A single pressor without its dose leaves grade 2 or 3, oxygen by a device that can give 40 % leaves the
same until FiO2 is known, and CPAP or BiPAP leave 3 or 4: the paper says "ventilator support". A second
pressor, vasopressin included, makes them multiple.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from protocyte.vocab.finding import Block, Finding, Impossible
from protocyte.vocab.inputs import Value, scale_facts

DOSES = ("norepinephrine_ug_min", "dopamine_ug_kg_min", "phenylephrine_ug_min", "epinephrine_ug_min")
DEVICES = ("high_flow_nc", "facemask", "nonrebreather", "venturi")
# What ASTCT asks and this scale does not rest on.
NOT_READ = ("crs_already_diagnosed", "antipyretic_or_anticytokine_given")
POSITIVE_PRESSURE = ("cpap", "bipap")


def prepare(values: dict[str, Value], listed: frozenset[str]) -> dict[str, Value]:
    """Mark as not known what the grade needs and an absence cannot mean."""
    asked: dict[str, Value] = {}
    oxygen = values["oxygen"]
    if "fio2_percent" not in listed and (oxygen is None or oxygen in DEVICES):
        asked["fio2_percent"] = None
    if "ventilator_support" not in listed and (oxygen is None or oxygen in POSITIVE_PRESSURE):
        asked["ventilator_support"] = None
    counted = (
        "vasopressor_count_excl_vasopressin" in listed and values["vasopressor_count_excl_vasopressin"] != 0
    )
    if counted and not listed & {*DOSES, "high_dose_pressor"}:
        asked["high_dose_pressor"] = None
    return values | asked


def _by_oxygen(values: Mapping[str, Any]) -> tuple[int, str]:
    facts: Any = scale_facts("lee2014-crs")
    oxygen = values["oxygen"]
    if values["oxygen_reason"] != "hypoxia":
        oxygen = "none"
    if oxygen == "intubated_mech_vent" or values["ventilator_support"]:
        return 4, "ventilator"
    if oxygen in POSITIVE_PRESSURE:
        return 3, "oxygen"
    if oxygen == "none":
        return 0, "none"
    fio2 = values["fio2_percent"]
    high = fio2 is not None and fio2 >= facts["low_oxygen_below_fio2_percent"]
    return (3, "oxygen") if high else (2, "oxygen")


def _by_pressure(values: Mapping[str, Any]) -> tuple[int, str] | Impossible:
    count, doses = values["vasopressor_count_excl_vasopressin"], _doses(values)
    if count is not None and len(doses) > count:
        return Impossible("lee2014-crs.fewer-pressors")
    pressors = (len(doses) if count is None else count) + values["vasopressin"]
    if pressors >= 2:
        return 3, "multiple-pressors"
    if pressors == 1 and _high_dose(values):
        return 3, "high-dose-pressor"
    if pressors == 1:
        return 2, "low-dose-pressor"
    return (2, "fluids") if values["hypotension"] else (0, "none")


def _doses(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in DOSES if values[name]}


def _high_dose(values: Mapping[str, Any]) -> bool:
    facts: Any = scale_facts("lee2014-crs")
    hours = values["pressor_hours"]
    if hours is not None and hours < facts["high_dose_hours"]:
        return False
    high = facts["high_dose"]
    return bool(
        values["high_dose_pressor"] or any(dose >= high[name] for name, dose in _doses(values).items())
    )


def _by_organs(values: Mapping[str, Any]) -> tuple[int, str]:
    """Liver enzymes of grade 4 are not yet life-threatening here: they count as grade 3."""
    organ = cast("int", values["organ_toxicity_grade"])
    grade = max(organ, min(3, values["transaminitis_grade"]))
    return (grade, "organ") if grade >= 2 else (0, "none")


def _by_symptoms(values: Mapping[str, Any]) -> tuple[int, str]:
    return (1, "symptoms") if values["fever"] or values["constitutional_symptoms"] else (0, "none")


def _by_death(values: Mapping[str, Any]) -> tuple[int, str]:
    return (5, "death") if values["death"] or values["death_due_to_crs"] else (0, "none")


PRESSURE = (
    "hypotension",
    "vasopressor_count_excl_vasopressin",
    "vasopressin",
    *DOSES,
    "pressor_hours",
    "high_dose_pressor",
)
BLOCKS = (
    Block(("death", "death_due_to_crs"), _by_death),
    Block(("oxygen", "oxygen_reason", "fio2_percent", "ventilator_support"), _by_oxygen),
    Block(PRESSURE, _by_pressure),
    Block(("organ_toxicity_grade", "transaminitis_grade"), _by_organs),
    Block(("fever", "constitutional_symptoms", *NOT_READ), _by_symptoms),
)


def conclude(*found: tuple[int, str]) -> Finding:
    grade, why = max(found, key=lambda one: one[0])
    return Finding(grade, f"lee2014-crs.{grade}.{why}")
