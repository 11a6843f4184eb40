"""`trial why` about events, episodes and gates: rule, records and dates, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from protocyte.app.why import explain_subject
from trials import CRS, Conducted, day


@pytest.fixture(scope="module")
def ward() -> Conducted:
    trial = Conducted()
    trial.cohort()
    trial.bring("S1")
    trial.bring("S2", to="screened")
    trial.ok("crs_assessment", "S1", on=2, **CRS[2])
    trial.ok("crs_assessment", "S1", on=3, **CRS[1])
    trial.ok(
        "medication", "S1", on=None, medicine="tocilizumab", kind="anticytokine", given_for="crs", started=str(day(2)),
        today=2,
    )  # fmt: skip
    trial.ok(
        "adverse_event", "S1", on=None, today=4, term="Sepsis", scale="ctcae-5.0", outcome="not_recovered",
        course=[{"on": str(day(3)), "grade": 4}], serious=["life_threatening"],
        attribution={"product": "possible"}, aware="2026-03-05T10:00:00+08:00",
    )  # fmt: skip
    return trial


def why(ward: Conducted, subject: str, what: str, on: int, language: Any = "en") -> list[dict[str, Any]]:
    return explain_subject(ward.trial, subject, what, day(on), language)


def test_an_event_is_told_with_what_it_counts_as_and_its_clocks(ward: Conducted) -> None:
    event, *clocks = why(ward, "S1", "ae", 5)
    assert event["what"] == f"{day(3)} Sepsis"
    assert "treatment-emergent; serious (life_threatening)" in event["answer"]
    assert event["records"] == ["S1/adverse_event/1"]
    severe = next(row for row in clocks if row["rule"] == "cn-susar-severe")
    assert severe["missing"] == ["expected"]
    assert "2026-03-12" in severe["why"]
    assert {row["answer"] for row in why(ward, "S1", "ae", 30)[1:]} == {"past its day"}


def test_an_episode_is_told_with_its_grades_records_and_treatment(ward: Conducted) -> None:
    episode = why(ward, "S1", "crs", 5)[-1]
    assert (episode["what"], episode["answer"]) == (f"crs {day(2)} .. {day(3)}", "2")
    assert f"tocilizumab {day(2)}" in episode["why"]
    assert episode["records"] == ["S1/crs_assessment/1", "S1/crs_assessment/2"]


def test_the_gates_are_told_at_a_glance_with_who_judged_them(ward: Conducted) -> None:
    rows = why(ward, "S1", "gate", 0)
    assert [row["what"] for row in rows] == [
        f"enrolment {day(0)}", f"enrolment {day(-35)}", f"lymphodepletion {day(0)}", f"lymphodepletion {day(-5)}",
        f"infusion {day(0)}", f"infusion {day(0)}",
    ]  # fmt: skip
    assert {row["answer"] for row in rows} == {"open"}
    assert f"until {day(2)}" in rows[4]["why"]  # oxygen, measured on the day, is good for two days
    shut = why(ward, "S2", "gate", 0)[-1]
    assert (shut["answer"], shut["missing"]) == ("shut", ["spo2"])


def test_nothing_recorded_is_said_so_and_chinese_is_whole(ward: Conducted) -> None:
    assert why(ward, "S2", "ae", 5)[0]["why"] == "no adverse event is recorded"
    for what in ("ae", "crs", "gate"):
        rows = why(ward, "S1", what, 5, "zh")
        assert all("{" not in row["why"] and row["why"] for row in rows)
        assert len(rows) == len(why(ward, "S1", what, 5))


def test_an_assessment_put_down_to_another_cause_is_told_as_such(ward: Conducted) -> None:
    ward.ok("crs_assessment", "S1", on=6, temperature="39 Cel", oxygen="bipap", attributable=False)
    for language, words in (("en", "put down to another cause"), ("zh", "其他原因")):
        rows = explain_subject(ward.trial, "S1", "crs", day(7), language)
        assert any(words in row["why"] for row in rows)
