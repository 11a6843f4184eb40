"""Episodes of a toxicity from its daily grades: onset, end, maximum, duration.

A day is a `date`; several grades of one day count by the worst. An episode is a run of days graded 1 or
more; symptom-free days of at most `gap` in a row do not end it, and a day without a grade is neither a day of
toxicity nor one of recovery: only graded days of 0, or the lack of any later grade, bring an episode to its
end. Durations are end - onset + 1 days.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from protocyte.vocab.unusable import unusable


class Link(NamedTuple):
    """Something given because of a toxicity: `tocilizumab`, `steroid`, `vasopressor`, on a day."""

    kind: str
    on: date


class Episode(NamedTuple):
    """`maximum` was first reached on `maximum_on`. `resolved` is False while no later day is graded 0."""

    onset: date
    end: date
    maximum: int
    maximum_on: date
    resolved: bool
    links: tuple[Link, ...] = ()

    @property
    def duration(self) -> int:
        """Days from onset to end, both included."""
        return (self.end - self.onset).days + 1


def episodes(
    daily: Iterable[tuple[date, int]], gap: int = 0, links: Iterable[Link] = ()
) -> tuple[Episode, ...]:
    """The episodes of `daily` grades, in order; at most `gap` recovered days inside one episode.

    A link belongs to the episode it falls in, or whose `gap` days of recovery it falls in.
    Raises `InputError` for a negative gap or a grade outside 0 to 5.
    """
    if gap < 0:
        raise unusable("gap-negative", given=gap)
    grades = _worst_of_day(daily)
    runs: list[list[date]] = []
    for day in sorted(day for day, grade in grades.items() if grade > 0):
        if runs and _recovered_between(grades, runs[-1][-1], day) <= gap:
            runs[-1].append(day)
        else:
            runs.append([day])
    known = tuple(links)
    return tuple(_episode(run, grades, gap, known) for run in runs)


def _worst_of_day(daily: Iterable[tuple[date, int]]) -> dict[date, int]:
    worst: dict[date, int] = {}
    for day, grade in daily:
        if isinstance(grade, bool) or not isinstance(grade, int) or not 0 <= grade <= 5:
            raise unusable("no-grade", given=repr(grade), day=day)
        worst[day] = max(grade, worst.get(day, 0))
    return worst


def _recovered_between(grades: dict[date, int], first: date, last: date) -> int:
    """Days from the first recovered one to the return of toxicity; 0 where none was seen to recover."""
    recovered = [day for day, grade in grades.items() if grade == 0 and first < day < last]
    return (last - min(recovered)).days if recovered else 0


def _episode(run: list[date], grades: dict[date, int], gap: int, links: tuple[Link, ...]) -> Episode:
    onset, end = run[0], run[-1]
    maximum = max(grades[day] for day in run)
    until = end + timedelta(days=gap)
    return Episode(
        onset=onset,
        end=end,
        maximum=maximum,
        maximum_on=next(day for day in run if grades[day] == maximum),
        resolved=any(day > end and grade == 0 for day, grade in grades.items()),
        links=tuple(
            sorted((one for one in links if onset <= one.on <= until), key=lambda one: (one.on, one.kind))
        ),
    )
