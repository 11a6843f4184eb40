"""What every page shape is read into, before anything is understood: fields, outcomes, criteria, prose."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from protocyte.exchange.registry.source import Cut, Row

Role = Literal["primary", "secondary", "exploratory"]
Kind = Literal["inclusion", "exclusion"]


@dataclass(frozen=True, slots=True)
class Field:
    """A value the page labels itself; `name` is ours, `label` the page's own word ("" where none stands)."""

    name: str
    value: Cut
    label: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One registered outcome. `role` is None where the page does not tell primary from secondary."""

    role: Role | None
    measure: Cut
    description: tuple[Cut, ...] = ()
    time_frame: Cut | None = None

    @property
    def cuts(self) -> tuple[Cut, ...]:
        return (self.measure, *self.description, *((self.time_frame,) if self.time_frame else ()))


@dataclass(frozen=True, slots=True)
class CriterionText:
    """One criterion as text. `kind` is None where the page does not say; `assumed` where only its order does."""

    kind: Kind | None
    cuts: tuple[Cut, ...]
    assumed: bool = False

    @property
    def text(self) -> str:
        return " ".join(cut.text for cut in self.cuts if cut.text)


@dataclass
class Page:
    """A record taken apart. `headings` are the page's own labels, known and so not facts."""

    shape: str
    rows: tuple[Row, ...]
    fields: list[Field] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    criteria: list[CriterionText] = field(default_factory=list)
    prose: list[Cut] = field(default_factory=list)
    headings: list[Cut] = field(default_factory=list)

    def all(self, *names: str) -> list[Field]:
        return [item for item in self.fields if item.name in names]

    def first(self, *names: str) -> Field | None:
        return next(iter(self.all(*names)), None)

    @property
    def texts(self) -> list[Cut]:
        """Where free statements may stand: titles and arms first, then running text."""
        return [item.value for item in self.all("title", "intervention", "arm")] + self.prose
