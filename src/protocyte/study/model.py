"""The study: the whole protocol as one frozen, typed value."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import field_validator, model_validator

from protocyte.base import Frozen, Quantity
from protocyte.designs import DesignNode
from protocyte.study.efficacy import AnalysisSet, Endpoint, KineticsAssay, ResponsePlan, VisitPlan
from protocyte.study.eligibility import Criterion
from protocyte.study.ordering import by_dose
from protocyte.study.parts import Count, Dose, Label, Sentence, Slug, Words, wrong
from protocyte.study.safety import DltPlan, Evaluability, FollowUpPlan, SafetyPlan, Scales
from protocyte.study.treatment import (
    DiseasePlan,
    Dosing,
    LymphodepletionPlan,
    Product,
    Site,
    Slots,
    Stagger,
)


class Part(Frozen):
    """A part of the trial: an escalation with its design, or an expansion at a level.

    `dose` of an expansion is `recommended` (the signed recommendation) or a label of the ladder.
    """

    title: Words
    kind: Literal["escalation", "expansion"]
    design: DesignNode | None = None
    dose: Label | None = None
    subjects: Count | None = None
    stagger: Stagger
    slots: Slots

    @model_validator(mode="after")
    def _kind_has_its_parts(self) -> Part:
        if self.kind == "escalation" and (self.design is None or self.dose is not None):
            raise wrong("part.escalation")
        if self.kind == "expansion" and (self.dose is None or self.subjects is None):
            raise wrong("part.expansion")
        return self


class StudyFact(Frozen):
    """A fact the closed list lacks: where this study's records hold it, and what it is called."""

    source: Literal["labs", "examination", "history"]
    item: Slug
    kind: Literal["number", "quantity", "code", "flag"]
    unit: Label | None = None
    codes: tuple[Label, ...] = ()
    label: Words


class Study(Frozen):
    """What the trial is. Scientific fields have no defaults: what nobody stated is a problem, not a guess."""

    study: Slug
    version: Sentence
    effective: date
    title: Words
    phase: Literal["1", "1/2", "early 1"]
    registry: Sentence | None = None
    sites: dict[Label, Site]
    diseases: dict[Slug, DiseasePlan]
    product: Product
    ladder: dict[Label, Dose]
    dosing: Dosing
    lymphodepletion: LymphodepletionPlan
    parts: dict[Slug, Part]
    planned_subjects: Count
    scales: Scales
    dlt: DltPlan
    evaluability: Evaluability
    facts: dict[Slug, StudyFact] = {}
    eligibility: dict[Slug, Criterion]
    schedule: dict[Slug, VisitPlan]
    response: ResponsePlan
    endpoints: dict[Slug, Endpoint]
    kinetics: dict[Slug, KineticsAssay]
    analysis_sets: dict[Slug, AnalysisSet]
    safety: SafetyPlan
    follow_up: FollowUpPlan
    registered: dict[str, Sentence] = {}
    assumed: dict[str, Sentence] = {}
    departs: dict[str, Sentence] = {}

    @field_validator("ladder")
    @classmethod
    def _from_the_lowest_up(cls, ladder: dict[str, Quantity]) -> dict[str, Quantity]:
        return by_dose(ladder)

    @field_validator("parts")
    @classmethod
    def _escalation_first(cls, parts: dict[str, Part]) -> dict[str, Part]:
        return dict(sorted(parts.items(), key=lambda item: item[1].kind))

    @field_validator("eligibility")
    @classmethod
    def _inclusion_first(cls, criteria: dict[str, Criterion]) -> dict[str, Criterion]:
        return dict(sorted(criteria.items(), key=lambda item: item[1].kind, reverse=True))

    @field_validator("schedule")
    @classmethod
    def _in_the_order_of_days(cls, visits: dict[str, VisitPlan]) -> dict[str, VisitPlan]:
        return dict(sorted(visits.items(), key=lambda item: (item[1].anchor, item[1].day)))

    @field_validator("endpoints")
    @classmethod
    def _primary_first(cls, endpoints: dict[str, Endpoint]) -> dict[str, Endpoint]:
        roles = ("primary", "secondary", "exploratory")
        return dict(sorted(endpoints.items(), key=lambda item: roles.index(item[1].role)))

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self.ladder)

    def dose_of(self, level: int) -> Quantity:
        """The dose of a level (1 = lowest)."""
        return self.ladder[self.labels[level - 1]]

    def label_of(self, level: int) -> str:
        return self.labels[level - 1]

    def level_of(self, label: str) -> int:
        return self.labels.index(label) + 1
