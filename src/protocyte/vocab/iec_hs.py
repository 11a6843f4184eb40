"""IEC-HS (ASTCT, Hines 2023) as a screen: high ferritin and two further manifestations within 72 hours.

The screen is ours, after the paper's required and common manifestations (all thresholds recalled). It says
`positive` or `negative` and never a grade: the diagnosis and its grade are a signed adjudication.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from protocyte.vocab.finding import Block, Finding
from protocyte.vocab.inputs import Value, scale_facts

LABORATORY = (
    "alt_x_uln",
    "ast_x_uln",
    "alt_x_baseline",
    "ast_x_baseline",
    "baseline_alt_normal",
    "fibrinogen_mg_dl",
    "fibrinogen_lln_mg_dl",
    "ldh_x_uln",
    "pt_aptt_x_uln",
    "triglycerides_mmol",
)
CLINICAL = (
    "crs_resolving_or_worsening_after_improvement",
    "hemophagocytosis",
    "new_grade4_cytopenia",
    "direct_hyperbilirubinemia",
    "new_splenomegaly",
    "fever",
    "neurotoxicity",
    "pulmonary_infiltrates_or_hypoxia",
    "new_renal_insufficiency",
)


def prepare(values: dict[str, Value], listed: frozenset[str]) -> dict[str, Value]:
    """A ferritin without anything to compare it with, or a ratio to ULN only, decides nothing."""
    asked: dict[str, Value] = {}
    if "ferritin" in listed and not listed & {"ferritin_uln", "ferritin_baseline"}:
        asked |= {"ferritin_uln": None, "ferritin_baseline": None}
    if values["baseline_alt_normal"] is not True:
        names = [
            one for one in ("alt", "ast") if f"{one}_x_uln" in listed and f"{one}_x_baseline" not in listed
        ]
        asked |= {f"{one}_x_baseline": None for one in names}
    return values | asked


def _high_ferritin(values: Mapping[str, Any]) -> bool:
    ratio: Any = scale_facts("iec-hs")["ferritin_ratio_above"]
    if values["ferritin_rapidly_rising"]:
        return True
    limits = (values["ferritin_uln"], values["ferritin_baseline"])
    return any(_above(values["ferritin"], None if limit is None else ratio * limit) for limit in limits)


def _laboratory(values: Mapping[str, Any]) -> int:
    """How many laboratory manifestations, counted up to the number needed."""
    return _up_to_needed(sum(_in_laboratory(values)))


def _clinical(values: Mapping[str, Any]) -> int:
    return _up_to_needed(sum(bool(one) for one in values.values()))


def _up_to_needed(count: int) -> int:
    needed: Any = scale_facts("iec-hs")["manifestations_needed"]
    return min(count, int(needed))


def _together(values: Mapping[str, Any]) -> bool:
    hours: Any = scale_facts("iec-hs")["within_hours"]
    apart = values["hours_between_manifestations"]
    return apart is None or bool(apart <= hours)


def _in_laboratory(values: Mapping[str, Any]) -> Iterator[bool]:
    facts: Any = scale_facts("iec-hs")
    over = "x_uln" if values["baseline_alt_normal"] else "x_baseline"
    yield any(
        _above(values[f"{one}_{over}"], facts["aminotransferase_ratio_above"]) for one in ("alt", "ast")
    )
    yield _low_fibrinogen(values)
    yield _above(values["ldh_x_uln"], Decimal(1))
    yield _above(values["pt_aptt_x_uln"], facts["clotting_x_uln_above"])
    yield _above(values["triglycerides_mmol"], facts["triglycerides_mmol_above"])


def _low_fibrinogen(values: Mapping[str, Any]) -> bool:
    facts: Any = scale_facts("iec-hs")
    value, lower = values["fibrinogen_mg_dl"], values["fibrinogen_lln_mg_dl"]
    if value is None:
        return False
    return bool(value < facts["fibrinogen_mg_dl_below"] or (lower is not None and value < lower))


def _above(value: Decimal | None, limit: Decimal | None) -> bool:
    return value is not None and limit is not None and value > limit


BLOCKS = (
    Block(("ferritin", "ferritin_uln", "ferritin_baseline", "ferritin_rapidly_rising"), _high_ferritin),
    Block(LABORATORY, _laboratory),
    Block(CLINICAL, _clinical),
    Block(("hours_between_manifestations",), _together),
)


def conclude(high_ferritin: bool, laboratory: int, clinical: int, together: bool) -> Finding:
    if not high_ferritin:
        return _screened("negative", "ferritin")
    needed: Any = scale_facts("iec-hs")["manifestations_needed"]
    if laboratory + clinical < needed:
        return _screened("negative", "manifestations")
    if not together:
        return _screened("negative", "apart")
    return _screened("positive", "positive")


def _screened(screen: str, why: str) -> Finding:
    return Finding(None, f"iec-hs.{why}", (("screen", screen),))
