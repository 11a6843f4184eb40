"""Holds, deviations and what was changed after it was written."""

from __future__ import annotations

from protocyte.analysis.tables import Cell, Table, say
from protocyte.derive.course import Trial
from protocyte.derive.escalation import dose_decisions
from protocyte.records.oversight import Deviation, Hold, HoldLift, Query, QueryAnswer


def holds_table(trial: Trial) -> Table:
    lifts = {held.record.hold: held.record for held in trial.all(HoldLift)}
    rows = []
    for held in trial.all(Hold):
        hold, lift = held.record, lifts.get(held.record_id)
        scope = trial.study.label_of(hold.dose_level) if hold.dose_level else hold.scope
        rows.append(
            (hold.on.isoformat(), scope, hold.reason, lift.on.isoformat() if lift else say("still_held"))
        )
    columns = tuple(say(n) for n in ("held_on", "scope", "reason", "lifted_on"))
    return Table("holds", say("title_holds"), columns, tuple(rows), say("of_trial"))


def deviations_table(trial: Trial) -> Table:
    """Dose decisions that deviate from the advice, and protocol deviations by subject."""
    rows: list[tuple[Cell, ...]] = [
        (held.record.on.isoformat(), say("decision_n", n=held.record.number), held.record.reason)
        for held in dose_decisions(trial)
        if held.record.deviates
    ]
    rows += [(h.record.on.isoformat(), h.record.subject, h.record.description) for h in trial.all(Deviation)]
    columns = tuple(say(n) for n in ("on", "what", "reason"))
    return Table("deviations", say("title_deviations"), columns, tuple(rows), say("of_trial"))


def changes_table(trial: Trial) -> Table:
    """Every amendment and void with its reason: old values stay in the ledger."""
    casebook = trial.casebook
    rows = []
    for current in casebook.current(voided=True):
        for version in casebook.history(current.record_id)[1:]:
            kind = say("voided" if version.voided else "amended")
            rows.append((version.at.date().isoformat(), current.record_id, kind, version.reason))
    answered = sum(held.record.closes for held in trial.all(QueryAnswer))
    notes = (say("note_queries", asked=len(trial.all(Query)), answered=answered),)
    columns = tuple(say(n) for n in ("on", "record", "change", "reason"))
    return Table("changes", say("title_changes"), columns, tuple(rows), say("of_trial"), notes)
