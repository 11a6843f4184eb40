"""What became of everybody who consented, the manufacturing branch included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from protocyte.analysis.tables import Table, say
from protocyte.derive.course import Trial
from protocyte.derive.disposition import Stage, stage
from protocyte.derive.dlt import evaluability


@dataclass(frozen=True)
class Flow:
    """Counts along the course; `lost` maps a box to those who left the course there, by why."""

    screened: int
    screen_failed: int
    enrolled: int
    collected: int
    manufacturing_failed: int
    released: int
    lymphodepleted: int
    infused: int
    dlt_evaluable: int
    died: int
    completed: int
    allogeneic: bool


def derive_flow(trial: Trial, as_of: date) -> Flow:
    stages = [stage(trial.study, course, as_of) for course in trial.courses]
    allogeneic = trial.study.product.origin == "allogeneic"

    def reached(*names: str) -> int:
        return sum(any(one.has(name) for name in names) for one in stages)  # type: ignore[arg-type]

    return Flow(
        screened=reached("screened"),
        screen_failed=reached("screen_failed"),
        enrolled=reached("enrolled"),
        collected=reached("lot_allocated" if allogeneic else "apheresis"),
        manufacturing_failed=sum(
            one.has("manufacturing_failed") and not one.has("infused") for one in stages
        ),
        released=reached("released"),
        lymphodepleted=reached("lymphodepleted"),
        infused=reached("infused"),
        dlt_evaluable=sum(evaluability(trial.study, course, as_of) is True for course in trial.courses),
        died=reached("died"),
        completed=reached("completed"),
        allogeneic=allogeneic,
    )


def left_without_infusion(trial: Trial, as_of: date) -> Table:
    """Everybody enrolled and not infused, with why: denominators must show them."""
    rows = []
    for course in trial.courses:
        one = stage(trial.study, course, as_of)
        if one.has("enrolled") and not one.has("infused"):
            rows.append((course.subject, _last(one), one.reason or "-"))
    columns = (say("subject"), say("stage"), say("reason"))
    return Table("left", say("title_left"), columns, tuple(rows), say("of_enrolled", n=_enrolled(trial)))


def _last(one: Stage) -> str:
    return f"{one.name} {one.on or ''}".strip()


def _enrolled(trial: Trial) -> int:
    return sum(course.enrolled_on is not None for course in trial.courses)
