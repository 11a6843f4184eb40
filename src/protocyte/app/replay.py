"""Replaying decisions: the ledger folded to each decision's own cut-off must give its advice again."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from protocyte.derive.course import Trial, view
from protocyte.derive.escalation import dose_decisions, replay_advice
from protocyte.designs import Advice
from protocyte.ledger import CutOff
from protocyte.records.oversight import AdviceGiven


class Replayed(NamedTuple):
    number: int
    same: bool
    recorded: AdviceGiven
    now: Advice


def replay_decisions(trial: Trial) -> tuple[Replayed, ...]:
    """Every decision with the advice its cut-off gives today: action and level equal, evidence within 1e-6."""
    results = []
    for held in dose_decisions(trial):
        decision = held.record
        then = view(trial.casebook.up_to(CutOff(seq=decision.cut_off)))
        now = replay_advice(then, decision)
        results.append(Replayed(decision.number, _same(decision.advice, now), decision.advice, now))
    return tuple(results)


def _same(recorded: AdviceGiven, now: Advice) -> bool:
    if (recorded.action, recorded.level) != (now.action, now.level):
        return False
    names = recorded.evidence.keys() | now.evidence.keys()
    return all(_close(recorded.evidence.get(name), now.evidence.get(name)) for name in names)


def _close(a: str | None, b: str | None) -> bool:
    if a is None or b is None:
        return False
    return abs(Decimal(a) - Decimal(b)) <= Decimal("1e-6") * max(Decimal(1), abs(Decimal(a)))
