"""Stopping rules: what is counted, who is pending, and the hold that follows by itself (DOMAIN 7, 10)."""

from __future__ import annotations

from typing import Any

import pytest

from protocyte.derive.stopping import derive_stopping, monitor_of
from protocyte.study.safety import Boundary, StoppingRule
from trials import CRS, Conducted, day

WORDS = {"en": "x", "zh": "x"}
BOUNDARY = {"method": "pocock", "rate": "25 %", "level": "5 %", "subjects": "12"}


def expansion(subjects: int, **rule: Any) -> Conducted:
    """An expansion at DL1 with one rule, all infused on day 0."""
    stopping = {
        "watch": {"title": WORDS, "counts": "dlt", "part": "expansion", "action": "hold_trial"} | rule
    }
    changes = {
        "parts.expansion.dose": "DL1",
        "parts.expansion.slots.concurrent": "20",
        "safety.stopping": stopping,
    }
    trial = Conducted(changes=changes)
    for number in range(1, subjects + 1):
        trial.bring(f"S{number}", to="screened")
        trial.stage(f"S{number}", "enrolled", part="expansion")
        for stage in ("assigned", "released", "depleted", "ready", "infused"):
            trial.stage(f"S{number}", stage)
    return trial


def dlt(trial: Conducted, subject: str, on: int = 5) -> list[str]:
    trial.ok("crs_assessment", subject, on=on, **CRS[3])
    return trial.followed


def test_the_boundary_of_the_study_is_the_monitoring_designs() -> None:
    boundary = Boundary.model_validate(BOUNDARY)
    assert monitor_of(boundary).limits()[:7] == (10**6, 10**6, 10**6, 3, 4, 4, 5)
    certain = Boundary.model_validate(BOUNDARY | {"method": "beta_binomial", "level": "95 %"})
    assert monitor_of(certain).limits()[3] <= 3


def test_a_boundary_is_crossed_by_known_outcomes_and_holds_the_trial_once() -> None:
    trial = expansion(5, boundary=BOUNDARY)
    assert dlt(trial, "S1") == []
    assert dlt(trial, "S2") == []
    assert dlt(trial, "S3") == ["stopping rule watch was reached by S1, S2, S3"]
    assert len(trial.trial.casebook.current(form="hold")) == 1
    trial.ok("hold_lift", on=6, hold="hold/1", reason="reviewed")
    trial.watched("S4", 28)
    assert trial.followed == []
    assert dlt(trial, "S5", on=9) == ["stopping rule watch was reached by S1, S2, S3, S5"]


def test_pending_subjects_neither_dilute_the_rate_nor_are_taken_for_events() -> None:
    trial = expansion(6, boundary=BOUNDARY)
    for subject in ("S1", "S2", "S3"):
        dlt(trial, subject)
    rule = trial.study.safety.stopping["watch"]
    standing = derive_stopping(trial.trial, "watch", rule, day(10))
    assert (standing.events, standing.free, standing.pending) == (("S1", "S2", "S3"), 0, 3)
    assert (standing.limit, standing.state) == (3, "stop")
    early = expansion(3, boundary=BOUNDARY)
    dlt(early, "S1")
    assert derive_stopping(early.trial, "watch", rule, day(10)).state == "wait"
    for subject in ("S2", "S3"):
        early.watched(subject, 28)
    known = derive_stopping(early.trial, "watch", rule, day(28))
    assert (known.free, known.pending, known.state) == (2, 0, "continue")


def test_a_voided_event_and_a_new_one_are_a_new_cause() -> None:
    trial = expansion(2, counts="related_death", at_least="1")
    death = trial.ok("death", "S1", on=9, cause="product")
    assert trial.followed == ["stopping rule watch was reached by S1"]
    trial.ok("hold_lift", on=9, hold="hold/1", reason="reviewed")
    trial.void(death, today=10)
    trial.ok("death", "S2", on=11, cause="lymphodepletion")
    assert trial.followed == ["stopping rule watch was reached by S2"]


def test_a_rule_of_a_level_holds_the_lowest_level_concerned() -> None:
    trial = expansion(3, boundary=BOUNDARY, action="hold_level")
    for subject in ("S1", "S2", "S3"):
        dlt(trial, subject)
    (hold,) = trial.trial.casebook.current(form="hold")
    assert (hold.record["scope"], hold.record["dose_level"]) == ("level", 1)


@pytest.mark.parametrize(
    ("counts", "form", "fields", "counted"),
    [
        ("related_death", "death", {"cause": "product"}, True),
        ("related_death", "death", {"cause": "disease"}, False),
        ("death_within_30_d", "death", {"cause": "disease"}, True),
        ("grade_4_crs_or_icans", "crs_assessment", CRS[4], True),
        ("grade_4_crs_or_icans", "crs_assessment", CRS[3], False),
        ("severe_gvhd", "gvhd_assessment", {"skin": 2, "liver": 2, "upper_gi": 0, "lower_gi": 0}, True),
        ("severe_gvhd", "gvhd_assessment", {"skin": 2, "liver": 0, "upper_gi": 0, "lower_gi": 0}, False),
        ("dlt", "crs_assessment", CRS[3], True),
    ],
)
def test_each_count_counts_what_it_is_called(counts: str, form: str, fields: dict, counted: bool) -> None:
    trial = Conducted()
    trial.cohort(1)
    trial.bring("S1")
    trial.ok(form, "S1", on=20, **fields)
    rule = StoppingRule.model_validate(
        {"title": WORDS, "counts": counts, "at_least": 1, "action": "hold_trial"}
    )
    standing = derive_stopping(trial.trial, "watch", rule, day(28))
    assert (standing.events == ("S1",), standing.state) == (counted, "stop" if counted else "continue")


@pytest.mark.parametrize(("on", "early"), [(30, True), (31, False)])
def test_an_early_death_is_one_by_day_thirty(on: int, early: bool) -> None:
    trial = Conducted()
    trial.cohort(1)
    trial.bring("S1")
    trial.ok("death", "S1", on=on, cause="disease")
    rule = StoppingRule.model_validate(
        {"title": WORDS, "counts": "death_within_30_d", "at_least": 1, "action": "hold_trial"}
    )
    assert bool(derive_stopping(trial.trial, "watch", rule, day(40)).events) == early
