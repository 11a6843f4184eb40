"""RESP-01: by which criteria, in which version, for which disease, and when response is judged."""

from __future__ import annotations

import re
from collections.abc import Iterator

from protocyte.exchange.lint.features import spans, symbols
from protocyte.exchange.lint.finding import Finding, error, warning
from protocyte.exchange.lint.foreign import LYMPHOID, MYELOID
from protocyte.exchange.lint.reading import Record, RegisteredOutcome, Said, pattern

_SLUGS = {"orr", "cr"}
_COMPONENTS = pattern(
    r"\bCR[ih]?\b|\bPR\b|\bMLFS\b|\bcomplete\s+(?:remission|response)|\bpartial\s+(?:remission|response)"
    r"|\bmorphologic"
)
_NAMED = (
    ("NCCN", pattern(r"\bNCCN\b|\bNational\s+Comprehensive\s+Cancer\s+Network")),
    ("ELN", pattern(r"\bELN\b|\bEuropean\s+Leukemia\s*Net")),
    ("IWG", pattern(r"\bIWG\b|\bInternational\s+Working\s+Group|\bCheson\b")),
)
_VERSION = pattern(r"\b(?:19|20)\d\d\b|\bversion\s*\d|\bV\d")
_BLASTS = pattern(
    r"\bblasts?\b[^;.]{0,25}(?:<|less\s+than|under)\s*5\s*%|(?:<|less\s+than)\s*5\s*%[^;.]{0,25}\bblasts?"
)
_REMISSION_BLASTS = pattern(r"\bblasts?\b[^;.<>≤≥]{0,25}(?P<bound><|≤)=?\s*(?P<n>\d+)\s*%")
_PARTIAL_BLASTS = pattern(
    r"\bblasts?\b[^;.<>≤≥]{0,40}?(?P<bound>[>≥]?)=?\s*(?P<n>\d+)\s*%?\s*(?:to|-|–|~)\s*(?:≤\s*)?25\s*%"
)
_AML_STYLE = pattern(r"\bAuer\s+rods?\b|\bMLFS\b|\bmorphologic\s+leuk")
_CIRCULATING = pattern(r"\bcirculating\b|\bperipheral(?:\s+blood)?\b|\bblood\s+blasts")
_MDS_MPN = pattern(r"\bMDS\s*/\s*MPN\b|\bSavona\b|\bmyelodysplastic\s*/\s*myeloprolif")
_ALL_CRITERIA = pattern(
    r"\bCNS\b[^.]{0,30}\bblasts|\bmediastin|\bNCCN\b|\bALL\b[^.]{0,30}\bcriteria|\bfor\s+ALL\b"
)
_COUNT = re.compile(
    r"(?P<name>neutrophil|ANC|platelet|thrombocytopeni"
    r"|neutropeni)\w*[^<>≤≥;.]{0,25}(?P<bound>[<>≤≥]=?)\s*(?P<n>\d+(?:\.\d+)?)",
    re.IGNORECASE,
)
_LINEAGE = {"neutrophil": "neutrophils", "anc": "neutrophils", "neutropeni": "neutrophils"}
_SHORT_FRAME = 200.0  # days; a longer frame alone does not say at which visit response is judged
_VISIT = pattern(
    r"\b(?:day|week|month|D|W|M)s?\s*(?:\+)?\d{1,3}\b|\b\d{1,3}(?:st|nd|rd|th)?\s*(?:days?|weeks?"
    r"|months?)\b(?!\s+of\s+follow)|\bmonthly\b"
)
_RATE_AT = pattern(
    r"\b(?:response|remission)\b[^.;]{0,60}?\bat\s+(?:\d|day|week|month)|\b(?:bone\s+marrow"
    r"|assess\w*)\b[^.;]{0,60}\b(?:day|week|month)s?\s*\d|\b\d+\s+(?:days|weeks"
    r"|months)\s+after\s+(?:the\s+)?infusion"
)
_MLFS = pattern(r"\bMLFS\b|\bleuk[ae]*mia-free\s+state")
_CELLULARITY = pattern(r"\bcellularity|\b200\s+(?:nucleated\s+)?cells|\baplas\w+|\bhypocellular")
_RELAPSE = pattern(r"\b(?:relapse|reappearance|recurrence)\b[^.]{0,80}\(?>\s*5\s*%")
_MRD = pattern(r"\bMRD\b|\b(?:minimal|measurable)\s+residual")


def responses(record: Record) -> list[RegisteredOutcome]:
    return [item for item in record.outcomes if _SLUGS & set(item.slugs)]


def components_are_named(record: Record) -> Iterator[Finding]:
    for item in responses(record):
        if "orr" in item.slugs and not _COMPONENTS.search(item.text) and not _names_criteria(item.text):
            yield error("RESP-01.response.orr_undefined", item.at)


