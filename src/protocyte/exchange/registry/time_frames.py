"""Durations as registers write them: `12 months`, `Up to 28 days after infusion`, `At 4, 8, 12 weeks`."""

from __future__ import annotations

import re

UNIT = {"hour": "h", "day": "d", "week": "wk", "month": "mo", "year": "y"}
_DAYS = {"h": 1 / 24, "d": 1, "wk": 7, "mo": 30.4375, "y": 365.25}
DURATION = r"\d{1,4}(?:\.\d{1,3})?\s{0,3}(?:hours?|days?|weeks?|months?|years?)\b"
TIME_FRAME = re.compile(
    rf"(?:(?:up\s+to|within|through|at|about)\s+)?(?:\d{{1,4}}\s{{0,3}}(?:,|-|to|and)\s{{0,3}}){{0,12}}{DURATION}"
    r"(?:\s+(?:after|post|following|from)\b[^.;|]{0,60})?",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"(?P<how>at|up\s+to|within|through)?\s*"
    r"(?P<numbers>\d+(?:\s*(?:,|and|，|、)\s*(?:and\s+)?\d+)*)\s*"
    r"(?P<unit>hour|day|week|month|year)s?\b(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_ANCHOR = re.compile(r"\s*(?:(?:after|post|following|from)\b.*)?\.?\s*", re.IGNORECASE | re.DOTALL)
LONGEST_DAYS = (
    30 * 365.25
)  # follow-up of gene-modified cells is 15 years (FDA 2020); twice that is a misprint


def parse_time_frame(text: str) -> tuple[str, ...]:
    """The durations of a time frame in Protocyte's units, or () where it cannot be read exactly."""
    found = _LIST.fullmatch(text.strip())
    if found is None or not _ANCHOR.fullmatch(found["rest"]):
        return ()
    unit = UNIT[found["unit"].lower()]
    numbers = tuple(dict.fromkeys(int(number) for number in re.findall(r"\d+", found["numbers"])))
    if any(number == 0 or number * _DAYS[unit] > LONGEST_DAYS for number in numbers):
        return ()
    return tuple(f"{number} {unit}" for number in numbers)


def days_in(duration: str) -> float:
    number, unit = duration.split()
    return int(number) * _DAYS[unit]
