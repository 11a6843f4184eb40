"""B cells under a product whose target they carry: how long they are gone, and the CAR cells beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import numpy as np

from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.survival import MONTH, known, month_ticks, quantile
from protocyte.analysis.groups import label_of
from protocyte.analysis.kinetics.courses import Line, Sample
from protocyte.analysis.labs.results import Drawn, drawn
from protocyte.analysis.tables import Estimate
from protocyte.derive.course import Course
from protocyte.derive.events import clinical_events
from protocyte.derive.kinetics import ENDS, Point, series
from protocyte.stats.kaplan_meier import kaplan_meier
from protocyte.study.model import Study
from protocyte.study.parts import Words

# Antigens that all B cells carry from the precursor on. BCMA is not one: it marks plasma cells, and B cells
# come back under a product against it.
B_CELL_ANTIGENS = frozenset({"cd19", "cd20", "cd22", "cd79a", "cd79b"})
B_CELL_ANALYTES = frozenset({"b_cells", "cd19_cells", "cd20_cells"})
B_CELL_TEST = "b_cells"  # as a laboratory files it

# There is no agreed limit. 20 cells per microlitre is in common use where replacement of immunoglobulin is
# considered after CD19 products; others take 10 or 50, or 1 % or 3 % of lymphocytes. A choice of ours: the
# outputs name it.
APLASIA_BELOW = Decimal(20)
UNIT = "cells/uL"

# After these, B cells come or go for other reasons; the blasts of a relapse carry B-cell antigens themselves.
STOPS = ("relapse", "progression", *ENDS)

Standing = Literal["not_measured", "never_low", "ongoing", "recovered"]


def targets_b_cells(study: Study) -> bool:
    """Whether the product's antigen, or one of several, is a B cell's."""
    return bool(B_CELL_ANTIGENS & set(re.findall(r"cd\d+[ab]?", study.product.antigen.lower())))


# --- aplasia of one subject ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Aplasia:
    """`day`: of recovery, or of the last result while B cells are gone; None where they never were seen gone."""

    subject: str
    standing: Standing
    day: int | None = None


def aplasia(study: Study, course: Course) -> Aplasia:
    """From the infusion to the first result at or above the limit that follows one below it."""
    low = False
    last: int | None = None
    measured = False
    for day, is_low in _answers(study, course):
        measured = True
        if is_low:
            low, last = True, day
        elif low:
            return Aplasia(course.subject, "recovered", day)
    if low:
        return Aplasia(course.subject, "ongoing", last)
    return Aplasia(course.subject, "never_low" if measured else "not_measured")


def _answers(study: Study, course: Course) -> list[tuple[int, bool]]:
    """Day by day after the infusion, until something else decides: whether B cells were below the limit."""
    stop = _stop(study, course)
    found = (
        (sample.day, _is_low(sample))
        for sample in b_cell_samples(study, course)
        if sample.day > 0 and (stop is None or sample.day < stop)
    )
    return [(day, is_low) for day, is_low in found if is_low is not None]


def _stop(study: Study, course: Course) -> int | None:
    happened = clinical_events(study, course)
    days = (course.day(one.on) for name in STOPS for one in happened[name])
    return min((day for day in days if day is not None and day >= 0), default=None)


def _is_low(sample: Sample) -> bool | None:
    """None where the assay cannot tell: it is only known to be below a limit that lies above ours."""
    limit = float(APLASIA_BELOW)
    if sample.value is not None:
        return sample.value < limit
    return True if sample.lloq <= limit else None


# --- what was measured --------------------------------------------------------------------------------


def b_cell_assays(study: Study) -> tuple[str, ...]:
    return tuple(
        name
        for name, plan in study.kinetics.items()
        if plan.analyte in B_CELL_ANALYTES and plan.matrix == "blood"
    )


def car_assay(study: Study) -> str | None:
    """The first of the study's assays of the product in blood."""
    return next((n for n, p in study.kinetics.items() if p.role == "kinetics" and p.matrix == "blood"), None)


