"""Shifts from the baseline to the worst result on treatment, by the limits of each result."""

from __future__ import annotations

from collections import Counter, defaultdict

from protocyte.analysis.tables import Column, ResultTable, Row, Share
from protocyte.base import Message
from protocyte.exchange.sdtm.blocks import TOTAL, Arms, Group, head, safety, said
from protocyte.exchange.sdtm.subjects import Result, Subject

BASES = ("LOW", "NORMAL", "HIGH", "")
WORST = ("LOW", "NORMAL", "HIGH", "BOTH")


def shift(subject: Subject, results: list[Result]) -> tuple[str, str] | None:
    """Where baseline lay and how far results on treatment went; None without a classified one on treatment.

    Whoever went both below and above stands in a column of their own: neither is the worse one.
    """
    after = {one.ranged for one in subject.on_treatment(results)} - {""}
    if not after:
        return None
    before = subject.baseline(results)
    base = before.ranged if before is not None else ""
    if after >= {"LOW", "HIGH"}:
        return base, "BOTH"
    return base, "LOW" if "LOW" in after else "HIGH" if "HIGH" in after else "NORMAL"


def lab_shifts(subjects: Group) -> ResultTable:
    """By test and arm, subjects by baseline and worst on treatment; shares are of those with a result."""
    arms = safety(subjects)
    present = {name: tuple(one for one in members if one.labs) for name, members in arms.items()}
    tests = _tests(present[TOTAL])
    rows = [row for test, name in tests.items() for row in _rows(test, name, present)]
    columns = (
        Column(said("arm")), Column(said("baseline")), Column(said("n"), "number"),
        *(Column(said(f"range_{worst.lower()}"), "number", said("worst")) for worst in WORST),
    )  # fmt: skip
    return ResultTable(
        "sdtm_lab_shifts", said("title_lab_shifts"), columns, tuple(rows),
        said("of_safety_labs", n=len(present[TOTAL]), of=len(arms[TOTAL])),
        (said("note_actual"), said("note_shift"), said("note_limits"), *_left_out(present[TOTAL], tests)),
        said("nobody_treated") if not arms[TOTAL] else said("no_labs"),
    )  # fmt: skip


def _rows(test: str, name: str, arms: Arms) -> list[Row]:
    rows = []
    for arm, members in arms.items():
        shifts = [shift(one, [lab for lab in one.labs if lab.test == test]) for one in members]
        counts = Counter(one for one in shifts if one is not None)
        for base in BASES:
            of = sum(count for (before, _), count in counts.items() if before == base)
            if of:
                cells = (Share(counts[base, worst], counts.total()) for worst in WORST)
                title = said(f"range_{base.lower() or 'none'}")
                rows.append(Row((head(arm, len(members)), title, of, *cells), group=f"{test}: {name}"))
        missing = shifts.count(None)
        if missing:
            blank = (None,) * len(WORST)
            rows.append(
                Row((head(arm, len(members)), said("no_shift"), missing, *blank), group=f"{test}: {name}")
            )
    return rows


def _tests(members: Group) -> dict[str, str]:
    """Tests with limits, by code, with name and unit."""
    found: dict[str, str] = {}
    for one in members:
        for lab in one.labs:
            if lab.ranged:
                found.setdefault(lab.test, f"{lab.name} ({lab.unit})" if lab.unit else lab.name)
    return dict(sorted(found.items()))


def _left_out(members: Group, tests: dict[str, str]) -> tuple[Message, ...]:
    """What the table does not hold, and where the recorded indicator says otherwise than the limits."""
    others = sorted({lab.test for one in members for lab in one.labs} - tests.keys())
    said_otherwise: dict[str, int] = defaultdict(int)
    for one in members:
        for lab in one.labs:
            if lab.ranged and lab.said and lab.said != lab.ranged:
                said_otherwise[lab.test] += 1
    notes = []
    if others:
        notes.append(said("note_no_limits", tests=others))
    if said_otherwise:
        notes.append(said("note_indicator", n=sum(said_otherwise.values()), tests=sorted(said_otherwise)))
    undated = sum(lab.on is None for one in members for lab in one.labs)
    return (*notes, said("note_undated", n=undated)) if undated else tuple(notes)
