"""Cellular kinetics by subject and assay, with what lay below the limit, and their peaks by dose level."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import median

from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import all_infused, heads, infused_by_level, label_of, level_note
from protocyte.analysis.tables import (
    Cell,
    Column,
    ResultTable,
    Row,
    Share,
    geometric_of,
    median_of,
    phrase,
    say,
)
from protocyte.base import Message
from protocyte.derive.course import Course
from protocyte.derive.kinetics import Peak, State, peak, persistence, series
from protocyte.study.efficacy import KineticsAssay
from protocyte.study.parts import Words

# A median of fewer subjects is somebody's own course.
LEAST_FOR_MEDIAN = 3


@dataclass(frozen=True)
class Sample:
    """`value` is None below the limit of detection, or of quantification where nothing was detected."""

    day: int
    value: float | None
    state: State
    lloq: float


@dataclass(frozen=True)
class Line:
    subject: str
    level: str
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Profile:
    """One assay in one matrix. `medians` hold, by level, the median at each planned day that has one."""

    assay: str
    title: Words
    role: str
    unit: str
    lloq: float
    lod: float | None
    lines: tuple[Line, ...]
    medians: tuple[tuple[str, tuple[tuple[int, float], ...]], ...]
    unusable: int  # results whose unit does not measure what the assay's does


def kinetics_profiles(cut: Cut) -> tuple[Profile, ...]:
    return tuple(_profile(cut, name, plan) for name, plan in cut.study.kinetics.items())


def _profile(cut: Cut, name: str, plan: KineticsAssay) -> Profile:
    lines, unusable = [], 0
    by_day: dict[str, dict[int, list[float | None]]] = defaultdict(lambda: defaultdict(list))
    for course in cut.infused:
        found = series(cut.study, course, name)
        unusable += len(found.unusable)
        if not found.points:
            continue
        label = label_of(cut, course)
        samples = []
        for point in found.points:
            value = float(point.value) if point.value is not None else None
            samples.append(Sample(point.day, value, point.state, float(point.lloq)))
            if point.nominal is not None and point.day >= 0:
                by_day[label][point.nominal].append(value if point.state == "quantified" else None)
        lines.append(Line(course.subject, label, tuple(samples)))
    medians = tuple((label, _medians(by_day[label])) for label in cut.study.labels if label in by_day)
    lod = float(plan.lod.to(plan.unit).value) if plan.lod else None
    lloq = float(plan.lloq.to(plan.unit).value)
    return Profile(name, plan.title, plan.role, plan.unit, lloq, lod, tuple(lines), medians, unusable)


def _medians(by_day: dict[int, list[float | None]]) -> tuple[tuple[int, float], ...]:
    """Only where more than half are quantified: whatever the others were, the middle is then known.

    With an even number the two in the middle must both be quantified.
    """
    found = []
    for day, values in sorted(by_day.items()):
        known = sorted(value for value in values if value is not None)
        below = len(values) - len(known)
        if len(values) >= LEAST_FOR_MEDIAN and below < len(values) / 2 and below <= (len(values) - 1) // 2:
            found.append((day, median([0.0] * below + known)))
    return tuple(found)


def kinetics_table(cut: Cut) -> ResultTable:
    """By assay and level: who was sampled, who had cells, the peak and its day, and persistence."""
    groups = infused_by_level(cut)
    rows: list[Row] = []
    for name, plan in cut.study.kinetics.items():
        peaks = {course.subject: _peak(cut, course, name) for course in cut.infused}
        sampled = {course.subject for course in cut.infused if _sampled(cut, course, name)}
        if not sampled:
            continue
        columns = []
        for group in groups.values():
            of = [course for course in group if course.subject in sampled]
            seen = [found for course in of if (found := peaks[course.subject]) is not None]
            columns.append(_statistics(cut, name, plan, of, seen))
        heading = phrase("assay", title=plan.title, unit=plan.unit)
        rows += [
            Row((lines[0][0], *(cell for _, cell in lines)), group=heading)
            for lines in zip(*columns, strict=True)
        ]
    notes = (say("note_peak"), say("note_persistence"), *level_note(cut))
    return ResultTable(
        "kinetics", say("title_kinetics"), (Column(say("statistic")), *heads(groups)), tuple(rows),
        all_infused(cut), notes, say("no_samples"),
    )  # fmt: skip


def _sampled(cut: Cut, course: Course, name: str) -> bool:
    return any(point.day > 0 for point in series(cut.study, course, name).points)


def _peak(cut: Cut, course: Course, name: str) -> Peak | None:
    return peak(series(cut.study, course, name))


def _statistics(
    cut: Cut, name: str, plan: KineticsAssay, of: list[Course], seen: list[Peak]
) -> list[tuple[Message, Cell]]:
    ends = [persistence(cut.study, course, name) for course in of]
    lost = sum(end.status == "lost" for end in ends)
    return [
        (say("sampled"), len(of)),
        (say("quantified"), Share(len(seen), len(of))),
        (say("cmax", unit=plan.unit), geometric_of([float(one.cmax) for one in seen])),
        (say("tmax"), median_of([one.tmax for one in seen])),
        (say("tlast"), median_of([one.tlast for one in seen])),
        (say("lost"), Share(lost, len(seen)) if seen else None),
    ]
