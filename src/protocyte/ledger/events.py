"""The seven things a ledger can say happened.

Whatever a person can get wrong is a *record*, an opaque map here (the `records` room reads it), so that it
can be amended; the events only say that it was written, replaced, withdrawn or signed.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter

from protocyte.base import Frozen, Json, canonical_bytes

# Deeper than any form or study is; far from the depth at which JSON readers give up.
DEEPEST = 60


def _plain_copy(value: dict[str, Any]) -> dict[str, Any]:
    """An independent copy in canonical order, so that no later change of the original changes the event."""
    if _deeper_than(value, DEEPEST):
        raise ValueError(f"nested deeper than {DEEPEST} levels")
    try:
        copy: dict[str, Any] = json.loads(canonical_bytes(value))
    except TypeError as error:  # a float, null or a key that is not text
        raise ValueError(str(error)) from None
    return copy


def _deeper_than(value: object, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    items = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(item, levels - 1) for item in items)


def _has_form_and_version(record: dict[str, Any]) -> dict[str, Any]:
    form, version, subject = record.get("form"), record.get("version"), record.get("subject", "-")
    if not isinstance(form, str) or not form:
        raise ValueError("a record names its `form`")
    if not isinstance(version, (int, str)) or isinstance(version, bool):
        raise ValueError("a record names the `version` of its form")
    if not isinstance(subject, str) or not subject:
        raise ValueError("`subject` is the subject's id, as text; leave it out where there is none")
    return record


JsonMap = Annotated[dict[str, Any], AfterValidator(_plain_copy)]
RecordMap = Annotated[dict[str, Any], AfterValidator(_has_form_and_version), AfterValidator(_plain_copy)]
Text = Annotated[str, StringConstraints(min_length=1)]
# The pattern's `$` is the very end of the text here, not before a last line feed.
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
DateText = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class StudyAdopted(Frozen):
    """A version of the protocol is in force from `effective` on; `study` is its whole parsed document.

    The first entry of every ledger is one, so that the ledger alone is the trial.
    """

    type: Literal["study_adopted"] = "study_adopted"
    trial: Text
    study: JsonMap
    digest: Digest
    effective: DateText


class Recorded(Frozen):
    """A form was filled in: `record` names at least its `form` and `version`, and its `subject` if any."""

    type: Literal["recorded"] = "recorded"
    record_id: Text
    record: RecordMap


class Amended(Frozen):
    """The whole new `record` in place of the one whose digest is `replaces`."""

    type: Literal["amended"] = "amended"
    record_id: Text
    record: RecordMap
    replaces: Digest
    reason: Text


class Voided(Frozen):
    """The record whose digest is `replaces` was a mistake as a whole, and no longer counts."""

    type: Literal["voided"] = "voided"
    record_id: Text
    replaces: Digest
    reason: Text


class Signed(Frozen):
    """Somebody stands by the record whose digest is `signs`, in the sense of `meaning`."""

    type: Literal["signed"] = "signed"
    record_id: Text
    signs: Digest
    meaning: Text


class Locked(Frozen):
    """No record may be written, amended or voided until it is unlocked."""

    type: Literal["locked"] = "locked"
    reason: Text


class Unlocked(Frozen):
    """Records may change again, and why."""

    type: Literal["unlocked"] = "unlocked"
    reason: Text


Event: TypeAlias = StudyAdopted | Recorded | Amended | Voided | Signed | Locked | Unlocked
EVENT_TYPES: tuple[str, ...] = tuple(kind.model_fields["type"].default for kind in get_args(Event))

_ADAPTER: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])


def parse_event(content: dict[str, Json]) -> Event:
    """The typed event of an entry's `event` map; raises pydantic's `ValidationError` if it is none."""
    return _ADAPTER.validate_python(content)
