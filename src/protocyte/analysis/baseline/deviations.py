"""Protocol deviations, summarised and by subject."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from protocyte.analysis.baseline.demography import readable
from protocyte.analysis.baseline.listings import listing
from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import Groups, all_infused, heads, infused_by_level, label_of, level_note
from protocyte.analysis.tables import Cell, Column, ResultTable, Row, Share, number, say, text
from protocyte.derive.course import Course
from protocyte.records.oversight import Deviation

Found = dict[str, tuple[Deviation, ...]]
Test = Callable[[Deviation], bool]


def deviations_summary_table(cut: Cut) -> ResultTable:
    """Subjects infused with at least one, by importance and category; and how many deviations there were."""
    groups = infused_by_level(cut)
    found = {course.subject: _deviations(course) for course in cut.infused}
    every = [one for told in found.values() for one in told]
    often = Counter(one.category for one in every)
    rows = [_subjects(groups, found, say("base_any_deviation"), lambda one: True)]
    rows += [_subjects(groups, found, say(f"base_{name}"), _of(name)) for name in ("major", "minor")]
    rows += [_events(groups, found)]
    for category in sorted(often, key=lambda name: (-often[name], name)):
        heading = say("base_category_of", category=readable(category))
        rows += [
            _subjects(groups, found, say("base_any_importance"), _of(None, category), heading),
            *(
                _subjects(groups, found, say(f"base_{name}"), _of(name, category), heading)
                for name in ("major", "minor")
            ),
        ]
    others = [one for course in cut.courses if course.infused_on is None for one in _deviations(course)]
    notes = (
        say("note_base_deviations"),
        *((say("note_base_deviations_before", n=len(others)),) if others else ()),
        *level_note(cut),
    )
    return ResultTable(
        "deviations_summary", say("title_deviations_summary"),
        (Column(say("base_deviation")), *heads(groups)), tuple(rows) if every else (), all_infused(cut), notes,
        say("base_no_deviations") if cut.infused else say("nobody_infused"),
    )  # fmt: skip


def _deviations(course: Course) -> tuple[Deviation, ...]:
    return tuple(held.record for held in course.all(Deviation))


def _of(importance: str | None, category: str | None = None) -> Test:
    return lambda one: importance in (None, one.importance) and category in (None, one.category)


def _subjects(groups: Groups, found: Found, name: Cell, test: Test, group: Cell = None) -> Row:
    cells = (
        Share(sum(any(test(one) for one in found[course.subject]) for course in members), len(members))
        for members in groups.values()
    )
    return Row((name, *cells), group=group)


def _events(groups: Groups, found: Found) -> Row:
    counts = (sum(len(found[course.subject]) for course in members) for members in groups.values())
    return Row((say("base_deviations_count"), *counts))


def list_deviations(cut: Cut) -> ResultTable:
    """One row a deviation, of everybody who consented, in order of subject and day."""
    rows = [
        Row(
            (
                course.subject, label_of(cut, course), one.on, course.day(one.on), readable(one.category),
                say(f"base_{one.importance}"), one.description,
            )
        )
        for course in cut.courses
        for one in _deviations(course)
    ]  # fmt: skip
    columns = (
        *text("subject", "level", "on"), *number("day"),
        *text("base_category_head", "base_importance", "base_description"),
    )  # fmt: skip
    return listing(
        "list_deviations", columns, rows, cut, (say("note_base_day_0"),), say("base_no_deviations")
    )
