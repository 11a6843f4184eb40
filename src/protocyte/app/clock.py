"""The only place where the clock is read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from protocyte.study.model import Study


def now() -> datetime:
    """The time of an entry: UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 -- here, and nowhere else


def today(study: Study) -> date:
    """The local day at the study's first site: what clinical dates are compared with."""
    zone = next(iter(study.sites.values())).zone
    try:
        return now().astimezone(ZoneInfo(zone)).date()
    except ZoneInfoNotFoundError:
        return now().date()
