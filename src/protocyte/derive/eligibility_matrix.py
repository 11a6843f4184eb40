"""Criterion by subject at a gate: verdicts with their evidence, what time alone will change, and what-if.

Time changes an answer where a rule looks back over a window, counts age or a washout: evidence then expires, or
a washout completes, without anything new being recorded. A rule without a window has no expiry, for the study
states none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Literal

from protocyte.base import Message
from protocyte.derive.compiled import compiled
from protocyte.derive.course import Course, Held
from protocyte.derive.data_cut import day_of, until
from protocyte.derive.eligibility import Answer, CriterionAnswer, GateAnswer, judge_criterion, judge_gate
from protocyte.derive.eligibility_facts import SubjectFacts
from protocyte.records import Record
from protocyte.rules.nodes import Name, Window
from protocyte.study.eligibility import Criterion, Gate
from protocyte.study.model import Study

AHEAD = 60  # days looked ahead for changes by time alone: the usual way from screening to infusion
_COUNTS_TIME = frozenset({"age", "creatinine_clearance", "systemic_washout", "checkpoint_washout"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """One value an answer rests on; `on` is None where its day is not known or it has none."""

    fact: str
    value: str
    on: str | None
    record: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One criterion of one subject.

    `changes_on` is the first day on which time alone turns the answer into `becomes`, if nothing is
    recorded and the gate is judged then: the expiry of what is met, the end of a washout not yet long enough.
    """

    subject: str
    criterion: str
    kind: Literal["inclusion", "exclusion"]
    answer: Answer
    rule: str | None
    why: Message | None
    evidence: tuple[Evidence, ...]
    records: tuple[str, ...]
    missing: tuple[str, ...]
    changes_on: date | None = None
    becomes: Answer | None = None

    @property
    def expires_on(self) -> date | None:
        """The first day on which what is met now no longer is."""
        return self.changes_on if self.answer == "met" else None


@dataclass(frozen=True, slots=True)
class Row:
    """One subject at the gate. `open_until`: the last day the gate stays open by what is known, if it is open
    and closes within the days looked ahead."""

    subject: str
    cells: tuple[Cell, ...]

    @property
    def open(self) -> bool:
        return all(cell.answer == "met" for cell in self.cells)

    @property
    def open_until(self) -> date | None:
        ends = [cell.expires_on for cell in self.cells if cell.expires_on is not None]
        return min(ends) - timedelta(days=1) if ends and self.open else None


@dataclass(frozen=True, slots=True)
class Matrix:
    gate: Gate
    on: date
    criteria: tuple[str, ...]
    rows: tuple[Row, ...]


def eligibility_matrix(
    study: Study, courses: Iterable[Course], gate: Gate, on: date, ahead: int = AHEAD
) -> Matrix:
    """Every criterion of `gate` for every subject, judged on `on`, and what changes in `ahead` days."""
    criteria = tuple(name for name, one in study.eligibility.items() if gate in one.gates)
    rows = tuple(_row(study, until(course, on), gate, on, ahead) for course in courses)
    return Matrix(gate, on, criteria, rows)


def _row(study: Study, course: Course, gate: Gate, on: date, ahead: int) -> Row:
    answers = judge_gate(study, course, gate, on).answers
    changes = _changes(study, course, answers, gate, on, ahead)
    cells = tuple(
        _cell(course, one, study.eligibility[one.criterion], changes.get(one.criterion)) for one in answers
    )
    return Row(course.subject, cells)


def _cell(
    course: Course, answer: CriterionAnswer, criterion: Criterion, change: tuple[date, Answer] | None
) -> Cell:
    changes_on, becomes = change or (None, None)
    return Cell(
        subject=course.subject,
        criterion=answer.criterion,
        kind=answer.kind,
        answer=answer.answer,
        rule=criterion.rule,
        why=answer.why,
        evidence=tuple(dict.fromkeys(_evidence(course, answer))),
        records=answer.records,
        missing=answer.missing,
        changes_on=changes_on,
        becomes=becomes,
    )


def _evidence(course: Course, answer: CriterionAnswer) -> Iterator[Evidence]:
    if answer.verdict is not None:
        for step in answer.verdict.because:
            for fact, observation in step.used:
                on = None if observation.date is None else str(observation.date)
                value = "" if observation.value is None else str(observation.value)
                yield Evidence(fact, value, on, observation.record_id)
    for held in course.held:
        if answer.verdict is None and held.record_id in answer.records:
            yield Evidence(answer.criterion, answer.answer, str(held.record.on), held.record_id)


# --- what time alone changes --------------------------------------------------------------------------


def _changes(
    study: Study, course: Course, answers: tuple[CriterionAnswer, ...], gate: Gate, on: date, ahead: int
) -> dict[str, tuple[date, Answer]]:
    """Day by day: an answer may change more than once, and the first change is the one that is told."""
    waiting = {
        one.criterion: one.answer
        for one in answers
        if (rule := study.eligibility[one.criterion].rule) is not None and depends_on_time(rule)
    }
    found: dict[str, tuple[date, Answer]] = {}
    for days in range(1, ahead + 1):
        then = on + timedelta(days=days)
        facts = SubjectFacts(study, course, then, gate)
        for name, now in tuple(waiting.items()):
            later = judge_criterion(study, course, name, study.eligibility[name], gate, then, facts).answer
            if later != now:
                found[name] = (then, later)
                del waiting[name]
    return found


@lru_cache(maxsize=1024)
def depends_on_time(rule: str) -> bool:
    """Whether a rule can be answered differently on another day with the same records."""
    return any(
        isinstance(node, Window) or (isinstance(node, Name) and node.name in _COUNTS_TIME)
        for node in _nodes(compiled(rule).rule.body)
    )


def _nodes(node: Any) -> Iterator[Any]:
    """A rule's tree, node by node: every node is a dataclass, its parts are nodes or tuples of them."""
    if isinstance(node, tuple):
        for part in node:
            yield from _nodes(part)
    elif is_dataclass(node):
        yield node
        for one in fields(node):
            yield from _nodes(getattr(node, one.name))


# --- what if ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The gate with results that have not arrived; `changed` maps criteria to the answers before and after."""

    before: GateAnswer
    after: GateAnswer

    @property
    def changed(self) -> dict[str, tuple[Answer, Answer]]:
        then = {one.criterion: one.answer for one in self.after.answers}
        return {
            one.criterion: (one.answer, then[one.criterion])
            for one in self.before.answers
            if one.answer != then[one.criterion]
        }


def what_if(study: Study, course: Course, gate: Gate, on: date, arriving: Iterable[Record]) -> WhatIf:
    """The gate as it would be judged on `on` if these records were there too. Nothing is written.

    Raises nothing for a record of a later day: it simply does not exist yet on `on`.
    """
    seq = course.last_seq
    added = tuple(
        Held(f"what-if/{number}", record, seq + number)
        for number, record in enumerate(arriving, start=1)
        if (day_of(record) or on) <= on
    )
    then = Course(course.subject, course.held + added, seq + len(added))
    return WhatIf(judge_gate(study, course, gate, on), judge_gate(study, then, gate, on))
