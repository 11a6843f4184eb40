"""The one door: a command by name, with its fields, becomes events, a refusal, or problems.

Most commands are forms: the name of the form is the name of the command. A few compute what they record
(`open_gate`, `decide`), and a few change records that exist (`amend`, `void`, `sign`, `lock`, `unlock`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

from pydantic import ValidationError

from protocyte.base import InputError, Json, Problem, UnitError
from protocyte.conduct import changes
from protocyte.conduct.decisions import decide_dose
from protocyte.conduct.permissions import check_permission
from protocyte.conduct.problems import record_problems, said
from protocyte.conduct.recording import WRITTEN, check_record, check_shape, read_record
from protocyte.conduct.refusal import Refusal, refuse
from protocyte.conduct.scene import Scene
from protocyte.ledger import Event, Recorded
from protocyte.records import FORMS, Record, record_json, subject_of

MOST_TEXT = 4000  # as in the texts of forms
_SURROGATE = re.compile("[\ud800-\udfff]")

Decided = tuple[Event, ...] | Refusal | tuple[Problem, ...]
Fields = Mapping[str, Json]


def decide(scene: Scene, command: str, fields: Fields) -> Decided:
    """What `command` does now. Pure: nothing is written, the clock is not read. Never raises for a field."""
    if scene.trial.casebook.locked and command != "unlock":
        return refuse("locked")
    special = _SPECIAL.get(command)
    try:
        if special is not None:
            return _unwritable(fields) or special(scene, fields)
        if command in FORMS and command != "dose_decision":
            return record_form(scene, {**fields, "form": command})
    # An argument a scale or a design cannot use, a unit that measures something else, a number beyond all
    # numbers, a text that is none.
    except (InputError, UnitError, ArithmeticError, UnicodeError) as error:
        return (said("field_value", "-", str(error) or type(error).__name__),)
    return (said("unknown_command", command, "", known=sorted(command_names())),)


def command_names() -> tuple[str, ...]:
    return (*(form for form in FORMS if form != "dose_decision"), *_SPECIAL)


def record_form(scene: Scene, fields: Fields) -> Decided:
    """Record one form: permission, shape, and whatever else it must fulfil."""
    refused = check_permission(scene, str(fields.get("form")))
    if refused is not None:
        return refused
    record = read_record(_levelled(scene, fields))
    if isinstance(record, tuple):
        return record
    wrong = check_shape(fields, record) or check_record(scene, record, WRITTEN)
    return wrong or (recorded(scene, record),)


def _levelled(scene: Scene, fields: Fields) -> dict[str, Json]:
    """A level is written by its number; people say its label on the ladder too."""
    level = fields.get("dose_level")
    if not isinstance(level, str) or level not in scene.study.ladder:
        return dict(fields)
    return {**fields, "dose_level": scene.study.level_of(level)}


def recorded(scene: Scene, record: Record) -> Recorded:
    json = record_json(record)
    return Recorded(record_id=scene.next_id(str(json["form"]), subject_of(record)), record=json)


# --- commands that compute what they record -------------------------------------------------------


def _open_gate(scene: Scene, fields: Fields) -> Decided:
    """Record that a gate was opened on a day; refused, as that form is, unless every criterion is met."""
    problems = _unknown(fields, ("subject", "gate", "on")) or _missing(fields, ("subject", "gate"))
    if problems:
        return problems
    on = _day(fields, scene)
    if isinstance(on, Problem):
        return (on,)
    form = {"form": "gate_review", "subject": fields["subject"], "gate": fields["gate"]}
    return record_form(scene, form | {"on": str(on), "passed": True})


def _decide(scene: Scene, fields: Fields) -> Decided:
    names = ("part", "on", "action", "dose_level", "reason", "cohort")
    problems = _unknown(fields, names) or _missing(fields, ("part", "action"))
    if problems:
        return problems
    refused = check_permission(scene, "dose_decision")
    if refused is not None:
        return refused
    on = _day(fields, scene)
    if isinstance(on, Problem):
        return (on,)
    level = _level(fields.get("dose_level"), scene)
    if isinstance(level, Problem):
        return (level,)
    try:
        decision = decide_dose(
            scene,
            part=str(fields["part"]),
            on=on,
            action=str(fields["action"]),
            dose_level=level,
            reason=str(fields.get("reason", "")),
            cohort=str(fields["cohort"]) if "cohort" in fields else None,
        )
    except ValidationError as error:
        return record_problems(error)
    return decision if isinstance(decision, Refusal) else (recorded(scene, decision),)


# --- commands on records that exist ---------------------------------------------------------------


def _amend(scene: Scene, fields: Fields) -> Decided:
    problems = _missing(fields, ("record_id", "reason"))
    if problems:
        return problems
    # A form may have a reason of its own; `record.reason` is that one, `reason` says why it is amended.
    given = {
        name.removeprefix("record."): value
        for name, value in fields.items()
        if name not in ("record_id", "reason", "replaces")
    }
    digest = str(fields["replaces"]) if "replaces" in fields else None
    levelled = _levelled(scene, given)
    return changes.amend(scene, str(fields["record_id"]), levelled, str(fields["reason"]), digest)


def _void(scene: Scene, fields: Fields) -> Decided:
    problems = _unknown(fields, ("record_id", "reason", "replaces")) or _missing(
        fields, ("record_id", "reason")
    )
    digest = str(fields["replaces"]) if "replaces" in fields else None
    return problems or changes.void(scene, str(fields["record_id"]), str(fields["reason"]), digest)


def _sign(scene: Scene, fields: Fields) -> Decided:
    problems = _unknown(fields, ("record_id", "meaning")) or _missing(fields, ("record_id",))
    return problems or changes.sign(scene, str(fields["record_id"]), str(fields.get("meaning", "approval")))


def _lock(scene: Scene, fields: Fields) -> Decided:
    problems = _unknown(fields, ("reason",)) or _missing(fields, ("reason",))
    return problems or check_permission(scene, "lock") or changes.lock(scene, str(fields["reason"]))


def _unlock(scene: Scene, fields: Fields) -> Decided:
    problems = _unknown(fields, ("reason",)) or _missing(fields, ("reason",))
    return problems or check_permission(scene, "unlock") or changes.unlock(scene, str(fields["reason"]))


_SPECIAL: dict[str, Callable[[Scene, Fields], Decided]] = {
    "open_gate": _open_gate,
    "decide": _decide,
    "amend": _amend,
    "void": _void,
    "sign": _sign,
    "lock": _lock,
    "unlock": _unlock,
}

# --- reading fields -------------------------------------------------------------------------------


def _unwritable(fields: Fields) -> tuple[Problem, ...]:
    """Texts that no ledger can hold (half of a surrogate pair), or nobody would read."""
    return tuple(
        said("field_value", name, f"text of at most {MOST_TEXT} characters")
        for name, value in fields.items()
        if isinstance(value, str) and (len(value) > MOST_TEXT or _SURROGATE.search(value))
    )


def _missing(fields: Fields, names: tuple[str, ...]) -> tuple[Problem, ...]:
    return tuple(said("field_missing", name, "") for name in names if not str(fields.get(name, "")).strip())


def _unknown(fields: Fields, names: tuple[str, ...]) -> tuple[Problem, ...]:
    return tuple(said("field_unknown", name, "") for name in fields if name not in names)


def _day(fields: Fields, scene: Scene) -> date | Problem:
    text = str(fields.get("on", scene.today))
    try:
        return date.fromisoformat(text)
    except ValueError:
        return said("field_value", "on", f"{text!r} is not a date: write YYYY-MM-DD")


def _level(value: Json | None, scene: Scene) -> int | Problem | None:
    """A level is named by its number or by its label on the ladder."""
    if value is None or value == "":
        return None
    if str(value) in scene.study.ladder:
        return scene.study.level_of(str(value))
    try:
        return int(str(value))
    except ValueError:
        labels = ", ".join(scene.study.labels)
        return said("field_value", "dose_level", f"{value!r} is not a level; the ladder has {labels}")
