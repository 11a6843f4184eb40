"""Where a subject stands and which branches were taken, so that every denominator can be counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from protocyte.derive.course import Course
from protocyte.derive.data_cut import until
from protocyte.records.enrolment import Discontinuation, ScreenFailure
from protocyte.records.product import Leukapheresis, LotAllocation, Manufacture, Release
from protocyte.study.model import Study

Milestone = Literal[
    "screened",
    "screen_failed",
    "enrolled",
    "apheresis",
    "lot_allocated",
    "manufacturing_failed",
    "released",
    "lymphodepleted",
    "infused",
    "in_follow_up",
    "completed",
    "discontinued",
    "died",
]


@dataclass(frozen=True)
class Stage:
    """`name` is where the subject stands; `reached` holds every milestone with its first day, in order.

    `reason` is why the subject left (a reason of the discontinuation form), if he did. A subject who died
    after leaving stands at `died`; both are in `reached`.
    """

    subject: str
    name: Milestone
    on: date | None
    reached: tuple[tuple[Milestone, date], ...]
    reason: str | None
    site: str | None = None

    def has(self, milestone: Milestone) -> bool:
        return any(name == milestone for name, _ in self.reached)

    @property
    def never_infused(self) -> bool:
        """Enrolled, not infused, and no longer on the way to it."""
        ends = ("manufacturing_failed", "discontinued", "died", "completed")
        return self.has("enrolled") and not self.has("infused") and self.name in ends


def stage(study: Study, course: Course, as_of: date) -> Stage:
    """The stage on `as_of`."""
    known = until(course, as_of)
    days = _days(study, known, as_of)
    reached = tuple(sorted(days.items(), key=lambda pair: (pair[1], _ORDER.index(pair[0]))))
    name = _stands_at(days)
    left = known.left_study or known.last(Discontinuation)
    return Stage(
        subject=course.subject,
        name=name,
        on=days.get(name),
        reached=reached,
        reason=left.record.reason if left else None,
    )


_ORDER: tuple[Milestone, ...] = get_args(Milestone)


def _days(study: Study, course: Course, as_of: date) -> dict[Milestone, date]:
    days: dict[Milestone, date | None] = {
        "screened": course.consented_on,
        "screen_failed": _first(course, ScreenFailure),
        "enrolled": course.enrolled_on,
        "apheresis": _first(course, Leukapheresis),
        "lot_allocated": _first(course, LotAllocation),
        "manufacturing_failed": _manufacturing_failed(course),
        "released": _released(course),
        "lymphodepleted": course.lymphodepleted_on,
        "infused": course.infused_on,
        "in_follow_up": _window_over(study, course, as_of),
        "died": course.died_on,
    }
    left = course.left_study
    if left is None and course.infused_on is None:
        left = course.last(Discontinuation)  # leaving treatment before the infusion ends the way to it
    if left is not None and left.record.reason != "death":
        days["completed" if left.record.reason == "completed" else "discontinued"] = left.record.on
    return {name: day for name, day in days.items() if day is not None}


def _stands_at(days: dict[Milestone, date]) -> Milestone:
    """Death first, then having left; a failed manufacture unless a later run was given."""
    if "died" in days:
        return "died"
    if "manufacturing_failed" in days and "infused" not in days:
        return "manufacturing_failed"
    for ended in ("completed", "discontinued", "screen_failed"):
        if ended in days:
            return ended
    on_the_way = [name for name in _ORDER if name in days and name != "manufacturing_failed"]
    return on_the_way[-1] if on_the_way else "screened"


def _first(course: Course, form: type[ScreenFailure | Leukapheresis | LotAllocation]) -> date | None:
    held = course.first(form)
    return held.record.on if held else None


def _released(course: Course) -> date | None:
    good = [held.record.on for held in course.all(Release) if held.record.outcome != "rejected"]
    return good[0] if good else None


def _manufacturing_failed(course: Course) -> date | None:
    """The last run failed, or its lot was rejected, and no other was released."""
    runs = course.all(Manufacture)
    releases = course.all(Release)
    left = next(
        (h.record.on for h in course.all(Discontinuation) if h.record.reason == "manufacturing_failure"), None
    )
    if left is not None:
        return left
    if runs and runs[-1].record.outcome == "failed":
        return runs[-1].record.finished or runs[-1].record.started
    if releases and releases[-1].record.outcome == "rejected" and _released(course) is None:
        running = any(held.record.started > releases[-1].record.on for held in runs)
        return None if running else releases[-1].record.on
    return None


def _window_over(study: Study, course: Course, as_of: date) -> date | None:
    """The day after the DLT window's end, once it has come and the subject lived to see it."""
    last = course.last_infused_on if study.dlt.window_to == "last_infusion" else course.infused_on
    if last is None:
        return None
    day = last + timedelta(days=study.dlt.days + 1)
    if day > as_of or (course.died_on is not None and course.died_on < day):
        return None
    return day
