"""The parts of the trial: how doses are escalated, and an expansion with its size."""

from __future__ import annotations

import re

from protocyte.exchange.registry.drafting import Drafting
from protocyte.exchange.registry.page import Page
from protocyte.exchange.registry.sentences import NUMBER_WORD, number_of, sentences

_THREE = re.compile(r"[\"“”'‘’]?(?<!\d)(?<!i)3\s*\+\s*3[\"“”'‘’]?", re.IGNORECASE)
_OTHER = re.compile(
    r"\b(?:TITE-)?BOIN(?:-ET|12|1/2)?\b|\bi3\s*\+\s*3\b|\bBLRM\b|\bCRM\b"
    r"|\bmTPI-?2?\b|\bBayesian optimal interval\b|\baccelerated titration\b"
)
_LOWEST = re.compile(
    r"\bstart\w*\s+(?:from|at|with)\s+(?:the\s+)?(?:dose\s+level\s+(?:one"
    r"|1)|lowest\s+dose|first\s+dose\s+level)",
    re.IGNORECASE,
)
_AT_LEAST = re.compile(
    rf"\beach\s+dose\s+(?:group|level)\s+(?:requires|needs|includes"
    rf"|enrolls)\s+at\s+least\s+(?P<n>{NUMBER_WORD})\s+(?:subjects|patients"
    rf"|participants)",
    re.IGNORECASE,
)
_SUBJECTS = re.compile(
    rf"\b(?P<n>{NUMBER_WORD})\s+(?:additional\s+|more\s+)?(?:subjects|patients|participants|cases)\b",
    re.IGNORECASE,
)
_RECOMMENDED = re.compile(
    r"\b(?:best|recommended|optimal|optimum|selected)\s+dose|\bRP2D\b|\bMTD\b|maximum tolerated dose",
    re.IGNORECASE,
)
_EXPANSION = re.compile(
    r"\b(?:dos(?:e|age)[\s-])?(?:expansion|expanded|extension|extended)\s+(?:cohort|phase|part|stage)",
    re.IGNORECASE,
)


def place_parts(page: Page, draft: Drafting) -> None:
    _escalation(page, draft)
    _expansion(page, draft)


def _escalation(page: Page, draft: Drafting) -> None:
    others = [cut.sub(match.span()) for cut in page.texts for match in _OTHER.finditer(cut.text)]
    for cut in others:
        draft.note("escalation_design", cut.text, cut)
    threes = [cut.sub(match.span()) for cut in page.texts for match in _THREE.finditer(cut.text)]
    if others:
        draft.gap("parts.escalation.design", "design_named", "error", others[0], design=others[0].text)
        return
    if not threes:
        return
    path = "parts.escalation"
    draft.put(f"{path}.kind", "escalation", threes[0], mark=path)
    draft.put(f"{path}.design.design", "three_plus_three", threes, mark=path)
    draft.gap(f"{path}.design.variant", "three_plus_three", "error", threes[0])
    for cut in page.texts:
        if (match := _LOWEST.search(cut.text)) and draft.has("ladder.DL1"):
            draft.put(f"{path}.design.start", "DL1", cut.sub(match.span()), mark=path)
        if match := _AT_LEAST.search(cut.text):
            draft.note("subjects_per_level", f"at least {number_of(match['n'])}", cut.sub(match.span()))


def _expansion(page: Page, draft: Drafting) -> None:
    """A number of subjects counts only in the sentence that also names the dose they get."""
    path = "parts.expansion"
    for sentence in sentences(page.texts):
        expansion = _EXPANSION.search(sentence.text)
        if expansion:
            draft.note("expansion", expansion.group().lower(), sentence.sub(expansion.span()))
        numbers = list(_SUBJECTS.finditer(sentence.text))
        dose = _RECOMMENDED.search(sentence.text)
        if len(numbers) != 1 or dose is None or draft.has(path):
            continue
        draft.put(f"{path}.kind", "expansion", sentence.sub(numbers[0].span()), mark=path)
        draft.put(f"{path}.dose", "recommended", sentence.sub(dose.span()), mark=path)
        draft.put(
            f"{path}.subjects", str(number_of(numbers[0]["n"])), sentence.sub(numbers[0].span()), mark=path
        )
    if any(fact.path == "record.expansion" for fact in draft.facts) and not draft.has(path):
        draft.gap(path, "expansion_size", "error")
