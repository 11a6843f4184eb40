"""Episodes from daily grades: a row is days 0, 1, 2 ...; a dot is a day nobody graded."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocyte.base import InputError
from protocyte.vocab.episodes import Link, episodes

DAY0 = date(2025, 3, 1)


def day(number: int) -> date:
    return DAY0 + timedelta(days=number)


def course(row: str) -> list[tuple[date, int]]:
    return [(day(number), int(grade)) for number, grade in enumerate(row) if grade != "."]


# row, gap, (onset, end, maximum, day of maximum, resolved)
ROWS = [
    ("0000", 0, []),
    ("", 0, []),
    ("0121000", 0, [(1, 3, 2, 2, True)]),
    ("0120", 0, [(1, 2, 2, 2, True)]),
    ("012", 0, [(1, 2, 2, 2, False)]),
    ("1021", 0, [(0, 0, 1, 0, True), (2, 3, 2, 2, False)]),
    ("1021", 1, [(0, 3, 2, 2, False)]),
    ("1002", 1, [(0, 0, 1, 0, True), (3, 3, 2, 3, False)]),
    ("1002", 2, [(0, 3, 2, 3, False)]),
    ("1..2", 0, [(0, 3, 2, 3, False)]),
    ("1.02", 0, [(0, 0, 1, 0, True), (3, 3, 2, 3, False)]),
    ("3350", 0, [(0, 2, 5, 2, True)]),
]


@pytest.mark.parametrize(("row", "gap", "expected"), ROWS)
def test_daily_grades_become_episodes(
    row: str, gap: int, expected: list[tuple[int, int, int, int, bool]]
) -> None:
    found = [
        (
            (one.onset - DAY0).days,
            (one.end - DAY0).days,
            one.maximum,
            (one.maximum_on - DAY0).days,
            one.resolved,
        )
        for one in episodes(course(row), gap)
    ]
    assert found == expected


def test_several_grades_of_a_day_count_by_the_worst_and_in_any_order() -> None:
    grades = [(day(1), 1), (day(0), 2), (day(1), 3)]
    (only,) = episodes(grades)
    assert (only.maximum, only.duration) == (3, 2)


def test_treatment_belongs_to_the_episode_it_falls_in() -> None:
    given = [Link("tocilizumab", day(1)), Link("steroid", day(3)), Link("vasopressor", day(9))]
    first, second = episodes(course("012000001"), 1, given)
    assert [link.kind for link in first.links] == ["tocilizumab", "steroid"]
    assert [link.kind for link in second.links] == ["vasopressor"]


@pytest.mark.parametrize("grade", [-1, 6, True, 1.5])
def test_what_is_not_a_grade_is_refused(grade: int) -> None:
    with pytest.raises(InputError, match="grade: "):
        episodes([(DAY0, grade)])
    with pytest.raises(InputError, match="gap: "):
        episodes([], -1)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(row=st.text(alphabet="01234.", max_size=25), gap=st.integers(0, 4))
def test_every_toxic_day_lies_in_one_episode_and_a_longer_gap_only_joins(row: str, gap: int) -> None:
    grades = course(row)
    found = episodes(grades, gap)
    for on, grade in grades:
        holding = [one for one in found if one.onset <= on <= one.end]
        assert len(holding) <= 1
        assert not grade or holding[0].maximum >= grade
    assert all(one.end < other.onset for one, other in itertools.pairwise(found))
    assert len(episodes(grades, gap + 1)) <= len(found)
    assert max((one.maximum for one in found), default=0) == max((grade for _, grade in grades), default=0)
