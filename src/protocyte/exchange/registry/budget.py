"""How much text is searched for facts: a record's, with room to spare, and not a library's.

ClinicalTrials.gov takes at most 32,000 characters in its longest text field (protocol registration data
element definitions). What exceeds the budget is not lost: it stays in the record and is listed as text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from protocyte.exchange.registry.drafting import Drafting
from protocyte.exchange.registry.page import Page
from protocyte.exchange.registry.source import Cut

LONGEST_PASSAGE = 33_000
ALL_PASSAGES = 200_000
MOST_ITEMS = 300  # outcomes, and criteria; the longest list in registered records has under two hundred

_T = TypeVar("_T")


def within_budget(page: Page, draft: Drafting) -> None:
    before = _size(page)
    page.fields = [item for item in page.fields if len(item.value.text) <= LONGEST_PASSAGE][:MOST_ITEMS]
    page.outcomes = _fitting(((outcome, outcome.cuts) for outcome in page.outcomes), MOST_ITEMS)
    page.criteria = _fitting(((criterion, criterion.cuts) for criterion in page.criteria), MOST_ITEMS)
    page.prose = _fitting(((cut, (cut,)) for cut in page.prose), len(page.prose))
    if _size(page) < before:
        draft.gap("record", "too_much_text", "warning", limit=ALL_PASSAGES)


def _size(page: Page) -> int:
    return len(page.fields) + len(page.outcomes) + len(page.criteria) + len(page.prose)


def _fitting(items: Iterable[tuple[_T, tuple[Cut, ...]]], most: int) -> list[_T]:
    kept: list[_T] = []
    spent = 0
    for item, cuts in items:
        size = sum(len(cut.text) for cut in cuts)
        if size <= LONGEST_PASSAGE and spent + size <= ALL_PASSAGES and len(kept) < most:
            kept.append(item)
            spent += size
    return kept
