"""Best overall response by category and level, in each of the populations a rate may be read from."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.response import best_of, responded
from protocyte.analysis.groups import EVERYBODY, level_note, level_of
from protocyte.analysis.tables import Cell, Column, Rate, ResultTable, Row, Share, rate, say
from protocyte.derive.analysis_sets import members
from protocyte.derive.classify import NOT_EVALUABLE, study_criteria
from protocyte.derive.course import Course
from protocyte.derive.response import BestResponse
from protocyte.study.efficacy import AnalysisSet

COMPOSITE = ("CR", "CRh", "CRi")
BROUGHT_ALONG = "in remission"  # no category: such a subject cannot respond (DOMAIN 14)

# In the order of DOMAIN 20: the primary denominator first.
_POPULATIONS = ("infused", "enrolled", "efficacy_evaluable")
Courses = tuple[Course, ...]


def categories(cut: Cut) -> tuple[str, ...]:
    """Every category of the criteria the study judges by, best first; several diseases' one after another."""
    names = dict.fromkeys(cut.study.response.primary.values())
    return tuple(dict.fromkeys(c for name in names for c in study_criteria(cut.study, name).order))


def response_summary_table(cut: Cut) -> ResultTable:
    """All infused, all enrolled and the efficacy-evaluable, each with all its categories and its rates."""
    labels = _labels(cut)
    rows = [row for name in _POPULATIONS for row in _population(cut, name, labels)]
    columns = (
        Column(say("best_response")),
        *(Column(label or say("all_levels"), "number") for label in labels),
    )
    notes = (
        say("note_orr", responses=" + ".join(cut.study.response.responses)),
        say("note_criteria", criteria=tuple(sorted(set(cut.study.response.primary.values())))),
        say("note_resp_partition"),
        say("note_resp_no_null"),
        *level_note(cut),
        *((say("note_resp_assigned"),) if len(labels) > 1 else ()),
    )
    return ResultTable(
        "response_summary", say("title_response_summary"), columns, tuple(rows),
        say("resp_of_each", infused=len(cut.infused), enrolled=len(cut.enrolled)), notes,
        say("resp_nobody_enrolled"),
    )  # fmt: skip


def _labels(cut: Cut) -> tuple[str, ...]:
    """A study of one level has no levels to compare."""
    return (*(cut.study.labels if len(cut.study.labels) > 1 else ()), EVERYBODY)


def _population(cut: Cut, name: str, labels: tuple[str, ...]) -> list[Row]:
    plan = _planned(cut, name)
    subjects = _members(cut, name, plan)
    if subjects is None or not cut.enrolled:
        return []
    groups = [_at(cut, subjects, label) for label in labels]
    best = {course.subject: best_of(cut, course) for course in subjects}
    heading: Cell = plan[1].title if plan else say(f"resp_{name}")

    def share(head: Cell, test: Callable[[Course], bool]) -> Row:
        return Row((head, *(Share(sum(map(test, group)), len(group)) for group in groups)), heading)

    def line(head: Cell, hit: Callable[[Course], bool], strong: bool = False) -> Row:
        return Row((head, *(_rate(group, hit) for group in groups)), heading, strong)

    rows = [Row((say("resp_subjects"), *(len(group) for group in groups)), heading)]
    other = {category_of(one) for one in best.values()} - {BROUGHT_ALONG, NOT_EVALUABLE}
    named = dict.fromkeys([*categories(cut), *sorted(other)])
    rows += [share(category, _is(best, category)) for category in named]
    rows.append(share(say("resp_ne"), _is(best, NOT_EVALUABLE)))
    reasons = sorted({_reason(course, best) for course in subjects} - {""})
    rows += [share(say(f"resp_{why}"), lambda c, w=why: _reason(c, best) == w) for why in reasons]  # type: ignore[misc]
    rows.append(share(say("in_remission"), _is(best, BROUGHT_ALONG)))
    return rows + [line(head, hit, strong) for head, hit, strong in _rates(cut, best)]


def _rates(cut: Cut, best: dict[str, BestResponse]) -> list[tuple[Cell, Callable[[Course], bool], bool]]:
    """The study's own rate, complete remission alone, and the composite of what the criteria know of it."""
    own = cut.study.response.responses
    found: list[tuple[Cell, Callable[[Course], bool], bool]] = [
        (say("resp_orr", responses=" + ".join(own)), lambda course: responded(cut, course), True)
    ]
    composite = tuple(one for one in COMPOSITE if one in categories(cut))
    for wanted in dict.fromkeys([composite[:1], composite]):
        if wanted and wanted != own:
            name = say("resp_rate_of", responses=" + ".join(wanted))
            found.append((name, lambda c, w=wanted: best[c.subject].is_in(w), False))  # type: ignore[misc]
    return found


def category_of(best: BestResponse) -> str:
    """The category, of which everybody has exactly one: a remission brought along is none of the others."""
    return BROUGHT_ALONG if best.in_remission_at_baseline is True else best.category


def _is(best: dict[str, BestResponse], category: str) -> Callable[[Course], bool]:
    return lambda course: category_of(best[course.subject]) == category


_REASONS = {
    "response_none_known": "ne_unknown",
    "response_none_adequate": "ne_inadequate",
    "response_none_counts": "ne_after",
    "response_none_died": "ne_died",
    "response_none_yet": "ne_none_yet",
}


def _reason(course: Course, best: dict[str, BestResponse]) -> str:
    """Why somebody is not evaluable; empty for everybody else."""
    one = best[course.subject]
    if category_of(one) != NOT_EVALUABLE:
        return ""
    if course.infused_on is None:
        return "ne_not_infused"
    return _REASONS[one.why.key.partition(".")[2]]


def _rate(group: Iterable[Course], hit: Callable[[Course], bool]) -> Rate:
    of = list(group)
    return rate(sum(map(hit, of)), len(of))


def _planned(cut: Cut, name: str) -> tuple[str, AnalysisSet] | None:
    return next(((key, one) for key, one in cut.study.analysis_sets.items() if one.members == name), None)


def _members(cut: Cut, name: str, plan: tuple[str, AnalysisSet] | None) -> Courses | None:
    """None where the study names no such set; all infused and all enrolled there always are."""
    if name == "infused":
        return cut.infused
    if name == "enrolled":
        return cut.enrolled
    return members(cut.study, cut.courses, plan[0], cut.as_of) if plan else None


def _at(cut: Cut, subjects: Courses, label: str) -> Courses:
    if label == EVERYBODY:
        return subjects
    level = cut.study.level_of(label)
    return tuple(course for course in subjects if level_of(course) == level)
