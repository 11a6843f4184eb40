"""SAFE-01 and SAFE-02: dose-limiting toxicity, and when the trial stops."""

from __future__ import annotations

from collections.abc import Iterator

from protocyte.exchange.lint.features import (
    CELLS,
    DLT,
    DONOR,
    GVHD,
    finds_dose,
    risk_anchor,
    spans,
)  # fmt: skip
from protocyte.exchange.lint.finding import Finding, error, warning
from protocyte.exchange.lint.reading import Record, RegisteredOutcome, Said, pattern

_DEFINES = pattern(
    r"\b(?:grade|G)\s*[≥>]?\s*[3-5]\b|[≥>]=?\s*(?:grade|G)?\s*[3-5]\b|\bDLTs?\s+(?:is|are|was|will be"
    r"|were)\s+defined"
    r"|\bdefined\s+as\b|\b(?:related|attributable)\b[^.]{0,60}\bgrade\b|\blife-?threatening"
)
_ORGANS = pattern(
    r"\bh[ae]*matolog|\bneutropeni|\bcytopeni|\baplasi|\bthrombocytopeni|\borgan\b|\bany\s+(?:\w+\s+)?grade"
    r"|\ball\s+(?:\w+\s+)?grade|\bdeath\b|\btoxicit(?:y|ies)\s+of\s+grade|\badverse\s+(?:events?|reactions?)\b"
)
_EITHER = pattern(r"\band/or\b[^.;]{0,60}(?:≥|>=|\bgrade\b|\bG[3-5]\b)")
_EVALUABLE = pattern(r"\bevaluable\b|\bevaluability\b|\breplaced\b")
_LONGEST_DLT_WINDOW = 90.0  # days; published CAR-T windows are 21 to 42, and a dose decision waits for each
_STOPPING = pattern(
    r"\bstopping\b|\bDSMB\b|\bDMC\b|\bdata\s+(?:and\s+)?(?:safety\s+)?monitoring\b|\bsafety\s+(?:review"
    r"|monitoring)\s+"
    r"(?:committee|board)|\b(?:suspend|halt|paus|terminat|discontinu)\w*\b[^.]{0,60}\b(?:study|trial|enrol"
    r"|accrual|dosing)"
    r"|\bfutility\b|\b(?:study|trial|enrol\w*|dosing)\b[^.]{0,40}\b(?:suspend|halt|paus)\w*"
)


def dlt_is_defined(record: Record) -> Iterator[Finding]:
    if not record.says(CELLS):
        return
    said = record.find(DLT)
    if said is None:
        if finds_dose(record):
            yield error("SAFE-01.dlt.missing", risk_anchor(record))
        return
    outcome = _outcome(record)
    if outcome is None:
        near = [one for one in record.lines if DLT.search(one.text)]
        if not any(_DEFINES.search(one.text) for one in near):
            yield error("SAFE-01.dlt.definition_missing", said)
        return
    at = outcome.at
    if not _DEFINES.search(outcome.text) and not record.find(
        _DEFINES, [s for s in record.prose if DLT.search(s.text)]
    ):
        yield error("SAFE-01.dlt.definition_missing", at)
    else:
        yield from _definition(record, outcome, at)
    yield from _window(record, outcome, at)


def _outcome(record: Record) -> RegisteredOutcome | None:
    """The outcome that counts DLTs, be it named for them or only in its description."""
    named = [item for item in record.outcomes if DLT.search(item.text)]
    return next((item for item in named if DLT.search(item.measure.text)), named[0] if named else None)


def _definition(record: Record, outcome: RegisteredOutcome, at: Said) -> Iterator[Finding]:
    if _EITHER.search(outcome.defined):
        yield error("SAFE-01.dlt.scope_ambiguous", at)
    if not _ORGANS.search(outcome.defined):
        yield error("SAFE-01.dlt.categories_missing", at)
    if DONOR.search(record.text) and not GVHD.search(outcome.defined):
        yield error("SAFE-01.dlt.gvhd_missing", at)
    if not record.says(_EVALUABLE):
        yield warning("SAFE-01.dlt.evaluability_missing", at)


def _window(record: Record, outcome: RegisteredOutcome, at: Said) -> Iterator[Finding]:
    stated = [*spans(outcome.defined), *(spans(outcome.frame.text) if outcome.frame else [])]
    stated += [days for said in record.prose if DLT.search(said.text) for days in spans(said.text)]
    if not stated:
        yield error("SAFE-01.dlt.window_missing", at)
    elif min(stated) > _LONGEST_DLT_WINDOW:
        yield error("SAFE-01.dlt.window_too_long", at, days=round(min(stated)))


def donor_cells_watch_gvhd(record: Record) -> Iterator[Finding]:
    said = record.find(DONOR)
    if said is not None and record.says(CELLS) and not record.says(GVHD):
        yield warning("SAFE-01.gvhd.not_observed", said)


def stopping_is_stated(record: Record) -> Iterator[Finding]:
    if record.says(CELLS) and finds_dose(record) and not record.says(_STOPPING):
        yield error("SAFE-02.stopping.missing", risk_anchor(record))


DETECTORS = (dlt_is_defined, donor_cells_watch_gvhd, stopping_is_stated)
