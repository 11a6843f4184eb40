"""Eligibility at the three gates: each criterion met, not met, unknown or waiting for a judgement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from protocyte.base import Message
from protocyte.derive.compiled import compiled
from protocyte.derive.course import Course
from protocyte.derive.eligibility_facts import SubjectFacts, therapies, washout_fact
from protocyte.records.screening import History, Judgement
from protocyte.rules import Verdict
from protocyte.study.eligibility import Criterion, Gate
from protocyte.study.model import Study

Answer = Literal["met", "not_met", "unknown", "needs_judgement"]


@dataclass(frozen=True, slots=True)
class CriterionAnswer:
    """`answer` speaks of eligibility: an exclusion that applies is `not_met`."""

    criterion: str
    kind: Literal["inclusion", "exclusion"]
    answer: Answer
    verdict: Verdict | None
    why: Message | None
    records: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GateAnswer:
    subject: str
    gate: Gate
    on: date
    answers: tuple[CriterionAnswer, ...]

    @property
    def open(self) -> bool:
        return all(answer.answer == "met" for answer in self.answers)

    @property
    def not_met(self) -> tuple[str, ...]:
        return tuple(answer.criterion for answer in self.answers if answer.answer == "not_met")

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(a.criterion for a in self.answers if a.answer in ("unknown", "needs_judgement"))


def judge_gate(study: Study, course: Course, gate: Gate, on: date) -> GateAnswer:
    """Every criterion of `gate` for one subject on one day. Unknown opens no gate."""
    facts = SubjectFacts(study, course, on, gate)  # one for all: a fact is read once
    answers = tuple(
        judge_criterion(study, course, name, criterion, gate, on, facts)
        for name, criterion in study.eligibility.items()
        if gate in criterion.gates
    )
    return GateAnswer(course.subject, gate, on, answers)


def judge_criterion(
    study: Study,
    course: Course,
    name: str,
    criterion: Criterion,
    gate: Gate,
    on: date,
    facts: SubjectFacts | None = None,
) -> CriterionAnswer:
    """One criterion; `facts` of the same subject, day and gate may be lent, so that they are read once."""
    if criterion.rule is None:
        return _judged(course, name, criterion, on)
    verdict = _verdict(criterion.rule, facts or SubjectFacts(study, course, on, gate))
    answer: Answer = verdict.outcome
    if criterion.kind == "exclusion" and answer != "unknown":
        answer = "met" if verdict.outcome == "not_met" else "not_met"
    return CriterionAnswer(name, criterion.kind, answer, verdict, None, verdict.records, verdict.missing)


def _judged(course: Course, name: str, criterion: Criterion, on: date) -> CriterionAnswer:
    """The latest judgement up to the day; `met` in the record speaks of eligibility, not of the exclusion."""
    found = [held for held in course.all(Judgement) if held.record.criterion == name and held.record.on <= on]
    if not found:
        why = Message.of("derive.needs_judgement")
        return CriterionAnswer(name, criterion.kind, "needs_judgement", None, why, (), (name,))
    held = found[-1]
    if not held.signed:  # a word nobody stands by yet (DOMAIN 15)
        why = Message.of("derive.judgement_unsigned", on=held.record.on)
        return CriterionAnswer(name, criterion.kind, "needs_judgement", None, why, (held.record_id,), (name,))
    key = "judged_met" if held.record.met else "judged_not_met"
    why = Message.of(f"derive.{key}", on=held.record.on, reason=held.record.reason)
    answer: Answer = "met" if held.record.met else "not_met"
    return CriterionAnswer(name, criterion.kind, answer, None, why, (held.record_id,), ())


def _verdict(rule: str, facts: SubjectFacts) -> Verdict:
    fact = washout_fact(rule)
    return compiled(rule).evaluate(facts) if fact is None else _of_each_therapy(rule, facts, fact)


def _of_each_therapy(rule: str, facts: SubjectFacts, fact: str) -> Verdict:
    """A washout rule must hold for every earlier therapy of its kind: the worst answer stands.

    Without any such therapy the rule holds if the history says there was none, and is unknown otherwise.
    """
    course, on = facts.course, facts.as_of
    text = compiled(rule).text
    verdicts = [
        compiled(rule).evaluate(SubjectFacts(facts.study, course, on, facts.gate, therapy))
        for therapy in therapies(course, fact)
    ]
    if not verdicts:
        asked = [h for h in course.all(History) if h.record.condition == fact and h.record.on <= on]
        if asked and asked[-1].record.status == "absent":
            return Verdict("met", text, (), (asked[-1].record_id,), ())
        return Verdict("unknown", text, (), (), (fact,))
    order = ("not_met", "unknown", "met")
    return min(verdicts, key=lambda verdict: order.index(verdict.outcome))
