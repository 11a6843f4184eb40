"""The product: name, kind, antigen and whose cells it is made from."""

from __future__ import annotations

import re
from collections import Counter

from protocyte.exchange.registry.drafting import Drafting
from protocyte.exchange.registry.page import Page
from protocyte.exchange.registry.source import Cut

# Surface antigens met in registered trials of engineered T cells in leukemia; CDnn covers most of them.
ANTIGEN = (
    r"(?:CD\d{1,3}[a-z]?|CLL-?1|CLEC12A|LILRB4|BCMA|FLT-?3|IL-?1RAP"
    r"|NKG2DL?|Siglec-?6|TIM-?3|GPRC5D|GRP78|MUC1|WT1|NPM1c?)"
)
_RECEPTOR = (
    r"(?:universal\s+)?(?:CAR|STAR|chimeric antigen receptor)[\s-]?T?(?:[\s-](?:modified"
    r"|engineered|transduced))?(?:[\s-]?T)?"
)
_NAMED = re.compile(
    rf"(?:anti-)?{ANTIGEN}(?:\s*/\s*{ANTIGEN})?(?:[\s-](?:targeted|specific"
    rf"|directed|positive))?[\s-]+{_RECEPTOR}(?:[\s-]?cells?)?\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"\b[A-Za-z]*CAR-?[A-Z]?\d{2,}[A-Z]?\b|\b(?:CT|BRL|ET|RD|TTM|QN|WZ|HY|GC|TG)-?\d{3,}\b")
_ANTIGEN = re.compile(rf"(?<![A-Za-z\d])(?:anti-|targeting\s+)?(?P<antigen>{ANTIGEN})(?![\w])", re.IGNORECASE)
_AIMED = re.compile(
    rf"(?:anti-|targeting\s+|targeted\s+to\s+)(?P<antigen>{ANTIGEN})(?!\w)"
    rf"|(?<!\w)(?P<before>{ANTIGEN})(?:[\s-](?:targeted|specific))?[\s-]+(?:universal\s+)?(?:CAR"
    rf"|STAR)\b",
    re.IGNORECASE,
)
# Signalling domains and parts of the receptor, which names list beside the target; and cells, not targets.
_DOMAINS = {"CD3", "CD8", "CD27", "CD28", "CD137", "CD45", "CD62"}
_NOT_AIMED_AT = {"CD4", "CD34"}
_STAR = re.compile(r"\bSTAR[\s-]T\b")  # not START
_UNIVERSAL = re.compile(r"\b(?:universal|off-the-shelf)\b[^.;]{0,30}?\b(?:CAR|T[\s-]cell)", re.IGNORECASE)
_CAR = re.compile(r"\b(?:CAR[\s-]?T|CART|CAR)\b|chimeric antigen receptor", re.IGNORECASE)
_DONOR = re.compile(
    r"\b(?:allogeneic|donor[\s-]derived|healthy donors?|universal|off-the-shelf)\b[^.;]{0,30}?(?:CAR"
    r"|T[\s-]?cells?)",
    re.IGNORECASE,
)
_OWN_CELLS = re.compile(
    r"\bautologous\b(?!\s+(?:stem|h[ae]ma|transplant|SCT|HSCT))[^.;]{0,30}?(?:CAR|STAR|T[\s-]?cells?|T\b)",
    re.IGNORECASE,
)
_CONTRAST = re.compile(
    r"\bnot\s+(?:feasible|suitable|possible|available)|\b(?:unlike|instead of|failed)\b", re.IGNORECASE
)


def place_product(page: Page, draft: Drafting) -> None:
    named = _names(page)
    for cut in named[:1]:
        draft.put("product.name", cut.text, cut)
    texts = [*named[:1], *page.texts]
    _kind(texts, draft)
    _antigen(named[:1], page, draft)
    _origin(page.texts, draft)


def _names(page: Page) -> list[Cut]:
    """The intervention's name where the page lists one; else what the texts call a T-cell product."""
    fields = []
    for item in page.all("intervention"):
        prefix = re.match(r"[A-Za-z_ ]{3,30}:\s*", item.value.text)
        name = item.value.sub((prefix.end() if prefix else 0, len(item.value.text)))
        if (
            _CAR.search(name.text)
            or _STAR.search(name.text)
            or _CODE.search(name.text)
            or re.search(r"CAR|T[\s-]cell", name.text)
        ):
            fields.append(name)
    if fields:
        return fields
    for pattern in (_CODE, _NAMED):
        found = [cut.sub(match.span()) for cut in page.texts for match in pattern.finditer(cut.text)]
        if found:
            # A text calls its product several things; the one it uses most comes first.
            uses = Counter(cut.text.lower() for cut in found)
            return sorted(found, key=lambda cut: -uses[cut.text.lower()])
    return []


def _kind(texts: list[Cut], draft: Drafting) -> None:
    for kind, pattern in (("STAR-T", _STAR), ("universal CAR-T", _UNIVERSAL), ("CAR-T", _CAR)):
        for cut in texts:
            if found := pattern.search(cut.text):
                draft.put("product.kind", kind, cut.sub(found.span()))
                return


def _antigen(named: list[Cut], page: Page, draft: Drafting) -> None:
    """From the product's name, else the title, else what the texts say it is aimed at."""
    titles = [item.value for item in page.all("title")]
    for pattern, cuts in ((_ANTIGEN, named), (_AIMED, titles), (_AIMED, page.texts), (_ANTIGEN, titles)):
        found = [
            (cut.sub(match.span("antigen") if match["antigen"] else match.span("before")))
            if pattern is _AIMED
            else cut.sub(match.span("antigen"))
            for cut in cuts
            for match in pattern.finditer(cut.text)
        ]
        found = [cut for cut in found if pattern is _AIMED or cut.text.upper() not in _NOT_AIMED_AT]
        found = [cut for cut in found if cut.text.upper() not in _DOMAINS]
        names = list(dict.fromkeys(_antigen_name(cut.text) for cut in found))
        if len(names) == 1:
            draft.put("product.antigen", names[0], found)
            return
        if names:
            for cut in found:
                draft.note("antigens", _antigen_name(cut.text), cut)
            draft.gap("product.antigen", "antigen_several", "error", found[0], antigens=", ".join(names))
            return


def _antigen_name(text: str) -> str:
    name = text if text.startswith("Siglec") else text.upper()
    return name.replace("-", "") if name.startswith(("CLL-", "FLT-")) else name


def _origin(texts: list[Cut], draft: Drafting) -> None:
    donor = [(cut, match) for cut in texts if (match := _DONOR.search(cut.text))]
    own = [
        (cut, match)
        for cut in texts
        for match in _OWN_CELLS.finditer(cut.text)
        if not _CONTRAST.search(cut.text, match.end(), match.end() + 60)
    ]
    if donor and own:
        draft.gap("product.origin", "origin_both", "error", donor[0][0])
    elif donor:
        cut, match = donor[0]
        universal = "universal" in match.group().lower()
        draft.put(
            "product.origin", "allogeneic", cut.sub(match.span()), how="universal" if universal else "stated"
        )
    elif own:
        cut, match = own[0]
        draft.put("product.origin", "autologous", cut.sub(match.span()))
