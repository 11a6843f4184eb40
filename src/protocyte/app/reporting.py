"""From a trial to its report file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from protocyte.base import Language
from protocyte.derive.course import Trial


def write_report(trial: Trial, path: Path, as_of: date, language: Language) -> None:
    """One self-contained HTML file."""
    from protocyte.analysis import analyse  # drawing libraries are slow to import and rarely needed
    from protocyte.reports import render_report

    page = render_report(analyse(trial, as_of), trial.study, language)
    path.write_text(page, encoding="utf-8")
