"""SAFE-03: by which scale, in which version, adverse events are graded, and which are collected."""

from __future__ import annotations

from collections.abc import Iterator

from protocyte.exchange.lint.features import CELLS, CRS, spans
from protocyte.exchange.lint.finding import Finding, error, warning
from protocyte.exchange.lint.reading import Record, pattern

_CTCAE = pattern(r"\bCTCAE\b|\bCommon\s+(?:Terminology|Toxicity)\s+Criteria")
_VERSION = pattern(
    r"(?:\bCTCAE\b|Common\s+(?:Terminology|Toxicity)\s+Criteria)[^.;\d]{0,60}?(?:v(?:ersion"
    r"|er)?\.?\s*)?(?P<v>[2-6](?:\.\d{1,2})?)\b"
)
_OLD = ("2", "3", "4")
_SCALE = pattern(
    r"\bASTCT\b|\bASBMT\b|\bAmerican\s+Society\s+for\s+(?:Transplantation|Blood)|\bLee\s+(?:et|20|criteria"
    r"|scale)"
    r"|\bPenn\s+(?:scale|grading)|\bMDACC\b|\bCARTOX\b|\bICE\s+score"
)
_GRADED = pattern(r"\bseverity\b|\bgrad(?:e|ed|ing)\b")
_RELATED = pattern(r"\brelated\b")
_ALL = pattern(r"\ball\b[^.]{0,30}\badverse\s+events|\ball\b\s+(?:AEs|(?:\w+\s+)?toxicit)")
_COUNT_OF_EVENTS = pattern(
    r"(?:the\s+)?numbers?\s+of\s+(?:treatment[\s-]\w+\s+|serious\s+)?(?:adverse\s+events?|AEs?)\.?"
)
_COLLECTED = pattern(
    r"\badverse\s+events?\b[^.]{0,200}?\b(?:collected|recorded|observed|monitored"
    r"|reported)\b[^.]{0,100}?\b(?:to|until|"
    r"through|for)\s+\d+\s*(?:day|week|month|year)s?"
)
_DIFFERENT = 1.25  # 12 months against 52 weeks is the same horizon


def scale_has_a_version(record: Record) -> Iterator[Finding]:
    ctcae = record.find(_CTCAE)
    outcome = record.outcome("ae", "sae")
    if ctcae is None:
        if outcome is not None:
            where = (outcome.measure, *outcome.description)
            at = record.find(_GRADED, where) or outcome.measure
            yield error("SAFE-03.grading.scale_missing", at)
        return
    versions = [match["v"] for said in record.lines for match in _VERSION.finditer(said.text)]
    if not versions:
        yield error("SAFE-03.grading.ctcae_version_missing", ctcae)
    elif all(version.startswith(_OLD) for version in versions):
        yield warning("SAFE-03.grading.ctcae_outdated", ctcae, version=versions[0])


def car_t_toxicity_has_its_scale(record: Record) -> Iterator[Finding]:
    """CTCAE 4.03 and 5.0 grade CRS otherwise than ASTCT 2019 and have no ICANS (Lee et al. 2019)."""
    if not record.says(CELLS) or record.says(_SCALE):
        return
    outcome = record.outcome("ae", "sae", "crs", "icans")
    described = [said for item in record.outcomes for said in (item.measure, *item.description)]
    at = (
        record.find(CRS, described)
        or record.find(_CTCAE)
        or (outcome.measure if outcome else record.find(CRS))
    )
    if at is not None:
        yield error("SAFE-03.grading.crs_scale_missing", at)


def every_event_is_collected(record: Record) -> Iterator[Finding]:
    events = [item for item in record.outcomes if "ae" in item.slugs]
    if not events or not all(_RELATED.search(item.measure.text) for item in events):
        return
    for item in events:
        if _ALL.search(item.defined):
            yield error("CONS-01.ae.related_against_all", item.measure)
        else:
            yield warning("SAFE-03.ae.related_only", item.measure)


def events_are_counted_by_subject(record: Record) -> Iterator[Finding]:
    """One subject may have twenty events; a rate needs subjects, a grade and seriousness."""
    for item in record.outcomes:
        if _COUNT_OF_EVENTS.fullmatch(item.measure.text.strip()):
            yield warning("SAFE-03.ae.events_counted", item.measure)


def collection_fits_the_outcome(record: Record) -> Iterator[Finding]:
    outcome = record.outcome("ae", "sae")
    frame = max(spans(outcome.frame.text), default=0.0) if outcome and outcome.frame else 0.0
    for said in record.prose:
        found = _COLLECTED.search(said.text)
        until = spans(found.group())[-1] if found and spans(found.group()) else 0.0
        if until and frame and max(until, frame) > _DIFFERENT * min(until, frame):
            yield error("SAFE-03.ae.horizon_mismatch", said, text=round(until), outcome=round(frame))


DETECTORS = (
    scale_has_a_version,
    car_t_toxicity_has_its_scale,
    every_event_is_collected,
    events_are_counted_by_subject,
    collection_fits_the_outcome,
)
