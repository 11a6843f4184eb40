"""From outcomes to advice in the 3+3 studies: pending, replaced, four and five subjects (DOMAIN 4 to 6)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocyte.base import render
from trials import CRS, Conducted, day

FREE = {
    "parts.escalation.stagger.within": "0 d",
    "parts.escalation.stagger.between": "0 d",
    "parts.escalation.slots.concurrent": "9",
}


def conducted(outcomes: str) -> Conducted:
    """One letter a subject: N none, T a DLT, P still pending, R replaced (new therapy in the window), U unknown
    (no log review). The first three are infused on day 0, the others on day 35 in a second cohort, or on day
    60 in the first one where they replace; a pending one 20 days after his fellows."""
    trial = Conducted(changes=FREE)
    trial.cohort(1)
    for number, outcome in enumerate(outcomes, start=1):
        subject, on, cohort = f"S{number}", 0, "C1"
        if number > 3:
            on, cohort = (60, "C1") if "R" in outcomes else (35, "C2")
        if number == 4 and cohort == "C2":
            stay = {
                "on": 30,
                "part": "escalation",
                "action": "stay",
                "dose_level": "1",
                "reason": "three more",
            }
            trial.sign(trial.ok("decide", **stay), today=30)
            trial.cohort(1, "C2", today=30)
        on += 20 if outcome == "P" else 0
        trial.bring(subject, on=on, cohort=cohort)
        if outcome == "T":
            trial.ok("crs_assessment", subject, on=on + 5, **CRS[3])
        if outcome == "R":
            trial.ok("new_therapy", subject, on=on + 5, therapy="venetoclax", kind="anti_leukemic")
        if outcome in "NTR":
            trial.watched(subject, on + 28)
    return trial


@pytest.mark.parametrize(
    ("outcomes", "advice"),
    [
        ("NNN", ("escalate", 2)),
        ("TNN", ("stay", 1)),
        ("TTN", ("stop", None)),
        ("TTP", ("stop", None)),  # two DLTs with one pending stop now
        ("NNP", ("wait", None)),
        ("TNP", ("wait", None)),
        ("NNU", ("wait", None)),
        ("TNNN", ("stay", 1)),
        ("TNNT", ("stop", None)),
        ("TNNNN", ("stay", 1)),
        ("TNNNNN", ("escalate", 2)),
        ("TNNNNT", ("stop", None)),
        ("TNNNNP", ("wait", None)),
        ("TNNNPP", ("wait", None)),
        ("TNNTPP", ("stop", None)),
        ("RNNN", ("escalate", 2)),
        ("RNN", ("stay", 1)),
    ],
)
def test_the_advice_of_korns_three_plus_three(outcomes: str, advice: tuple[str, int | None]) -> None:
    day_asked = 90 if "R" in outcomes else 40 if len(outcomes) == 3 else 70
    assert conducted(outcomes).advice(day_asked) == advice


def test_waiting_says_for_whom_and_until_when() -> None:
    standing = conducted("NNP").standing(40)
    assert [(status.subject, status.window.end) for status in standing.waiting] == [("S3", day(48))]


def test_a_pending_subject_is_waited_for_no_longer_than_his_window() -> None:
    trial = conducted("NNP")
    trial.watched("S3", 48)
    assert trial.advice(47) == ("wait", None)
    assert trial.advice(48) == ("escalate", 2)


def test_a_replaced_subject_who_turns_out_evaluable_counts_beside_his_replacement() -> None:
    trial = conducted("RNNN")
    assert [status.subject for status in trial.standing(90).history.left_out] == ["S1"]
    trial.void("S1/new_therapy/1", today=90)
    assert len(trial.standing(90).history.outcomes) == 4


def test_outcomes_come_in_the_order_of_infusion_and_not_of_enrolment() -> None:
    trial = Conducted(changes={"parts.escalation.stagger.within": "0 d"})
    trial.cohort(1)
    for subject, on in (("S1", 9), ("S2", 4), ("S3", 6)):
        trial.bring(subject, on=on)
    assert [status.subject for status in trial.standing(20).history.statuses] == ["S2", "S3", "S1"]


TIMED = {"design": "tite_boin", "target": "0.30", "cohort_size": 3, "max_subjects": 12, "start": "DL1"}


def three_pending(design: dict[str, object] | None) -> Conducted:
    """Three subjects at the first level, infused on days 0, 7 and 14, all well."""
    changes: dict[str, object] = {"parts.escalation.stagger.within": "0 d"}
    trial = Conducted("lstcar019", changes | ({"parts.escalation.design": design} if design else {}))
    trial.cohort()
    for number, on in enumerate((0, 7, 14), start=1):
        trial.bring(f"S{number}", on=on)
    return trial


def test_a_design_that_weighs_time_is_told_how_far_each_window_has_passed() -> None:
    trial = three_pending(TIMED)
    outcomes = trial.standing(21).history.outcomes
    assert [outcome.dlt for outcome in outcomes] == [None, None, None]
    assert [outcome.follow_up for outcome in outcomes] == [Decimal("0.75"), Decimal("0.5"), Decimal("0.25")]
    assert [outcome.follow_up for outcome in trial.standing(14).history.outcomes][-1] == 0


def test_other_designs_are_not_told_for_every_day_would_be_another_history() -> None:
    trial = three_pending(None)
    assert {outcome.follow_up for outcome in trial.standing(21).history.outcomes} == {None}


def test_time_to_event_advice_comes_before_the_last_window_ends() -> None:
    trial = three_pending(TIMED)
    trial.watched("S1", 28)
    trial.watched("S2", 35)
    assert [trial.advice(on)[0] for on in (21, 28, 35)] == ["wait", "wait", "escalate"]
    assert trial.standing(35).history.outcomes[-1].follow_up == Decimal("0.75")


def test_an_expansion_waits_for_a_signed_recommendation() -> None:
    trial = conducted("NNN")
    assert trial.advice(40, part="expansion") == ("wait", None)
    assert "recommended" in render(trial.standing(40, part="expansion").advice.reason)
