"""The course of one subject, from consent to the end: what comes before what, and what each refusal asks for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from protocyte.ledger import Recorded
from trials import Conducted, day, fit

FIVE = ("lstcar019", "cll1-cart", "cd7-cart", "cd123-cart", "lilrb4-start")


@pytest.fixture
def trial() -> Conducted:
    conducted = Conducted()
    conducted.cohort(1)
    return conducted


@pytest.mark.parametrize("study", FIVE)
def test_a_subject_who_does_well_is_infused_in_each_of_the_five_studies(study: str) -> None:
    trial = Conducted(study)
    trial.cohort(1)
    trial.bring("S1")
    assert trial.trial.course("S1").infused_on == day(0)
    assert trial.dlt("S1", 0).status == "pending"


# --- consent and days ----------------------------------------------------------------------------------


def test_nothing_is_recorded_of_a_subject_before_consent(trial: Conducted) -> None:
    trial.refused("no_consent", "disease", "S1", on=-39, diagnosis="B-ALL")
    trial.ok("consent", "S1", on=-40, document_version="1")
    trial.ok("disease", "S1", on=-39, diagnosis="B-ALL")


def test_a_subject_consents_once(trial: Conducted) -> None:
    consent = trial.ok("consent", "S1", on=-40, document_version="1")
    trial.refused("consented", "consent", "S1", on=-39, document_version="2")
    trial.amend(consent, document_version="2")


def test_what_is_done_for_the_study_is_not_dated_before_consent(trial: Conducted) -> None:
    trial.ok("consent", "S1", on=-40, document_version="1")
    trial.refused("before_consent", "examination", "S1", on=-41, results=[])
    trial.ok("examination", "S1", on=-40, results=[])


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("prior_therapy", {"therapy": "venetoclax", "kind": "systemic", "last_dose": "2025-11"}),
        ("medication", {"medicine": "fluconazole", "kind": "anti_infective", "given_for": "infection",
                        "started": "2025-12-01"}),
        ("bridging", {"therapy": "hydroxyurea", "started": "2025-12-20"}),
    ],
)  # fmt: skip
def test_what_began_before_consent_is_told_with_its_true_date(
    trial: Conducted, form: str, fields: dict
) -> None:
    trial.ok("consent", "S1", on=-40, document_version="1")
    trial.ok(form, "S1", on=None, **fields)


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("contact", {"on": 1}),
        ("bridging", {"on": None, "therapy": "hydroxyurea", "started": str(day(1))}),
        ("bridging", {"on": None, "therapy": "hydroxyurea", "started": str(day(-3)), "ended": str(day(1))}),
        ("transplant", {"on": None, "conditioning": str(day(1))}),
        ("adverse_event", {"on": None, "term": "Rash", "scale": "ctcae-5.0", "outcome": "unknown",
                           "attribution": {"product": "possible"},
                           "course": [{"on": str(day(-1)), "grade": 1}, {"on": str(day(1)), "grade": 2}]}),
        ("prior_therapy", {"on": None, "therapy": "x", "kind": "systemic", "last_dose": "2026-04"}),
    ],
)  # fmt: skip
def test_nothing_is_recorded_before_it_has_happened_whatever_its_field_is_called(
    trial: Conducted, form: str, fields: dict
) -> None:
    trial.ok("consent", "S1", on=-40, document_version="1")
    trial.refused("future", form, "S1", today=0, **fields)


def test_a_hold_or_a_cohort_is_not_dated_ahead_either(trial: Conducted) -> None:
    trial.refused("future", "hold", on=1, today=0, scope="trial", cause="other", reason="x")
    fields = {"cohort": "C9", "part": "escalation", "dose_level": 1, "size": 3, "opened": str(day(1))}
    trial.refused("future", "cohort", today=0, **fields)


# --- death and leaving ---------------------------------------------------------------------------------


def test_after_death_only_paperwork_is_recorded(trial: Conducted) -> None:
    trial.bring("S1")
    death = trial.ok("death", "S1", on=10, cause="disease")
    trial.refused("after_death", "labs", "S1", on=11, results=[])
    trial.ok("ae_log_review", "S1", on=12)
    trial.ok("discontinuation", "S1", on=12, of="study", reason="death")
    trial.amend(death, today=12, on=str(day(12)))
    trial.ok("labs", "S1", on=11, today=12, results=[])


def test_nobody_dies_twice(trial: Conducted) -> None:
    trial.bring("S1")
    death = trial.ok("death", "S1", on=10, cause="disease")
    trial.refused("dead", "death", "S1", on=11, cause="infection")
    trial.amend(death, today=11, cause="infection")


def test_nobody_dies_before_something_that_was_done_with_him_alive(trial: Conducted) -> None:
    trial.bring("S1")
    contact = trial.ok("contact", "S1", on=20)
    trial.refused("alive_later", "death", "S1", on=10, today=25, cause="disease")
    trial.void(contact, today=25)
    death = trial.ok("death", "S1", on=10, today=25, cause="disease")
    early = {"record.on": str(day(-1))}
    trial.refused("alive_later", "amend", record_id=death, today=25, reason="certificate", **early)


def test_who_withdrew_consent_is_left_alone(trial: Conducted) -> None:
    trial.bring("S1", to="released")
    left = trial.ok("discontinuation", "S1", on=-10, of="study", reason="withdrawal_of_consent")
    trial.refused("withdrawn", "labs", "S1", on=-9, results=[])
    trial.refused("withdrawn", "contact", "S1", on=-9)
    trial.ok("contact", "S1", on=-9, source="registry")
    trial.ok("death", "S1", on=-2, cause="unknown")
    trial.void(left)


def test_who_has_left_is_not_treated_until_the_leaving_proves_wrong(trial: Conducted) -> None:
    trial.bring("S1", to="ready")
    left = trial.ok("discontinuation", "S1", on=0, of="treatment", reason="investigator_decision")
    trial.refused("discontinued", "infusion", "S1", on=0, **trial.infusion("S1"))
    trial.void(left)
    trial.stage("S1", "infused")


# --- screening, gates, enrolment -----------------------------------------------------------------------


def test_a_gate_does_not_open_on_missing_data(trial: Conducted) -> None:
    trial.bring("S1", to="consented")
    forms = fit(trial.study)
    for form, fields in forms:
        if form != "antigen":
            trial.ok(form, "S1", **({"on": -39} | fields))
    refusal = trial.refused("gate_shut", "open_gate", "S1", on=-35, gate="enrolment")
    assert "unknown: antigen" in refusal.sentence()
    trial.ok("antigen", "S1", on=-38, antigen="CD19", positive=True)
    trial.ok("open_gate", "S1", on=-35, gate="enrolment")


def test_a_gate_review_cannot_claim_what_the_records_do_not_say(trial: Conducted) -> None:
    trial.bring("S1", to="consented")
    trial.refused("gate_shut", "gate_review", "S1", on=-35, gate="enrolment", passed=True)
    trial.ok("gate_review", "S1", on=-35, gate="enrolment", passed=False)


def test_an_investigator_may_keep_a_gate_shut_that_the_criteria_would_open(trial: Conducted) -> None:
    trial.bring("S1", to="screened")
    trial.ok("open_gate", "S1", on=-36, gate="enrolment")
    trial.ok("gate_review", "S1", on=-35, gate="enrolment", passed=False, note="too frail")
    trial.refused("gate_not_passed", "enrolment", "S1", on=-35, part="escalation", cohort="C1")


def test_nobody_is_enrolled_without_the_gate(trial: Conducted) -> None:
    trial.bring("S1", to="screened")
    fields = {"part": "escalation", "cohort": "C1"}
    trial.refused("gate_not_passed", "enrolment", "S1", on=-35, **fields)
    trial.ok("open_gate", "S1", on=-35, gate="enrolment")
    trial.ok("enrolment", "S1", on=-35, **fields)


def test_a_gate_that_was_passed_is_shut_by_what_is_found_afterwards(trial: Conducted) -> None:
    trial.bring("S1", to="screened")
    trial.ok("open_gate", "S1", on=-36, gate="enrolment")
    found = trial.ok("history", "S1", on=-35, condition="cns_disease", status="present")
    fields = {"part": "escalation", "cohort": "C1"}
    assert "cns_disease" in trial.refused("gate_lapsed", "enrolment", "S1", on=-35, **fields).sentence()
    trial.void(found)
    trial.ok("enrolment", "S1", on=-35, **fields)


def test_an_infection_on_the_day_of_infusion_shuts_a_gate_opened_the_day_before(trial: Conducted) -> None:
    trial.bring("S1", to="depleted")
    trial.ok("examination", "S1", on=-1, results=[{"test": "spo2", "value": "97 %"}])
    trial.ok("open_gate", "S1", on=-1, gate="infusion")
    trial.ok("history", "S1", on=0, condition="active_infection", status="present")
    trial.refused("gate_lapsed", "infusion", "S1", on=0, **trial.infusion("S1"))
    trial.ok("history", "S1", on=1, condition="active_infection", status="absent")
    trial.ok("infusion", "S1", on=1, **trial.infusion("S1", 1))


def test_a_screen_failure_is_final_until_voided(trial: Conducted) -> None:
    trial.bring("S1", to="screened")
    failure = trial.ok("screen_failure", "S1", on=-35, reason="not eligible")
    trial.refused("screen_failed", "open_gate", "S1", on=-35, gate="enrolment")
    trial.void(failure)
    trial.stage("S1", "enrolled")
    trial.refused("enrolled", "screen_failure", "S1", on=-30, reason="too late")


def test_a_subject_is_enrolled_once_and_into_a_part_that_exists(trial: Conducted) -> None:
    trial.bring("S1", to="screened")
    trial.ok("open_gate", "S1", on=-35, gate="enrolment")
    trial.refused("no_part", "enrolment", "S1", on=-35, part="dose_ranging")
    trial.refused("no_recommendation", "enrolment", "S1", on=-35, part="expansion")
    trial.refused("no_cohort", "enrolment", "S1", on=-35, part="escalation", cohort="C7")
    trial.ok("enrolment", "S1", on=-35, part="escalation", cohort="C1")
    trial.refused("enrolled", "enrolment", "S1", on=-34, part="escalation", cohort="C1")


# --- slots ---------------------------------------------------------------------------------------------


def test_slots_are_free_again_when_a_window_is_over(trial: Conducted) -> None:
    for number, subject in enumerate(("S1", "S2", "S3")):
        trial.bring(subject, to="released", on=0 + 14 * number)
    trial.bring("S4", to="screened", on=30)
    trial.ok("open_gate", "S4", on=-5, gate="enrolment")
    trial.refused("no_slot", "enrolment", "S4", on=-5, part="escalation", cohort="C1")
    for stage in ("depleted", "ready", "infused"):
        trial.stage("S1", stage)
    trial.ok("open_gate", "S4", on=28, gate="enrolment")
    trial.refused("cohort_full", "enrolment", "S4", on=28, part="escalation", cohort="C1")


def test_a_cohort_has_a_place_again_when_somebody_leaves_before_infusion(trial: Conducted) -> None:
    trial = Conducted(changes={"parts.escalation.slots.concurrent": "9"})
    trial.cohort(1)
    for subject in ("S1", "S2", "S3"):
        trial.bring(subject, to="enrolled")
    trial.bring("S4", to="screened")
    trial.ok("open_gate", "S4", on=-35, gate="enrolment")
    fields = {"on": -30, "part": "escalation", "cohort": "C1"}
    trial.refused("cohort_full", "enrolment", "S4", **fields)
    trial.ok("discontinuation", "S2", on=-30, of="treatment", reason="manufacturing_failure")
    trial.ok("enrolment", "S4", **fields)


def test_a_subject_who_is_not_evaluable_is_replaced_up_to_the_protocols_number() -> None:
    trial = Conducted(
        changes={"parts.escalation.slots.replacements": "1", "parts.escalation.stagger.within": "0 d"}
    )
    trial.cohort(1)
    for number in range(1, 4):
        trial.bring(f"S{number}")
    for number in (1, 2):
        trial.ok("new_therapy", f"S{number}", on=9 + number, therapy="venetoclax", kind="anti_leukemic")
        trial.watched(f"S{number}", 28)
    trial.watched("S3", 28)
    trial.bring("S4", to="screened", on=70)
    trial.ok("open_gate", "S4", on=35, gate="enrolment")
    trial.refused("no_replacement", "enrolment", "S4", on=35, part="escalation", cohort="C1")


def test_where_the_protocol_replaces_nobody_a_lost_place_stays_taken() -> None:
    trial = Conducted(changes={"evaluability.replace": "false", "parts.escalation.stagger.within": "0 d"})
    trial.cohort(1)
    for number in range(1, 4):
        trial.bring(f"S{number}")
    trial.ok("new_therapy", "S1", on=9, therapy="venetoclax", kind="anti_leukemic")
    trial.watched("S1", 28)
    trial.bring("S4", to="screened", on=70)
    trial.ok("open_gate", "S4", on=35, gate="enrolment")
    trial.refused("cohort_full", "enrolment", "S4", on=35, part="escalation", cohort="C1")


def test_an_expansion_ends_with_its_planned_number() -> None:
    trial = Conducted("lstcar019", {"parts.expansion.subjects": "1", "parts.expansion.dose": "DL2"})
    trial.bring("S1", to="screened")
    trial.stage("S1", "enrolled", part="expansion")
    trial.bring("S2", to="screened")
    trial.ok("open_gate", "S2", on=-35, gate="enrolment")
    trial.refused("part_full", "enrolment", "S2", on=-35, part="expansion")


# --- assignment ----------------------------------------------------------------------------------------


def test_a_level_is_assigned_until_lymphodepletion_begins(trial: Conducted) -> None:
    trial.bring("S1", to="screened")
    trial.refused("not_enrolled", "assignment", "S1", on=-34, dose_level=1)
    trial.stage("S1", "enrolled")
    trial.refused("no_level", "assignment", "S1", on=-34, dose_level=9)
    trial.refused("level_not_open", "assignment", "S1", on=-34, dose_level=2)
    trial.ok("assignment", "S1", on=-34, dose_level=1)
    trial.stage("S1", "released")
    trial.stage("S1", "depleted")
    trial.refused("assignment_fixed", "assignment", "S1", on=-2, dose_level=1)


def test_without_its_cohort_no_level_is_open() -> None:
    trial = Conducted()
    cohort = trial.cohort(1)
    trial.bring("S1", to="enrolled")
    trial.void(cohort)
    trial.refused("level_not_open", "assignment", "S1", on=-34, dose_level=1)


# --- the chain of custody ------------------------------------------------------------------------------


def test_an_autologous_product_is_collected_made_and_released_in_that_order() -> None:
    trial = Conducted("cll1-cart")
    trial.cohort(1)
    trial.bring("S1", to="screened")
    run = {"lot": "L1", "started": str(day(-32)), "finished": str(day(-20)), "outcome": "made"}
    trial.refused("not_enrolled", "leukapheresis", "S1", on=-33, adequate=True)
    trial.stage("S1", "enrolled")
    trial.stage("S1", "assigned")
    trial.refused("no_cells", "manufacture", "S1", on=None, **run)
    trial.ok("leukapheresis", "S1", on=-33, adequate=False)
    trial.refused("no_cells", "manufacture", "S1", on=None, **run)
    trial.ok("leukapheresis", "S1", on=-32, adequate=True)
    release = {"lot": "L1", "outcome": "released", "dose": "1e7 cells/kg"}
    trial.refused("lot_unknown", "release", "S1", on=-18, **release)
    trial.ok("manufacture", "S1", on=None, **run)
    trial.ok("release", "S1", on=-18, **release)
    trial.refused("lot_decided", "release", "S1", on=-17, **release)
    trial.refused(
        "own_cells", "donor_lot", on=None, lot="A", donor="D", manufactured="2026-01-01", released=True
    )
    trial.refused("own_cells", "lot_allocation", "S1", on=-17, lot="A")


def test_no_step_of_the_chain_of_custody_is_dated_before_the_one_it_rests_on() -> None:
    trial = Conducted("cll1-cart")
    trial.cohort(1)
    trial.bring("S1", to="assigned")
    trial.refused("out_of_order", "leukapheresis", "S1", on=-36, today=0, adequate=True)
    trial.ok("leukapheresis", "S1", on=-33, adequate=True)
    run = {"lot": "L1", "finished": str(day(-20)), "outcome": "made"}
    trial.refused("out_of_order", "manufacture", "S1", on=None, started=str(day(-34)), **run)
    trial.ok("manufacture", "S1", on=None, started=str(day(-33)), **run)
    release = {"lot": "L1", "outcome": "released", "dose": "1e7 cells/kg"}
    trial.refused("out_of_order", "release", "S1", on=-21, today=0, **release)
    trial.ok("release", "S1", on=-20, **release)


def test_two_subjects_never_share_a_lot_of_their_own_cells() -> None:
    trial = Conducted("cll1-cart")
    trial.cohort(1)
    for subject in ("S1", "S2"):
        trial.bring(subject, to="assigned")
        trial.ok("leukapheresis", subject, on=-33, adequate=True)
    run = {"on": None, "started": str(day(-32)), "outcome": "made"}
    trial.ok("manufacture", "S1", lot="L1", **run)
    trial.refused("lot_of_another", "manufacture", "S2", lot="L1", **run)
    trial.ok("manufacture", "S2", lot="L2", **run)


def test_a_level_is_named_by_its_number_or_by_its_label(trial: Conducted) -> None:
    trial.bring("S1", to="enrolled")
    trial.refused("level_not_open", "assignment", "S1", on=-33, dose_level="DL2")
    record = trial.ok("assignment", "S1", on=-33, dose_level="DL1")
    assert trial.trial.casebook.get(record).record["dose_level"] == 1
    trial.problem("record.field_value", "assignment", "S1", on=-33, dose_level="DL9")


def test_after_a_failed_run_a_second_one_may_be_released() -> None:
    trial = Conducted("cll1-cart")
    trial.cohort(1)
    trial.bring("S1", to="assigned")
    trial.ok("leukapheresis", "S1", on=-33, adequate=True)
    run = {"on": None, "started": str(day(-32)), "finished": str(day(-25))}
    trial.ok("manufacture", "S1", lot="L1", outcome="failed", reason="no expansion", **run)
    trial.refused("lot_unknown", "release", "S1", on=-18, lot="L1", outcome="released", dose="1e7 cells/kg")
    trial.ok("manufacture", "S1", lot="L2", outcome="made", **run)
    trial.ok("release", "S1", on=-18, lot="L2", outcome="out_of_specification_released", dose="1e7 cells/kg")


def test_a_donor_product_comes_from_a_lot_that_exists_is_released_and_has_not_expired(
    trial: Conducted,
) -> None:
    trial.bring("S1", to="assigned")
    trial.refused("donor_product", "leukapheresis", "S1", on=-33, adequate=True)
    trial.refused(
        "donor_product", "manufacture", "S1", on=None, lot="L", started="2026-02-01", outcome="running"
    )
    trial.refused("no_lot", "lot_allocation", "S1", on=-33, lot="B")
    lot = {"on": None, "donor": "D1", "manufactured": "2025-12-01"}
    held = trial.ok("donor_lot", lot="B", released=False, **lot)
    trial.refused("lot_decided", "donor_lot", lot="B", released=True, **lot)
    trial.refused("lot_not_released", "lot_allocation", "S1", on=-33, lot="B")
    trial.amend(held, released=True, expires=str(day(-34)))
    trial.refused("lot_expired", "lot_allocation", "S1", on=-33, lot="B")
    trial.ok("donor_lot", lot="C", released=True, expires=str(day(90)), **lot)
    trial.ok("lot_allocation", "S1", on=-33, lot="C")


def test_a_birth_in_another_century_is_a_slip_and_one_on_record_leaves_the_clearance_unknown(
    trial: Conducted,
) -> None:
    trial.bring("S1", to="consented")
    trial.problem("edit.out_of_range", "demographics", "S1", on=-40, birth="1890", sex="male")
    trial.bring("S2", to="screened")
    entry = next(e for e in trial.desk.ledger.entries() if "S2/demographics" in str(e.event))
    old = {**entry.event.record, "birth": "1880"}  # as an earlier release may have written it
    event = Recorded(record_id="S2/demographics/9", record=old)
    head = trial.desk.ledger.head()[1]
    trial.desk.ledger.append(
        [event], after=head, at=datetime(2026, 1, 2, tzinfo=UTC), by="x", role="coordinator"
    )
    trial.desk.refresh()
    trial.refused("gate_shut", "open_gate", "S2", on=-35, gate="enrolment")
