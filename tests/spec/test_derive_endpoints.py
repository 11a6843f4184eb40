"""Time to event, relapse, disposition and analysis sets, told as charts."""

from __future__ import annotations

import pytest

from courses import course, day
from protocyte.derive.analysis_sets import in_analysis_set, members
from protocyte.derive.disposition import stage
from protocyte.derive.endpoints import NotApplicable, Timed, time_to_event
from protocyte.derive.events import last_known_alive
from small_study import endpoint, small_study

STUDY = small_study()
LATE = day(700)
BEFORE = "D-40 consent; D-30 enrol; D-8 marrow 40; D-5 ld; D0 infusion;"
CR = "marrow 2 anc 1.2 plt 110"

OS = endpoint()
EFS = endpoint(
    events=["refractory", "relapse", "death"],
    censor="last_assessment",
    refractory_by="90 d",
    failure_on="day_1",
)
EFS_DATED = EFS.model_copy(update={"failure_on": "date_of_refractoriness"})
RFS = endpoint(origin="remission", events=["relapse", "death"], censor="last_assessment")
DOR = endpoint(origin="response", events=["relapse", "progression", "death"], censor="last_assessment")
CIR = endpoint(origin="remission", events=["relapse"], competing=["death"], censor="last_assessment")


def timed(text: str, definition, as_of=LATE, data_cut=None, study=STUDY) -> Timed:
    found = time_to_event(study, course(text), definition, as_of, data_cut)
    assert isinstance(found, Timed), found.reason
    return found


def brief(found: Timed) -> tuple[int, str, str | None]:
    return found.days, found.status, found.event


# --- survival -------------------------------------------------------------------------------------------


def test_a_death_on_the_day_of_infusion_lasts_one_day():
    assert brief(timed(BEFORE + "D0 died", OS)) == (1, "event", "death")


def test_the_living_are_censored_when_last_known_alive_whoever_wrote_it():
    found = timed(BEFORE + "D60 contact; D90 labs anc 1; D100 review; D120 missed M4", OS)
    assert brief(found) == (91, "censored", None)
    assert "last known alive on 2026-05-31" in str(found.reason)
    assert found.records == ("labs-2",)


def test_the_day_somebody_was_declared_lost_is_no_evidence_of_life_but_a_withdrawal_is():
    assert timed(BEFORE + "D60 contact; D400 lost", OS).days == 61
    assert timed(BEFORE + "D60 contact; D70 withdrew", OS).days == 71


def test_last_follow_up_is_censoring_and_never_an_event():
    """The CD7 record lists 'last follow-up' among the events; as data it can only be censoring."""
    with pytest.raises(ValueError, match="last_follow_up"):
        endpoint(events=["death", "last_follow_up"])
    assert timed(BEFORE + "D200 contact", endpoint(events=["progression", "death"])).status == "censored"


def test_a_landmark_censors_nothing():
    found = timed(BEFORE + "D300 died", endpoint(landmarks=["24 wk"]))
    assert brief(found) == (301, "event", "death")


def test_from_enrolment_those_never_infused_are_counted_and_from_infusion_not():
    text = "D-40 consent; D-30 enrol; D-10 died"
    assert brief(timed(text, endpoint(origin="enrolment"))) == (21, "event", "death")
    assert isinstance(time_to_event(STUDY, course(text), OS, LATE), NotApplicable)


def test_with_nothing_after_the_origin_the_clock_stops_on_day_1():
    assert brief(timed("D-30 enrol; D0 visit d0", endpoint(origin="enrolment"))) == (31, "censored", None)
    assert brief(timed(BEFORE, EFS)) == (1, "censored", None)


def test_a_contact_dated_after_the_death_extends_no_life():
    text = BEFORE + "D50 died; D80 contact"
    assert brief(timed(text, endpoint(events=["relapse"]))) == (51, "censored", None)
    assert brief(timed(text, OS)) == (51, "event", "death")


def test_the_clinical_data_cut_hides_later_events_and_censors_before_it():
    text = BEFORE + "D60 contact; D100 died"
    assert brief(timed(text, OS, data_cut=day(90))) == (61, "censored", None)
    assert brief(timed(text, OS, data_cut=day(100))) == (101, "event", "death")


# --- events after a remission ---------------------------------------------------------------------------


def test_relapse_free_survival_starts_at_the_remission_and_ends_at_first_evidence():
    text = BEFORE + f"D28 {CR}; D84 {CR}; D120 relapse; D125 died"
    found = timed(text, RFS)
    assert brief(found) == (93, "event", "relapse")
    assert (found.origin, found.on) == (day(28), day(120))
    assert found.records == ("marrow-2", "relapse-1")


