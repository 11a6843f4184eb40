"""What DLT rules, next-fraction rules and climbing rules may ask: the worst grade reached by a day.

Every fact is the highest grade from the window's first day up to the as-of day, dated by the day it was
first reached. What is not certain becomes a bound (`>= 2`), so that a rule about grade 3 is then unknown and
one about grade 2 is met: an assessment with missing components, and equally the days of which nobody has
said anything. Silence ends where the event log was reviewed or, for a scale of its own, at an assessment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from protocyte.base import Measured
from protocyte.derive.course import Course
from protocyte.derive.grades import DayGrade, grade_crs, grade_gvhd, grade_icans, held_for
from protocyte.records.follow_up import Death
from protocyte.records.safety import AdverseEvent, AeLogReview
from protocyte.rules import FactTable, Observation, Observations
from protocyte.study.model import Study

# At least possibly due to the product: the threshold of the assumed DLT template and of common practice.
RELATED = ("possible", "probable", "related")
NERVOUS = "Nervous system disorders"  # CTCAE system organ classes
BLOOD = "Blood and lymphatic system disorders"
CYTOPENIAS = frozenset(
    {
        "Neutrophil count decreased",
        "Platelet count decreased",
        "White blood cell decreased",
        "Lymphocyte count decreased",
        "Anemia",
        "Thrombocytopenia",
    }
)
OWN_SCALE = frozenset({"crs", "icans", "gvhd"})  # graded by their own scales, not as organ toxicity


@dataclass(frozen=True)
class Reached:
    """A grade (or its bounds) on a day, by one record."""

    on: date
    least: int
    most: int
    record_id: str


def related_events(course: Course) -> tuple[tuple[str, AdverseEvent], ...]:
    """Adverse events at least possibly related to the product, with their record ids."""
    return tuple(
        (held.record_id, held.record)
        for held in course.all(AdverseEvent)
        if held.record.attribution.product in RELATED
    )


def is_hematologic(event: AdverseEvent) -> bool:
    return event.category == BLOOD or event.term in CYTOPENIAS


def reached(study: Study, course: Course) -> dict[str, tuple[Reached, ...]]:
    """Every graded thing a toxicity rule can name, as dated grades."""
    return course.keep(study, ("reached",), lambda: _reached(study, course))


def _reached(study: Study, course: Course) -> dict[str, tuple[Reached, ...]]:
    icans = _of_days(grade_icans(study, course))
    events = related_events(course)
    nervous = [pair for pair in events if pair[1].category == NERVOUS and _own(pair[1]) is None]
    organ = [pair for pair in events if not is_hematologic(pair[1]) and _own(pair[1]) is None]
    return {
        "crs": _of_days(grade_crs(study, course)),
        "icans": icans,
        "neurotoxicity": icans + _of_events(nervous),
        "gvhd": _of_days(grade_gvhd(course)),
        "organ_toxicity": _of_events(organ),
        "related_toxicity": _of_events(events) + _of_deaths(course),
    }


def toxicity_facts(
    study: Study,
    course: Course,
    start: date,
    end: date,
    *,
    highest: bool = False,
    nothing_unsaid: bool = False,
) -> FactTable:
    """Facts for a rule asked on `end` about the days from `start` on, both inclusive.

    `highest` takes every assessment with missing components at the highest grade they allow: a rule that only
    rises and does not hold then will not hold when they are completed. `nothing_unsaid` takes silence as none.
    """
    reviewed = max((held.record.on for held in course.all(AeLogReview)), default=None)
    silent = nothing_unsaid or (reviewed is not None and reviewed >= end)
    table: dict[str, Observations] = {}
    for name, items in reached(study, course).items():
        known = silent or (name in OWN_SCALE and any(item.on == end for item in items))
        table[name] = _worst(items, start, end, known, highest)
    for name, days in (("crs", grade_crs(study, course)), ("icans", grade_icans(study, course))):
        lasting = held_for(_between(days, start, end), 3, end)
        certain = bool(table[name].items) and not _bound(table[name])
        table[f"{name}_beyond_3d"] = _bounds(*lasting, end, "", silent or certain, highest)
    organ = _organ_held(course, start, end, 7)
    table["organ_toxicity_beyond_7d"] = _bounds(organ, organ, end, "", silent, highest)
    table["hematologic_toxicity_at_42"] = _cytopenia_on(course, course.infused_on, end, silent)
    return FactTable(table, {"infusion": start}, {}, end)


def _own(event: AdverseEvent) -> str | None:
    """The scale that grades this event instead of CTCAE, if it is one of those."""
    word = (event.special_interest or event.term).lower()
    return next((name for name in OWN_SCALE if word == name), None)


def _of_days(days: Iterable[DayGrade]) -> tuple[Reached, ...]:
    return tuple(Reached(day.on, day.least, day.most, day.record_id) for day in days)


def _of_events(events: Iterable[tuple[str, AdverseEvent]]) -> tuple[Reached, ...]:
    return tuple(
        Reached(change.on, change.grade, change.grade, record_id)
        for record_id, event in events
        for change in event.course
    )


def _of_deaths(course: Course) -> tuple[Reached, ...]:
    """A death put down to the product is grade 5 of something related; one of unknown cause may be."""
    least = {"product": 5, "unknown": 0}
    return tuple(
        Reached(held.record.on, least[held.record.cause], 5, held.record_id)
        for held in course.all(Death)
        if held.record.cause in least
    )


def _between(days: Iterable[DayGrade], start: date, end: date) -> tuple[DayGrade, ...]:
    return tuple(day for day in days if start <= day.on <= end)


def _worst(items: Iterable[Reached], start: date, end: date, known: bool, highest: bool) -> Observations:
    """The worst grade in the window. `known`: nothing worse can have gone unsaid by `end`."""
    seen = [item for item in items if start <= item.on <= end]
    least = max((item.least for item in seen), default=0)
    most = max((item.most for item in seen), default=0)
    of = most if highest else least
    first = next((item for item in seen if (item.most if highest else item.least) == of), None)
    on, record_id = (first.on, first.record_id) if first else (end, "")
    return _bounds(least, most, on, record_id, known, highest)


def _bounds(least: int, most: int, on: date, record_id: str, known: bool, highest: bool) -> Observations:
    """A grade between two bounds; with nothing seen and nothing attested there is no observation at all."""
    least = most if highest else least
    if least == most and (known or least == 5):
        return Observations((Observation(least, on, record_id),), True)
    if most == 0:
        return Observations()
    return Observations((Observation(Measured(least, "1", ">="), on, record_id),), True)


def _bound(observations: Observations) -> bool:
    value = observations.items[0].value
    return isinstance(value, Measured) and bool(value.bound)


def _organ_held(course: Course, start: date, end: date, more_than: int) -> int:
    """The highest grade of one organ event that lasted more than `more_than` days."""
    best = 0
    for _, event in related_events(course):
        if is_hematologic(event) or _own(event) is not None:
            continue
        steps = sorted(event.course, key=lambda change: change.on)
        for index, step in enumerate(steps):
            level = step.grade
            lower = next((later.on for later in steps[index + 1 :] if later.grade < level), event.ended)
            until = min(lower or end, end)
            if start <= step.on <= end and (until - step.on).days > more_than:
                best = max(best, level)
    return best


def _cytopenia_on(course: Course, infused: date | None, end: date, silent: bool) -> Observations:
    """The worst grade of a cytopenia still present on day 42, once day 42 has come."""
    if infused is None or end < infused + timedelta(days=42):
        return Observations()
    day = infused + timedelta(days=42)
    grades = []
    for held in course.all(AdverseEvent):
        event = held.record
        if is_hematologic(event) and event.onset <= day and (event.ended is None or event.ended >= day):
            last = max((change for change in event.course if change.on <= day), key=lambda change: change.on)
            grades.append((last.grade, held.record_id))
    if not grades:
        return Observations((Observation(0, day, ""),), True) if silent else Observations()
    worst = max(grades)
    return Observations((Observation(worst[0], day, worst[1]),), True)
