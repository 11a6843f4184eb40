"""Amending, voiding and signing: a change is asked as strictly as what it changes."""

from __future__ import annotations

import pytest

from protocyte.conduct.permissions import PERMITTED
from trials import CRS, Conducted, day

WHY = {"reason": "transcribed from the wrong line"}


@pytest.fixture
def trial() -> Conducted:
    conducted = Conducted()
    conducted.cohort(1)
    conducted.bring("S1")
    return conducted


# --- which record --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["amend", "void", "sign"])
def test_a_record_that_does_not_exist_is_not_changed(trial: Conducted, command: str) -> None:
    fields = {} if command == "sign" else WHY
    trial.refused("no_record", command, record_id="S1/labs/99", **fields)


@pytest.mark.parametrize("command", ["amend", "void", "sign"])
def test_a_voided_record_is_gone(trial: Conducted, command: str) -> None:
    contact = trial.ok("contact", "S1", on=3)
    trial.void(contact, today=3)
    fields = {} if command == "sign" else WHY
    trial.refused("no_record", command, record_id=contact, today=3, **fields)


def test_an_id_is_never_used_again(trial: Conducted) -> None:
    first = trial.ok("contact", "S1", on=3)
    trial.void(first, today=3)
    assert trial.ok("contact", "S1", on=4) == "S1/contact/2"


@pytest.mark.parametrize("command", ["amend", "void"])
def test_a_change_says_why(trial: Conducted, command: str) -> None:
    contact = trial.ok("contact", "S1", on=3)
    trial.problem("command.field_missing", command, record_id=contact, today=3)
    trial.problem("command.field_missing", command, record_id=contact, reason="  ", today=3)
    for reason in ("x" * 4001, "\ud800"):
        trial.problem("command.field_value", command, record_id=contact, reason=reason, today=3)


@pytest.mark.parametrize("command", ["amend", "void"])
def test_an_edit_of_what_has_changed_meanwhile_is_stale(trial: Conducted, command: str) -> None:
    contact = trial.ok("contact", "S1", on=3)
    seen = trial.trial.casebook.get(contact).digest
    trial.amend(contact, today=3, source="telephone")
    fields = {"source": "record"} if command == "amend" else {}
    trial.refused("stale", command, record_id=contact, replaces=seen, today=3, **WHY, **fields)
    now = trial.trial.casebook.get(contact).digest
    trial.ok(command, record_id=contact, replaces=now, today=3, **WHY, **fields)


# --- what may be changed -------------------------------------------------------------------------------


def test_an_amendment_changes_something_and_not_whose_record_it_is(trial: Conducted) -> None:
    contact = trial.ok("contact", "S1", on=3)
    trial.refused("no_change", "amend", record_id=contact, source="visit", today=3, **WHY)
    trial.refused("fixed_field", "amend", record_id=contact, subject="S2", today=3, **WHY)
    trial.refused("fixed_field", "amend", record_id=contact, form="visit", today=3, **WHY)
    trial.refused("fixed_field", "amend", record_id=contact, version=2, today=3, **WHY)
    trial.problem("record.field_unknown", "amend", record_id=contact, sauce="visit", today=3, **WHY)


def test_an_empty_text_takes_a_field_away(trial: Conducted) -> None:
    contact = trial.ok("contact", "S1", on=3, note="by his wife")
    trial.amend(contact, today=3, note="")
    assert "note" not in trial.trial.casebook.get(contact).record


def test_a_form_with_a_reason_of_its_own_can_have_it_amended(trial: Conducted) -> None:
    proposal = trial.ok("dlt_proposal", "S1", on=3, reason="capillery leak")
    trial.amend(proposal, today=3, reason="capillary leak", role="committee")
    assert trial.trial.casebook.get(proposal).record["reason"] == "capillary leak"


@pytest.mark.parametrize(
    ("form", "fields", "change", "rule"),
    [
        ("crs_assessment", {"temperature": "38.5 Cel"}, {"temperature": "385 Cel"}, "edit.out_of_range"),
        ("icans_assessment", {"ice_score": 9}, {"ice_score": 90}, "edit.out_of_range"),
        ("marrow", {"blasts": "4 %"}, {"blasts": "400 %"}, "edit.out_of_range"),
    ],
)
def test_an_amended_value_meets_the_edit_checks_of_a_new_one(
    trial: Conducted, form: str, fields: dict, change: dict, rule: str
) -> None:
    written = trial.ok(form, "S1", on=3, **fields)
    trial.problem(rule, "amend", record_id=written, today=3, **WHY, **change)


