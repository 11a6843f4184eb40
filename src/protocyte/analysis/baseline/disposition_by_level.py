"""Disposition by dose level, from consent to the end of follow-up (14.1.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from protocyte.analysis.baseline.exposure import DoseGiven, completed, dose_given, standing
from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import Groups, by_level, heads, level_note, level_of
from protocyte.analysis.row_blocks import spread_rows
from protocyte.analysis.tables import Cell, Column, ResultTable, Row, Share, say
from protocyte.base import Message
from protocyte.derive.course import Course
from protocyte.derive.disposition import Milestone, Stage, stage
from protocyte.derive.dlt import evaluability
from protocyte.records.enrolment import ScreenFailure
from protocyte.records.product import Manufacture, Release
from protocyte.records.treatment import Bridging

# The visit at which the first response is read and the DLT window of every shipped study ends.
FIRST_VISIT = 28


@dataclass(frozen=True)
class Standing:
    """One subject's way through the trial as of the cut."""

    course: Course
    stage: Stage
    product: str | None  # made, out_of_specification, failed, none_yet; None: no cells were collected
    dose: DoseGiven | None
    evaluable: bool | None
    day_28: str | None  # reached, died, left, to_come; None: not infused
    not_infused: str | None  # why an enrolled subject was not infused
    left: str | None  # why an enrolled subject left the study, death apart


def standing_of(cut: Cut, course: Course) -> Standing:
    one = stage(cut.study, course, cut.as_of)
    left = course.left_study
    reason = left.record.reason if left and left.record.reason != "death" else None
    return Standing(
        course=course,
        stage=one,
        product=_product(course, one),
        dose=dose_given(cut.study, course),
        evaluable=evaluability(cut.study, course, cut.as_of) if course.infused_on else None,
        day_28=_day_28(cut, course),
        not_infused=_not_infused(one),
        left=reason if one.has("enrolled") else None,
    )


def _product(course: Course, one: Stage) -> str | None:
    """What came of the cells collected: a lot released counts, whatever run it came from."""
    if not one.has("apheresis"):
        return None
    outcomes = {held.record.outcome for held in course.all(Release)}
    if "released" in outcomes:
        return "made"
    if "out_of_specification_released" in outcomes:
        return "out_of_specification"
    return "failed" if one.has("manufacturing_failed") else "none_yet"


def _day_28(cut: Cut, course: Course) -> str | None:
    """Alive and in the study on day 28; the day itself must have come."""
    if course.infused_on is None:
        return None
    due = course.infused_on + timedelta(days=FIRST_VISIT)
    left = course.left_study
    if course.died_on is not None and course.died_on < due:
        return "died"
    if left is not None and left.record.on < due:
        return "left"
    return "reached" if due <= cut.as_of else "to_come"


def _not_infused(one: Stage) -> str | None:
    if not one.has("enrolled") or one.has("infused"):
        return None
    if one.name in ("manufacturing_failed", "died"):
        return f"stage_{one.name}"
    if one.name in ("discontinued", "completed"):
        return f"reason_{one.reason or 'other'}"
    return "on_the_way"


def disposition_table(cut: Cut) -> ResultTable:
    """Shares are of those a step is open to: enrolment of the screened, the dose of the infused."""
    groups = by_level(cut, cut.courses)
    known = {course.subject: standing_of(cut, course) for course in cut.courses}
    lines = _Lines(groups, known)
    rows = [
        *_screening(cut, lines),
        *(_collection(lines) if cut.study.product.origin == "autologous" else _allocation(lines)),
        *_treatment(cut, lines),
        *_follow_up(lines),
        *_days(cut, groups, known),
    ]
    return ResultTable(
        "disposition", say("title_disposition"), (Column(say("base_step")), *heads(groups)),
        tuple(rows) if cut.courses else (), say("base_of_consented", n=len(cut.courses)), _notes(cut),
        say("base_nobody_consented"),
    )  # fmt: skip


Test = Callable[[Standing], bool]