def _names_criteria(text: str) -> bool:
    return any(words.search(text) for _, words in _NAMED)


def criteria_have_a_version(record: Record) -> Iterator[Finding]:
    for item in responses(record):
        for name, words in _NAMED:
            if words.search(item.text) and not _VERSION.search(item.text):
                yield error("RESP-01.response.criteria_version_missing", item.at, name=name)
    defined = [item for item in responses(record) if _BLASTS.search(item.text) or _names_criteria(item.text)]
    if defined or any(_BLASTS.search(said.text) or _names_criteria(said.text) for said in record.prose):
        return
    for item in responses(record)[:1]:
        if _COMPONENTS.search(item.text):
            yield error("RESP-01.response.criteria_missing", item.at)


def criteria_fit_the_disease(record: Record) -> Iterator[Finding]:
    for item in responses(record):
        if not (_BLASTS.search(item.text) or _AML_STYLE.search(item.text)):
            continue
        if record.diseases & {"cmml", "mds"} and not record.says(_MDS_MPN):
            yield error("RESP-01.response.criteria_disease_mismatch", item.at)
            return
        wide = "acute-leukemia" in record.diseases and not record.diseases & (MYELOID | LYMPHOID)
        lymphoid = bool(record.diseases & (LYMPHOID | {"mpal"}))
        if (
            (wide or lymphoid)
            and _AML_STYLE.search(item.text)
            and not record.find(_ALL_CRITERIA, _said(record))
        ):
            yield error("RESP-01.response.criteria_lineage", item.at)
            return


def _said(record: Record) -> list[Said]:
    return [said for item in record.outcomes for said in item.description]


def boundaries_meet(record: Record) -> Iterator[Finding]:
    """`> 1.0` for CR and `< 1.0` for CRi leave a count of exactly 1.0 in no category."""
    for item in responses(record):
        bounds: dict[tuple[str, str], set[str]] = {}
        for match in _COUNT.finditer(symbols(item.text)):
            lineage = _LINEAGE.get(match["name"].lower(), "platelets")
            bounds.setdefault((lineage, f"{float(match['n']):g}"), set()).add(match["bound"])
        open_at = [f"{lineage} {n}" for (lineage, n), found in bounds.items() if found == {"<", ">"}]
        if open_at:
            yield error("RESP-01.response.boundary_gap", item.at, counts=", ".join(open_at))


def blasts_meet(record: Record) -> Iterator[Finding]:
    """A remission below 5 % and a partial one from 5 %: one of them must hold a marrow of exactly 5 %, and only one."""
    for item in responses(record):
        text = symbols(item.text)
        remission, partial = _REMISSION_BLASTS.search(text), _PARTIAL_BLASTS.search(text)
        if remission is None or partial is None:
            continue
        below = remission["bound"] == "<"
        top, bottom = float(remission["n"]), float(partial["n"])
        beyond = partial["bound"] == ">"
        if bottom > top or (below and beyond and bottom == top):
            yield error("RESP-01.response.blast_gap", item.at, top=remission["n"], bottom=partial["n"])
        elif bottom < top or not (below or beyond):
            yield error("RESP-01.response.blast_overlap", item.at, top=remission["n"], bottom=partial["n"])


def clauses_are_complete(record: Record) -> Iterator[Finding]:
    for item in responses(record):
        if _BLASTS.search(item.text) and not _CIRCULATING.search(item.text):
            yield warning("RESP-01.response.blood_clause_missing", item.at)
        if _MLFS.search(item.text) and _BLASTS.search(item.text) and not _CELLULARITY.search(item.text):
            yield warning("RESP-01.response.adequacy_missing", item.at)
    rates = responses(record)
    if rates and record.diseases & LYMPHOID and not record.says(_MRD):
        yield warning("RESP-01.response.mrd_missing", rates[0].at)


def visits_are_named(record: Record) -> Iterator[Finding]:
    rates = responses(record)
    if not rates or record.find(_RATE_AT, record.prose):
        return
    for item in rates:
        frame = item.frame.text if item.frame else ""
        visits = spans(frame)
        listed = len(re.findall(r"\d+", frame)) > 1 and bool(visits)
        if listed or (visits and min(visits) <= _SHORT_FRAME) or _VISIT.search(item.defined):
            return
    yield error("RESP-01.response.assessment_schedule_missing", rates[0].at)


def relapse_meets_remission(record: Record) -> Iterator[Finding]:
    for said in record.lines:
        if _RELAPSE.search(said.text):
            yield warning("RESP-01.relapse.threshold", said)


DETECTORS = (
    components_are_named,
    criteria_have_a_version,
    criteria_fit_the_disease,
    boundaries_meet,
    blasts_meet,
    clauses_are_complete,
    visits_are_named,
    relapse_meets_remission,
)
