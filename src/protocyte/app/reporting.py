"""From a trial to its report file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from protocyte.base import InputError, Language
from protocyte.derive.course import Trial
from protocyte.designs import Design, operating_characteristics
from protocyte.designs.pathways import paths
from protocyte.designs.tables import decision_table


def write_report(trial: Trial, path: Path, as_of: date, language: Language) -> None:
    """One self-contained HTML file."""
    from protocyte.analysis import analyse  # drawing libraries are slow to import and rarely needed
    from protocyte.reports import render_report

    page = render_report(analyse(trial, as_of), trial.study, language)
    path.write_text(page, encoding="utf-8")


Characterise = Callable[[Design, list[list[float]]], list[dict[str, Any]]]

# Truths a statistics section usually shows: safe throughout, rising, steep, all too toxic.
_SCENARIOS = ((0.02, 0.10), (0.05, 0.40), (0.15, 0.65), (0.40, 0.80))
_MOST_PATHWAYS = 60


def write_design_report(
    design: Design,
    path: Path,
    truths: Sequence[Sequence[float]],
    language: Language,
    characterise: Characterise = lambda design, curves: operating_characteristics(design, curves).rows(),
) -> None:
    """The page of a design, under the given truths or four usual ones, exactly or as `characterise` does."""
    from protocyte.reports import render_design

    levels = design.size_of()
    curves = [list(truth) for truth in truths] or [_between(low, high, levels) for low, high in _SCENARIOS]
    path.write_text(
        render_design(design, characterise(design, curves), _table(design), _pathways(design), language),
        encoding="utf-8",
    )


def _between(low: float, high: float, levels: int) -> list[float]:
    steps = max(levels - 1, 1)
    return [round(low + (high - low) * (k / steps) ** 1.5, 4) for k in range(levels)]


def _table(design: Design) -> list[dict[str, Any]]:
    """No table where a decision needs more than the counts at one level."""
    try:
        return decision_table(design)
    except InputError:
        return []


def _pathways(design: Design) -> list[dict[str, Any]]:
    """As many cohorts ahead as stay readable on a page."""
    rows: list[dict[str, Any]] = []
    for depth in range(1, 5):
        try:
            deeper = paths(design, depth)
        except InputError:
            break
        if len(deeper) > _MOST_PATHWAYS:
            break
        rows = deeper
    return rows
