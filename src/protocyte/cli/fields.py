"""A command's fields from the command line: `field=value` words, a JSON file, or both."""

from __future__ import annotations

import shlex
from typing import Any

import typer

from protocyte.cli.reading import read_json, read_map, read_text
from protocyte.conduct import ROLES, Role


def given_fields(words: list[str], file: str | None) -> dict[str, Any]:
    """The file's fields with the words laid over them."""
    from_file = {} if file is None else read_map(read_text(file), file)
    return from_file | _words(words)


def form_in(text: str) -> dict[str, Any]:
    """A form and its fields in one text: `labs on=2026-02-03 'results=[...]'`, quoted as in a shell."""
    try:
        form, *words = shlex.split(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}: {error or 'no form'}", param_hint="--if") from None
    return _words(words) | {"form": form}


def _words(items: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{item!r} is not field=value", param_hint="FIELDS")
        if name in fields:
            raise typer.BadParameter(f"{name} is given twice", param_hint="FIELDS")
        fields[name] = _value(name, value)
    return fields


def _value(name: str, text: str) -> Any:
    """Lists and maps are JSON; anything else is the text it is."""
    try:
        text.encode()
    except UnicodeEncodeError:  # bytes on the command line that are no text
        raise typer.BadParameter(f"{name}: the value is not UTF-8", param_hint="FIELDS") from None
    return read_json(text, name) if text[:1] in ("[", "{") else text


def role_of(text: str) -> Role:
    """A role a person may act in; `system` is nobody's."""
    for role in ROLES:
        if role == text != "system":
            return role
    names = ", ".join(role for role in ROLES if role != "system")
    raise typer.BadParameter(f"{text!r} is not one of {names}", param_hint="--role")
