"""The eligibility matrix: evidence, expiry by time alone, and what a result that has not come would change."""

from __future__ import annotations

from typing import Any

from courses import held_course
from eligibility_charts import told
from protocyte.derive.eligibility import judge_gate
from protocyte.derive.eligibility_matrix import Cell, depends_on_time, eligibility_matrix, what_if
from protocyte.records import parse_record
from protocyte.study.model import Study
from trials import day, fit, loaded

CD7 = loaded("cd7-cart").study
LST = loaded("lstcar019").study


def fit_records(study: Study) -> list[dict[str, Any]]:
    consent = {"form": "consent", "on": str(day(-40)), "document_version": "1"}
    return [consent, *({"form": form, "on": str(day(-39))} | fields for form, fields in fit(study))]


def cells(
    study: Study, records: list[dict[str, Any]], gate: Any, on: int, ahead: int = 60
) -> dict[str, Cell]:
    (row,) = eligibility_matrix(study, [held_course(records)], gate, day(on), ahead).rows
    return {cell.criterion: cell for cell in row.cells}


def test_a_matrix_says_for_each_subject_what_each_verdict_rests_on() -> None:
    well, ill = (
        held_course(fit_records(CD7), "S1"),
        held_course(told("cd7", "lab alt 130 U/L uln 40 U/L"), "S2"),
    )
    matrix = eligibility_matrix(CD7, [well, ill], "enrolment", day(-35))
    assert [row.open for row in matrix.rows] == [True, False]
    assert len(matrix.criteria) == len(matrix.rows[0].cells)
    cell = matrix.rows[1].cells[matrix.criteria.index("transaminases")]
    assert (cell.answer, cell.missing) == ("not_met", ())
    assert [(e.fact, e.value, e.on, e.record) for e in cell.evidence] == [
        ("alt", "130 U/L", str(day(-37)), "labs-2")
    ]


def test_what_is_missing_and_who_judged_stand_in_their_cells() -> None:
    found = cells(CD7, told("cd7", "nolab hiv; unjudged other_condition"), "enrolment", -35)
    assert (found["hiv"].answer, found["hiv"].missing) == ("unknown", ("hiv",))
    assert found["other_condition"].answer == "needs_judgement"
    assert found["compliance"].evidence[0].record.startswith("judgement-")


def test_evidence_of_a_window_expires_and_the_gate_closes_with_it() -> None:
    spo2 = {"form": "examination", "on": str(day(-1)), "results": [{"test": "spo2", "value": "97 %"}]}
    records = [*fit_records(LST), spo2]
    (row,) = eligibility_matrix(LST, [held_course(records)], "infusion", day(0)).rows
    (cell,) = (cell for cell in row.cells if cell.criterion == "oxygen_at_infusion")
    assert (cell.expires_on, cell.becomes) == (day(2), "unknown")  # within 2 d before the infusion
    assert row.open_until == day(1)
    for on, answer in ((1, "met"), (2, "unknown")):
        gate = judge_gate(LST, held_course(records), "infusion", day(on))
        assert {one.criterion: one.answer for one in gate.answers}["oxygen_at_infusion"] == answer


def test_a_washout_not_long_enough_says_when_it_will_be() -> None:
    found = cells(CD7, told("cd7", "therapy systemic 2026-02-15 10 d"), "lymphodepletion", -5)
    cell = found["systemic_washout"]
    assert (cell.answer, cell.changes_on, cell.becomes) == ("not_met", day(-1), "met")  # 1 March, two weeks
    assert cell.expires_on is None


def test_a_birthday_ends_eligibility_by_age_only_while_consent_is_open() -> None:
    """Age counts at consent: once consent is given no birthday changes it."""
    assert cells(CD7, told("cd7", "birth 1961-02-10"), "enrolment", -35)["age"].changes_on is None


def test_an_old_malignancy_becomes_old_enough() -> None:
    cell = cells(CD7, told("cd7", "hist other_malignancy past 2023-02-10"), "enrolment", -35)["malignancy"]
    assert (cell.changes_on, cell.becomes) == (day(-19), "met")  # 11 February 2026


def test_beyond_the_days_looked_ahead_nothing_is_told() -> None:
    records = told("cd7", "hist other_malignancy past 2023-02-10")
    assert cells(CD7, records, "enrolment", -35, ahead=15)["malignancy"].changes_on is None
    assert cells(CD7, records, "enrolment", -35, ahead=16)["malignancy"].changes_on is not None


def test_only_rules_that_count_time_can_change_by_time() -> None:
    timed = [name for name, one in CD7.eligibility.items() if one.rule and depends_on_time(one.rule)]
    assert {"systemic_washout", "thrombosis", "age", "vaccine"} <= set(timed)
    assert "hiv" not in timed


def test_what_was_recorded_after_the_day_is_not_known_on_it() -> None:
    low = {"form": "examination", "on": str(day(-30)), "results": [{"test": "lvef", "value": "30 %"}]}
    assert cells(CD7, [*fit_records(CD7), low], "enrolment", -35)["ejection_fraction"].answer == "met"


def labs(on: int, test: str, **result: str) -> Any:
    form = {"form": "labs", "subject": "S1", "on": str(day(on)), "results": [{"test": test} | result]}
    return parse_record(form)


def test_what_if_tells_the_gate_with_the_result_that_is_awaited() -> None:
    course = held_course(told("cd7", "lab hbcab positive; lab hbv_dna ?"))
    held = len(course.held)
    good = what_if(CD7, course, "enrolment", day(-35), [labs(-36, "hbv_dna", finding="negative")])
    assert good.changed == {"hepatitis_b": ("unknown", "met")}
    assert (good.before.open, good.after.open) == (False, True)
    bad = what_if(CD7, course, "enrolment", day(-35), [labs(-36, "hbv_dna", finding="positive")])
    assert bad.changed == {"hepatitis_b": ("unknown", "not_met")}
    assert len(course.held) == held


def test_what_if_ignores_what_would_come_after_the_day() -> None:
    course = held_course(told("cd7", "lab hbcab positive; lab hbv_dna ?"))
    late = what_if(CD7, course, "enrolment", day(-35), [labs(-30, "hbv_dna", finding="negative")])
    assert late.changed == {}
