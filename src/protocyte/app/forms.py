"""Forms told to whoever fills them in: their fields, what may stand in each, and which form holds a fact."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from protocyte.app.unusable import unusable
from protocyte.app.wording import told
from protocyte.base import Language, Measured, PartialDate, Quantity
from protocyte.conduct.permissions import permitted
from protocyte.records import FORMS
from protocyte.study.fact_table import fact_rows, fact_sources
from protocyte.study.model import Study

# What the program writes itself, and nobody types.
_OWN = ("form", "version")
_WRITTEN_BY_COMMANDS = ("dose_decision",)

# How values are typed, by the kind of field.
_KINDS: dict[type, str] = {
    bool: "true or false",
    int: "whole number",
    str: "text",
    date: "YYYY-MM-DD",
    datetime: "YYYY-MM-DDTHH:MM:SS+08:00",
    time: "HH:MM",
    Quantity: "number and unit",
    Measured: "number and unit, maybe with < or >",
    PartialDate: "YYYY, YYYY-MM or YYYY-MM-DD",
}

# Derived facts rest on these forms (`derive.eligibility_facts` has a function for each).
_DERIVED: dict[str, tuple[str, ...]] = {
    "age": ("demographics birth",),
    "consent_given": ("consent given_by assent", "demographics birth"),
    "creatinine_clearance": ("labs test=creatinine", "examination test=weight", "demographics birth sex"),
    "systemic_therapy": ("prior_therapy kind=systemic",),
    "checkpoint_therapy": ("prior_therapy kind=checkpoint",),
    "systemic_washout": ("prior_therapy kind=systemic", "history condition=systemic_washout status=absent"),
    "checkpoint_washout": (
        "prior_therapy kind=checkpoint",
        "history condition=checkpoint_washout status=absent",
    ),
    "half_life": ("prior_therapy half_life",),
    "live_vaccine": ("prior_therapy kind=vaccine", "history condition=live_vaccine status=absent"),
}
_ITEM = {"labs": "test=", "examination": "test=", "history": "condition="}


class FieldTold(NamedTuple):
    """A field's dotted name (`results[].test` within a list), whether it must be there, and what may stand in it."""

    name: str
    required: bool
    what: str


def forms() -> tuple[str, ...]:
    """The forms that are commands, in the order of a subject's course."""
    return tuple(form for form in FORMS if form not in _WRITTEN_BY_COMMANDS)


def form_fields(form: str) -> tuple[FieldTold, ...]:
    if form not in forms():
        raise unusable("no_form", form=form, known=forms())
    return tuple(sorted(_fields(FORMS[form], ""), key=lambda field: field.name == "note"))


def form_json(form: str) -> dict[str, Any]:
    fields = [field._asdict() for field in form_fields(form)]
    return {"form": form, "roles": form_roles(form), "fields": fields, "tests": form_tests(form)}


def form_roles(form: str) -> tuple[str, ...]:
    return tuple(role for role in permitted(form) if role != "system")


def form_tests(form: str) -> tuple[str, ...]:
    """Tests and conditions of a form that rules read, with the unit or the words they are read in."""
    rows = [row for row in fact_rows() if row.source.partition(":")[0] == form and form in _ITEM]
    return tuple(f"{row.source.partition(':')[2]} ({_answer(*row[1:3], row.codes)})" for row in rows)


def where_recorded(study: Study, missing: str) -> tuple[str, ...]:
    """The forms and fields that would say what a rule misses; nothing for what is none of the facts."""
    fact, _, complete = missing.partition(".")
    if fact in _DERIVED:
        return _DERIVED[fact]
    form, _, item = fact_sources(study).get(fact, "").partition(":")
    if not item:
        return ()
    absent = " status=absent" if complete else ""
    return (f"{form} {_ITEM.get(form, '')}{item}{absent}",)


def form_lines(form: str, language: Language) -> Iterator[str]:
    fields, roles = form_fields(form), form_roles(form)
    english, chinese = FORMS[form].FORM_TITLE
    yield told("form_head", language, form=form, title=chinese if language == "zh" else english, roles=roles)
    for field in fields:
        yield f"  {field.name}{'' if field.required else '?'}: {field.what}"
    if form_tests(form):
        yield told("form_tests", language, tests=form_tests(form))


def _answer(kind: str, unit: str, codes: tuple[str, ...]) -> str:
    if codes:
        return "|".join(codes)
    return {"flag": "absent|present|past|suspected"}.get(kind, "number" if unit == "1" else unit)


def _fields(model: type[BaseModel], within: str) -> Iterator[FieldTold]:
    for name, field in model.model_fields.items():
        if name in _OWN:
            continue
        inner, listed = _bare(field.annotation)
        if isinstance(inner, type) and issubclass(inner, BaseModel) and inner not in _KINDS:
            yield FieldTold(within + name, field.is_required(), "list of maps" if listed else "map")
            yield from _fields(inner, f"{within}{name}{'[]' if listed else ''}.")
        else:
            what = _what(inner)
            yield FieldTold(within + name, field.is_required(), f"list: {what}" if listed else what)


def _bare(kind: Any) -> tuple[Any, bool]:
    """The type without `| None` and constraints, and whether it stands in a list."""
    while True:
        origin = get_origin(kind)
        if origin is Annotated:
            kind = get_args(kind)[0]
        elif origin in (Union, UnionType):
            kind = next(one for one in get_args(kind) if one is not type(None))
        elif origin is tuple:
            return _bare(get_args(kind)[0])[0], True
        else:
            return kind, False


def _what(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " | ".join(map(str, get_args(kind)))
    return _KINDS[kind]
