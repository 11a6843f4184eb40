"""Eligibility at the gates: met, not met, unknown; polarity, judgement, washout, age, consent of minors."""

from __future__ import annotations

from typing import Any

import pytest

from courses import held_course
from protocyte.derive.eligibility import CriterionAnswer, judge_gate
from protocyte.study.model import Study
from trials import day, fit, loaded


def study(name: str) -> Study:
    return loaded(name).study


def records(name: str, on: int = -39) -> list[dict[str, Any]]:
    """A subject who meets every criterion, as records."""
    consent = {"form": "consent", "on": str(day(-40)), "document_version": "1"}
    forms = [{"form": form, "on": str(day(on))} | fields for form, fields in fit(study(name), on)]
    return [consent, *forms]


def judge(name: str, told: list[dict[str, Any]], gate: str, on: int = -35) -> dict[str, CriterionAnswer]:
    answer = judge_gate(study(name), held_course(told), gate, day(on))  # type: ignore[arg-type]
    return {one.criterion: one for one in answer.answers}


def answers(name: str, told: list[dict[str, Any]], gate: str, on: int = -35) -> dict[str, str]:
    return {criterion: one.answer for criterion, one in judge(name, told, gate, on).items()}


def without(told: list[dict[str, Any]], form: str, **like: Any) -> list[dict[str, Any]]:
    return [r for r in told if r["form"] != form or any(r.get(k) != v for k, v in like.items())]


def history(condition: str, status: str, on: int = -38, **fields: Any) -> dict[str, Any]:
    return {"form": "history", "on": str(day(on)), "condition": condition, "status": status} | fields


@pytest.mark.parametrize("name", ["lstcar019", "cll1-cart", "cd7-cart", "cd123-cart", "lilrb4-start"])
def test_the_fit_subject_opens_the_gates_of_each_study(name: str) -> None:
    for gate in ("enrolment", "lymphodepletion"):
        assert set(answers(name, records(name), gate).values()) == {"met"}, gate


@pytest.mark.parametrize("gate", ["enrolment", "lymphodepletion", "infusion"])
@pytest.mark.parametrize("name", ["lstcar019", "cd7-cart", "cd123-cart"])
def test_of_nobody_asked_nothing_is_known_and_no_gate_opens(name: str, gate: str) -> None:
    assert set(answers(name, [], gate).values()) <= {"unknown", "needs_judgement"}


def test_each_gate_asks_its_own_criteria() -> None:
    gates = {
        gate: set(answers("lstcar019", [], gate)) for gate in ("enrolment", "lymphodepletion", "infusion")
    }
    assert "consent" in gates["enrolment"] - gates["lymphodepletion"] - gates["infusion"]
    assert gates["infusion"] == {"active_gvhd", "infection", "oxygen_at_infusion"}


# --- polarity ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "answer"), [("absent", "met"), ("present", "not_met"), ("suspected", "not_met")]
)
def test_an_exclusion_that_applies_is_not_met(status: str, answer: str) -> None:
    told = [*without(records("lstcar019"), "history", condition="active_infection")]
    assert answers("lstcar019", told, "enrolment")["infection"] == "unknown"
    told.append(history("active_infection", status))
    assert answers("lstcar019", told, "enrolment")["infection"] == answer


@pytest.mark.parametrize(("lvef", "answer"), [("45 %", "met"), ("44.9 %", "not_met"), (None, "unknown")])
def test_an_inclusion_that_does_not_hold_is_not_met(lvef: str | None, answer: str) -> None:
    result = {"test": "lvef"} | ({"value": lvef} if lvef else {})
    told = [*records("lstcar019"), {"form": "examination", "on": str(day(-37)), "results": [result]}]
    assert answers("lstcar019", told, "enrolment")["heart_and_lung"] == answer


def test_the_newest_value_counts_and_one_of_a_later_day_does_not_exist_yet() -> None:
    low = {"form": "examination", "on": str(day(-34)), "results": [{"test": "lvef", "value": "30 %"}]}
    told = [*records("lstcar019"), low]
    assert answers("lstcar019", told, "enrolment", on=-35)["heart_and_lung"] == "met"
    assert answers("lstcar019", told, "enrolment", on=-34)["heart_and_lung"] == "not_met"


# --- judgement -----------------------------------------------------------------------------------------


