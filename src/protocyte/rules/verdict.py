"""Met, not met or unknown, with the reasons."""

from __future__ import annotations

from typing import Literal, NamedTuple

from protocyte.rules.facts import Observation

Outcome = Literal["met", "not_met", "unknown"]
OUTCOMES: dict[bool | None, Outcome] = {True: "met", False: "not_met", None: "unknown"}


class Use(NamedTuple):
    """An observation a test looked at, under the name of its fact."""

    fact: str
    observation: Observation


class Step(NamedTuple):
    """One test of the rule, as it came out. `missing` as in `Verdict`."""

    test: str
    outcome: Outcome
    used: tuple[Use, ...]
    missing: tuple[str, ...]


class Verdict(NamedTuple):
    """What a rule says of a subject.

    `because` holds the tests that decided: of an `and` that fails those that fail, of one that is unknown
    those that are unknown, of one that is met all. `records` are the ids of the records they rest on.
    `missing` says what would have to be known: `anc` (no value), `alt.uln`, `alt.lln`, `alt.baseline`,
    `alt.unit` (cannot be converted), `alt.date` (its date or the window's), `crs.complete` (nobody attests
    absence), `crs.open` (the window is not over), `infusion` (the anchor).
    """

    outcome: Outcome
    rule: str
    because: tuple[Step, ...]
    records: tuple[str, ...]
    missing: tuple[str, ...]
