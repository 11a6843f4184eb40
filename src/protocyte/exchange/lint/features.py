"""What several families ask of a record: its dose statements, phase, escalation, DLTs, ages, criteria."""

from __future__ import annotations

import re
from decimal import Decimal

from protocyte.exchange.lint.reading import Record, Said, pattern
from protocyte.exchange.registry.dose_notation import DoseText, find_doses

CELLS = pattern(
    r"\bCAR[\s-]T|\b(?-i:CAR-?T|U?CART)\b|\bchimeric antigen|\b(?-i:STAR[\s-]?T)\b|\bTCR[\s-]?T\b"
    r"|\b[A-Za-z]*(?-i:CAR)-?T?\d{2,}|\bCAR-?(?:NK|modified)\b|\b(?-i:CAR)\s+T[\s-]"
)
LEUKEMIA = pattern(r"leuk[ae]+mia|\b(?:AML|ALL|B-ALL|T-ALL|CMML|MDS|MPAL)\b")
PHASE = pattern(
    r"\bphase[\s_]*(?:[0-4]|I{1,3}V?|one|two)\b|\bphase[\s_]*[0-4I]+[ab/_-]|\bPHASE[0-4]\b|\bphase-[I1-4]"
)
EARLY = pattern(
    r"\bphase[\s_-]*(?:1|I|one|0)(?![0-9VI])|\bearly[\s_]phase|\bPHASE1\b|\bfirst[\s-]in[\s-](?:hu)?man"
)
ESCALATION = pattern(r"\b(?:de-?)?escalat\w+|\bdose[\s-](?:levels?|finding|ranging|cohorts?|groups?)\b")
SCHEME = pattern(
    r"3\s*\+\s*3|\bBOIN\b|\bCRM\b|\bcontinual reassessment|\bm?TPI\b|\bkeyboard\b|\baccelerated titration"
    r"|\brolling[\s-](?:six|6)|\bTITE\b|\bBayesian\b|\bi3\s*\+\s*3|\bmodified toxicity probability|\bsentinel"
)
DLT = pattern(r"\bdose[\s-]limiting\s+tox\w+|\bDLTs?\b")
MTD = pattern(
    r"\bMTD\b|\bmaximum[\s-]tolerated|\bRP2D\b|\brecommended\s+(?:phase|dose)|\b(?:dose[\s-])?expansion\b"
    r"|\boptimal biological|\bRDE\b"
)
INTRA = pattern(
    r"\bintra-?\s?(?:patient|subject|individual)|\b(?:each|every|the same)\s+(?:subject"
    r"|patient)s?\b[^.]{0,100}?"
    r"\b(?:start|begin)\w*\b[^.]{0,160}?\b(?:increas|escalat|next dose|higher dose)"
    r""
    r"|\b(?:increased\s+to|receives?)\s+the\s+next\s+(?:higher\s+)?dose"
)
SINGLE_ARM = pattern(r"\bsingle[\s_-](?:arm|group)|\bone[\s-]arm\b|\bnon-?\s?randomi[sz]ed")
TRANSPLANT = pattern(
    r"\b(?:stem[\s-]cell|bone[\s-]marrow|h[ae]*matopoietic|allogeneic|autologous"
    r"|allo-?)[\s-]*(?:stem[\s-]cell\s+)?"
    r"transplant\w*|\b(?:allo-?|auto-?)?(?:HSCT|SCT|BMT)\b|(?<!organ )\btransplant\w*"
)
GVHD = pattern(r"\bgraft[\s-]*(?:versus|vs\.?|against)[\s-]*host|\bGVHD\b")
DONOR = pattern(
    r"\b(?:universal|off[\s-]the[\s-]shelf|allogeneic|donor[\s-]derived|healthy[\s-]donor)\b[^.;]{0,40}?"
    r"(?:CAR|T[\s-]?cells?|STAR)|\bUCAR"
)
CRS = pattern(
    r"\bcytokine[\s-]release|\bCRS\b|\bICANS\b|\bneurotox\w+|\bimmune\s+(?:effector\s+)?cell[\s-]associated"
)
_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}
SPAN = pattern(r"(?<![\d.])(?P<n>\d{1,4}(?:\.\d)?)\s*-?(?P<unit>hour|day|week|month|year)s?\b")
_SUMMARY = pattern(r"\bth(?:is|e)\b[^.]{0,60}?\b(?:study|trial)\b")
_DOSED = pattern(r"\bdos(?:e|age)s?\b|\binfus\w+|cells?\s*/\s*kg|/\s*kg\b")


def spans(text: str) -> list[float]:
    """Every duration of a text, in days."""
    return [float(found["n"]) * _DAYS[found["unit"].lower()] for found in SPAN.finditer(text)]


_COMPARATORS = tuple(
    (pattern(words), sign)
    for words, sign in (
        (
            r"\b(?:less|lower)\s+than\s+or\s+equal\s+to\b|\bnot?\s+(?:more|greater|higher)\s+than\b|\bat\s+most\b",
            "≤",
        ),
        (
            r"\b(?:more|greater|higher)\s+than\s+or\s+equal\s+to\b|\bnot?\s+(?:less|lower)\s+than\b|\bat\s+least\b",
            "≥",
        ),
        (r"\b(?:less|lower|fewer)\s+than\b|\bbelow\b", "<"),
        (r"\b(?:more|greater|higher)\s+than\b|\babove\b", ">"),
    )
)


