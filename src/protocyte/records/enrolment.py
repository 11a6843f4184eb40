"""Gates, enrolment, assignment to a level, and leaving the trial."""

from __future__ import annotations

from typing import ClassVar, Literal

from protocyte.records.record import Code, DatedRecord, Level, Text

Gate = Literal["enrolment", "lymphodepletion", "infusion"]


class GateReview(DatedRecord):
    """A gate was judged. The verdicts are re-derived; this keeps who opened it, when and on what."""

    FORM_TITLE: ClassVar = ("Gate review", "关口审核")
    form: Literal["gate_review"] = "gate_review"
    gate: Gate
    passed: bool
    not_met: tuple[Code, ...] = ()
    unknown: tuple[Code, ...] = ()


class Enrolment(DatedRecord):
    """Enrolment reserves a slot in a part (and, where the part has cohorts, in one of them)."""

    FORM_TITLE: ClassVar = ("Enrolment", "入组")
    form: Literal["enrolment"] = "enrolment"
    part: Code
    cohort: Code | None = None


class Assignment(DatedRecord):
    """The dose level a subject is to receive; it may change until lymphodepletion starts."""

    FORM_TITLE: ClassVar = ("Dose assignment", "剂量分配")
    form: Literal["assignment"] = "assignment"
    dose_level: Level
    reason: Text | None = None


class ScreenFailure(DatedRecord):
    FORM_TITLE: ClassVar = ("Screen failure", "筛选失败")
    form: Literal["screen_failure"] = "screen_failure"
    criteria: tuple[Code, ...] = ()
    reason: Text


class Discontinuation(DatedRecord):
    """Leaving treatment or the study. Withdrawal of consent is not loss to follow-up."""

    FORM_TITLE: ClassVar = ("Discontinuation", "退出")
    form: Literal["discontinuation"] = "discontinuation"
    of: Literal["treatment", "study"]
    reason: Literal[
        "manufacturing_failure",
        "disease_progression",
        "adverse_event",
        "withdrawal_of_consent",
        "lost_to_follow_up",
        "death",
        "investigator_decision",
        "completed",
        "other",
    ]
    detail: Text | None = None
