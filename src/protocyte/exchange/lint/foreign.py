"""COPY-01: words that belong to another protocol: its product, its disease, its design."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from protocyte.exchange.lint.features import SINGLE_ARM, dose_statements
from protocyte.exchange.lint.finding import Finding, error
from protocyte.exchange.lint.reading import Record, Said, pattern
from protocyte.exchange.registry.place_product import ANTIGEN

_CODE = re.compile(
    r"\b(?:completing|completion\s+of|after|receiving|following|infusion\s+of|treatment\s+with|doses?\s+of"
    r"|last)\s+"
    r"(?:the\s+)?(?P<name>(?!CD\d|HLA|COVID|SARS|IL-?\d|PD-?L?\d|FLT|CTLA|CYP|H1N1|BCL|IDH|TP53|NCT|ICD"
    r"|G\d|D\d)"
    r"[A-Z]{2,6}-?\d{2,})\b"
)
_OTHER_CELLS = pattern(
    rf"\b(?:completing|after|following)\s+(?:the\s+)?(?:anti-)?(?P<name>{ANTIGEN})[\s-]?(?:CAR)?[\s-]?T?\s*"
    r"(?:cells?\s*)?(?:treatment|infusion)"
)
_CELLS_CODE = re.compile(
    r"\b(?P<name>(?!CD\d|IL-?\d|HLA)[A-Z]{2,6}-?\d{2,})\s+(?:CAR[\s-]?T\s+)?(?:cells?|injection|infusion)\b"
)
_ANTIGEN = re.compile(rf"(?<![A-Za-z\d])(?:anti-)?({ANTIGEN})(?![A-Za-z\d])", re.IGNORECASE)
_PRODUCT = re.compile(
    rf"(?<![A-Za-z\d/])(?:anti-)?(?P<name>{ANTIGEN})(?:[\s-](?:targeted|specific|directed))?[\s-]+"
    r"(?:universal\s+)?(?:CAR|STAR|chimeric\s+antigen)\b",
    re.IGNORECASE,
)
_EXPRESSED = pattern(
    rf"\b(?P<one>{ANTIGEN})\s*(?:-|\s)?(?:expression|positiv\w+)|\bexpress(?:ion|es|ing)?\s+(?:of\s+)?(?P<two>{ANTIGEN})\b"
)
# Markers of normal cells, of what a receptor is made of and of doses are no product's target by being named.
_MARKERS = frozenset({"CD3", "CD4", "CD8", "CD25", "CD27", "CD28", "CD34", "CD45", "CD62", "CD137", "CD56"})
_ANOTHER = pattern(
    r"\b(?:prior|previous\w*|other|another|after|failed|former|history|compar\w*|against|received|than|versus)\b"
)
_SOLID_OR_LYMPHOMA = pattern(
    r"lymphoma|myeloma|CLL\b|chronic\s+lympho|solid|glioma|sarcoma|carcinoma|neuroblastoma|lupus"
)
# In a trial of acute leukemia these describe somebody else's subjects, unless they name another cancer as such.
_LYMPHOMA = pattern(
    r"\blymphoma\s+(?:infiltrat|involv|cells|mass|lesion|progress|patients|subjects)\w*"
    r"|\b(?:with|of|by|has|have)\s+(?:cardiac\s+|CNS\s+)?(?:lymphoma|myeloma)\b"
)
_NAMED_AS_OTHER = pattern(
    r"\b(?:other|second|previous|prior|history|Burkitt|transform\w*|except|including|such\s+as)\b"
)
_FOREIGN_SCALES = pattern(
    r"\bLugano\b|\bDeauville\b|\bRECIST\b|\bIMWG\b|\bCheson\b|\bM[\s-]protein\b|\bRANO\b"
)
_LYMPHOID_ONLY = pattern(
    r"\btesticular\b|\bblinatumomab\b|\binotuzumab\b|\bPhiladelphia\b|\bB[\s-]cell\s+aplasia"
)
_MYELOID_ONLY = pattern(r"\bAuer\s+rods?\b|\bFLT3\b|\bblast\s+phase\s+CML\b")
_RANDOM = pattern(r"(?<!non-)(?<!non )(?<!non)\brandomi[sz](?:ation|ed|ing)\b")
_NOT_RANDOM = pattern(r"\b(?:not|without|no|non)\b[^.]{0,15}\brandomi")
MYELOID = frozenset({"aml", "cmml", "mds"})
LYMPHOID = frozenset({"b-all", "t-all", "all"})


def product_is_this_one(record: Record) -> Iterator[Finding]:
    """A product code that neither the title nor the treatments use, and that no other sentence explains."""
    own = " ".join(said.text for said in record.heads) or " ".join(said.text for said in record.prose[:3])
    demanded = set(_measured(record))
    for said in record.lines:
        codes = [*_CODE.finditer(said.text), *(_CELLS_CODE.finditer(said.text) if said in demanded else ())]
        for match in codes:
            name = match["name"]
            if name not in own and len(re.findall(rf"\b{re.escape(name)}\b", record.text)) <= 2:
                yield error("COPY-01.copy_paste.wrong_product", said, name=name)
    target = re.search(ANTIGEN, own, re.IGNORECASE)
    for item in record.criteria:
        other = _OTHER_CELLS.search(item.text)
        if (
            other
            and target
            and "contracept" in item.text.lower()
            and other["name"].lower() not in own.lower()
        ):
            yield error("COPY-01.copy_paste.wrong_product", item.at, name=other["name"])


def antigen_is_this_one(record: Record) -> Iterator[Finding]:
    """A product against another antigen than the study's, where the study's own product is dosed or measured."""
    treats = _antigens(said for name in ("arm", "intervention") for said in record.fields.get(name, ()))
    titled = _antigens([record.title])
    if treats and titled and not treats & titled:
        yield error("COPY-01.copy_paste.foreign_antigen", record.title, name=", ".join(sorted(titled)))
    own = treats | titled or _antigens(record.heads) or _antigens(record.prose[:3])
    if not own:
        return
    for said in (*_measured(record), *dose_statements(record)):
        for match in _PRODUCT.finditer(said.text):
            before = said.text[max(0, match.start() - 40) : match.start()]
            name = _antigen(match["name"])
            if name not in own | _MARKERS and not _ANOTHER.search(before):
                yield error("COPY-01.copy_paste.foreign_antigen", said, name=name)
    for criterion in record.criteria:
        if criterion.kind != "inclusion":
            continue
        demanded = {_antigen(one) for match in _EXPRESSED.findall(criterion.text) for one in match if one}
        if demanded and not demanded & (own | _MARKERS):
            name = ", ".join(sorted(demanded))
            yield error("COPY-01.copy_paste.foreign_antigen", criterion.where(_EXPRESSED), name=name)


def _antigens(statements: Iterable[Said]) -> set[str]:
    found = {_antigen(name) for said in statements for name in _ANTIGEN.findall(said.text)}
    return found - _MARKERS


def _antigen(name: str) -> str:
    return name.upper().replace("-", "").replace("CLEC12A", "CLL1")


def _measured(record: Record) -> Iterator[Said]:
    for outcome in record.outcomes:
        yield outcome.measure
        yield from outcome.description


def disease_is_this_one(record: Record) -> Iterator[Finding]:
    heads = " ".join(said.text for said in record.heads) or " ".join(said.text for said in record.prose[:3])
    if not record.diseases or _SOLID_OR_LYMPHOMA.search(heads):
        return
    for said in _demands(record):
        if (match := _LYMPHOMA.search(said.text)) and not _NAMED_AS_OTHER.search(
            said.text[max(0, match.start() - 40) : match.start()]
        ):
            yield error("COPY-01.copy_paste.foreign_disease", said, text=match.group())
        if match := _FOREIGN_SCALES.search(said.text):
            yield error("COPY-01.copy_paste.foreign_scale", said, text=match.group())
        if record.diseases <= MYELOID and (match := _LYMPHOID_ONLY.search(said.text)):
            yield error("COPY-01.disease.specific_text", said, text=match.group())
        if record.diseases <= LYMPHOID and (match := _MYELOID_ONLY.search(said.text)):
            yield error("COPY-01.disease.specific_text", said, text=match.group())


def _demands(record: Record) -> Iterator[Said]:
    """Criteria and outcomes: background may speak of any disease, a demand only of the study's."""
    for criterion in record.criteria:
        yield from criterion.lines
    yield from _measured(record)


def design_is_this_one(record: Record) -> Iterator[Finding]:
    allocation, model = record.field("allocation"), record.field("model")
    single = (
        (
            allocation is not None
            and re.fullmatch(r"N/?A|NON_RANDOMI[SZ]ED", allocation.text.strip(), re.IGNORECASE)
        )
        or (model is not None and re.search(r"single", model.text, re.IGNORECASE))
        or any(SINGLE_ARM.search(said.text) for said in record.prose)
    )
    if not single:
        return
    for said in _demands(record):
        if _RANDOM.search(said.text) and not _NOT_RANDOM.search(said.text):
            yield error("COPY-01.design.randomisation_foreign", said)


DETECTORS = (product_is_this_one, antigen_is_this_one, disease_is_this_one, design_is_this_one)
