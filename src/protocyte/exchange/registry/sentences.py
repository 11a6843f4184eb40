"""Sentences of a running text, and numbers written as words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from protocyte.exchange.registry.source import Cut

# A full stop ends a sentence unless it stands inside a number or abbreviation: `0.5`, `i.v.`, `e.g.`.
_END = re.compile(r"(?<!\b[a-zA-Z])(?<!e\.g)(?<!i\.e)[.。!?](?!\d)|;(?=\s*\w+\s+(?:subjects|patients)\b)")
_ONES = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60}
NUMBER_WORD = (
    rf"(?:\d{{1,4}}|(?:{'|'.join(_TENS)})(?:-(?:{'|'.join(_ONES[:9])}))?|{'|'.join(reversed(_ONES))})"
)


def sentences(cuts: Iterable[Cut]) -> list[Cut]:
    found = []
    for cut in cuts:
        start = 0
        for match in [*_END.finditer(cut.text), None]:
            end = match.end() if match else len(cut.text)
            part = cut.sub((start, end))
            if part.text:
                found.append(part)
            start = end
    return found


def number_of(word: str) -> int:
    word = word.lower()
    if word.isdigit():
        return int(word)
    if word in _ONES:
        return _ONES.index(word) + 1
    ten, _, one = word.partition("-")
    return _TENS[ten] + (_ONES.index(one) + 1 if one else 0)
