"""The page without labels: a spreadsheet export's columns as plain lines, told apart by what they look like."""

from __future__ import annotations

import re
from collections.abc import Sequence

from protocyte.exchange.registry.outcome_rows import by_pipes, is_piped
from protocyte.exchange.registry.page import Field, Page, Role
from protocyte.exchange.registry.source import Cut, Row, whole

_TYPES = (
    "BIOLOGICAL|DRUG|DEVICE|PROCEDURE|RADIATION|GENETIC|COMBINATION_PRODUCT|OTHER|DIAGNOSTIC_TEST|BEHAVIORAL"
)
INTERVENTION = re.compile(rf"(?:{_TYPES})\s*:\s*", re.IGNORECASE)
# The export's column order, which is all that tells a primary outcome from a secondary one.
_ROLES: tuple[Role, ...] = ("primary", "secondary", "exploratory")


def read_paragraphs(rows: Sequence[Row]) -> Page:
    page = Page("paragraphs", tuple(rows))
    cuts = [whole(row) for row in rows if row.text.strip()]
    piped = 0
    for index, cut in enumerate(cuts):
        following = cuts[index + 1] if index + 1 < len(cuts) else None
        if is_piped(cut.text):
            page.outcomes += by_pipes(cut, _ROLES[min(piped, 2)])
            piped += 1
        elif INTERVENTION.match(cut.text):
            page.fields += interventions(cut)
        elif index == 0 and is_title(cut.text):
            page.fields.append(Field("title", cut))
        elif following is not None and INTERVENTION.match(following.text) and is_title(cut.text):
            page.fields.append(Field("condition", cut))
        else:
            page.prose.append(cut)
    return page


def is_title(text: str) -> bool:
    return len(text) <= 300 and not text.endswith((".", "。", ";", ":"))


def interventions(cut: Cut, label: str = "") -> list[Field]:
    found = []
    start = 0
    for piece in cut.text.split("|"):
        part = cut.sub((start, start + len(piece)))
        start += len(piece) + 1
        if part.text:
            found.append(Field("intervention", part, label))
    return found
