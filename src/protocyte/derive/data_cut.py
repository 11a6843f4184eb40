"""The clinical data cut: what had happened by a day, whenever it was written down.

The other cut, by recording, is made before: the casebook holds what was known at an entry of the ledger.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from protocyte.derive.course import Course, Held
from protocyte.records import Record
from protocyte.records.safety import AdverseEvent

_DAYS = ("on", "started", "conditioning")
_KEY = "_cut"


def day_of(record: Record) -> date | None:
    """The clinical day of a record: when it happened or began; None where the form has no day."""
    if isinstance(record, AdverseEvent):
        return record.onset if record.course else None
    days = (getattr(record, name, None) for name in _DAYS)
    return next((day for day in days if isinstance(day, date)), None)


def until(course: Course, day: date | None) -> Course:
    """The course without what happened after `day`; the course itself where nothing did."""
    if day is None:
        return course
    kept: dict[date, Course] = vars(course).setdefault(_KEY, {})
    if day not in kept:
        held = tuple(part for item in course.held if (part := _by(item, day)) is not None)
        same = len(held) == len(course.held) and all(a is b for a, b in zip(held, course.held, strict=True))
        kept[day] = course if same else Course(course.subject, held, course.last_seq)
    return kept[day]


def _by(held: Held[Any], day: date) -> Held[Any] | None:
    when = day_of(held.record)
    if when is not None and when > day:
        return None
    record = held.record
    changed: dict[str, Any] = {}
    if isinstance(record, AdverseEvent) and any(change.on > day for change in record.course):
        changed["course"] = tuple(change for change in record.course if change.on <= day)
    if getattr(record, "ended", None) is not None and record.ended > day:
        changed["ended"] = None
    if not changed:
        return held
    return Held(held.record_id, record.model_copy(update=changed), held.seq, held.by, held.signed)
