"""Statements of the running text on follow-up, horizons and safety collection, and what contradicts them."""

from __future__ import annotations

import re

from protocyte.exchange.registry.drafting import Drafting
from protocyte.exchange.registry.page import Page
from protocyte.exchange.registry.sentences import sentences
from protocyte.exchange.registry.time_frames import UNIT

_SPAN = r"(?P<n>\d+)\s*(?P<unit>day|week|month|year)s?"
_COLLECTED = re.compile(
    rf"\badverse events?\b.{{0,160}}?\bcollected\b.{{0,80}}?\bto\s+{_SPAN}\s+after", re.IGNORECASE
)
_FOLLOWED = re.compile(
    rf"\b(?:follow(?:ed)?[\s-]?up|followed|follow-up\s+will\s+last)\b[^.]{{0,60}}?{_SPAN}", re.IGNORECASE
)
_HORIZON = re.compile(
    r"\b(?:survival|PFS|OS|recurrence)\b[^.;]{0,60}?\bafter\s+(?P<low>\d)\s*(?:to"
    r"|-)\s*(?P<high>\d{1,2})\s*years",
    re.IGNORECASE,
)
_RESPONSE_AT = re.compile(
    r"\bresponse\s+rate\b[^.;]{0,40}?\bat\s+(?P<n>\d+)\s*(?P<unit>week|month)s?", re.IGNORECASE
)
_DLT = re.compile(r"\bdose[\s-]limiting\s+toxicit\w+|\bDLTs?\b", re.IGNORECASE)
_POSITIVE = re.compile(r"\b(?P<antigen>CD\d{1,3}|CLL-?1|LILRB4|BCMA|FLT3)[\s-]*positive\b", re.IGNORECASE)


def place_remarks(page: Page, draft: Drafting) -> None:
    for cut in sentences(page.prose):
        if match := _COLLECTED.search(cut.text):
            time = _time(match)
            draft.put("safety.collect_for", time, cut.sub(match.span()))
            until = _ae_until(draft)
            if until and until != time:
                draft.gap(
                    "safety.collect_for", "collection_differs", "warning", cut, text=time, outcome=until
                )
        for match in _FOLLOWED.finditer(cut.text):
            draft.note("follow_up", _time(match), cut.sub(match.span()))
        if match := _HORIZON.search(cut.text):
            draft.note("horizon", f"{match['low']} to {match['high']} y", cut.sub(match.span()))
            draft.gap("endpoints", "horizon_differs", "warning", cut, low=match["low"], high=match["high"])
        if match := _RESPONSE_AT.search(cut.text):
            draft.note("response_at", _time(match), cut.sub(match.span()))
            draft.gap("endpoints", "response_at", "warning", cut, time=_time(match))
    for cut in page.texts:
        if match := _DLT.search(cut.text):
            draft.note("mentioned.dlt", match.group(), cut.sub(match.span()))
    _antigen_positive(page, draft)
    _follow_up(draft)


def _antigen_positive(page: Page, draft: Drafting) -> None:
    for cut in page.texts:
        if match := _POSITIVE.search(cut.text):
            draft.note("antigen_positive", match.group(), cut.sub(match.span()))
            draft.gap("eligibility", "antigen_cut_off", "warning", cut, antigen=match["antigen"])
            return


def _follow_up(draft: Drafting) -> None:
    times = list(dict.fromkeys(fact.value for fact in draft.facts if fact.path == "record.follow_up"))
    if times:
        draft.gap("follow_up.until", "follow_up", "warning", None, times=", ".join(times))


def _ae_until(draft: Drafting) -> str | None:
    return next(
        (fact.value for fact in draft.facts if re.fullmatch(r"endpoints\.ae\.until", fact.path)), None
    )


def _time(match: re.Match[str]) -> str:
    return f"{int(match['n'])} {UNIT[match['unit'].lower()]}"
