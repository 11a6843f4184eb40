"""CONS-01 among criteria: one subject matter twice with different windows, and criteria that undo themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from protocyte.exchange.lint.features import spans, youngest
from protocyte.exchange.lint.finding import Finding, error, info, warning
from protocyte.exchange.lint.reading import Criterion, Record, pattern

TOPICS = (
    (
        "malignancy",
        pattern(r"\b(?:other|second|previous|prior|history\s+of(?:\s+\w+)?)\s+(?:\w+\s+)?malignan\w+"),
    ),
    ("myocardial infarction", pattern(r"\bmyocardial\s+infarction")),
    ("thrombosis", pattern(r"\b(?:deep\s+ve(?:in|nous)\s+)?thrombosis|\bpulmonary\s+embolism")),
    ("stroke", pattern(r"\bstroke\b|\bcerebrovascular\s+accident|\bcerebral\s+h[ae]*morrhage")),
    ("live vaccine", pattern(r"\blive\b[^.;]{0,15}\bvaccin")),
    ("transplant", pattern(r"\b(?:allo\w*|autologous)?[\s-]*(?:HSCT|stem\s+cell\s+transplant\w*)")),
    ("donor lymphocytes", pattern(r"\bdonor\s+lymphocyte|\bDLI\b")),
    ("major surgery", pattern(r"\bmajor\s+surg")),
    ("radiotherapy", pattern(r"\bradio(?:therapy|-?\s?therapy)|\bradiation\b")),
)
_REACH = 160  # characters around a topic in which a duration is its window
_LOOKBACK = pattern(
    r"\b(?:in|within|during|over)\s+the\s+(?:past|last|previous)\s+(?P<back>\d+\s*(?:month|year)s?)"
    r"[^.]*[.,;\s]+(?:unless|except)[^.]{0,60}?(?P<free>\d+\s*(?:month|year)s?)"
)
_UNLESS = pattern(r"\b(?:unless|except)\b")
_EXEMPTIONS = pattern(
    r"\b(?:malignanc\w+|malignant\s+tumou?rs?|cancers?)\s*(?P<link>[,;(]?\s*(?:\w+\s+){0,3}?)"
    r"(?:non-?\s?melanoma|basal[\s-]cell|(?:cervical\s+)?carcinoma\s+in\s+situ|in\s+situ)"
)
_OTHER_THAN = pattern(
    r"\b(?:other\s+than|except|excluding|apart\s+from|unless|not\s+including|with\s+the\s+exception|but)\b"
)
_RECRUITED = pattern(
    r"\b(?:can|may|could|are|is|will\s+be)\s+(?:also\s+)?(?:be\s+)?(?:enrolled|included|eligible|allowed"
    r"|admitted)"
)
_MONTHLY = pattern(r"\b(?:monthly|every\s+month|each\s+month|regular\w*)\b[^.]{0,40}\b(?:HBV|HCV|DNA|PCR)")
_UNTIL = pattern(r"\b(?:until|for\s+(?:at\s+least\s+)?\d|through|up\s+to)\b")
_GENERAL_INFECTION = pattern(r"\b(?:active|uncontroll\w+|bacterial|fungal)\b[^.;]{0,60}\binfections?")
_KPS = pattern(r"\bKPS\b|\bKarnofsky\b")
_LANSKY = pattern(r"\bLansky\b")
_REFRACTORY_TO_SAME = pattern(
    r"\brelaps\w+[^;.]{0,90}?\b(?:after|more\s+than|beyond|over"
    r"|later\s+than)\b[^;.]{0,40}?,?\s*\bbut\s+(?:is\s+|are\s+)?"
    r"(?:refractory|resistant)\s+to\s+(?:this|the\s+same|that|its?)\b"
)
_LANSKY_BELOW = 16  # years: the scales meet there (Lansky 1987; CIBMTR forms)


@dataclass(frozen=True, slots=True)
class _Use:
    criterion: Criterion
    windows: frozenset[float]


def topics_have_one_window(record: Record) -> Iterator[Finding]:
    for name, topic in TOPICS:
        uses = [
            _Use(item, windows)
            for item in record.criteria
            if item.kind == "exclusion" and (windows := _windows(topic, item.text))
        ]
        for other in uses[1:]:
            if other.windows != uses[0].windows:
                said = uses[0].criterion.where(topic)
                yield error(
                    "CONS-01.criteria.windows_conflict",
                    said,
                    topic=name,
                    line=other.criterion.where(topic).line,
                )
                break


def _windows(topic: re.Pattern[str], text: str) -> frozenset[float]:
    """The durations of the sentence around the first mention, and of the exception that follows it."""
    found = topic.search(text)
    if found is None:
        return frozenset()
    before = text[: found.start()].rpartition(". ")[2][-_REACH:]
    after = re.split(r"\.\s(?!Unless|Except)", text[found.end() :], maxsplit=1)[0]
    reach = len(after) if _UNLESS.search(after) else _REACH
    return frozenset(spans(f"{before} {found.group()} {after[:reach]}"))


def exceptions_can_be_met(record: Record) -> Iterator[Finding]:
    for item in record.criteria:
        found = _LOOKBACK.search(item.text)
        if found and spans(found["free"])[0] >= spans(found["back"])[0]:
            yield error(
                "CONS-01.criteria.inner_contradiction", item.at, back=found["back"], free=found["free"]
            )


def exemptions_are_exempt(record: Record) -> Iterator[Finding]:
    """Skin cancers and carcinoma in situ are what such criteria spare; listed bare, they are excluded."""
    for item in record.criteria:
        found = _EXEMPTIONS.search(item.text)
        if item.kind == "exclusion" and found and not _OTHER_THAN.search(found["link"]):
            clause = item.text[max(0, found.start() - 40) : found.end()]
            if not _OTHER_THAN.search(clause):
                yield error("CONS-01.criteria.exemption_excluded", item.at)


def virus_rules_agree(record: Record) -> Iterator[Finding]:
    for item in record.criteria:
        sentences = re.split(r"\.\s", item.text)
        admitted = [
            s for s in sentences[1:] if _RECRUITED.search(s) and "HCV" in s and "antibod" in s.lower()
        ]
        if (
            item.kind == "exclusion"
            and "antibod" in sentences[0].lower()
            and "HCV" in sentences[0]
            and admitted
        ):
            yield error("CONS-01.virus.excluded_and_admitted", item.at, virus="HCV")
        for sentence in sentences:
            if _MONTHLY.search(sentence) and not _UNTIL.search(sentence):
                yield warning("CONS-01.virus.monitoring_open", item.at)
                break


def infection_is_said_once(record: Record) -> Iterator[Finding]:
    uses = [item for item in record.criteria if _GENERAL_INFECTION.search(item.text)]
    kinds = {item.kind for item in uses}
    if {"inclusion", "exclusion"} <= kinds:
        last = next(item for item in uses if item.kind == "exclusion")
        yield info("CONS-01.criteria.said_twice", last.at)


def scale_fits_the_age(record: Record) -> Iterator[Finding]:
    age = youngest(record)
    if age is None or age[0] >= _LANSKY_BELOW or record.says(_LANSKY):
        return
    if criterion := record.criterion(_KPS):
        yield error("CONS-01.performance.age_mismatch", criterion.where(_KPS), age=age[0])


def relapse_is_not_refractory_to_the_same(record: Record) -> Iterator[Finding]:
    for item in record.criteria:
        for said in item.lines:
            if _REFRACTORY_TO_SAME.search(said.text):
                yield error("CONS-01.refractory.same_line", said)


DETECTORS = (
    topics_have_one_window,
    exceptions_can_be_met,
    exemptions_are_exempt,
    virus_rules_agree,
    infection_is_said_once,
    scale_fits_the_age,
    relapse_is_not_refractory_to_the_same,
)
