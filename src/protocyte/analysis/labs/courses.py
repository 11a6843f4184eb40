"""Laboratory results over time, subject by subject with the middle of all; and the liver at its worst."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import label_of, level_of
from protocyte.analysis.kinetics.courses import LEAST_FOR_MEDIAN
from protocyte.analysis.labs.inflammation import MARKERS, unit_of
from protocyte.analysis.labs.recovery import THRESHOLDS, UNIT
from protocyte.analysis.labs.results import Drawn, after_infusion, drawn, taken_over_on
from protocyte.analysis.row_blocks import quartiles
from protocyte.base import UnitError
from protocyte.derive.course import Course
from protocyte.study.model import Study

FIRST_DAY = -14  # what was before lymphodepletion, and no screening of another month
INFLAMMATION = ("il6", "ferritin", "crp")

# FDA, Guidance for Industry: Drug-Induced Liver Injury, Premarketing Clinical Evaluation (2009): an
# aminotransferase above three and a bilirubin above twice the upper limit of normal are Hy's law's.
ALT_TIMES, BILIRUBIN_TIMES = 3, 2


@dataclass(frozen=True)
class LabCourse:
    """Points are day and value in the panel's unit, one a day: the lowest of a count, the highest of a marker."""

    subject: str
    level: str
    points: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Middle:
    """Median and quartiles of the subjects with a result in the window of one planned visit."""

    day: int
    n: int
    lower: float
    median: float
    upper: float


@dataclass(frozen=True)
class LabPanel:
    test: str
    unit: str
    thresholds: tuple[float, ...]
    lines: tuple[LabCourse, ...]
    middles: tuple[Middle, ...]


@dataclass(frozen=True)
class Liver:
    """A subject's highest ALT and highest bilirubin after the infusion, in multiples of their upper limits."""

    subject: str
    level: str
    level_number: int
    alt: float
    bilirubin: float

    @property
    def in_hys_range(self) -> bool:
        return self.alt > ALT_TIMES and self.bilirubin > BILIRUBIN_TIMES


@dataclass(frozen=True)
class LabCourses:
    """`panels` of what was recorded: counts first, then markers. `n` were infused; `liver` may be fewer."""

    n: int
    panels: tuple[LabPanel, ...]
    liver: tuple[Liver, ...]


def lab_courses(cut: Cut) -> LabCourses | None:
    """None where nothing of all this was recorded of anybody infused."""
    panels = [
        _panel(cut, test, (test,), UNIT, _thresholds(test), lowest=True) for test in ("anc", "platelets")
    ]
    for marker in MARKERS:
        if marker.name in INFLAMMATION:
            names, unit = (marker.name, *marker.also), unit_of(marker, cut.infused)
            panels.append(_panel(cut, marker.name, names, unit, (), lowest=False))
    kept = tuple(panel for panel in panels if panel.lines)
    liver = tuple(found for course in cut.infused if (found := _liver(cut, course)))
    return LabCourses(len(cut.infused), kept, liver) if kept or liver else None


def _thresholds(test: str) -> tuple[float, ...]:
    return tuple(float(threshold) for of, threshold in THRESHOLDS if of == test)


def _panel(
    cut: Cut, test: str, names: tuple[str, ...], unit: str, thresholds: tuple[float, ...], *, lowest: bool
) -> LabPanel:
    lines = []
    for course in cut.infused:
        points = _points(course, names, unit, lowest=lowest)
        if points:
            lines.append(LabCourse(course.subject, label_of(cut, course), points))
    return LabPanel(test, unit, thresholds, tuple(lines), _middles(cut.study, lines))


def _points(
    course: Course, names: tuple[str, ...], unit: str, *, lowest: bool
) -> tuple[tuple[int, float], ...]:
    """Until another treatment takes over: later results speak of that."""
    until = taken_over_on(course)
    by_day: dict[int, list[float]] = defaultdict(list)
    for name in names:
        for one in drawn(course, name):
            number = one.number(unit)
            if number is not None and one.day >= FIRST_DAY and (until is None or one.on <= until):
                by_day[one.day].append(float(number))
    return tuple((day, min(of) if lowest else max(of)) for day, of in sorted(by_day.items()))


def _middles(study: Study, lines: Iterable[LabCourse]) -> tuple[Middle, ...]:
    """By planned visit: of each subject the result in its window nearest to its day.

    Of fewer than three subjects a median is somebody's own course.
    """
    visits = {
        v.day: v.window for v in study.schedule.values() if v.anchor == "infusion" and "labs" in v.needs
    }
    found = []
    for day, (early, late) in sorted(visits.items()):
        values = []
        for line in lines:
            near = [point for point in line.points if day - early <= point[0] <= day + late]
            if near:
                values.append(min(near, key=lambda point: abs(point[0] - day))[1])
        if len(values) >= LEAST_FOR_MEDIAN:
            lower, median, upper = quartiles(values)
            found.append(Middle(day, len(values), lower, median, upper))
    return tuple(found)


def _liver(cut: Cut, course: Course) -> Liver | None:
    """None where either has no result with an upper limit after the infusion."""
    alt, bilirubin = _times_normal(course, ("alt",)), _times_normal(course, ("bilirubin", "total_bilirubin"))
    if alt is None or bilirubin is None:
        return None
    return Liver(course.subject, label_of(cut, course), level_of(course), alt, bilirubin)


def _times_normal(course: Course, names: tuple[str, ...]) -> float | None:
    """The highest multiple of its own laboratory's upper limit."""
    found = (_multiple(one) for name in names for one in after_infusion(course, name))
    return max((one for one in found if one is not None), default=None)


def _multiple(one: Drawn) -> float | None:
    limit = one.result.upper_limit
    if limit is None or limit.value <= 0:
        return None
    try:
        return float(one.value.to(limit.unit).value / limit.value)
    except UnitError:
        return None
