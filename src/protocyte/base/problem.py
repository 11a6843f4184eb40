"""Problems: what is wrong in something a person wrote, as values with their place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from protocyte.base.message import Language, Message, render
from protocyte.base.model import Frozen

Severity = Literal["error", "warning", "info"]


class Place(Frozen):
    """Where in a file: `line` and `column` count from 1; `path` is the dotted path in the document."""

    file: str = ""
    line: int | None = None
    column: int | None = None
    path: str = ""

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file or "-", self.line, self.column) if part)


class Problem(Frozen):
    """One thing wrong, where, by which rule (a stable dotted name that the documentation lists)."""

    severity: Severity
    rule: str
    message: Message
    place: Place = Place()

    def sentence(self, language: Language = "en") -> str:
        """`file:line:column: severity rule: what is wrong and what to do`."""
        return f"{self.place}: {self.severity} {self.rule}: {render(self.message, language)}"

    def as_json(self, language: Language = "en") -> dict[str, object]:
        """What `--json` prints for a problem."""
        return {
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "path": self.place.path,
            "severity": self.severity,
            "rule": self.rule,
            "message": render(self.message, language),
        }


def has_errors(problems: Iterable[Problem]) -> bool:
    return any(problem.severity == "error" for problem in problems)
