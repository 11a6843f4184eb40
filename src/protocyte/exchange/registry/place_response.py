"""Response definitions kept as text, category by category, and the holes between them."""

from __future__ import annotations

import re

from protocyte.exchange.registry.drafting import Drafting
from protocyte.exchange.registry.imported import shortened
from protocyte.exchange.registry.page import Page
from protocyte.exchange.registry.source import Cut

_DEFINED = re.compile(
    r"(?P<name>[A-Z][\w\s-]{3,60}?)\s*\((?P<short>CRi|CRh|CR|MLFS|PR|PD|SD|NR)\)\s*[#:：]\s*"
)
_ABOVE = re.compile(
    r"(?P<what>neutrophil\s+count|neutropenia|platelet\s*count|thrombocytopenia)[^;.<>≥≤]{0,20}?\\?(?P<sign>[<>])\s*(?P<limit>\d+(?:\.\d+)?)"
)
_LINEAGE = {"neutrop": "anc", "neutro": "anc", "platele": "platelets", "thrombo": "platelets"}
_BLASTS = re.compile(r"\bmarrow\s+blasts\s*\\?<\s*5\s*%", re.IGNORECASE)


def place_response(page: Page, draft: Drafting) -> None:
    texts = [cut for outcome in page.outcomes for cut in outcome.description]
    for cut in texts:
        found = list(_DEFINED.finditer(cut.text))
        for index, match in enumerate(found):
            end = found[index + 1].start() if index + 1 < len(found) else len(cut.text)
            part = cut.sub((match.start(), end))
            draft.note(f"response_definitions.{match['short']}", part.text, part)
        if found:
            draft.gap(
                "response.criteria",
                "criteria_as_text",
                "error",
                cut,
                names=", ".join(dict.fromkeys(m["short"] for m in found)),
            )
        _boundary(cut, draft)
    for outcome in page.outcomes:
        text = " ".join(cut.text for cut in outcome.description)
        alone = re.search(r"complete\s+(?:remission|response)", outcome.measure.text, re.IGNORECASE)
        if alone and _BLASTS.search(text) and not _DEFINED.search(text):
            draft.note("response_definitions.CR", text, outcome.description)
            draft.gap("response.criteria", "criteria_as_text", "error", outcome.measure, names="CR")
    _partial_in_duration(page, draft)


def _boundary(cut: Cut, draft: Drafting) -> None:
    """`>1.0` for one category and `<1.0` for the next leave exactly 1.0 nowhere."""
    limits: dict[tuple[str, str], set[str]] = {}
    for match in _ABOVE.finditer(cut.text):
        lineage = _LINEAGE[match["what"].lower()[:7]]
        limits.setdefault((lineage, match["limit"]), set()).add(match["sign"])
    for (lineage, limit), signs in limits.items():
        if signs == {"<", ">"}:
            draft.gap("response.criteria", "boundary", "warning", cut, what=lineage, limit=limit)


def _partial_in_duration(page: Page, draft: Drafting) -> None:
    """A duration counted from CR or PR where PR is no response of this study."""
    responses = draft.tree.get("response")
    counted = responses.get("responses", []) if isinstance(responses, dict) else []
    for outcome in page.outcomes:
        text = " ".join(cut.text for cut in outcome.description)
        lasting = re.search(r"duration", outcome.measure.text, re.IGNORECASE)
        if counted and lasting and re.search(r"\bPR\b", text) and "PR" not in counted:
            draft.gap("endpoints.dor", "dor_counts_pr", "warning", outcome.measure)


def relapse_words(page: Page, draft: Drafting) -> None:
    """A definition of relapse, wherever it stands."""
    for cut in [*page.prose, *(cut for criterion in page.criteria for cut in criterion.cuts)]:
        found = re.search(r"\bdefinition\s+of\s+relapse\s*[:：]\s*(?P<text>.+)", cut.text, re.IGNORECASE)
        if found:
            part = cut.sub(found.span("text"))
            draft.note("relapse_definition", part.text, part)
            draft.gap("response.relapse", "relapse_as_text", "error", part, text=shortened(part.text))
