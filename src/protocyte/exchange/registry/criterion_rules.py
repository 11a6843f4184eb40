"""Limits that criteria state in words, as rules of the study's language.

A rule is proposed only if it says the whole criterion: `rule_of` matches the full text or nothing. A limit
inside a longer criterion is a fact (`limits_in`), never a rule, since the rest would be lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from protocyte.exchange.registry.time_frames import UNIT

_SIGN = r"(?P<sign>≥|≤|>=|<=|>|<|＞|＜|above|over|more than|at least|below|under|less than)"
_SIGNS = {
    "≥": ">=", ">=": ">=", "at least": ">=", "≤": "<=", "<=": "<=", ">": ">", "＞": ">", "above": ">", "over": ">",
    "more than": ">", "<": "<", "＜": "<", "below": "<", "under": "<", "less than": "<",
}  # fmt: skip
_N = r"(?P<number>\d+(?:\.\d+)?)"
_ZERO_TO = r"0\s*(?:-|–|to)\s*(?P<number>[1-4])"
_IS = r"(?:\s+(?:is|was|of|must be))?\s*(?:\(\w+\)\s*)?"


class Limit(NamedTuple):
    name: str
    pattern: re.Pattern[str]
    write: Callable[[re.Match[str]], str]


def _limit(name: str, pattern: str, write: Callable[[re.Match[str]], str]) -> Limit:
    return Limit(name, re.compile(pattern, re.IGNORECASE), write)


def _plain(fact: str, unit: str = "") -> Callable[[re.Match[str]], str]:
    def write(match: re.Match[str]) -> str:
        return f"{fact} {_sign(match)} {match['number']}{' ' + unit if unit else ''}"

    return write


def _sign(match: re.Match[str]) -> str:
    return _SIGNS[match["sign"].lower()]


def _ages(match: re.Match[str]) -> str:
    return f"age >= {match['low']} y and age <= {match['high']} y"


def _transaminases(match: re.Match[str]) -> str:
    limit = f"{_sign(match)} {match['number']} ULN"
    return f"alt {limit} and ast {limit}"


def _up_to(fact: str) -> Callable[[re.Match[str]], str]:
    return lambda match: f"{fact} <= {match['number']}"


def _survival_of(match: re.Match[str]) -> str:
    return f"expected_survival {_sign(match)} {match['number']} {UNIT[match['unit'].lower()]}"


_YEARS = r"\s*(?:years?(?:\s*old|\s*of\s*age)?|y)"
_TIMES_ULN = r"\s*(?:[x×*]|times)?\s*(?:the\s+)?ULN"
_UMOL = r"\s*[μµu]mol\s*/\s*L"
_ROOM_AIR = r"(?:\s+(?:under|on|in|at)\s+(?:indoor\s+ventilation|room\s+air|indoor\s+air))?"
_SATURATION = rf"(?:indoor\s+|blood\s+)*(?:oxygen\s+saturation|SpO2|SaO2){_ROOM_AIR}"
_EJECTION = r"(?:(?:left\s+ventricular|cardiac)\s+ejection\s+fraction|LVEF)"
_LIFE = (
    r"(?:the\s+)?(?:expect(?:ed|ation)?|estimated)\s+(?:time\s+of\s+surviv\w+|survival(?:\s+time)?|life)"
    r"|life\s+expectancy"
)
_ALT_AST = r"(?:serum\s+)?(?:ALT\s*(?:/|and)\s*AST|AST\s*(?:/|and)\s*ALT)"
_BILIRUBIN = r"(?:(?:serum|total)\s+){0,2}bilirubin"
_BETWEEN = rf"(?P<low>\d{{1,2}})(?:{_YEARS})?\s*(?:to|-|–|and|~)\s*(?P<high>\d{{1,3}}){_YEARS}"
LIMITS = (
    _limit("age", rf"ages?(?:d|\s+of)?\s*[:：]?\s*(?:between\s+|from\s+)?{_BETWEEN}", _ages),
    _limit("age", rf"ages?\s*[:：]?\s*{_SIGN}\s*{_N}{_YEARS}", _plain("age", "y")),
    _limit("ecog", rf"(?:[\w\s]{{0,40}}\bscore\s*)?{_ZERO_TO}\s*\(ECOG[\w\s]*\)", _up_to("ecog")),
    _limit("ecog", rf"ECOG[\w\s()]{{0,40}}?\s{_ZERO_TO}", _up_to("ecog")),
    _limit("ecog", rf"ECOG[\w\s()]{{0,40}}?{_SIGN}\s*(?P<number>[0-4])", _plain("ecog")),
    _limit(
        "kps",
        rf"(?:KPS|Karnofsky(?:\s+(?:performance|status|score|scale))*){_IS}{_SIGN}\s*{_N}\s*%?",
        _plain("kps"),
    ),
    _limit("lvef", rf"{_EJECTION}{_IS}{_SIGN}\s*{_N}\s*%", _plain("lvef", "%")),
    _limit("spo2", rf"{_SATURATION}{_IS}{_SIGN}\s*{_N}\s*%", _plain("spo2", "%")),
    _limit(
        "expected_survival",
        rf"(?:{_LIFE})\s*(?:is\s+|of\s+)?{_SIGN}\s*{_N}\s*(?P<unit>month|week|year)s?",
        _survival_of,
    ),
    _limit(
        "creatinine_clearance",
        rf"creatinine\s+clearance(?:\s+rate)?\s*(?:\([^)]*\)\s*)?{_SIGN}\s*{_N}\s*ml\s*/\s*min",
        _plain("creatinine_clearance", "mL/min"),
    ),
    _limit("transaminases", rf"{_ALT_AST}\s*{_SIGN}\s*{_N}{_TIMES_ULN}", _transaminases),
    _limit("bilirubin", rf"{_BILIRUBIN}\s*{_SIGN}\s*{_N}{_TIMES_ULN}", _plain("bilirubin", "ULN")),
    _limit("bilirubin", rf"{_BILIRUBIN}\s*{_SIGN}\s*{_N}{_UMOL}", _plain("bilirubin", "umol/L")),
    _limit("creatinine", rf"(?:serum\s+)?creatinine\s*{_SIGN}\s*{_N}{_UMOL}", _plain("creatinine", "umol/L")),
)
# `Adequate renal function, defined as` introduces a limit and says nothing of its own.
_FRAME = re.compile(
    r"(?:(?:sufficient|adequate|normal)\s+(?:hepatic|liver|renal|kidney|pulmonary|lung|cardiac|heart)\s+function,?"
    r"\s+(?:as\s+)?defined\s+(?:by|as)\s*:?\s*)?(?P<body>.*?)\s*[;.,，；。]?\s*",
    re.IGNORECASE | re.DOTALL,
)


def rule_of(text: str) -> str | None:
    """The rule that says all of a criterion, or None."""
    framed = _FRAME.fullmatch(text.strip())
    body = framed["body"] if framed else text
    rules = []
    for clause in re.split(r"\s+and\s+(?=\w+\s*(?:≥|≤|>|<|bilirubin))|(?<=N)\s+and\s+(?=bilirubin)", body):
        found = next(
            (limit.write(match) for limit in LIMITS if (match := limit.pattern.fullmatch(clause.strip()))),
            None,
        )
        if found is None:
            return None
        rules.append(found)
    return " and ".join(rules)


def limits_in(text: str) -> list[tuple[str, str]]:
    """Limits stated anywhere in a criterion, each by name; the age of a range only where it says `age`."""
    return [(limit.name, limit.write(match)) for limit in LIMITS for match in limit.pattern.finditer(text)]
