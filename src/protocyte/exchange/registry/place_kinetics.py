"""Kinetics outcomes as assays: one analyte in one matrix by one assay each."""

from __future__ import annotations

import re

from protocyte.exchange.registry.drafting import Drafting
from protocyte.exchange.registry.page import Outcome, Page
from protocyte.study.document import Tree

_MATRIX = (
    ("marrow", r"bone\s+marrow|\bmarrow\b"),
    ("blood", r"peripheral\s+blood|\bblood\b"),
    ("csf", r"cerebrospinal|\bCSF\b"),
)
_ASSAY = (
    ("flow", r"flow\s+cytometr\w+|\bFCM\b"),
    ("ddpcr", r"\bdd-?PCR\b|droplet\s+digital"),
    ("qpcr", r"\bq-?PCR\b|quantitative\s+PCR|real[\s-]time\s+PCR"),
)
_PD = re.compile(
    r"\b(?P<antigen>CD\d{1,3}|CLL-?1|LILRB4|BCMA|FLT3)(?:\s*\+|[\s-]+positive)\s+(?:B\s+)?cells\b",
    re.IGNORECASE,
)
_PRODUCT = re.compile(r"\b(?:CAR|STAR)[\s-]?T?\b", re.IGNORECASE)
_MENTIONS = (
    ("pk", "kinetics", re.compile(r"\bPK\b|\bpharmacokinetics?\b", re.IGNORECASE)),
    ("pd", "kinetics", re.compile(r"(?<=PK, )PD\b|(?<=PK and )PD\b|\bpharmacodynamics?\b")),
    ("ada", "kinetics", re.compile(r"\bADA\b|\banti-?drug antibod\w+")),
    (
        "amount_in_vivo",
        "kinetics",
        re.compile(r"\bamount\s+and\s+duration\s+of\b[^.;]{0,40}\bin\s+vivo", re.IGNORECASE),
    ),
)


def place_assays(endpoint: str, outcome: Outcome, draft: Drafting) -> None:
    """Fills `kinetics` and the endpoint's `assays`; what the outcome does not say stays a gap."""
    text = " ".join(cut.text for cut in outcome.cuts)
    matrices = [name for name, pattern in _MATRIX if re.search(pattern, text, re.IGNORECASE)]
    assays = [name for name, pattern in _ASSAY if re.search(pattern, text, re.IGNORECASE)]
    effect = _PD.search(text)
    if len(matrices) != 1 or not assays or (effect is None and not _PRODUCT.search(text)):
        draft.gap(f"{endpoint}.assays", "assays_unclear", "warning", outcome.measure)
        return
    analyte = f"{effect['antigen'].lower().replace('-', '')}-positive-cells" if effect else "car-t"
    keys: list[Tree] = []
    for assay in assays:
        key = f"{analyte}-{matrices[0]}-{assay}"
        keys.append(key)
        path = f"kinetics.{key}"
        role = "pharmacodynamics" if effect else "kinetics"
        for name, value in (("analyte", analyte), ("role", role), ("matrix", matrices[0]), ("assay", assay)):
            draft.put(
                f"{path}.{name}", value, outcome.description or outcome.measure, mark=path, how="outcome"
            )
    draft.put(f"{endpoint}.assays", keys, outcome.measure, mark=endpoint)


def place_mentions(page: Page, draft: Drafting) -> None:
    """Kinetics that the running text promises and no outcome measures."""
    outcomes = " ".join(cut.text for outcome in page.outcomes for cut in outcome.cuts)
    for cut in page.prose:
        for name, path, pattern in _MENTIONS:
            match = pattern.search(cut.text)
            if match and not pattern.search(outcomes):
                draft.note(f"mentioned.{name}", match.group(), cut.sub(match.span()))
                draft.gap(path, "mentioned_only", "warning", cut, what=match.group())
