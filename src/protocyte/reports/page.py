"""The report as one self-contained page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from protocyte.analysis import Results, ResultTable, Row
from protocyte.analysis.kinetics.courses import Profile
from protocyte.analysis.tables import Cell, Chance, Share
from protocyte.base import Language
from protocyte.reports.colours import css_variables, level_colour, state_colour
from protocyte.reports.figures import escalation_path, flow, heat_strip, kinetics, survival, swimmer
from protocyte.reports.figures.catalogue import states
from protocyte.reports.words import Reader
from protocyte.study.model import Study
from protocyte.study.provenance import Provenance

SECTIONS = (
    "synopsis", "escalation", "disposition", "dlt", "toxicity", "adverse_events", "response", "survival",
    "kinetics", "oversight",
)  # fmt: skip


def render_report(results: Results, study: Study, language: Language = "en") -> str:
    """HTML with its styles and drawings inside: nothing is loaded from anywhere.

    The same results give the same bytes. All text is escaped by the template; it may come from a ledger.
    """
    reader = Reader(language)
    template = environment().get_template("report.html")
    return template.render(
        r=results,
        study=study,
        sections=SECTIONS,
        figures=_figures(results, study, reader),
        assays=[_assay(profile, study, reader) for profile in results.kinetics],
        spans=_spans,
        groups=_groups,
        bar=_bar,
        states=_states(results, study),
        level_colour=level_colour,
        say=reader.say,
        state_words=lambda state: swimmer.state_words(state, reader),
        word=reader.html,
        plain=reader.text,
        short=reader.short,
        notes=_footnotes(results),
        language=language,
        style=Markup(css_variables() + style()),  # noqa: S704 -- our own stylesheet
    )


def _figures(results: Results, study: Study, reader: Reader) -> dict[str, Markup | None]:
    """Each figure, or None where there is nobody to draw."""
    path = results.escalation
    return {
        "escalation": escalation_path.escalation_path(path, study, reader) if path.groups else None,
        "flow": flow.flow_figure(results.flow, reader),
        "toxicity": heat_strip.heat_strip(results.strips, reader) if results.strips else None,
        "swimmer": swimmer.swimmer_figure(results.swimmer, study.response.responses, reader)
        if results.swimmer
        else None,
        "survival": survival.survival_figure(results.survival, reader) if results.survival else None,
    }


@dataclass(frozen=True)
class Assay:
    profile: Profile
    panels: tuple[Markup, ...]
    columns: int


def _assay(profile: Profile, study: Study, reader: Reader) -> Assay:
    panels = kinetics.kinetics_panels(profile, study.labels, reader) if profile.lines else ()
    return Assay(profile, panels, kinetics.columns(profile))


def _states(results: Results, study: Study) -> list[tuple[str, str]]:
    """The states that occur in the swimmer's lanes with their colours: responses first."""
    found = states(results.swimmer, study)
    return [(state, state_colour(state, study.response.responses)) for state in found]


def _footnotes(results: Results) -> dict[str, tuple[int, Provenance]]:
    """The parts of statements that were marked apart, numbered as they come, by their path."""
    found: dict[str, tuple[int, Provenance]] = {}
    for statement in results.synopsis:
        for mark in statement.exceptions:
            found.setdefault(mark.prefix, (len(found) + 1, mark))
    return found


def _spans(table: ResultTable) -> list[tuple[Cell, int]]:
    """The upper row of headings: neighbouring columns of one group together; empty without groups."""
    if all(column.group is None for column in table.columns):
        return []
    return [(group, len(list(columns))) for group, columns in groupby(table.columns, key=lambda c: c.group)]


def _groups(table: ResultTable) -> list[tuple[Cell, list[Row]]]:
    return [(group, list(rows)) for group, rows in groupby(table.rows, key=lambda row: row.group)]


def _bar(cell: Any) -> float | None:
    """The share a cell is drawn with, behind its number."""
    match cell:
        case Chance(value):
            return round(100 * value, 1)
        case Share(count, of) if of:
            return round(100 * count / of, 1)
        case _:
            return None


@cache
def environment() -> Environment:
    loader = PackageLoader("protocyte.reports", "templates")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@cache
def style() -> str:
    return (
        resources.files("protocyte.reports").joinpath("templates", "report.css").read_text(encoding="utf-8")
    )
