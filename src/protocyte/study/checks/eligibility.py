"""Criteria held against each other and against the gates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from protocyte.base import Problem
from protocyte.rules import Rule, parse_rule
from protocyte.study.checks.leaves import leaves_of, window_of, without_window
from protocyte.study.document import Document
from protocyte.study.eligibility import Criterion, Gate
from protocyte.study.model import Study
from protocyte.study.problems import error, warning


def each_gate_is_judged(study: Study, document: Document) -> Iterator[Problem]:
    judged = {gate for criterion in study.eligibility.values() for gate in criterion.gates}
    for gate in get_args(Gate):
        if gate not in judged:
            yield warning(document, "eligibility", "eligibility.gate", gate=gate)


def consent_is_asked(study: Study, document: Document) -> Iterator[Problem]:
    if not any("consent_given" in (criterion.rule or "") for criterion in study.eligibility.values()):
        yield warning(document, "eligibility", "eligibility.no_consent")


def antigen_is_asked(study: Study, document: Document) -> Iterator[Problem]:
    if not any("antigen_" in (criterion.rule or "") for criterion in study.eligibility.values()):
        yield warning(document, "eligibility", "eligibility.no_antigen", antigen=study.product.antigen)


def criteria_say_it_once(study: Study, document: Document) -> Iterator[Problem]:
    """The same rule twice: harmless in two inclusions, but nobody passes it in an inclusion and an exclusion."""
    seen: dict[str, str] = {}
    for name, criterion in _as_listed(study, document):
        rule = parse_rule(criterion.rule) if criterion.rule else None
        if not isinstance(rule, Rule):
            continue
        first = seen.setdefault(rule.text, name)
        path = f"eligibility.{name}.rule"
        if first == name:
            continue
        if study.eligibility[first].kind != criterion.kind:
            yield error(document, path, "eligibility.contradiction", name=name, first=first)
        else:
            yield warning(document, path, "eligibility.twice", name=name, first=first)


def criteria_agree_on_windows(study: Study, document: Document) -> Iterator[Problem]:
    """One condition asked in two criteria with two windows: the wider one makes the other idle."""
    seen: dict[str, tuple[str, str]] = {}
    for name, criterion in _as_listed(study, document):
        for leaf in leaves_of(criterion.rule or ""):
            window = window_of(leaf)
            if not window:
                continue
            first, before = seen.setdefault(without_window(leaf), (name, window))
            if first != name and before != window:
                yield warning(
                    document,
                    f"eligibility.{name}.rule",
                    "eligibility.windows",
                    test=without_window(leaf),
                    window=window,
                    first=first,
                    before=before,
                )


def _as_listed(study: Study, document: Document) -> Iterator[tuple[str, Criterion]]:
    """In the order of the file, so that the second of two is the one found fault with."""
    for name in document.names("eligibility"):
        if name in study.eligibility:
            yield name, study.eligibility[name]


def diseases_have_diagnoses(study: Study, document: Document) -> Iterator[Problem]:
    if not study.diseases:
        yield error(document, "diseases", "diseases.empty")
    for name, disease in study.diseases.items():
        if not disease.diagnoses:
            yield error(document, f"diseases.{name}.diagnoses", "diseases.no_diagnosis", name=name)


CHECKS = (
    each_gate_is_judged,
    consent_is_asked,
    antigen_is_asked,
    criteria_say_it_once,
    criteria_agree_on_windows,
    diseases_have_diagnoses,
)
