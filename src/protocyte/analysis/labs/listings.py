"""Listings: laboratory results of grade 3 or higher after the infusion, and anti-drug antibodies."""

from __future__ import annotations

from collections.abc import Iterator

from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import all_infused, label_of
from protocyte.analysis.labs.grades import Bounds, Graded, LabGrade, graded
from protocyte.analysis.labs.shift import grading_notes
from protocyte.analysis.tables import Cell, ResultTable, Row, number, say, text
from protocyte.derive.course import Course
from protocyte.records.efficacy import AntiDrugAntibody
from protocyte.records.measurements import Result

SEVERE = 3


def list_labs(cut: Cut) -> ResultTable:
    """One row a result that has, or may have, grade 3 or higher, with the subject's baseline beside it."""
    rows = tuple(
        _severe(cut, course, one, result)
        for course in cut.infused
        for one, result in sorted(_found(cut, course), key=lambda pair: pair[1].drawn.on)
    )
    columns = (
        *text("subject", "level", "on"), *number("day"), *text("lab_test", "lab_result", "lab_limits", "term"),
        *text("lab_grade_head", "lab_baseline", "lab_baseline_on", "lab_baseline_grade"),
    )  # fmt: skip
    return ResultTable(
        "list_labs", say("title_list_labs"), columns, rows, all_infused(cut),
        (*grading_notes(cut), say("lab_note_possible")),
        say("lab_none_severe") if cut.infused else say("nobody_infused"),
    )  # fmt: skip


def _found(cut: Cut, course: Course) -> Iterator[tuple[Graded, LabGrade]]:
    for one in graded(cut.study, course):
        yield from ((one, result) for result in one.after if result.grade.most >= SEVERE)


def _severe(cut: Cut, course: Course, of: Graded, one: LabGrade) -> Row:
    before = of.baseline
    cells: tuple[Cell, ...] = (
        course.subject, label_of(cut, course), one.drawn.on, one.drawn.day,
        say(f"lab_test_{of.analyte.name}"), one.drawn.value, _limits(one.drawn.result), of.term.name,
        _said(one.grade),
        before.drawn.value if before else say("lab_missing"),
        before.drawn.on if before else None,
        _said(before.grade) if before else None,
    )  # fmt: skip
    return Row(cells, strong=one.grade.least >= SEVERE + 1)


def _said(grade: Bounds) -> str:
    return str(grade.least) if grade.known else f"{grade.least}–{grade.most}"


def _limits(result: Result) -> Cell:
    """The laboratory's own range of normal."""
    lower, upper = result.lower_limit, result.upper_limit
    if lower is None and upper is None:
        return say("lab_missing")
    if lower is None:
        return f"≤ {upper}"
    return f"≥ {lower}" if upper is None else f"{lower.value:f}–{upper}"


def list_ada(cut: Cut) -> ResultTable:
    """One row a sample of an infused subject, those before the infusion included; who has none is named."""
    anybody = any(course.all(AntiDrugAntibody) for course in cut.infused)
    rows = tuple(row for course in cut.infused for row in _samples(cut, course)) if anybody else ()
    columns = (
        *text("subject", "level", "on"), *number("day"), *text("visit", "lab_result"), *number("imm_titre"),
        *text("imm_neutralising"),
    )  # fmt: skip
    return ResultTable(
        "list_ada", say("title_list_ada"), columns, rows, all_infused(cut), (say("imm_note_day"),),
        say("imm_no_samples") if cut.infused else say("nobody_infused"),
    )  # fmt: skip


def _samples(cut: Cut, course: Course) -> Iterator[Row]:
    level, none = label_of(cut, course), say("imm_not_recorded")
    samples = course.all(AntiDrugAntibody)
    if not samples:
        yield Row((course.subject, level, None, None, None, say("imm_no_sample"), None, None))
    for held in samples:
        one = held.record
        positive = one.result == "positive"
        missing = none if positive else None
        titre: Cell = missing if one.titre is None else one.titre
        blocks: Cell = missing if one.neutralising is None else say(f"imm_{_yes(one.neutralising)}")
        cells = (
            course.subject, level, one.on, course.day(one.on), one.visit, say(f"imm_{one.result}"), titre, blocks,
        )  # fmt: skip
        yield Row(cells, strong=positive)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
