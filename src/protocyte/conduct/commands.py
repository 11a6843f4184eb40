"""The one door: a command by name, with its fields, becomes events, a refusal, or problems.

Most commands are forms: the name of the form is the name of the command. A few compute what they record
(`open_gate`, `decide`), and a few change records that exist (`amend`, `void`, `sign`, `lock`, `unlock`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError

from protocyte.base import InputError, Json, Message, Place, Problem
from protocyte.conduct import changes
from protocyte.conduct.course_checks import (
    check_assignment,
    check_enrolment,
    check_gate_review,
    check_subject,
)
from protocyte.conduct.decisions import decide_dose
from protocyte.conduct.dosing_checks import check_infusion, check_lymphodepletion
from protocyte.conduct.edit_checks import check_edits
from protocyte.conduct.oversight_checks import (
    check_adjudication,
    check_answer,
    check_cohort,
    check_hold,
    check_hold_lift,
    check_query,
)
from protocyte.conduct.permissions import check_permission
from protocyte.conduct.problems import record_problems
from protocyte.conduct.product_checks import (
    check_allocation,
    check_donor_lot,
    check_leukapheresis,
    check_manufacture,
    check_release,
)
from protocyte.conduct.refusal import Refusal, refuse
from protocyte.conduct.scene import Scene
from protocyte.derive.eligibility import judge_gate
from protocyte.ledger import Event, Recorded
from protocyte.records import FORMS, Record, parse_record, record_json, subject_of

Decided = tuple[Event, ...] | Refusal | tuple[Problem, ...]
Fields = Mapping[str, Json]

# What must be true of a form beyond its being well formed.
CHECKS: dict[str, Callable[[Scene, Any], Refusal | None]] = {
    "enrolment": check_enrolment,
    "assignment": check_assignment,
    "gate_review": check_gate_review,
    "leukapheresis": check_leukapheresis,
    "manufacture": check_manufacture,
    "release": check_release,
    "donor_lot": check_donor_lot,
    "lot_allocation": check_allocation,
    "lymphodepletion": check_lymphodepletion,
    "infusion": check_infusion,
    "cohort": check_cohort,
    "hold": check_hold,
    "hold_lift": check_hold_lift,
    "dlt_adjudication": check_adjudication,
    "query": check_query,
    "query_answer": check_answer,
}


def decide(scene: Scene, command: str, fields: Fields) -> Decided:
    """What `command` does now. Pure: nothing is written, the clock is not read."""
    if scene.trial.casebook.locked and command != "unlock":
        return refuse("locked")
    special = _SPECIAL.get(command)
    try:
        if special is not None:
            return special(scene, fields)
        if command in FORMS and command != "dose_decision":
            return record_form(scene, {**fields, "form": command})
    except InputError as error:  # an argument a scale or a design cannot use
        return (_said("field_value", "", str(error)),)
    return (_said("unknown_command", command, "", known=sorted(command_names())),)


def command_names() -> tuple[str, ...]:
    return (*(form for form in FORMS if form != "dose_decision"), *_SPECIAL)


def record_form(scene: Scene, fields: Fields) -> Decided:
    """Record one form: permission, shape, course of the subject, the form's own rule, plausibility."""
    refused = check_permission(scene, str(fields.get("form")))
    if refused is not None:
        return refused
    try:
        record = parse_record(dict(fields))
    except ValidationError as error:
        return record_problems(error)
    form = str(fields["form"])
    refused = check_subject(scene, record) or (CHECKS[form](scene, record) if form in CHECKS else None)
    if refused is not None:
        return refused
    return check_edits(scene, record) or (recorded(scene, record),)


def recorded(scene: Scene, record: Record) -> Recorded:
    json = record_json(record)
    return Recorded(record_id=scene.next_id(str(json["form"]), subject_of(record)), record=json)


# --- commands that compute what they record -------------------------------------------------------


def _open_gate(scene: Scene, fields: Fields) -> Decided:
    """Judge a gate as of a day and, if every criterion is met, record that it was opened."""
    problems = _unknown(fields, ("subject", "gate", "on")) or _missing(fields, ("subject", "gate"))
    if problems:
        return problems
    on = _day(fields, scene)
    if isinstance(on, Problem):
        return (on,)
    subject, gate = str(fields["subject"]), str(fields["gate"])
    if gate not in ("enrolment", "lymphodepletion", "infusion"):
        return (_said("field_value", "gate", f"{gate!r} is not enrolment, lymphodepletion or infusion"),)
    answer = judge_gate(scene.trial.study_on(on), scene.course(subject), gate, on)  # type: ignore[arg-type]
    form: dict[str, Json] = {
        "form": "gate_review",
        "subject": subject,
        "gate": gate,
        "on": str(on),
        "passed": answer.open,
    }
    return record_form(scene, form)


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
    given = {name: value for name, value in fields.items() if name not in ("record_id", "reason", "replaces")}
    digest = str(fields["replaces"]) if "replaces" in fields else None
    return changes.amend(scene, str(fields["record_id"]), given, str(fields["reason"]), digest)


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


def _said(key: str, path: str, detail: str, **params: object) -> Problem:
    message = Message.of(f"conduct.{key}", field=path, detail=detail, **params)
    return Problem(
        severity="error", rule=f"command.{key}", message=message, place=Place(file="command", path=path)
    )


def _missing(fields: Fields, names: tuple[str, ...]) -> tuple[Problem, ...]:
    return tuple(_said("field_missing", name, "") for name in names if not str(fields.get(name, "")).strip())


def _unknown(fields: Fields, names: tuple[str, ...]) -> tuple[Problem, ...]:
    return tuple(_said("field_unknown", name, "") for name in fields if name not in names)


def _day(fields: Fields, scene: Scene) -> date | Problem:
    text = str(fields.get("on", scene.today))
    try:
        return date.fromisoformat(text)
    except ValueError:
        return _said("field_value", "on", f"{text!r} is not a date: write YYYY-MM-DD")


def _level(value: Json | None, scene: Scene) -> int | Problem | None:
    """A level is named by its number or by its label on the ladder."""
    if value is None or value == "":
        return None
    if value in scene.study.ladder:
        return scene.study.level_of(str(value))
    try:
        return int(str(value))
    except ValueError:
        labels = ", ".join(scene.study.labels)
        return _said("field_value", "dose_level", f"{value!r} is not a level; the ladder has {labels}")
