"""A form that does not fit its model: what is wrong, as problems with the field's path."""

from __future__ import annotations

from pydantic import ValidationError

from protocyte.base import Message, Place, Problem


def said(key: str, path: str, detail: str, **params: object) -> Problem:
    """A problem of a command's field."""
    message = Message.of(f"conduct.{key}", field=path, detail=detail, **params)
    return Problem(
        severity="error", rule=f"command.{key}", message=message, place=Place(file="command", path=path)
    )


def record_problems(error: ValidationError) -> tuple[Problem, ...]:
    return tuple(_problem(details["loc"], details["type"], details["msg"]) for details in error.errors())


def _problem(loc: tuple[int | str, ...], kind: str, text: str) -> Problem:
    path = ".".join(str(step) for step in loc[1:]) or ".".join(str(step) for step in loc)
    key = {"missing": "field_missing", "extra_forbidden": "field_unknown"}.get(kind, "field_value")
    detail = text.removeprefix("Value error, ")
    message = Message.of(f"conduct.{key}", field=path, detail=detail)
    return Problem(
        severity="error", rule=f"record.{key}", message=message, place=Place(file="command", path=path)
    )
