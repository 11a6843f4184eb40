"""META-01: traces of copying and of web pages, and the record's own identity."""

from __future__ import annotations

import re
from collections.abc import Iterator

from protocyte.exchange.lint.finding import Finding, info, warning
from protocyte.exchange.lint.reading import Record, pattern

_REGISTRY = re.compile(
    r"\b(?:NCT\d{8}|ChiCTR[-\w]*\d{6,}|ISRCTN\d{8}|EUCTR|\d{4}-\d{6}-\d{2}|CTR\d{8}|JPRN|jRCT\w+|UMIN\d+)"
)
_HASH = re.compile(r"[\w)]\s?#\s?[A-Z]")
_RUN_ON = re.compile(
    r"[a-z](?:extramedullary|efficacy|count|toxicity|infection|infusion|leukemia|patients|subjects|remission)\b"
    r"|\b(?:absence|presence|number|rate|incidence)of[a-z]|[a-z][.;][A-Z][a-z]{2}|[a-z]\"\d|\d\"[a-z]"
)
_WORDS = re.compile(r"\b(?:account|discount|viscount|recount|disinfection|reinfection|superinfection"
    r"|coinfection|reinfusion"
    r"|outpatients|inpatients|cytotoxicity|neurotoxicity|hepatotoxicity|cardiotoxicity|nephrotoxicity"
    r"|immunotoxicity"
    r"|genotoxicity|coremission|hematotoxicity|nonleukemia|preleukemia)\b", re.IGNORECASE)  # fmt: skip
_TRACES = (
    (
        "META-01.text.glued",
        re.compile(r"\b(?:RECRUITING|COMPLETED|TERMINATED|WITHDRAWN|UNKNOWN|SUSPENDED)[A-Z][a-z]+"),
    ),
    ("META-01.text.escapes", re.compile(r"\\[<>^\[\]]")),
    (
        "META-01.text.disclaimer",
        pattern(r"\binformational\s+purposes\s+only|\bdoes\s+not\s+constitute\s+medical\s+advice"),
    ),
)
_NO_CONJUNCTION = pattern(
    r"≥\s*\d+\s*%?,\s*(?:echocardiograph|electrocardiogra|ECG)\w*\s+confirm\w*\s+(?!no\b)"
)


def record_has_its_number(record: Record) -> Iterator[Finding]:
    if not record.says(_REGISTRY):
        yield warning("META-01.registry.id_missing", record.title)


def text_is_clean(record: Record) -> Iterator[Finding]:
    for said in record.lines:
        if _HASH.search(said.text):
            yield warning("META-01.text.residue", said)
        run_on = _RUN_ON.search(_WORDS.sub("", said.text))
        if run_on:
            yield info("META-01.text.run_on_words", said, text=run_on.group())
        if _NO_CONJUNCTION.search(said.text):
            yield warning("META-01.text.conjunction_missing", said)


def page_left_no_traces(record: Record) -> Iterator[Finding]:
    """Once each: what a web page added belongs to no record, and hides what it touches."""
    for rule, words in _TRACES:
        if said := record.find(words, record.page):
            found = words.search(said.text)
            yield info(rule, said, text=found.group()[:40] if found else "")


def parentheses_close(record: Record) -> Iterator[Finding]:
    """Lists number their items with a lone closing one, so only what opens and never closes is a defect."""
    for item in record.criteria:
        if item.text.count("(") > len(re.findall(r"(?<!^\d)(?<!\s\d)(?<!\s[a-z])\)", item.text)):
            yield info("META-01.text.parenthesis_open", item.at)


DETECTORS = (record_has_its_number, text_is_clean, page_left_no_traces, parentheses_close)
