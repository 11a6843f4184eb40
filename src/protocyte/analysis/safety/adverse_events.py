"""Treatment-emergent adverse events: an overview, and by term and maximum grade."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import (
    EVERYBODY,
    Groups,
    all_infused,
    head,
    heads,
    infused_by_level,
    level_note,
)
from protocyte.analysis.safety.crs_icans import Toxicity
from protocyte.analysis.safety.special_toxicity import is_infection, malignancies, worst_gvhd
from protocyte.analysis.safety.toxicity_summary import see
from protocyte.analysis.tables import Cell, Column, ResultTable, Row, Share, say, text
from protocyte.base import Message
from protocyte.derive.adverse_events import AeRow
from protocyte.derive.course import Course

Test = Callable[[AeRow], bool]
Holds = Callable[[Cut, Course], bool]

_OVERVIEW: dict[str, Test] = {
    "ae_any": lambda row: True,
    "ae_grade_3": lambda row: (row.emergent_grade or 0) >= 3,
    "ae_grade_5": lambda row: row.emergent_grade == 5,
    "ae_related": lambda row: row.related_to_product,
    "ae_related_3": lambda row: row.related_to_product and (row.emergent_grade or 0) >= 3,
    "ae_lymphodepletion": lambda row: "lymphodepletion" in row.related,
    "ae_serious": lambda row: row.is_serious,
    "ae_related_serious": lambda row: row.is_serious and row.related_to_product,
}


def _seen(of: Toxicity) -> Holds:
    def holds(cut: Cut, course: Course) -> bool:
        seen = see(cut, course, of)
        return seen.has or seen.event_only

    return holds


def _nowhere(cut: Cut, course: Course) -> bool:
    return False


# What need not be marked in the event log, because assessments, a class of terms or a form of its own say it.
_ELSEWHERE: dict[str, Holds] = {
    "crs": _seen("crs"),
    "icans": _seen("icans"),
    "infection": lambda cut, course: any(map(is_infection, cut.emergent(course))),
    "gvhd": lambda cut, course: (worst_gvhd(course) or (0, 0))[0] > 0,
    "second_malignancy": lambda cut, course: bool(malignancies(course)),
}


def overview(cut: Cut) -> ResultTable:
    """Subjects with at least one such event; then the study's events of special interest, then periods."""
    groups = infused_by_level(cut)

    def line(name: Cell, test: Test, group: Cell = None, elsewhere: Holds = _nowhere) -> Row:
        def holds(course: Course) -> bool:
            return any(map(test, cut.emergent(course))) or elsewhere(cut, course)

        cells = (Share(sum(map(holds, members)), len(members)) for members in groups.values())
        return Row((name, *cells), group=group)

    rows = [line(say(name), test) for name, test in _OVERVIEW.items()]
    rows.insert(
        3, line(say("ae_fatal"), lambda row: cut.outcome_by_then(row.subject, row.record_id) == "fatal")
    )
    for name in cut.study.safety.special_interest:
        elsewhere = _ELSEWHERE.get(name, _nowhere)
        rows.append(line(_interest(name), _of_interest(name), say("special_interest"), elsewhere))
    rows += [
        line(period.title, _in_period(key), say("by_period"))
        for key, period in cut.study.safety.periods.items()
    ]
    return ResultTable(
        "ae_overview", say("title_ae_overview"), (Column(say("subjects_with")), *heads(groups)),
        tuple(rows) if cut.infused else (), all_infused(cut),
        (_emergent_note(cut), say("note_interest"), scale_note(cut), *level_note(cut)), say("nobody_infused"),
    )  # fmt: skip


def by_term(cut: Cut) -> ResultTable:
    """Subjects by term and worst grade: each level at any grade and at 3 or more, everybody grade by grade.

    System organ classes and the terms within them come in order of frequency.
    """
    groups = infused_by_level(cut)
    rows_of = {course.subject: cut.emergent(course) for course in cut.infused}
    terms = {(row.category or "", row.term, row.scale) for rows in rows_of.values() for row in rows}

    def worst(course: Course, term: tuple[str, str, str]) -> int:
        grades = (
            row.emergent_grade or 0
            for row in rows_of[course.subject]
            if (row.category or "", row.term, row.scale) == term
        )
        return max(grades, default=-1)

    found = {term: {course.subject: worst(course, term) for course in cut.infused} for term in terms}
    often = {term: sum(grade >= 0 for grade in grades.values()) for term, grades in found.items()}
    by_class = Counter[str]()
    for term in terms:
        by_class[term[0]] += often[term]
    ordered = sorted(terms, key=lambda term: (-by_class[term[0]], term[0], -often[term], term))
    rows = []
    for term in ordered:
        cells: list[Cell] = [term[1], term[2]]
        for label, group in groups.items():
            grades = [found[term][course.subject] for course in group]
            if label != EVERYBODY:
                cells += [_some(sum(g >= 0 for g in grades)), _some(sum(g >= 3 for g in grades))]
            else:
                cells += [Share(sum(g >= 0 for g in grades), len(group))]
                cells += [_some(grades.count(grade)) for grade in range(1, 6)]
        rows.append(Row(tuple(cells), group=term[0] or say("no_class")))
    notes = (say("note_terms"), _emergent_note(cut), *level_note(cut))
    return ResultTable(
        "ae_terms", say("title_ae_terms"), _term_columns(groups), tuple(rows), all_infused(cut), notes,
        say("no_events"),
    )  # fmt: skip


def _term_columns(groups: Groups) -> tuple[Column, ...]:
    columns = list(text("term", "scale"))
    for label, group in groups.items():
        over = head(label, len(group))
        columns += [Column(say("any"), "number", over)]
        if label != EVERYBODY:
            columns += [Column("≥ 3", "number", over)]
        else:
            columns += [Column(f"G{grade}", "number", over) for grade in range(1, 6)]
    return tuple(columns)


def _some(count: int) -> int | None:
    """A table full of zeros hides what there is."""
    return count or None


def _of_interest(name: str) -> Test:
    return lambda row: row.special_interest == name


def _in_period(key: str) -> Test:
    return lambda row: row.period == key


def _interest(name: str) -> str:
    """The study's own code, readable: `prolonged_cytopenia`."""
    words = name.replace("_", " ")
    return name.upper() if len(name) <= 5 else words[:1].upper() + words[1:]


def _emergent_note(cut: Cut) -> Message:
    return say(f"note_emergent_{cut.study.safety.emergent_from}", collect=cut.study.safety.collect_for)


def scale_note(cut: Cut) -> Message:
    scales = cut.study.scales
    return say("note_scale", ae=scales.ae, crs=scales.crs, icans=scales.icans)
