"""How this room says what is wrong: the rule's name gives the sentence, the path gives the place."""

from __future__ import annotations

from protocyte.base import Message, Problem
from protocyte.base.problem import Severity
from protocyte.study.document import Document


def message_key(rule: str) -> str:
    """The sentence of a rule of this room: `ladder.unit` is said by `study.ladder_unit`."""
    return f"study.{rule.replace('.', '_')}"


def error(document: Document, path: str, rule: str, /, **params: object) -> Problem:
    return _said(document, path, rule, "error", params)


def warning(document: Document, path: str, rule: str, /, **params: object) -> Problem:
    return _said(document, path, rule, "warning", params)


def _said(document: Document, path: str, rule: str, severity: Severity, params: dict[str, object]) -> Problem:
    message = Message.of(message_key(rule), path=path, **params)
    return Problem(severity=severity, rule=rule, message=message, place=document.place(path))
