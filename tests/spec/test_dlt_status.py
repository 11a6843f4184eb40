"""DLTs: proposals by the study's rules and by people, adjudication, evaluability (DOMAIN 1 to 4, 8)."""

from __future__ import annotations

from typing import Any

import pytest

from protocyte.base import render
from trials import CRS, ICANS, Conducted, day


@pytest.fixture
def trial() -> Conducted:
    """LstCAR019: neurotoxicity, CRS or GvHD of grade 3 or more within day 28; one subject infused on day 0."""
    conducted = Conducted()
    conducted.cohort(1)
    conducted.bring("S1")
    return conducted


def event(trial: Conducted, steps: dict[int, int], today: int = 40, **fields: Any) -> str:
    """An adverse event by day and grade, possibly due to the product unless told otherwise."""
    course = [{"on": str(day(on)), "grade": grade} for on, grade in steps.items()]
    form = {"term": "Seizure", "category": "Nervous system disorders", "scale": "ctcae-5.0", "course": course}
    form |= {"outcome": "not_recovered", "attribution": {"product": "possible"}}
    return trial.ok("adverse_event", "S1", on=None, today=today, **form | fields)


def adjudicate(trial: Conducted, source: str, dlt: bool, on: int, sign: bool = True) -> str:
    word = trial.ok("dlt_adjudication", "S1", on=on, source=source, dlt=dlt, reason="discussed")
    if sign:
        trial.sign(word, today=on)
    return word


# --- how long ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grades", "status"),
    [
        ({2: 0, 3: 3, 4: 3, 5: 3, 6: 3, 7: 0}, "dlt"),
        ({2: 0, 3: 3, 6: 3, 7: 0}, "dlt"),
        ({2: 0, 3: 3, 4: 3, 5: 3, 6: 0}, "no_dlt"),
        ({2: 0, 3: 3, 6: 0}, "no_dlt"),  # days 3 to 5 at most
        ({2: 0, 3: 3, 7: 0}, "unknown"),  # perhaps still on day 6
        ({1: 0, 6: 3, 8: 0}, "no_dlt"),  # it began when it was first seen
        ({2: 0, 3: 3}, "unknown"),  # nobody saw it end
        ({2: 0, 3: 3, 7: 3, 8: 0}, "dlt"),
        ({2: 0, 3: 2, 7: 0}, "no_dlt"),
    ],
)
def test_days_without_an_assessment_are_no_recovery(grades: dict[int, int], status: str) -> None:
    """LILRB4 STAR-T: CRS of grade 3 for more than 72 hours; the event log was reviewed at the end."""
    trial = Conducted("lilrb4-start")
    trial.cohort(1)
    trial.bring("S1")
    for on, grade in grades.items():
        trial.ok("crs_assessment", "S1", on=on, today=40, **CRS[grade])
    trial.watched("S1", 41)
    assert trial.dlt("S1", 41).status == status


# --- the window ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "status"),
    [(-1, "no_dlt"), (0, "dlt"), (1, "dlt"), (27, "dlt"), (28, "dlt"), (29, "no_dlt"), (40, "no_dlt")],
)
def test_the_window_is_day_0_to_day_28_both_inclusive(trial: Conducted, on: int, status: str) -> None:
    trial.ok("crs_assessment", "S1", on=on, today=40, **CRS[3])
    trial.watched("S1", 41)
    assert trial.dlt("S1", 41).status == status


def test_the_grade_has_to_be_reached_inside_the_window(trial: Conducted) -> None:
    event(trial, {20: 2, 29: 3})
    trial.watched("S1", 40)
    assert trial.dlt("S1", 40).status == "no_dlt"


def test_an_event_that_was_there_before_counts_only_when_it_worsens(trial: Conducted) -> None:
    old = event(trial, {-3: 3})
    trial.watched("S1", 40)
    assert trial.dlt("S1", 40).status == "no_dlt"
    trial.amend(old, today=41, course=[{"on": str(day(-3)), "grade": 3}, {"on": str(day(2)), "grade": 4}])
    assert trial.dlt("S1", 41).status == "dlt"