def b_cell_samples(study: Study, course: Course) -> list[Sample]:
    """By the study's own assay; on days without one, from the laboratory."""
    by_day: dict[int, Sample] = {}
    for one in drawn(course, B_CELL_TEST):
        sample = _of_laboratory(one)
        if sample is not None:
            by_day[one.day] = sample
    for name in b_cell_assays(study):
        if study.kinetics[name].unit == UNIT:
            for point in series(study, course, name).points:
                by_day[point.day] = _of_assay(point)
    return [by_day[day] for day in sorted(by_day)]


def _of_assay(point: Point) -> Sample:
    value = None if point.value is None else float(point.value)
    return Sample(point.day, value, point.state, float(point.lloq))


def _of_laboratory(one: Drawn) -> Sample | None:
    number = one.number(UNIT)
    if number is None:
        return None
    if one.value.bound in ("<", "<="):
        return Sample(one.day, None, "below_lloq", float(number))
    return Sample(one.day, float(number), "quantified", 0.0)


# --- how long, over subjects --------------------------------------------------------------------------


@dataclass(frozen=True)
class AplasiaCurve:
    """Kaplan and Meier's share still without B cells against months, of `n` who had lost them."""

    n: int
    recovered: int
    median: Estimate
    months: tuple[float, ...]
    share: tuple[float, ...]
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]
    censored: tuple[tuple[float, float], ...]
    ticks: tuple[int, ...]
    at_risk: tuple[int, ...]
    recovered_by: tuple[int, ...]


def aplasia_curve(found: Sequence[Aplasia]) -> AplasiaCurve | None:
    """None where nobody lost B cells."""
    gone = [one for one in found if one.day is not None]
    if not gone:
        return None
    months = np.array([(one.day or 0) / MONTH for one in gone])
    back = np.array([one.standing == "recovered" for one in gone])
    curve = kaplan_meier(months, back)
    ticks = month_ticks(float(months.max()))
    rows = zip(curve.times, curve.survival, curve.n_censor, strict=True)
    return AplasiaCurve(
        n=len(gone),
        recovered=int(back.sum()),
        median=quantile(curve, 0.5),
        months=tuple(map(float, curve.times)),
        share=tuple(map(float, curve.survival)),
        lower=tuple(map(known, curve.lower)),
        upper=tuple(map(known, curve.upper)),
        censored=tuple((float(t), float(s)) for t, s, c in rows if c),
        ticks=ticks,
        at_risk=tuple(int((months >= tick).sum()) for tick in ticks),
        recovered_by=tuple(int((back & (months <= tick)).sum()) for tick in ticks),
    )


# --- the figure ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cells:
    """One of the two panels: samples of each subject. `lloq` is the assay's, None of a laboratory's count."""

    title: Words | None
    unit: str
    lloq: float | None
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class BCells:
    """Both panels share their days. `below` is the limit of aplasia; `curve` is None where nobody lost them."""

    n: int
    b_cells: Cells
    car: Cells | None
    below: float
    curve: AplasiaCurve | None


def b_cells(cut: Cut) -> BCells | None:
    """None where the target is not on B cells, or nobody's were measured."""
    study = cut.study
    if not targets_b_cells(study):
        return None
    lines = _lines(cut, {course.subject: b_cell_samples(study, course) for course in cut.infused})
    if not lines:
        return None
    assays = [name for name in b_cell_assays(study) if study.kinetics[name].unit == UNIT]
    plan = study.kinetics[assays[0]] if assays else None
    lloq = float(plan.lloq.to(UNIT).value) if plan else None
    own = Cells(plan.title if plan else None, UNIT, lloq, lines)
    curve = aplasia_curve([aplasia(study, course) for course in cut.infused])
    return BCells(len(cut.infused), own, _car(cut), float(APLASIA_BELOW), curve)


def _car(cut: Cut) -> Cells | None:
    name = car_assay(cut.study)
    if name is None:
        return None
    plan = cut.study.kinetics[name]
    samples = {
        course.subject: [_of_assay(point) for point in series(cut.study, course, name).points]
        for course in cut.infused
    }
    lines = _lines(cut, samples)
    return Cells(plan.title, plan.unit, float(plan.lloq.to(plan.unit).value), lines) if lines else None


def _lines(cut: Cut, samples: dict[str, list[Sample]]) -> tuple[Line, ...]:
    return tuple(
        Line(course.subject, label_of(cut, course), tuple(of))
        for course in cut.infused
        if (of := [one for one in samples[course.subject] if one.day >= 0])
    )
