"""Cohorts, adjudications, decisions, holds, queries and the lock: what the committee and the monitor do."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from protocyte.conduct import Refusal
from protocyte.derive.escalation import unsupported_decisions
from trials import CRS, Conducted, day, loaded

NO_STAGGER = {
    "parts.escalation.stagger.within": "0 d",
    "parts.escalation.stagger.between": "0 d",
    "parts.escalation.slots.concurrent": "9",
}


def treated(dlts: int = 0, subjects: int = 3, log: bool = True) -> Conducted:
    """Three subjects infused on day 0 of the first cohort, the first `dlts` of them with CRS of grade 3."""
    trial = Conducted(changes=NO_STAGGER)
    trial.cohort(1)
    for number in range(1, subjects + 1):
        trial.bring(f"S{number}")
        if number <= dlts:
            trial.ok("crs_assessment", f"S{number}", on=5, **CRS[3])
        if log:
            trial.watched(f"S{number}", 28)
    return trial


def adjudicate(trial: Conducted, subject: str, dlt: bool, on: int = 28, source: str = "") -> str:
    source = source or f"{subject}/crs"
    word = trial.ok("dlt_adjudication", subject, on=on, source=source, dlt=dlt, reason="discussed")
    trial.sign(word, today=on)
    return word


def decide(trial: Conducted, action: str, level: int | None = None, on: int = 28, **fields: Any) -> str:
    named = {} if level is None else {"dose_level": str(level)}
    return trial.ok("decide", on=on, part="escalation", action=action, **named, **fields)


# --- cohorts -------------------------------------------------------------------------------------------


def cohort(level: int, name: str = "C2", size: int = 3, part: str = "escalation", opened: int = 28) -> dict:
    day_text = str(day(opened))
    return {
        "cohort": name,
        "part": part,
        "dose_level": level,
        "size": size,
        "opened": day_text,
        "today": opened,
    }


def test_the_first_cohort_opens_at_the_start_level_with_the_designs_size() -> None:
    trial = Conducted()
    trial.refused("no_part", "cohort", **cohort(1, part="phase_two"))
    trial.refused("expansion_cohort", "cohort", **cohort(1, part="expansion"))
    trial.refused("no_level", "cohort", **cohort(7))
    trial.refused("cohort_start", "cohort", **cohort(2))
    trial.refused("cohort_size", "cohort", **cohort(1, size=4))
    trial.ok("cohort", **cohort(1, "C1"))
    trial.refused("cohort_known", "cohort", **cohort(1, "C1"))
    trial.refused("no_decision", "cohort", **cohort(1, "C2"))


def test_the_next_cohort_needs_a_signed_decision_and_its_level() -> None:
    trial = treated()
    decision = decide(trial, "escalate", 2)
    trial.refused("no_decision", "cohort", **cohort(2))  # unsigned
    trial.sign(decision, today=28)
    trial.refused("other_decision", "cohort", **cohort(1))
    trial.refused("other_decision", "cohort", **cohort(3))
    trial.ok("cohort", **cohort(2))


def test_one_decision_opens_one_cohort() -> None:
    trial = treated()
    trial.sign(decide(trial, "escalate", 2), today=28)
    trial.ok("cohort", **cohort(2, "C2"))
    trial.refused("no_decision", "cohort", **cohort(2, "C3"))


def test_after_stopping_no_cohort_opens() -> None:
    trial = treated(dlts=2)
    for subject in ("S1", "S2"):
        adjudicate(trial, subject, True)
    trial.sign(decide(trial, "stop", on=28), today=28)
    trial.refused("other_decision", "cohort", **cohort(1))


# --- adjudication --------------------------------------------------------------------------------------


def test_only_what_was_proposed_is_adjudicated() -> None:
    trial = treated(dlts=1)
    fields = {"dlt": True, "reason": "grade 3"}
    refusal = trial.refused("no_proposal", "dlt_adjudication", "S1", on=28, source="S1/gvhd", **fields)
    assert "S1/crs" in refusal.sentence()
    trial.ok("dlt_adjudication", "S1", on=28, source="S1/crs", **fields)


def test_escalation_is_refused_while_a_proposal_is_open_and_an_unsigned_word_leaves_it_open() -> None:
    trial = treated(dlts=1)
    escalate = {"on": 28, "part": "escalation", "action": "escalate", "dose_level": "2", "reason": "hurry"}
    assert "S1/crs" in trial.refused("open_proposals", "decide", **escalate).sentence()
    word = trial.ok("dlt_adjudication", "S1", on=28, source="S1/crs", dlt=False, reason="infection")
    trial.refused("open_proposals", "decide", **escalate)
    trial.sign(word, today=28)
    trial.ok("decide", **escalate)


# --- decisions -----------------------------------------------------------------------------------------


def test_a_decision_keeps_the_advice_the_cut_off_and_what_replay_needs() -> None:
    trial = treated()
    written = decide(trial, "escalate", 2)
    decision = trial.trial.casebook.get(written)
    assert decision is not None
    record = decision.record
    assert record["advice"]["action"] == "escalate"
    assert (record["number"], record["deviates"], record["cut_off"]) == (1, False, decision.seq - 1)
    assert record["study_digest"] == trial.trial.digest


def test_a_deviation_needs_its_reason() -> None:
    trial = treated(dlts=1)
    adjudicate(trial, "S1", True)
    assert trial.advice(28) == ("stay", 1)
    bold = {"on": 28, "part": "escalation", "action": "escalate", "dose_level": "DL2"}
    trial.refused("deviation_reason", "decide", **bold)
    trial.refused("deviation_reason", "decide", reason="   ", **bold)
    written = trial.ok("decide", reason="CRS was an infection", **bold)
    held = trial.trial.casebook.get(written)
    assert held is not None
    assert held.record["deviates"] is True


def test_a_decision_is_about_a_part_with_a_design_and_a_level_of_the_ladder() -> None:
    trial = treated()
    trial.refused("no_design", "decide", on=28, part="expansion", action="stay", dose_level="1")
    trial.refused("decision_level", "decide", on=28, part="escalation", action="escalate")
    trial.refused("no_level", "decide", on=28, part="escalation", action="escalate", dose_level="7")
    trial.refused("future", "decide", on=29, today=28, part="escalation", action="escalate", dose_level="2")
    trial.problem("command.field_value", "decide", on=28, part="escalation", action="stay", dose_level="high")
    trial.problem(
        "record.field_value", "decide", on=28, part="escalation", action="wiggle", dose_level="1", reason="x"
    )


def test_a_decision_is_not_dated_back_to_when_the_advice_was_kinder() -> None:
    trial = treated()
    trial.ok("dlt_proposal", "S1", on=28, reason="late")
    back = {
        "on": 27,
        "today": 28,
        "part": "escalation",
        "action": "escalate",
        "dose_level": "2",
        "reason": "x",
    }
    trial.refused("advice_moved", "decide", **back)
    trial.ok("decide", on=28, part="escalation", action="stay", dose_level="1")


# --- decisions that lose their support, and the holds that follow ----------------------------------------


def escalated() -> Conducted:
    trial = treated()
    trial.sign(decide(trial, "escalate", 2), today=28)
    trial.ok("cohort", **cohort(2))
    trial.bring("S4", to="infused", on=70, cohort="C2")
    return trial


def test_a_dlt_told_after_a_signed_decision_unsettles_it_lists_the_exposed_and_holds_the_level() -> None:
    trial = escalated()
    assert unsupported_decisions(trial.trial) == ()
    for subject in ("S1", "S2"):
        told = trial.ok("crs_assessment", subject, on=9, today=75, **CRS[4])
    (found,) = unsupported_decisions(trial.trial)
    assert found.decision.record.number == 1
    assert found.now.action == "stop"
    assert (found.dlts, found.exposed) == (("S1", "S2"), ("S4",))
    assert trial.followed == ["decision 1 is no longer supported: the advice is now stop (DLT: S1, S2)"]
    trial.bring("S5", to="released", on=90, cohort="C2")
    trial.ok("open_gate", "S5", on=85, gate="lymphodepletion")
    trial.refused("on_hold", "lymphodepletion", "S5", on=85, agents=[])
    trial.void(told, today=86)
    (still,) = unsupported_decisions(trial.trial)  # one DLT of three: three more were needed at level 1
    assert still.now.action == "stay"
    trial.void("S1/crs_assessment/1", today=86)
    assert unsupported_decisions(trial.trial) == ()


def test_an_amended_assessment_unsettles_a_decision_as_a_new_one_does() -> None:
    trial = treated(log=False)
    mild = [trial.ok("crs_assessment", s, on=4, **CRS[1]) for s in ("S1", "S2", "S3")]
    for subject in ("S1", "S2", "S3"):
        trial.watched(subject, 28)
    trial.sign(decide(trial, "escalate", 2), today=28)
    trial.amend(mild[0], today=30, **CRS[3])
    assert trial.followed == ["decision 1 is no longer supported: the advice is now stay 1 (DLT: S1)"]
    trial.amend(mild[0], today=31, **CRS[1])
    assert unsupported_decisions(trial.trial) == ()


def test_the_same_cause_does_not_hold_twice_and_one_more_subject_is_another_cause() -> None:
    trial = escalated()
    trial.ok("crs_assessment", "S1", on=9, today=75, **CRS[3])
    (hold,) = [held.record_id for held in trial.trial.casebook.current(form="hold")]
    trial.ok("hold_lift", on=76, hold=hold, reason="discussed")
    trial.ok("contact", "S1", on=77)
    trial.ok("medication", "S1", on=None, today=77, medicine="x", kind="other", given_for="other",
             started=str(day(77)))  # fmt: skip
    assert len(trial.trial.casebook.current(form="hold")) == 1
    trial.ok("crs_assessment", "S2", on=9, today=78, **CRS[3])
    assert trial.followed == ["decision 1 is no longer supported: the advice is now stop (DLT: S1, S2)"]


def test_a_decision_that_would_now_be_bolder_is_unsupported_but_holds_nothing() -> None:
    trial = treated(dlts=1)
    adjudicate(trial, "S1", True)
    trial.sign(decide(trial, "stay", 1), today=28)
    adjudicate(trial, "S1", False, on=29)
    (found,) = unsupported_decisions(trial.trial)
    assert found.now.action == "escalate"
    assert trial.trial.casebook.current(form="hold") == ()


def test_a_death_put_down_to_the_product_holds_the_trial_until_the_committee_lifts_it() -> None:
    trial = treated()
    trial.bring("S9", to="screened", on=60)
    trial.ok("death", "S1", on=20, today=29, cause="product")
    assert trial.followed == ["stopping rule related_death was reached by S1"]
    trial.refused("role", "hold_lift", role="investigator", on=30, hold="hold/1", reason="I disagree")
    trial.refused("role", "void", role="investigator", record_id="hold/1", reason="I disagree")
    trial.refused(
        "role", "amend", role="investigator", record_id="hold/1", reason="x", scope="level", dose_level=3
    )
    trial.ok("hold_lift", on=30, hold="hold/1", reason="reviewed by the committee")
    trial.refused("no_hold", "hold_lift", on=31, hold="hold/1", reason="again")


def test_a_hold_of_a_level_names_one_of_the_ladder() -> None:
    trial = Conducted()
    trial.refused("hold_level", "hold", scope="level", cause="other", reason="x")
    trial.refused("no_level", "hold", scope="level", dose_level=9, cause="other", reason="x")
    trial.ok("hold", scope="level", dose_level=3, cause="other", reason="x")


# --- queries and the lock ------------------------------------------------------------------------------


def test_a_query_is_about_a_record_and_is_answered_once() -> None:
    trial = treated()
    trial.refused("no_record", "query", role="monitor", about="S1/labs/9", question="?")
    query = trial.ok("query", role="monitor", about="S1/labs/1", question="Is the creatinine right?")
    trial.refused("no_query", "query_answer", query="query/7", answer="yes")
    trial.ok("query_answer", query=query, answer="looking", closes=False)
    trial.ok("query_answer", query=query, answer="yes")
    trial.refused("no_query", "query_answer", query=query, answer="yes")


def test_who_was_asked_does_not_make_the_question_disappear() -> None:
    trial = treated()
    query = trial.ok("query", role="monitor", about="S1/labs/1", question="Is the creatinine right?")
    trial.refused("role", "void", role="coordinator", record_id=query, reason="silly")
    trial.ok("void", role="monitor", record_id=query, reason="asked twice")


def test_the_database_locks_when_nothing_is_left_open() -> None:
    trial = treated(dlts=1)
    query = trial.ok("query", role="monitor", about="S1/labs/1", question="Is the creatinine right?")
    lock: dict[str, Any] = {"today": 28, "reason": "all done"}
    trial.refused("open_queries", "lock", **lock)
    trial.ok("query_answer", on=28, query=query, answer="yes")
    trial.refused("open_proposals", "lock", **lock)
    adjudicate(trial, "S1", True)
    decision = decide(trial, "stay", 1)
    trial.refused("unsigned_decisions", "lock", **lock)
    trial.sign(decision, today=28)
    trial.refused("not_locked", "unlock", today=28, reason="x")
    trial.ok("lock", **lock)
    trial.refused("locked", "contact", "S1", on=28)
    trial.refused("locked", "lock", **lock)
    trial.refused("locked", "sign", record_id=decision, meaning="review", role="committee")
    trial.refused("role", "unlock", role="investigator", today=28, reason="forgot one")
    trial.ok("unlock", today=28, reason="a late result")
    trial.ok("contact", "S1", on=28)


@pytest.mark.parametrize("command", ["lock", "unlock"])
def test_locking_says_why(command: str) -> None:
    Conducted().problem("command.field_missing", command, today=0)


# --- protocol amendments -------------------------------------------------------------------------------


def test_a_later_version_is_of_the_same_study_new_and_not_dated_back() -> None:
    trial = Conducted()
    tree = loaded("lstcar019").document.tree

    def amended(refusal: str, role: str = "data_manager", **fields: Any) -> None:
        document = loaded("lstcar019").document
        study = trial.study.model_copy(update=fields)
        version = dataclasses.replace(loaded("lstcar019"), study=study, document=document)
        answer = trial.desk.amend_protocol(
            version, actor="dm", role=role, today=day(0), at=trial.desk.casebook.last_at
        )  # type: ignore[arg-type]
        assert (answer.reason.key if isinstance(answer, Refusal) else "") == refusal

    assert tree["study"] == "lstcar019"
    amended("conduct.role", role="coordinator", version="2")
    amended("conduct.other_study", study="another", version="2")
    amended("conduct.version_known")
    amended("conduct.effective_early", version="2", effective=day(-900))
    amended("", version="2", effective=day(10))
    trial.ok("lock", reason="done")
    amended("conduct.locked", version="3", effective=day(20))
