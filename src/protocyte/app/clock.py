"""The only place where the clock is read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from protocyte.derive.course import Trial
from protocyte.study.model import Study


def now() -> datetime:
    """The time of an entry: UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 -- here, and nowhere else


def today(study: Study) -> date:
    """The local day at the study's first site: what clinical dates are compared with."""
    return local_day(study, now())


def last_day(trial: Trial) -> date:
    """The site's day of the last entry: where a report or a status looks from, unless told otherwise."""
    last = trial.casebook.last_at
    assert last is not None, "a trial has at least the entry that adopted its study"
    return local_day(trial.study, last)


def local_day(study: Study, at: datetime) -> date:
    zone = next(iter(study.sites.values())).zone
    try:
        return at.astimezone(ZoneInfo(zone)).date()
    except ZoneInfoNotFoundError:
        return at.date()