def test_without_a_remission_its_clock_never_starts():
    found = time_to_event(STUDY, course(BEFORE + "D28 marrow 30 anc 1.2 plt 110"), RFS, LATE)
    assert isinstance(found, NotApplicable)
    assert "no remission" in str(found.reason)


def test_a_remission_brought_along_starts_no_clock():
    text = f"D-8 marrow 2; D-5 ld; D0 infusion; D28 {CR}"
    assert isinstance(time_to_event(STUDY, course(text), RFS, LATE), NotApplicable)


def test_death_without_relapse_competes_where_the_definition_says_so():
    text = BEFORE + f"D28 {CR}; D209 died"
    assert brief(timed(text, CIR)) == (182, "competing", "death")
    assert brief(timed(text, DOR)) == (182, "event", "death")


def test_the_rest_are_censored_at_the_last_adequate_assessment():
    text = BEFORE + f"D28 {CR}; D84 {CR}; D120 marrow 2; D300 contact"
    assert brief(timed(text, RFS)) == (57, "censored", None)


def test_a_relapse_on_the_day_of_death_is_the_relapse():
    text = BEFORE + f"D28 {CR}; D100 relapse; D100 died"
    assert brief(timed(text, CIR)) == (73, "event", "relapse")


# --- intercurrent events --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("treatment_policy", (173, "event", "relapse")),
        ("censor", (29, "censored", None)),  # the last adequate assessment before conditioning: day 56
        ("event", (43, "event", "transplant")),
        ("competing", (43, "competing", "transplant")),
    ],
)
def test_a_transplant_before_the_relapse_follows_its_strategy(strategy, expected):
    text = BEFORE + f"D28 {CR}; D56 {CR}; D70 transplant; D200 relapse"
    definition = RFS.model_copy(update={"intercurrent": {"transplant": strategy}})
    assert brief(timed(text, definition)) == expected


def test_counting_life_a_transplant_censors_on_its_own_day():
    definition = RFS.model_copy(
        update={"intercurrent": {"transplant": "censor"}, "censor": "last_known_alive"}
    )
    text = BEFORE + f"D28 {CR}; D70 transplant; D200 relapse"
    assert brief(timed(text, definition)) == (43, "censored", None)


def test_a_relapse_before_the_transplant_is_not_hidden_by_earlier_censoring():
    """The last assessment before conditioning lies before the relapse; the relapse still came first."""
    definition = RFS.model_copy(update={"intercurrent": {"transplant": "censor"}})
    text = BEFORE + f"D28 {CR}; D56 {CR}; D65 relapse; D70 transplant"
    assert brief(timed(text, definition)) == (38, "event", "relapse")


def test_a_second_infusion_is_a_reinfusion_only_where_the_plan_has_one():
    definition = endpoint(intercurrent={"reinfusion": "censor"})
    text = BEFORE + "D40 infusion; D100 died"
    assert brief(timed(text, definition)) == (41, "censored", None)
    split = small_study(
        {
            "dosing.scheme": "split",
            "dosing.fractions": [{"day": "0", "share": "50 %"}, {"day": "1", "share": "50 %"}],
        }
    )
    assert brief(timed(text, definition, study=split)) == (101, "event", "death")


def test_maintenance_censors_only_where_it_is_named():
    text = BEFORE + "D40 therapy maintenance; D100 died"
    assert timed(text, endpoint(intercurrent={"new_therapy": "censor"})).status == "event"
    assert brief(timed(text, endpoint(intercurrent={"maintenance": "censor"}))) == (41, "censored", None)


# --- refractory -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "day_1", "dated"),
    [
        # no remission by day 90: on day 1, or when last shown
        ("D28 marrow 40; D84 marrow 30; D200 died", (1, "event", "refractory"), (85, "event", "refractory")),
        # a death before the landmark without any assessment
        ("D20 died", (1, "event", "refractory"), (21, "event", "death")),
        # alive and never evaluable
        ("D28 marrow 2; D200 contact", (1, "censored", None), (1, "censored", None)),
        # a remission in time, then a relapse
        (f"D28 {CR}; D120 relapse", (121, "event", "relapse"), (121, "event", "relapse")),
        # a remission after the landmark comes too late
        (f"D28 marrow 40 anc 1 plt 90; D100 {CR}", (1, "event", "refractory"), (29, "event", "refractory")),
        # a remission owed to another therapy is none of this one's
        (f"D28 marrow 40 anc 1 plt 90; D40 therapy; D80 {CR}", (1, "event", "refractory"), (29, "event", "refractory")),
    ],
)  # fmt: skip
def test_failure_to_reach_a_remission_by_the_landmark(text, day_1, dated):
    assert brief(timed(BEFORE + text, EFS)) == day_1
    assert brief(timed(BEFORE + text, EFS_DATED)) == dated