@pytest.mark.parametrize(
    ("on", "status", "left"), [(0, "pending", 28), (27, "pending", 1), (28, "no_dlt", 0)]
)
def test_until_the_window_is_over_the_outcome_is_pending(
    trial: Conducted, on: int, status: str, left: int
) -> None:
    trial.watched("S1", 28)
    found = trial.dlt("S1", on)
    assert (found.status, found.days_left) == (status, left)


def test_a_dlt_counts_on_the_day_it_is_seen(trial: Conducted) -> None:
    trial.ok("crs_assessment", "S1", on=5, **CRS[3])
    assert [trial.dlt("S1", on).status for on in (4, 5)] == ["pending", "dlt"]


# --- grades: computed, by the investigator, unknown ------------------------------------------------------


def test_the_investigators_grade_counts_where_it_is_higher(trial: Conducted) -> None:
    trial.ok("crs_assessment", "S1", on=3, investigator_grade=3, **CRS[1])
    assert trial.dlt("S1", 3).status == "dlt"


def test_the_computed_grade_counts_where_the_investigators_is_lower(trial: Conducted) -> None:
    trial.ok("crs_assessment", "S1", on=3, investigator_grade=1, **CRS[3])
    assert trial.dlt("S1", 3).status == "dlt"


def test_incomplete_components_leave_the_dlt_unknown_and_never_no(trial: Conducted) -> None:
    seen = trial.ok("crs_assessment", "S1", on=3, temperature="39 Cel", hypotension=True)
    trial.watched("S1", 28)
    found = trial.dlt("S1", 28)
    assert (found.status, found.undecided, found.dlt) == ("unknown", ("S1/crs",), None)
    trial.amend(seen, today=29, **CRS[2])
    assert trial.dlt("S1", 28).status == "no_dlt"
    trial.amend(seen, today=29, **CRS[3])
    assert trial.dlt("S1", 28).status == "dlt"


def test_incomplete_components_that_leave_no_doubt_about_the_criterion_do_not_matter(
    trial: Conducted,
) -> None:
    unmeasured = {name: value for name, value in CRS[1].items() if name != "temperature"}
    trial.ok("crs_assessment", "S1", on=3, **unmeasured)
    trial.watched("S1", 28)
    assert trial.dlt("S1", 28).status == "no_dlt"


@pytest.mark.parametrize(
    ("reviewed", "status"), [(None, "unknown"), (27, "unknown"), (28, "no_dlt"), (60, "no_dlt")]
)
def test_silence_is_none_only_up_to_a_review_of_the_event_log(
    trial: Conducted, reviewed: int | None, status: str
) -> None:
    trial.ok("crs_assessment", "S1", on=3, **CRS[1])
    trial.ok("icans_assessment", "S1", on=3, **ICANS[0])
    if reviewed is not None:
        trial.watched("S1", reviewed)
    assert trial.dlt("S1", 60).status == status


@pytest.mark.parametrize("relation", ["unrelated", "unlikely"])
def test_an_event_that_is_not_related_is_no_dlt(trial: Conducted, relation: str) -> None:
    event(trial, {5: 4}, attribution={"product": relation})
    trial.watched("S1", 40)
    assert trial.dlt("S1", 40).status == "no_dlt"


def test_neurotoxicity_is_wider_than_icans(trial: Conducted) -> None:
    trial.ok("icans_assessment", "S1", on=5, **ICANS[1])
    event(trial, {5: 3}, term="Intracranial hemorrhage")
    assert [p.key for p in trial.dlt("S1", 40).proposals] == ["S1/neurotoxicity"]


def test_gvhd_is_graded_by_its_own_scale(trial: Conducted) -> None:
    trial.ok("gvhd_assessment", "S1", on=21, skin=2, liver=2, upper_gi=0, lower_gi=0)
    assert [p.key for p in trial.dlt("S1", 21).proposals] == ["S1/gvhd"]


