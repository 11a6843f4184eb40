"""ICANS by the ASTCT consensus (Lee 2019): the worst of its domains.

The cognitive domain is the ICE score from 12 years on, and the Cornell Assessment of Pediatric Delirium
(CAPD) below 12 or with a developmental delay. A score that the age asks for and nobody gave, while the
other score was given, is unknown and not normal.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from protocyte.vocab.finding import Block, Finding
from protocyte.vocab.inputs import Value, scale_facts


def prepare(values: dict[str, Value], listed: frozenset[str]) -> dict[str, Value]:
    scores = [score for score in ("ice", "capd") if score in listed]
    if "age" not in listed:
        # Nobody is without an age: one score alone tells which tool was used, otherwise the age matters.
        return values | {"age": None if len(scores) == 2 else Decimal(6 if scores == ["capd"] else 40)}
    return values | {score: None for score in ("ice", "capd") if scores and score not in listed}


def uses_capd(values: Mapping[str, Any]) -> bool:
    """CAPD below 12 years or with a developmental delay, ICE otherwise."""
    facts: Any = scale_facts("astct-icans")
    return bool(values["developmental_delay"] or values["age"] < facts["capd_below_age"])


def _cognition(values: Mapping[str, Any]) -> int:
    facts: Any = scale_facts("astct-icans")
    if uses_capd(values):
        score = values["capd"]
        if score == "unable_to_perform":
            return 4
        return int(next(grade for highest, grade in facts["capd"] if score <= highest))
    score = values["ice"]
    if score == "unarousable_cannot_perform":
        return 4
    return int(next(grade for lowest, grade in facts["ice"] if score >= lowest))


def _consciousness(values: Mapping[str, Any]) -> int:
    facts: Any = scale_facts("astct-icans")
    return int(facts["consciousness"].index(values["consciousness"]))


def _graded(domain: str) -> Block:
    """A domain whose words have a grade each."""

    def judge(values: Mapping[str, Any]) -> int:
        facts: Any = scale_facts("astct-icans")
        return int(facts[domain][values[domain]])

    return Block((domain,), judge)


def _death(values: Mapping[str, Any]) -> bool:
    return bool(values["death_due_to_icans"])


BLOCKS = (
    Block(("age", "developmental_delay", "ice", "capd"), _cognition),
    Block(("consciousness",), _consciousness),
    _graded("seizure"),
    _graded("motor"),
    _graded("icp_edema"),
    Block(("death_due_to_icans",), _death),
)
DOMAINS = ("cognition", "consciousness", "seizure", "motor", "icp-edema")


def conclude(
    cognition: int, consciousness: int, seizure: int, motor: int, oedema: int, dead: bool
) -> Finding:
    if dead:
        return Finding(5, "astct-icans.5.death")
    grades = (cognition, consciousness, seizure, motor, oedema)
    worst = max(grades)
    return Finding(worst, f"astct-icans.{worst}.{DOMAINS[grades.index(worst)] if worst else 'none'}")