@pytest.mark.parametrize(
    ("reason", "on", "today"), [("future", 9, 5), ("before_consent", -41, 5), ("after_death", 6, 9)]
)
def test_an_amended_date_meets_the_checks_of_a_new_one(
    trial: Conducted, reason: str, on: int, today: int
) -> None:
    labs = trial.ok("labs", "S1", on=3, results=[])
    if reason == "after_death":
        trial.ok("death", "S1", on=5, cause="disease")
    trial.refused(reason, "amend", record_id=labs, today=today, **WHY, **{"record.on": str(day(on))})


def test_an_amended_enrolment_needs_a_cohort_that_has_a_place(trial: Conducted) -> None:
    trial.refused("no_cohort", "amend", record_id="S1/enrolment/1", cohort="C9", **WHY)


def test_an_assignment_is_not_amended_once_lymphodepletion_began(trial: Conducted) -> None:
    trial.refused("assignment_fixed", "amend", record_id="S1/assignment/1", dose_level=2, **WHY)


def test_a_gate_kept_shut_is_not_amended_open_against_the_records() -> None:
    trial = Conducted()
    trial.bring("S1", to="consented")
    review = trial.ok("gate_review", "S1", on=-35, gate="enrolment", passed=False)
    trial.refused("gate_shut", "amend", record_id=review, passed=True, **WHY)


def test_what_went_in_is_a_fact_and_can_be_put_right_when_others_were_treated_since(trial: Conducted) -> None:
    trial.bring("S2", on=14)
    trial.amend("S1/infusion/1", today=20, infused="9e5 cells/kg")
    much = {"manufactured": "2e6 cells/kg", "infused": "2e6 cells/kg"}
    trial.refused("overdose", "amend", record_id="S1/infusion/1", today=20, **WHY, **much)
    trial.refused(
        "more_than_made", "amend", record_id="S1/infusion/1", today=20, infused="2e6 cells/kg", **WHY
    )


def test_a_dose_decision_is_not_rewritten(trial: Conducted) -> None:
    trial.watched("S1", 28)
    decision = trial.ok(
        "decide", on=28, part="escalation", action="stay", dose_level="1", reason="as advised"
    )
    for change in ({"action": "escalate"}, {"dose_level": 3}, {"cut_off": 1}, {"deviates": True}):
        trial.refused("fixed_field", "amend", record_id=decision, today=28, role="committee", **WHY, **change)
    trial.amend(decision, today=28, reason="as the design advised")


# --- signatures ----------------------------------------------------------------------------------------


def test_a_signature_says_what_it_means_and_is_given_once(trial: Conducted) -> None:
    contact = trial.ok("contact", "S1", on=3)
    trial.refused("meaning", "sign", record_id=contact, meaning="kind regards", today=3)
    trial.ok("sign", record_id=contact, meaning="approval", today=3)
    trial.refused("signed", "sign", record_id=contact, meaning="approval", today=3)
    trial.ok("sign", record_id=contact, meaning="approval", today=3, actor="another")


def test_amending_a_signed_record_lapses_its_signature(trial: Conducted) -> None:
    contact = trial.ok("contact", "S1", on=3)
    trial.sign(contact, today=3)
    trial.amend(contact, today=3, source="record")
    assert trial.trial.casebook.get(contact).signed is False
    trial.sign(contact, today=3)
    assert trial.trial.casebook.get(contact).signed is True


def test_to_have_read_a_decision_is_not_to_take_it(trial: Conducted) -> None:
    trial.watched("S1", 28)
    decision = trial.ok("decide", on=28, part="escalation", action="stay", dose_level="1")
    trial.ok("sign", record_id=decision, meaning="review", role="committee", today=28)
    trial.refused("unsigned_decisions", "lock", today=28, reason="done")
    trial.ok("sign", record_id=decision, meaning="approval", role="committee", today=28)
    trial.ok("lock", today=28, reason="done")