def test_what_needs_judgement_is_open_until_somebody_judges_and_the_last_word_counts() -> None:
    told = without(records("cll1-cart"), "judgement")
    assert answers("cll1-cart", told, "lymphodepletion")["rescue_graft"] == "needs_judgement"
    word = {"form": "judgement", "criterion": "rescue_graft", "reason": "two siblings"}
    told.append(word | {"on": str(day(-36)), "met": True})
    assert answers("cll1-cart", told, "lymphodepletion")["rescue_graft"] == "met"
    told.append(word | {"on": str(day(-35)), "met": False})
    assert answers("cll1-cart", told, "lymphodepletion")["rescue_graft"] == "not_met"
    assert answers("cll1-cart", told, "lymphodepletion", on=-36)["rescue_graft"] == "met"


def test_a_judgement_nobody_signed_does_not_count() -> None:
    told = without(records("cll1-cart"), "judgement")
    word = {"form": "judgement", "criterion": "rescue_graft", "reason": "two siblings", "met": True}
    unsigned = answers("cll1-cart", [*told, word | {"on": str(day(-36)), "signed": False}], "lymphodepletion")
    signed = answers("cll1-cart", [*told, word | {"on": str(day(-36))}], "lymphodepletion")

    assert unsigned["rescue_graft"] == "needs_judgement"
    assert signed["rescue_graft"] == "met"


# --- washout -------------------------------------------------------------------------------------------


def therapy(last: str, half_life: str | None, kind: str = "systemic") -> dict[str, Any]:
    form = {"form": "prior_therapy", "therapy": "x", "kind": kind, "last_dose": last}
    return form | ({"half_life": half_life} if half_life else {})


@pytest.mark.parametrize(
    ("days_ago", "half_life", "answer"),
    [
        (14, "10 d", "met"),  # two weeks are shorter than fifty days
        (13, "10 d", "not_met"),
        (5, "1 d", "met"),  # five half-lives are shorter than two weeks
        (4, "1 d", "not_met"),
        (14, None, "met"),  # two weeks suffice whatever the half-life
        (10, None, "unknown"),
    ],
)
def test_systemic_washout_is_the_shorter_of_two_weeks_and_five_half_lives(
    days_ago: int, half_life: str | None, answer: str
) -> None:
    told = [*records("cd7-cart"), therapy(str(day(-5 - days_ago)), half_life)]
    assert answers("cd7-cart", told, "lymphodepletion", on=-5)["systemic_washout"] == answer


def test_washout_holds_for_every_therapy_or_not_at_all() -> None:
    told = [*records("cd7-cart"), therapy(str(day(-60)), "1 d"), therapy(str(day(-8)), "9 d")]
    assert answers("cd7-cart", told, "lymphodepletion", on=-5)["systemic_washout"] == "not_met"


@pytest.mark.parametrize(("days_ago", "answer"), [(60, "met"), (59, "not_met")])
def test_a_checkpoint_inhibitor_is_away_after_three_half_lives(days_ago: int, answer: str) -> None:
    told = [*records("cd7-cart"), therapy(str(day(-5 - days_ago)), "20 d", "checkpoint")]
    assert answers("cd7-cart", told, "lymphodepletion", on=-5)["checkpoint_washout"] == answer


def test_a_last_dose_known_to_the_month_gives_the_shortest_washout() -> None:
    told = [*records("cd7-cart"), therapy("2026-02", "10 d")]  # to 28 February
    assert answers("cd7-cart", told, "lymphodepletion", on=0)["systemic_washout"] == "not_met"
    assert answers("cd7-cart", told, "lymphodepletion", on=14)["systemic_washout"] == "met"


def test_that_there_was_no_therapy_is_known_only_when_asked_and_the_last_answer_counts() -> None:
    told = without(records("cd7-cart"), "history", condition="systemic_washout")
    assert answers("cd7-cart", told, "lymphodepletion")["systemic_washout"] == "unknown"
    told.append(history("systemic_washout", "absent"))
    assert answers("cd7-cart", told, "lymphodepletion")["systemic_washout"] == "met"
    told.append(history("systemic_washout", "past", on=-36))
    assert answers("cd7-cart", told, "lymphodepletion")["systemic_washout"] == "unknown"


