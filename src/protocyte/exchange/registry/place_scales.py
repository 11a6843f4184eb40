"""Grading scales with their versions, wherever the record names one."""

from __future__ import annotations

import re

from protocyte.exchange.registry.drafting import Drafting
from protocyte.exchange.registry.page import Page

_CTCAE = re.compile(
    r"\b(?:NCI[\s-]*)?CTCAE\b(?:[\s,)(]*(?:version|ver\.?|v\.?)?\s*(?P<version>\d(?:\.\d{1,2})?))?",
    re.IGNORECASE,
)
_KNOWN = {"4.03": "ctcae-4.03", "5": "ctcae-5.0", "5.0": "ctcae-5.0", "6": "ctcae-6.0", "6.0": "ctcae-6.0"}
_ASTCT = re.compile(r"\bASTCT\b|\bASBMT\b")
_LEE = re.compile(
    r"\bLee(?:\s+(?:DW|et al\.?))?[\s,(]*2014|\bLee (?:criteria|scale|grading)\b", re.IGNORECASE
)


def place_scales(page: Page, draft: Drafting) -> None:
    texts = [*page.texts, *(cut for outcome in page.outcomes for cut in outcome.cuts)]
    found = [(cut, match) for cut in texts for match in _CTCAE.finditer(cut.text)]
    versions = {match["version"] for _, match in found if match["version"]}
    for cut, match in found:
        draft.note("grading", match.group(), cut.sub(match.span()))
    if len(versions) == 1 and (version := versions.pop()) in _KNOWN:
        cuts = [cut.sub(match.span()) for cut, match in found if match["version"]]
        draft.put("scales.ae", _KNOWN[version], cuts)
    elif versions:
        draft.gap("scales.ae", "ctcae_versions", "error", found[0][0], versions=", ".join(sorted(versions)))
    elif found:
        draft.gap("scales.ae", "ctcae_version", "error", found[0][0])
    for name, path, pattern in (("astct-crs", "scales.crs", _ASTCT), ("lee2014-crs", "scales.crs", _LEE)):
        for cut in texts:
            if (scale := pattern.search(cut.text)) and not draft.has(path):
                draft.put(path, name, cut.sub(scale.span()))
                if name == "astct-crs":
                    draft.put("scales.icans", "astct-icans", cut.sub(scale.span()))
