"""Reporting clocks: which events start one, when it ends, what is overdue. Day 0 is 2 March 2026."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from courses import day, held_course
from protocyte.base import InputError
from protocyte.derive.reporting_clocks import ReportingClock, clock_rules, overdue, reporting_clocks

AWARE = "2026-03-10T22:30:00+08:00"


def event(**fields: Any) -> dict[str, Any]:
    base = {
        "form": "adverse_event",
        "term": "Sepsis",
        "scale": "ctcae-5.0",
        "course": [{"on": str(day(7)), "grade": 3}],
        "outcome": "not_recovered",
        "serious": ["hospitalisation"],
        "attribution": {"product": "possible"},
        "expected": False,
        "aware": AWARE,
    }
    return {name: value for name, value in (base | fields).items() if value is not None}


def clocks(
    as_of: date = date(2026, 3, 11), who: str = "CN", reported: Any = None, **fields: Any
) -> dict[str, ReportingClock]:
    found = reporting_clocks(held_course([event(**fields)]), as_of, (who,), reported)
    return {one.rule.case: one for one in found}


# what is told of the event -> the clocks that run, `?` where it is not certain
ROWS: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"sae", "susar_other"}),
    ({"serious": []}, set()),
    ({"serious": ["life_threatening"]}, {"sae", "susar_severe"}),
    ({"serious": ["death"]}, {"sae", "susar_severe"}),
    ({"serious": [], "outcome": "fatal"}, {"sae", "susar_severe"}),  # fatal is serious, ticked or not
    ({"serious": [], "course": [{"on": str(day(7)), "grade": 5}]}, {"sae", "susar_severe"}),
    ({"course": [{"on": str(day(7)), "grade": 4}]}, {"sae", "susar_other"}),  # grade 4 is no threat to life by itself
    ({"attribution": {"product": "unlikely"}}, {"sae"}),
    ({"attribution": {"product": "unrelated", "lymphodepletion": "related"}}, {"sae"}),
    ({"expected": True}, {"sae"}),
    ({"expected": None}, {"sae", "susar_other?"}),
    ({"expected": None, "serious": ["life_threatening"]}, {"sae", "susar_severe?"}),
]  # fmt: skip


@pytest.mark.parametrize(("told", "running"), ROWS)
def test_the_event_starts_its_clocks_and_what_is_unknown_stops_none(
    told: dict[str, Any], running: set[str]
) -> None:
    found = clocks(**told)
    assert {case + ("" if one.certain else "?") for case, one in found.items()} == running
    assert all(("expected" in one.missing) == (not one.certain) for one in found.values())


def test_hours_run_from_the_hour_and_days_from_the_day_of_awareness() -> None:
    found = clocks(serious=["life_threatening"])
    assert found["sae"].due_at == datetime.fromisoformat("2026-03-11T22:30:00+08:00")
    severe = found["susar_severe"]
    assert (severe.due, severe.follow_up_due, severe.days_left) == (date(2026, 3, 17), date(2026, 3, 25), 6)
    assert clocks()["susar_other"].due == date(2026, 3, 25)


@pytest.mark.parametrize(
    ("as_of", "status"),
    [(date(2026, 3, 25), "due"), (date(2026, 3, 26), "overdue"), (date(2026, 3, 10), "due")],
)
def test_a_clock_is_overdue_on_the_day_after_it_was_due(as_of: date, status: str) -> None:
    assert clocks(as_of)["susar_other"].status == status


def test_before_anybody_was_aware_no_clock_runs() -> None:
    assert clocks(date(2026, 3, 9)) == {}


def test_a_report_sent_in_time_ends_its_own_clock_and_no_other() -> None:
    key = ("adverse_event-1", "cn-susar-other")
    after = date(2026, 4, 1)
    sent = clocks(after, reported={key: date(2026, 3, 25)})
    assert (sent["susar_other"].status, sent["sae"].status) == ("reported", "overdue")
    assert clocks(after, reported={key: date(2026, 3, 26)})["susar_other"].status == "reported_late"
    assert clocks(date(2026, 3, 24), reported={key: date(2026, 3, 25)})["susar_other"].status == "due"


def test_without_a_time_of_awareness_the_clock_is_shown_and_cannot_be_read() -> None:
    found = clocks(aware=None)["sae"]
    assert (found.status, found.due, found.missing) == ("no_awareness", None, ("aware",))


def test_each_jurisdiction_has_its_own_clocks_named_with_their_source() -> None:
    assert {rule.jurisdiction for rule in clock_rules()} == {"CN", "EU", "US", "ICH"}
    assert all(rule.source and rule.evidence in ("read", "recalled") for rule in clock_rules())
    assert all((rule.hours is None) != (rule.days is None) for rule in clock_rules())
    assert clocks(who="ICH").keys() == {"susar_other"}  # E2A speaks of no 24 hours
    with pytest.raises(InputError, match="jurisdiction"):
        clocks(who="XX")


def test_overdue_clocks_of_a_subject_come_first_due_first() -> None:
    late = reporting_clocks(held_course([event()]), date(2026, 4, 1))
    assert [one.due for one in late] == sorted(one.due for one in late if one.due)
    assert overdue(late) == late
