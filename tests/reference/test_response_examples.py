"""Worked examples of response criteria and of time to event: every row of the reference files."""

from __future__ import annotations

import csv
import re
from datetime import date, timedelta
from typing import Any

import pytest
from ruamel.yaml import YAML

from courses import course
from protocyte.derive.classify import Criteria, classify, facts_of_inputs, own_criteria, shipped_criteria
from protocyte.derive.endpoints import Timed, time_to_event
from protocyte.study.efficacy import CriteriaSet
from reference_folder import reference_file
from small_study import LITERAL, endpoint, small_study

pytestmark = pytest.mark.reference

# The LILRB4 record's single definition: no circulating-blast clause, transfusion independence, strict.
LILRB4 = Criteria(
    "as-registered",
    (
        (
            "CR",
            "blasts < 5 % and not auer_rods and not extramedullary_disease and anc > 1.0 10^9/L"
            " and platelets > 100 10^9/L and red_cell_independent",
        ),
    ),
    "not",
    None,
)
CRITERIA = {
    "eln2022": shipped_criteria("aml-eln2022"),
    "eln2017": shipped_criteria("aml-eln2017"),
    "iwg2003": shipped_criteria("aml-iwg2003"),
    "nccn": shipped_criteria("aml-nccn"),
    "seed_001_002": own_criteria("as-registered", CriteriaSet.model_validate(LITERAL)),
    "seed_000": LILRB4,
}


def _yaml(name: str) -> Any:
    return YAML(typ="safe").load(reference_file(f"response/{name}").read_text(encoding="utf-8"))


def test_every_worked_response_is_ours():
    checked = 0
    for example in _yaml("response_examples.yaml")["examples"]:
        facts = facts_of_inputs(example["in"])
        for name, expected in example.items():
            if name in CRITERIA:
                word = re.match(r"\w+", expected)
                assert word is not None
                assert classify(CRITERIA[name], facts).category == word.group(), (example["id"], name)
                checked += 1
    print(f"{checked} categories")
    assert checked


# --- time to event --------------------------------------------------------------------------------------

_REMISSION = {"events": ["relapse", "death"], "origin": "remission", "censor": "last_known_alive"}
DEFINITIONS: dict[tuple[str, str], dict[str, Any]] = {
    ("EFS", "ELN_2022"): {
        "origin": "enrolment",
        "events": ["refractory", "relapse", "death"],
        "censor": "last_assessment",
        "refractory_by": "180 d",
        "failure_on": "day_1",
    },
    ("OS", "seed_002"): {"origin": "infusion"},
    ("OS", "seed_004_literal"): {"origin": "randomisation"},
    ("CIR", "ELN_2022"): {"origin": "remission", "events": ["relapse"], "competing": ["death"]},
    ("RFS", "ELN_2022, treatment policy"): _REMISSION | {"intercurrent": {"transplant": "treatment_policy"}},
    ("RFS", "censor at HSCT"): _REMISSION | {"intercurrent": {"transplant": "censor"}},
    ("DOR", "seed_002_literal"): {"origin": "infusion", "events": ["progression", "death"]},
    ("DOR", "standard"): {"origin": "response", "events": ["progression", "death"]},
}
_WORDS = {
    "cr_date": "marrow 2 anc 2 plt 200",
    "first_response": "marrow 2 anc 2 plt 200",
    "relapse": "relapse",
    "progression": "relapse progression",
    "hsct": "transplant",
    "death": "died",
    "death_without_relapse": "died",
    "registration": "enrol",
    "last_assessed": "marrow 40 anc 1 plt 50",
}
STATUS = {0: "censored", 1: "event", 2: "competing"}


def _chart(told: dict[str, Any]) -> tuple[str, date]:
    """The example as a chart; where it names no infusion, that was four weeks before the response."""
    response = told.get("cr_date") or told.get("first_response")
    zero = told.get("infusion") or (response - timedelta(days=28) if response else told.get("registration"))
    lines = ["D0 infusion", "D-8 marrow 60"]
    lines += [
        f"D{(told[name] - zero).days} {words}"
        for name, words in _WORDS.items()
        if isinstance(told.get(name), date)
    ]
    if told.get("response_by_landmark") is False:
        lines.append("D28 marrow 40 anc 1 plt 50")
    if told.get("response_by_landmark") == "not_evaluable":
        lines.append("D28 marrow ?")
    return ";".join(lines), zero


