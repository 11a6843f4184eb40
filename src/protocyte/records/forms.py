"""The union of all forms, and reading one from the ledger's JSON."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Union

from pydantic import Field, TypeAdapter

from protocyte.base import Json
from protocyte.records import (
    efficacy,
    enrolment,
    follow_up,
    measurements,
    oversight,
    product,
    safety,
    screening,
    treatment,
)
from protocyte.records.record import Record

_ROOMS = (
    screening, measurements, enrolment, product, treatment, safety, efficacy, follow_up, oversight,
)  # fmt: skip

FORMS: dict[str, type[Record]] = {
    model.model_fields["form"].default: model
    for room in _ROOMS
    for model in vars(room).values()
    if isinstance(model, type) and issubclass(model, Record) and "form" in model.model_fields
}


@cache
def record_adapter() -> TypeAdapter[Any]:
    """Validates a map with `form` into that form's model; problems carry the form's own field paths."""
    union: Any = Union[tuple(FORMS.values())]  # noqa: UP007 -- built at run time
    tagged: Any = Annotated[union, Field(discriminator="form")]
    return TypeAdapter(tagged)


def parse_record(json: Mapping[str, Json]) -> Record:
    """The record of a ledger entry. Raises pydantic's `ValidationError` for what is no known form."""
    return typing.cast(Record, record_adapter().validate_python(json))


def record_json(record: Record) -> dict[str, Json]:
    """What the ledger stores: set fields only, dates and quantities as text, no floats."""
    return typing.cast("dict[str, Json]", record.model_dump(mode="json", exclude_none=True))


def subject_of(record: Record) -> str | None:
    return getattr(record, "subject", None)