# --- adjudication --------------------------------------------------------------------------------------


def test_an_unadjudicated_proposal_counts_a_rejected_one_does_not_a_confirmed_one_does(
    trial: Conducted,
) -> None:
    trial.ok("crs_assessment", "S1", on=5, **CRS[3])
    trial.watched("S1", 28)
    assert (trial.dlt("S1").status, trial.dlt("S1").proposals[0].open) == ("dlt", True)
    assert "not yet adjudicated" in render(trial.dlt("S1").why, "en")
    adjudicate(trial, "S1/crs", False, 28)
    assert trial.dlt("S1").status == "no_dlt"
    adjudicate(trial, "S1/crs", True, 29)
    assert (trial.dlt("S1").status, trial.dlt("S1").proposals[0].open) == ("dlt", False)


def test_only_a_signed_word_decides(trial: Conducted) -> None:
    trial.ok("crs_assessment", "S1", on=5, **CRS[3])
    trial.watched("S1", 28)
    word = adjudicate(trial, "S1/crs", False, 28, sign=False)
    assert trial.dlt("S1").status == "dlt"
    trial.sign(word, today=28)
    assert trial.dlt("S1").status == "no_dlt"
    trial.amend(word, today=29, reason="after a second look")  # lapses the signature
    assert trial.dlt("S1").status == "dlt"


def test_a_rejection_does_not_cover_a_toxicity_told_after_it(trial: Conducted) -> None:
    trial.ok("crs_assessment", "S1", on=5, **CRS[3])
    trial.watched("S1", 28)
    adjudicate(trial, "S1/crs", False, 12)
    assert trial.dlt("S1").status == "no_dlt"
    trial.ok("crs_assessment", "S1", on=20, today=30, **CRS[2])
    assert trial.dlt("S1").status == "no_dlt"
    trial.ok("crs_assessment", "S1", on=21, today=30, **CRS[4])
    assert (trial.dlt("S1").status, trial.dlt("S1").proposals[0].open) == ("dlt", True)


def test_what_cannot_be_known_any_more_is_adjudicated(trial: Conducted) -> None:
    trial.ok("crs_assessment", "S1", on=3, temperature="39 Cel", hypotension=True)
    trial.watched("S1", 28)
    assert trial.dlt("S1").status == "unknown"
    adjudicate(trial, "S1/crs", False, 28)
    assert trial.dlt("S1").status == "no_dlt"
    adjudicate(trial, "S1/crs", True, 29)
    assert trial.dlt("S1").status == "dlt"


def test_a_person_may_propose_what_no_rule_sees(trial: Conducted) -> None:
    proposal = trial.ok("dlt_proposal", "S1", on=10, role="monitor", reason="capillary leak")
    trial.watched("S1", 28)
    assert trial.dlt("S1").status == "dlt"
    adjudicate(trial, proposal, False, 28)
    assert trial.dlt("S1").status == "no_dlt"


def test_a_voided_assessment_is_no_toxicity(trial: Conducted) -> None:
    seen = trial.ok("crs_assessment", "S1", on=5, **CRS[3])
    trial.watched("S1", 28)
    trial.void(seen, today=28)
    assert trial.dlt("S1").status == "no_dlt"


# --- evaluability --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("transplant", {"on": None, "conditioning": str(day(20)), "today": 20}),
        ("new_therapy", {"on": 20, "therapy": "venetoclax", "kind": "anti_leukemic"}),
        ("discontinuation", {"on": 20, "of": "study", "reason": "lost_to_follow_up"}),
        ("death", {"on": 20, "cause": "disease"}),
    ],
)
def test_who_leaves_the_window_without_a_dlt_is_not_evaluable_and_with_one_is(
    form: str, fields: dict
) -> None:
    for dlt in (False, True):
        trial = Conducted()
        trial.cohort(1)
        trial.bring("S1")
        if dlt:
            trial.ok("crs_assessment", "S1", on=10, **CRS[3])
        trial.ok(form, "S1", **fields)
        trial.watched("S1", 28)
        assert trial.dlt("S1").status == ("dlt" if dlt else "not_evaluable")