@dataclass(frozen=True)
class _Lines:
    """Rows of shares over the same groups."""

    groups: Groups
    known: dict[str, Standing]

    def row(self, name: Cell, test: Test, of: Test, group: Cell = None, strong: bool = False) -> Row:
        cells = []
        for members in self.groups.values():
            asked = [one for course in members if of(one := self.known[course.subject])]
            cells.append(Share(sum(test(one) for one in asked), len(asked)))
        return Row((name, *cells), group=group, strong=strong)

    def by(self, group: Cell, read: Callable[[Standing], str | None], of: Test) -> list[Row]:
        """A row a reason that occurs, the most frequent first."""
        often = Counter(reason for one in self.known.values() if of(one) and (reason := read(one)))
        ordered = sorted(often, key=lambda reason: (-often[reason], reason))
        return [
            self.row(say(reason), lambda one, reason=reason: read(one) == reason, of, group)  # type: ignore[misc]
            for reason in ordered
        ]


def _screened(one: Standing) -> bool:
    return True


def _failed_screening(one: Standing) -> bool:
    return one.stage.has("screen_failed") and not one.stage.has("enrolled")


def _enrolled(one: Standing) -> bool:
    return one.stage.has("enrolled")


def _collected(one: Standing) -> bool:
    return _enrolled(one) and one.stage.has("apheresis")


def _depleted(one: Standing) -> bool:
    return _enrolled(one) and one.stage.has("lymphodepleted")


def _infused(one: Standing) -> bool:
    return one.stage.has("infused")


def _screening(cut: Cut, lines: _Lines) -> list[Row]:
    heading, failed = say("base_screening"), say("base_failures")
    reasons = Counter(
        reason for one in lines.known.values() if _failed_screening(one) for reason in failure_reasons(one)
    )
    return [
        lines.row(say("base_screened"), _screened, _screened, heading, strong=True),
        lines.row(say("base_screen_failed"), _failed_screening, _screened, heading),
        lines.row(say("base_in_screening"), _waiting, _screened, heading),
        lines.row(say("base_enrolled"), _enrolled, _screened, heading, strong=True),
        *(
            lines.row(criterion_words(cut, reason), _failed_for(reason), _failed_screening, failed)
            for reason in sorted(reasons, key=lambda reason: (-reasons[reason], reason))
        ),
    ]


def _waiting(one: Standing) -> bool:
    return not _failed_screening(one) and not _enrolled(one)


def _failed_for(reason: str) -> Test:
    return lambda one: reason in failure_reasons(one)


def failure_reasons(one: Standing) -> tuple[str, ...]:
    """The criteria that were not met; without any, the reason as it was written."""
    held = one.course.last(ScreenFailure)
    if held is None:
        return ()
    return tuple(dict.fromkeys(held.record.criteria)) or (held.record.reason.strip(),)


def criterion_words(cut: Cut, reason: str) -> Cell:
    known = cut.study.eligibility.get(reason)
    return known.text if known else reason


def _collection(lines: _Lines) -> list[Row]:
    heading, made = say("base_before_treatment"), say("base_manufacture")

    def product(name: str) -> Row:
        return lines.row(say(f"base_product_{name}"), lambda one: one.product == name, _collected, made)

    return [
        lines.row(say("base_apheresed"), _collected, _enrolled, heading),
        lines.row(say("base_bridged"), _bridged, _enrolled, heading),
        *(product(name) for name in ("made", "out_of_specification", "failed", "none_yet")),
        lines.row(say("subjects_again"), lambda one: len(one.course.all(Manufacture)) > 1, _collected, made),
    ]


def _allocation(lines: _Lines) -> list[Row]:
    """A donor's product is made before anybody needs it: there is a lot to allocate, no run to fail."""
    heading = say("base_before_treatment")
    return [
        lines.row(say("base_allocated"), lambda one: one.stage.has("lot_allocated"), _enrolled, heading),
        lines.row(say("base_released"), lambda one: one.stage.has("released"), _enrolled, heading),
        lines.row(say("base_bridged"), _bridged, _enrolled, heading),
    ]


def _bridged(one: Standing) -> bool:
    return bool(one.course.all(Bridging))


