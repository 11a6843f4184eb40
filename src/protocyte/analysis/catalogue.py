"""Every output of a study report, numbered as ICH E3 numbers them, and the sets they are sent in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from protocyte.analysis.analyse import footing_of
from protocyte.analysis.baseline.demography import demography_table, therapies_table
from protocyte.analysis.baseline.deviations import deviations_summary_table, list_deviations
from protocyte.analysis.baseline.disposition import derive_flow, left_table, manufacturing_table
from protocyte.analysis.baseline.disposition_by_level import disposition_table
from protocyte.analysis.baseline.exposure import exposure_table
from protocyte.analysis.baseline.listings import (
    list_demography,
    list_disposition,
    list_exposure,
    list_product,
)
from protocyte.analysis.baseline.product import product_table
from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.blasts import spider, waterfall
from protocyte.analysis.efficacy.incidence import incidence_curves, incidence_table
from protocyte.analysis.efficacy.occupancy import occupancy
from protocyte.analysis.efficacy.relapse_table import relapse_table
from protocyte.analysis.efficacy.response import differences_table
from protocyte.analysis.efficacy.response_listing import list_response
from protocyte.analysis.efficacy.response_summary import response_summary_table
from protocyte.analysis.efficacy.response_visits import response_by_visit_table
from protocyte.analysis.efficacy.sensitivity import sensitivity_table
from protocyte.analysis.efficacy.subgroups import subgroup_table, subgroups
from protocyte.analysis.efficacy.survival import km_curves
from protocyte.analysis.efficacy.swimmer import swimmer
from protocyte.analysis.efficacy.time_to_event import time_to_event_table
from protocyte.analysis.escalation.dlt import dlt_summary_table
from protocyte.analysis.escalation.history import characteristics, escalation
from protocyte.analysis.escalation.oversight import (
    changes_table,
    deviations_table,
    holds_table,
    queries_table,
    stopping_table,
)
from protocyte.analysis.escalation.safety_review import choose_cohort, safety_review
from protocyte.analysis.headline import notices
from protocyte.analysis.kinetics.b_cells import b_cells
from protocyte.analysis.kinetics.courses import kinetics_profiles
from protocyte.analysis.kinetics.exposure_response import exposure_response_table
from protocyte.analysis.kinetics.figures import (
    exposure_boxes,
    exposure_scatter,
    kinetics_by_response,
    kinetics_mean,
)
from protocyte.analysis.kinetics.immunogenicity import immunogenicity_table
from protocyte.analysis.kinetics.listings import list_concentrations, list_kinetics_parameters
from protocyte.analysis.kinetics.parameters import kinetics_parameters_table
from protocyte.analysis.labs.courses import lab_courses
from protocyte.analysis.labs.inflammation import inflammation_table
from protocyte.analysis.labs.listings import list_ada, list_labs
from protocyte.analysis.labs.recovery import recovery_table
from protocyte.analysis.labs.shift import lab_shift_table
from protocyte.analysis.output import Entry, Kind, Output, build_output
from protocyte.analysis.safety import ae_listings, ae_tables
from protocyte.analysis.safety.adverse_events import overview
from protocyte.analysis.safety.crs_icans import disagreements_table, toxicity_strips
from protocyte.analysis.safety.deaths import deaths_summary, deaths_table
from protocyte.analysis.safety.special_toxicity import special_toxicity_table
from protocyte.analysis.safety.toxicity_listings import (
    list_crs_icans,
    list_crs_medication,
    list_dlt,
    list_late_effects,
)
from protocyte.analysis.safety.toxicity_summary import crs_table, icans_table
from protocyte.analysis.synopsis import Statement, synopsis
from protocyte.analysis.tables import Footing
from protocyte.base import Message
from protocyte.derive.course import Trial

SetName = Literal["full", "interim", "csr", "safety-review", "sdtm"]


def _some(build: Callable[[Cut], Any]) -> Callable[[Cut], Any]:
    """A figure of nobody is none."""
    return lambda cut: build(cut) or None


CATALOGUE: tuple[Entry, ...] = (
    # 14.1 disposition, demography, product and exposure
    Entry("14.1.1", "table", "disposition", disposition_table),
    Entry("14.1.2", "table", "demography", demography_table),
    Entry("14.1.3", "table", "therapies", therapies_table),
    Entry("14.1.4", "table", "product", product_table),
    Entry("14.1.5", "table", "exposure", exposure_table),
    Entry("14.1.6", "table", "deviations_summary", deviations_summary_table),
    Entry("14.1.7", "table", "manufacture", lambda cut: (manufacturing_table(cut), left_table(cut))),
    Entry("14.1.1", "figure", "flow", lambda cut: derive_flow(cut) if cut.courses else None),
    # 14.2 efficacy
    Entry("14.2.1", "table", "response_summary", response_summary_table),
    Entry("14.2.2", "table", "response_by_visit", response_by_visit_table),
    Entry("14.2.3", "table", "subgroups", subgroup_table),
    Entry("14.2.4", "table", "time_to_event", lambda cut: (time_to_event_table(cut), sensitivity_table(cut))),
    Entry("14.2.5", "table", "incidence", incidence_table),
    Entry("14.2.6", "table", "relapses", relapse_table),
    Entry("14.2.7", "table", "differences", differences_table),
    Entry("14.2.1", "figure", "swimmer", _some(swimmer)),
    Entry("14.2.2", "figure", "waterfall", waterfall),
    Entry("14.2.3", "figure", "spider", spider),
    Entry("14.2.4", "figure", "km_curves", km_curves),
    Entry("14.2.5", "figure", "incidence_curves", incidence_curves),
    Entry("14.2.6", "figure", "forest", subgroups),
    Entry("14.2.7", "figure", "occupancy", occupancy),
    # 14.3 safety
    Entry("14.3.1.1", "table", "dlt_summary", dlt_summary_table),
    Entry("14.3.1.2", "table", "ae_overview", overview),
    Entry("14.3.1.3", "table", "ae_by_class", ae_tables.by_class),
    Entry("14.3.1.4", "table", "ae_severe", ae_tables.severe),
    Entry("14.3.1.5", "table", "ae_serious", ae_tables.serious),
    Entry("14.3.1.6", "table", "crs", crs_table),
    Entry("14.3.1.7", "table", "icans", icans_table),
    Entry("14.3.1.8", "table", "special_toxicity", special_toxicity_table),
    Entry("14.3.1.9", "table", "recovery", recovery_table),
    Entry("14.3.1.10", "table", "disagreements", disagreements_table),
    Entry("14.3.2.1", "table", "deaths", lambda cut: (deaths_summary(cut), deaths_table(cut))),
    Entry("14.3.4.1", "table", "lab_shift", lab_shift_table),
    Entry("14.3.4.2", "table", "inflammation", inflammation_table),
    Entry("14.3.5", "table", "stopping", lambda cut: (stopping_table(cut), holds_table(cut))),
    Entry("14.3.6", "table", "characteristics", lambda cut: characteristics(cut.study)),
    Entry("14.3.1", "figure", "toxicity", _some(toxicity_strips)),
    Entry("14.3.2", "figure", "ae_bars", ae_tables.ae_bars),
    Entry("14.3.3", "figure", "lab_courses", lab_courses),
    Entry("14.3.4", "figure", "escalation", lambda cut: escalation(cut) if escalation(cut).groups else None),
    # 14.4 kinetics
    Entry("14.4.1", "table", "kinetics_parameters", kinetics_parameters_table),
    Entry("14.4.2", "table", "exposure_response", exposure_response_table),
    Entry("14.4.1", "figure", "kinetics_mean", kinetics_mean),
    Entry("14.4.3", "table", "immunogenicity", immunogenicity_table),
    Entry("14.4.2", "figure", "kinetics", lambda cut: kinetics_profiles(cut) if cut.infused else None),
    Entry("14.4.3", "figure", "kinetics_by_response", kinetics_by_response),
    Entry("14.4.4", "figure", "exposure_boxes", exposure_boxes),
    Entry("14.4.5", "figure", "exposure_scatter", exposure_scatter),
    Entry("14.4.6", "figure", "b_cells", b_cells),
    # 16.2 listings
    Entry("16.2.1", "listing", "list_disposition", list_disposition),
    Entry("16.2.2.1", "listing", "list_deviations", list_deviations),
    Entry("16.2.2.2", "listing", "list_conduct", deviations_table),
    Entry("16.2.4", "listing", "list_demography", list_demography),
    Entry("16.2.5.1", "listing", "list_product", list_product),
    Entry("16.2.5.2", "listing", "list_exposure", list_exposure),
    Entry("16.2.5.3", "listing", "list_concentrations", list_concentrations),
    Entry("16.2.5.4", "listing", "list_kinetics_parameters", list_kinetics_parameters),
    Entry("16.2.5.5", "listing", "list_ada", list_ada),
    Entry("16.2.6", "listing", "list_response", list_response),
    Entry("16.2.7.1", "listing", "list_ae", ae_listings.list_ae),
    Entry("16.2.7.2", "listing", "list_serious", ae_listings.list_serious),
    Entry("16.2.7.3", "listing", "list_dlt", list_dlt),
    Entry("16.2.7.4", "listing", "list_crs_icans", list_crs_icans),
    Entry("16.2.7.5", "listing", "list_crs_medication", list_crs_medication),
    Entry("16.2.7.6", "listing", "list_late_effects", list_late_effects),
    Entry("16.2.8", "listing", "list_labs", list_labs),
    Entry("16.2.9", "listing", "list_data", lambda cut: (queries_table(cut), changes_table(cut))),
)

INTERIM = frozenset(
    {
        "flow", "disposition", "demography", "exposure", "dlt_summary", "escalation", "ae_overview", "ae_severe",
        "ae_serious", "crs", "icans", "toxicity", "deaths", "stopping", "response_summary", "swimmer", "waterfall",
        "time_to_event", "km_curves", "kinetics_parameters", "kinetics_mean",
    }
)  # fmt: skip


@dataclass(frozen=True)
class OutputSet:
    """What is sent together. `synopsis` is told where the set is a whole report; `cohort` where it is of one."""

    name: SetName
    footing: Footing
    notices: tuple[Message, ...]
    synopsis: tuple[Statement, ...]
    outputs: tuple[Output, ...]
    cohort: str | None = None


def build_set(
    trial: Trial,
    as_of: date,
    name: SetName = "full",
    cohort: str | None = None,
    progress: Callable[[str], None] = lambda name: None,
) -> OutputSet:
    """Pure: the same trial, day and set give the same outputs.

    `cohort` names the one a safety review is about; without it, the last one in which anybody was infused.
    `progress` hears of each output before it is made. Raises `InputError` for a cohort that is not there.
    """
    cut = Cut(trial, as_of)
    footing = footing_of(trial, as_of)
    if name == "safety-review":
        group = choose_cohort(cut, cohort)
        outputs = safety_review(cut, group)
        return OutputSet(name, footing, notices(cut), (), outputs, group.name if group else None)
    made = tuple(_made(entry, cut, progress) for entry in entries(name))
    return OutputSet(name, footing, notices(cut), synopsis(cut) if name == "csr" else (), made)


def _made(entry: Entry, cut: Cut, progress: Callable[[str], None]) -> Output:
    progress(entry.id)
    return build_output(entry, cut)


def entries(name: SetName) -> tuple[Entry, ...]:
    """In the order they are read: part by part, tables before figures before listings."""
    chosen = (entry for entry in CATALOGUE if name != "interim" or entry.id in INTERIM)
    return tuple(
        sorted(chosen, key=lambda entry: (part_of(entry.number), _KINDS[entry.kind], _key(entry.number)))
    )


_KINDS: dict[Kind, int] = {"table": 0, "figure": 1, "listing": 2}


def part_of(number: str) -> str:
    """`14.3.1.2` stands in part `14.3`, every listing in `16.2`."""
    return ".".join(number.split(".")[:2])


def _key(number: str) -> tuple[int, ...]:
    return tuple(int(step) for step in number.split("."))


def by_part(outputs: tuple[Output, ...]) -> Iterator[tuple[str, list[Output]]]:
    parts: dict[str, list[Output]] = {}
    for output in outputs:
        parts.setdefault(part_of(output.number), []).append(output)
    yield from parts.items()
