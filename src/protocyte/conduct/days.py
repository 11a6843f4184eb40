"""The days a form speaks of, whatever its fields are called."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from protocyte.base import PartialDate
from protocyte.records import Record

# Days that may lie ahead of us.
_AHEAD = frozenset({"expires"})


def told_days(record: Record) -> Iterator[tuple[str, date]]:
    """Every day a form tells of as past, with its field; a partial date by its earliest day."""
    for name in type(record).model_fields:
        if name not in _AHEAD:
            yield from _days(name, getattr(record, name))


def _days(name: str, value: object) -> Iterator[tuple[str, date]]:
    if isinstance(value, datetime):
        yield name, value.date()
    elif isinstance(value, date):
        yield name, value
    elif isinstance(value, PartialDate):
        yield name, value.earliest()
    elif isinstance(value, tuple):
        for item in value:
            if isinstance(getattr(item, "on", None), date):
                yield name, item.on


def begun(record: Record) -> date | None:
    """The day what a form tells of began."""
    for name in ("on", "started", "conditioning", "onset"):
        day = getattr(record, name, None)
        if isinstance(day, date):
            return day
    return None