def test_who_may_have_had_a_dlt_before_leaving_is_not_replaced(trial: Conducted) -> None:
    seen = trial.ok("crs_assessment", "S1", on=8, temperature="39.5 Cel", hypotension=True)
    trial.ok("death", "S1", on=9, cause="disease")
    trial.watched("S1", 28)
    assert trial.dlt("S1").status == "unknown"
    trial.amend(seen, today=28, **CRS[2])
    assert trial.dlt("S1").status == "not_evaluable"


def test_a_transplant_after_the_window_takes_nothing_back(trial: Conducted) -> None:
    trial.ok("transplant", "S1", on=None, today=29, conditioning=str(day(29)))
    trial.watched("S1", 29)
    assert trial.dlt("S1", 40).status == "no_dlt"


@pytest.mark.parametrize(
    ("infused", "status"), [("7.9e5", "not_evaluable"), ("8e5", "no_dlt"), ("1.2e6", "no_dlt")]
)
def test_at_least_eighty_percent_of_the_dose_makes_a_subject_evaluable(infused: str, status: str) -> None:
    trial = Conducted()
    trial.cohort(1)
    trial.bring("S1", infused=f"{infused} cells/kg", manufactured="2e6 cells/kg")
    trial.watched("S1", 28)
    assert trial.dlt("S1").status == status


def test_a_dlt_counts_whatever_the_dose_and_at_the_assigned_level_where_none_fits() -> None:
    trial = Conducted()
    trial.cohort(1)
    trial.bring("S1", infused="3e5 cells/kg")
    trial.ok("crs_assessment", "S1", on=3, **CRS[3])
    assert (trial.dlt("S1").status, trial.dlt("S1").window.level) == ("dlt", None)
    (outcome,) = trial.standing(28).history.outcomes
    assert (outcome.level, outcome.dlt) == (1, True)


def test_a_death_put_down_to_the_product_is_a_dlt_and_one_of_unknown_cause_may_be() -> None:
    for cause, status in (("product", "dlt"), ("unknown", "unknown"), ("disease", "not_evaluable")):
        trial = Conducted("lilrb4-start")
        trial.cohort(1)
        trial.bring("S1")
        trial.ok("death", "S1", on=9, cause=cause)
        trial.watched("S1", 28)
        assert trial.dlt("S1").status == status, cause


# --- durations and split doses (CLL1) --------------------------------------------------------------------


def split(fractions: int = 3) -> Conducted:
    trial = Conducted("cll1-cart")
    trial.cohort(1)
    trial.bring("S1")
    for on in range(1, fractions):
        trial.ok("crs_assessment", "S1", on=on, **CRS[0])
        trial.ok("icans_assessment", "S1", on=on, **ICANS[0])
        trial.stage("S1", "infused", on=on)
    return trial


def test_the_window_of_a_split_dose_ends_28_days_after_its_last_fraction() -> None:
    trial = split()
    trial.watched("S1", 30)
    assert [trial.dlt("S1", on).status for on in (29, 30)] == ["pending", "no_dlt"]


@pytest.mark.parametrize(("last", "status"), [(12, "no_dlt"), (13, "dlt")])
def test_grade_3_for_72_hours_is_three_days_by_the_calendar(last: int, status: str) -> None:
    trial = split()
    for on in range(10, last + 1):
        trial.ok("crs_assessment", "S1", on=on, **CRS[3])
    trial.ok("crs_assessment", "S1", on=last + 1, **CRS[1])
    trial.watched("S1", 30)
    assert trial.dlt("S1", 30).status == status


