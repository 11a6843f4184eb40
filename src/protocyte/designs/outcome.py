"""One subject's outcome as a dose-finding design sees it, and the short notation for histories."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from pydantic import Field

from protocyte.base import Frozen
from protocyte.designs.wrong import wrong

_SHARE = r"[0-9]*\.?[0-9]+"
_COHORT = re.compile(rf"([0-9]{{1,6}})((?:[NT]|P(?:\({_SHARE}\))?)+)")
_SUBJECT = re.compile(rf"([NTP])(?:\(({_SHARE})\))?")
_DLT = {"N": False, "T": True, "P": None}
_LETTER = {dlt: letter for letter, dlt in _DLT.items()}


class Outcome(Frozen):
    """What one subject contributes at one dose level; only DLT-evaluable subjects have outcomes.

    `level` counts from 1. `dlt` is None while it is pending; `follow_up` is then the share of the DLT
    window observed so far, which only time-to-event designs read. `efficacy` is None while unknown.
    `moderate` marks a toxicity below a DLT that ends an accelerated phase (Simon et al. 1997, grade 2).
    A `backfill` subject is counted at the level but does not move the escalation.
    """

    level: int = Field(ge=1)
    dlt: bool | None
    follow_up: Decimal | None = Field(default=None, ge=0, le=1)
    efficacy: bool | None = None
    moderate: bool = False
    backfill: bool = False


def parse_outcomes(text: str) -> tuple[Outcome, ...]:
    """Read `'1NNN 2NTP'`: three without DLT at level 1; at level 2 one without, one DLT, one pending.

    The notation is that of Brock et al., arXiv:1903.05960 (the R package trialr), with P added; `P(0.4)` is
    pending with four tenths of the DLT window observed, which time-to-event designs read.
    Raises `InputError` naming the cohort that cannot be read.
    """
    outcomes: list[Outcome] = []
    for cohort in text.split():
        match = _COHORT.fullmatch(cohort)
        if match is None or int(match[1]) < 1:
            raise wrong("no_cohort", given=cohort)
        for letter, share in _SUBJECT.findall(match[2]):
            followed = Decimal(share) if share else None
            if followed is not None and followed > 1:
                raise wrong("no_cohort", given=cohort)
            outcomes.append(Outcome(level=int(match[1]), dlt=_DLT[letter], follow_up=followed))
    return tuple(outcomes)


def format_outcomes(outcomes: Iterable[Outcome]) -> str:
    """The notation of `parse_outcomes`; neighbours at one level are written as one cohort."""
    cohorts: list[str] = []
    last = 0
    for outcome in outcomes:
        letter = _LETTER[outcome.dlt]
        if outcome.dlt is None and outcome.follow_up is not None:
            letter += f"({outcome.follow_up})"
        if outcome.level == last:
            cohorts[-1] += letter
        else:
            cohorts.append(f"{outcome.level}{letter}")
            last = outcome.level
    return " ".join(cohorts)
