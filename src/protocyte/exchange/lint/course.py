"""TTE-02, FUP-01 and TREAT-01: transplant, long-term follow-up, lymphodepletion and washout."""

from __future__ import annotations

from collections.abc import Iterator

from protocyte.exchange.lint.clocks import clocks
from protocyte.exchange.lint.features import CELLS, GVHD, LEUKEMIA, TRANSPLANT, spans
from protocyte.exchange.lint.finding import Finding, error, warning
from protocyte.exchange.lint.reading import Record, Said, pattern
from protocyte.exchange.registry.place_lymphodepletion import AGENTS

_LONGEST_EVENT = {"efs", "pfs", "rfs", "dor", "cir"}
_INTERVAL = pattern(r"\d+\s*(?:day|week|month)s?\b")
# Gene-modified cells are followed for 15 years (FDA, Long Term Follow-Up After Administration of Human Gene
# Therapy Products, January 2020; NMPA's CDE guidance of 2021 asks the same).
_LONG_TERM = 15 * 365.25 * 0.99
_FIFTEEN = pattern(r"\b(?:15|fifteen)[\s-]years?|\blong[\s-]term\s+follow")
_FOLLOWED = pattern(r"\bfollow(?:ed)?[\s-]?(?:up)?\b(?!\s*by\b)[^.]{0,80}\d")
_RESPONDERS = pattern(
    r"\b(?:for|in)\s+(?:those|patients|subjects|responders)\b[^.]{0,60}\b(?:remission"
    r"|respon\w+)\b[^.]{0,80}\bfollow"
)
_DEPLETION = pattern(
    r"\blympho-?\s?deplet\w*|\b(?:pre-?)?conditioning\b|\bpre-?\s?treatment\s+(?:regimen|chemo)\w*"
    r"|\bcytoreductive\s+chemo\w*"
    r"|\bfludarabine\b|\bflu\s*/\s*cy\b|\bFC\s+regimen|\bpreparative"
)
_AGENT = pattern(rf"\b(?:{'|'.join(AGENTS)})\b|\bflu\s*/\s*cy\b|\bFC\s+regimen")
_AGENT_DOSE = pattern(r"\d\s*m?g\s*/\s*(?:m|kg)")
# Days are counted from the infusion: without a minus the drugs would be given on top of the cells.
_LATER_DAYS = pattern(
    rf"\b(?:{'|'.join(AGENTS)})\b[^.;]{{0,80}}?\b(?:on|from)\s+days?\s+\+?[1-9](?![^.;]{{0,30}}\b(?:before|prior|preced))"
)
_INFUSED_LATER = pattern(r"\b(?:infus|inject|receiv|administ)\w*\b[^.;]{0,60}\bon\s+day\s+\+?[1-9]")
_INFUSES = pattern(r"\b(?:receive|infus)\w*\b[^.]{0,60}(?:CAR|STAR|T[\s-]?cells?)")
_WASHOUT = pattern(
    r"\bhalf-?\s?li(?:fe|ves)|\bwash-?\s?out|\b(?:chemotherap\w*|radio\w*|systemic\s+(?:therap|treat)\w*"
    r"|anti-?(?:tumou?r|cancer|leuk[ae]*mi[ac])\s+"
    r"(?:therap|treat)\w*|HSCT|transplant\w*|inhibitors?|antibod\w+|immunotherap\w*|DLI"
    r"|donor\s+lymphocyte\w*)\b[^.;]{0,80}\b(?:within|less\s+than|at\s+least)\s+\d+\s*"
    r"(?:day|week|month)|\b(?:within|less\s+than|at\s+least)\s+\d+\s*(?:day|week"
    r"|month)s?\b[^.;]{0,80}\b(?:chemotherap|radio|systemic|anti-?"
    r"(?:tumou?r|cancer|leuk)|HSCT|transplant|inhibitor|antibod|immunotherap|donor)"
)
_PRIOR_DRUGS = pattern(
    r"\binhibitors?\b|\bimmunosuppress\w*|\bchemotherap\w*|\b(?:prior|previous)\s+(?:anti|therap|treat)\w*"
)
_SHORTER = pattern(r"\bwhichever\s+is\s+(?:the\s+)?shorter")
_BRIDGING = pattern(r"\bbridging\b")
_MISNAMED = pattern(
    r"\bcytoreductive\s+chemo\w*[^.]{0,40}(?:cyclophosphamide|fludarabine)|\bpre-?treatment\s+chemotherap"
)


