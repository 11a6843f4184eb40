"""Treatment-emergent adverse events: an overview, and by term and maximum grade."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from protocyte.analysis.groups import infused_by_level
from protocyte.analysis.tables import Cell, Table, percent, say
from protocyte.base import Message
from protocyte.derive.adverse_events import AeRow, adverse_events
from protocyte.derive.course import Course, Trial

_OVERVIEW: dict[str, Callable[[AeRow], bool]] = {
    "ae_any": lambda row: True,
    "ae_grade_3": lambda row: (row.emergent_grade or 0) >= 3,
    "ae_grade_5": lambda row: (row.emergent_grade or 0) >= 5,
    "ae_related": lambda row: row.related_to_product,
    "ae_serious": lambda row: row.is_serious,
    "ae_related_serious": lambda row: row.is_serious and row.related_to_product,
    "ae_crs": lambda row: (row.special_interest or "").lower() == "crs",
}


def overview(trial: Trial, as_of: date) -> Table:
    groups = infused_by_level(trial)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (say(name), *(percent(_subjects(trial, group, test, as_of), len(group)) for group in groups.values()))
        for name, test in _OVERVIEW.items()
    )
    return Table(
        "ae_overview", say("title_ae_overview"), _columns(groups), rows, _population(groups), (_scale(trial),)
    )


def by_term(trial: Trial, as_of: date) -> Table:
    """Subjects with the term at any grade, and in brackets at grade 3 or more; most frequent first."""
    groups = infused_by_level(trial)
    everybody = groups[""]
    found = [
        row for course in everybody for row in adverse_events(trial.study, course, as_of) if row.emergent
    ]
    terms = {row.term: (row.category or "", row.scale) for row in found}

    def count(group: tuple[Course, ...], term: str, grade: int) -> int:
        return _subjects(
            trial, group, lambda row: row.term == term and (row.emergent_grade or 0) >= grade, as_of
        )

    ordered = sorted(terms, key=lambda term: (-count(everybody, term, 1), term))
    rows = tuple(
        (
            term,
            terms[term][1],
            *(
                f"{count(g, term, 1)} ({count(g, term, 3)})" if count(g, term, 1) else "–"
                for g in groups.values()
            ),
        )
        for term in ordered
    )
    columns = (say("term"), say("scale"), *_columns(groups)[1:])
    return Table(
        "ae_terms",
        say("title_ae_terms"),
        columns,
        rows,
        _population(groups),
        (say("note_terms"), _scale(trial)),
    )


def _subjects(trial: Trial, group: tuple[Course, ...], test: Callable[[AeRow], bool], as_of: date) -> int:
    return sum(
        any(row.emergent and test(row) for row in adverse_events(trial.study, course, as_of))
        for course in group
    )


def _columns(groups: dict[str, tuple[Course, ...]]) -> tuple[Cell, ...]:
    heads = (say("level_n", level=label, n=len(group)) for label, group in groups.items() if label)
    return say("event"), *heads, say("total_n", n=len(groups[""]))


def _population(groups: dict[str, tuple[Course, ...]]) -> Message:
    return say("of_infused", n=len(groups[""]))


def _scale(trial: Trial) -> Message:
    return say(
        "note_scale", ae=trial.study.scales.ae, crs=trial.study.scales.crs, icans=trial.study.scales.icans
    )
