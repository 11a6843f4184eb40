"""A small whole study for tests: valid, short, and changed by dotted paths.

small_study({"response.relapse": "in_remission and blasts >= 5 %"})
"""

from __future__ import annotations

import copy
from typing import Any

from protocyte.study.efficacy import TimeToEvent
from protocyte.study.load import adopted_study
from protocyte.study.model import Study


def _w(text: str) -> dict[str, str]:
    return {"en": text, "zh": text}


# The CLL1 and CD7 records' categories, with their strict comparisons and no word on adequacy.
LITERAL = {
    "title": _w("as registered"),
    "otherwise": "none",
    "categories": {
        "CR": "blasts < 5 % and not circulating_blasts and not auer_rods and not extramedullary_disease"
        " and anc > 1.0 10^9/L and platelets > 100 10^9/L",
        "CRi": "blasts < 5 % and not circulating_blasts and not auer_rods and not extramedullary_disease"
        " and (anc < 1.0 10^9/L or platelets < 100 10^9/L)",
        "MLFS": "blasts < 5 % and not auer_rods and not extramedullary_disease",
        "PR": "not circulating_blasts and anc > 1.0 10^9/L and platelets > 100 10^9/L and blasts >= 5 %"
        " and blasts <= 25 % and blasts decreased >= 50 % from baseline_blasts",
    },
}

_TREE: dict[str, Any] = {
    "study": "small",
    "version": "1",
    "effective": "2026-01-01",
    "title": _w("a small study"),
    "phase": "1",
    "sites": {"S1": {"place": _w("somewhere"), "zone": "Asia/Shanghai"}},
    "diseases": {"aml": {"name": _w("AML"), "setting": _w("relapsed"), "diagnoses": ["AML"]}},
    "product": {"name": "cells", "kind": "CAR-T", "antigen": "CLL1", "origin": "autologous"},
    "ladder": {"DL1": "1e6 cells/kg", "DL2": "2e6 cells/kg", "DL3": "5e6 cells/kg"},
    "dosing": {"scheme": "single", "basis": _w("kg"), "tolerance": "20 %", "weight_within": "7 d"},
    "lymphodepletion": {"agents": {"fludarabine": {}}, "days": ["-5"], "infusion_within": "7 d"},
    "parts": {
        "escalation": {
            "title": _w("escalation"),
            "kind": "escalation",
            "design": {"design": "three_plus_three", "variant": "korn_six_at_top", "start": "DL1"},
            "stagger": {"within": "14 d", "between": "28 d"},
            "slots": {"concurrent": "3", "replacements": "3"},
        }
    },
    "planned_subjects": "18",
    "scales": {"ae": "ctcae-5.0", "crs": "astct-crs", "icans": "astct-icans"},
    "dlt": {
        "days": "28",
        "window_from": "first_infusion",
        "window_to": "last_infusion",
        "criteria": {"crs": {"label": _w("CRS 3"), "when": "crs >= 3"}},
    },
    "evaluability": {"minimum_dose": "80 %", "replace": "true", "ended_by": ["transplant", "death"]},
    "eligibility": {},
    "schedule": {},
    "response": {
        "criteria": {"as-registered": LITERAL},
        "primary": {"aml": "aml-eln2022"},
        "companions": {"aml": ["as-registered"]},
        "responses": ["CR", "CRh", "CRi"],
        "remissions": ["CR", "CRh", "CRi"],
        "counts_within": "7 d",
        "relapse": "in_remission and (blasts >= 5 % or circulating_blasts or extramedullary_disease)",
        "stops_at": ["relapse", "transplant", "new_therapy"],
    },
    "endpoints": {},
    "kinetics": {
        "car_blood_qpcr": {
            "title": _w("CAR copies in blood"),
            "analyte": "car",
            "role": "kinetics",
            "matrix": "blood",
            "assay": "qpcr",
            "unit": "copies/ug",
            "lloq": "50 copies/ug",
            "lod": "10 copies/ug",
            "days": ["1", "7", "14", "28"],
        }
    },
    "analysis_sets": {
        name: {"title": _w(name), "members": name}
        for name in (
            "screened",
            "enrolled",
            "lymphodepleted",
            "infused",
            "dlt_evaluable",
            "efficacy_evaluable",
            "responders",
        )
    },
    "safety": {
        "emergent_from": "lymphodepletion",
        "collect_for": "12 mo",
        "special_interest": ["infection", "crs"],
        "periods": {
            "to_day_28": {"title": _w("0-28"), "first_day": "0", "last_day": "28"},
            "later": {"title": _w("later"), "first_day": "29"},
        },
        "stopping": {},
    },
    "follow_up": {"until": "24 mo", "contact_every": "3 mo"},
}


def small_study(changes: dict[str, Any] | None = None) -> Study:
    """The study with values replaced at dotted paths."""
    tree = copy.deepcopy(_TREE)
    for path, value in (changes or {}).items():
        *steps, last = path.split(".")
        node = tree
        for step in steps:
            node = node.setdefault(step, {})
        node[last] = value
    return adopted_study(tree)


def endpoint(**fields: Any) -> TimeToEvent:
    """A definition; OS from the first infusion unless told otherwise."""
    base: dict[str, Any] = {
        "origin": "infusion",
        "events": ["death"],
        "censor": "last_known_alive",
        "population": "infused",
    }
    return TimeToEvent.model_validate(base | fields)
