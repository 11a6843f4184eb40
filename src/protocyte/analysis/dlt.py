"""DLTs by level: treated, evaluable, DLTs with exact limits; and each proposal with its adjudication."""

from __future__ import annotations

from datetime import date

from protocyte.analysis.tables import Table, say
from protocyte.derive.course import Trial
from protocyte.derive.dlt import derive_dlt
from protocyte.stats.binomial import clopper_pearson


def dlt_table(trial: Trial, as_of: date) -> Table:
    study = trial.study
    statuses = [status for course in trial.courses for status in derive_dlt(study, course, as_of)]
    rows = []
    for level, label in enumerate(study.labels, start=1):
        here = [s for s in statuses if (s.window.level or s.window.assigned) == level]
        evaluable = [s for s in here if s.evaluable]
        dlts = [s for s in here if s.status == "dlt"]
        names = ", ".join(
            f"{s.subject}: {p.criterion or p.key}" for s in dlts for p in s.proposals if p.counts
        )
        open_ = sum(s.evaluable is None for s in here)
        rows.append(
            (
                f"{label} {study.ladder[label]}",
                len(here),
                len(evaluable),
                open_,
                _rate(len(dlts), len(evaluable)),
                names or "-",
            )
        )
    columns = tuple(say(n) for n in ("level", "treated", "evaluable", "still_open", "dlts_limits", "which"))
    return Table(
        "dlt",
        say("title_dlt"),
        columns,
        tuple(rows),
        say("of_infused", n=len({s.subject for s in statuses})),
        (say("note_dlt", days=study.dlt.days),),
    )


def _rate(dlts: int, evaluable: int) -> str:
    if not evaluable:
        return f"{dlts}/0"
    limits = clopper_pearson(dlts, evaluable)
    return f"{dlts}/{evaluable} ({100 * float(limits.lower):.0f}–{100 * float(limits.upper):.0f} %)"
