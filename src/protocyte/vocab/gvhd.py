"""Acute GvHD by MAGIC (Harris 2016): a stage for each organ, and the overall grade from the stages.

A stage may be given (`skin`, `liver`, `ugi`, `lgi`) or what it is read from: rash, bilirubin, stool. Given
both, the worse counts. Adult stool volumes are for a weight above 50 kg; averages of three days are the
caller's. The overall grade was recalled; the organ stages were read.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from protocyte.vocab.finding import Block, Finding
from protocyte.vocab.inputs import Value, scale_facts

# Between the stages the table leaves gaps: 3, then 3.1 mg/dL; 50, then 51 umol/L. What falls into one is
# rounded first. Its ends are open bounds (below 2, above 15 mg/dL) and are read as they stand.
ROUND_TO = {"bilirubin_mg_dl": Decimal("0.1"), "bilirubin_umol_l": Decimal(1)}
LIVER = ("liver", *ROUND_TO)
LOWER_GI = ("adult_stool_ml", "adult_episodes", "child_stool_ml_per_kg", "child_episodes")


def prepare(values: dict[str, Value], listed: frozenset[str]) -> dict[str, Value]:
    return values


def overall(skin: int, liver: int, upper: int, lower: int) -> int:
    """The overall grade of organ stages."""
    if 4 in (skin, liver, lower):
        return 4
    if max(liver, lower) >= 2:
        return 3
    if skin == 3 or 1 in (liver, upper, lower):
        return 2
    return 1 if skin else 0


def _stage(name: str, values: Mapping[str, Any]) -> int:
    facts: Any = scale_facts("gvhd")
    value = values[name]
    if value is None:
        return 0
    rounded = Decimal(value).quantize(ROUND_TO[name], ROUND_HALF_UP) if name in ROUND_TO else value
    reached = [int(stage) for stage, least in facts.get(name, ()) if rounded >= least]
    reached += [int(stage) for stage, least in facts.get(f"{name}_from", ()) if value >= least]
    above = [int(stage) for stage, bound in facts.get(f"{name}_above", ()) if value > bound]
    return max([0, *reached, *above])


def _skin(values: Mapping[str, Any]) -> int:
    worst = 4 if values["erythroderma_with_bullae"] else 0
    return max(values["skin"] or 0, worst, _stage("rash_bsa_percent", values))


def _liver(values: Mapping[str, Any]) -> int:
    return max(values["liver"] or 0, *(_stage(name, values) for name in ROUND_TO))


def _upper(values: Mapping[str, Any]) -> int:
    return int(values["ugi"])


def _lower(values: Mapping[str, Any]) -> int:
    worst = 4 if values["severe_abdominal_pain_or_bloody_stool"] else 0
    return max(values["lgi"] or 0, worst, *(_stage(name, values) for name in LOWER_GI))


BLOCKS = (
    Block(("skin", "rash_bsa_percent", "erythroderma_with_bullae"), _skin),
    Block(LIVER, _liver),
    Block(("ugi",), _upper),
    Block(("lgi", *LOWER_GI, "severe_abdominal_pain_or_bloody_stool"), _lower),
)


def conclude(skin: int, liver: int, upper: int, lower: int) -> Finding:
    parts = (("skin_stage", skin), ("liver_stage", liver), ("ugi_stage", upper), ("lgi_stage", lower))
    grade = overall(skin, liver, upper, lower)
    return Finding(grade, f"gvhd.{grade}.organs", parts)
