"""The record as a reader of protocols sees it: statements with their lines, outcomes, criteria, features.

The page shapes are the import's (`exchange.registry`); this view only drops what pages add (escapes, labels).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from protocyte.exchange.registry.criteria_list import words_of
from protocyte.exchange.registry.endpoint_names import endpoints_named
from protocyte.exchange.registry.page import Kind, Page, Role
from protocyte.exchange.registry.place_disease import DISEASES
from protocyte.exchange.registry.sentences import sentences
from protocyte.exchange.registry.source import Cut

_ESCAPE = re.compile(r"\\([<>^\[\]*_~#\\])")
_WIDE = str.maketrans("（）：，；［］　\u00a0", "():,;[]  ")
_ROMAN = str.maketrans({"Ⅰ": " I ", "Ⅱ": " II ", "Ⅲ": " III "})  # a phase is often typed with one sign
_BARE_MARK = re.compile(r"(?:-|\*|•|\(?\d{1,2}[.)])")


@dataclass(frozen=True, slots=True)
class Said:
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class RegisteredOutcome:
    role: Role | None
    measure: Said
    description: tuple[Said, ...]
    frame: Said | None
    slugs: tuple[str, ...]

    @property
    def defined(self) -> str:
        return " ".join(said.text for said in self.description)

    @property
    def text(self) -> str:
        return f"{self.measure.text} {self.defined}"

    @property
    def at(self) -> Said:
        """Where its definition stands: the description's first line, else the measure's."""
        return self.description[0] if self.description else self.measure


@dataclass(frozen=True, slots=True)
class Criterion:
    kind: Kind | None
    lines: tuple[Said, ...]
    text: str

    @property
    def at(self) -> Said:
        return self.lines[0]

    def where(self, pattern: re.Pattern[str]) -> Said:
        return next((said for said in self.lines if pattern.search(said.text)), self.at)


@dataclass(frozen=True)
class Record:
    """Everything detectors read. `lines` is all of the record's own text in order, `prose` its sentences."""

    lines: tuple[Said, ...]
    prose: tuple[Said, ...]
    outcomes: tuple[RegisteredOutcome, ...]
    criteria: tuple[Criterion, ...]
    fields: dict[str, tuple[Said, ...]]
    page: tuple[Said, ...]  # every row as it stands, with escapes and labels

    def field(self, *names: str) -> Said | None:
        return next((said for name in names for said in self.fields.get(name, ())), None)

    def find(self, pattern: re.Pattern[str], among: Iterable[Said] | None = None) -> Said | None:
        return next(
            (said for said in (self.lines if among is None else among) if pattern.search(said.text)), None
        )

    def says(self, pattern: re.Pattern[str]) -> bool:
        return self.find(pattern) is not None

    def criterion(self, pattern: re.Pattern[str], kind: Kind | None = None) -> Criterion | None:
        fitting = (item for item in self.criteria if kind is None or item.kind == kind)
        return next((item for item in fitting if pattern.search(item.text)), None)

    def outcome(self, *slugs: str) -> RegisteredOutcome | None:
        return next((item for item in self.outcomes if set(slugs) & set(item.slugs)), None)

    @property
    def heads(self) -> tuple[Said, ...]:
        names = ("title", "official_title", "condition", "intervention")
        return tuple(said for name in names for said in self.fields.get(name, ()))

    @cached_property
    def text(self) -> str:
        return "\n".join(said.text for said in self.lines)

    @cached_property
    def diseases(self) -> frozenset[str]:
        """What the study treats, by title and conditions; where they are silent, by its first sentences."""
        heads = [said.text for said in self.heads] or [said.text for said in self.prose[:3]]
        return frozenset(
            disease.slug for disease in DISEASES for text in heads if disease.pattern.search(text)
        )

    @property
    def start(self) -> Said:
        return self.lines[0]

    @property
    def title(self) -> Said:
        return self.field("title", "official_title") or self.start


def record_of(page: Page) -> Record:
    fields: dict[str, list[Said]] = {}
    for item in page.fields:
        fields.setdefault(item.name, []).append(_said(item.value))
    outcomes = []
    for outcome in page.outcomes:
        measure = _said(outcome.measure)
        description = tuple(_said(cut) for cut in outcome.description if cut.text)
        named = endpoints_named(measure.text, " ".join(said.text for said in description))
        frame = _said(outcome.time_frame) if outcome.time_frame else None
        slugs = tuple(one.name.slug for one in named)
        outcomes.append(RegisteredOutcome(outcome.role, measure, description, frame, slugs))
    criteria = []
    for criterion in page.criteria:
        lines = tuple(_said(cut) for cut in criterion.cuts if cut.text and not _BARE_MARK.fullmatch(cut.text))
        if lines:
            criteria.append(Criterion(criterion.kind, lines, _plain(words_of(criterion))))
    prose = tuple(_said(cut) for cut in sentences(page.prose))
    return Record(
        _lines(page),
        prose,
        tuple(outcomes),
        tuple(criteria),
        {k: tuple(v) for k, v in fields.items()},
        tuple(Said(row.text, row.line) for row in page.rows),
    )


def _lines(page: Page) -> tuple[Said, ...]:
    cuts = [item.value for item in page.fields] + list(page.prose)
    cuts += [cut for outcome in page.outcomes for cut in outcome.cuts]
    cuts += [cut for criterion in page.criteria for cut in criterion.cuts]
    ordered = sorted((cut for cut in cuts if cut.text), key=lambda cut: (cut.row.index, cut.start))
    return tuple(_said(cut) for cut in ordered)


def _said(cut: Cut) -> Said:
    return Said(_plain(cut.text), cut.line)


def _plain(text: str) -> str:
    return _ESCAPE.sub(r"\1", text).translate(_WIDE).translate(_ROMAN)


def pattern(text: str) -> re.Pattern[str]:
    """Detectors read text as people type it: case never decides."""
    return re.compile(text, re.IGNORECASE)
