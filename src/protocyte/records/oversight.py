"""Cohorts, holds, dose decisions, deviations and queries: whatever a person can get wrong is a record."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from protocyte.base import Frozen, Message
from protocyte.records.record import Code, DatedRecord, Level, RecordId, SubjectId, Text, TrialRecord


class Cohort(TrialRecord):
    """A group of slots at one level of one part."""

    FORM_TITLE: ClassVar = ("Cohort", "剂量组")
    form: Literal["cohort"] = "cohort"
    cohort: Code
    part: Code
    dose_level: Level
    size: Annotated[int, Field(ge=1, le=500)]
    opened: date


class Hold(TrialRecord):
    """Infusion is on hold, for the trial or for a level and those above it."""

    FORM_TITLE: ClassVar = ("Hold", "暂停")
    form: Literal["hold"] = "hold"
    on: date
    scope: Literal["trial", "level"]
    dose_level: Level | None = None
    cause: Literal["boundary_crossed", "death", "dlt_proposal", "decision_unsupported", "committee", "other"]
    reason: Text


class HoldLift(TrialRecord):
    FORM_TITLE: ClassVar = ("Hold lifted", "解除暂停")
    form: Literal["hold_lift"] = "hold_lift"
    hold: RecordId
    on: date
    reason: Text


class AdviceGiven(Frozen):
    """The design's advice as it stood: what replay must reproduce (evidence within 1e-6)."""

    action: Code
    level: Level | None = None
    reason: Message
    evidence: dict[str, str] = {}


class DoseDecision(TrialRecord):
    """What the committee decided, beside what the design advised, and everything needed to replay it."""

    FORM_TITLE: ClassVar = ("Dose decision", "剂量决定")
    form: Literal["dose_decision"] = "dose_decision"
    number: int
    on: date
    part: Code
    cohort: Code | None = None
    advice: AdviceGiven
    action: Literal["escalate", "stay", "de_escalate", "stop", "recommend"]
    dose_level: Level | None = None
    deviates: bool
    reason: Text
    cut_off: int  # the last entry known when the advice was computed
    study_digest: str
    software: str
    vocabulary: str


class Deviation(DatedRecord):
    """A departure from the protocol by a subject's course."""

    FORM_TITLE: ClassVar = ("Protocol deviation", "方案偏离")
    form: Literal["deviation"] = "deviation"
    category: Code
    importance: Literal["minor", "major"]
    description: Text


class Query(TrialRecord):
    """A question about a record, raised by a person or by an edit check."""

    FORM_TITLE: ClassVar = ("Query", "质疑")
    form: Literal["query"] = "query"
    about: RecordId
    subject: SubjectId | None = None
    question: Text
    on: date


class QueryAnswer(TrialRecord):
    FORM_TITLE: ClassVar = ("Answer to a query", "质疑答复")
    form: Literal["query_answer"] = "query_answer"
    query: RecordId
    answer: Text
    closes: bool = True
    on: date
