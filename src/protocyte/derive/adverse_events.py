"""One row for each adverse event: when, how bad, due to what, and whether it counts as emergent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from protocyte.derive.course import Course, Held
from protocyte.derive.data_cut import until
from protocyte.derive.remember import remembered
from protocyte.derive.toxicity_facts import RELATED
from protocyte.records.safety import AdverseEvent
from protocyte.study.model import Study
from protocyte.study.parts import days_of

AGENTS = ("product", "lymphodepletion", "apheresis", "disease", "other")


@dataclass(frozen=True)
class AeRow:
    """`day` is the infusion day of onset; `maximum_grade` is over the whole event, `emergent_grade` over
    its emergent part (None where it is not emergent). `related` lists the agents it is at least possibly
    due to. `period` is a key of the study's periods, by the day it began or, for a worsening, worsened.
    """

    subject: str
    record_id: str
    term: str
    code: str | None
    category: str | None
    scale: str
    onset: date
    day: int | None
    ended: date | None
    maximum_grade: int
    emergent: bool
    emergent_grade: int | None
    emergent_day: int | None
    period: str | None
    related: tuple[str, ...]
    serious: tuple[str, ...]
    special_interest: str | None
    expected: bool | None
    outcome: str

    @property
    def is_serious(self) -> bool:
        return bool(self.serious)

    @property
    def related_to_product(self) -> bool:
        return "product" in self.related

    @property
    def duration(self) -> int | None:
        """Days, first and last included; None while it lasts."""
        return None if self.ended is None else (self.ended - self.onset).days + 1


def adverse_events(study: Study, course: Course, data_cut: date | None = None) -> tuple[AeRow, ...]:
    """All events of a subject, by onset, then by entry."""
    return _rows(study, until(course, data_cut))


@remembered
def _rows(study: Study, course: Course) -> tuple[AeRow, ...]:
    return tuple(_row(study, course, held) for held in course.all(AdverseEvent) if held.record.course)


def emergent_start(study: Study, course: Course) -> date | None:
    """The first day on which an event is treatment-emergent; None before treatment begins."""
    if study.safety.emergent_from == "infusion":
        return course.infused_on
    return course.lymphodepleted_on or course.infused_on


def _row(study: Study, course: Course, held: Held[AdverseEvent]) -> AeRow:
    record = held.record
    worsened, grade = _emergence(study, course, record)
    begins = worsened or record.onset
    day = course.day(begins)
    return AeRow(
        subject=course.subject,
        record_id=held.record_id,
        term=record.term,
        code=record.code,
        category=record.category,
        scale=record.scale,
        onset=record.onset,
        day=course.day(record.onset),
        ended=record.ended,
        maximum_grade=record.maximum_grade,
        emergent=worsened is not None,
        emergent_grade=grade,
        emergent_day=course.day(worsened) if worsened else None,
        period=_period(study, day),
        related=tuple(agent for agent in AGENTS if getattr(record.attribution, agent) in RELATED),
        serious=record.serious,
        special_interest=_special_interest(study, record),
        expected=record.expected,
        outcome=record.outcome,
    )


def _emergence(study: Study, course: Course, event: AdverseEvent) -> tuple[date | None, int | None]:
    """The day an event became emergent and its worst grade from then on.

    It begins after the start, or was there before and then exceeds every grade it had (ICH E9). Events that
    begin after the study's collection period are shown, but are not emergent.
    """
    start = emergent_start(study, course)
    if start is None:
        return None, None
    before = max((change.grade for change in event.course if change.on < start), default=0)
    end = (
        date.max
        if course.infused_on is None
        else course.infused_on + timedelta(days=days_of(study.safety.collect_for))
    )
    worse = [change for change in event.course if start <= change.on <= end and change.grade > before]
    if not worse:
        return None, None
    since = min(change.on for change in worse)
    return since, max(change.grade for change in event.course if change.on >= since)


def _period(study: Study, day: int | None) -> str | None:
    if day is None:
        return None
    return next(
        (
            name
            for name, period in study.safety.periods.items()
            if period.first_day <= day and (period.last_day is None or day <= period.last_day)
        ),
        None,
    )


def _special_interest(study: Study, event: AdverseEvent) -> str | None:
    """The study's own name for it: what the form says, else the term itself."""
    listed = {name.lower().replace("_", " "): name for name in study.safety.special_interest}
    words = (event.special_interest, event.term)
    return next((listed[key] for word in words if word and (key := _key(word)) in listed), None)


def _key(word: str) -> str:
    return word.lower().replace("_", " ")
