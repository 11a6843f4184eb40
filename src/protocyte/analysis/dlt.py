"""DLTs by level with exact limits, and each proposal with its adjudication."""

from __future__ import annotations

from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import all_infused
from protocyte.analysis.tables import Cell, ResultTable, Row, number, rate, say, text
from protocyte.derive.dlt import DltStatus, Proposal, derive_dlt


def dlt_statuses(cut: Cut) -> tuple[DltStatus, ...]:
    return tuple(status for course in cut.infused for status in derive_dlt(cut.study, course, cut.as_of))


def dlt_table(cut: Cut) -> ResultTable:
    """By the level each window counts at: the one infused, else the one assigned."""
    study, statuses = cut.study, dlt_statuses(cut)
    rows = []
    for level, label in enumerate(study.labels, start=1):
        here = [status for status in statuses if (status.window.level or status.window.assigned) == level]
        rows.append(Row((label, study.ladder[label], *_counts(here))))
    rows.append(Row((say("all_levels"), None, *_counts(list(statuses))), strong=True))
    columns = (
        *text("level", "dose"),
        *number("windows", "dlt_evaluable", "not_evaluable", "still_open", "dlts_limits"),
    )
    notes = [say("note_dlt", days=study.dlt.days)]
    if study.dosing.climb is not None:
        notes.append(say("note_windows"))
    return ResultTable("dlt", say("title_dlt"), columns, tuple(rows), all_infused(cut), tuple(notes))


def _counts(here: list[DltStatus]) -> tuple[Cell, ...]:
    evaluable = sum(status.evaluable is True for status in here)
    out = sum(status.evaluable is False for status in here)
    dlts = sum(status.status == "dlt" for status in here)
    return len(here), evaluable, out, len(here) - evaluable - out, rate(dlts, evaluable)


def proposals_table(cut: Cut) -> ResultTable:
    """Every proposal, those the committee rejected too; and every window that is open or unanswerable."""
    rows = []
    for status in dlt_statuses(cut):
        window = status.window
        label = cut.study.label_of(window.level or window.assigned)
        for proposal in status.proposals:
            day = (proposal.on - window.start).days
            rows.append(Row((status.subject, label, day, _criterion(cut, proposal), _word(proposal))))
        if status.status in ("pending", "unknown", "not_evaluable"):
            rows.append(Row((status.subject, label, None, say("none_so_far"), status.why)))
    columns = (*text("subject", "level"), *number("day"), *text("criterion", "standing"))
    return ResultTable(
        "dlt_proposals", say("title_proposals"), columns, tuple(rows), all_infused(cut),
        empty=say("no_proposals"),
    )  # fmt: skip


def _criterion(cut: Cut, proposal: Proposal) -> Cell:
    known = cut.study.dlt.criteria.get(proposal.criterion or "")
    return known.label if known else say("by_hand")


def _word(proposal: Proposal) -> Cell:
    return say({True: "confirmed", False: "rejected", None: "unadjudicated"}[proposal.adjudicated])