def test_an_amended_decision_has_to_be_signed_again_before_it_opens_a_cohort(trial: Conducted) -> None:
    trial.watched("S1", 28)
    decision = trial.ok("decide", on=28, part="escalation", action="stay", dose_level="1")
    trial.sign(decision, today=28)
    trial.amend(decision, today=28, note="minutes attached")
    trial.refused(
        "no_decision",
        "cohort",
        today=28,
        cohort="C2",
        part="escalation",
        dose_level=1,
        size=3,
        opened=str(day(28)),
    )


# --- who may -------------------------------------------------------------------------------------------

_EXAMPLES = {
    "infusion": {"dose_level": 1, "lot": "L", "planned": "1e6 cells/kg", "manufactured": "1e6 cells/kg",
                 "infused": "1e6 cells/kg", "weight": "60 kg", "weight_on": str(day(0))},
    "crs_assessment": CRS[1],
    "release": {"lot": "L", "outcome": "released", "dose": "1e6 cells/kg"},
    "dlt_adjudication": {"source": "S1/crs", "dlt": False, "reason": "x"},
    "judgement": {"criterion": "x", "met": True, "reason": "x"},
    "contact": {},
}  # fmt: skip


@pytest.mark.parametrize(
    ("form", "role"),
    [
        ("infusion", "coordinator"),
        ("infusion", "manufacturing"),
        ("release", "investigator"),
        ("dlt_adjudication", "investigator"),
        ("dlt_adjudication", "statistician"),
        ("judgement", "coordinator"),
        ("contact", "monitor"),
        ("contact", "committee"),
        ("crs_assessment", "statistician"),
    ],
)
def test_a_form_is_recorded_amended_voided_and_signed_by_its_roles_only(
    trial: Conducted, form: str, role: str
) -> None:
    refusal = trial.refused("role", form, "S1", on=3, role=role, **_EXAMPLES[form])
    for permitted in PERMITTED.get(form, ("investigator", "coordinator")):
        assert permitted in refusal.sentence()
    if trial.trial.casebook.get(f"S1/{form}/1") is not None:
        for command, fields in (("amend", WHY | {"note": "x"}), ("void", WHY), ("sign", {})):
            trial.refused("role", command, role=role, record_id=f"S1/{form}/1", today=3, **fields)


def test_who_has_no_role_may_do_nothing(trial: Conducted) -> None:
    trial.refused("unknown_role", "contact", "S1", on=3, role="janitor")


@pytest.mark.parametrize("command", ["decide", "lock", "unlock", "open_gate"])
def test_the_computed_commands_ask_for_a_role_too(trial: Conducted, command: str) -> None:
    fields = {
        "decide": {"on": 1, "part": "escalation", "action": "stay", "dose_level": "1"},
        "lock": {"reason": "x"},
        "unlock": {"reason": "x"},
        "open_gate": {"on": 1, "subject": "S1", "gate": "infusion"},
    }[command]
    trial.refused("role", command, role="statistician", **fields)


# --- fields --------------------------------------------------------------------------------------------


def test_a_misspelt_command_or_field_is_named(trial: Conducted) -> None:
    trial.problem("command.unknown_command", "infuse", "S1")
    trial.problem("record.field_unknown", "contact", "S1", on=1, sauce="visit")
    trial.problem("record.field_missing", "contact", "S1", on=None)
    trial.problem("record.field_value", "contact", "S1", on=1, source="pigeon")
    trial.problem("record.field_value", "open_gate", "S1", on=1, gate="garden")
    trial.problem("command.field_unknown", "open_gate", "S1", on=1, gate="infusion", door=1)
    trial.problem("command.field_missing", "open_gate", "S1", on=1)
    trial.problem("command.unknown_command", "dose_decision", on=1)


@pytest.mark.parametrize("on", [0, 20260302, "1772409600", "2026-03-02T00:00:00", 1772409600])
def test_a_number_is_no_date(trial: Conducted, on: object) -> None:
    answer = trial.desk.do(
        "contact", {"subject": "S1", "on": on}, actor="x", role="coordinator", today=day(9),  # type: ignore[dict-item]
        at=trial.desk.casebook.last_at,
    )  # fmt: skip
    assert answer[0].rule in ("command.field_value", "record.field_value")


def test_a_form_is_written_in_its_present_version(trial: Conducted) -> None:
    trial.problem("record.field_value", "contact", "S1", on=1, version=7)