def test_a_duration_in_doubt_is_unknown() -> None:
    trial = split()
    doubtful = {"temperature": "39 Cel", "hypotension": True, "vasopressors": 1, "oxygen": "facemask"}
    for on in (10, 13):
        trial.ok("crs_assessment", "S1", on=on, **doubtful)
    certain = trial.dlt("S1", 30).status
    assert certain in ("dlt", "unknown")
    trial = split()
    for on in (10, 13):  # grade 2 or 3: one vasopressor or none is not told
        trial.ok("crs_assessment", "S1", on=on, temperature="39 Cel", hypotension=True, vasopressin=False,
                 oxygen="none")  # fmt: skip
    trial.watched("S1", 30)
    assert trial.dlt("S1", 30).status == "unknown"


def test_an_organ_toxicity_of_grade_3_counts_beyond_seven_days() -> None:
    for lasts, status in ((7, "no_dlt"), (8, "dlt")):
        trial = split()
        event(
            trial, {10: 3}, term="Alanine aminotransferase increased", category="Investigations",
            ended=str(day(10 + lasts)), outcome="recovered",
        )  # fmt: skip
        trial.watched("S1", 40)
        assert trial.dlt("S1", 40).status == status, lasts


@pytest.mark.parametrize(
    ("reason", "status", "level"), [("toxicity", "no_dlt", 1), ("product", "not_evaluable", None)]
)
def test_a_fraction_withheld_for_toxicity_keeps_the_subject_and_one_for_other_reasons_does_not(
    reason: str, status: str, level: int | None
) -> None:
    trial = split(2)
    trial.ok("fraction_withheld", "S1", on=2, fraction=3, reason=reason)
    trial.watched("S1", 29)
    found = trial.dlt("S1", 29)
    assert (found.status, found.window.level) == (status, level)


def test_half_a_split_dose_is_not_taken_for_a_lower_level() -> None:
    """40 % of 2e7 is 8e6, within 20 % of 1e7: while the third fraction is due the assigned level counts."""
    trial = Conducted("cll1-cart", {"parts.escalation.design.start": "DL3"})
    trial.cohort(3)
    trial.bring("S1")
    trial.ok("crs_assessment", "S1", on=1, **CRS[0])
    trial.ok("icans_assessment", "S1", on=1, **ICANS[0])
    trial.stage("S1", "infused", on=1)
    trial.ok("crs_assessment", "S1", on=1, **CRS[4])
    assert (trial.dlt("S1", 1).status, trial.dlt("S1", 1).window.level) == ("dlt", 3)


# --- climbing (CD7) --------------------------------------------------------------------------------------


def test_each_dose_of_a_climber_has_its_window_and_a_toxicity_goes_to_the_latest() -> None:
    trial = Conducted("cd7-cart")
    trial.cohort(1)
    trial.bring("S1")
    trial.watched("S1", 28)
    trial.stage("S1", "ready", on=28)
    trial.stage("S1", "infused", on=28, **trial.infusion("S1", 28, level=2))
    trial.ok("crs_assessment", "S1", on=28, **CRS[4])
    first, second = (status for status in trial.standing(40).history.statuses)
    assert (first.window.end, first.status) == (day(27), "no_dlt")
    assert (second.window.start, second.status) == (day(28), "dlt")
    assert [p.key for p in second.proposals] == ["S1/crs/2"]
    assert [(o.level, o.dlt) for o in trial.standing(40).history.outcomes] == [(1, False), (2, True)]


# --- the day-42 criterion (CD123) ------------------------------------------------------------------------


@pytest.mark.parametrize(("ended", "status"), [(41, "no_dlt"), (None, "dlt")])
def test_a_cytopenia_counts_if_it_is_still_there_on_day_42(ended: int | None, status: str) -> None:
    trial = Conducted("cd123-cart")
    trial.cohort(1)
    trial.bring("S1")
    fields = {"ended": str(day(ended)), "outcome": "recovered"} if ended else {}
    event(trial, {7: 4}, today=43, term="Neutrophil count decreased", category="Investigations", **fields)
    trial.watched("S1", 43)
    assert [trial.dlt("S1", on).status for on in (41, 43)] == ["pending", status]
