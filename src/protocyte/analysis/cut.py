"""The trial up to a clinical data cut: what had happened by the day a report looks from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TypeVar

from protocyte.derive.adverse_events import AeRow, adverse_events
from protocyte.derive.course import Course, Held, Trial
from protocyte.derive.data_cut import until
from protocyte.records import Record
from protocyte.records.safety import AdverseEvent
from protocyte.study.model import Study

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, eq=False)
class Cut:
    """Every analysis reads the trial through one of these, so that no output knows more than another."""

    trial: Trial
    as_of: date
    only: frozenset[str] | None = None  # subjects an output is confined to, such as one cohort's

    @property
    def study(self) -> Study:
        """The latest version: what analyses follow."""
        return self.trial.study

    @cached_property
    def courses(self) -> tuple[Course, ...]:
        """Subjects who had consented, with what had happened to them."""
        chosen = (c for c in self.trial.courses if self.only is None or c.subject in self.only)
        known = (until(course, self.as_of) for course in chosen)
        return tuple(course for course in known if course.consented_on is not None)

    @cached_property
    def enrolled(self) -> tuple[Course, ...]:
        return tuple(course for course in self.courses if course.enrolled_on is not None)

    @cached_property
    def infused(self) -> tuple[Course, ...]:
        return tuple(course for course in self.courses if course.infused_on is not None)

    def emergent(self, course: Course) -> tuple[AeRow, ...]:
        """The subject's treatment-emergent events."""
        return tuple(row for row in adverse_events(self.study, course) if row.emergent)

    def outcome_by_then(self, subject: str, record_id: str) -> str:
        """An event's outcome as it was on the day: who recovered later had not recovered yet.

        The form holds one outcome without a day; it came with the end of the event, a fatal one with the death.
        """
        whole = self.trial.course(subject)
        event = next(held.record for held in whole.all(AdverseEvent) if held.record_id == record_id)
        came = [event.ended, whole.died_on if event.outcome == "fatal" else None]
        later = any(day is not None and day > self.as_of for day in came)
        return "not_recovered" if later else event.outcome

    def all(self, form: type[R]) -> tuple[Held[R], ...]:
        """Records about the trial as a whole, of one form, up to the day."""
        return tuple(held for held in self.trial.all(form) if _day(held.record) <= self.as_of)


def _day(record: Record) -> date:
    day = getattr(record, "on", None) or getattr(record, "opened", None)
    return day if isinstance(day, date) else date.min
