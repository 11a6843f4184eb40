"""Disease and setting, from the title and conditions, else from the running text."""

from __future__ import annotations

import re
from typing import NamedTuple

from protocyte.exchange.registry.drafting import Drafting
from protocyte.exchange.registry.page import Page
from protocyte.exchange.registry.source import Cut


class Disease(NamedTuple):
    slug: str
    name: str
    diagnoses: tuple[str, ...]
    pattern: re.Pattern[str]


def _disease(slug: str, name: str, diagnoses: tuple[str, ...], pattern: str) -> Disease:
    return Disease(slug, name, diagnoses, re.compile(pattern, re.IGNORECASE))


# Names after the WHO classification (5th edition, 2022); the patterns include spellings met in registers.
DISEASES = (
    _disease(
        "aml",
        "acute myeloid leukemia",
        ("AML",),
        r"acute\s+mye?lo(?:id|cytic|genous|blastic)\s+leuk[ae]*mia|acute myelocytic leuk[ae]*mia"
        r"|leuk[ae]*mia,\s*myeloid,\s*acute|\bAML\b",
    ),
    _disease(
        "cmml",
        "chronic myelomonocytic leukemia",
        ("CMML",),
        r"chronic\s+(?:myelomonocytic|granulocytic-mononocytic|granulocytic-monocytic)\s+leuk[ae]*mia"
        r"|\bCMML\b",
    ),
    _disease(
        "b-all",
        "B-cell acute lymphoblastic leukemia",
        ("B-ALL",),
        r"\bB[\s-]*(?:cell\s+|lineage\s+|precursor\s+)*acute\s+lympho(?:blastic"
        r"|cytic)\s+leuk[ae]*mia|\bB-?ALL\b|B-cell ALL\b",
    ),
    _disease(
        "t-all",
        "T-cell acute lymphoblastic leukemia",
        ("T-ALL",),
        r"\bT[\s-]*(?:cell\s+)?acute\s+lympho(?:blastic|cytic)\s+leuk[ae]*mia|\bT-?ALL\b",
    ),
    _disease(
        "all",
        "acute lymphoblastic leukemia",
        (),
        r"(?<!cell )(?<!-)\bacute\s+lympho(?:blastic|cytic)\s+leuk[ae]*mia"
        r"|leuk[ae]*mia,\s*lymphoid,\s*acute|leukemia,\s*lymphoblastic,\s*acute",
    ),
    _disease(
        "mpal",
        "mixed-phenotype acute leukemia",
        ("MPAL",),
        r"mixed[\s-]phenotype\s+acute\s+leuk[ae]*mia|\bMPAL\b",
    ),
    _disease(
        "mds", "myelodysplastic neoplasm", ("MDS",), r"myelodysplastic\s+(?:syndromes?|neoplasms?)|\bMDS\b"
    ),
    _disease("acute-leukemia", "acute leukemia", (), r"\bacute\s+leuk[ae]*mias?\b"),
)
_SETTING = re.compile(
    r"\brelapsed?\s*(?P<link>/|or|and|,)\s*refractory\b|\brefractory\s*(?P<back>/"
    r"|or|and)\s*(?:relapsed?|recurrent)\b|\bR/R\b|\brecurrent\s*(?P<third>or"
    r"|and)\s*refractory\b",
    re.IGNORECASE,
)


def place_disease(page: Page, draft: Drafting) -> None:
    headed = [item.value for item in page.all("title", "condition")]
    found = _diseases(headed) or _diseases(page.texts)
    specific = [disease for disease in found if disease.diagnoses]
    for disease, cuts in found.items():
        if specific and disease.slug in ("acute-leukemia", "all"):
            continue
        path = f"diseases.{disease.slug}"
        draft.put(f"{path}.name.en", disease.name, cuts, mark=path)
        if disease.diagnoses:
            draft.put(f"{path}.diagnoses", list(disease.diagnoses), cuts[0], mark=path)
        else:
            draft.gap(f"{path}.diagnoses", "disease_wide", "warning", cuts[0], disease=disease.name)
        _setting(page, path, draft)
    if not found:
        for item in page.all("condition"):
            draft.note("condition", item.value.text, item.value)
    for item in page.all("condition"):
        draft.note("condition", item.value.text, item.value)


def _diseases(cuts: list[Cut]) -> dict[Disease, list[Cut]]:
    found: dict[Disease, list[Cut]] = {}
    for disease in DISEASES:
        places = [cut.sub(match.span()) for cut in cuts for match in disease.pattern.finditer(cut.text)]
        if places:
            found[disease] = places
    return found


def _setting(page: Page, path: str, draft: Drafting) -> None:
    texts = [item.value for item in page.all("title", "condition")] + page.prose
    found = [(cut, match) for cut in texts if (match := _SETTING.search(cut.text))]
    if not found:
        return
    links = {"and" if "and" in [str(v).lower() for v in m.groupdict().values()] else "or" for _, m in found}
    cuts = [cut.sub(match.span()) for cut, match in found]
    if links == {"and"}:
        draft.put(f"{path}.setting.en", "relapsed and refractory", cuts, mark=path)
    else:
        draft.put(f"{path}.setting.en", "relapsed or refractory", cuts, mark=path)
    if len(links) == 2:
        draft.gap(f"{path}.setting", "setting_and_or", "warning", cuts[0])
