"""The five records as they are: what each holds is placed, what it lacks is listed (DOMAIN, last section).

The records are read from beside the reference folder; nothing of their text stands here.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from protocyte.exchange.registry import Imported, import_record
from reference_folder import reference_file

pytestmark = pytest.mark.reference


def _accounting() -> ModuleType:
    path = Path(__file__).parents[1] / "unit" / "test_registry_accounting.py"
    spec = importlib.util.spec_from_file_location("registry_accounting", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def records() -> list[Imported]:
    found = []
    for path in sorted(reference_file("../seeds").glob("*.txt")):
        imported = import_record(path.read_bytes(), path.name)
        assert isinstance(imported, Imported), path.name
        found.append(imported)
    return found


def record(antigen: str) -> Imported:
    return next(one for one in records() if one.draft["product"].get("antigen") == antigen)


def at(found: Imported, path: str) -> Any:
    node: Any = found.draft
    for step in path.split("."):
        node = node[step]
    return node


def reasons(found: Imported) -> set[str]:
    return {gap.why.key.removeprefix("exchange.gap_") for gap in found.gaps if not gap.missing}


def missing(found: Imported) -> set[str]:
    return {gap.path for gap in found.gaps if gap.missing}


def test_every_record_is_accounted_for_and_its_draft_misses_what_its_gaps_say() -> None:
    accounting = _accounting()
    found = records()
    for one in found:
        accounting.check_accounting(one)
        accounting.check_draft(one)
        assert one.facts
    print(f"{len(found)} records, {sum(len(one.facts) for one in found)} facts placed")
    assert len(found) >= 5


FACTS: dict[str, dict[str, Any]] = {
    "LILRB4": {
        "product.kind": "STAR-T",
        "diseases.aml.diagnoses": ["AML"],
        "diseases.cmml.diagnoses": ["CMML"],
        "ladder": {"DL1": "1e6 cells/kg", "DL2": "3e6 cells/kg", "DL3": "6e6 cells/kg", "DL4": "1e7 cells/kg"},
        "lymphodepletion.days": ["-5", "-4", "-3"],
        "lymphodepletion.agents.cyclophosphamide.days": ["-5", "-4", "-3"],
        "lymphodepletion.agents.fludarabine.days": ["-5", "-4", "-3"],
        **{f"endpoints.{name}.role": "primary" for name in ("dlt", "ae", "sae", "crs", "icans")},
        **{f"endpoints.{name}.role": "secondary" for name in ("dor", "cr", "os", "orr", "rfs", "efs")},
        **{f"endpoints.{name}.operational.landmarks": ["12 mo"] for name in ("dor", "os", "rfs", "efs")},
    },
    "CLL1": {
        "phase": "1/2",
        "planned_subjects": "20",
        "product.kind": "CAR-T",
        "dosing.scheme": "split",
        "scales.ae": "ctcae-5.0",
        "endpoints.ae.until": "12 mo",
        "endpoints.orr.responses": ["CR", "CRi", "MLFS", "PR"],
        "endpoints.orr.by": "2 y",
        "endpoints.os.operational": {"origin": "enrolment", "events": ["death"], "landmarks": ["2 y"]},
        "endpoints.efs.operational.origin": "enrolment",
        "endpoints.efs.operational.events": ["death", "relapse", "refractory"],
        "endpoints.cir.operational": {"origin": "remission", "events": ["relapse"], "landmarks": ["2 y"]},
    },
    "CD7": {
        "registry": "NCT06585345",
        "planned_subjects": "200",
        "dosing.scheme": "intra_subject",
        "scales.ae": "ctcae-4.03",
        "endpoints.ae.until": "12 mo",
        "endpoints.orr.by": "24 mo",
        "endpoints.dor.operational.origin": "infusion",
        "endpoints.dor.operational.landmarks": ["24 mo"],
        "endpoints.pfs.operational.landmarks": ["24 mo"],
        "endpoints.os.operational.landmarks": ["24 mo"],
        "safety.collect_for": "24 mo",
        "eligibility.inclusion-06.rule": "ecog <= 3",
        "eligibility.inclusion-08.rule": "expected_survival >= 3 mo",
    },
    "CD123": {
        "registry": "NCT04265963",
        "phase": "1",
        "planned_subjects": "45",
        "scales.ae": "ctcae-5.0",
        "endpoints.orr.role": "primary",
        "endpoints.ae.of": "related_ae",
        "endpoints.ae.until": "2 y",
        "endpoints.os.operational": {"origin": "infusion", "events": ["death"], "landmarks": ["2 y"]},
        "endpoints.pfs.operational.origin": "infusion",
        "endpoints.dor.operational.origin": "response",
        "endpoints.kinetics.assays": ["car-t-marrow-flow", "car-t-marrow-qpcr"],
        "endpoints.kinetics-2.assays": ["car-t-blood-flow", "car-t-blood-qpcr"],
        "endpoints.kinetics-3.assays": ["cd123-positive-cells-marrow-flow"],
        "endpoints.kinetics-3.until": "1 y",
        "eligibility.inclusion-04.rule": "kps > 60",
        "eligibility.inclusion-06.rule": "age >= 2 y and age <= 75 y",
        "eligibility.inclusion-10.rule": "lvef >= 40 %",
        "eligibility.inclusion-11.rule": "alt < 5 ULN and ast < 5 ULN and bilirubin <= 34.2 umol/L",
        "eligibility.inclusion-13.rule": "spo2 >= 92 %",
    },
    "CD19": {
        "product.name": "LstCAR019",
        "product.kind": "universal CAR-T",
        "product.origin": "allogeneic",
        "diseases.b-all.diagnoses": ["B-ALL"],
        "ladder": {"DL1": "1e6 cells/kg", "DL2": "2e6 cells/kg", "DL3": "5e6 cells/kg"},
        "parts.escalation.design": {"design": "three_plus_three", "start": "DL1"},
        "parts.expansion": {"kind": "expansion", "dose": "recommended", "subjects": "12"},
        "dlt.days": "28",
        "endpoints.orr.responses": ["CR", "CRi"],
        "endpoints.orr.at": ["4 wk", "8 wk", "12 wk"],
        "endpoints.ae.until": "12 mo",
        "endpoints.kinetics.assays": ["car-t-blood-flow", "car-t-blood-qpcr"],
        "endpoints.kinetics.until": "24 wk",
        "endpoints.os.operational.landmarks": ["24 wk"],
        "endpoints.dor.operational.origin": "response",
    },
}  # fmt: skip

# Facts the study has no field for, or that wait for a decision.
ASIDE: dict[str, dict[str, str]] = {
    "LILRB4": {"mentioned.pk": "PK", "mentioned.pd": "PD", "mentioned.ada": "ADA"},
    "CLL1": {"dose_range": "5e6 cells/kg to 2e7 cells/kg", "centres": "single center"},
    "CD7": {
        "horizon": "1 to 5 y",
        "response_at": "3 mo",
        "limits.creatinine_clearance": "creatinine_clearance > 60 mL/min",
        "limits.transaminases": "alt <= 2.5 ULN and ast <= 2.5 ULN",
        "limits.bilirubin": "bilirubin <= 1.5 ULN",
        "limits.lvef": "lvef >= 50 %",
        "limits.spo2": "spo2 > 92 %",
    },
    "CD123": {"response_criteria": "NCCN"},
    "CD19": {"lymphodepletion_length": "3-5 d", "subjects_per_level": "at least 3"},
}

LACKS: dict[str, tuple[set[str], set[str]]] = {
    # antigen: (fields the model misses, readings a person must decide)
    "LILRB4": (
        {"phase", "planned_subjects", "eligibility", "schedule", "parts", "scales", "dlt"},
        {"ctcae_version", "agent_dose", "dlt_window", "dlt_definition", "mentioned_only", "endpoint_name_only"},
    ),
    "CLL1": (
        {"ladder", "lymphodepletion", "dlt", "eligibility", "parts", "schedule"},
        {"dose_range", "fractions", "split_or_climb", "competing", "boundary", "refractory_by"},
    ),
    "CD7": (
        {"phase", "ladder", "lymphodepletion", "dlt", "parts", "schedule"},
        {
            "dose_two_readings", "dose_steps", "climb", "age_open", "negation", "foreign_product", "topic_twice",
            "event_follow_up", "dor_from_infusion", "collection_differs", "horizon_differs", "response_at",
        },
    ),
    "CD123": (
        {"ladder", "dosing", "lymphodepletion", "dlt", "parts", "schedule"},
        {"clearance_unit", "event_censored", "criteria_version", "relapse_as_text"},
    ),
    "CD19": (
        {"phase", "planned_subjects", "eligibility", "scales", "lymphodepletion", "schedule"},
        {"agents_unnamed", "three_plus_three", "origin_randomised", "dor_counts_pr", "dlt_grade_applies", "follow_up"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("antigen", FACTS)
def test_the_facts_of_a_record_are_placed(antigen: str) -> None:
    found = record(antigen)
    assert {path: at(found, path) for path in FACTS[antigen]} == FACTS[antigen]
    for path, value in ASIDE[antigen].items():
        assert value in found.values(f"record.{path}"), path


@pytest.mark.parametrize("antigen", LACKS)
def test_what_a_record_lacks_is_listed(antigen: str) -> None:
    found = record(antigen)
    fields, readings = LACKS[antigen]
    assert fields <= missing(found)
    assert readings <= reasons(found)


@pytest.mark.parametrize(("antigen", "inclusion", "exclusion"), [("CD7", 10, 18), ("CD123", 15, 7)])
def test_every_criterion_is_kept(antigen: str, inclusion: int, exclusion: int) -> None:
    kinds = [one["kind"] for one in record(antigen).draft["eligibility"].values()]
    assert (kinds.count("inclusion"), kinds.count("exclusion")) == (inclusion, exclusion)


def test_no_ladder_is_invented() -> None:
    for antigen in ("CLL1", "CD7", "CD123"):
        assert "ladder" not in record(antigen).draft


def test_registry_records_of_other_trials_import_without_loss() -> None:
    accounting = _accounting()
    paths = sorted(
        [*reference_file("ctgov/v2").glob("*.json"), *reference_file("ctgov/other_registers").glob("*.json")]
    )
    for path in paths:
        found = import_record(path.read_bytes(), path.name)
        assert isinstance(found, Imported), path.name
        accounting.check_accounting(found)
        accounting.check_draft(found)
        if path.parent.name == "v2":
            assert re.fullmatch(r"NCT\d{8}", str(found.draft["registry"])), path.name
    print(f"{len(paths)} other records")
