"""ICAHT by EHA/EBMT (Rejeski 2023): early by how long neutrophils stay low, late by how low they are.

Early (day 0 to 30): the worse of the longest runs at or below 500 and 100 cells/uL; grade 4 also where
the count never rose above 500, or fell by day 3 and had not recovered at the last count (an early death is
no recovery). Late (after day 30): two tests at or below 1500, graded by the lowest; one test, or one low
value among normal ones, is transient. The grade of a subject is the worse of both.

`longest_run` turns daily counts into runs: recoveries of two days or less do not end an episode.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from protocyte.vocab.finding import Block, Finding, Impossible
from protocyte.vocab.inputs import Value, scale_facts

JOIN_GAP_DAYS = 2  # three consecutive days above 500 are a stable recovery (CIBMTR), fewer are not


def prepare(values: dict[str, Value], listed: frozenset[str]) -> dict[str, Value]:
    return values


def longest_run(counts: Mapping[int, Decimal | None], threshold: int) -> int:
    """The longest joined run of days (keys, day 0 = infusion) with a count at or below `threshold`.

    `counts` in cells/uL, the lowest of each day; a day without a count ends no run and adds none of its
    own, but lies inside a run that continues after it. Runs a gap of two days apart are joined.
    """
    low = sorted(day for day, count in counts.items() if count is not None and count <= threshold)
    longest = start = 0
    for index, day in enumerate(low):
        recovered = index > 0 and day - low[index - 1] - 1 > JOIN_GAP_DAYS
        start = day if index == 0 or recovered else start
        longest = max(longest, day - start + 1)
    return longest


def _early(values: Mapping[str, Any]) -> tuple[int, str] | Impossible:
    """Grade and rule of early ICAHT."""
    facts: Any = scale_facts("icaht")
    run, deep = values["early_longest_le500"], values["early_longest_le100"]
    if run is None:  # not listed: no days but those at or below 100, which are at or below 500 too
        run = deep
    started, last = values["started_day"], values["last_anc_day"]
    if deep > run:
        return Impossible("icaht.deep-outlasts")
    if started is not None and last is not None and started > last:
        return Impossible("icaht.starts-late")
    if values["never_above_500"]:
        return 4, "early-never-above"
    early_start = started is not None and started <= facts["unrecovered_from_day"]
    if early_start and not values["recovered_before_last_anc"]:
        return 4, "early-unrecovered"
    by500, by100 = _reached(facts["le500"], run), _reached(facts["le100"], deep)
    if by100 > by500:
        return by100, "early-le100"
    return (by500, "early-le500") if by500 else (0, "none")


def _reached(bands: list[list[int]], days: Decimal) -> int:
    return max((grade for least, grade in bands if days >= least), default=0)


def _late(values: Mapping[str, Any]) -> int:
    facts: Any = scale_facts("icaht")
    lowest = sorted(values["late_anc"])[:2]
    if len(lowest) < 2 or lowest[1] > facts["late"][-1][0]:
        return 0
    return int(next(grade for limit, grade in facts["late"] if lowest[0] <= limit))


BLOCKS = (
    Block(
        (
            "early_longest_le500",
            "early_longest_le100",
            "never_above_500",
            "started_day",
            "recovered_before_last_anc",
            "last_anc_day",
        ),
        _early,
    ),
    Block(("late_anc",), _late),
)


def conclude(early: tuple[int, str], late: int) -> Finding:
    grade, rule = early
    parts = (("early_grade", grade), ("late_grade", late))
    if late > grade:
        return Finding(late, f"icaht.{late}.late", parts)
    return Finding(grade, f"icaht.{grade}.{rule}", parts)
