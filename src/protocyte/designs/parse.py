"""From a node of a study file, or any mapping, to a design; what is wrong comes back as problems."""

from __future__ import annotations

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
    if design.levels is not None and design.start_level > design.levels:
        return (_say("start_above_ladder", "start", start=design.start_level, levels=design.levels),)
    return design


def problems_of(error: ValidationError, tagged: bool = True) -> tuple[Problem, ...]:
    """Each complaint of a failed validation, in our words where we have them. `tagged`: the place of each
    begins with the design's name, as it does where the design was picked by it."""
    return tuple(_problem(dict(item), int(tagged)) for item in error.errors(include_url=False))


def _problem(item: dict[str, Any], skip: int) -> Problem:
    path = [str(part) for part in item["loc"][skip:]]
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
    return _say("bad_field", where, field=where, detail=item["msg"])


OWN_ERRORS = {
    "modifier_twice",
    "modifier_level",
    "modifier_subjects",
    "table_row",
    "table_hole",
    "table_twice",
    "boin_rates",
    "target_interval",
    "skeleton_falls",
    "skeleton_length",
    "intercept_small",
    "doses_fall",
    "doses_length",
}


def _say(name: str, path: str, **params: object) -> Problem:
    message = Message.of(f"designs.{name}", **params)
    return Problem(severity="error", rule=f"designs.{name}", message=message, place=Place(path=path))