def _treatment(cut: Cut, lines: _Lines) -> list[Row]:
    heading, dose = say("base_treatment"), say("base_dose_infused_group")
    tolerance = cut.study.dosing.tolerance

    def dosed(name: str) -> Row:
        words = say(f"base_dose_{name}", tolerance=tolerance)
        return lines.row(
            words, lambda one: one.dose is not None and standing(one.dose) == name, _infused, dose
        )

    stands = ["as_planned", "below"] + [
        name
        for name in ("open", "unknown")
        if any(one.dose is not None and standing(one.dose) == name for one in lines.known.values())
    ]
    return [
        lines.row(say("base_ld_started"), _depleted, _enrolled, heading),
        lines.row(say("base_ld_completed"), lambda one: completed(one.course), _enrolled, heading),
        lines.row(say("base_infused"), _infused, _enrolled, heading, strong=True),
        lines.row(say("base_not_infused_any"), _without, _enrolled, heading),
        *(dosed(name) for name in stands),
        *lines.by(say("base_not_infused"), lambda one: one.not_infused, _without),
    ]


def _without(one: Standing) -> bool:
    return one.not_infused is not None


def _follow_up(lines: _Lines) -> list[Row]:
    evaluable, day, last = say("base_evaluability"), say("base_day_28"), say("base_end")

    def answered(name: str, answer: bool | None) -> Row:
        return lines.row(say(name), lambda one: one.evaluable is answer, _infused, evaluable)

    def on_day(name: str) -> Row:
        return lines.row(say(f"base_day_28_{name}"), lambda one: one.day_28 == name, _infused, day)

    return [
        answered("dlt_evaluable", True),
        answered("not_evaluable", False),
        answered("still_open", None),
        *(on_day(name) for name in ("reached", "died", "left", "to_come")),
        lines.row(say("base_in_study"), _in_study, _enrolled, last),
        lines.row(say("base_completed_study"), lambda one: one.left == "completed", _enrolled, last),
        lines.row(say("base_discontinued"), _discontinued, _enrolled, last),
        lines.row(say("base_died"), _died, _enrolled, last, strong=True),
        lines.row(say("base_died_before"), lambda one: _died(one) and not _infused(one), _enrolled, last),
        *lines.by(say("base_left"), lambda one: f"reason_{one.left}", _discontinued),
    ]


def _in_study(one: Standing) -> bool:
    """Neither dead nor gone: who left treatment before the infusion is still in the study until he leaves it."""
    return one.left is None and not _died(one)


def _discontinued(one: Standing) -> bool:
    return _enrolled(one) and one.left is not None and one.left != "completed"


def _died(one: Standing) -> bool:
    return one.stage.has("died")


def _days(cut: Cut, groups: Groups, known: dict[str, Standing]) -> list[Row]:
    """From the cells' collection, or the lot's allocation, to the release and to the first infusion."""
    step: Milestone = "apheresis" if cut.study.product.origin == "autologous" else "lot_allocated"
    release: dict[str, float] = {}
    infusion: dict[str, float] = {}
    for subject, one in known.items():
        days = dict(one.stage.reached)
        if step not in days or not _enrolled(one):
            continue
        if "released" in days:
            release[subject] = float((days["released"] - days[step]).days)
        if "infused" in days:
            infusion[subject] = float((days["infused"] - days[step]).days)
    heading = say(f"base_days_{cut.study.product.origin}")
    return [
        *spread_rows(heading, say("base_to_release"), groups, release),
        *spread_rows(heading, say("base_to_infusion"), groups, infusion),
    ]


def _notes(cut: Cut) -> tuple[Message, ...]:
    levels = len(cut.study.labels) > 1
    without = sum(not level_of(course) for course in cut.courses)
    return (
        *((say("note_base_no_level", n=without),) if levels else ()),
        say("note_base_steps"),
        say("note_base_planned", tolerance=cut.study.dosing.tolerance),
        say("note_base_day_28"),
        say("note_base_discontinued"),
        say("note_base_median"),
        *level_note(cut),
    )
