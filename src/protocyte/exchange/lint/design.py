"""DESIGN-01 and DESIGN-02: the phase, and the block of facts every registered design has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from protocyte.exchange.lint.features import (
    CELLS,
    DLT,
    INTRA,
    MTD,
    PHASE,
    SCHEME,
    SINGLE_ARM,
    dose_line,
    dose_statements,
    doses,
    finds_dose,
    is_early,
    phase,
    population,
    statement,
    value,
)  # fmt: skip
from protocyte.exchange.lint.finding import Finding, error, info, warning
from protocyte.exchange.lint.reading import Record, Said, pattern

_TWO_STEPS = pattern(r"\bphase[\s_]*(?:1|I)[ab]?\s*[/|_-]\s*(?:phase\s*)?(?:2|II)|\bPHASE1\b.*\bPHASE2\b")
_BLOCK = pattern(
    r"\brandomi[sz]|\bopen[\s-]label|\bopen\b|\b(?:single|double|triple)[\s-](?:blind|arm|group)"
    r"|\bnon-?comparative"
    r"|\bparallel|\bmasking\b|\bone[\s-]arm"
)
_N = pattern(
    r"\b[Nn]\s*=\s*\d{1,4}\b|\b\d{1,4}\s+(?:\w+\s+){0,4}?(?:patients|subjects|participants|cases)\b"
    r"|\bsample\s+size\b|\benrol\w*\s+(?:of\s+)?(?:up\s+to\s+)?\d{1,4}\b"
)
_COHORT = pattern(
    r"3\s*\+\s*3|\bcohorts?\s+of\b|\bper\s+(?:dose|cohort)|\beach\s+dose|\bsample\s+size\b|\bSimon\b"
)
_ARMS = pattern(
    r"\b(?:single|one|two|three|parallel|multi\w*)[\s_-]+(?:arms?|groups?|cohorts?)\b|\bSINGLE_GROUP\b|\barms\b"
)
_OPEN_COHORT = pattern(
    r"\b(?:each|every|per)\s+(?:dose\s+)?(?:groups?|cohorts?|levels?)\b[^.;]{0,40}\b(?:at\s+least|no\s+fewer\s+than|minimum)\b"
    r"|\b(?:at\s+least|minimum\s+of)\s+\w+\s+(?:subjects|patients)\s+(?:per|in\s+each)\s+(?:dose|cohort|level|group)"
)
_COHORT_SIZE = pattern(r"\b(?:at least|≥|minimum of)\s+(?:three|3)\b|3\s*\+\s*3")
_LARGE_FOR_DOSE_FINDING = 100  # phase 1 trials of CAR-T in leukemia registered to 2026 plan 6 to 60 subjects
_TREATS = pattern(r"\binfus|\breceiv|\btreat|\badminist|\bdose|cells?/kg|\bmg\b|\binject")
_MANY = 25


def phase_is_stated(record: Record) -> Iterator[Finding]:
    if phase(record) is None and record.says(CELLS):
        yield error("DESIGN-01.phase.missing", statement(record))


def phase_has_its_design(record: Record) -> Iterator[Finding]:
    """A phase 1 exists to find or confirm a dose: with neither levels, rule nor DLT it is a label."""
    given = phase(record)
    if given is None or not is_early(record) or not record.says(CELLS):
        return
    ruled = any(record.says(feature) for feature in (DLT, SCHEME, MTD))
    if not ruled and dose_line(record) is None:
        yield error("DESIGN-01.phase.design_missing", given, phase=_spoken(given))
    elif _TWO_STEPS.search(given.text) and not record.says(MTD):
        yield error("DESIGN-01.phase.transition_missing", given)


def _spoken(given: Said) -> str:
    found = PHASE.search(given.text)
    return found.group() if found else given.text[:20]


def design_block_is_complete(record: Record) -> Iterator[Finding]:
    if (
        record.says(CELLS)
        and record.field("allocation", "model", "masking") is None
        and not any(_BLOCK.search(said.text) for said in (*record.heads, *record.prose))
    ):
        yield error("DESIGN-02.design.missing_allocation", population(record))
    given = record.field("allocation")
    randomised = given is not None and re.fullmatch(r"RANDOMI[SZ]ED", given.text.strip(), re.IGNORECASE)
    if randomised and (single := record.find(SINGLE_ARM, record.prose)):
        yield error("DESIGN-02.design.allocation_contradiction", single)


def arms_are_stated(record: Record) -> Iterator[Finding]:
    """An allocation without arms: one product, or a comparison within one group?"""
    given = record.field("allocation")
    told = record.field("model", "arm") or any(
        _ARMS.search(said.text) for said in (*record.heads, *record.prose)
    )
    if given is not None and record.says(CELLS) and not told:
        yield warning("DESIGN-02.design.arms_missing", given)


def cohorts_have_a_size(record: Record) -> Iterator[Finding]:
    """ "At least three" is no cohort: a rule of three and three says when six are treated, and when no more."""
    for said in record.prose:
        if record.says(CELLS) and _OPEN_COHORT.search(said.text):
            yield warning("DESIGN-02.cohort.size_open", said)
            return


def sample_size_is_stated_and_fits(record: Record) -> Iterator[Finding]:
    given = record.field("enrollment")
    number = re.search(r"\d{1,6}", given.text) if given else None
    if given is None or number is None:
        if record.says(CELLS) and record.find(_N, record.prose) is None:
            yield error("DESIGN-02.enrollment.missing", _where_subjects_are_counted(record))
        return
    n = int(number.group())
    if not record.says(CELLS):
        return
    if n >= _LARGE_FOR_DOSE_FINDING and finds_dose(record):
        yield error("DESIGN-02.target_n_design_mismatch", given, n=n)
    elif finds_dose(record) and not record.says(_COHORT):
        yield warning("DESIGN-02.enrollment.unjustified", given, n=n)
    levels = max((len({value(dose) for dose in doses(said)}) for said in dose_statements(record)), default=0)
    if levels > 1 and record.says(_COHORT_SIZE) and not INTRA.search(record.text) and n < 3 * levels:
        yield error("DESIGN-02.enrollment.below_ladder", given, n=n, levels=levels, least=3 * levels)


def _where_subjects_are_counted(record: Record) -> Said:
    size = pattern(r"\bat\s+least\s+(?:three|two|\d+)\s+(?:subjects|patients)|\b\w+\s+subjects\s+will\b")
    recruits = pattern(r"\bwill\s+(?:recruit|enrol)")
    return record.find(recruits, record.prose) or record.find(size, record.prose) or population(record)


def arm_says_the_treatment(record: Record) -> Iterator[Finding]:
    for arm in record.fields.get("arm", ()):
        if len(arm.text) > _MANY and CELLS.search(arm.text) and not _TREATS.search(arm.text):
            yield info("DESIGN-02.arm.description", arm)


DETECTORS = (
    phase_is_stated,
    phase_has_its_design,
    design_block_is_complete,
    arms_are_stated,
    cohorts_have_a_size,
    sample_size_is_stated_and_fits,
    arm_says_the_treatment,
)
