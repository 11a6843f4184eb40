"""Lymphodepletion: agents, their doses and days before the infusion."""

from __future__ import annotations

import re
from itertools import pairwise

from protocyte.exchange.registry.drafting import Drafting
from protocyte.exchange.registry.page import Page
from protocyte.exchange.registry.sentences import sentences
from protocyte.exchange.registry.source import Cut

AGENTS = (
    "cyclophosphamide",
    "fludarabine",
    "bendamustine",
    "busulfan",
    "melphalan",
    "alemtuzumab",
    "etoposide",
    "cytarabine",
    "thiotepa",
    "pentostatin",
)
_AGENT = re.compile(rf"\b(?:{'|'.join(AGENTS)})\b", re.IGNORECASE)
_TOPIC = re.compile(r"lympho-?deplet|condition|chemotherap|preparative|pre-?treat", re.IGNORECASE)
_DAY = r"(?:day\s*)?[-−–]\s?\d{1,2}"
_DAYS = re.compile(
    rf"\b(?:days?|D)\s*(?P<list>[-−–]\s?\d{{1,2}}(?:(?:\s*,\s*(?:and\s+)?"
    rf"|\s+and\s+|\s*(?:to|through)\s*){_DAY})*)",
    re.IGNORECASE,
)
_DOSE = re.compile(
    r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>mg|g)\s*/\s*(?P<per>m\s*\\?\^?\(?[2²]\)?|kg)", re.IGNORECASE
)
_BETWEEN = re.compile(r"\s*(?:,|/|and|&|with|plus|,\s*and)\s*", re.IGNORECASE)
_LENGTH = re.compile(
    r"\b(?P<days>\d{1,2}(?:\s*[-–]\s*\d{1,2})?)[\s-]days?\s+(?:of\s+)?lympho-?deplet\w+(?:\s+\w+)?",
    re.IGNORECASE,
)


def place_lymphodepletion(page: Page, draft: Drafting) -> None:
    for sentence in sentences(page.texts):
        if not draft.has("lymphodepletion") and (_TOPIC.search(sentence.text) or _DAYS.search(sentence.text)):
            _agents(sentence, draft)
        if match := _LENGTH.search(sentence.text):
            draft.note(
                "lymphodepletion_length", match["days"].replace(" ", "") + " d", sentence.sub(match.span())
            )
            draft.gap("lymphodepletion.agents", "agents_unnamed", "error", sentence, days=match["days"])


def _agents(sentence: Cut, draft: Drafting) -> None:
    found = list(_AGENT.finditer(sentence.text))
    if not found:
        return
    together = all(_BETWEEN.fullmatch(sentence.text[a.end() : b.start()]) for a, b in pairwise(found))
    every: set[int] = set()
    for index, match in enumerate(found):
        agent = match.group().lower()
        path = f"lymphodepletion.agents.{agent}"
        end = found[index + 1].start() if index + 1 < len(found) else len(sentence.text)
        own = sentence.text[match.end() : end]
        shared = sentence.text[found[-1].end() :]
        draft.put(path, {}, sentence.sub(match.span()), mark="lymphodepletion")
        days = _days(shared if together else own)
        if days:
            offset = found[-1].end() if together else match.end()
            span = _DAYS.search(shared if together else own)
            assert span is not None
            draft.put(
                f"{path}.days",
                [str(day) for day in days],
                sentence.sub((offset + span.start(), offset + span.end())),
                mark="lymphodepletion",
            )
            every |= set(days)
        dose = None if together and len(found) > 1 else _DOSE.search(own)
        if dose:
            per = "kg" if dose["per"].lower() == "kg" else "m2"
            value = f"{dose['number']} {dose['unit'].lower()}/{per}"
            draft.put(
                f"{path}.dose",
                value,
                sentence.sub((match.end() + dose.start(), match.end() + dose.end())),
                mark="lymphodepletion",
            )
        else:
            draft.gap(f"{path}.dose", "agent_dose", "error", sentence, agent=agent)
    if every and all(draft.has(f"lymphodepletion.agents.{m.group().lower()}.days") for m in found):
        first = _DAYS.search(sentence.text)
        assert first is not None
        draft.put(
            "lymphodepletion.days",
            [str(day) for day in sorted(every)],
            sentence.sub(first.span()),
            mark="lymphodepletion",
        )


def _days(text: str) -> list[int]:
    found = _DAYS.search(text)
    if found is None:
        return []
    numbers = [-int(number) for number in re.findall(r"\d+", found["list"])]
    if re.search(r"to|through", found["list"], re.IGNORECASE):
        return list(range(min(numbers), max(numbers) + 1))
    return numbers
