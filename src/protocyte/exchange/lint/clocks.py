"""TTE-01: where each clock starts, what stops it, who is censored; and endpoints that have only a name."""

from __future__ import annotations

from collections.abc import Iterator

from protocyte.exchange.lint.features import CELLS, LEUKEMIA, spans
from protocyte.exchange.lint.finding import Finding, error, info, warning
from protocyte.exchange.lint.reading import Record, RegisteredOutcome, Said, pattern
from protocyte.exchange.registry.endpoint_clock import read_clock

CLOCKS = {"os", "efs", "rfs", "pfs", "dor", "cir"}
_DEFINES = pattern(
    r"\b(?:from|to|until|between|since|date|time|defined|without|alive|died|death)\b"
    r"|\bduration\s+\w+\s+(?:from|between)"
)
_LAST_SEEN = pattern(r"\b(?:to|until|or|and)\b[^.]{0,80}\blast\s+(?:follow|contact|visit|known)")
_AS_CENSORING = pattern(r"\bcensor\w*\b(?!\s*\))|\bwhichever\b[^.]{0,20}\bcensor")
_EVENT_CENSORED = pattern(r"[(\[]\s*censored\s*[)\]]")
_FROM_TREATMENT = pattern(
    r"\b(?:from|receiv\w*|since|start\w*|initiat\w*|between)\b[^.]{0,40}?\btreatment\b(?![^.]{0,30}\binfusion)"
)
_FROM_ENROLMENT = pattern(
    r"\b(?:from|since|date\s+of)\s+(?:the\s+)?(?:date\s+of\s+)?(?:enrol|consent|registration)\w*"
)
_FROM_NOT_RESPONSE = pattern(
    r"\b(?:from|since|between)\b[^.]{0,30}?\b(?:infusion|infused|enrol\w*|treatment|randomi\w+|consent)\b"
)
_FROM_RESPONSE = pattern(
    r"\b(?:from|since|between|date\s+of)\b[^.]{0,60}?\b(?:response|remission|CR[ih]?|PR)\b"
    r"|\bfirst\b[^.]{0,40}?\b(?:response|remission|CR[ih]?|PR)\b"
)
_PD = pattern(r"\bPD\b|\bprogress\w*")
_PD_DEFINED = pattern(
    r"\b(?:progressi(?:on|ve\s+disease)|PD)\b\)?\s*(?:is|was|will\s+be|:"
    r"|means)\s*(?!assess)\w*\s*(?:defined|as|>|≥|an?\b|increase)"
)
_MISNAMED = pattern(r"\bprogress[\s-]+free")
_DEATH_OR_RELAPSE = pattern(r"\bdeath\b|\bdie[sd]?\b|\brelaps\w+|\brecurr\w+")
_DEATH = pattern(
    r"\bdeaths?\b|\bdie[sd]?\b|\bdying\b|\balive\b|\bmortality\b|\bdeceased\b|\bany\s+(?:cause|event)"
)
_COMPETING = pattern(r"\bcompeting\b|\bnon-?relapse\b|\bdeath\b")
_EFS_DAY = pattern(r"\bprimary\s+refractory|\btreatment\s+failure|\bfailure\s+to\s+achieve")
_LANDMARK = pattern(r"\bday\s*\d|\bweek\s*\d|\b(?:by|within|after)\s+\d+\s*(?:days|weeks|months)")
_NONSTANDARD = (
    (pattern(r"\bevent[\s-]free\s+lifetime"), "event-free survival"),
    (pattern(r"\brecurrence[\s-]free\s+survival"), "relapse-free survival"),
    (pattern(r"\bprogress[\s-]free\s+survival"), "progression-free survival"),
    (pattern(r"\btotal\s+survival"), "overall survival"),
)
_GARBLED = pattern(
    r"\btime\s+between\s+the\s+time\b.*\band\s+the\s+time\s+between\b|\bthat\s+treatment\s+by\b"
)
_DECLARED = (
    ("pharmacokinetics", pattern(r"\bPK\b|\bpharmacokinetic\w*|\b(?:amount|expansion|persistence"
        r"|duration)\b[^.;]{0,60}\bin\s+vivo"),
        pattern(r"\bPK\b|\bpharmacokinetic|\bkinetic|\bexpansion|\bpersist|\bcopies|\bin\s+vivo")),
    ("pharmacodynamics", pattern(r"\bpharmacodynamic\w*|\bPK\b[^.]{0,5}\bPD\b"),
        pattern(r"\bpharmacodynamic|\bcytokine\s+level|\bIL-6")),
    ("anti-drug antibodies", pattern(r"\bADA\b|\banti-?drug\s+antibod"), pattern(r"\bADA\b|\bantibod")),
)  # fmt: skip
_PK_PD = pattern(r"\bPK\b[^.]{0,12}\bPD\b")
_VISITS = pattern(r"\bday\s*\d|\bweeks?\s*\d|\bD\d|\bAUC\b|\bC\s?max\b|\bcopies|\bweekly|\bmonthly|\bC_?max")
_KINETICS = pattern(
    r"\bPK\b|\b(?:pharmaco)?kinetic|\bexpansion\s+(?:and|of|in)\b|\bpersist\w*|\bcopies\b|\bcopy\s+number|\bin\s+vivo\b"
)
_SHORT_SURVIVAL = 300.0  # days; survival in leukemia is reported at one year or later
_MANY = 4


def clocks(record: Record) -> list[RegisteredOutcome]:
    return [item for item in record.outcomes if CLOCKS & set(item.slugs)]


