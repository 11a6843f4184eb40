"""How each figure of the catalogue is drawn, with what its marks mean drawn above it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from markupsafe import Markup

from protocyte.analysis.baseline.disposition import Flow
from protocyte.analysis.efficacy.swimmer import Swim
from protocyte.analysis.escalation.history import Escalation
from protocyte.analysis.kinetics.courses import Profile
from protocyte.analysis.safety.crs_icans import Strip
from protocyte.reports.colours import (
    ACCENT,
    CLEAR,
    DLT,
    GRADES,
    INK,
    NOT_ASSESSED,
    OPEN,
    OUT,
    SOFT,
    state_colour,
)
from protocyte.reports.figures.ae_bars import ae_bars_figure
from protocyte.reports.figures.b_cells import b_cells_figure
from protocyte.reports.figures.escalation_path import escalation_path
from protocyte.reports.figures.exposure_boxes import exposure_boxes_figure
from protocyte.reports.figures.exposure_scatter import exposure_scatter_figure
from protocyte.reports.figures.flow import flow_figure
from protocyte.reports.figures.forest import forest_figure
from protocyte.reports.figures.heat_strip import heat_strip
from protocyte.reports.figures.incidence import incidence_figure
from protocyte.reports.figures.kinetics import kinetics_panels
from protocyte.reports.figures.kinetics_mean import kinetics_mean_figure
from protocyte.reports.figures.kinetics_spaghetti import kinetics_spaghetti_figure
from protocyte.reports.figures.km_curves import km_curves_figure
from protocyte.reports.figures.lab_courses import lab_courses_figure
from protocyte.reports.figures.legend import Mark, legend
from protocyte.reports.figures.occupancy import occupancy_figure
from protocyte.reports.figures.spider import spider_figure
from protocyte.reports.figures.swimmer import state_words, swimmer_figure
from protocyte.reports.figures.waterfall import waterfall_figure
from protocyte.reports.words import Reader
from protocyte.study.model import Study


@dataclass(frozen=True)
class Panel:
    """One drawing of a figure; `caption` where a figure has several and they need telling apart."""

    svg: Markup
    caption: str = ""


Draw: TypeAlias = Callable[[Any, Study, Reader], tuple[Panel, ...]]


def panels(id: str, data: Any, study: Study, reader: Reader) -> tuple[Panel, ...]:
    """The drawings of a figure of the catalogue from its data. `KeyError` for one that is not in it."""
    return _DRAW[id](data, study, reader)


def _plain(figure: Callable[[Any, Study, Reader], tuple[Markup, ...]]) -> Draw:
    return lambda data, study, reader: tuple(Panel(svg) for svg in figure(data, study, reader))


def _flow(data: Flow, study: Study, reader: Reader) -> tuple[Panel, ...]:
    return (Panel(flow_figure(data, reader)),)


def _escalation(data: Escalation, study: Study, reader: Reader) -> tuple[Panel, ...]:
    key = legend(
        (
            Mark("ring", CLEAR, reader.say("key_no_dlt")),
            Mark("dot", DLT, reader.say("key_dlt")),
            Mark("open", OPEN, reader.say("key_open")),
            Mark("dot", OUT, reader.say("key_out")),
            Mark("dot", ACCENT, reader.say("key_decision")),
            Mark("dot", OPEN, reader.say("key_deviates")),
        )
    )
    return Panel(key), Panel(escalation_path(data, study, reader))


def _toxicity(data: tuple[Strip, ...], study: Study, reader: Reader) -> tuple[Panel, ...]:
    key = legend(
        (
            *(Mark("box", GRADES[grade], reader.say("key_grade", grade=grade)) for grade in range(6)),
            Mark("box", NOT_ASSESSED, reader.say("key_unassessed")),
            Mark("diamond", "#24313d", reader.say("key_anticytokine")),
            Mark("dot", "#5b3a8e", reader.say("key_steroid")),
        )
    )
    pieces = [data[start : start + MOST_LANES] for start in range(0, len(data), MOST_LANES)]
    return Panel(key), *(Panel(heat_strip(piece, reader, data)) for piece in pieces)


# Lanes on one page: more would be too small to read when the drawing is made to fit.
MOST_LANES = 12


def _swimmer(data: tuple[Swim, ...], study: Study, reader: Reader) -> tuple[Panel, ...]:
    responses = study.response.responses
    key = legend(
        (
            *(
                Mark("box", state_colour(state, responses), state_words(state, reader))
                for state in states(data, study)
            ),
            Mark("ring", "#1c6b50", reader.say("key_mrd_negative")),
            Mark("down", DLT, reader.say("key_relapse")),
            Mark("square", "#274b8f", reader.say("key_transplant")),
            Mark("plus", "#6c4a9e", reader.say("key_new_therapy")),
            Mark("diamond", DLT, reader.say("key_dlt")),
            Mark("triangle", ACCENT, reader.say("key_reinfusion")),
            Mark("cross", INK, reader.say("key_death")),
            Mark("onward", SOFT, reader.say("key_ongoing")),
        )
    )
    return Panel(key), Panel(swimmer_figure(data, responses, reader))


def states(lanes: tuple[Swim, ...], study: Study) -> list[str]:
    """The states that occur in the lanes: responses first, in the study's order."""
    seen = {stretch.state for lane in lanes for stretch in lane.stretches}
    responses = study.response.responses
    last = ("before", "relapsed", "other_therapy")
    return [state for state in (*responses, *sorted(seen - {*responses, *last}), *last) if state in seen]


def _kinetics(data: tuple[Profile, ...], study: Study, reader: Reader) -> tuple[Panel, ...]:
    key = legend(
        (
            Mark("dot", SOFT, reader.say("key_known")),
            Mark("ring", SOFT, reader.say("key_below")),
            Mark("line", INK, reader.say("key_median")),
            Mark("dash", DLT, "LLOQ"),
        )
    )
    titles = [
        reader.say("labs_named", what=profile.title.in_(reader.language), unit=profile.unit)
        for profile in data
    ]
    found = [Panel(key, *titles[:1])]
    for title, profile in zip(titles, data, strict=True):
        drawn = kinetics_panels(profile, study.labels, reader) if profile.lines else ()
        found += [Panel(svg, title) for svg in drawn]
    return tuple(found)


_DRAW: dict[str, Draw] = {
    "flow": _flow,
    "escalation": _escalation,
    "toxicity": _toxicity,
    "swimmer": _swimmer,
    "kinetics": _kinetics,
    "ae_bars": _plain(ae_bars_figure),
    "b_cells": _plain(b_cells_figure),
    "lab_courses": _plain(lab_courses_figure),
    "exposure_boxes": _plain(exposure_boxes_figure),
    "exposure_scatter": _plain(exposure_scatter_figure),
    "kinetics_by_response": _plain(kinetics_spaghetti_figure),
    "kinetics_mean": _plain(kinetics_mean_figure),
    "forest": _plain(forest_figure),
    "incidence_curves": _plain(incidence_figure),
    "km_curves": _plain(km_curves_figure),
    "occupancy": _plain(occupancy_figure),
    "spider": _plain(spider_figure),
    "waterfall": _plain(waterfall_figure),
}
