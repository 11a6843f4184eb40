"""Episodes of CRS, ICANS and GvHD, from assessments and the medicines given for them. A row is a day and a grade."""

from __future__ import annotations

from typing import Any

import pytest

from courses import day, held_course
from courses import record_maps as chart
from protocyte.derive.course import Course
from protocyte.derive.episodes import all_episodes, overlapping, toxicity_episodes
from small_study import small_study
from trials import CRS, ICANS

STUDY = small_study()
GVHD: dict[int, dict[str, Any]] = {
    0: {"skin": 0, "liver": 0, "upper_gi": 0, "lower_gi": 0},
    2: {"skin": 3, "liver": 0, "upper_gi": 0, "lower_gi": 0},
}


def crs(text: str) -> list[dict[str, Any]]:
    """`1:1 2:3 4:0`: day and grade; a `?` leaves pressors and oxygen out of a febrile, hypotensive day."""
    return [_assessed("crs_assessment", CRS, pair) for pair in text.split()]


def icans(text: str) -> list[dict[str, Any]]:
    return [_assessed("icans_assessment", ICANS, pair) for pair in text.split()]


def _assessed(form: str, forms: dict[int, dict[str, Any]], pair: str) -> dict[str, Any]:
    on, grade = pair.split(":")
    components = forms[2 if grade == "?" else int(grade)]
    if grade == "?":
        components = {
            k: v for k, v in components.items() if k not in ("vasopressors", "vasopressin", "oxygen")
        }
    return {"form": form, "on": str(day(int(on)))} | components


def medicine(on: int, name: str, kind: str, given_for: str = "crs") -> dict[str, Any]:
    return {
        "form": "medication",
        "medicine": name,
        "kind": kind,
        "given_for": given_for,
        "started": str(day(on)),
    }


def subject(*records: dict[str, Any], infusions: str = "D0 infusion") -> Course:
    told = [
        {name: v for name, v in record.items() if name not in ("subject", "version")}
        for record in chart(infusions)
    ]
    return held_course(
        [{"form": "demographics", "on": str(day(-40)), "birth": "1986-08", "sex": "female"}, *told, *records]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1:0 2:0", []),
        ("1:1 2:2 3:1 4:0", [(1, 3, 2, False)]),
        ("1:1 2:3", [(1, 2, 3, True)]),
        ("1:1 2:0 3:2 4:0", [(1, 3, 2, False)]),  # one good day is inside the episode
        ("1:1 2:0 3:0 4:2 5:0", [(1, 1, 1, False), (4, 4, 2, False)]),
        ("1:1 5:2 6:0", [(1, 6 - 1, 2, False)]),  # days nobody graded are no recovery
    ],
)
def test_daily_assessments_become_episodes(text: str, expected: list[tuple[int, int, int, bool]]) -> None:
    found = toxicity_episodes(STUDY, subject(*crs(text)), "crs")
    told = [((one.onset - day(0)).days, (one.end - day(0)).days, one.maximum, one.ongoing) for one in found]
    assert told == expected
    assert all(one.duration == (one.end - one.onset).days + 1 for one in found)


def test_missing_components_leave_the_worst_grade_open() -> None:
    (one,) = toxicity_episodes(STUDY, subject(*crs("1:1 2:? 3:0")), "crs")
    assert (one.maximum, one.possible_maximum) == (2, 4)
    assert one.records == ("crs_assessment-1", "crs_assessment-2")


def test_a_day_of_which_nothing_is_known_neither_lengthens_nor_ends() -> None:
    blank = {"form": "crs_assessment", "on": str(day(2))}
    (one,) = toxicity_episodes(STUDY, subject(*crs("1:1"), blank), "crs")
    assert (one.end, one.ongoing) == (day(1), True)


def test_the_investigators_higher_grade_counts() -> None:
    higher = crs("1:1")[0] | {"investigator_grade": 3}
    (one,) = toxicity_episodes(STUDY, subject(higher), "crs")
    assert one.maximum == 3


def test_what_was_given_belongs_to_the_toxicity_it_was_given_for() -> None:
    course = subject(
        *crs("1:1 2:3 3:2 4:0 5:0"),
        *icans("3:1 4:2 5:0"),
        medicine(2, "Tocilizumab", "anticytokine"),
        medicine(3, "tocilizumab-aazg", "anticytokine"),
        medicine(3, "siltuximab", "anticytokine"),
        medicine(2, "norepinephrine", "vasopressor"),
        medicine(4, "dexamethasone", "corticosteroid", "icans"),
        medicine(3, "paracetamol", "antipyretic"),
        medicine(20, "tocilizumab", "anticytokine"),
        medicine(2, "hydrocortisone", "corticosteroid", "prophylaxis"),
    )
    storm, nerves = all_episodes(STUDY, course)
    assert storm.given("tocilizumab") == (day(2), day(3))
    assert storm.given("anticytokine") == (day(3),)
    assert storm.given("vasopressor") == (day(2),)
    assert storm.given("steroid") == ()
    assert nerves.given("steroid") == (day(4),)
    assert (storm.toxicity, nerves.toxicity, nerves.scale) == ("crs", "icans", "astct-icans")
    assert overlapping(storm, [storm, nerves]) == (nerves,)
    assert overlapping(storm, toxicity_episodes(STUDY, subject(*icans("9:1")), "icans")) == ()


def test_days_count_from_the_first_infusion_and_from_the_last_before_the_onset() -> None:
    (one,) = toxicity_episodes(STUDY, subject(*crs("31:2"), infusions="D0 infusion; D28 infusion"), "crs")
    assert (one.day, one.after_infusion) == (31, 3)


def test_acute_gvhd_has_episodes_by_its_own_scale() -> None:
    records = [
        {"form": "gvhd_assessment", "on": str(day(on))} | GVHD[grade]
        for on, grade in ((14, 2), (21, 2), (28, 0))
    ]
    (one,) = toxicity_episodes(STUDY, subject(*records), "gvhd")
    assert (one.onset, one.end, one.maximum, one.scale, one.ongoing) == (day(14), day(21), 2, "gvhd", False)


def test_a_data_cut_leaves_an_episode_going_on() -> None:
    course = subject(*crs("1:1 2:2 3:0"))
    (one,) = toxicity_episodes(STUDY, course, "crs", data_cut=day(2))
    assert (one.end, one.ongoing) == (day(2), True)