@pytest.mark.parametrize(
    ("result", "rule"),
    [
        ({"test": "hbv_dna", "finding": "maybe"}, "edit.not_a_finding"),
        ({"test": "hbv_dna", "value": "<10 copies/ug"}, "edit.not_a_finding"),
        ({"test": "alt", "finding": "normal"}, "edit.not_a_number"),
        ({"test": "alt", "value": "30 U/L", "finding": "normal"}, "edit.one_value"),
        ({"test": "alt"}, "edit.one_value"),
        ({"test": "alt", "value": "30 kg"}, "edit.unit"),
        ({"test": "alt", "value": "30 U/L", "upper_limit": "40 kg"}, "edit.unit"),
        ({"test": "alt", "value": "-3 U/L"}, "edit.negative"),
    ],
)
def test_a_result_is_what_rules_take_the_test_to_be(trial: Conducted, result: dict, rule: str) -> None:
    trial.problem(rule, "labs", "S1", on=3, results=[result])


@pytest.mark.parametrize(
    ("form", "fields", "rule"),
    [
        ("examination", {"results": [{"test": "spo2", "value": "9 %"}]}, "edit.out_of_range"),
        ("examination", {"results": [{"test": "temperature", "value": "98 Cel"}]}, "edit.out_of_range"),
        ("crs_assessment", {"vasopressors": 99}, "edit.out_of_range"),
        ("icans_assessment", {"capd": 33}, "edit.out_of_range"),
        ("gvhd_assessment", {"skin": 5}, "edit.out_of_range"),
        ("demographics", {"birth": "1986-08", "sex": "male", "age": 50}, "edit.out_of_range"),
        ("bridging", {"therapy": "x", "started": str(day(2)), "ended": str(day(1)), "on": None}, "edit.order"),
        ("kinetics_sample", {"analyte": "car", "matrix": "csf", "assay": "flow", "value": "1 %"}, "edit.no_assay"),
        ("kinetics_sample", {"analyte": "car", "matrix": "blood", "assay": "flow", "value": "1 kg"}, "edit.unit"),
        ("release", {"lot": "LOT-A", "outcome": "released", "dose": "5 mg"}, "edit.unit"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_a_problem(trial: Conducted, form: str, fields: dict, rule: str) -> None:
    trial.problem(rule, form, "S1", **({"on": 3, "today": 3} | fields))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"course": []}, "edit.no_grade"),
        ({"course": [{"on": str(day(3)), "grade": 2}, {"on": str(day(2)), "grade": 1}]}, "edit.course_order"),
        ({"ended": str(day(0))}, "edit.order"),
        ({"outcome": "fatal"}, "edit.fatal_grade"),
        ({"course": [{"on": str(day(1)), "grade": 5}], "outcome": "fatal"}, "edit.fatal_serious"),
    ],
)
def test_an_adverse_event_makes_sense(trial: Conducted, change: dict, rule: str) -> None:
    event = {
        "term": "Rash", "scale": "ctcae-5.0", "outcome": "recovered", "attribution": {"product": "possible"},
        "course": [{"on": str(day(1)), "grade": 2}],
    }  # fmt: skip
    trial.problem(rule, "adverse_event", "S1", on=None, today=5, **event | change)
    trial.ok("adverse_event", "S1", on=None, today=5, **event)


@pytest.mark.parametrize("form", ["consent", "enrolment", "assignment"])
def test_what_carries_an_infusion_is_not_voided_away(trial: Conducted, form: str) -> None:
    trial.refused(
        "carries_infusion", "void", record_id=f"S1/{form}/1", reason="wrong subject", role="investigator"
    )
    trial.void("S1/infusion/1")
    trial.void(f"S1/{form}/1")


def test_a_consent_is_not_dated_behind_what_was_done_unless_that_is_told_as_a_deviation(
    trial: Conducted,
) -> None:
    late = {
        "record_id": "S1/consent/1",
        "record.on": str(day(1)),
        "reason": "misread",
        "role": "investigator",
    }
    trial.refused("consent_late", "amend", today=2, **late)
    trial.ok("deviation", "S1", on=1, category="consent", importance="major", description="signed a day late")
    trial.ok("amend", today=2, **late)
