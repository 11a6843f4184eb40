"""What is given: product, dose ladder, fractions, climbing within a subject, lymphodepletion."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from protocyte.base import Frozen, Quantity
from protocyte.study.parts import (
    Count,
    Day,
    Dose,
    Duration,
    Flag,
    Label,
    Percent,
    RuleText,
    Sentence,
    Slug,
    Words,
    wrong,
)


class Product(Frozen):
    name: Sentence
    kind: Literal["CAR-T", "STAR-T", "universal CAR-T"]
    antigen: Label
    origin: Literal["autologous", "allogeneic"]


class Fraction(Frozen):
    """One infusion of a split dose: on `day` (0 = first infusion), `share` of the level's dose."""

    day: Day
    share: Percent


class Climb(Frozen):
    """Escalation within a subject: the next level after `after`, unless `unless` holds or a response came."""

    after: Duration
    unless: RuleText
    stop_at_response: Flag = True


class Dosing(Frozen):
    """How a level's dose reaches the subject.

    `tolerance`: an infusion within this share of a level counts at that level. `weight_within`: how old the
    weight may be. `next_fraction` must hold before a further fraction is given.
    """

    scheme: Literal["single", "split", "intra_subject"]
    basis: Words
    tolerance: Percent
    cap: Dose | None = None
    weight_within: Duration
    fractions: tuple[Fraction, ...] = ()
    next_fraction: RuleText | None = None
    climb: Climb | None = None

    @model_validator(mode="after")
    def _scheme_has_its_parts(self) -> Dosing:
        if (self.scheme == "split") != bool(self.fractions):
            raise wrong("dosing.fractions")
        if (self.scheme == "intra_subject") != (self.climb is not None):
            raise wrong("dosing.climb")
        total = sum(fraction.share.to("%").value for fraction in self.fractions)
        if self.fractions and total != 100:
            raise wrong("dosing.shares", total=f"{total:f}")
        return self


class Agent(Frozen):
    dose: Quantity | None = None
    days: tuple[Day, ...] = ()


class LymphodepletionPlan(Frozen):
    """Agents by name with their days (negative, before the first infusion on day 0)."""

    agents: dict[Slug, Agent]
    days: tuple[Day, ...]
    infusion_within: Duration  # of the last lymphodepletion day


class Site(Frozen):
    place: Words
    zone: Sentence  # IANA name; clinical times are local to it


class DiseasePlan(Frozen):
    name: Words
    setting: Words
    diagnoses: tuple[Label, ...]


class Stagger(Frozen):
    """Least time between infusions: within a cohort, and from a cohort's last to the next cohort's first."""

    within: Duration
    between: Duration


class Slots(Frozen):
    """How many subjects may be between enrolment and the end of the DLT window at once, per part."""

    concurrent: Count
    replacements: Annotated[int, Field(ge=0, le=1_000)]
