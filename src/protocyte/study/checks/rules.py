"""Every rule of the study: can it be read, and does it fit the facts it may name?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from protocyte.base import Place, Problem
from protocyte.rules import Fact, Rule, parse_rule
from protocyte.rules.check import check
from protocyte.study.document import Document
from protocyte.study.facts import dlt_scope, eligibility_scope, own_facts, response_scope
from protocyte.study.model import Study
from protocyte.study.problems import error


class RuleAt(NamedTuple):
    """A rule's text, its path in the file, and the names it may use (None where they cannot be known)."""

    path: str
    text: str
    scope: Mapping[str, Fact] | None


def own_facts_can_be_named(study: Study, document: Document) -> Iterator[Problem]:
    for name, why in own_facts(study)[1].items():
        yield error(document, f"facts.{name}", "facts.name", name=name, detail=why)


def eligibility_rules_can_be_read(study: Study, document: Document) -> Iterator[Problem]:
    for at in eligibility_rules(study):
        yield from _problems_of(at, document)


def dlt_rules_can_be_read(study: Study, document: Document) -> Iterator[Problem]:
    for at in dlt_rules(study):
        yield from _problems_of(at, document)


def dosing_rules_can_be_read(study: Study, document: Document) -> Iterator[Problem]:
    for at in dosing_rules(study):
        yield from _problems_of(at, document)


def response_rules_can_be_read(study: Study, document: Document) -> Iterator[Problem]:
    for at in response_rules(study):
        yield from _problems_of(at, document)


def _problems_of(at: RuleAt, document: Document) -> Iterator[Problem]:
    span = document.spans.get(at.path)
    quoted = span is not None and document.text[span[0]] in "'\"|>"
    if not quoted and document.rest_of_line(at.path).strip().startswith("#"):
        yield error(document, at.path, "rule.comment")
    start = Place(line=1, column=1)
    rule = parse_rule(at.text, start)
    found = rule if not isinstance(rule, Rule) else check(rule, at.scope, start) if at.scope else ()
    for problem in found:
        yield problem.model_copy(update={"place": _in_file(problem, at, document)})


def _in_file(problem: Problem, at: RuleAt, document: Document) -> Place:
    """Rules count lines and columns in their own text."""
    line, column = problem.place.line or 1, problem.place.column or 1
    before = at.text.split("\n")[: line - 1]
    return document.place_in(at.path, sum(len(text) + 1 for text in before) + column - 1)


def eligibility_rules(study: Study) -> Iterator[RuleAt]:
    scope = _known(eligibility_scope, study)
    for name, criterion in study.eligibility.items():
        if criterion.rule is not None:
            yield RuleAt(f"eligibility.{name}.rule", criterion.rule, scope)


def dlt_rules(study: Study) -> Iterator[RuleAt]:
    scope = _known(dlt_scope, study)
    for name, criterion in study.dlt.criteria.items():
        yield RuleAt(f"dlt.criteria.{name}.when", criterion.when, scope)


def dosing_rules(study: Study) -> Iterator[RuleAt]:
    scope = _known(dlt_scope, study)
    if study.dosing.next_fraction is not None:
        yield RuleAt("dosing.next_fraction", study.dosing.next_fraction, scope)
    if study.dosing.climb is not None:
        yield RuleAt("dosing.climb.unless", study.dosing.climb.unless, scope)


def response_rules(study: Study) -> Iterator[RuleAt]:
    scope = _known(response_scope, study)
    for name, criteria in study.response.criteria.items():
        path = f"response.criteria.{name}"
        for label, text in criteria.categories.items():
            yield RuleAt(f"{path}.categories.{label}", text, scope)
        if criteria.adequate is not None:
            yield RuleAt(f"{path}.adequate", criteria.adequate, scope)
    yield RuleAt("response.relapse", study.response.relapse, scope)


def _known(scope: Callable[[Study], Mapping[str, Fact]], study: Study) -> Mapping[str, Fact] | None:
    """A scope needs the study's diseases and facts; where these cannot be read, rules are read all the same."""
    try:
        return scope(study)
    except AttributeError as absent:
        if absent.obj is study:
            return None
        raise


CHECKS = (
    own_facts_can_be_named,
    eligibility_rules_can_be_read,
    dlt_rules_can_be_read,
    dosing_rules_can_be_read,
    response_rules_can_be_read,
)
