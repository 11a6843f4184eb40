"""What a response rule may ask of one assessment: a marrow with the counts and findings paired with it.

Counts and extramedullary status count when they lie within the study's window of the marrow: the nearest,
and of two equally near the earlier one. What was not done in that window is unknown, never normal.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, TypeVar

from protocyte.base import Measured
from protocyte.derive.course import Course, Held
from protocyte.derive.results import results_by_test
from protocyte.records.efficacy import Extramedullary, Marrow
from protocyte.records.measurements import Labs, Result
from protocyte.records.safety import AeLogReview
from protocyte.records.screening import Disease
from protocyte.records.treatment import Bridging, Medication, Transfusion
from protocyte.rules import FactTable, Observation, Observations
from protocyte.study.model import Study
from protocyte.study.parts import days_of

COUNTS = ("anc", "platelets", "hemoglobin", "wbc", "lymphocytes", "monocytes", "blood_blasts")

# IWG 2003 and ELN state no window for transfusion independence; ELN 2022 advises a week without platelets
# or growth factor before the counts. A week is what a day-28 marrow can show; FDA's 56 days cannot be seen.
TRANSFUSION_FREE = timedelta(days=7)

_SEEN = ("present", "positive", "seen", "detected")
_NOT_SEEN = ("absent", "negative", "none", "not_seen", "not_detected")

H = TypeVar("H", bound=Held[Any])


def baseline_marrow(course: Course) -> Held[Marrow] | None:
    """The last marrow after bridging and not after the first day of lymphodepletion (DOMAIN 14).

    Without lymphodepletion the first infusion ends the search.
    """
    end = course.lymphodepleted_on or course.infused_on
    if end is None:
        return None
    bridged = [held.record.ended or held.record.started for held in course.all(Bridging)]
    start = max((day for day in bridged if day <= end), default=date.min)
    marrows = [held for held in course.all(Marrow) if start <= held.record.on <= end]
    return marrows[-1] if marrows else None


def nearest(items: Iterable[H], on: date, within: int) -> H | None:
    """The item nearest to `on` within so many days; the earlier of two, and of one day the last entered."""
    near = [
        (abs((held.record.on - on).days), held.record.on, -index, held)
        for index, held in enumerate(items)
        if abs((held.record.on - on).days) <= within
    ]
    return min(near, key=lambda entry: entry[:3])[3] if near else None


def paired_result(course: Course, test: str, on: date, within: int) -> tuple[Held[Labs], Result] | None:
    """The result of `test` in the nearest blood draw that lists it."""
    results, span = results_by_test(course, Labs).get(test, []), timedelta(days=within)
    first = bisect_left(results, on - span, key=_drawn)
    last = bisect_right(results, on + span, key=_drawn)
    draws: dict[str, Any] = {
        held.record_id: (held, result)
        for held, result in results[first:last]
        if held.record.specimen == "blood"
    }
    found = nearest((held for held, _ in draws.values()), on, within)
    return draws[found.record_id] if found else None


def _drawn(item: tuple[Held[Any], Result]) -> date:
    on: date = item[0].record.on
    return on


def marrow_facts(study: Study, course: Course, marrow: Held[Marrow], in_remission: bool) -> FactTable:
    """All facts of the assessment at `marrow`."""
    record = marrow.record
    mrd = None if record.mrd is None else record.mrd == "negative"
    facts: dict[str, Observations] = {
        name: _one(value, record.on, marrow.record_id)
        for name, value in (
            ("blasts", record.blasts),
            ("auer_rods", record.auer_rods),
            ("cells_counted", record.cells_counted),
            ("cellularity", record.cellularity),
            ("spicules", record.spicules),
            ("mrd_negative", mrd),
        )
    }
    within = days_of(study.response.counts_within)
    facts |= _paired(course, record.on, within)
    facts["red_cell_independent"] = _independent(course, "red_cells", record.on)
    facts["platelet_independent"] = _independent(course, "platelets", record.on)
    return _table(course, facts, record.on, in_remission)


def draw_facts(course: Course, draw: Held[Labs]) -> FactTable:
    """A blood draw by itself, after a remission: the first evidence of a relapse may be there."""
    facts = {
        result.test: _one(_value(result), draw.record.on, draw.record_id)
        for result in draw.record.results
        if result.test in COUNTS
    }
    blasts = next((result for result in draw.record.results if result.test == "blood_blasts"), None)
    if blasts is not None:
        facts["circulating_blasts"] = _one(_circulating(blasts), draw.record.on, draw.record_id)
    return _table(course, facts, draw.record.on, in_remission=True)


def extramedullary_facts(course: Course, held: Held[Extramedullary]) -> FactTable:
    """An extramedullary assessment by itself, after a remission."""
    facts = {"extramedullary_disease": _extramedullary(held)}
    return _table(course, facts, held.record.on, in_remission=True)


def days_since_transfusion(course: Course, product: str, on: date) -> int | None:
    """Days from the last transfusion of `product` to `on`; None where none is recorded."""
    given = [
        held.record.on
        for held in course.all(Transfusion)
        if held.record.product == product and held.record.on <= on
    ]
    return (on - max(given)).days if given else None


def days_since_growth_factor(course: Course, on: date) -> int | None:
    """Days from the last day of growth factor to `on`: 0 while it is given; None where none is recorded."""
    last = [
        min(held.record.ended or on, on)
        for held in course.all(Medication)
        if held.record.kind == "growth_factor" and held.record.started <= on
    ]
    return (on - max(last)).days if last else None


def _table(course: Course, facts: dict[str, Observations], on: date, in_remission: bool) -> FactTable:
    baseline = baseline_marrow(course)
    baselines: dict[str, Observation] = {}
    if baseline is not None:
        known = Observation(baseline.record.blasts, baseline.record.on, baseline.record_id)
        facts["baseline_blasts"] = Observations((known,), complete=True)
        baselines["blasts"] = known
    disease = course.last(Disease)
    if disease is not None:
        facts["disease"] = _one(disease.record.diagnosis, disease.record.on, disease.record_id)
    facts["in_remission"] = _one(in_remission, on, "")
    anchors = {
        "consent": course.consented_on,
        "enrolment": course.enrolled_on,
        "lymphodepletion": course.lymphodepleted_on,
        "infusion": course.infused_on,
    }
    # No as-of day: the window has chosen already, and counts may be drawn days after the marrow.
    return FactTable(facts, {name: day for name, day in anchors.items() if day is not None}, baselines)


def _paired(course: Course, on: date, within: int) -> dict[str, Observations]:
    facts: dict[str, Observations] = {}
    for test in COUNTS:
        pair = paired_result(course, test, on, within)
        if pair is None:
            continue
        draw, result = pair
        facts[test] = _one(_value(result), draw.record.on, draw.record_id)
        if test == "blood_blasts":
            facts["circulating_blasts"] = _one(_circulating(result), draw.record.on, draw.record_id)
    elsewhere = nearest(course.all(Extramedullary), on, within)
    if elsewhere is not None:
        facts["extramedullary_disease"] = _extramedullary(elsewhere)
    return facts


def _one(value: Any, on: date, record_id: str) -> Observations:
    return Observations((Observation(value, on, record_id),), complete=True)


def _value(result: Result) -> Measured | str | None:
    return result.value if result.value is not None else result.finding


def _circulating(result: Result) -> bool | None:
    """Blasts seen in blood. A bound such as `<1 %` says neither yes nor no."""
    value = result.value
    if value is None:
        word = result.finding
        return True if word in _SEEN else False if word in _NOT_SEEN else None
    if value.bound in ("", ">", ">="):
        return value.value > 0 or (value.bound == ">")
    return False if value.value == 0 else None


def _extramedullary(held: Held[Extramedullary]) -> Observations:
    """CNS3 is leukemia in the central nervous system, whatever else the form says."""
    present = held.record.present or held.record.cns == "cns3"
    return _one(present, held.record.on, held.record_id)


def _independent(course: Course, product: str, on: date) -> Observations:
    """No transfusion in the week up to `on`: known only where the log of the time was reviewed."""
    given = [
        held
        for held in course.all(Transfusion)
        if held.record.product == product and on - TRANSFUSION_FREE < held.record.on <= on
    ]
    if given:
        return _one(False, given[-1].record.on, given[-1].record_id)
    reviews = [held for held in course.all(AeLogReview) if held.record.on >= on]
    if reviews:
        return _one(True, on, reviews[0].record_id)
    return _one(None, on, "")
