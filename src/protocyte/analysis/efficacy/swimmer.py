"""Each subject's course after the first infusion as a lane: stretches of one state, and what happened when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.response import best_of
from protocyte.analysis.groups import label_of, level_of
from protocyte.derive.course import Course
from protocyte.derive.dlt import derive_dlt
from protocyte.derive.events import last_known_alive
from protocyte.derive.relapse import first_relapse
from protocyte.derive.response import assessments, is_new_therapy
from protocyte.records.follow_up import NewTherapy, Transplant

BEFORE = "before"  # no assessment judged yet
RELAPSED = "relapsed"
OTHER_THERAPY = "other_therapy"


@dataclass(frozen=True)
class Stretch:
    """From day `start` to day `end` in one state: a response category, or one of the words above."""

    start: int
    end: int
    state: str


@dataclass(frozen=True)
class Mark:
    day: int
    kind: str  # reinfusion, dlt, mrd_negative, relapse, transplant, new_therapy, death


@dataclass(frozen=True)
class Swim:
    """A lane from day 0 to `last`, the last evidence of life; `ongoing` while the subject is followed."""

    subject: str
    level: str
    level_number: int
    last: int
    best: str
    stretches: tuple[Stretch, ...]
    marks: tuple[Mark, ...]
    ongoing: bool


def swimmer(cut: Cut) -> tuple[Swim, ...]:
    """Lanes by level, the longest first."""
    lanes = [_lane(cut, course) for course in cut.infused]
    return tuple(sorted(lanes, key=lambda lane: (lane.level_number, -lane.last, lane.subject)))


def _lane(cut: Cut, course: Course) -> Swim:
    study = cut.study
    alive = last_known_alive(study, course)
    end = course.died_on or (alive.on if alive else cut.as_of)
    last = max(course.day(end) or 0, 0)
    relapse = first_relapse(study, course)
    therapies = [held.record.on for held in course.all(NewTherapy) if is_new_therapy(held.record)]
    transplants = [held.record.conditioning for held in course.all(Transplant)]
    seen = assessments(study, course)
    statuses = derive_dlt(study, course, cut.as_of)
    toxic = [p.on for status in statuses if status.status == "dlt" for p in status.proposals if p.counts]
    dates: dict[str, list[date]] = {
        "reinfusion": [held.record.on for held in course.infusions[1:]],
        "dlt": sorted(toxic)[:1],
        "mrd_negative": [one.on for one in seen if one.mrd == "negative" and one.evaluable][:1],
        "relapse": [relapse.on] if relapse else [],
        "transplant": transplants[:1],
        "new_therapy": therapies[:1],
        "death": [course.died_on] if course.died_on else [],
    }
    happened = [(course.day(on), kind) for kind, days in dates.items() for on in days]
    marks = [Mark(day, kind) for day, kind in happened if day is not None and day >= 0]
    return Swim(
        subject=course.subject,
        level=label_of(cut, course),
        level_number=level_of(course),
        last=last,
        best=best_of(cut, course).category,
        stretches=_stretches(state_changes(cut, course), last),
        marks=tuple(sorted(marks, key=lambda mark: (mark.day, mark.kind))),
        ongoing=course.died_on is None and course.left_study is None,
    )


def state_changes(cut: Cut, course: Course) -> list[tuple[int, str]]:
    """The day and the state that began on it; a relapse or another therapy ends the reading of responses."""
    relapse, seen = first_relapse(cut.study, course), assessments(cut.study, course)
    therapy = min((h.record.on for h in course.all(NewTherapy) if is_new_therapy(h.record)), default=None)
    changes = [(0, BEFORE)]
    changes += [(one.day, one.category) for one in seen if one.counts and one.evaluable]
    for on, state in ((relapse.on if relapse else None, RELAPSED), (therapy, OTHER_THERAPY)):
        day = course.day(on) if on else None
        if day is not None and day >= 0:
            changes = [change for change in changes if change[0] < day or change[1] in (RELAPSED, BEFORE)]
            changes.append((day, state))
    return sorted(changes, key=lambda change: change[0])


def _stretches(changes: list[tuple[int, str]], last: int) -> tuple[Stretch, ...]:
    ends = [day for day, _ in changes[1:]] + [last]
    whole: list[Stretch] = []
    for (start, state), end in zip(changes, ends, strict=True):
        if whole and whole[-1].state == state:
            whole[-1] = Stretch(whole[-1].start, min(end, last), state)
        elif start < last or not whole:
            whole.append(Stretch(start, min(end, last), state))
    return tuple(whole)
