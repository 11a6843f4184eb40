"""Shift of laboratory results: the CTCAE grade before treatment against the worst after the infusion."""

from __future__ import annotations

from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import EVERYBODY, all_infused, infused_by_level, level_note
from protocyte.analysis.labs.grades import (
    ANALYTES,
    GRADABLE,
    WORST,
    Analyte,
    Bounds,
    Graded,
    Term,
    graded,
    terms,
)
from protocyte.analysis.labs.results import after_infusion, baseline_of, tests_of
from protocyte.analysis.tables import Cell, Column, ResultTable, Row, say, text
from protocyte.base import Message
from protocyte.derive.course import Course

# What a subject's grade may be: known, between two, or of no result at all.
Place = int | str
DOUBT, MISSING = "doubt", "missing"
PLACES: tuple[Place, ...] = (*range(WORST + 1), DOUBT, MISSING)


def lab_shift_table(cut: Cut) -> ResultTable:
    """A block an analyte and direction: subjects by grade before (rows) and worst grade after (columns)."""
    groups = infused_by_level(cut)
    found = {course.subject: graded(cut.study, course) for course in cut.infused}
    rows: list[Row] = []
    for analyte in ANALYTES:
        for term in terms(cut.study, analyte):
            own = {subject: _of(of, analyte, term) for subject, of in found.items()}
            if any(own.values()):
                heading = say(f"lab_{term.direction}", what=say(f"lab_test_{analyte.name}"), term=term.name)
                for label, group in groups.items():
                    rows += _rows(heading, label, [own[course.subject] for course in group], len(groups) > 1)
    worst = [Column(_named(place), "number", say("lab_worst")) for place in PLACES]
    columns = (
        *text("level")[: len(groups) > 1],
        *text("lab_baseline_grade"),
        *worst,
        Column(say("lab_all"), "number"),
    )
    return ResultTable(
        "lab_shift", say("title_lab_shift"), columns, tuple(rows), all_infused(cut),
        (*grading_notes(cut), *_ungraded(cut), *level_note(cut)),
        say("lab_no_results") if cut.infused else say("nobody_infused"),
    )  # fmt: skip


def _of(of: tuple[Graded, ...], analyte: Analyte, term: Term) -> Graded | None:
    return next((one for one in of if one.analyte is analyte and one.term == term), None)


def _rows(heading: Message, label: str, own: list[Graded | None], named: bool) -> list[Row]:
    """One row a grade before treatment that anybody has; every subject stands in one cell of the block."""
    shifts = [(_before(one), _after(one)) for one in own]
    rows = []
    for before in PLACES:
        here = [after for was, after in shifts if was == before]
        if here:
            level: tuple[Cell, ...] = (label or say("lab_all"),) if named else ()
            counts = (here.count(after) for after in PLACES)
            cells = (*level, _named(before), *counts, len(here))
            rows.append(Row(cells, group=heading, strong=label == EVERYBODY))
    return rows


def _before(one: Graded | None) -> Place:
    return _place(one.baseline.grade if one and one.baseline else None)


def _after(one: Graded | None) -> Place:
    return _place(one.worst if one else None)


def _place(grade: Bounds | None) -> Place:
    if grade is None:
        return MISSING
    return grade.least if grade.known else DOUBT


def _named(place: Place) -> Message:
    return say("lab_grade", grade=place) if isinstance(place, int) else say(f"lab_{place}")


def grading_notes(cut: Cut) -> tuple[Message, ...]:
    version = cut.study.scales.ae.removeprefix("ctcae-")
    return (
        say("lab_note_version", version=version),
        say("lab_note_alone"),
        say("lab_note_baseline"),
        say("lab_note_after"),
    )


def _ungraded(cut: Cut) -> tuple[Message, ...]:
    """What was measured but has no CTCAE grade by value is named, not left out in silence."""
    gradable = {test for a in ANALYTES if terms(cut.study, a) for test in a.tests} & GRADABLE
    others = {test for course in cut.infused for test in _relevant(course)} - gradable
    return (say("lab_note_ungraded", tests=", ".join(sorted(others))),) if others else ()


def _relevant(course: Course) -> set[str]:
    return {
        test for test in tests_of(course) if baseline_of(course, test) or any(after_infusion(course, test))
    }
