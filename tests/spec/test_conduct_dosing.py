"""Lymphodepletion and infusion: everything that must be right before cells go in, and each way it is not."""

from __future__ import annotations

from typing import Any

import pytest

from trials import CRS, ICANS, Conducted, day

LD: dict[str, Any] = {"agents": [{"agent": "fludarabine"}]}


@pytest.fixture
def trial() -> Conducted:
    conducted = Conducted()
    conducted.cohort(1)
    return conducted


def assess(trial: Conducted, subject: str, on: int, crs: int = 0, icans: int = 0) -> None:
    trial.ok("crs_assessment", subject, on=on, **CRS[crs])
    trial.ok("icans_assessment", subject, on=on, **ICANS[icans])


# --- lymphodepletion -----------------------------------------------------------------------------------


def test_nobody_is_lymphodepleted_for_a_product_that_is_not_there(trial: Conducted) -> None:
    trial.bring("S1", to="screened")
    trial.refused("not_enrolled", "lymphodepletion", "S1", on=-5, **LD)
    trial.stage("S1", "enrolled")
    trial.refused("not_assigned", "lymphodepletion", "S1", on=-5, **LD)
    trial.stage("S1", "assigned")
    trial.refused("not_released", "lymphodepletion", "S1", on=-5, **LD)
    trial.stage("S1", "released")
    trial.refused("gate_not_passed", "lymphodepletion", "S1", on=-5, **LD)
    trial.stage("S1", "depleted")


def test_a_rejected_lot_is_no_product(trial: Conducted) -> None:
    trial.bring("S1", to="assigned")
    trial.ok("donor_lot", on=None, lot="B", donor="D1", manufactured="2025-12-01", released=True)
    trial.ok("lot_allocation", "S1", on=-33, lot="B")
    trial.ok("release", "S1", on=-18, lot="B", outcome="rejected", dose="1e6 cells/kg", reason="viability")
    trial.refused("not_released", "lymphodepletion", "S1", on=-5, **LD)


def test_a_hold_stops_the_start_of_lymphodepletion_and_not_its_second_day(trial: Conducted) -> None:
    trial.bring("S1", to="released")
    hold = trial.ok("hold", on=-5, scope="trial", cause="committee", reason="data under review")
    trial.ok("open_gate", "S1", on=-5, gate="lymphodepletion")
    trial.refused("on_hold", "lymphodepletion", "S1", on=-5, **LD)
    trial.ok("hold_lift", on=-5, hold=hold, reason="reviewed")
    trial.ok("lymphodepletion", "S1", on=-5, **LD)
    trial.ok("hold", on=-4, scope="trial", cause="committee", reason="more data")
    trial.ok("lymphodepletion", "S1", on=-4, completes=True, **LD)


def test_a_treated_subject_of_a_single_dose_study_is_not_lymphodepleted_again(trial: Conducted) -> None:
    trial.bring("S1")
    trial.refused("infused", "lymphodepletion", "S1", on=40, **LD)


# --- the infusion --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "reason"),
    [
        ("screened", "not_enrolled"),
        ("enrolled", "not_assigned"),
        ("assigned", "lot_not_for_subject"),
        ("released", "not_lymphodepleted"),
        ("depleted", "gate_not_passed"),
    ],
)
def test_an_infusion_names_the_next_thing_that_is_missing(trial: Conducted, stage: str, reason: str) -> None:
    trial.bring("S1", to=stage)
    trial.refused(reason, "infusion", "S1", on=0, **trial.infusion("S1"))


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("no_level", {"dose_level": 9}),
        ("other_level", {"dose_level": 2}),
        ("lot_not_for_subject", {"lot": "LOT-B"}),
        ("weight_old", {"weight_on": str(day(-8))}),
        ("planned_dose", {"planned": "2e6 cells/kg"}),
        ("more_than_made", {"infused": "1.1e6 cells/kg"}),
        ("overdose", {"manufactured": "2e6 cells/kg", "infused": "1.3e6 cells/kg"}),
    ],
)
def test_one_wrong_figure_refuses_the_infusion_and_the_right_one_goes_in(
    trial: Conducted, reason: str, change: dict[str, str]
) -> None:
    trial.bring("S1", to="ready")
    trial.refused(reason, "infusion", "S1", on=0, **trial.infusion("S1") | change)
    trial.stage("S1", "infused")


def test_the_tolerance_is_inclusive(trial: Conducted) -> None:
    trial.bring("S1", to="ready")
    trial.stage("S1", "infused", manufactured="2e6 cells/kg", infused="1.2e6 cells/kg")


def test_a_weight_of_the_seventh_day_before_is_recent_enough(trial: Conducted) -> None:
    trial.bring("S1", to="ready")
    trial.stage("S1", "infused", weight_on=str(day(-7)))


