"""CONS-01 across the record: title against text, text against outcomes, outcomes among themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from protocyte.exchange.lint.features import is_early, spans
from protocyte.exchange.lint.finding import Finding, error, info, warning
from protocyte.exchange.lint.reading import Record, RegisteredOutcome, pattern

_RR = pattern(r"\bR\s*/\s*R\b|\brelaps\w+[^.]{0,20}\brefractory|\brefractory[^.]{0,20}\brelaps|\brecurrent")
_RECRUITS = pattern(r"\bwill\s+(?:recruit|enrol|include)\w*\b")
_TIMES = pattern(
    r"\b(?:survival|PFS|EFS|OS|relapse|recurrence|response)\b[^.;]{0,80}?\b(?:after|at|for|over|within"
    r"|during)?\s*"
    r"(?P<low>\d+)\s*(?:to|-|–)\s*(?P<high>\d{1,2})\s*(?P<unit>months|years)"
)
_UNTIL = pattern(
    r"\b(?:survival|PFS|EFS|OS)\b[^.;]{0,60}?\b(?:for|over|until|up\s+to)\s+(?:at\s+least\s+)?(?P<span>\d+\s*(?:month|year)s?)"
)
_FOLLOWED = pattern(
    r"\b(?:followed(?:\s+up)?|follow(?:ed)?-?\s?up)\b[^.;]{0,60}?(?:up\s+to|for|until"
    r"|through)\s+(?P<span>\d+\s*(?:day|week|month|year)s?)"
)
_LONG = ("os", "efs", "pfs", "rfs", "dor", "cir")
_CLOCK = pattern(r"\b(?:from|between|since)\b.*")
_NAME = pattern(
    r"\b(?:DOR|PFS|EFS|RFS|OS|LFS|DFS)\b|\bduration\s+of\s+(?:\w+\s+)?(?:response|remission)|\bsurvival\b"
)
_PRIMARY_IS = pattern(r"\bprimary\s+(?:end-?\s?points?|outcomes?)\b[^.]{0,40}\b(?:is|are)\s+to\s+\w+")
_OBJECTIVE = pattern(r"\b(?:main|primary)\s+(?:objective|aim|goal|purpose)s?\b[^.]{0,80}")
_SAFETY = pattern(r"\bsafety\b|\btolerab")
_EFFICACY = pattern(
    r"\befficacy\b|\befficiency\b|\bresponse\b|\beffective|\bdisease\s+status|\bremission|\bpreliminary"
)
_WORD_TWICE = re.compile(r"\b(?P<word>[a-z]{2,})\s+(?P=word)\b")
_MEANT_TWICE = ("that", "had", "versus")
_ONLY_CR = pattern(r"\bCR\b|\bcomplete\s+(?:response|remission)")
_PR = pattern(r"\bPR\b|\bpartial\s+(?:response|remission)")
_DIFFERENT = 1.25


def title_and_text_agree(record: Record) -> Iterator[Finding]:
    title = record.field("title")
    recruits = record.find(_RECRUITS, record.prose)
    if title and recruits and _RR.search(title.text) and not _RR.search(recruits.text):
        yield warning("CONS-01.disease.title_body_mismatch", title, line=recruits.line)


def horizons_agree(record: Record) -> Iterator[Finding]:
    """The text says one span of follow-up, the outcomes' time frames another."""
    frames = [max(spans(item.frame.text), default=0.0) for item in record.outcomes if item.frame]
    longest = max(frames, default=0.0)
    for said in record.prose:
        if not longest:
            return
        if found := _TIMES.search(said.text):
            high = spans(f"{found['high']} {found['unit']}")[0]
            if max(high, longest) > _DIFFERENT * min(high, longest):
                yield error("CONS-01.endpoint.horizon_mismatch", said, text=found.group()[-40:].strip())
                return
        if (found := _UNTIL.search(said.text)) and spans(found["span"])[0] > _DIFFERENT * longest:
            yield error("CONS-01.endpoint.horizon_mismatch", said, text=found.group()[-40:].strip())
            return
    followed = [(said, found) for said in record.prose if (found := _FOLLOWED.search(said.text))]
    survival = [item for item in record.outcomes if set(item.slugs) & {"os", "pfs", "efs"} and item.frame]
    for said, found in followed[:1]:
        until = spans(found["span"])[0]
        for item in survival:
            if item.frame and max(spans(item.frame.text), default=0.0) > _DIFFERENT * until:
                yield error(
                    "CONS-01.followup.shorter_than_endpoint",
                    said,
                    text=found["span"],
                    frame=item.frame.text[:60],
                )
                return


