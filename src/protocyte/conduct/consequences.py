"""What follows from news by itself: holds that nobody has to remember to declare.

A decision that is no longer supported holds its level; a stopping rule that is reached holds what it says.
A hold is declared once for a cause; lifting it is a person's act, and the same cause does not hold again.
A cause is told by its subjects: one more of them is another cause.
"""

from __future__ import annotations

from collections.abc import Iterator

from protocyte.conduct.commands import recorded
from protocyte.conduct.scene import Scene
from protocyte.derive.course import Trial
from protocyte.derive.escalation import unsupported_decisions
from protocyte.derive.stopping import derive_stopping
from protocyte.designs import Advice
from protocyte.ledger import Event, Locked, Recorded, StudyAdopted, Unlocked
from protocyte.records.oversight import DoseDecision, Hold

# Forms about a treated subject on which no hold can rest. Amendments and voids are always looked at.
_QUIET = frozenset(
    {
        *("examination", "kinetics_sample", "anti_drug_antibody", "response_call", "contact", "visit"),
        *("missed_visit", "deviation", "medication", "judgement", "gate_review", "history"),
    }
)


def may_have_consequences(trial: Trial, event: Event) -> bool:
    """Holds rest on what happened to infused subjects, and on decisions; most news is about neither."""
    if isinstance(event, Locked | Unlocked | StudyAdopted):
        return False
    current = trial.casebook.get(event.record_id)
    assert current is not None, "it was just written"
    subject, form = current.version.subject, current.version.form
    if subject is None:
        return form in ("dose_decision", "hold")
    if isinstance(event, Recorded) and form in _QUIET:
        return False
    # An infusion voided or amended away leaves a subject without one; what rested on it is looked at.
    return form == "infusion" or trial.course(subject).infused_on is not None


def consequences(scene: Scene) -> tuple[Event, ...]:
    """Holds that the trial as it stands calls for and does not have yet."""
    declared = {held.record.reason for held in scene.trial.all(Hold)}
    events: list[Recorded] = []
    for hold in (*_unsupported(scene), *_stopping(scene)):
        if hold.reason not in declared:
            declared.add(hold.reason)
            event = recorded(scene, hold)
            record_id = _later(event.record_id, len(events))  # the scene does not know its fellows yet
            events.append(event.model_copy(update={"record_id": record_id}))
    return tuple(events)


def _later(record_id: str, by: int) -> str:
    stem, _, number = record_id.rpartition("/")
    return f"{stem}/{int(number) + by}"


def _unsupported(scene: Scene) -> Iterator[Hold]:
    for found in unsupported_decisions(scene.trial):
        decision = found.decision.record
        if decision.dose_level is None or not found.decision.signed or not _tighter(decision, found.now):
            continue
        advice = f"{found.now.action} {found.now.level or ''}".strip()
        toxic = ", ".join(found.dlts) or "nobody"
        reason = (
            f"decision {decision.number} is no longer supported: the advice is now {advice} (DLT: {toxic})"
        )
        yield Hold(
            form="hold",
            on=scene.today,
            scope="level",
            dose_level=decision.dose_level,
            cause="decision_unsupported",
            reason=reason,
        )


def _tighter(decision: DoseDecision, now: Advice) -> bool:
    """Whether the advice now would not let the decision's level be treated as the decision does.

    Where it would allow as much or more, the decision lost its support too, but nobody is at risk by it.
    """
    assert decision.dose_level is not None, "the caller looked"
    if now.level is None or now.action in ("wait", "stop") or now.level < decision.dose_level:
        return True
    return decision.action == "recommend" and now.action != "complete"


def _stopping(scene: Scene) -> Iterator[Hold]:
    for name, rule in scene.study.safety.stopping.items():
        standing = derive_stopping(scene.trial, name, rule, scene.today)
        if standing.state != "stop":
            continue
        level = min(standing.levels) if rule.action == "hold_level" else None
        who = ", ".join(standing.events)
        yield Hold(
            form="hold",
            on=scene.today,
            scope="trial" if level is None else "level",
            dose_level=level,
            cause="death" if "death" in rule.counts else "boundary_crossed",
            reason=f"stopping rule {name} was reached by {who}",
        )
