"""What an import answers: a draft, where each of its facts stood, what is missing, and the text left over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from protocyte.base import Language, Message, render
from protocyte.base.problem import Severity
from protocyte.exchange.registry.source import Row
from protocyte.study.document import Tree

QUOTE = 80  # characters of the record shown with a fact: enough to find it, too few to replace it


@dataclass(frozen=True, slots=True)
class Placed:
    """One fact: `path` in the study (or `record.*` for what a study has no field for), and where it stood.

    `row`, `start` and `end` are the exact stretch of the record (`Imported.rows[row].text[start:end]`).
    """

    path: str
    value: str
    line: int
    quote: str
    row: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Something a trial needs that the record does not say, or says so that it cannot be read in one way.

    `missing`: the check of study files asks for it (`*` in `path` stands for any name); otherwise a reading
    that a person must decide.
    """

    path: str
    why: Message
    severity: Severity
    line: int | None = None
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Text of the record that became no fact, as it stands. `label` is its path in a JSON record."""

    line: int
    text: str
    row: int
    start: int
    end: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """`draft` is a study document's tree: maps, lists and text, with `registered` marks, and holes."""

    file: str
    shape: str
    draft: dict[str, Tree]
    facts: tuple[Placed, ...]
    gaps: tuple[Gap, ...]
    unplaced: tuple[Unplaced, ...]
    rows: tuple[Row, ...]

    def values(self, path: str) -> tuple[str, ...]:
        return tuple(fact.value for fact in self.facts if fact.path == path)


def as_json(imported: Imported, language: Language = "en") -> dict[str, Any]:
    """What `--json` prints: plain maps, lists, text and numbers."""
    return {
        "file": imported.file,
        "shape": imported.shape,
        "draft": imported.draft,
        "facts": [
            {"path": fact.path, "value": fact.value, "line": fact.line, "quote": fact.quote}
            for fact in imported.facts
        ],
        "gaps": [
            {
                "path": gap.path,
                "severity": gap.severity,
                "missing": gap.missing,
                "line": gap.line,
                "why": render(gap.why, language),
            }
            for gap in imported.gaps
        ],
        "unplaced": [
            {"line": left.line, "text": left.text} | ({"label": left.label} if left.label else {})
            for left in imported.unplaced
        ],
    }


def shortened(text: str, limit: int = QUOTE) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def left_over(rows: Iterable[Row], facts: Iterable[Placed]) -> tuple[Unplaced, ...]:
    """Every stretch no fact covers. Stretches without a letter or digit (commas, dashes) say nothing."""
    taken: dict[int, list[tuple[int, int]]] = {}
    for fact in facts:
        taken.setdefault(fact.row, []).append((fact.start, fact.end))
    return tuple(left for row in rows for left in _holes(row, sorted(taken.get(row.index, []))))


def _holes(row: Row, taken: list[tuple[int, int]]) -> Iterable[Unplaced]:
    at = 0
    for start, end in [*taken, (len(row.text), len(row.text))]:
        text = row.text[at:start] if start > at else ""
        if any(character.isalnum() for character in text):
            first = at + len(text) - len(text.lstrip())
            stripped = text.strip()
            yield Unplaced(row.line, stripped, row.index, first, first + len(stripped), row.label)
        at = max(at, end)