def endpoints_are_defined(record: Record) -> Iterator[Finding]:
    """One finding a line: a list of bare names in one field is one defect."""
    bare: dict[int, list[str]] = {}
    at: dict[int, Said] = {}
    for item in clocks(record):
        if not _DEFINES.search(item.defined):
            bare.setdefault(item.at.line, []).append("/".join(item.slugs).upper())
            at.setdefault(item.at.line, item.at)
    for line, names in bare.items():
        yield error("TTE-01.endpoint.definition_missing", at[line], names=", ".join(names))


def events_are_events(record: Record) -> Iterator[Finding]:
    for item in clocks(record):
        if _EVENT_CENSORED.search(item.defined):
            yield error("TTE-01.endpoint.event_marked_censored", item.at)
        if _LAST_SEEN.search(item.defined) and not _AS_CENSORING.search(item.defined):
            yield error("TTE-01.endpoint.last_followup_as_event", item.at)


def starts_can_be(record: Record) -> Iterator[Finding]:
    for item in clocks(record):
        text = item.defined
        if not _DEFINES.search(text):
            continue
        if "dor" in item.slugs and _FROM_NOT_RESPONSE.search(text) and not _FROM_RESPONSE.search(text):
            yield error("TTE-01.endpoint.dor_start", item.at)
        elif set(item.slugs) & {"os", "efs", "pfs"} and _FROM_ENROLMENT.search(text) and record.says(CELLS):
            yield warning("TTE-01.endpoint.start_enrolment", item.at)
        elif _FROM_TREATMENT.search(text):
            yield warning("TTE-01.endpoint.start_ambiguous", item.at)


def stops_can_be(record: Record) -> Iterator[Finding]:
    leukemia = LEUKEMIA.search(record.text) is not None
    for item in clocks(record):
        text = item.defined
        if not _DEFINES.search(text):
            continue
        if "pfs" in item.slugs and leukemia and not record.says(_PD_DEFINED):
            at = item.measure if _MISNAMED.search(item.measure.text) else item.at
            yield error("TTE-01.endpoint.progression_undefined", at)
        deathless = bool(read_clock(text).events) and not _DEATH.search(item.text)
        if deathless and item.slugs == ("os",):
            yield error("TTE-01.endpoint.os_event", item.at)
        elif deathless and set(item.slugs) <= {"pfs", "efs", "rfs"}:
            yield error("TTE-01.endpoint.death_missing", item.at, name="/".join(item.slugs).upper())
        if "dor" in item.slugs and _PD.search(text) and not _DEATH_OR_RELAPSE.search(text):
            yield error("TTE-01.endpoint.dor_event", item.at)
        if "cir" in item.slugs and not _COMPETING.search(text):
            yield error("TTE-01.endpoint.competing_missing", item.at)
        if "efs" in item.slugs and _EFS_DAY.search(text) and not _LANDMARK.search(text):
            yield warning("TTE-01.endpoint.failure_date_missing", item.at)


def censoring_is_stated(record: Record) -> Iterator[Finding]:
    for item in clocks(record):
        clock = read_clock(item.defined)
        if clock.events and not pattern(r"\bcensor|\blast\s+(?:follow|contact|visit)").search(item.text):
            yield warning("TTE-01.endpoint.censoring_missing", item.at)


def frames_fit(record: Record) -> Iterator[Finding]:
    frames = [item.frame.text.strip().lower() for item in record.outcomes if item.frame]
    if len(frames) >= _MANY and len(set(frames)) == 1:
        timed = next((item for item in clocks(record) if item.frame), None)
        at = timed.measure if timed else next(item.frame for item in record.outcomes if item.frame)
        yield warning("TTE-01.endpoint.time_frame_uniform", at, frame=frames[0])
    for item in clocks(record):
        longest = max(spans(item.frame.text), default=0.0) if item.frame else 0.0
        if "os" in item.slugs and item.frame and 0 < longest < _SHORT_SURVIVAL:
            yield warning("TTE-01.endpoint.frame_short", item.frame, frame=item.frame.text[:60])


def names_are_standard(record: Record) -> Iterator[Finding]:
    for item in clocks(record):
        for words, standard in _NONSTANDARD:
            if words.search(item.text):
                yield info("TTE-01.endpoint.nonstandard_name", item.measure, standard=standard)
    for item in record.outcomes:
        if said := record.find(_GARBLED, (item.measure, *item.description)):
            yield warning("TTE-01.endpoint.garbled", said)


def what_is_declared_is_registered(record: Record) -> Iterator[Finding]:
    outcomes = " ".join(item.text for item in record.outcomes)
    if not outcomes:
        return
    for name, declared, registered in _DECLARED:
        said = record.find(declared, record.prose)
        if said is not None and not registered.search(outcomes):
            yield warning("TTE-01.endpoint.declared_not_registered", said, name=name)
    if found := record.find(_PK_PD):
        yield warning("TTE-01.abbreviation.pd", found)


def kinetics_have_visits(record: Record) -> Iterator[Finding]:
    if not record.says(CELLS):
        return
    for item in record.outcomes:
        frame = item.frame.text if item.frame else ""
        if "kinetics" in item.slugs and not _VISITS.search(f"{item.text} {frame}"):
            yield warning("TTE-01.kinetics.sampling_missing", item.at)


def cells_are_followed(record: Record) -> Iterator[Finding]:
    """What a living drug does in the body is measured by its own outcome, or nobody will have the samples."""
    if not record.says(CELLS) or len(record.outcomes) < _MANY or record.says(_KINETICS):
        return
    yield warning("TTE-01.kinetics.missing", record.outcomes[-1].measure)


DETECTORS = (
    cells_are_followed,
    endpoints_are_defined,
    events_are_events,
    starts_can_be,
    stops_can_be,
    censoring_is_stated,
    frames_fit,
    names_are_standard,
    what_is_declared_is_registered,
    kinetics_have_visits,
)