def test_every_worked_time_is_ours_plus_the_day_that_adam_counts():
    study = small_study()
    checked = 0
    for example in _yaml("time_to_event_conventions.yaml")["examples"]:
        fields = DEFINITIONS[example["endpoint"], example["convention"]]
        expected = example["out"]
        checked += 1
        if "error" in expected:
            with pytest.raises(ValueError, match="randomisation"):
                endpoint(**fields)
            continue
        text, zero = _chart(example["in"])
        found = time_to_event(study, course(text, zero=zero), endpoint(**fields), date(2026, 12, 31))
        assert isinstance(found, Timed), example["id"]
        assert (found.days, found.status) == (expected["time_days"] + 1, STATUS[expected["event"]]), example[
            "id"
        ]
    print(f"{checked} times")
    assert checked


# --- admiral --------------------------------------------------------------------------------------------

_AFTER_CR = {"origin": "remission", "censor": "last_assessment"}
ADMIRAL: dict[str, dict[str, Any]] = {
    "OS": {},
    "OSENR": {"origin": "enrolment"},
    # Its failure is dated by the assessment that showed it: day 90, on which our chart has a marrow.
    "EFS": {
        "events": ["refractory", "relapse", "death"],
        "censor": "last_assessment",
        "refractory_by": "90 d",
        "failure_on": "date_of_refractoriness",
    },
    "RFS": _AFTER_CR | {"events": ["relapse", "death"]},
    "RFSHSCT": _AFTER_CR | {"events": ["relapse", "death"], "intercurrent": {"transplant": "censor"}},
    "DORNOD": _AFTER_CR | {"events": ["relapse"]},
}


def _subject_chart(row: dict[str, str]) -> tuple[str, date]:
    """Admiral's dates as a chart. It censors at the transplant itself, so a marrow is taken on that day,
    unless the last assessment was before."""
    dates = {name: date.fromisoformat(value) for name, value in row.items() if name.endswith("DT") and value}
    zero = dates["TRTSDT"]

    def on(name: str, words: str) -> list[str]:
        return [f"D{(dates[name] - zero).days} {words}"] if name in dates else []

    def marrow(name: str) -> list[str]:
        well = "CRDT" in dates and dates.get(name, zero) < dates.get("RELDT", date.max)
        return on(name, "marrow 2 anc 2 plt 200" if well else "marrow 40 anc 1 plt 50")

    lines = [
        "D0 infusion",
        "D-8 marrow 60",
        *on("ENRLDT", "enrol"),
        *on("RELDT", "relapse"),
        *on("DTHDT", "died"),
    ]
    lines += [*marrow("CRDT"), *marrow("LSTDADT"), *on("HSCTDT", "transplant")]
    if dates.get("HSCTDT", date.max) <= dates.get("LSTDADT", date.min):
        lines += marrow("HSCTDT")
    lines += [*on("NRDT", "marrow 40 anc 1 plt 50"), *on("NEWTXDT", "therapy")]
    lines += on("LSTALVDT", "contact")
    return ";".join(lines), zero


def test_every_time_of_admirals_leukemia_subjects_is_ours():
    folder = "adam/admiral_oracle"
    inputs = csv.DictReader(reference_file(f"{folder}/leuk_adsl_input.csv").read_text().splitlines())
    expected = csv.DictReader(reference_file(f"{folder}/leuk_adtte_expected.csv").read_text().splitlines())
    study = small_study()
    charts = {row["USUBJID"]: _subject_chart(row) for row in inputs}
    courses = {subject: course(text, zero=zero) for subject, (text, zero) in charts.items()}
    wrong = []
    rows = list(expected)
    for row in rows:
        definition = endpoint(**ADMIRAL[row["PARAMCD"]])
        found = time_to_event(study, courses[row["USUBJID"]], definition, date(2026, 12, 31))
        ours = (found.days, found.status) if isinstance(found, Timed) else ("none", str(found.reason))
        if ours != (int(row["AVAL"]), "censored" if row["CNSR"] == "1" else "event"):
            wrong.append((row["USUBJID"], row["PARAMCD"], ours, row["AVAL"], row["CNSR"]))
    print(f"{len(rows)} times of {len(courses)} subjects")
    assert not wrong
    assert rows