# --- what is past --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"status": "absent"}, "met"),
        ({"status": "present"}, "not_met"),
        ({"status": "past", "last": "2024-06"}, "not_met"),
        ({"status": "past", "last": "2015"}, "met"),
        ({"status": "past", "last": "2023"}, "unknown"),  # before or after 26 January 2023?
        ({"status": "past"}, "unknown"),
    ],
)
def test_a_malignancy_within_three_years_by_when_it_last_was(fields: dict[str, str], answer: str) -> None:
    told = without(records("cd7-cart"), "history", condition="other_malignancy")
    told.append(history("other_malignancy", **fields))
    assert answers("cd7-cart", told, "enrolment")["malignancy"] == answer


# --- age and consent -----------------------------------------------------------------------------------


def of_age(name: str, birth: str, **fields: Any) -> list[dict[str, Any]]:
    """Consented on 21 January 2026."""
    told = without(records(name), "demographics")
    return [*told, {"form": "demographics", "on": str(day(-40)), "birth": birth, "sex": "male"} | fields]


@pytest.mark.parametrize(
    ("birth", "age", "answer"),
    [
        ("2007-12", None, "met"),
        ("2008-02", None, "not_met"),
        ("2008-01", None, "unknown"),
        ("2008-01", 18, "met"),
        ("2008-01", 17, "not_met"),
        ("2008-01-21", None, "met"),
        ("2008-01-22", None, "not_met"),
        ("1954-12", None, "not_met"),
        ("1955-02", None, "met"),
        ("1955", None, "unknown"),
        ("1975", 50, "met"),
        ("1975", 30, "unknown"),  # a stated age that the birth date contradicts settles nothing
    ],
)
def test_age_is_in_completed_years_on_the_day_of_consent(birth: str, age: int | None, answer: str) -> None:
    told = of_age("lstcar019", birth, **({"age": age} if age else {}))
    assert answers("lstcar019", told, "enrolment")["age"] == answer


@pytest.mark.parametrize(
    ("birth", "given_by", "assent", "answer"),
    [
        ("1986-08", "subject", None, "met"),
        ("2010-08", "subject", None, "not_met"),  # a minor cannot consent for himself
        ("2008-01", "subject", None, "unknown"),  # eighteen this month, or not yet
        ("2010-08", "guardian", True, "met"),
        ("2010-08", "guardian", False, "not_met"),
        ("2010-08", "guardian", None, "unknown"),
        ("2021-08", "guardian", None, "met"),  # too young to be asked
    ],
)
def test_a_minor_takes_part_with_the_guardians_consent_and_his_own_assent(
    birth: str, given_by: str, assent: bool | None, answer: str
) -> None:
    told = without(of_age("cd123-cart", birth), "consent")
    consent = {"form": "consent", "on": str(day(-40)), "document_version": "1", "given_by": given_by}
    told.append(consent | ({} if assent is None else {"assent": assent}))
    assert answers("cd123-cart", told, "enrolment")["consent"] == answer


# --- computed facts and anchors ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("creatinine", "answer"),
    [("70 umol/L", "met"), ("200 umol/L", "not_met"), ("<70 umol/L", "met"), (">200 umol/L", "not_met"),
     (">70 umol/L", "unknown"), (None, "unknown")],
)  # fmt: skip
def test_clearance_rests_on_the_newest_creatinine_and_a_bound_points_its_own_way(
    creatinine: str | None, answer: str
) -> None:
    result = {"test": "creatinine"} | ({"value": creatinine} if creatinine else {})
    told = [*records("lstcar019"), {"form": "labs", "on": str(day(-37)), "results": [result]}]
    assert answers("lstcar019", told, "enrolment")["kidney"] == answer


def test_before_its_second_infusion_a_subject_is_judged_by_the_days_before_that_one() -> None:
    infusion = {
        "form": "infusion", "on": str(day(0)), "dose_level": 1, "lot": "L", "planned": "1e6 cells/kg",
        "manufactured": "1e6 cells/kg", "infused": "1e6 cells/kg", "weight": "60 kg", "weight_on": str(day(0)),
    }  # fmt: skip
    fresh = {"form": "examination", "on": str(day(-1)), "results": [{"test": "spo2", "value": "97 %"}]}
    told = [*records("lstcar019"), fresh, infusion]
    assert answers("lstcar019", told, "infusion", on=0)["oxygen_at_infusion"] == "met"
    assert answers("lstcar019", told, "infusion", on=28)["oxygen_at_infusion"] == "unknown"
