"""What follows from news by itself: holds that nobody has to remember to declare.

A decision that is no longer supported holds its level; a stopping rule that is reached holds what it says.
A hold is declared once for a cause; lifting it is a person's act, and the same cause does not hold again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from protocyte.conduct.commands import recorded
from protocyte.conduct.scene import Scene
from protocyte.derive.course import Course, Trial, infused
from protocyte.derive.dlt import derive_dlt
from protocyte.derive.escalation import unsupported_decisions
from protocyte.derive.grades import grade_crs, grade_gvhd, grade_icans, maximum
from protocyte.derive.toxicity_facts import RELATED
from protocyte.ledger import Event, Recorded
from protocyte.records.follow_up import Death
from protocyte.records.oversight import Hold
from protocyte.records.safety import AdverseEvent
from protocyte.study.safety import StoppingRule

# Records on which no hold can rest; anything else, and any amendment or void, is looked at.
_QUIET = frozenset(
    {
        *("labs", "examination", "marrow", "kinetics_sample", "anti_drug_antibody", "response_call"),
        *("contact", "visit", "missed_visit", "deviation", "query", "query_answer"),
        *("consent", "demographics", "disease", "antigen", "history", "prior_therapy"),
        *("judgement", "gate_review"),
    }
)


def may_have_consequences(event: Event) -> bool:
    return not (isinstance(event, Recorded) and event.record["form"] in _QUIET)


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
        if decision.dose_level is None or not found.decision.signed:
            continue
        reason = f"decision {decision.number} is no longer supported: the advice is now {found.now.action}"
        yield Hold(
            form="hold",
            on=scene.today,
            scope="level",
            dose_level=decision.dose_level,
            cause="decision_unsupported",
            reason=reason,
        )


def _stopping(scene: Scene) -> Iterator[Hold]:
    for name, rule in scene.study.safety.stopping.items():
        counted, levels = count_for(scene.trial, rule, scene)
        limit = rule.at_least
        if limit is None or counted < limit:
            continue
        level = min(levels) if rule.action == "hold_level" and levels else None
        yield Hold(
            form="hold",
            on=scene.today,
            scope="trial" if level is None else "level",
            dose_level=level,
            cause="death" if "death" in rule.counts else "boundary_crossed",
            reason=f"stopping rule {name}: {counted} reached {limit}",
        )


def count_for(trial: Trial, rule: StoppingRule, scene: Scene) -> tuple[int, list[int]]:
    """How many infused subjects (of the rule's part) had what the rule counts, and at which levels."""
    hits = [
        course
        for course in infused(trial.courses)
        if (rule.part is None or course.part == rule.part) and _counts(scene, course, rule)
    ]
    return len(hits), [course.assigned_level for course in hits if course.assigned_level is not None]


def _counts(scene: Scene, course: Course, rule: StoppingRule) -> bool:
    match rule.counts:
        case "dlt":
            return any(s.dlt is True for s in derive_dlt(scene.study, course, scene.today))
        case "related_death":
            return _related_death(course)
        case "death_within_30_d":
            start, died = course.infused_on, course.died_on
            return start is not None and died is not None and died <= start + timedelta(days=30)
        case "grade_4_crs_or_icans":
            days = (*grade_crs(scene.study, course), *grade_icans(scene.study, course))
            worst = maximum(days)
            return worst is not None and worst[0] >= 4
        case "severe_gvhd":
            worst = maximum(grade_gvhd(course))
            return worst is not None and worst[0] >= 3


def _related_death(course: Course) -> bool:
    """A fatal event at least possibly related, or a death put down to the product or lymphodepletion."""
    causes = {held.record.cause for held in course.all(Death)}
    fatal = any(
        held.record.maximum_grade == 5 and held.record.attribution.product in RELATED
        for held in course.all(AdverseEvent)
    )
    return fatal or bool(causes & {"product", "lymphodepletion"})
