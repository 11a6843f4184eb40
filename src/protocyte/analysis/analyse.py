"""All analyses of a trial as of a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from protocyte.analysis.baseline.disposition import Flow, derive_flow, left_table, manufacturing_table
from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.response import differences_table, landmark_table, response_table
from protocyte.analysis.efficacy.survival import Curve, endpoint_table, survival_curve
from protocyte.analysis.efficacy.survival import landmark_table as endpoint_landmarks
from protocyte.analysis.efficacy.swimmer import Swim, swimmer
from protocyte.analysis.escalation.dlt import dlt_table, proposals_table
from protocyte.analysis.escalation.history import Escalation, characteristics, escalation
from protocyte.analysis.escalation.oversight import (
    changes_table,
    deviations_table,
    holds_table,
    queries_table,
    stopping_table,
)
from protocyte.analysis.headline import Tile, notices, tiles
from protocyte.analysis.kinetics.courses import Profile, kinetics_profiles, kinetics_table
from protocyte.analysis.safety.adverse_events import by_term, overview
from protocyte.analysis.safety.crs_icans import Strip, disagreements_table, toxicity_strips
from protocyte.analysis.safety.deaths import deaths_table
from protocyte.analysis.safety.toxicity_summary import crs_table, icans_table
from protocyte.analysis.synopsis import Statement, synopsis
from protocyte.analysis.tables import Footing, ResultTable
from protocyte.base import Message
from protocyte.derive.course import Trial


@dataclass(frozen=True)
class Results:
    """Everything a report shows, computed; nothing in it is drawn or worded.

    `sections` hold the tables by the section they belong to, in the order they are read.
    """

    footing: Footing
    notices: tuple[Message, ...]
    tiles: tuple[Tile, ...]
    synopsis: tuple[Statement, ...]
    escalation: Escalation
    flow: Flow
    strips: tuple[Strip, ...]
    swimmer: tuple[Swim, ...]
    survival: Curve | None
    kinetics: tuple[Profile, ...]
    sections: dict[str, tuple[ResultTable, ...]]

    @property
    def tables(self) -> tuple[ResultTable, ...]:
        return tuple(table for section in self.sections.values() for table in section)

    def table(self, id: str) -> ResultTable:
        """The table of that id; `KeyError` for one this trial does not have."""
        found = {table.id: table for table in self.tables}
        return found[id]


def analyse(trial: Trial, as_of: date) -> Results:
    """Pure: the trial as its casebook knows it, seen from `as_of`. What happened later is left out.

    The same casebook and day give the same results. Times in days after the first infusion, survival in
    months of 30.4375 days.
    """
    cut = Cut(trial, as_of)
    survival = survival_curve(cut)
    return Results(
        footing=footing_of(trial, as_of),
        notices=notices(cut),
        tiles=tiles(cut, survival),
        synopsis=synopsis(cut),
        escalation=escalation(cut),
        flow=derive_flow(cut),
        strips=toxicity_strips(cut),
        swimmer=swimmer(cut),
        survival=survival,
        kinetics=kinetics_profiles(cut),
        sections=_sections(cut),
    )


def _sections(cut: Cut) -> dict[str, tuple[ResultTable, ...]]:
    sections: dict[str, tuple[ResultTable | None, ...]] = {
        "escalation": (characteristics(cut.study),),
        "disposition": (left_table(cut), manufacturing_table(cut)),
        "dlt": (dlt_table(cut), proposals_table(cut)),
        "toxicity": (crs_table(cut), icans_table(cut), disagreements_table(cut)),
        "adverse_events": (overview(cut), by_term(cut), deaths_table(cut)),
        "response": (response_table(cut), landmark_table(cut), differences_table(cut)),
        "survival": (endpoint_table(cut), endpoint_landmarks(cut)),
        "kinetics": (kinetics_table(cut),),
        "oversight": (
            stopping_table(cut),
            holds_table(cut),
            deviations_table(cut),
            queries_table(cut),
            changes_table(cut),
        ),
    }
    return {name: tuple(t for t in found if t is not None) for name, found in sections.items()}


def footing_of(trial: Trial, as_of: date) -> Footing:
    casebook, study = trial.casebook, trial.study
    return Footing(
        trial=casebook.trial or "", head=casebook.head, seq=casebook.seq, as_of=as_of, digest=trial.digest,
        study=study.study, version=study.version, locked=casebook.locked,
    )  # fmt: skip
