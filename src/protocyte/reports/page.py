"""The report as one self-contained page."""

from __future__ import annotations

from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from protocyte.analysis import Results
from protocyte.base import Language, Message, render
from protocyte.reports import figures
from protocyte.study.model import Study
from protocyte.study.parts import Words


def render_report(results: Results, study: Study, language: Language = "en") -> str:
    """HTML with its styles and drawings inside: nothing is loaded from anywhere.

    The same results give the same bytes. All text is escaped by the template; it may come from a ledger.
    """

    def say(name: str, **params: object) -> str:
        return render(Message.of(f"reports.{name}", **params), language)

    def word(cell: object) -> str:
        if isinstance(cell, Words):
            return cell.in_(language)
        return render(cell, language) if isinstance(cell, Message) else str(cell)

    labels = study.labels
    drawn = {
        "escalation": figures.escalation_path(results.escalation, labels, say),
        "flow": figures.flow_figure(results.flow, say),
        "toxicity": figures.toxicity_figure(results.strips, say) if results.strips else None,
        "swimmer": figures.swimmer_figure(results.swimmer, say) if results.swimmer else None,
        "survival": figures.survival_figure(results.survival, say) if results.survival else None,
        "kinetics": [
            (profile, figures.kinetics_figure(profile, labels, say) if profile.lines else None)
            for profile in results.kinetics
        ],
    }
    template = environment().get_template("report.html")
    return template.render(
        r=results, study=study, f=drawn, say=say, word=word, language=language, style=Markup(style()),  # noqa: S704
        labels=labels,
    )  # fmt: skip


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
