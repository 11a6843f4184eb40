"""UNIT-01 and UNIT-02: numbers that lost their meaning in typing, and units that do not fit their quantity."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from protocyte.exchange.lint.features import CELLS, symbols
from protocyte.exchange.lint.finding import Finding, error, info, warning
from protocyte.exchange.lint.reading import Record, Said, pattern

_LOST = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d+)?\s*[x×X*]\s*10(?P<power>[2-9]|1[0-3])(?!\d|\s*[\^(⁰-⁹])")
_TWICE = re.compile(r"\d\s*[x×X*]\s*10\s?[eE]\d")
_X_UNIT = re.compile(r"(?<!\d)\s?[x×]\s?G/[lL]\b")
_DOT_THOUSANDS = re.compile(r"(?<![\d.])\d{1,3}\.000(?:\.000)*\s*/\s*(?:[uµμ]L|mm|mL|L)", re.IGNORECASE)
_GIGA = re.compile(r"\d\s?G/[lL]\b")
_NO_TIMES = re.compile(r"[<>≤≥=]\s*\d+(?:\.\d+)?\s+(?:ULN|LLN)\b|[<>≤≥=]\s*\d+(?:\.\d+)?(?:ULN|LLN)\b")
_ABSOLUTE = pattern(r"\bbilirubin\b[^;,]{0,25}?[<≤]=?\s*\d+(?:\.\d+)?\s*(?:[uµμ]mol|mg)")


def numbers_can_be_read(record: Record) -> Iterator[Finding]:
    for said in record.lines:
        if match := _LOST.search(said.text):
            yield error("UNIT-01.dose.unit_format", said, text=match.group(), power=match["power"])
        if match := _TWICE.search(said.text):
            yield warning("UNIT-01.unit.power_twice", said, text=match.group())
        if match := _DOT_THOUSANDS.search(said.text) or _X_UNIT.search(said.text):
            yield error("UNIT-01.unit.number_format", said, text=match.group().strip())
        if match := _GIGA.search(said.text):
            yield info("UNIT-01.unit.nonstandard", said, text=match.group())
        if match := _NO_TIMES.search(said.text):
            yield warning("UNIT-01.unit.missing_times", said, text=match.group())
        if match := _ABSOLUTE.search(said.text):
            yield info("UNIT-01.unit.bilirubin_absolute", said, text=match.group())


class Quantity(NamedTuple):
    """A quantity by its words, the units that fit it, and the bound a safety criterion can put on it."""

    name: str
    words: str
    units: str
    bound: str  # "least": a lower bound protects the subject; "most": an upper one


_MOLAR = r"[uµμ]mol\s*/\s*L|mg\s*/\s*d[lL]"
_ALL_UNITS = (
    rf"{_MOLAR}|m[lL]\s*/\s*min(?:ute)?|I?U\s*/\s*L|g\s*/\s*d?L|mmHg|%|m?mol\s*/\s*L"
    r"|[x×]?\s*ULN|(?:week|month)s?"
)
QUANTITIES = (
    Quantity(
        "creatinine clearance", r"creatinine\s+clearance|\bCrCl\b|\bCCr\b|\be?GFR\b", r"mL/min", "least"
    ),
    Quantity(
        "serum creatinine",
        r"(?:serum|blood|plasma)\s+creatinine(?!\s+clear)",
        r"umol/L|mg/dL|mmol/L|ULN",
        "most",
    ),
    Quantity("bilirubin", r"\bbilirubin\b", r"umol/L|mg/dL|ULN", "most"),
    Quantity("transaminases", r"\b(?:ALT|AST|SGOT|SGPT)\b", r"U/L|IU/L|ULN", "most"),
    Quantity("oxygen saturation", r"\boxygen\s+saturation|\bSpO2\b|\bSaO2\b", r"%", "least"),
    Quantity("neutrophil count", r"\bneutrophils?(?:\s+count)?\b|\bANC\b", r"%|g/L", "least"),
    Quantity("platelet count", r"\bplatelets?(?:\s+count)?\b", r"g/L", "least"),
    Quantity(
        "life expectancy",
        r"\blife\s+expectancy|\bexpect\w*\s+(?:time\s+of\s+)?surviv\w*",
        r"week|month",
        "least",
    ),
    Quantity("hemoglobin", r"\bh[ae]*moglobin\b|\bHb\b|\bHGB\b", r"g/L|g/dL|mmol/L", "least"),
    Quantity("ejection fraction", r"\bejection\s+fraction|\bLVEF\b", r"%", "least"),
)


# Limits no criterion can mean, by quantity and unit: a factor of ten to a hundred outside any in use, as where
# g/dL stands for g/L or mg/dL for umol/L.
_CAN_BE = {
    ("hemoglobin", "g/dl"): (0, 20),
    ("hemoglobin", "g/l"): (0, 200),
    ("bilirubin", "mg/dl"): (0.5, 15),
    ("bilirubin", "umol/l"): (10, 200),
    ("serum creatinine", "mg/dl"): (0.5, 10),
    ("serum creatinine", "umol/l"): (40, 900),
}


def _can_be(quantity: Quantity, unit: str, value: float) -> bool:
    low, high = _CAN_BE.get((quantity.name, unit), (0, float("inf")))
    return low <= value <= high


_SPARED = pattern(r"\b(?:no|not|without|unless|except|excluding|allowed|acceptable)\b")


def units_fit_quantities(record: Record) -> Iterator[Finding]:
    protects = record.says(CELLS)  # a trial of heart failure asks for a low ejection fraction
    for criterion in record.criteria:
        for said in criterion.lines:
            for quantity in QUANTITIES:
                yield from _fits(quantity, said, protects and criterion.kind == "inclusion")
    for outcome in record.outcomes:
        for said in outcome.description:
            for quantity in QUANTITIES:
                yield from _fits(quantity, said, included=False)


class Limit(NamedTuple):
    """A limit a line sets on a quantity, in a unit as written and folded to one spelling."""

    quantity: Quantity
    upper: bool
    value: float
    unit: str
    text: str
    around: str  # the text with forty characters on either side


def limits_of(quantity: Quantity, said: Said) -> Iterator[Limit]:
    stated = re.compile(
        rf"(?:{quantity.words})(?P<between>[^;<>≤≥\d]{{0,40}}?)(?P<bound>[<>≤≥]=?)\s*(?P<n>\d+(?:\.\d+)?)\s*"
        rf"(?P<unit>{_ALL_UNITS})(?![\w])?",
        re.IGNORECASE,
    )
    text = symbols(said.text)
    for match in stated.finditer(text):
        if re.search(r"\b(?:and|or)\b|,", match["between"]) and any(
            re.search(other.words, match["between"], re.IGNORECASE)
            for other in QUANTITIES
            if other is not quantity
        ):
            continue
        unit = re.sub(r"\s", "", match["unit"]).replace("µ", "u").replace("μ", "u").lower().lstrip("x×")
        yield Limit(
            quantity,
            upper=match["bound"][0] in "<≤",
            value=float(match["n"]),
            unit=unit.removesuffix("s").replace("minute", "min"),
            text=match.group(),
            around=text[max(0, match.start() - 40) : match.end() + 40],
        )


def _fits(quantity: Quantity, said: Said, included: bool) -> Iterator[Finding]:
    fitting = {name.lower() for name in quantity.units.split("|")}
    for limit in limits_of(quantity, said):
        if limit.unit not in fitting:
            rule = "UNIT-02.quantity.unit_error"
        elif not _can_be(quantity, limit.unit, limit.value):
            rule = "UNIT-02.quantity.value_implausible"
        elif included and limit.upper == (quantity.bound == "least") and not _SPARED.search(limit.around):
            rule = "UNIT-02.quantity.bound_direction"
        else:
            continue
        yield error(rule, said, quantity=quantity.name, text=limit.text)


DETECTORS = (numbers_can_be_read, units_fit_quantities)
