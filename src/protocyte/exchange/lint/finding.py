"""What a detector says: which rule, how bad, where, with what words filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from protocyte.base import Message, Place, Problem
from protocyte.base.problem import Severity
from protocyte.exchange.lint.reading import Record, Said


@dataclass(frozen=True, slots=True)
class Finding:
    """`rule` is `FAMILY.topic.defect`: the family as the catalogue numbers it, then the defect's own name."""

    rule: str
    severity: Severity
    at: Said
    params: dict[str, object] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The sentence of `DESIGN-01.phase.missing` is `lint_phase_missing`."""
        return "lint_" + self.rule.partition(".")[2].replace(".", "_")

    def problem(self, file: str) -> Problem:
        said = Message.of(f"exchange.{self.message}", **self.params)
        return Problem(
            severity=self.severity, rule=self.rule, message=said, place=Place(file=file, line=self.at.line)
        )


Detector = Callable[[Record], Iterator[Finding]]


def error(rule: str, at: Said, /, **params: object) -> Finding:
    return Finding(rule, "error", at, params)


def warning(rule: str, at: Said, /, **params: object) -> Finding:
    return Finding(rule, "warning", at, params)


def info(rule: str, at: Said, /, **params: object) -> Finding:
    return Finding(rule, "info", at, params)
