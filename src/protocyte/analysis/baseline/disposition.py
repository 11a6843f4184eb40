"""What became of everybody who consented, the manufacturing branch included."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from protocyte.analysis.cut import Cut
from protocyte.analysis.tables import Column, ResultTable, Row, Share, median_of, number, say, text
from protocyte.base import Message
from protocyte.derive.disposition import Milestone, Stage, stage
from protocyte.derive.dlt import evaluability
from protocyte.records.product import Leukapheresis, Manufacture, Release


@dataclass(frozen=True)
class Lost:
    """Who went no further than a step, and why; `final` is False for those still on the way."""

    why: Message
    count: int
    final: bool = True


@dataclass(frozen=True)
class FlowStep:
    """Everybody who came as far as this. `count` is the next step's count and all of `lost` together."""

    name: str
    count: int
    lost: tuple[Lost, ...] = ()


@dataclass(frozen=True)
class Flow:
    """The course down to the infusion; then who is DLT-evaluable, and where everybody infused stands."""

    steps: tuple[FlowStep, ...]
    evaluable: int
    not_evaluable: int
    open: int
    standing: tuple[tuple[str, int], ...]

    def count(self, name: str) -> int:
        return next(step.count for step in self.steps if step.name == name)


def derive_flow(cut: Cut) -> Flow:
    stages = [stage(cut.study, course, cut.as_of) for course in cut.courses]
    names = _steps(cut)
    furthest = [_furthest(one, names) for one in stages]
    steps = []
    for place, name in enumerate(names):
        stayed = [one for one, reached in zip(stages, furthest, strict=True) if reached == place]
        lost = _lost(stayed) if place + 1 < len(names) else ()
        steps.append(FlowStep(name, sum(reached >= place for reached in furthest), lost))
    answers = Counter(evaluability(cut.study, course, cut.as_of) for course in cut.infused)
    stands = Counter(_standing(one) for one in stages if one.has("infused"))
    return Flow(
        tuple(steps),
        evaluable=answers[True],
        not_evaluable=answers[False],
        open=answers[None],
        standing=tuple((name, stands[name]) for name in _STANDINGS if stands[name]),
    )


_STANDINGS = ("in_window", "in_follow_up", "completed", "discontinued", "died")


def _standing(one: Stage) -> str:
    return one.name if one.name in _STANDINGS else "in_window"


def _steps(cut: Cut) -> tuple[Milestone, ...]:
    """A product of a donor is made before anybody needs it: there a lot is allocated, not collected."""
    if cut.study.product.origin == "allogeneic":
        return ("screened", "enrolled", "lot_allocated", "lymphodepleted", "infused")
    return ("screened", "enrolled", "apheresis", "released", "lymphodepleted", "infused")


def _furthest(one: Stage, names: tuple[Milestone, ...]) -> int:
    """The last step reached. An earlier one without a record was passed all the same."""
    return max(place for place, name in enumerate(names) if place == 0 or one.has(name))


def _lost(stayed: list[Stage]) -> tuple[Lost, ...]:
    counts = Counter(_why(one) for one in stayed)
    ordered = sorted(counts.items(), key=lambda pair: (not pair[0][1], -pair[1], pair[0][0]))
    return tuple(Lost(say(name), count, final) for (name, final), count in ordered)


def _why(one: Stage) -> tuple[str, bool]:
    if one.name in ("screen_failed", "manufacturing_failed", "died"):
        return f"stage_{one.name}", True
    if one.name in ("discontinued", "completed"):
        return f"reason_{one.reason or 'other'}", True
    return "on_the_way", False


def left_table(cut: Cut) -> ResultTable:
    """Everybody enrolled and not infused, with why: denominators must show them."""
    rows = []
    for course in cut.enrolled:
        one = stage(cut.study, course, cut.as_of)
        if not one.has("infused"):
            reason = say(f"reason_{one.reason}") if one.reason else None
            rows.append(Row((course.subject, say(f"stage_{one.name}"), one.on, reason)))
    columns = text("subject", "stands_at", "since", "reason")
    return ResultTable(
        "left", say("title_left"), columns, tuple(rows), say("of_enrolled", n=len(cut.enrolled)),
        empty=say("all_infused"),
    )  # fmt: skip


def manufacturing_table(cut: Cut) -> ResultTable | None:
    """Runs and lots of an autologous product, and the days it took; None for a product of a donor."""
    if cut.study.product.origin == "allogeneic":
        return None
    runs = [held.record.outcome for course in cut.enrolled for held in course.all(Manufacture)]
    lots = [held.record.outcome for course in cut.enrolled for held in course.all(Release)]
    again = sum(len(course.all(Manufacture)) > 1 for course in cut.enrolled)
    release_days, infusion_days = [], []
    for course in cut.enrolled:
        start = course.first(Leukapheresis)
        if start is None:
            continue
        good = [h.record.on for h in course.all(Release) if h.record.outcome != "rejected"]
        release_days += _days(start.record.on, good[0] if good else None)
        infusion_days += _days(start.record.on, course.infused_on)
    rows = (
        Row((say("runs"), len(runs))),
        Row((say("runs_failed"), Share(runs.count("failed"), len(runs)))),
        Row((say("subjects_again"), again)),
        Row((say("lots_released"), Share(len(lots) - lots.count("rejected"), len(lots)))),
        Row((say("lots_out"), Share(lots.count("out_of_specification_released"), len(lots)))),
        Row((say("to_release"), median_of(release_days))),
        Row((say("to_infusion"), median_of(infusion_days))),
    )
    columns = (Column(say("manufacture")), *number("all_subjects"))
    return ResultTable(
        "manufacture", say("title_manufacture"), columns, rows if runs or lots else (),
        say("of_enrolled", n=len(cut.enrolled)), (say("note_median"),), say("nothing_made"),
    )  # fmt: skip


def _days(start: date, end: date | None) -> list[int]:
    return [(end - start).days] if end is not None else []
