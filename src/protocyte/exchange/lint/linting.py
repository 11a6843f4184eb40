"""All families over one record, in the order of its lines."""

from __future__ import annotations

from protocyte.base import Problem
from protocyte.exchange.lint import (
    agreement,
    clocks,
    contradictions,
    course,
    design,
    dose,
    eligibility_missing,
    eligibility_wording,
    escalation,
    foreign,
    grading,
    ladder,
    product,
    residue,
    response,
    safety,
    terms,
    units,
    windows,
)  # fmt: skip
from protocyte.exchange.lint.finding import Detector, Finding, warning
from protocyte.exchange.lint.reading import Record, Said, record_of
from protocyte.exchange.registry.budget import within_budget
from protocyte.exchange.registry.drafting import Drafting
from protocyte.exchange.registry.recognise import read_page

DETECTORS: tuple[Detector, ...] = (
    *design.DETECTORS, *escalation.DETECTORS, *ladder.DETECTORS, *dose.DETECTORS, *units.DETECTORS, *safety.DETECTORS,
    *grading.DETECTORS, *foreign.DETECTORS, *windows.DETECTORS, *agreement.DETECTORS,
    *contradictions.DETECTORS,
    *eligibility_missing.DETECTORS, *eligibility_wording.DETECTORS, *response.DETECTORS, *clocks.DETECTORS,
    *course.DETECTORS, *product.DETECTORS, *terms.DETECTORS, *residue.DETECTORS,
)  # fmt: skip
_CHINESE_SHARE = 0.3


def lint_record(data: bytes, file: str) -> tuple[Problem, ...]:
    """What an expert reader would object to in a registry record, in the order of its lines.

    A record that cannot be read at all answers with why. Never raises for input.
    """
    page = read_page(data, file)
    if isinstance(page, Problem):
        return (page,)
    within_budget(page, Drafting())
    record = record_of(page)
    if not record.lines:
        return (warning("META-01.record.no_text", Said("", 1)).problem(file),)
    if _chinese(record):
        return (warning("META-01.record.language", record.start).problem(file),)
    found = {_key(finding): finding for detect in DETECTORS for finding in detect(record)}
    ordered = sorted(found.values(), key=lambda finding: (finding.at.line, finding.rule))
    return tuple(finding.problem(file) for finding in ordered)


def _key(finding: Finding) -> tuple[str, int, str]:
    return finding.rule, finding.at.line, repr(sorted(finding.params.items()))


def _chinese(record: Record) -> bool:
    """The detectors read English; a Chinese page would look as if everything were missing."""
    letters = sum(character.isalpha() for character in record.text)
    return sum("\u4e00" <= character <= "\u9fff" for character in record.text) > _CHINESE_SHARE * max(
        1, letters
    )