def test_before_the_landmark_nobody_is_refractory():
    text = BEFORE + "D28 marrow 40 anc 1 plt 90"
    assert brief(timed(text, EFS, as_of=day(60))) == (29, "censored", None)
    assert brief(timed(text, EFS, as_of=day(90))) == (1, "event", "refractory")


# --- last known alive -----------------------------------------------------------------------------------


def test_a_fatal_event_does_not_prove_life_on_its_last_day():
    subject = course(BEFORE + "D10 ae sepsis 3 D12 5")
    alive = last_known_alive(STUDY, subject)
    assert alive is not None
    assert alive.on == day(10)


# --- disposition ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("D-40 consent", "screened"),
        ("D-40 consent; D-35 screen_failure", "screen_failed"),
        ("D-40 consent; D-30 enrol", "enrolled"),
        ("D-40 consent; D-30 enrol; D-28 apheresis", "apheresis"),
        ("D-40 consent; D-30 enrol; D-28 apheresis; D-10 making_failed", "manufacturing_failed"),
        ("D-40 consent; D-30 enrol; D-28 apheresis; D-10 made; D-9 rejected", "manufacturing_failed"),
        ("D-40 consent; D-30 enrol; D-28 apheresis; D-20 making_failed; D-9 made; D-8 released", "released"),
        ("D-40 consent; D-30 enrol; D-10 making_failed; D-5 quit manufacturing_failure", "manufacturing_failed"),
        ("D-40 consent; D-30 enrol; D-20 quit disease_progression", "discontinued"),
        ("D-40 consent; D-30 enrol; D-5 ld", "lymphodepleted"),
        ("D-40 consent; D-30 enrol; D-5 ld; D0 infusion", "infused"),
        ("D-40 consent; D-30 enrol; D-5 ld; D0 infusion; D40 contact", "in_follow_up"),
        ("D-40 consent; D-30 enrol; D-5 ld; D0 infusion; D40 lost", "discontinued"),
        ("D-40 consent; D-30 enrol; D-5 ld; D0 infusion; D50 completed", "completed"),
        ("D-40 consent; D-30 enrol; D-5 ld; D0 infusion; D20 died", "died"),
        ("D-40 consent; D-30 enrol; D-20 died", "died"),
    ],
)  # fmt: skip
def test_every_branch_of_the_course_has_its_name(text, name):
    as_of = day(20) if name == "infused" else day(60)
    found = stage(STUDY, course(text), as_of)
    assert found.name == name
    assert found.has(name)
    assert found.never_infused is (
        "enrol" in text
        and "infusion" not in text
        and name in ("manufacturing_failed", "discontinued", "died")
    )


def test_the_milestones_come_in_order_with_their_days():
    found = stage(STUDY, course(BEFORE + "D20 died"), day(60))
    assert [name for name, _ in found.reached] == [
        "screened",
        "enrolled",
        "lymphodepleted",
        "infused",
        "died",
    ]
    assert found.on == day(20)
    assert stage(STUDY, course(BEFORE + "D20 died"), day(10)).name == "infused"


# --- analysis sets --------------------------------------------------------------------------------------


TREATED = {"screened", "enrolled", "lymphodepleted", "infused"}


@pytest.mark.parametrize(
    ("text", "belongs"),
    [
        ("D-40 consent", {"screened"}),
        ("D-40 consent; D-30 enrol; D-5 ld", {"screened", "enrolled", "lymphodepleted"}),
        (BEFORE, TREATED | {"dlt_evaluable"}),
        (BEFORE + "D28 marrow 40", TREATED | {"efficacy_evaluable", "dlt_evaluable"}),
        (BEFORE + f"D28 {CR}", TREATED | {"efficacy_evaluable", "responders", "dlt_evaluable"}),
        (BEFORE + "D28 marrow 2", TREATED | {"dlt_evaluable"}),  # counts missing: not evaluable
        ("D-8 marrow 2; D0 infusion; D28 " + CR, {"infused", "dlt_evaluable"}),  # in remission before
    ],
)
def test_analysis_sets(text, belongs):
    subject = course(text + "; D60 review")
    names = {name for name in STUDY.analysis_sets if in_analysis_set(STUDY, subject, name, day(60))}
    assert names == belongs
    assert members(STUDY, [subject], "infused", day(60)) == ((subject,) if "infused" in belongs else ())


def test_whether_a_subject_is_dlt_evaluable_is_open_during_the_window():
    assert in_analysis_set(STUDY, course(BEFORE), "dlt_evaluable", day(10)) is None
