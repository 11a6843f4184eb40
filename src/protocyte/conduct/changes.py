"""Amending, voiding, signing, locking: what may happen to records that exist.

An amendment is held against the trial as if the record had never been written. What people do within the
trial (enrol, assign, review a gate, decide) must then be permitted as it would have been; what happened to a
subject (an infusion, a collection) is a fact, and only has to be possible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from protocyte.base import Json, Problem
from protocyte.conduct.oversight_checks import open_proposals, open_queries
from protocyte.conduct.permissions import check_permission
from protocyte.conduct.recording import AMENDED, check_record, check_shape, read_record
from protocyte.conduct.refusal import Refusal, refuse
from protocyte.conduct.scene import Scene
from protocyte.derive.escalation import dose_decisions
from protocyte.ledger import Amended, CurrentRecord, Event, Locked, Signed, Unlocked, Voided
from protocyte.records import record_json
from protocyte.records.oversight import DoseDecision

_FIXED = ("form", "subject", "version")
# A decision is what was decided on what was known then: to change it is to take another one.
_FIXED_IN = {"dose_decision": tuple(set(DoseDecision.model_fields) - {"note", "form", "version", "reason"})}

# Without these an infused subject would belong to no cohort and no level, and drop out of the tally unseen.
_CARRIES_AN_INFUSION = frozenset({"consent", "enrolment", "assignment"})

# A signature says what it means; only these are offered.
MEANINGS = ("author", "review", "approval", "responsibility")


def amend(
    scene: Scene, record_id: str, changes: Mapping[str, Json], reason: str, replaces: str | None = None
) -> tuple[Event, ...] | Refusal | tuple[Problem, ...]:
    """The record with `changes` laid over it (an empty text takes a field away).

    `replaces` is the digest the author had in view: if it is not the current one the edit is stale.
    """
    current = _current(scene, record_id, replaces)
    if isinstance(current, Refusal):
        return current
    fixed = {
        name
        for name in (*_FIXED, *_FIXED_IN.get(current.version.form, ()))
        if name in changes and changes[name] != current.record.get(name)
    }
    if fixed:
        return refuse("fixed_field", field=sorted(fixed)[0], record=record_id)
    merged: dict[str, Any] = {**current.record, **changes}
    whole = {name: value for name, value in merged.items() if changes.get(name) != ""}
    parsed = read_record(whole)
    if isinstance(parsed, tuple):
        return parsed
    record = record_json(parsed)
    if record == dict(current.record):
        return refuse("no_change", record=record_id)
    before = replace(scene, trial=scene.trial.without(record_id))
    wrong = check_shape(whole, parsed) or check_record(before, parsed, AMENDED)
    if wrong:
        return wrong
    return (Amended(record_id=record_id, record=record, replaces=current.digest, reason=reason),)


def void(
    scene: Scene, record_id: str, reason: str, replaces: str | None = None
) -> tuple[Event, ...] | Refusal:
    current = _current(scene, record_id, replaces)
    if isinstance(current, Refusal):
        return current
    subject = current.version.subject
    if subject is not None and current.version.form in _CARRIES_AN_INFUSION:
        infused = scene.course(subject).infused_on
        if infused is not None:
            return refuse("carries_infusion", record=record_id, subject=subject, on=infused)
    return (Voided(record_id=record_id, replaces=current.digest, reason=reason),)


def sign(scene: Scene, record_id: str, meaning: str) -> tuple[Event, ...] | Refusal:
    current = scene.trial.casebook.get(record_id)
    if current is None or current.voided:
        return refuse("no_record", record=record_id)
    if meaning not in MEANINGS:
        return refuse("meaning", meaning=meaning, meanings=MEANINGS)
    refused = check_permission(scene, str(current.record["form"]))
    if refused is not None:
        return refused
    if any(s.by == scene.actor and s.meaning == meaning and not s.lapsed for s in current.signatures):
        return refuse("signed", record=record_id, actor=scene.actor)
    return (Signed(record_id=record_id, signs=current.digest, meaning=meaning),)


def lock(scene: Scene, reason: str) -> tuple[Event, ...] | Refusal:
    """The database locks only with every query answered, every DLT adjudicated, every decision signed."""
    queries = tuple(held.record_id for held in open_queries(scene.trial))
    if queries:
        return refuse("open_queries", queries=queries)
    proposals = open_proposals(scene.trial, scene.today)
    if proposals:
        return refuse("open_proposals", proposals=proposals)
    unsigned = tuple(held.record_id for held in dose_decisions(scene.trial) if not held.signed)
    if unsigned:
        return refuse("unsigned_decisions", decisions=unsigned)
    return (Locked(reason=reason),)


def unlock(scene: Scene, reason: str) -> tuple[Event, ...] | Refusal:
    return (Unlocked(reason=reason),) if scene.trial.casebook.locked else refuse("not_locked")


def _current(scene: Scene, record_id: str, replaces: str | None) -> CurrentRecord | Refusal:
    current = scene.trial.casebook.get(record_id)
    if current is None or current.voided:
        return refuse("no_record", record=record_id)
    refused = check_permission(scene, current.version.form, changing=True)
    if refused is not None:
        return refused
    if replaces is not None and replaces != current.digest:
        return refuse("stale", record=record_id, version=current.version_no)
    return current