def transplant_is_handled(record: Record) -> Iterator[Finding]:
    """In leukemia CAR-T often bridges to transplant: who may have had one, and what a later one does to clocks."""
    if not record.says(CELLS) or not LEUKEMIA.search(record.text):
        return
    criteria = [said for item in record.criteria for said in item.lines]
    gvhd = record.find(GVHD, criteria)
    if not record.says(TRANSPLANT):
        # Without any criteria the missing list is the defect; this is then one of its many parts.
        said = error if record.criteria else warning
        yield said("TTE-02.hsct.missing", record.title)
    elif record.criteria and not record.find(TRANSPLANT, criteria):
        yield error("TTE-02.hsct.interval_missing", gvhd or record.criteria[-1].at)
    for item in clocks(record):
        if item.description and _LONGEST_EVENT & set(item.slugs) and not TRANSPLANT.search(item.text):
            yield warning("TTE-02.endpoint.hsct_unhandled", item.at)


def follow_up_is_long(record: Record) -> Iterator[Finding]:
    if not record.says(CELLS):
        return
    frames = [item.frame for item in record.outcomes if item.frame]
    longest = max((days for said in frames for days in spans(said.text)), default=0.0)
    if longest < _LONG_TERM and not record.says(_FIFTEEN):
        at = record.find(_FOLLOWED, record.prose) or _longest(frames) or record.title
        yield warning("FUP-01.followup.ltfu_missing", at)
    if found := record.find(_RESPONDERS, record.prose):
        yield warning("FUP-01.followup.responders_only", found)


def _longest(frames: list[Said]) -> Said | None:
    return max(frames, key=lambda said: max(spans(said.text), default=0.0), default=None)


def lymphodepletion_is_complete(record: Record) -> Iterator[Finding]:
    if not record.says(CELLS):
        return
    named = record.find(_AGENT)
    said = named or record.find(_DEPLETION)
    if said is None:
        at = record.field("intervention") or record.find(_INFUSES) or record.title
        yield error("TREAT-01.ld.missing", at)
        return
    if named is None:
        yield error("TREAT-01.ld.agents_missing", said)
    elif not record.says(_AGENT_DOSE):
        yield error("TREAT-01.ld.regimen_incomplete", named)
    if (days := record.find(_LATER_DAYS)) and not record.says(_INFUSED_LATER):
        yield error("TREAT-01.ld.days_after", days)
    if found := record.find(_MISNAMED):
        yield warning("TREAT-01.ld.name", found)
    if not record.says(_BRIDGING):
        yield warning("TREAT-01.bridging.missing", said)


def washout_is_stated(record: Record) -> Iterator[Finding]:
    if not record.criteria or not record.says(CELLS):
        return
    if found := record.criterion(_SHORTER):
        yield warning("TREAT-01.washout.shorter", found.where(_SHORTER))
    if any(_WASHOUT.search(item.text) for item in record.criteria):
        return
    excluded = [item for item in record.criteria if item.kind == "exclusion"]
    drugs = next((item for item in (*excluded, *record.criteria) if _PRIOR_DRUGS.search(item.text)), None)
    at = drugs.where(_PRIOR_DRUGS) if drugs else record.criteria[-1].at
    yield error("TREAT-01.washout.missing", at)


DETECTORS = (transplant_is_handled, follow_up_is_long, lymphodepletion_is_complete, washout_is_stated)
