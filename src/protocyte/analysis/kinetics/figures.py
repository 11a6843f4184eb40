"""What the figures of kinetics draw: means by level, courses by outcome, exposures by outcome and by dose.

Below the quantification limit a value is drawn at half of it, open, and counted: a place to draw, no result.
Of a subject who climbs the means hold every dose at its level; elsewhere the last dose's profile stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.blasts import percent
from protocyte.analysis.efficacy.response import best_of
from protocyte.analysis.kinetics.exposure_response import EXPOSURES, dose_of
from protocyte.analysis.kinetics.parameters import (
    RESPONSE_CLASSES,
    TOXICITY_CLASSES,
    Seen,
    kinetic_assays,
    main_profiles,
    planned_profiles,
    response_class,
    toxicity_class,
)
from protocyte.analysis.row_blocks import quartiles
from protocyte.analysis.tables import say
from protocyte.base import Message
from protocyte.derive.kinetics import Point
from protocyte.derive.response_facts import baseline_marrow
from protocyte.stats.summaries import geometric_summary
from protocyte.study.efficacy import KineticsAssay
from protocyte.study.parts import Words

LEAST_FOR_LIMITS = 3  # of two values limits would span the axis
LEAST_FOR_BOX = 5  # quartiles of fewer are the values themselves


def lloq_of(plan: KineticsAssay) -> float:
    return float(plan.lloq.to(plan.unit).value)


def drawn_value(point: Point) -> tuple[float, bool]:
    """Where a result is drawn, and whether that place is a stand-in for one below the limit."""
    if point.state == "quantified" and point.value:
        return float(point.value), False
    return float(point.lloq) / 2, True


# --- means --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MeanPoint:
    """Geometric mean of `n` profiles at a planned day, `below` of them at half LLOQ; 95 % limits from 3 up."""

    day: int
    n: int
    below: int
    mean: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class MeanLine:
    level: str
    number: int
    points: tuple[MeanPoint, ...]


@dataclass(frozen=True)
class MeanPanel:
    title: Words
    unit: str
    lloq: float
    lines: tuple[MeanLine, ...]


@dataclass(frozen=True)
class KineticsMean:
    panels: tuple[MeanPanel, ...]


def kinetics_mean(cut: Cut) -> KineticsMean | None:
    """None where nobody has a sample after a dose."""
    panels = []
    for name, plan in kinetic_assays(cut).items():
        lines = []
        for number, label in enumerate(cut.study.labels, start=1):
            profiles = [seen for seen in planned_profiles(cut, name) if seen.profile.level == number]
            points = _means(plan, profiles)
            if points:
                lines.append(MeanLine(label, number, points))
        if lines:
            panels.append(MeanPanel(plan.title, plan.unit, lloq_of(plan), tuple(lines)))
    return KineticsMean(tuple(panels)) if panels else None


def _means(plan: KineticsAssay, profiles: list[Seen]) -> tuple[MeanPoint, ...]:
    """Of several samples of one profile near one planned day the nearest counts; of equals the earlier."""
    by_day: dict[int, list[Point]] = {}
    for seen in profiles:
        nearest: dict[int, tuple[int, int, Point]] = {}
        for point, day in zip(seen.profile.used, seen.profile.days, strict=True):
            planned = min(plan.days, key=lambda one, day=day: (abs(one - day), one), default=None)  # type: ignore[misc]
            if planned is None or planned <= 0:
                continue
            if planned not in nearest or (abs(planned - day), day) < nearest[planned][:2]:
                nearest[planned] = (abs(planned - day), day, point)
        for planned, (_, _, point) in nearest.items():
            by_day.setdefault(planned, []).append(point)
    return tuple(_mean(day, by_day[day]) for day in sorted(by_day))


def _mean(day: int, points: list[Point]) -> MeanPoint:
    drawn = [drawn_value(point) for point in points]
    found = geometric_summary([value for value, _ in drawn])
    limits = (found.lower, found.upper) if found.n >= LEAST_FOR_LIMITS else (None, None)
    return MeanPoint(day, found.n, sum(below for _, below in drawn), found.mean, *limits)


# --- courses by outcome -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CourseLine:
    """`points`: day, value, whether the value is below the limit. `best` and `crs` are what it is coloured by."""

    subject: str
    level: str
    best: str
    crs: str
    points: tuple[tuple[int, float, bool], ...]


@dataclass(frozen=True)
class CoursePanel:
    title: Words
    unit: str
    lloq: float
    lines: tuple[CourseLine, ...]


@dataclass(frozen=True)
class KineticsByResponse:
    """`order`: the categories of best response there are, best first. CRS is none, low, high, not_assessed."""

    panels: tuple[CoursePanel, ...]
    order: tuple[str, ...]


def kinetics_by_response(cut: Cut) -> KineticsByResponse | None:
    """None where nobody has a sample after a dose."""
    panels = []
    for name, plan in kinetic_assays(cut).items():
        lines = tuple(_course(cut, seen) for seen in main_profiles(cut, name))
        if lines:
            panels.append(CoursePanel(plan.title, plan.unit, lloq_of(plan), lines))
    if not panels:
        return None
    seen = {line.best for panel in panels for line in panel.lines}
    responses = cut.study.response.responses
    others = sorted(seen - {*responses, "NE"})
    order = tuple(one for one in (*responses, *others, "NE") if one in seen)
    return KineticsByResponse(tuple(panels), order)


def _course(cut: Cut, seen: Seen) -> CourseLine:
    course, profile = seen.course, seen.profile
    points = tuple((day, *drawn_value(point)) for point, day in zip(profile.used, profile.days, strict=True))
    best, crs = best_of(cut, course).category, toxicity_class(cut, course, "crs")
    return CourseLine(course.subject, cut.study.label_of(profile.level), best, crs, points)


# --- exposures by outcome -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Box:
    """One group: values by subject, their geometric mean; quartiles from 5 up. `without` have no such value."""

    name: Message
    colour: str  # responder, non_responder, not_evaluable, none, low, high, not_assessed
    values: tuple[tuple[str, float], ...]
    mean: float | None
    quartiles: tuple[float, float, float] | None
    without: int


@dataclass(frozen=True)
class BoxBlock:
    name: Message
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class BoxPanel:
    title: Words
    exposure: Message
    blocks: tuple[BoxBlock, ...]


@dataclass(frozen=True)
class ExposureBoxes:
    panels: tuple[BoxPanel, ...]


def exposure_boxes(cut: Cut) -> ExposureBoxes | None:
    """Cmax and AUC0-28 by response, CRS and ICANS; None where nobody has a sample after a dose."""
    panels = []
    for name, plan in kinetic_assays(cut).items():
        profiles = main_profiles(cut, name)
        for key, take in EXPOSURES.items() if profiles else ():
            blocks = tuple(_block(profiles, take, id, classes, of(cut)) for id, classes, of in _CLASSES)
            panels.append(BoxPanel(plan.title, say(f"kin_{key}", unit=plan.unit), blocks))
    return ExposureBoxes(tuple(panels)) if panels else None


_Of = Callable[[Cut], Callable[[Seen], str]]
_CLASSES: tuple[tuple[str, tuple[str, ...], _Of], ...] = (
    ("response", RESPONSE_CLASSES, lambda cut: lambda seen: response_class(cut, seen.course)),
    ("crs", TOXICITY_CLASSES, lambda cut: lambda seen: toxicity_class(cut, seen.course, "crs")),
    ("icans", TOXICITY_CLASSES, lambda cut: lambda seen: toxicity_class(cut, seen.course, "icans")),
)


def _block(
    profiles: list[Seen],
    take: Callable[[Seen], float | None],
    id: str,
    classes: tuple[str, ...],
    of: Callable[[Seen], str],
) -> BoxBlock:
    boxes = []
    for one in classes:
        group = [seen for seen in profiles if of(seen) == one]
        if not group:
            continue
        values = tuple((seen.course.subject, value) for seen in group if (value := take(seen)) is not None)
        numbers = [value for _, value in values]
        mean = geometric_summary(numbers).mean if numbers else None
        spread = quartiles(numbers) if len(numbers) >= LEAST_FOR_BOX else None
        boxes.append(Box(say(f"kin_box_{one}"), one, values, mean, spread, len(group) - len(values)))
    return BoxBlock(say(f"kin_block_{id}"), tuple(boxes))


# --- peaks by dose and by tumour burden ---------------------------------------------------------------------


@dataclass(frozen=True)
class Dot:
    """`below`: nothing was quantified and `y` is half LLOQ; `bound`: `x` or `y` is only a bound."""

    subject: str
    level: str
    number: int
    x: float
    y: float
    below: bool
    bound: bool


@dataclass(frozen=True)
class ScatterPanel:
    """`x` is `dose` or `blasts`. `without` subjects have no such x."""

    title: Words
    unit: str
    lloq: float
    x: str
    x_unit: str
    dots: tuple[Dot, ...]
    without: int


@dataclass(frozen=True)
class ExposureScatter:
    panels: tuple[ScatterPanel, ...]
    levels: tuple[str, ...]


def exposure_scatter(cut: Cut) -> ExposureScatter | None:
    """Cmax against the dose infused (every planned dose) and against blasts before lymphodepletion."""
    panels = []
    for name, plan in kinetic_assays(cut).items():
        profiles = [seen for seen in planned_profiles(cut, name) if seen.profile.sampled]
        if not profiles:
            continue
        unit = cut.study.dose_of(1).unit
        by_dose = [
            (seen, None if (dose := dose_of(cut, seen)) is None else (dose, False)) for seen in profiles
        ]
        panels.append(_scatter(cut, plan, "dose", unit, by_dose))
        by_blasts = [(seen, _burden(seen)) for seen in profiles if seen.main]
        panels.append(_scatter(cut, plan, "blasts", "%", by_blasts))
    return ExposureScatter(tuple(panels), cut.study.labels) if panels else None


def _burden(seen: Seen) -> tuple[float, bool] | None:
    """Marrow blasts in % with whether that is a bound; none has no place on a logarithmic axis."""
    held = baseline_marrow(seen.course)
    found = percent(held.record.blasts) if held else None
    return (found[0], bool(found[1])) if found is not None and found[0] > 0 else None


def _scatter(
    cut: Cut, plan: KineticsAssay, x: str, unit: str, pairs: list[tuple[Seen, tuple[float, bool] | None]]
) -> ScatterPanel:
    lloq = lloq_of(plan)
    dots = []
    for seen, at in pairs:
        if at is not None:
            cmax, level = seen.profile.cmax, seen.profile.level
            dots.append(
                Dot(
                    seen.course.subject, cut.study.label_of(level), level, at[0],
                    lloq / 2 if cmax is None else cmax, cmax is None, at[1] or seen.profile.capped,
                )
            )  # fmt: skip
    return ScatterPanel(plan.title, plan.unit, lloq, x, unit, tuple(dots), len(pairs) - len(dots))
