"""A design as rows a protocol can print: its decision table, and what would follow a next cohort."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from protocyte.designs.design import Design, Tally, advise_outcomes, with_levels
from protocyte.designs.interval import DU, LETTERS, D, E, IntervalDesign
from protocyte.designs.outcome import Outcome
from protocyte.designs.rows import Rows
from protocyte.designs.safety_run_in import SafetyRunIn
from protocyte.designs.three_plus_three import ThreePlusThree
from protocyte.designs.wrong import wrong


def decision_table(design: Design, largest: int | None = None) -> list[dict[str, Any]]:
    """One row for each n and number of DLTs at a level: `{"n", "dlts", "decision"}`.

    Decisions are E (escalate), S (stay), D (de-escalate), DU (de-escalate and eliminate), and STOP for a
    run-in. Raises `InputError` for a design whose decision needs more than the counts of one level.
    """
    if isinstance(design, IntervalDesign):
        top = largest or design.max_subjects
        codes = design.table(top)
        return [_cell(n, y, LETTERS[int(codes[n, y])]) for n in range(1, top + 1) for y in range(n + 1)]
    if isinstance(design, ThreePlusThree):
        return [_cell(n, y, _three_plus_three(design, n, y)) for n in range(1, 7) for y in range(n + 1)]
    if isinstance(design, SafetyRunIn):
        stop = design.max_dlts
        sizes = range(1, design.subjects + 1)
        return [_cell(n, y, "STOP" if y > stop else "S") for n in sizes for y in range(n + 1)]
    raise wrong("no_table", design=design.design)


def boundary_table(design: IntervalDesign, largest: int | None = None) -> list[dict[str, int | None]]:
    """One row for each n: escalate with at most, de-escalate with at least, eliminate with at least so
    many DLTs; None where that never happens."""
    top = largest or design.max_subjects
    codes = design.table(top)
    rows: list[dict[str, int | None]] = []
    for n in range(1, top + 1):
        row = codes[n, : n + 1]
        up, down, out = (np.flatnonzero(mask) for mask in (row == E, (row == D) | (row == DU), row == DU))
        rows.append(
            {
                "n": n,
                "escalate_if_at_most": int(up.max()) if up.size else None,
                "deescalate_if_at_least": int(down.min()) if down.size else None,
                "eliminate_if_at_least": int(out.min()) if out.size else None,
            }
        )
    return rows


def what_if(design: Design, outcomes: Iterable[Outcome], levels: int | None = None) -> list[dict[str, Any]]:
    """The advice after each possible result of the next cohort: `{"level", "size", "dlts", "advice"}`.

    Empty where the design has nobody to treat now (it is over, or waits).
    """
    full, history = with_levels(design, levels), list(outcomes)
    now = advise_outcomes(full, history)
    if now.level is None or now.action == "complete":
        return []
    size = int(now.evidence["needed"])
    rows = []
    for dlts in range(size + 1):
        cohort = [Outcome(level=now.level, dlt=i < dlts) for i in range(size)]
        after = advise_outcomes(full, history + cohort)
        rows.append({"level": now.level, "size": size, "dlts": dlts, "advice": after})
    return rows


def _cell(n: int, dlts: int, decision: str) -> dict[str, Any]:
    return {"n": n, "dlts": dlts, "decision": decision}


def _three_plus_three(design: ThreePlusThree, n: int, y: int) -> str:
    """At the middle one of three levels, the lower one cleared and the upper one untried."""
    rows = Rows(np.array([2]), np.array([[6, n, 0]]), np.array([[0, y, 0]]), np.zeros((1, 0), dtype=np.int64))
    next_level = int(ThreePlusThree(variant=design.variant, levels=3).rule(rows).next[0])
    return {0: "D", 1: "D", 2: "S", 3: "E"}[next_level]


__all__ = ["Tally", "boundary_table", "decision_table", "what_if"]
