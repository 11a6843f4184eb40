"""All analyses of a trial as of a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from protocyte.analysis.adverse_events import by_term, overview
from protocyte.analysis.disposition import Flow, derive_flow, left_without_infusion
from protocyte.analysis.dlt import dlt_table
from protocyte.analysis.escalation import Step, characteristics, escalation_steps
from protocyte.analysis.kinetics import Profile, kinetics_profiles
from protocyte.analysis.oversight import changes_table, deviations_table, holds_table
from protocyte.analysis.response import Swim, differences, response_table, swimmer
from protocyte.analysis.survival import Curve, endpoint_table, survival_curve
from protocyte.analysis.synopsis import Statement, synopsis
from protocyte.analysis.tables import Footing, Table
from protocyte.analysis.toxicity import Strip, toxicity_strips
from protocyte.derive.course import Trial


@dataclass(frozen=True)
class Results:
    """Everything a report shows, computed; nothing in it is drawn or worded."""

    footing: Footing
    synopsis: tuple[Statement, ...]
    escalation: tuple[Step, ...]
    characteristics: Table | None
    flow: Flow
    left: Table
    dlt: Table
    strips: tuple[Strip, ...]
    adverse_events: tuple[Table, ...]
    response: Table
    differences: Table
    swimmer: tuple[Swim, ...]
    survival: Curve | None
    endpoints: Table
    kinetics: tuple[Profile, ...]
    oversight: tuple[Table, ...]


def analyse(trial: Trial, as_of: date) -> Results:
    """Pure: the trial as its casebook knows it, seen from `as_of`."""
    study = trial.study
    footing = Footing(
        trial.casebook.head, trial.casebook.seq, as_of, trial.digest, study.study, study.version
    )
    return Results(
        footing=footing,
        synopsis=synopsis(trial),
        escalation=escalation_steps(trial, as_of),
        characteristics=characteristics(study),
        flow=derive_flow(trial, as_of),
        left=left_without_infusion(trial, as_of),
        dlt=dlt_table(trial, as_of),
        strips=toxicity_strips(trial),
        adverse_events=(overview(trial, as_of), by_term(trial, as_of)),
        response=response_table(trial, as_of),
        differences=differences(trial),
        swimmer=swimmer(trial, as_of),
        survival=survival_curve(trial, as_of),
        endpoints=endpoint_table(trial, as_of),
        kinetics=kinetics_profiles(trial),
        oversight=(holds_table(trial), deviations_table(trial), changes_table(trial)),
    )
