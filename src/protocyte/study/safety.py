"""What is a dose-limiting toxicity, who can be evaluated for one, and when the trial pauses."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator, model_validator

from protocyte.base import Frozen
from protocyte.study.parts import Count, Day, Duration, Flag, Label, Percent, RuleText, Slug, Words, wrong


class DltCriterion(Frozen):
    label: Words
    when: RuleText


class DltPlan(Frozen):
    """The window runs from day 0 of the anchor to `days` after it, both inclusive.

    `window_from` / `window_to`: for a split dose, from the first fraction to `days` after the last one.
    """

    days: Count
    window_from: Literal["first_infusion", "each_infusion"]
    window_to: Literal["first_infusion", "last_infusion"]
    criteria: dict[Slug, DltCriterion]


class Evaluability(Frozen):
    """DLT-evaluable: had a DLT, or received `minimum_dose` of what was planned and completed the window."""

    minimum_dose: Percent
    replace: Flag
    ended_by: tuple[Literal["transplant", "new_therapy", "discontinuation", "death"], ...]


class Scales(Frozen):
    """Grading scales with their versions. Both CRS readings are kept where a CTCAE version has one too."""

    ae: Literal["ctcae-4.03", "ctcae-5.0", "ctcae-6.0"]
    crs: Literal["astct-crs", "lee2014-crs"]
    icans: Literal["astct-icans"]
    gvhd: Literal["magic"] | None = None


class Boundary(Frozen):
    """A continuous monitoring boundary: Pocock-type exact, or beta-binomial posterior."""

    method: Literal["pocock", "beta_binomial"]
    rate: Percent
    level: Percent
    subjects: Count


class StoppingRule(Frozen):
    """When `counts` reaches `at_least` (or crosses `boundary`), `action` follows and a person may lift it."""

    title: Words
    counts: Literal["dlt", "related_death", "death_within_30_d", "grade_4_crs_or_icans", "severe_gvhd"]
    part: Slug | None = None
    at_least: Count | None = None
    boundary: Boundary | None = None
    action: Literal["hold_trial", "hold_level"]

    @model_validator(mode="after")
    def _one_trigger(self) -> StoppingRule:
        if (self.at_least is None) == (self.boundary is None):
            raise wrong("stopping.trigger")
        return self


class Period(Frozen):
    """A stretch of days after the first infusion by which adverse events are tabulated."""

    title: Words
    first_day: Day
    last_day: Day | None = None


class SafetyPlan(Frozen):
    emergent_from: Literal["lymphodepletion", "infusion"]
    collect_for: Duration
    special_interest: tuple[Label, ...]
    periods: dict[Slug, Period]
    stopping: dict[Slug, StoppingRule]

    @field_validator("periods")
    @classmethod
    def _in_the_order_of_days(cls, periods: dict[str, Period]) -> dict[str, Period]:
        return dict(sorted(periods.items(), key=lambda item: item[1].first_day))


class FollowUpPlan(Frozen):
    until: Duration
    contact_every: Duration
    long_term: Duration | None = None