def like_outcomes_have_one_horizon(record: Record) -> Iterator[Finding]:
    kinetics = [item for item in record.outcomes if "kinetics" in item.slugs and item.frame]
    spoken = [max(spans(item.frame.text), default=0.0) for item in kinetics if item.frame]
    usual = max(spoken, key=spoken.count, default=0.0)
    for item, days in zip(kinetics, spoken, strict=True):
        if days and usual and max(days, usual) > _DIFFERENT * min(days, usual):
            yield warning("CONS-01.endpoint.horizon_inconsistent", item.measure)
    events = next((item for item in record.outcomes if "ae" in item.slugs and item.frame), None)
    later = max((max(spans(i.frame.text), default=0.0) for i in record.outcomes if i.frame), default=0.0)
    if events and events.frame and 0 < max(spans(events.frame.text), default=0.0) * _DIFFERENT < later:
        yield warning("CONS-01.ae.shorter_than_efficacy", events.measure)


def endpoints_differ(record: Record) -> Iterator[Finding]:
    seen: dict[str, RegisteredOutcome] = {}
    for item in record.outcomes:
        clock = _CLOCK.search(item.defined)
        if clock is None or not set(item.slugs) & set(_LONG):
            continue
        key = re.sub(r"\W+", " ", _NAME.sub("", clock.group())).strip().lower()
        if key in seen and seen[key].slugs != item.slugs:
            yield error(
                "CONS-01.endpoint.definitions_identical",
                item.at,
                one=", ".join(seen[key].slugs).upper(),
                two=", ".join(item.slugs).upper(),
            )
        seen.setdefault(key, item)


def response_sets_agree(record: Record) -> Iterator[Finding]:
    """A duration that counts partial responses where the response rate does not admit them."""
    rate, duration = record.outcome("orr"), record.outcome("dor")
    if rate is None or duration is None or not _ONLY_CR.search(rate.text) or _PR.search(rate.text):
        return
    if _PR.search(duration.defined):
        yield error("CONS-01.endpoint.response_set_mismatch", duration.at, line=rate.at.line)


def objective_and_endpoint_agree(record: Record) -> Iterator[Finding]:
    if found := record.find(_PRIMARY_IS, record.prose):
        yield warning("CONS-01.endpoint.objective_as_endpoint", found)
    primary = [item for item in record.outcomes if item.role == "primary"]
    for said in record.prose:
        objective = _OBJECTIVE.search(said.text)
        if not objective or not _SAFETY.search(said.text) or _EFFICACY.search(said.text):
            continue
        if any({"orr", "cr", "os", "efs", "pfs"} & set(item.slugs) for item in primary):
            yield warning("CONS-01.endpoint.objective_mismatch", said)
        return


def words_are_said_once(record: Record) -> Iterator[Finding]:
    for said in record.lines:
        match = _WORD_TWICE.search(said.text)
        if match and match["word"] not in _MEANT_TWICE:
            yield info("CONS-01.text.duplicate_word", said, word=match["word"])
    conditions = record.fields.get("condition", ())
    for one in conditions:
        wider = [other for other in conditions if other is not one and other.text.startswith(one.text)]
        if wider:
            yield info("CONS-01.condition.repeated", one, text=one.text)
            break


def early_phase_measures_safety(record: Record) -> Iterator[Finding]:
    if not is_early(record):
        return
    for item in record.outcomes:
        if item.role == "primary" and {"orr", "cr", "os", "efs", "pfs"} & set(item.slugs):
            yield warning("TTE-01.primary.efficacy_in_phase_1", item.measure)
            return


DETECTORS = (
    title_and_text_agree,
    horizons_agree,
    like_outcomes_have_one_horizon,
    endpoints_differ,
    response_sets_agree,
    objective_and_endpoint_agree,
    words_are_said_once,
    early_phase_measures_safety,
)