def test_more_than_the_released_bag_holds_cannot_have_gone_in(trial: Conducted) -> None:
    trial.bring("S1", to="assigned")
    trial.ok("donor_lot", on=None, lot="LOT-A", donor="D1", manufactured="2025-12-01", released=True)
    trial.ok("lot_allocation", "S1", on=-33, lot="LOT-A")
    trial.ok("release", "S1", on=-18, lot="LOT-A", outcome="released", dose="9e5 cells/kg")
    trial.stage("S1", "depleted")
    trial.stage("S1", "ready")
    trial.refused("more_than_made", "infusion", "S1", on=0, **trial.infusion("S1"))
    trial.stage("S1", "infused", infused="9e5 cells/kg")


def test_a_true_overdose_is_recorded_once_it_is_told_as_a_deviation(trial: Conducted) -> None:
    trial.bring("S1", to="ready")
    much = trial.infusion("S1", manufactured="2e6 cells/kg", infused="1.9e6 cells/kg")
    trial.refused("overdose", "infusion", "S1", on=0, **much)
    trial.ok("deviation", "S1", on=0, category="overdose", importance="major", description="pump error")
    trial.ok("infusion", "S1", on=0, **much)
    assert trial.dlt("S1", 0).window.level == 2  # counted at the dose that went in


def test_lymphodepletion_has_to_be_completed_and_recent(trial: Conducted) -> None:
    trial.bring("S1", to="depleted")
    trial.ok("examination", "S1", on=5, results=[{"test": "spo2", "value": "97 %"}])
    trial.ok("open_gate", "S1", on=5, gate="infusion")
    late = trial.infusion("S1", 5)
    trial.refused("lymphodepletion_old", "infusion", "S1", on=5, **late)
    trial.ok("open_gate", "S1", on=2, today=5, gate="lymphodepletion")
    trial.ok("lymphodepletion", "S1", on=3, today=5, completes=True, **LD)
    trial.ok("infusion", "S1", on=5, **late)


def test_the_last_day_for_the_infusion_is_the_seventh_after_lymphodepletion(trial: Conducted) -> None:
    trial.bring("S1", to="depleted")
    trial.stage("S1", "ready", on=4)
    trial.stage("S1", "infused", on=4)


def test_lymphodepletion_dated_after_the_infusion_does_not_count(trial: Conducted) -> None:
    trial.bring("S1", to="depleted")
    trial.stage("S1", "ready", on=-4)
    trial.refused("not_lymphodepleted", "infusion", "S1", on=-4, today=0, **trial.infusion("S1", -4))


def test_a_donor_lot_that_was_recalled_or_expired_meanwhile_is_not_infused(trial: Conducted) -> None:
    trial.bring("S1", to="ready")
    recalled = trial.ok(
        "amend", record_id="donor_lot/1", reason="sterility test", released=False, role="manufacturing"
    )
    trial.refused("lot_not_released", "infusion", "S1", on=0, **trial.infusion("S1"))
    trial.amend(recalled, released=True, expires=str(day(-1)))
    trial.refused("lot_expired", "infusion", "S1", on=0, **trial.infusion("S1"))
    trial.amend(recalled, expires=str(day(0)))
    trial.stage("S1", "infused")


def test_a_single_dose_is_given_once(trial: Conducted) -> None:
    trial.bring("S1")
    trial.refused("infused", "infusion", "S1", on=3, **trial.infusion("S1", 3))


@pytest.mark.parametrize(("hold_level", "held"), [(1, True), (2, False), (None, True)])
def test_a_hold_of_a_level_holds_it_and_those_above(
    trial: Conducted, hold_level: int | None, held: bool
) -> None:
    trial.bring("S1", to="ready")
    scope = {"scope": "trial"} if hold_level is None else {"scope": "level", "dose_level": hold_level}
    hold = trial.ok("hold", on=0, cause="committee", reason="look again", **scope)
    if held:
        trial.refused("on_hold", "infusion", "S1", on=0, **trial.infusion("S1"))
        trial.ok("hold_lift", on=0, hold=hold, reason="looked")
    trial.stage("S1", "infused")


@pytest.mark.parametrize(("gap", "refused"), [(13, True), (14, False)])
def test_subjects_of_a_cohort_are_staggered_by_fourteen_days(
    trial: Conducted, gap: int, refused: bool
) -> None:
    trial.bring("S1")
    trial.bring("S2", to="ready", on=gap)
    if refused:
        answer = trial.refused("stagger", "infusion", "S2", on=gap, **trial.infusion("S2", gap))
        assert str(day(14)) in answer.sentence()
    else:
        trial.stage("S2", "infused", on=gap)


