"""Best responses by level with exact limits, the companion criteria beside them, and the swimmer's lanes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from protocyte.analysis.groups import infused_by_level, level_of
from protocyte.analysis.tables import Cell, Table, percent, say
from protocyte.derive.course import Course, Trial
from protocyte.derive.relapse import first_relapse
from protocyte.derive.response import Assessment, assessments, best_response
from protocyte.records.follow_up import Transplant
from protocyte.stats.binomial import clopper_pearson


def response_table(trial: Trial, as_of: date) -> Table:
    """All infused first, all enrolled beside it: missing, not evaluable and early death are no responses."""
    study, groups = trial.study, infused_by_level(trial)
    best = {c.subject: best_response(study, c, data_cut=as_of).category for c in groups[""]}
    categories = [*dict.fromkeys([*study.response.responses, *sorted(set(best.values()))])]
    rows: list[tuple[Cell, ...]] = [
        (
            name,
            *(percent(sum(best[c.subject] == name for c in group), len(group)) for group in groups.values()),
        )
        for name in categories
    ]
    hits = {
        label: sum(best[c.subject] in study.response.responses for c in group)
        for label, group in groups.items()
    }
    rows.append((say("orr"), *(_limits(hits[label], len(group)) for label, group in groups.items())))
    enrolled = sum(course.enrolled_on is not None for course in trial.courses)
    rows.append((say("orr_enrolled"), *("" for _ in list(groups)[1:]), _limits(hits[""], enrolled)))
    heads = tuple(say("level_n", level=label, n=len(group)) for label, group in groups.items() if label)
    columns = (say("best_response"), *heads, say("total_n", n=len(groups[""])))
    notes = (
        say("note_orr", responses=" + ".join(study.response.responses)),
        say("note_criteria", criteria=", ".join(sorted(set(study.response.primary.values())))),
    )
    return Table(
        "response", say("title_response"), columns, tuple(rows), say("of_infused", n=len(groups[""])), notes
    )


def _limits(count: int, of: int) -> str:
    if not of:
        return "–"
    limits = clopper_pearson(count, of)
    return f"{count}/{of} = {100 * count / of:.0f} % ({100 * float(limits.lower):.0f}–{100 * float(limits.upper):.0f})"


def differences(trial: Trial) -> Table:
    """Assessments that the study's own criteria and a companion read differently, by name."""
    rows = [
        (course.subject, f"D{one.day}", one.category, criteria, category)
        for course in trial.courses
        for one in assessments(trial.study, course)
        for criteria, category in one.companions.items()
        if category != one.category
    ]
    columns = tuple(say(n) for n in ("subject", "day", "own_reading", "companion", "its_reading"))
    return Table("differences", say("title_differences"), columns, tuple(rows), say("of_assessments"))


@dataclass(frozen=True)
class Swim:
    """One lane: from day 0 to `last`; `marks` are (day, kind, label)."""

    subject: str
    level: str
    last: int
    best: str
    marks: tuple[tuple[int, str, str], ...]
    ongoing: bool


def swimmer(trial: Trial, as_of: date) -> tuple[Swim, ...]:
    lanes = [_lane(trial, course, as_of) for course in trial.courses if course.infused_on is not None]
    return tuple(sorted(lanes, key=lambda lane: (lane.level, -lane.last)))


def _lane(trial: Trial, course: Course, as_of: date) -> Swim:
    study = trial.study
    shown = [one for one in assessments(study, course) if one.on <= as_of]
    marks = [(one.day, "response", one.category) for one in _changes(shown)]
    marks += [(day, "infusion", "") for held in course.infusions if (day := course.day(held.record.on))]
    relapse = first_relapse(study, course)
    days = {
        "relapse": relapse.on if relapse else None,
        "transplant": next((held.record.conditioning for held in course.all(Transplant)), None),
        "death": course.died_on,
    }
    marks += [(course.day(on) or 0, kind, "") for kind, on in days.items() if on is not None and on <= as_of]
    seen = [
        on for held in course.held if isinstance(on := getattr(held.record, "on", None), date) and on <= as_of
    ]
    last = max((course.day(on) or 0 for on in seen), default=0)
    best = best_response(study, course, data_cut=as_of).category
    ongoing = course.died_on is None and course.left_study is None
    return Swim(course.subject, study.label_of(level_of(course)), last, best, tuple(sorted(marks)), ongoing)


def _changes(shown: list[Assessment]) -> list[Assessment]:
    """The first assessment and every one whose category is another than before."""
    return [
        one
        for before, one in zip([None, *shown], shown, strict=False)
        if before is None or before.category != one.category
    ]
