"""From where to what a time-to-event outcome counts, as its description says; what it says wrongly is a doubt."""

from __future__ import annotations

import re
from typing import NamedTuple


class Clock(NamedTuple):
    """`origin` is None where it is not said or is not one a study can have; `doubts` name gap messages."""

    origin: str | None
    events: tuple[str, ...]
    doubts: tuple[str, ...]


_EVENTS = (
    (
        "refractory",
        re.compile(r"\brefractory\s+disease|\bprimary\s+refractory|\btreatment\s+failure", re.IGNORECASE),
    ),
    ("relapse", re.compile(r"\brelapse|\brecurrence", re.IGNORECASE)),
    ("progression", re.compile(r"\bprogress\w+|\bPD\b")),
    ("death", re.compile(r"\bdeath|\bdied?\b", re.IGNORECASE)),
)
# The first `to` or `until` that ends the start of the clock; `and the` serves the `between ... and ...` form.
_TURN = re.compile(
    r"\s(?:to|until|till|through)\s(?!the\s+time\s+a\b)|\sand\s+(?:the\s+)(?=time|date|observation)",
    re.IGNORECASE,
)
_LEAD = re.compile(r"\b(?:from|between|since|after)\b|^\s*(?:the\s+)?(?:date|time)\b", re.IGNORECASE)


def read_clock(text: str) -> Clock:
    turn = _TURN.search(text)
    start, rest = (text[: turn.start()], text[turn.end() :]) if turn else ("", text)
    doubts: list[str] = []
    origin = None
    lead = _LEAD.search(start)
    if turn and lead:
        origin, doubt = _origin(start[lead.start() :])
        doubts += [doubt] if doubt else []
    events = tuple(name for name, pattern in _EVENTS if pattern.search(rest)) if turn else ()
    if re.search(r"\blast\s+(?:follow|contact|visit)", rest, re.IGNORECASE):
        doubts.append("event_follow_up")
    if re.search(r"\(censored\)", rest, re.IGNORECASE):
        doubts.append("event_censored")
    return Clock(origin, _in_words(events), tuple(doubts))


def _origin(start: str) -> tuple[str | None, str | None]:
    if re.search(r"randomi[sz]", start, re.IGNORECASE):
        return None, "origin_randomised"
    if re.search(r"\bremission\b", start, re.IGNORECASE):
        return "remission", None
    if re.search(r"\b(?:CR|CRi|CRh|PR)\b|\bresponse\b(?!.*\binfusion\b)", start) and "infusion" not in start:
        return "response", None
    for origin, pattern in (
        ("enrolment", r"enrol"),
        ("infusion", r"infusion|infused"),
        ("consent", r"\bconsent"),
        ("lymphodepletion", r"lympho-?deplet|conditioning"),
    ):
        if re.search(pattern, start, re.IGNORECASE):
            return origin, None
    if re.search(r"\btreat|\btherapy", start, re.IGNORECASE):
        return None, "origin_treatment"
    return None, None


def _in_words(events: tuple[str, ...]) -> tuple[str, ...]:
    order = ("death", "relapse", "progression", "refractory")
    return tuple(event for event in order if event in events)
