"""From a node of a study file, or any mapping, to a design; what is wrong comes back as problems."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from protocyte.base import Message, Place, Problem
from protocyte.designs.blrm import Blrm
from protocyte.designs.boin import Boin
from protocyte.designs.crm import Crm
from protocyte.designs.design import Design
from protocyte.designs.i3plus3 import I3Plus3
from protocyte.designs.intra_subject import IntraSubject
from protocyte.designs.keyboard import Keyboard, Mtpi2
from protocyte.designs.rolling_six import RollingSix
from protocyte.designs.safety_run_in import SafetyRunIn
from protocyte.designs.table_design import TableDesign
from protocyte.designs.three_plus_three import ThreePlusThree
from protocyte.designs.tite_boin import TiteBoin
from protocyte.designs.tite_crm import TiteCrm

DesignNode = Annotated[
    ThreePlusThree
    | SafetyRunIn
    | IntraSubject
    | TableDesign
    | Boin
    | Keyboard
    | Mtpi2
    | I3Plus3
    | Crm
    | Blrm
    | RollingSix
    | TiteBoin
    | TiteCrm,
    Field(discriminator="design"),
]

_ADAPTER: TypeAdapter[Design] = TypeAdapter(DesignNode)

_KNOWN = {
    "extra_forbidden": "unknown_field",
    "missing": "missing_field",
    "union_tag_invalid": "unknown_design",
    "union_tag_not_found": "no_design",
}


_KINDS = {  # beginnings of what pydantic calls a mistake
    "int_": "designs.field_whole",
    "float_": "designs.field_number",
    "finite_number": "designs.field_number",
    "greater_than": "designs.field_range",
    "less_than": "designs.field_range",
    "literal_error": "designs.field_word",
    "tuple_type": "designs.field_list",
    "model_": "designs.field_map",
    "bool_": "designs.field_flag",
    "string_": "designs.field_text",
}
_TAGS = {"rates", "indifference"}  # how the two forms of a skeleton are told apart, no part of a path


def parse_design(
    node: Mapping[str, Any], levels: int | None = None, labels: Sequence[str] = ()
) -> Design | tuple[Problem, ...]:
    """The design a node describes, or every problem in it.

    `levels` is the length of the study's dose ladder: a design that states none takes it, one that
    states another is a problem. `labels` are the ladder's names, which `start` may use.
    """
    stated = node.get("levels")
    completed = dict(node) if levels is None or stated is not None else {**node, "levels": levels}
    try:
        design = _ADAPTER.validate_python(completed, context={"labels": labels})
    except ValidationError as error:
        return problems_of(error)
    if levels is not None and design.levels != levels:
        return (_say("levels_mismatch", "levels", stated=design.levels, levels=levels),)
    return design


def problems_of(error: ValidationError, tagged: bool = True) -> tuple[Problem, ...]:
    """Each complaint of a failed validation, in our words where we have them. `tagged`: the place of each
    begins with the design's name, as it does where the design was picked by it."""
    return tuple(_problem(dict(item), int(tagged)) for item in error.errors(include_url=False))


def _problem(item: dict[str, Any], skip: int) -> Problem:
    path = [str(part) for part in item["loc"][skip:] if part not in _TAGS]
    where = ".".join(path)
    kind = str(item["type"])
    context = {key: value for key, value in item.get("ctx", {}).items() if key != "error"}
    if kind in _KNOWN:
        given = item["input"].get("design", "") if isinstance(item["input"], dict) else item["input"]
        known = context.get("expected_tags", "").replace("'", "")
        if kind.startswith("union_tag") and path:
            return _say("unknown_modifier", where, given=context.get("tag", given), known=known)
        return _say(_KNOWN[kind], where, field=where, given=given, known=known)
    if kind in OWN_ERRORS:
        return _say(kind, where, **context)
    about = {"field": where, "given": _shown(item["input"]), "expected": _expected(context)}
    said = next((name for beginning, name in _KINDS.items() if kind.startswith(beginning)), None)
    message = Message.of(said, **about) if said else None
    return _say("bad_field", where, message, field=where, detail=item["msg"])


def _expected(context: Mapping[str, Any]) -> str:
    signs = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    bounds = (f"{sign} {context[name]:g}" for name, sign in signs.items() if name in context)
    words = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
    return words or ", ".join(bounds)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


OWN_ERRORS = {
    "modifier_twice",
    "modifier_level",
    "modifier_subjects",
    "modifier_unfit",
    "start_above_ladder",
    "start_within",
    "table_row",
    "table_hole",
    "table_twice",
    "boin_rates",
    "target_interval",
    "interval_falls",
    "skeleton_falls",
    "skeleton_length",
    "intercept_small",
    "doses_fall",
    "doses_length",
}


def _say(name: str, path: str, message: Message | None = None, **params: object) -> Problem:
    said = message or Message.of(f"designs.{name}", **params)
    return Problem(severity="error", rule=f"designs.{name}", message=said, place=Place(path=path))
