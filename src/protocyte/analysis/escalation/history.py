"""The escalation as it went: cohorts, outcomes, what the design advised, what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from protocyte.analysis.cut import Cut
from protocyte.analysis.tables import Cell, Chance, Column, Number, ResultTable, Row, number, phrase, say
from protocyte.base import InputError, Message
from protocyte.derive.course import Course
from protocyte.derive.dlt import DltStatus, derive_dlt
from protocyte.derive.escalation import Unsupported, dose_decisions, unsupported_decisions
from protocyte.designs import operating_characteristics, with_levels
from protocyte.records.oversight import Cohort, DoseDecision
from protocyte.study.model import Part, Study


@dataclass(frozen=True)
class Group:
    """A cohort, or the subjects of a part without cohorts, with each subject's outcomes by window.

    `on` is the day it opened; of a part without cohorts, the day of its first infusion.
    """

    on: date
    part: str
    name: str
    level: int | None
    outcomes: tuple[DltStatus, ...]

    @property
    def dlts(self) -> int:
        return sum(status.status == "dlt" for status in self.outcomes)


@dataclass(frozen=True)
class Decision:
    """One dose decision with what was advised; `lapsed` where what is known now no longer supports it."""

    number: int
    on: date
    part: str
    action: str
    level: str | None
    advice: Message
    advised: str
    advised_level: str | None
    deviates: bool
    reason: str
    signed_by: str | None
    cut_off: int
    lapsed: Unsupported | None = None


@dataclass(frozen=True)
class Escalation:
    groups: tuple[Group, ...]
    decisions: tuple[Decision, ...]


def escalation(cut: Cut) -> Escalation:
    groups = [_cohort(cut, held.record) for held in cut.all(Cohort)]
    groups += [group for name in cut.study.parts if (group := _without_cohort(cut, name)) is not None]
    groups.sort(key=lambda group: group.on)
    return Escalation(tuple(groups), decisions(cut))


def decisions(cut: Cut) -> tuple[Decision, ...]:
    lapsed = {found.decision.record_id: found for found in unsupported_decisions(cut.trial)}
    return tuple(
        _decision(cut, held.record, held.by if held.signed else None, lapsed.get(held.record_id))
        for held in dose_decisions(cut.trial)
        if held.record.on <= cut.as_of
    )


def _decision(cut: Cut, record: DoseDecision, by: str | None, lapsed: Unsupported | None) -> Decision:
    def label(level: int | None) -> str | None:
        return cut.study.label_of(level) if level else None

    return Decision(
        number=record.number, on=record.on, part=record.part, action=record.action,
        level=label(record.dose_level), advice=record.advice.reason, advised=record.advice.action,
        advised_level=label(record.advice.level), deviates=record.deviates, reason=record.reason,
        signed_by=by, cut_off=record.cut_off, lapsed=lapsed,
    )  # fmt: skip


def _cohort(cut: Cut, cohort: Cohort) -> Group:
    courses = [c for c in cut.infused if c.cohort == cohort.cohort and c.part == cohort.part]
    return Group(cohort.opened, cohort.part, cohort.cohort, cohort.dose_level, _outcomes(cut, courses))


def _without_cohort(cut: Cut, name: str) -> Group | None:
    courses = [course for course in cut.infused if course.part == name and course.cohort is None]
    if not courses:
        return None
    opened = min(course.infused_on for course in courses if course.infused_on)
    return Group(opened, name, name, courses[0].assigned_level, _outcomes(cut, courses))


def _outcomes(cut: Cut, courses: list[Course]) -> tuple[DltStatus, ...]:
    ordered = sorted(courses, key=lambda course: (course.infused_on, course.subject))
    return tuple(status for course in ordered for status in derive_dlt(cut.study, course, cut.as_of))


# Truths at which a reader may judge the study's own design, as DLT probabilities of the lowest and the
# highest level (and, for a study of one level, of that one): safe throughout, rising, and steep.
SHAPES = {"safe": (0.03, 0.12, 0.10), "rising": (0.05, 0.40, 0.25), "steep": (0.15, 0.65, 0.40)}


def characteristics(study: Study) -> ResultTable | None:
    """Exact operating characteristics of the study's first design; None without one, or too large a one."""
    part = next((part for part in study.parts.values() if part.design is not None), None)
    if part is None:
        return None
    try:
        return _characteristics(study, part)
    except InputError:  # too many states to enumerate: a page of a report is no place for a simulation
        return None


def _characteristics(study: Study, part: Part) -> ResultTable:
    assert part.design is not None
    levels = len(study.ladder)
    curves = [[_truth(shape, k, levels) for k in range(levels)] for shape in SHAPES.values()]
    found = operating_characteristics(with_levels(part.design, levels), curves).rows()
    rows: list[Row] = []
    for name, curve, row in zip(SHAPES, curves, found, strict=True):
        group = say(f"truth_{name}")
        lines: list[tuple[str, list[Cell]]] = [
            ("true_rate", [*map(Chance, curve), None, None]),
            ("selected", [*map(Chance, row["selection"]), Chance(row["none"]), None]),
            ("treated_here", [*map(Number, row["mean_treated"]), None, Number(row["expected_subjects"])]),
            (
                "dlts_here",
                [*(Number(n, 2) for n in row["mean_dlt"]), None, Number(sum(row["mean_dlt"]), 2)],
            ),
        ]
        rows += [
            Row((say(line), *cells), group=group, strong=line == "selected") for line, cells in lines
        ]  # fmt: skip
    columns = (
        Column(""),
        *(Column(label, "number") for label in study.labels),
        *number("no_level", "expected_all"),
    )
    note = say("method_exact" if found[0]["method"] == "exact" else "method_simulated")
    return ResultTable(
        "characteristics", say("title_characteristics"), columns, tuple(rows),
        phrase("of_design", design=part.title), (note,),
    )  # fmt: skip


def _truth(shape: tuple[float, float, float], k: int, levels: int) -> float:
    low, high, alone = shape
    return alone if levels == 1 else round(low + (high - low) * (k / (levels - 1)) ** 1.5, 4)
