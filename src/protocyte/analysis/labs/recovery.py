"""Time to recovery of neutrophils and platelets, with what may come instead as competing risks.

Recovery is the first of two counts in a row, on different days, at or above the threshold, after a count below
it. Two rather than the three daily counts that transplant registries ask for: outpatients are not drawn daily.
Who died, relapsed or was transplanted cannot recover from this product, so one minus Kaplan and Meier would
overstate recovery (Gooley et al., Stat Med 1999;18:695).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Literal, NamedTuple

from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.survival import known
from protocyte.analysis.groups import all_infused, heads, infused_by_level, level_note
from protocyte.analysis.labs.results import drawn
from protocyte.analysis.tables import Cell, Column, Estimate, ResultTable, Row, Share, say
from protocyte.derive.course import Course
from protocyte.derive.events import clinical_events
from protocyte.records.follow_up import NewTherapy
from protocyte.records.treatment import Transfusion
from protocyte.stats.aalen_johansen import CIFCurve, aalen_johansen, incidence_at
from protocyte.stats.arrays import Floats
from protocyte.study.model import Study

# 10^9/L. 0.5 and 20 are engraftment as CIBMTR counts it, 1 and 100 the counts of a complete remission (ELN
# 2022), 50 is where platelet transfusions for procedures end.
THRESHOLDS: tuple[tuple[str, Decimal], ...] = (
    ("anc", Decimal("0.5")),
    ("anc", Decimal(1)),
    ("platelets", Decimal(20)),
    ("platelets", Decimal(50)),
    ("platelets", Decimal(100)),
)
UNIT = "10^9/L"
FALL_WITHIN = 30  # days: the early period of EHA and EBMT's ICAHT (Rejeski et al., Blood 2023;142:865)
SUPPORTED = timedelta(days=7)  # CIBMTR: a platelet count counts after seven days without a transfusion
LANDMARKS = (14, 28, 60, 90)  # days
# What counts as each; a leukemia that comes back without a remission before is called progression.
COMPETING = {"death": ("death",), "relapse": ("relapse", "progression"), "transplant": ("transplant",)}

Ended = Literal["recovered", "death", "relapse", "transplant", "open", "never_below", "not_counted"]


class Recovery(NamedTuple):
    """How a subject stands to one threshold; `day` is when the clock stopped, None where it never ran."""

    subject: str
    ended: Ended
    day: int | None = None

    @property
    def fell(self) -> bool:
        return self.day is not None


class _Count(NamedTuple):
    on: date
    day: int
    value: Decimal
    counts_up: bool  # whether it can show a recovery


def recovery_table(cut: Cut) -> ResultTable:
    """By threshold: who fell below it, who recovered, what came instead, and the incidence of recovery."""
    groups = infused_by_level(cut)
    rows: list[Row] = []
    for test, threshold in THRESHOLDS if cut.infused else ():
        found = {course.subject: recovery(cut.study, course, test, threshold) for course in cut.infused}
        columns = [[found[course.subject] for course in group] for group in groups.values()]
        heading = say(f"rec_{test}", value=str(threshold))
        lines = zip(*(_statistics(column) for column in columns), strict=True)
        for number, line in enumerate(lines):
            rows.append(Row((line[0][0], *(cell for _, cell in line)), group=heading, strong=number == 2))
    notes = (
        say("rec_note_definition"), say("rec_note_platelets", days=SUPPORTED.days),
        say("rec_note_fell", days=FALL_WITHIN), say("rec_note_incidence"), *level_note(cut),
    )  # fmt: skip
    return ResultTable(
        "recovery", say("title_recovery"), (Column(say("statistic")), *heads(groups)), tuple(rows),
        all_infused(cut), notes, say("nobody_infused"),
    )  # fmt: skip


def _statistics(column: list[Recovery]) -> list[tuple[Cell, Cell]]:
    fell = [one for one in column if one.fell]
    counted = sum(one.ended != "not_counted" for one in column)

    def ended(name: str) -> Share:
        return Share(sum(one.ended == name for one in fell), len(fell))

    never = sum(one.ended == "never_below" for one in column)
    curve = _curve(fell)
    return [
        (say("rec_not_counted", days=FALL_WITHIN), Share(len(column) - counted, len(column))),
        (say("rec_never_below"), Share(never, counted)),
        (say("rec_fell"), Share(len(fell), counted)),
        (say("rec_recovered"), ended("recovered")),
        *((say(f"rec_{name}_first"), ended(name)) for name in COMPETING),
        (say("rec_open"), ended("open")),
        *((say("rec_by_day", day=day), _incidence(curve, day)) for day in LANDMARKS),
        (say("rec_median"), _median(curve)),
    ]


def recovery(study: Study, course: Course, test: str, threshold: Decimal) -> Recovery:
    """Of one subject: the first thing that happened after the fall, or the last count while nothing has."""
    end, why = _end(study, course)
    counts = [one for one in _counts(course, test) if end is None or one.on <= end]
    if not any(one.day <= FALL_WITHIN for one in counts):
        return Recovery(course.subject, "not_counted")
    fell = next((k for k, one in enumerate(counts) if one.value < threshold and one.day <= FALL_WITHIN), None)
    if fell is None:
        return Recovery(course.subject, "never_below")
    later = [one for one in counts[fell + 1 :] if one.counts_up or one.value < threshold]
    for first, second in pairwise(later):
        if first.value >= threshold and second.value >= threshold:
            return Recovery(course.subject, "recovered", first.day)
    if end is not None and why is not None:
        return Recovery(course.subject, why, course.day(end))
    return Recovery(course.subject, "open", counts[-1].day)


def _end(study: Study, course: Course) -> tuple[date | None, Ended | None]:
    """What ends the watch and when: a competing event, or a new therapy, which is none (None)."""
    start = course.infused_on
    assert start is not None
    happened = clinical_events(study, course)
    ends: list[tuple[date, int, Ended | None]] = [
        (one.on, rank, name)  # type: ignore[misc]  # COMPETING are names of ends
        for rank, (name, events) in enumerate(COMPETING.items())
        for event in events
        for one in happened[event]
        if one.on >= start
    ]
    ends += [
        (held.record.on, len(COMPETING), None) for held in course.all(NewTherapy) if held.record.on >= start
    ]
    if not ends:
        return None, None
    on, _, why = min(ends, key=lambda end: end[:2])
    return on, why


def _counts(course: Course, test: str) -> list[_Count]:
    """The lowest count of each day from the infusion on; a count so soon after a transfusion shows nothing."""
    given = [held.record.on for held in course.all(Transfusion) if held.record.product == "platelets"]
    by_day: dict[int, _Count] = {}
    for one in drawn(course, test):
        value = one.number(UNIT)
        if one.day < 0 or value is None:
            continue
        if one.value.bound == "<":  # below its number, even by the least
            value = value.next_minus()
        supported = test == "platelets" and any(on <= one.on < on + SUPPORTED for on in given)
        count = _Count(one.on, one.day, value, one.value.bound not in ("<", "<=") and not supported)
        before = by_day.get(one.day)
        by_day[one.day] = count if before is None else min(before, count, key=lambda known: known.value)
    return sorted(by_day.values())


# --- cumulative incidence -----------------------------------------------------------------------------

_CAUSES: dict[str, int] = {"open": 0, "recovered": 1, "death": 2, "relapse": 2, "transplant": 2}


def _curve(fell: Sequence[Recovery]) -> CIFCurve | None:
    if not fell:
        return None
    return aalen_johansen([one.day or 0 for one in fell], [_CAUSES[one.ended] for one in fell])


def _incidence(curve: CIFCurve | None, day: int) -> Estimate:
    """Not estimable past the last day anybody was watched, if somebody still was."""
    if curve is None:
        return Estimate(None, percent=True)
    found = incidence_at(curve, [day])
    value, lower, upper = (known(one[0]) for one in (found.incidence, found.lower, found.upper))
    return Estimate(value, lower, upper, digits=0, percent=True)


def _median(curve: CIFCurve | None) -> Estimate:
    """The first day by which half have recovered, with the days at which the limits reach a half.

    With competing events it need not exist: fewer than half may ever recover.
    """
    if curve is None:
        return Estimate(None, digits=0)

    def first(heights: Floats) -> float | None:
        crossed = (day for day, height in zip(curve.times, heights, strict=True) if height >= 0.5 - 1e-9)
        return next((float(day) for day in crossed), None)

    return Estimate(first(curve.incidence), first(curve.upper), first(curve.lower), digits=0)
