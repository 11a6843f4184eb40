"""Cellular kinetics by subject: one profile an assay, with its limit and what lay below it."""

from __future__ import annotations

from dataclasses import dataclass

from protocyte.analysis.groups import level_of
from protocyte.derive.course import Trial
from protocyte.derive.kinetics import series
from protocyte.study.parts import Words


@dataclass(frozen=True)
class Profile:
    """`lines` hold (subject, level, points of (day, value, quantified)); below the limit the value is the limit."""

    assay: str
    title: Words
    unit: str
    lloq: float
    lines: tuple[tuple[str, str, tuple[tuple[int, float, bool], ...]], ...]


def kinetics_profiles(trial: Trial) -> tuple[Profile, ...]:
    profiles = []
    for name, plan in trial.study.kinetics.items():
        lines = []
        for course in trial.courses:
            points = tuple(
                (p.day, float(p.value if p.value is not None else p.lloq), p.state == "quantified")
                for p in series(trial.study, course, name).points
            )
            if points and course.infused_on is not None:
                lines.append((course.subject, trial.study.label_of(level_of(course)), points))
        profiles.append(Profile(name, plan.title, plan.unit, float(plan.lloq.value), tuple(lines)))
    return tuple(profiles)
