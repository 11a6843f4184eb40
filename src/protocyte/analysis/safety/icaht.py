"""ICAHT of a subject from the neutrophil counts on record: early (day 0 to 30) and late (after day 30).

The scale (`vocab.icaht`) asks for the lowest count of every day. Counts are drawn less often than that: a
day between two counts at most a week apart takes the higher of the two, so that a day is low only where both
its neighbours are. With wider holes there is no early grade, for a run of low days could not be seen.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

from protocyte.base import UnitError
from protocyte.derive.course import Course
from protocyte.derive.results import results_by_test
from protocyte.records.follow_up import NewTherapy, Transplant
from protocyte.records.measurements import Labs
from protocyte.vocab.grading import grade
from protocyte.vocab.icaht import JOIN_GAP_DAYS, longest_run

LAST_EARLY = 30  # EHA/EBMT: day 0 to 30 is early, what follows is late
WEEK = 7  # the widest hole between counts: in the second week an episode of grade 3 could hide in a wider one


def neutrophils(course: Course) -> dict[int, Decimal]:
    """The lowest count in cells/uL of each infusion day with one, from day 0 on; a bound counts as its value.

    Conditioning for a transplant and a new therapy end the series: later counts speak of those.
    """
    start = course.infused_on
    if start is None:
        return {}
    ends = [held.record.conditioning for held in course.all(Transplant)]
    ends += [held.record.on for held in course.all(NewTherapy)]
    until = min((end for end in ends if end >= start), default=date.max)
    counts: dict[int, Decimal] = {}
    for held, result in results_by_test(course, Labs).get("anc", ()):
        on = held.record.on
        if result.value is None or held.record.specimen != "blood" or not start <= on < until:
            continue
        try:
            value = result.value.to("cells/uL").value
        except UnitError:
            continue
        day = (on - start).days
        counts[day] = min(value, counts.get(day, value))
    return dict(sorted(counts.items()))


def early_icaht(course: Course) -> int | None:
    """Grade 0 to 4; None where counts do not cover the days up to 30, or to an earlier death, week by week."""
    drawn = neutrophils(course)
    seen = [day for day in drawn if day <= LAST_EARLY]
    last = LAST_EARLY
    if course.died_on is not None:
        last = min(last, course.day(course.died_on) or 0)
    stops = [0, *seen, last]
    if not seen or any(later - earlier > WEEK for earlier, later in pairwise(stops)):
        return None
    counts = {day: count for day, count in filled(drawn).items() if day <= LAST_EARLY}
    begun, over = first_low_run(counts)
    facts: dict[str, object] = {
        "early_longest_le500": longest_run(counts, 500),
        "early_longest_le100": longest_run(counts, 100),
        "never_above_500": all(count <= 500 for count in counts.values()),
        "last_anc_day": max(counts),
    }
    if begun is not None:
        facts |= {"started_day": begun, "recovered_before_last_anc": over is not None and over < max(counts)}
    return _part(facts, "early_grade")


def late_icaht(course: Course) -> int | None:
    """Grade 0 to 4; None with fewer than two counts after day 30: one low count may be transient."""
    late = [count for day, count in neutrophils(course).items() if day > LAST_EARLY]
    return _part({"late_anc": late}, "late_grade") if len(late) > 1 else None


def filled(drawn: dict[int, Decimal]) -> dict[int, Decimal]:
    """A count for each day between two that are at most a week apart: the higher of the two."""
    counts = dict(drawn)
    for earlier, later in pairwise(drawn):
        if later - earlier <= WEEK:
            for day in range(earlier + 1, later):
                counts[day] = max(drawn[earlier], drawn[later])
    return dict(sorted(counts.items()))


def first_low_run(counts: dict[int, Decimal], threshold: int = 500) -> tuple[int | None, int | None]:
    """First and last day of the first run at or below `threshold`, joined as `longest_run` joins."""
    low = sorted(day for day, count in counts.items() if count <= threshold)
    if not low:
        return None, None
    last = low[0]
    for day in low[1:]:
        if day - last - 1 > JOIN_GAP_DAYS:
            break
        last = day
    return low[0], last


def _part(facts: dict[str, object], name: str) -> int | None:
    found = grade("icaht", facts).parts.get(name)
    return found if isinstance(found, int) else None
