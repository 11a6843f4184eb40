"""CONS-01 among facts stated twice: the number of subjects, the phase, the ages, a window, a laboratory limit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from protocyte.exchange.lint.features import CELLS, DLT, spans, youngest
from protocyte.exchange.lint.finding import Finding, error
from protocyte.exchange.lint.reading import Record, Said, pattern
from protocyte.exchange.lint.units import QUANTITIES, Limit, limits_of

_ENROLS = pattern(
    r"\b(?:enrol\w*|recruit\w*)\s+(?:up\s+to\s+|about\s+|approximately\s+|a\s+total\s+of\s+)?(?P<low>\d{1,4})"
    r"(?:\s*(?:-|to|–)\s*(?P<high>\d{1,4}))?\s+(?:\w+\s+){0,3}?(?:patients|subjects|participants|cases)\b"
)
# Numbers of a part of the study are not the number of its subjects.
_PARTLY = pattern(
    r"\b(?:cohorts?|expan\w+|each|every|per|levels?|phase|part|arms?|first|additional|further|more|groups?|stage)\b"
)
_PHASE = pattern(
    r"\b(?:this|present)\b[^.]{0,80}?\bphase[\s_]*(?P<phase>[1-4I/ab]+(?:\s*/\s*[1-4I]+[ab]?)?)(?![\w+])"
)
_PHASE_FIELD = pattern(r"\bphase[\s_]*(?P<phase>[1-4I]+[ab]?(?:\s*/\s*(?:phase\s*)?[1-4I]+[ab]?)?)(?![\w+])")
_ROMAN = {"III": "3", "II": "2", "IV": "4", "I": "1"}
_DLT_WINDOW = pattern(
    r"\bDLTs?\b[^.;]{0,60}?\b(?:within|during|for|until|up\s+to)\s+(?:the\s+)?(?:first\s+)?(?P<span>\d+\s*(?:day|week|month)s?)"
    r"\s+(?:after|of|following|from|post)"
)
_SAME_WINDOW = 3.0  # days: 28 days and four weeks, or a month, are one window
_LEAST_AGE_APART = 2  # "over 14" and "15 years" are one limit
_FOR_SOME = pattern(
    r"\b(?:if|unless|except|with|when|liver|hepatic|Gilbert|child\w*|female|women|male|men|aged?|years?|or)\b"
)


def enrolments_agree(record: Record) -> Iterator[Finding]:
    given = record.field("enrollment")
    number = re.search(r"\d{1,6}", given.text) if given else None
    if given is None or number is None:
        return
    for said in record.prose:
        found = _ENROLS.search(said.text)
        if found is None or _PARTLY.search(said.text):
            continue
        low = int(found["low"])
        if not low <= int(number.group()) <= int(found["high"] or low):
            yield error("CONS-01.enrollment.conflict", said, text=found.group(), field=number.group())


def phases_agree(record: Record) -> Iterator[Finding]:
    given = record.field("phase")
    stated = _PHASE_FIELD.search(given.text) if given else None
    if given is None or stated is None:
        return
    for said in (record.title, *record.prose):
        found = (_PHASE_FIELD if said is record.title else _PHASE).search(said.text)
        if found and not _phases(found["phase"]) & _phases(stated["phase"]):
            yield error("CONS-01.phase.conflict", said, text=found["phase"].strip(), field=given.text[:30])


def _phases(text: str) -> set[str]:
    return {_ROMAN.get(word.upper(), word) for word in re.findall(r"[1-4]|I{1,3}V?", text, re.IGNORECASE)}


def ages_agree(record: Record) -> Iterator[Finding]:
    given = record.field("min_age")
    number = re.search(r"(\d{1,2})\s*(?:year|$)", given.text.strip(), re.IGNORECASE) if given else None
    listed = youngest(Record(record.lines, (), (), record.criteria, {}, ()))
    if given is None or number is None or listed is None:
        return
    if abs(int(number[1]) - listed[0]) >= _LEAST_AGE_APART:
        yield error("CONS-01.age.conflict", listed[1], age=listed[0], field=number[1], line=given.line)


def toxicity_windows_agree(record: Record) -> Iterator[Finding]:
    found: dict[float, Said] = {}
    for said in record.lines:
        for match in _DLT_WINDOW.finditer(said.text):
            found.setdefault(spans(match["span"])[0], said)
    for item in record.outcomes:
        if DLT.search(item.measure.text) and item.frame and len(spans(item.frame.text)) == 1:
            found.setdefault(spans(item.frame.text)[0], item.frame)
    if found and max(found) - min(found) > _SAME_WINDOW and record.says(CELLS):
        one, two = min(found), max(found)
        first = min(found[one], found[two], key=lambda said: said.line)
        yield error("CONS-01.dlt.windows_conflict", first, one=round(one), two=round(two))


def limits_agree(record: Record) -> Iterator[Finding]:
    """One quantity in one unit with two limits among the inclusion criteria: the milder one is idle, or a slip."""
    seen: dict[tuple[str, str, bool], tuple[Limit, Said]] = {}
    for criterion in record.criteria:
        if criterion.kind != "inclusion":
            continue
        for said in criterion.lines:
            for limit in (one for quantity in QUANTITIES for one in limits_of(quantity, said)):
                key = (limit.quantity.name, limit.unit, limit.upper)
                earlier = seen.setdefault(key, (limit, said))
                plain = not _FOR_SOME.search(limit.around) and not _FOR_SOME.search(earlier[0].around)
                if earlier[1].line != said.line and earlier[0].value != limit.value and plain:
                    text, other = limit.text, earlier[0].text
                    yield error(
                        "CONS-01.criteria.limits_conflict", said, text=text, other=other, line=earlier[1].line
                    )


DETECTORS = (enrolments_agree, phases_agree, ages_agree, toxicity_windows_agree, limits_agree)
