"""PROD-01: what the product is, and how much of its antigen makes a subject eligible."""

from __future__ import annotations

from collections.abc import Iterator

from protocyte.exchange.lint.features import CELLS, DONOR
from protocyte.exchange.lint.finding import Finding, error, warning
from protocyte.exchange.lint.reading import Record, Said, pattern
from protocyte.exchange.registry.place_product import ANTIGEN

_EXPRESSION = pattern(
    rf"\b{ANTIGEN}\s+expression|\bexpress(?:ion|es|ing)?\s+(?:of\s+)?{ANTIGEN}\b"
    rf"|\b{ANTIGEN}\s*(?:is|was)\s+expressed\s+(?:in|by)\s+(?:the\s+)?(?:patient|subject)"
)
_POSITIVE = pattern(rf"\b{ANTIGEN}\s*(?:-|\s)?positive\b|\bpositive\s+for\s+{ANTIGEN}\b|\b{ANTIGEN}\+(?!\w)")
_PERCENT = pattern(r"\d+\s*%|\bper\s?cent\b|\bMFI\b|\bmolecules\s+per\b|\bantigen\s+density")
_ORIGIN = pattern(r"\bautologous\b|\ballogeneic\b|\bdonor\b|\buniversal\b|\boff[\s-]the[\s-]shelf|\bUCAR")
_EDITED = pattern(
    r"\bCRISPR|\bTALEN|\bknock-?\s?out|\bTRAC\b|\bTCR\b|\bgene[\s-]edit|\bbase[\s-]edit|\bHLA\b|\bB2M\b"
)
# Antigens normal T cells carry: the product attacks itself, and blasts enter the apheresis product.
_T_CELL = pattern(
    r"\b(?:CD7|CD5|CD2|CD4|CD3)\b[^.]{0,20}\bCAR|\bCAR[\s-]?T[^.]{0,20}\b(?:CD7|CD5|CD2)\b|\banti-CD[75]\b"
)
_SELF = pattern(
    r"\bfratricid|\bknock-?\s?out|\bgene[\s-]edit|\bprotein\s+expression\s+block|\bcircumvent"
    r"|\bperipheral\s+blasts?"
)


def positivity_has_a_threshold(record: Record) -> Iterator[Finding]:
    if not record.says(CELLS):
        return
    named = [said for said in record.lines if _EXPRESSION.search(said.text) or _POSITIVE.search(said.text)]
    if not named or any(_near_threshold(said) for said in named):
        return
    at = record.find(_EXPRESSION, named) or named[0]
    if record.criteria:
        yield error("PROD-01.antigen.threshold_missing", at)
    else:
        # The eligibility list itself is missing and said so; the threshold is a part of it.
        yield warning("PROD-01.antigen.threshold_missing", at)


def _near_threshold(said: Said) -> bool:
    for words in (_EXPRESSION, _POSITIVE):
        for match in words.finditer(said.text):
            if _PERCENT.search(said.text[max(0, match.start() - 80) : match.end() + 120]):
                return True
    return False


def product_is_described(record: Record) -> Iterator[Finding]:
    if not record.says(CELLS):
        return
    donor = record.find(DONOR)
    if donor is not None:
        if not record.says(_EDITED):
            yield warning("PROD-01.product.donor_undefined", donor)
    elif not record.says(_ORIGIN):
        yield warning("PROD-01.product.construct_unspecified", record.title)


def t_cell_antigens_are_provided_for(record: Record) -> Iterator[Finding]:
    said = record.find(_T_CELL)
    if said is not None and not record.says(_SELF):
        normal = record.find(pattern(r"\bsurface\s+of\s+(?:normal\s+)?T\s+cells|\bnormal\s+T\s+cells"))
        yield warning("PROD-01.target.on_t_cells", normal or said)


DETECTORS = (positivity_has_a_threshold, product_is_described, t_cell_antigens_are_provided_for)