def test_an_infusion_entered_late_is_staggered_against_those_before_and_after(trial: Conducted) -> None:
    trial.bring("S2", on=20)
    trial.bring("S1", to="ready", on=0)
    trial.ok("infusion", "S1", on=0, today=21, **trial.infusion("S1"))


def test_consent_taken_back_by_voiding_stops_everything(trial: Conducted) -> None:
    trial.bring("S1", to="ready")
    trial.void("S1/consent/1")
    trial.refused("no_consent", "infusion", "S1", on=0, **trial.infusion("S1"))


# --- split doses (CLL1) --------------------------------------------------------------------------------


@pytest.fixture
def split() -> Conducted:
    conducted = Conducted("cll1-cart")
    conducted.cohort(1)
    conducted.bring("S1")
    return conducted


def test_three_fractions_make_the_dose(split: Conducted) -> None:
    for on in (1, 2):
        assess(split, "S1", on)
        split.stage("S1", "infused", on=on)
    assert split.dlt("S1", 2).window.end == day(30)
    assert split.dlt("S1", 2).window.level == 1


def test_fractions_together_are_no_more_than_the_bag_held() -> None:
    split = Conducted("cll1-cart")
    split.cohort(1)
    split.bring("S1", to="assigned")
    split.ok("leukapheresis", "S1", on=-33, adequate=True)
    run = {"lot": "L1", "started": str(day(-32)), "finished": str(day(-20)), "outcome": "made"}
    split.ok("manufacture", "S1", on=None, **run)
    split.ok("release", "S1", on=-18, lot="L1", outcome="released", dose="1.9e6 cells/kg")
    split.stage("S1", "depleted")
    split.stage("S1", "ready")
    split.ok("infusion", "S1", on=0, **split.infusion("S1", lot="L1"))
    assess(split, "S1", 1)
    split.refused("more_than_made", "infusion", "S1", on=1, **split.infusion("S1", 1, lot="L1"))
    rest = split.infusion("S1", 1, lot="L1", infused="1.4e6 cells/kg")
    split.ok("infusion", "S1", on=1, **rest)


def test_fractions_are_given_in_their_order_and_not_early(split: Conducted) -> None:
    third = split.infusion("S1", 1, fraction=3, planned="3e6 cells/kg")
    split.refused("fraction_order", "infusion", "S1", on=1, **third)
    fourth = split.infusion("S1", 1, fraction=4)
    split.refused("fraction_order", "infusion", "S1", on=1, **fourth)
    split.refused("too_early", "infusion", "S1", on=0, **split.infusion("S1", 0))
    assess(split, "S1", 1)
    split.stage("S1", "infused", on=1)


@pytest.mark.parametrize(("crs", "icans"), [(2, 0), (0, 1)])
def test_the_next_fraction_is_not_given_into_a_toxicity(split: Conducted, crs: int, icans: int) -> None:
    assess(split, "S1", 1, crs, icans)
    split.refused("next_fraction", "infusion", "S1", on=1, **split.infusion("S1", 1))
    split.ok("fraction_withheld", "S1", on=1, fraction=2, reason="toxicity")
    split.refused("fraction_withheld", "infusion", "S1", on=2, **split.infusion("S1", 2))


def test_the_next_fraction_needs_the_assessments_of_its_own_day(split: Conducted) -> None:
    assess(split, "S1", 0)
    split.refused("next_fraction", "infusion", "S1", on=1, **split.infusion("S1", 1))
    assess(split, "S1", 1)
    split.stage("S1", "infused", on=1)


def test_only_the_fraction_that_is_next_can_be_withheld_and_only_once(split: Conducted) -> None:
    split.refused("fraction_order", "fraction_withheld", "S1", on=1, fraction=3, reason="toxicity")
    split.ok("fraction_withheld", "S1", on=1, fraction=2, reason="product")
    split.refused("fraction_withheld", "fraction_withheld", "S1", on=1, fraction=2, reason="product")


def test_a_single_dose_has_no_fraction_to_withhold(trial: Conducted) -> None:
    trial.bring("S1")
    trial.refused("fraction_order", "fraction_withheld", "S1", on=1, fraction=2, reason="toxicity")


# --- climbing (CD7) ------------------------------------------------------------------------------------


@pytest.fixture
def climb() -> Conducted:
    conducted = Conducted("cd7-cart")
    conducted.cohort(1)
    conducted.bring("S1")
    return conducted


def ready(trial: Conducted, on: int, crs: int = 0, icans: int = 0) -> None:
    assess(trial, "S1", on, crs, icans)
    trial.watched("S1", on)
    trial.stage("S1", "ready", on=on)


