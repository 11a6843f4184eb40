"""DESIGN-03 and DOSE-01: a list of dose levels that cannot be climbed as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from protocyte.exchange.lint.features import CELLS, dose_statements, doses, value
from protocyte.exchange.lint.finding import Finding, error
from protocyte.exchange.lint.reading import Record, Said, pattern
from protocyte.exchange.registry.dose_notation import DoseText

_GAP = 60  # characters between two levels of one list: "cells/kg; dose level two: "
# Fractions of one dose on several days are a schedule, not levels.
_FRACTION = pattern(r"\bday\b|\bD\d|\bfraction|\bsplit|\d\s*%")
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_COUNTED = pattern(
    rf"\b(?P<n>{'|'.join(_NUMBERS)}|[2-6])\s+(?:pre-?\w+\s+)?(?:dose|dosage)\s+(?:levels?|groups?|cohorts?)\b"
)
_BY_WEIGHT = pattern(r"\d\s*kg\b|\bweigh\w*")


def levels_rise(record: Record) -> Iterator[Finding]:
    for said, levels in _lists(record):
        values = [value(level) for level in levels]
        falls = [number for number, (one, two) in enumerate(pairwise(values), 2) if two <= one]
        if len(values) > 2 and falls and len(falls) < len(values) - 1:
            yield error("DESIGN-03.dose.ladder_not_rising", said, number=falls[0])


def levels_are_as_many_as_said(record: Record) -> Iterator[Finding]:
    for said, levels in _lists(record):
        counted = _COUNTED.search(said.text)
        if counted is None:
            continue
        wanted = _NUMBERS.get(counted["n"].lower()) or int(counted["n"])
        if wanted != len(levels):
            yield error("DESIGN-03.dose.ladder_count", said, said=wanted, listed=len(levels))


def levels_have_one_basis(record: Record) -> Iterator[Finding]:
    """Cells per kg and cells differ by a weight; a table by weight bands may need both."""
    for said, levels in _lists(record):
        units = {level.unit for level in levels if level.unit}
        weighed = {unit for unit in units if "kg" in unit}
        if weighed and units - weighed and not _BY_WEIGHT.search(said.text.replace("/kg", "")):
            yield error("DOSE-01.dose.basis_mixed", said)


def _lists(record: Record) -> Iterator[tuple[Said, list[DoseText]]]:
    """Each list of two levels or more, one after the other in a statement about dosing."""
    if not record.says(CELLS):
        return
    for said in dose_statements(record):
        levels: list[DoseText] = []
        for dose in doses(said):
            if levels and not _continues(said.text[levels[-1].end : dose.start]):
                break
            levels.append(dose)
        if len(levels) > 1 and all(level.high is None for level in levels):
            yield said, levels


def _continues(between: str) -> bool:
    plain = len(between) <= _GAP and not re.search(r"\.\s|\bto\b|\blevel\s*-", between)
    return plain and not _FRACTION.search(between)


DETECTORS = (levels_rise, levels_are_as_many_as_said, levels_have_one_basis)