def symbols(text: str) -> str:
    """Comparisons said in words as their signs, so that a detector reads one form."""
    for words, sign in _COMPARATORS:
        text = words.sub(sign, text)
    return text


def statement(record: Record) -> Said:
    """The sentence that says what kind of study this is."""
    early = [said for said in record.prose if pattern(r"\b(?:study|trial)\b").search(said.text)]
    kind = pattern(r"\b(?:exploratory|single|open|prospective|phase|pilot|label|multi-?cent)")
    return record.find(kind, early) or record.find(_SUMMARY, record.prose) or record.title


def phase(record: Record) -> Said | None:
    given = record.field("phase")
    if given is not None and pattern(r"\d|I").search(given.text):
        return given
    return record.find(PHASE)


def is_early(record: Record) -> bool:
    given = phase(record)
    return given is not None and EARLY.search(given.text) is not None


def doses(said: Said) -> list[DoseText]:
    """The cell doses of a statement: numbers with a power of ten that a statement about dosing holds."""
    if not _DOSED.search(said.text):
        return []
    return [dose for dose in find_doses(said.text) if value(dose) >= 10_000]


def value(dose: DoseText) -> Decimal:
    """The dose a reader would take it for: with a lost superscript, the power of ten."""
    if dose.readings:
        try:
            return Decimal(dose.readings[0].split()[0])
        except ArithmeticError:
            return Decimal(0)
    return dose.high if dose.high is not None else dose.low


def dose_statements(record: Record) -> list[Said]:
    """Whole lines, for a level list may run over sentences; outcomes and criteria state no planned dose."""
    elsewhere = {said.line for item in record.outcomes for said in (item.measure, *item.description)}
    elsewhere |= {said.line for item in record.criteria for said in item.lines}
    return [said for said in record.lines if said.line not in elsewhere and doses(said)]


def dose_line(record: Record) -> Said | None:
    stated = dose_statements(record)
    return (
        record.find(ESCALATION, stated)
        or (stated[0] if stated else None)
        or record.find(pattern(r"\bescalat\w+"), record.prose)
    )


def finds_dose(record: Record) -> bool:
    """Whether the study looks for a dose: it is early, or it climbs."""
    return is_early(record) or INTRA.search(record.text) is not None or record.says(pattern(r"\bescalat\w+"))


def risk_anchor(record: Record) -> Said:
    """Where a safety rule belongs that the record does not hold: beside the dosing, else the phase."""
    return dose_line(record) or phase(record) or statement(record)


_AGES = (
    pattern(
        r"\b(?:age[sd]?|aged?)\b\D{0,25}?(?P<low>\d{1,2})\D{0,20}?(?:-|to|–|~|and|≤)\D{0,6}(?P<high>\d{2,3})"
    ),
    pattern(r"\b(?P<low>\d{1,2})\s*(?:years?(?:\s+old)?)?\s*(?:-|to|–|~)\s*(?P<high>\d{2,3})\s*years"),
    pattern(r"\b(?:over|above|older than|≥|>=)\s*(?P<low>\d{1,2})\s*years"),
    pattern(r"\bage\w*\s*(?:≥|>=|>|over|above|at least)\s*(?P<low>\d{1,2})"),
)


_AGE_SPAN = pattern(
    r"\bage[sd]?\b\W{0,4}(?P<low>\d{1,3})(?:\s*years?)?\s*(?:-|to|–|~)\s*(?P<high>\d{1,3})\b(?!\s*month)"
)


def youngest(record: Record) -> tuple[int, Said] | None:
    """The lowest age admitted, and where it is said."""
    given = record.field("min_age", "age")
    for said in [*([given] if given else []), *(line for item in record.criteria for line in item.lines)]:
        for shape in _AGES:
            if found := shape.search(said.text):
                return int(found["low"]), said
        if said is given and (number := re.search(r"\d{1,2}", said.text)):
            return int(number.group()), said
    return None


def crossed_ages(record: Record) -> tuple[Said, str] | None:
    """A span of ages whose end lies below its start, and where it is said."""
    for said in (line for item in record.criteria for line in item.lines):
        found = _AGE_SPAN.search(said.text)
        if found and int(found["high"]) < int(found["low"]):
            return said, found.group()
    return None


_RECRUITS = pattern(
    r"\bwill\s+(?:be\s+)?(?:recruit|enrol)\w*\b[^.]{0,80}?\b(?:subjects|patients|participants|AML|ALL)\b"
)
_PEOPLE = pattern(r"\b(?:patients|subjects|participants)\s+(?:with|diagnosed)\b|\bpositive\b")


def population(record: Record) -> Said:
    """Where the record says whom it treats."""
    return record.find(_RECRUITS, record.prose) or record.find(_PEOPLE, record.prose) or record.title