def test_a_subject_climbs_one_level_after_four_weeks_without_toxicity(climb: Conducted) -> None:
    ready(climb, 28)
    climb.stage("S1", "infused", on=28, **climb.infusion("S1", 28, level=2))
    ready(climb, 56)
    climb.stage("S1", "infused", on=56, **climb.infusion("S1", 56, level=3))
    assert [w.record.dose_level for w in climb.trial.course("S1").infusions] == [1, 2, 3]


def test_everybody_starts_at_the_bottom() -> None:
    trial = Conducted("cd7-cart")
    trial.cohort(1)
    trial.bring("S1", to="ready")
    trial.refused("climb_start", "infusion", "S1", on=0, **trial.infusion("S1", level=2))
    trial.stage("S1", "infused")


def test_no_step_is_early_and_none_is_skipped(climb: Conducted) -> None:
    ready(climb, 27)
    climb.refused("too_early", "infusion", "S1", on=27, **climb.infusion("S1", 27, level=2))
    ready(climb, 28)
    climb.refused("climb_step", "infusion", "S1", on=28, **climb.infusion("S1", 28, level=3))
    climb.stage("S1", "infused", on=28, **climb.infusion("S1", 28, level=2))


def test_a_climbing_subject_is_judged_anew_before_each_dose(climb: Conducted) -> None:
    climb.watched("S1", 28)
    second = climb.infusion("S1", 28, level=2)
    climb.refused("gate_not_passed", "infusion", "S1", on=28, **second)
    old = second | {"weight_on": str(day(-1))}
    climb.refused("weight_old", "infusion", "S1", on=28, **old)
    climb.stage("S1", "ready", on=28)
    climb.ok("infusion", "S1", on=28, **second)


def test_silence_is_no_leave_to_climb(climb: Conducted) -> None:
    climb.stage("S1", "ready", on=28)
    refusal = climb.refused("climb_toxicity", "infusion", "S1", on=28, **climb.infusion("S1", 28, level=2))
    assert "unknown" in refusal.sentence()
    climb.watched("S1", 28)
    climb.ok("infusion", "S1", on=28, **climb.infusion("S1", 28, level=2))


def test_a_toxicity_ends_the_climb_even_one_of_an_earlier_dose_that_is_told_late(climb: Conducted) -> None:
    ready(climb, 28)
    climb.stage("S1", "infused", on=28, **climb.infusion("S1", 28, level=2))
    climb.ok("crs_assessment", "S1", on=5, today=40, **CRS[2])
    ready(climb, 56)
    climb.refused("climb_toxicity", "infusion", "S1", on=56, **climb.infusion("S1", 56, level=3))


def test_a_proposed_dlt_ends_the_climb_until_the_committee_rejects_it(climb: Conducted) -> None:
    proposal = climb.ok("dlt_proposal", "S1", on=20, reason="capillary leak")
    ready(climb, 28)
    second = climb.infusion("S1", 28, level=2)
    climb.refused("climb_dlt", "infusion", "S1", on=28, **second)
    word = climb.ok("dlt_adjudication", "S1", on=28, source=proposal, dlt=False, reason="not due to it")
    climb.refused("climb_dlt", "infusion", "S1", on=28, **second)  # a draft decides nothing
    climb.sign(word, today=28)
    climb.ok("infusion", "S1", on=28, **second)


def test_a_response_ends_the_climb(climb: Conducted) -> None:
    counts = [
        {"test": "anc", "value": "2 10^9/L"},
        {"test": "platelets", "value": "150 10^9/L"},
        {"test": "blood_blasts", "value": "0 %"},
    ]
    climb.ok("marrow", "S1", on=-6, blasts="40 %", cells_counted=500)
    climb.ok("labs", "S1", on=27, results=counts)
    climb.ok("extramedullary", "S1", on=27, present=False)
    marrow = climb.ok("marrow", "S1", on=27, blasts="2 %", cells_counted=500, auer_rods=False)
    ready(climb, 28)
    second = climb.infusion("S1", 28, level=2)
    climb.refused("climb_response", "infusion", "S1", on=28, **second)
    climb.amend(marrow, today=28, blasts="60 %")
    climb.ok("infusion", "S1", on=28, **second)


def test_in_an_expansion_nobody_climbs() -> None:
    trial = Conducted("cd7-cart", {"parts.expansion.dose": "DL2"})
    trial.bring("S1", to="screened")
    trial.stage("S1", "enrolled", part="expansion")
    trial.ok("assignment", "S1", on=-34, dose_level=2)
    for stage in ("released", "depleted", "ready"):
        trial.stage("S1", stage)
    trial.refused("other_level", "infusion", "S1", on=0, **trial.infusion("S1", level=1))
    trial.stage("S1", "infused")
    trial.refused("infused", "infusion", "S1", on=28, **trial.infusion("S1", 28, level=2))
