"""Safety stopping: how many of those infused had what a rule counts, and whether that is too many.

Pending subjects are counted as what they are, pending: they neither dilute the rate nor are taken for
events. A boundary is crossed by the outcomes that are known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from protocyte.derive.course import Course, Trial
from protocyte.derive.dlt import derive_dlt
from protocyte.derive.grades import DayGrade, grade_crs, grade_gvhd, grade_icans, maximum
from protocyte.derive.toxicity_facts import RELATED
from protocyte.designs.monitoring import BetaBinomialMonitor, Monitor, PocockMonitor
from protocyte.records.follow_up import Death
from protocyte.records.safety import AdverseEvent
from protocyte.study.model import Study
from protocyte.study.parts import Words
from protocyte.study.safety import Boundary, StoppingRule

EARLY_DEATH = 30  # days after the first infusion, as `death_within_30_d` says


@dataclass(frozen=True)
class Stopping:
    """One rule's count: subjects with an event, how many are known to have had none, how many are open.

    `state` is `stop` where the rule is reached; `wait` says that the open ones could still reach a boundary.
    """

    rule: str
    events: tuple[str, ...]
    levels: tuple[int, ...]
    free: int
    pending: int
    limit: int | None  # events that stop among those known now; None where no number would
    state: Literal["continue", "wait", "stop"]


@dataclass(frozen=True)
class StoppingStatus:
    """A stopping rule as a line of a table: what was counted, the boundary, whether it is crossed.

    `boundary` is the number of events that stops among the `known` subjects; None where no number would.
    `could_cross`: the pending ones alone could still reach it.
    """

    rule: str
    title: Words
    counts: str
    part: str | None
    counted: int
    subjects: tuple[str, ...]
    known: int
    pending: int
    boundary: int | None
    crossed: bool
    could_cross: bool
    action: str


def stopping_status(trial: Trial, as_of: date) -> tuple[StoppingStatus, ...]:
    """The standing of every stopping rule of the study in force on `as_of`, in the study's order."""
    rules = trial.study_on(as_of).safety.stopping
    return tuple(
        _status(name, rule, derive_stopping(trial, name, rule, as_of)) for name, rule in rules.items()
    )


def _status(name: str, rule: StoppingRule, standing: Stopping) -> StoppingStatus:
    counted = len(standing.events)
    by_number = rule.at_least is not None and counted + standing.pending >= rule.at_least
    return StoppingStatus(
        rule=name,
        title=rule.title,
        counts=rule.counts,
        part=rule.part,
        counted=counted,
        subjects=standing.events,
        known=counted + standing.free,
        pending=standing.pending,
        boundary=standing.limit,
        crossed=standing.state == "stop",
        could_cross=standing.state == "wait" or (standing.state == "continue" and by_number),
        action=rule.action,
    )


def derive_stopping(trial: Trial, name: str, rule: StoppingRule, as_of: date) -> Stopping:
    """The standing of one stopping rule, over the infused subjects of its part."""
    study = trial.study_on(as_of)
    infused = [
        course
        for course in trial.courses
        if course.infused_on is not None
        and course.infused_on <= as_of
        and (rule.part is None or course.part == rule.part)
    ]
    answers = [(course, _kept(study, course, rule, as_of)) for course in infused]
    hits = [course for course, had in answers if had]
    free = sum(had is False for _, had in answers)
    pending = len(answers) - len(hits) - free
    limit, state = _state(rule, len(hits), len(hits) + free, pending)
    levels = tuple(dict.fromkeys(_levels(hits)))
    return Stopping(name, tuple(course.subject for course in hits), levels, free, pending, limit, state)


def _levels(hits: Iterable[Course]) -> Iterable[int]:
    return (held.record.dose_level for course in hits for held in course.infusions[-1:])


def _state(
    rule: StoppingRule, events: int, known: int, pending: int
) -> tuple[int | None, Literal["continue", "wait", "stop"]]:
    if rule.at_least is not None:
        return rule.at_least, "stop" if events >= rule.at_least else "continue"
    assert rule.boundary is not None, "a rule has one trigger"
    limits = monitor_of(rule.boundary).limits()
    limit = limits[min(known, len(limits) - 1)]
    state = monitor_of(rule.boundary).state(known, events, pending)
    return (limit if limit <= len(limits) else None), state


@lru_cache(maxsize=64)
def monitor_of(boundary: Boundary) -> Monitor:
    """The monitoring design of a study's boundary; `level` is its error, or its posterior certainty."""
    rate, level = (float(share.to("1").value) for share in (boundary.rate, boundary.level))
    if boundary.method == "pocock":
        return PocockMonitor(max_subjects=boundary.subjects, rate=rate, error=level)
    return BetaBinomialMonitor(max_subjects=boundary.subjects, rate=rate, certainty=level)


def _kept(study: Study, course: Course, rule: StoppingRule, as_of: date) -> bool | None:
    """One entry changes one course: the answers of all others are those of before."""
    return course.keep(study, ("had", rule.counts, as_of), lambda: _had(study, course, rule, as_of))


def _had(study: Study, course: Course, rule: StoppingRule, as_of: date) -> bool | None:
    """Whether the subject had what the rule counts; None while that is open. No answer is ever taken back
    by time alone: an event after the window counts too."""
    match rule.counts:
        case "dlt":
            answers = [status.dlt for status in derive_dlt(study, course, as_of)]
            return True if True in answers else None if None in answers else False
        case "related_death":
            return related_death(course) or _when_over(study, course, as_of)
        case "death_within_30_d":
            return _early_death(course, as_of)
        case "grade_4_crs_or_icans":
            days = (*grade_crs(study, course), *grade_icans(study, course))
            return _reached(days, 4) or _when_over(study, course, as_of)
        case "severe_gvhd":
            return _reached(grade_gvhd(course), 3) or _when_over(study, course, as_of)


def _reached(days: Iterable[DayGrade], grade: int) -> bool:
    worst = maximum(days)
    return worst is not None and worst[0] >= grade


def _when_over(study: Study, course: Course, as_of: date) -> bool | None:
    """No event so far: an answer once the observation window is over or the subject is dead."""
    last = course.last_infused_on
    over = course.died_on is not None or (last is not None and last + timedelta(days=study.dlt.days) <= as_of)
    return False if over else None


def _early_death(course: Course, as_of: date) -> bool | None:
    start, died = course.infused_on, course.died_on
    assert start is not None, "only infused subjects are counted"
    if died is not None:
        return died <= start + timedelta(days=EARLY_DEATH)
    return False if as_of > start + timedelta(days=EARLY_DEATH) else None


def related_death(course: Course) -> bool:
    """A fatal event at least possibly related, or a death put down to the product or lymphodepletion."""
    causes = {held.record.cause for held in course.all(Death)}
    fatal = any(
        held.record.maximum_grade == 5 and held.record.attribution.product in RELATED
        for held in course.all(AdverseEvent)
    )
    return fatal or bool(causes & {"product", "lymphodepletion"})
