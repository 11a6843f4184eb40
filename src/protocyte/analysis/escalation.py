"""The escalation as it went: cohorts, outcomes, what the design advised, what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from protocyte.analysis.tables import Table, say
from protocyte.base import Message
from protocyte.derive.course import Trial
from protocyte.derive.dlt import DltStatus, derive_dlt
from protocyte.derive.escalation import dose_decisions, unsupported_decisions
from protocyte.designs import operating_characteristics, with_levels
from protocyte.records.oversight import Cohort, DoseDecision
from protocyte.study.model import Study


@dataclass(frozen=True)
class Step:
    """One cohort with its subjects' outcomes, or one decision; in the order of their days."""

    on: date
    part: str
    level: int | None
    label: str
    cohort: str | None = None
    outcomes: tuple[DltStatus, ...] = ()
    decision: DoseDecision | None = None
    advice: Message | None = None
    signed: bool = False
    unsupported: bool = False


def escalation_steps(trial: Trial, as_of: date) -> tuple[Step, ...]:
    steps = [_cohort(trial, held.record, as_of) for held in trial.all(Cohort)]
    steps += [step for name in trial.study.parts if (step := _expansion(trial, name, as_of)) is not None]
    lapsed = {found.decision.record_id for found in unsupported_decisions(trial)}
    for held in dose_decisions(trial):
        record = held.record
        label = trial.study.label_of(record.dose_level) if record.dose_level else "-"
        steps.append(
            Step(
                record.on, record.part, record.dose_level, label, decision=record, advice=record.advice.reason,
                signed=held.signed, unsupported=held.record_id in lapsed,
            )
        )  # fmt: skip
    return tuple(sorted(steps, key=lambda step: (step.on, step.decision is None)))


def _cohort(trial: Trial, cohort: Cohort, as_of: date) -> Step:
    outcomes = tuple(
        status
        for course in trial.courses
        if course.cohort == cohort.cohort and course.part == cohort.part
        for status in derive_dlt(trial.study, course, as_of)
    )
    label = trial.study.label_of(cohort.dose_level)
    return Step(cohort.opened, cohort.part, cohort.dose_level, label, cohort.cohort, outcomes)


def _expansion(trial: Trial, name: str, as_of: date) -> Step | None:
    courses = [c for c in trial.courses if c.part == name and c.infused_on is not None and c.cohort is None]
    if not courses:
        return None
    outcomes = tuple(status for course in courses for status in derive_dlt(trial.study, course, as_of))
    level = courses[0].assigned_level
    opened = min(course.infused_on for course in courses if course.infused_on)
    return Step(opened, name, level, trial.study.label_of(level) if level else "-", name, outcomes)


# Truths at which a reader may judge the study's own design: safe throughout, rising, and steep.
_SHAPES = {"safe": (0.03, 0.12), "rising": (0.05, 0.40), "steep": (0.15, 0.65)}


def characteristics(study: Study) -> Table | None:
    """Exact operating characteristics of the study's own first design; None where it has none."""
    plan = next((part for part in study.parts.values() if part.design is not None), None)
    if plan is None or plan.design is None:
        return None
    levels = len(study.ladder)
    curves = [[_between(low, high, k, levels) for k in range(levels)] for low, high in _SHAPES.values()]
    found = operating_characteristics(with_levels(plan.design, levels), curves).rows()
    rows = tuple(
        (
            say(f"truth_{name}"),
            " / ".join(f"{p:.2f}" for p in row["truth"]),
            " / ".join(f"{p:.3f}" for p in row["selection"]),
            f"{row['none']:.3f}",
            f"{row['expected_subjects']:.1f}",
            f"{sum(row['mean_dlt']):.2f}",
        )
        for name, row in zip(_SHAPES, found, strict=True)
    )
    columns = tuple(say(n) for n in ("truth", "true_rates", "selected", "none_selected", "subjects", "dlts"))
    method = say("method_exact" if found[0]["method"] == "exact" else "method_simulated")
    return Table(
        "characteristics",
        say("title_characteristics"),
        columns,
        rows,
        say("of_design", design=plan.design.design),
        (method,),
    )


def _between(low: float, high: float, k: int, levels: int) -> float:
    return round(low if levels == 1 else low + (high - low) * (k / (levels - 1)) ** 1.5, 4)
