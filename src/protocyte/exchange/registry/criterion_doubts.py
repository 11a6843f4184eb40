"""What in a criterion's words cannot be meant, or can be meant in two ways: a person decides."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from protocyte.base.problem import Severity


class Doubt(NamedTuple):
    key: str
    severity: Severity
    params: dict[str, Any]


_CLEARANCE = re.compile(
    r"creatinine\s+clearance[^;.]{0,60}?(?P<value>[<>≤≥]=?\s*\d+(?:\.\d+)?)\s*(?P<unit>[μµu]mol\s*/\s*L"
    r"|mg\s*/\s*dL)",
    re.IGNORECASE,
)
_OPEN_AGE = re.compile(
    r"\b(?:over|above|older than)\s+(?P<low>\d{1,2})\s*years?(?:\s+old)?[\s,;and]*\b(?:under"
    r"|below|younger than)\s+(?P<high>\d{1,3})\s*years?",
    re.IGNORECASE,
)
_EFFUSION = re.compile(
    r"\bconfirmed\s+(?!no\b|absence\b)\w*\s?peri\w+\s+effusion|\bconfirmed\s+\w+pericardial\s+effusion",
    re.IGNORECASE,
)
_FOREIGN = re.compile(
    r"\b(?:completing|after|receiving|following)\s+(?:the\s+)?(?P<name>(?!CD\d|HLA|COVID)[A-Z]{2,}-?\d{2,})\b"
)
_WINDOW = re.compile(r"\b(?P<n>\d+)\s*(?P<unit>day|week|month|year)s?\b", re.IGNORECASE)
TOPICS = (
    ("malignancy", re.compile(r"\bother\s+malignan\w+", re.IGNORECASE)),
    ("myocardial infarction", re.compile(r"\bmyocardial\s+infarction", re.IGNORECASE)),
    ("thrombosis", re.compile(r"\bthrombosis", re.IGNORECASE)),
    ("stroke", re.compile(r"\bstroke\b", re.IGNORECASE)),
)


def doubts_of(text: str) -> list[Doubt]:
    found = []
    if match := _CLEARANCE.search(text):
        found.append(Doubt("clearance_unit", "error", {"text": match["value"] + " " + match["unit"]}))
    if match := _OPEN_AGE.search(text):
        low, high = int(match["low"]), int(match["high"])
        found.append(
            Doubt("age_open", "error", {"low": low, "high": high, "first": low + 1, "last": high - 1})
        )
    if _EFFUSION.search(text):
        found.append(Doubt("negation", "error", {}))
    if match := _FOREIGN.search(text):
        found.append(Doubt("foreign_product", "warning", {"name": match["name"]}))
    return found


def windows_in(text: str) -> list[str]:
    return [f"{match['n']} {match['unit'].lower()}" for match in _WINDOW.finditer(text)]
