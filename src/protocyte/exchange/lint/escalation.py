"""DESIGN-03: how the dose climbs: the rule, the levels, and whether within or between subjects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from protocyte.exchange.lint.features import (
    CELLS,
    ESCALATION,
    INTRA,
    MTD,
    SCHEME,
    dose_line,
    dose_statements,
    doses,
    finds_dose,
    value,
)  # fmt: skip
from protocyte.exchange.lint.finding import Finding, error, info, warning
from protocyte.exchange.lint.reading import Record, Said, pattern

_CLIMBS = pattern(r"\bescalat\w+")
_TO = re.compile(r"(?:cells?|/|kg|\s|viable|CAR\S*|T)*(?:(?:up\s+)?to|-|–|~)\s*", re.IGNORECASE)
_TARGET = pattern(r"\b(?:best|optimal|optimum|most\s+appropriate|proper|suitable)\s+dos(?:e|age)\b")
_SPLIT = pattern(r"\bsplit\b|\bfraction\w*")
_DOWN = pattern(r"\bde-?escalat|\blevel\s*-\s*1\b|\bdose\s+reduc")


def climb_has_a_rule(record: Record) -> Iterator[Finding]:
    line = dose_line(record)
    if line is None or not record.says(CELLS) or INTRA.search(record.text):
        return
    levels = {value(dose) for dose in doses(line)}
    climbs = _CLIMBS.search(line.text) or (len(levels) > 2 and ESCALATION.search(record.text))
    if climbs and not record.says(SCHEME):
        yield error("DESIGN-03.escalation.rule_missing", line)


def ladder_has_steps(record: Record) -> Iterator[Finding]:
    if not finds_dose(record):
        return
    for said in dose_statements(record):
        if (text := _range(said)) and not _levels_elsewhere(record, said):
            yield error("DESIGN-03.dose.ladder_missing_steps", said, range=text)
            return


def _range(said: Said) -> str | None:
    """A range in place of levels: `(5-20)x10^6`, or two doses joined by `to`."""
    found = doses(said)
    for dose in found:
        if dose.high is not None and dose.high >= 2 * dose.low:
            return said.text[dose.start : dose.end].strip()
    for one, two in pairwise(found):
        if _TO.fullmatch(said.text[one.end : two.start]) and value(two) > value(one):
            return said.text[one.start : two.end].strip()
    return None


def _levels_elsewhere(record: Record, said: Said) -> bool:
    """Whether any statement lists levels: three different doses, of which a range gives only two."""
    return any(len({value(dose) for dose in doses(other)}) > 2 for other in dose_statements(record))


def climb_is_between_subjects(record: Record) -> Iterator[Finding]:
    if not record.says(CELLS):
        return
    if found := record.find(INTRA):
        yield error("DESIGN-03.dose.intra_patient_escalation", found)
        return
    line = dose_line(record)
    if line and _CLIMBS.search(line.text) and _SPLIT.search(line.text):
        yield warning("DESIGN-03.escalation.subject_ambiguous", line)


def steps_are_even(record: Record) -> Iterator[Finding]:
    for said in dose_statements(record):
        levels = sorted({value(dose) for dose in doses(said)})
        if len(levels) < 3 or _DOWN.search(record.text):
            continue
        factors = [two / one for one, two in pairwise(levels) if one]
        if max(factors) > min(factors):
            spoken = ", ".join(f"{factor:.3g}" for factor in factors)
            yield info("DESIGN-03.dose.ladder_step_uneven", said, factors=spoken)
            return


def target_is_defined(record: Record) -> Iterator[Finding]:
    line = dose_line(record)
    if record.says(MTD) or not record.says(CELLS):
        return
    if found := record.find(_TARGET):
        yield warning("DESIGN-03.escalation.target_undefined", found)
    elif line is not None and _CLIMBS.search(line.text):
        yield warning("DESIGN-03.escalation.target_undefined", line)


DETECTORS = (climb_has_a_rule, ladder_has_steps, climb_is_between_subjects, steps_are_even, target_is_defined)
