"""How many infused subjects are in which state on each day after the infusion.

The states are those of the swimmer's lanes, a transplant beginning another therapy's, and two ends:
dead, and followed no longer. They are exclusive and everybody is in one, so the shares add up to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.survival import MONTH, month_ticks
from protocyte.analysis.efficacy.swimmer import BEFORE, OTHER_THERAPY, RELAPSED, Swim, state_changes, swimmer

DEAD = "dead"
UNFOLLOWED = "unfollowed"


@dataclass(frozen=True)
class Occupancy:
    """`counts[s][i]` subjects are in `states[s]` from `days[i]` until the day before `days[i + 1]`.

    `days` are those on which somebody changes, from 0; `last` is the last day anybody was followed.
    `ticks` are whole months within it and `at_ticks[s][k]` the counts on the day month `ticks[k]` begins.
    """

    n: int
    states: tuple[str, ...]
    days: tuple[int, ...]
    counts: tuple[tuple[int, ...], ...]
    last: int
    ticks: tuple[int, ...]
    at_ticks: tuple[tuple[int, ...], ...]

    def on(self, day: int) -> dict[str, int]:
        """The counts on a day from 0 to `last`."""
        place = max(place for place, begun in enumerate(self.days) if begun <= day)
        return {state: row[place] for state, row in zip(self.states, self.counts, strict=True)}


def occupancy(cut: Cut) -> Occupancy | None:
    """From the first infusion to the last day anybody was followed; None where nobody was infused."""
    lanes = swimmer(cut)
    if not lanes:
        return None
    courses = {course.subject: course for course in cut.infused}
    changes = [_changes(lane, state_changes(cut, courses[lane.subject])) for lane in lanes]
    last = max(lane.last for lane in lanes)
    days = tuple(sorted({day for lane in changes for day, _ in lane if day <= last}))
    seen = [[_state_on(lane, day) for day in days] for lane in changes]
    present = {state for row in seen for state in row}
    states = tuple(state for state in _order(present, cut.study.response.responses) if state in present)
    counts = tuple(tuple(column.count(state) for column in zip(*seen, strict=True)) for state in states)
    ticks = month_ticks(last / MONTH)
    on_ticks = [[_state_on(lane, round(tick * MONTH)) for lane in changes] for tick in ticks]
    at_ticks = tuple(tuple(row.count(state) for row in on_ticks) for state in states)
    return Occupancy(len(lanes), states, days, counts, last, ticks, at_ticks)


def _changes(lane: Swim, begun: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The days on which the subject's state begins, with the state; the last one is an end.

    What was found on the last day is a state of that day, though it is no stretch of the lane.
    """
    died = any(mark.kind == "death" for mark in lane.marks)
    end = (lane.last, DEAD) if died else (lane.last + 1, UNFOLLOWED)
    transplants = [mark.day for mark in lane.marks if mark.kind == "transplant"]
    begun = _after_transplant(begun, min(transplants, default=None))
    return [*(change for change in begun if change[0] < end[0]), end]


def _after_transplant(begun: list[tuple[int, str]], day: int | None) -> list[tuple[int, str]]:
    """From a transplant on, a response is no longer the product's alone; a later relapse still shows."""
    if day is None:
        return begun
    kept = [(start, state) for start, state in begun if start < day or state in (RELAPSED, OTHER_THERAPY)]
    return sorted([*kept, (day, OTHER_THERAPY)], key=lambda change: change[0])


def _state_on(changes: list[tuple[int, str]], day: int) -> str:
    return [state for start, state in changes if start <= day][-1]


def _order(present: set[str], responses: tuple[str, ...]) -> tuple[str, ...]:
    """From the best response down, then what ended it, death, and those no longer followed."""
    ends = (BEFORE, RELAPSED, OTHER_THERAPY, DEAD, UNFOLLOWED)
    others = sorted(present - {*responses, *ends})
    return (*responses, *others, *ends)
