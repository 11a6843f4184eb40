"""Cells as numbers, dates and yes or no; a cell that is none of these is a problem with its place."""

from __future__ import annotations

import math
import re
from datetime import date

from protocyte.base import PartialDate, Problem
from protocyte.exchange.sdtm.read import DataSet, Line

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_TIME = r"(?:T(?:-|\d{2})(?::(?:-|\d{2})(?::(?:-|\d{2}(?:\.\d+)?))?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
# SDTM IG, "Date and Time Precision": parts that are not known are left off, or written as a hyphen.
_DATE = re.compile(rf"((?:\d{{4}})(?:-\d{{2}}(?:-\d{{2}})?)?){_TIME}", re.ASCII)
_DAY_ALONE = re.compile(
    rf"(\d{{4}})--(?:-|-\d{{2}}){_TIME}", re.ASCII
)  # the year and the day: the month is not known
_NO_YEAR = re.compile(rf"--(?:-|\d{{2}})(?:-(?:-|\d{{2}}))?{_TIME}", re.ASCII)
LARGEST = 1e18  # no dose or result is beyond it in any unit, and sums of squares below it stay finite
_MISSING = ("", "NA")  # NA is how R writes a number that is missing


class Cells:
    """Reads cells of one data set and keeps what is wrong with them."""

    def __init__(self, data_set: DataSet) -> None:
        self.data_set = data_set
        self.problems: list[Problem] = []

    def number(self, line: Line, variable: str, least: float | None = None) -> float | None:
        text = line[variable]
        if text in _MISSING:
            return None
        value = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(value):
            self._wrong("not_a_number", line, variable, found=text)
            return None
        if abs(value) > LARGEST:
            self._wrong("beyond", line, variable, found=text, most=f"{LARGEST:g}")
            return None
        if least is not None and value < least:
            self._wrong("below", line, variable, found=text, least=f"{least:g}")
            return None
        return value

    def date(self, line: Line, variable: str) -> PartialDate | None:
        """A time of day is read over; None for a cell without a year, which could be any."""
        text = line[variable]
        if not text or _NO_YEAR.fullmatch(text):
            return None
        match = _DATE.fullmatch(text) or _DAY_ALONE.fullmatch(text)
        try:
            if match is not None:
                return PartialDate.parse(match.group(1))
        except ValueError:  # 30 February
            pass
        self._wrong("not_a_date", line, variable, found=text)
        return None

    def yes(self, line: Line, variable: str) -> bool:
        text = line[variable].upper()
        if text not in ("", "Y", "N", "U", "NA"):
            self._wrong("not_yes_or_no", line, variable, found=line[variable])
        return text == "Y"

    def _wrong(self, name: str, line: Line, variable: str, **params: object) -> None:
        self.problems.append(self.data_set.problem(name, line, variable, **params))


def known(value: PartialDate | None) -> date | None:
    """The day, where it is known to the day."""
    return value.earliest() if value is not None and value.complete else None
