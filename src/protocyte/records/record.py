"""What every clinical form has in common.

A record is one form at one occasion. Models accept whatever was ever written: plausibility and edit
checks live in `conduct`, at write time, so that no old fact becomes unreadable when a check changes.
Numbers are exact decimals with units or integers, never floats; dates are local to the site.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from protocyte.base import Frozen

# A study's own pseudonym. Letters, digits and hyphens only: there is no room for a name or a birthday.
SubjectId = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,12}(-[A-Za-z0-9]{1,8}){0,2}$", max_length=24)
]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_+./ -]{0,79}$")]
Text = Annotated[str, StringConstraints(max_length=4000)]
RecordId = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Level = Annotated[int, Field(ge=1, le=99)]
Grade = Annotated[int, Field(ge=0, le=5)]


class Record(Frozen):
    """A form. `form` names it, `version` the shape its fields had when it was written."""

    FORM_TITLE: ClassVar[tuple[str, str]] = ("", "")  # English, Chinese

    # Readers upcast older shapes; a newer one than this software knows is refused, not half read.
    version: Annotated[int, Field(ge=1, le=1)] = 1
    note: Text | None = None


class TrialRecord(Record):
    """A form about the trial as a whole."""


class SubjectRecord(Record):
    """A form about one subject."""

    subject: SubjectId


class DatedRecord(SubjectRecord):
    """A form about one subject on one local calendar day."""

    on: date
