"""Response at each assessment, the best one, and the status at a landmark.

Only assessments before relapse, transplant or new therapy count for the best response (DOMAIN 19), as the
study's `stops_at` says. A subject in remission before lymphodepletion cannot respond: reported apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from protocyte.base import Message, Quantity
from protocyte.derive.best_overall import BestRules, best_overall, counted_responses
from protocyte.derive.classify import NOT_EVALUABLE, study_criteria
from protocyte.derive.course import Course, Held
from protocyte.derive.data_cut import until
from protocyte.derive.marrows import JudgedMarrow, judged_marrows, primary_criteria
from protocyte.derive.relapse import first_progression, first_relapse
from protocyte.derive.remember import remembered
from protocyte.derive.response_facts import (
    baseline_marrow,
    days_since_growth_factor,
    days_since_transfusion,
    nearest,
    paired_result,
)
from protocyte.records.efficacy import Extramedullary, Marrow, ResponseCall
from protocyte.records.follow_up import NewTherapy, Transplant
from protocyte.rules import Verdict
from protocyte.study.model import Study
from protocyte.study.parts import days_of

# A remission of acute leukemia is below 5 % blasts in every criteria set shipped here.
REMISSION_BLASTS = Decimal(5)


@dataclass(frozen=True)
class Assessment:
    """One marrow after the first infusion, with what stands beside its category.

    `category` is `NE` where the marrow is inadequate or too little is known; `possible` and `missing` say
    what it may be and what would decide. `counts` tells whether it counts for the best response, and
    `stopped_by` what ended that. MRD that is missing is None, never negative.
    """

    subject: str
    record_id: str
    visit: str | None
    on: date
    day: int
    category: str
    criteria: str
    verdict: Verdict | None
    possible: tuple[str, ...]
    missing: tuple[str, ...]
    adequate: bool | None
    why: Message
    companions: dict[str, str]
    investigator: str | None
    mrd: Literal["negative", "positive"] | None
    counts: bool
    stopped_by: str | None
    since_red_cells: int | None
    since_platelets: int | None
    since_growth_factor: int | None

    @property
    def evaluable(self) -> bool:
        return self.category != NOT_EVALUABLE

    @property
    def differs(self) -> tuple[str, ...]:
        """The companions that say otherwise, and the investigator if he does."""
        others = [name for name, category in self.companions.items() if category != self.category]
        by_hand = self.investigator is not None and self.investigator != self.category
        return (*others, "investigator") if by_hand else tuple(others)


@dataclass(frozen=True)
class Baseline:
    """The marrow response is measured from: after bridging, before lymphodepletion."""

    marrow: Held[Marrow] | None
    in_remission: bool | None  # None: no such marrow, or its blasts are blank


@dataclass(frozen=True)
class BestResponse:
    """`category` is `NE` where no counting assessment could be judged."""

    category: str
    assessment: Assessment | None
    in_remission_at_baseline: bool | None
    why: Message

    @property
    def on(self) -> date | None:
        return self.assessment.on if self.assessment else None

    def is_in(self, responses: tuple[str, ...]) -> bool:
        """Whether it counts as a response: whoever was in remission already cannot respond."""
        return self.category in responses and self.in_remission_at_baseline is not True


LandmarkStatus = Literal[
    "assessed", "not_evaluable", "not_assessed", "relapse", "transplant", "new_therapy", "died", "not_due"
]


@dataclass(frozen=True)
class AtLandmark:
    """The status in a visit window. Only `not_due` is open; every other without a response is none."""

    status: LandmarkStatus
    category: str | None
    assessment: Assessment | None
    day: int

    def is_in(self, responses: tuple[str, ...]) -> bool | None:
        if self.status == "not_due":
            return None
        return self.status == "assessed" and self.category in responses


@remembered
def derive_baseline(study: Study, course: Course) -> Baseline:
    """Whether the subject was in remission before lymphodepletion.

    Below 5 % blasts with no leukemia *known* elsewhere counts as one, so that a finding nobody looked for
    does not turn a remission brought along into a response.
    """
    marrow = baseline_marrow(course)
    if marrow is None or marrow.record.blasts is None:
        return Baseline(marrow, None)
    blasts = marrow.record.blasts
    within = days_of(study.response.counts_within)
    elsewhere = nearest(course.all(Extramedullary), marrow.record.on, within)
    blood = paired_result(course, "blood_blasts", marrow.record.on, within)
    in_blood = blood is not None and blood[1].value is not None and blood[1].value.value > 0
    outside = (elsewhere is not None and elsewhere.record.present) or in_blood
    below = blasts.to("%").value < REMISSION_BLASTS or (
        blasts.bound == "<" and blasts.to("%").value <= REMISSION_BLASTS
    )
    return Baseline(marrow, below and blasts.bound not in (">", ">=") and not outside)


@remembered
def assessments(study: Study, course: Course) -> tuple[Assessment, ...]:
    """Every marrow after the first infusion, in order of date."""
    stops = stopping_days(study, course)
    return tuple(_assessment(study, course, marrow, stops) for marrow in judged_marrows(study, course))


def stopping_days(study: Study, course: Course) -> dict[str, date]:
    """The first day of each thing that ends assessment for the best response, where it happened."""
    infused = course.infused_on
    days: dict[str, date] = {}
    if infused is None:
        return days
    for stop in study.response.stops_at:
        if stop == "relapse":
            # The marrow of a relapse belongs to the relapse. Progression ends nothing on its own day: the marrow
            # that shows it is an assessment like others, and says that there was no response.
            relapse, worse = first_relapse(study, course), first_progression(study, course)
            found = [relapse.on] if relapse is not None else []
            found += [worse.on + timedelta(days=1)] if worse is not None else []
        elif stop == "transplant":
            found = [held.record.conditioning for held in course.all(Transplant)]
        else:
            found = [held.record.on for held in course.all(NewTherapy) if is_new_therapy(held.record)]
        after = [day for day in found if day >= infused]
        if after:
            days[stop] = min(after)
    return days


def is_new_therapy(record: NewTherapy) -> bool:
    """Maintenance and donor lymphocytes are intercurrent events with names of their own."""
    return record.kind in ("anti_leukemic", "cell_therapy")


def best_response(
    study: Study, course: Course, by: Quantity | None = None, data_cut: date | None = None
) -> BestResponse:
    """The best category among the assessments that count, up to `by` after the first infusion."""
    cut = until(course, data_cut)
    baseline = derive_baseline(study, cut).in_remission
    last = None if by is None else days_of(by)
    due = [item for item in assessments(study, cut) if last is None or item.day <= last]
    counting = [item for item in due if item.counts]
    judged = [item for item in counting if item.evaluable]
    if not judged:
        return BestResponse(NOT_EVALUABLE, None, baseline, _why_none(cut, due, counting))
    rules = BestRules(study_criteria(study, primary_criteria(study, cut)).order)
    found = best_overall(counted_responses([(item.on, item.category) for item in judged], rules), rules)
    assert found is not None  # every judged assessment counts where no rule lowers it
    best = judged[found.place]
    why = Message.of("derive.response_best", category=best.category, on=best.on, of=len(judged))
    return BestResponse(best.category, best, baseline, why)


def is_responder(
    study: Study, course: Course, responses: tuple[str, ...] = (), by: Quantity | None = None
) -> bool:
    """Whether the best response is one of `responses` (the study's own set where none is given)."""
    return best_response(study, course, by).is_in(responses or study.response.responses)


def response_at(
    study: Study,
    course: Course,
    landmark: Quantity,
    window: Quantity,
    as_of: date,
    data_cut: date | None = None,
) -> AtLandmark:
    """The status at `landmark` after the first infusion, read within `window` of it.

    The assessment nearest to the day is taken, of those that can be judged if there are any.
    """
    cut = until(course, data_cut)
    target, spread = days_of(landmark), days_of(window)
    if cut.infused_on is None:
        return AtLandmark("not_assessed", None, None, target)
    ends = cut.infused_on + timedelta(days=target + spread)
    inside = [item for item in assessments(study, cut) if abs(item.day - target) <= spread]
    if inside:
        chosen = min(inside, key=lambda item: (not item.evaluable, abs(item.day - target), item.day))
        if not chosen.counts and chosen.stopped_by in ("relapse", "transplant", "new_therapy"):
            return AtLandmark(chosen.stopped_by, chosen.category, chosen, target)  # type: ignore[arg-type]
        status: LandmarkStatus = "assessed" if chosen.evaluable else "not_evaluable"
        return AtLandmark(status, chosen.category, chosen, target)
    if cut.died_on is not None and cut.died_on <= ends:
        return AtLandmark("died", None, None, target)
    for stop, day in sorted(stopping_days(study, cut).items(), key=lambda pair: pair[1]):
        if day <= ends:
            return AtLandmark(stop, None, None, target)  # type: ignore[arg-type]
    due = min(as_of, data_cut) if data_cut else as_of
    return AtLandmark("not_due" if due < ends else "not_assessed", None, None, target)


def _assessment(study: Study, course: Course, marrow: JudgedMarrow, stops: dict[str, date]) -> Assessment:
    record, primary = marrow.held.record, marrow.primary
    day = course.day(record.on)
    assert day is not None  # judged marrows lie after the first infusion
    stopped = _stopped(record.on, stops)
    return Assessment(
        subject=course.subject,
        record_id=marrow.held.record_id,
        visit=record.visit,
        on=record.on,
        day=day,
        category=primary.category,
        criteria=primary.criteria,
        verdict=primary.verdict,
        possible=primary.possible,
        missing=primary.missing,
        adequate=primary.adequate,
        why=primary.why,
        companions={name: beside.category for name, beside in marrow.companions.items()},
        investigator=_investigator(study, course, record),
        mrd=record.mrd,
        counts=stopped is None,
        stopped_by=stopped,
        since_red_cells=days_since_transfusion(course, "red_cells", record.on),
        since_platelets=days_since_transfusion(course, "platelets", record.on),
        since_growth_factor=days_since_growth_factor(course, record.on),
    )


def _stopped(on: date, stops: dict[str, date]) -> str | None:
    """What had stopped the assessments by `on`.

    The marrow of a relapse belongs to the relapse; one taken on the day conditioning or a new therapy
    starts was taken before it.
    """
    hit = [(day, stop) for stop, day in stops.items() if (on >= day if stop == "relapse" else on > day)]
    return min(hit)[1] if hit else None


def _investigator(study: Study, course: Course, marrow: Marrow) -> str | None:
    """The investigator's category for the same visit, else the nearest one within the pairing window."""
    calls = course.all(ResponseCall)
    same = [held for held in calls if marrow.visit is not None and held.record.visit == marrow.visit]
    found = same[-1] if same else nearest(calls, marrow.on, days_of(study.response.counts_within))
    return found.record.response if found else None


def _why_none(course: Course, due: list[Assessment], counting: list[Assessment]) -> Message:
    if counting:
        missing = dict.fromkeys(name for item in counting for name in item.missing)
        if missing:
            return Message.of("derive.response_none_known", missing=tuple(missing))
        return Message.of("derive.response_none_adequate")
    if due:
        return Message.of("derive.response_none_counts", cause=_cause(due[0].stopped_by))
    if course.died_on is not None:
        return Message.of("derive.response_none_died", on=course.died_on)
    return Message.of("derive.response_none_yet")


def _cause(stopped_by: str | None) -> Message:
    return Message.of(f"derive.{stopped_by}")
