"""Stopping rules, holds, deviations, queries, and what was changed after it was written."""

from __future__ import annotations

from collections import Counter
from datetime import date

from protocyte.analysis.cut import Cut
from protocyte.analysis.escalation.history import decisions
from protocyte.analysis.tables import ResultTable, Row, Share, number, say, text
from protocyte.derive.stopping import derive_stopping
from protocyte.records.forms import FORMS
from protocyte.records.oversight import Deviation, Hold, HoldLift, Query, QueryAnswer
from protocyte.records.record import Record
from protocyte.study.parts import Words

# A page lists so many changes; the ledger holds them all, and the counts are of all.
MOST_LISTED = 60


def stopping_table(cut: Cut) -> ResultTable:
    """Each stopping rule as it stands: who counts, who is still open, and how many would stop."""
    rows = []
    for name, rule in cut.study.safety.stopping.items():
        found = derive_stopping(cut.trial, name, rule, cut.as_of)
        known = len(found.events) + found.free
        state = say(f"stopping_{found.state}")
        events, subjects = Share(len(found.events), known), ", ".join(found.events)
        cells = (rule.title, events, found.pending, found.limit, state, subjects)
        rows.append(Row(cells, strong=found.state == "stop"))
    columns = (*text("rule"), *number("events_of_known", "pending", "limit"), *text("standing", "subjects"))
    return ResultTable(
        "stopping", say("title_stopping"), columns, tuple(rows), say("of_trial"), (say("note_stopping"),),
        say("no_stopping"),
    )  # fmt: skip


def holds_table(cut: Cut) -> ResultTable:
    lifts = {held.record.hold: held.record for held in cut.all(HoldLift)}
    rows = []
    for held in cut.all(Hold):
        hold, lift = held.record, lifts.get(held.record_id)
        scope = cut.study.label_of(hold.dose_level) if hold.dose_level else say("whole_trial")
        lifted = (lift.on, lift.reason) if lift else (say("still_held"), None)
        cause = say(f"cause_{hold.cause}")
        rows.append(Row((hold.on, scope, cause, hold.reason, *lifted), strong=lift is None))
    columns = text("held_on", "scope", "cause", "reason", "lifted_on", "lift_reason")
    return ResultTable(
        "holds", say("title_holds"), columns, tuple(rows), say("of_trial"), empty=say("no_holds")
    )


def open_holds(cut: Cut) -> int:
    lifted = {held.record.hold for held in cut.all(HoldLift)}
    return sum(held.record_id not in lifted for held in cut.all(Hold))


def deviations_table(cut: Cut) -> ResultTable:
    """Dose decisions that deviate from the advice, and protocol deviations by subject."""
    rows = [
        Row((one.on, say("decision_n", n=one.number), say("from_advice"), one.reason))
        for one in decisions(cut)
        if one.deviates
    ]
    for course in cut.courses:
        for held in course.all(Deviation):
            kind = say(
                "deviation_kind", category=held.record.category, importance=say(held.record.importance)
            )
            rows.append(Row((held.record.on, course.subject, kind, held.record.description)))
    rows.sort(key=lambda row: str(row.cells[0]))
    columns = text("on", "what", "kind", "reason")
    return ResultTable(
        "deviations", say("title_deviations"), columns, tuple(rows), say("of_trial"),
        empty=say("no_deviations"),
    )  # fmt: skip


def queries_table(cut: Cut) -> ResultTable:
    answers = {held.record.query: held.record for held in cut.all(QueryAnswer)}
    rows = []
    for held in cut.all(Query):
        query, answer = held.record, answers.get(held.record_id)
        closed = answer is not None and answer.closes
        said = answer.answer if answer else say("unanswered")
        rows.append(Row((query.on, query.about, query.question, said), strong=not closed))
    columns = text("on", "record", "question", "answer")
    return ResultTable(
        "queries", say("title_queries"), columns, tuple(rows), say("of_trial"), empty=say("no_queries")
    )


def open_queries(cut: Cut) -> int:
    closed = {held.record.query for held in cut.all(QueryAnswer) if held.record.closes}
    return sum(held.record_id not in closed for held in cut.all(Query))


def changes_table(cut: Cut) -> ResultTable:
    """Amendments and voids with their reasons: old values stay in the ledger."""
    found: list[tuple[date, str, str, str, str]] = []
    for current in cut.trial.casebook.current(voided=True):
        for version in cut.trial.casebook.history(current.record_id)[1:]:
            kind = "voided" if version.voided else "amended"
            found.append((version.at.date(), current.record_id, version.form, kind, version.reason))
    found.sort()
    rows = tuple(
        Row((on, record, _title(form), say(kind), reason)) for on, record, form, kind, reason in found[-MOST_LISTED:]
    )  # fmt: skip
    kinds = Counter(kind for _, _, _, kind, _ in found)
    notes = [say("note_changes", amended=kinds["amended"], voided=kinds["voided"])]
    if len(found) > MOST_LISTED:
        notes.append(say("note_listed", listed=MOST_LISTED, all=len(found)))
    columns = text("on", "record", "form", "change", "reason")
    return ResultTable(
        "changes", say("title_changes"), columns, rows, say("of_trial"), tuple(notes), say("no_changes")
    )


def _title(form: str) -> Words | str:
    model: type[Record] | None = FORMS.get(form)
    return Words(en=model.FORM_TITLE[0], zh=model.FORM_TITLE[1]) if model else form
