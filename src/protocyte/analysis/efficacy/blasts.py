"""Marrow blasts by subject: the best change from baseline, and their course over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.response import best_of
from protocyte.analysis.efficacy.response_summary import categories
from protocyte.analysis.groups import label_of, level_of
from protocyte.base import Measured
from protocyte.derive.classify import NOT_EVALUABLE
from protocyte.derive.course import Course
from protocyte.derive.marrows import judged_marrows
from protocyte.derive.response import REMISSION_BLASTS, stopping_days
from protocyte.derive.response_facts import baseline_marrow
from protocyte.records.efficacy import Extramedullary, Marrow
from protocyte.records.screening import Disease

THRESHOLD = float(REMISSION_BLASTS)  # % blasts
Bound = Literal["", "<", ">"]
Reason = Literal[
    "no_baseline",
    "baseline_blank",
    "baseline_bound",
    "baseline_below",
    "no_marrow",
    "blasts_blank",
    "blasts_bound",
    "inadequate",
    "after_stop",
]


@dataclass(frozen=True)
class Bar:
    """`change` in % of the baseline; `bound` is `<` where the lowest blasts are known only from above."""

    subject: str
    level: str
    level_number: int
    baseline: float
    lowest: float
    day: int
    change: float
    bound: Bound
    reached: bool  # below 5 % blasts
    extramedullary: bool | None  # leukemia elsewhere before the infusion; None: nobody recorded it
    best: str


@dataclass(frozen=True)
class Undrawn:
    subject: str
    reason: Reason


@dataclass(frozen=True)
class Waterfall:
    """Bars from the greatest increase to the greatest fall, and who has none and why."""

    infused: int
    bars: tuple[Bar, ...]
    undrawn: tuple[Undrawn, ...]
    order: tuple[str, ...]  # the categories of the study, best first


def waterfall(cut: Cut) -> Waterfall | None:
    """The best change in marrow blasts of everybody infused; None where nobody was.

    Read up to and including the day that ends assessment for the best response: what another therapy
    achieves later is not this product's.
    """
    if not cut.infused:
        return None
    found = [_bar(cut, course) for course in cut.infused]
    bars = sorted(
        (one for one in found if isinstance(one, Bar)), key=lambda b: (-b.change, b.level_number, b.subject)
    )
    undrawn = tuple(one for one in found if isinstance(one, Undrawn))
    return Waterfall(len(cut.infused), tuple(bars), undrawn, _order(cut))


def _bar(cut: Cut, course: Course) -> Bar | Undrawn:
    base = _baseline(course)
    if not isinstance(base, float):
        return Undrawn(course.subject, base)
    read = _lowest(cut, course)
    if not isinstance(read, tuple):
        return Undrawn(course.subject, read)
    lowest, bound, day = read
    return Bar(
        subject=course.subject,
        level=label_of(cut, course),
        level_number=level_of(course),
        baseline=base,
        lowest=lowest,
        day=day,
        change=round(100 * (lowest - base) / base, 6),
        bound=bound,
        reached=lowest < THRESHOLD or (lowest == THRESHOLD and bound == "<"),
        extramedullary=leukemia_elsewhere(course),
        best=best_of(cut, course).category,
    )


def _baseline(course: Course) -> float | Reason:
    """Blasts of at least 5 %: from fewer a fall means nothing (DOMAIN 22)."""
    held = baseline_marrow(course)
    if held is None:
        return "no_baseline"
    blasts = percent(held.record.blasts)
    if blasts is None:
        return "baseline_blank"
    value, bound = blasts
    if value < THRESHOLD or (value == THRESHOLD and bound == "<"):
        return "baseline_below"
    return "baseline_bound" if bound else value


def _lowest(cut: Cut, course: Course) -> tuple[float, Bound, int] | Reason:
    """The lowest blasts of the marrows that can be read, with the day; the earliest of several."""
    marrows = judged_marrows(cut.study, course)
    if not marrows:
        return "no_marrow"
    last = min(stopping_days(cut.study, course).values(), default=date.max)
    counting = [one for one in marrows if one.on <= last]
    if not counting:
        return "after_stop"
    adequate = [one for one in counting if one.primary.adequate is not False]
    if not adequate:
        return "inadequate"
    read = [(found, one.on) for one in adequate if (found := percent(one.held.record.blasts)) is not None]
    if not read:
        return "blasts_blank"
    # A value known only from below is no fall: it cannot be the lowest.
    known = [(value, bound, course.day(on) or 0) for (value, bound), on in read if bound != ">"]
    return min(known, key=lambda one: (one[0], one[2])) if known else "blasts_bound"


def percent(blasts: Measured | None) -> tuple[float, Bound] | None:
    """Blasts in % and whether they are known only as a bound; None where blank or in a unit of another kind."""
    if blasts is None or blasts.unit not in ("1", "%"):
        return None
    value = float(blasts.to("%").value)
    bound: Bound = "<" if blasts.bound.startswith("<") else ">" if blasts.bound.startswith(">") else ""
    return value, bound


def leukemia_elsewhere(course: Course) -> bool | None:
    """Extramedullary disease at the last assessment up to the first infusion, else as the history has it."""
    before = [h.record for h in course.all(Extramedullary) if (course.day(h.record.on) or 0) <= 0]
    if before:
        return before[-1].present or before[-1].cns == "cns3"
    disease = course.last(Disease)
    return disease.record.extramedullary if disease else None


def _order(cut: Cut) -> tuple[str, ...]:
    return (*(one for one in categories(cut) if one != NOT_EVALUABLE), NOT_EVALUABLE)


# --- over time ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BlastPoint:
    """Blasts in %; `bound` is `<` or `>` where only that is known. Day 0 is the first infusion."""

    day: int
    blasts: float
    bound: Bound


@dataclass(frozen=True)
class BlastLine:
    subject: str
    level: str
    best: str
    points: tuple[BlastPoint, ...]


@dataclass(frozen=True)
class Spider:
    """Lines of everybody with a marrow after the infusion; who has none is named. `floor`: where 0 is drawn."""

    infused: int
    lines: tuple[BlastLine, ...]
    undrawn: tuple[str, ...]
    floor: float
    inadequate: int  # marrows known to be inadequate, which are not drawn
    order: tuple[str, ...]


def spider(cut: Cut) -> Spider | None:
    """Marrow blasts from baseline up to conditioning or a new therapy; None where nobody was infused."""
    if not cut.infused:
        return None
    lines, undrawn, inadequate = [], [], 0
    for course in cut.infused:
        marrows = [one for one in judged_marrows(cut.study, course) if one.on <= _own_until(cut, course)]
        good = [one.held.record for one in marrows if one.primary.adequate is not False]
        inadequate += len(marrows) - len(good)
        after = tuple(_points(course, good))
        if not after:
            undrawn.append(course.subject)
            continue
        base = baseline_marrow(course)
        before = tuple(_points(course, [base.record])) if base else ()
        best = best_of(cut, course).category
        lines.append(BlastLine(course.subject, label_of(cut, course), best, before + after))
    return Spider(len(cut.infused), tuple(lines), tuple(undrawn), _floor(lines), inadequate, _order(cut))


def _own_until(cut: Cut, course: Course) -> date:
    """The last day whose marrow shows this product's effect alone; a relapse is part of the course."""
    stops = stopping_days(cut.study, course)
    return min((day for stop, day in stops.items() if stop != "relapse"), default=date.max)


def _points(course: Course, marrows: list[Marrow]) -> Iterator[BlastPoint]:
    for marrow in marrows:
        found, day = percent(marrow.blasts), course.day(marrow.on)
        if found is not None and day is not None:
            yield BlastPoint(day, *found)


def _floor(lines: list[BlastLine]) -> float:
    """0.1 %, or the power of ten below the least value there is: zero must lie under every other value."""
    least = min((p.blasts for line in lines for p in line.points if p.blasts > 0), default=1.0)
    floor = 0.1
    while floor >= least * 0.999:
        floor = round(floor / 10, 12)
    return floor
