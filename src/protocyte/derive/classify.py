"""Response categories: the first whose rule is met, best first, in three values.

Where a better category is unknown the answer is not the next one: it is "not evaluable" together with the
categories that remain possible and what is missing. MRD never enters a category; it stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from protocyte.base import InputError, Measured, Message
from protocyte.derive.compiled import compiled
from protocyte.rules import Facts, FactTable, Observation, Observations, Verdict
from protocyte.study.efficacy import CriteriaSet
from protocyte.study.model import Study
from protocyte.vocab.response_sets import RESPONSE_SETS, response_set

NOT_EVALUABLE = "NE"


@dataclass(frozen=True)
class Criteria:
    """Categories best first, as label and rule text."""

    id: str
    categories: tuple[tuple[str, str], ...]
    otherwise: str
    adequate: str | None

    @property
    def order(self) -> tuple[str, ...]:
        """All labels, best first. Progression is judged before `otherwise` but is worse than it."""
        labels = [label for label, _ in self.categories]
        worst = [label for label in labels if label == "PD"]
        return (*(label for label in labels if label != "PD"), self.otherwise, *worst)


@dataclass(frozen=True)
class Classified:
    """`category` is `NE` where an assessment is inadequate or too little is known.

    `possible` then holds the categories that remain (empty for a marrow known to be inadequate), `missing`
    what would decide. `verdict` is the rule that was met, or the first that could not be answered.
    """

    criteria: str
    category: str
    possible: tuple[str, ...]
    adequate: bool | None
    verdict: Verdict | None
    missing: tuple[str, ...]
    why: Message

    @property
    def evaluable(self) -> bool:
        return self.category != NOT_EVALUABLE


@lru_cache(maxsize=64)
def shipped_criteria(name: str) -> Criteria:
    """Published criteria by name. Raises `InputError` for a name no set has."""
    found = response_set(name)
    return Criteria(found.id, tuple(found.categories.items()), found.otherwise, found.adequate)


def study_criteria(study: Study, name: str) -> Criteria:
    """The study's own criteria called `name`, or the shipped ones. Raises `InputError` for neither."""
    own = study.response.criteria.get(name)
    if own is not None:
        return own_criteria(name, own)
    if name not in RESPONSE_SETS:
        raise InputError(Message.of("derive.criteria_unknown", name=repr(name)))
    return shipped_criteria(name)


def own_criteria(name: str, own: CriteriaSet) -> Criteria:
    return Criteria(name, tuple(own.categories.items()), own.otherwise, own.adequate)


def classify(criteria: Criteria, facts: Facts) -> Classified:
    """The response that `facts` of one assessment amount to."""
    adequacy = compiled(criteria.adequate).evaluate(facts) if criteria.adequate else None
    adequate = True if adequacy is None else {"met": True, "not_met": False}.get(adequacy.outcome)
    if adequate is False:
        assert adequacy is not None
        why = Message.of("derive.response_inadequate", rule=adequacy.rule)
        return Classified(criteria.id, NOT_EVALUABLE, (), False, adequacy, (), why)
    possible: list[str] = []
    missing: dict[str, None] = dict.fromkeys(adequacy.missing if adequacy and adequate is None else ())
    first_open: Verdict | None = adequacy if adequate is None else None
    met: Verdict | None = None
    for label, text in criteria.categories:
        verdict = compiled(text).evaluate(facts)
        if verdict.outcome == "not_met":
            continue
        possible.append(label)
        if verdict.outcome == "met":
            met = verdict
            break
        missing |= dict.fromkeys(verdict.missing)
        first_open = first_open or verdict
    else:
        possible.append(criteria.otherwise)
    if first_open is not None:
        left = tuple(possible) if adequate else (*possible, NOT_EVALUABLE)
        why = Message.of("derive.response_unknown", possible=left, missing=tuple(missing))
        return Classified(criteria.id, NOT_EVALUABLE, left, adequate, first_open, tuple(missing), why)
    category = possible[0]
    if met is None:
        why = Message.of("derive.response_otherwise", category=category, criteria=criteria.id)
    else:
        why = Message.of("derive.response_met", category=category, rule=met.rule)
    return Classified(criteria.id, category, (), True, met, (), why)


# What `protocyte classify` is told, one assessment a line: input name -> fact and unit ("" for a flag).
INPUTS: dict[str, tuple[str, str]] = {
    "bm": ("blasts", "%"),
    "bm0": ("baseline_blasts", "%"),
    "pb": ("circulating_blasts", ""),
    "emd": ("extramedullary_disease", ""),
    "anc": ("anc", "10^9/L"),
    "plt": ("platelets", "10^9/L"),
    "auer": ("auer_rods", ""),
    "rbc_ti": ("red_cell_independent", ""),
    "plt_ti": ("platelet_independent", ""),
    "cells": ("cells_counted", "1"),
    "cellularity": ("cellularity", "%"),
    "spicules": ("spicules", ""),
    "mrd_negative": ("mrd_negative", ""),
    "wbc": ("wbc", "10^9/L"),
    "mono": ("monocytes", "10^9/L"),
    "monocytes": ("monocytes", "10^9/L"),
    "hb": ("hemoglobin", "g/L"),
    "in_remission": ("in_remission", ""),
}


def input_names(facts: Sequence[str]) -> tuple[str, ...]:
    """What is missing, by the name under which it would be given; a fact no input gives keeps its own."""
    names = {fact: name for name, (fact, _) in reversed(INPUTS.items())} | {"blasts.baseline": "bm0"}
    return tuple(dict.fromkeys(names.get(fact, fact) for fact in facts))


def facts_of_inputs(inputs: Mapping[str, object]) -> FactTable:
    """Facts from plain named values; what is not listed, or None, is unknown.

    `plt_ti` follows `rbc_ti` where only that is given: the criteria that need both speak of transfusion
    independence in one word. Raises `InputError` naming an input that is unknown or of a wrong kind.
    """
    unknown = sorted(set(inputs) - set(INPUTS))
    if unknown:
        raise InputError(Message.of("derive.input_unknown", name=unknown[0], known=tuple(INPUTS)))
    given = dict(inputs)
    if "plt_ti" not in given and "rbc_ti" in given:
        given["plt_ti"] = given["rbc_ti"]
    facts: dict[str, Observations] = {}
    for name, value in given.items():
        fact, unit = INPUTS[name]
        facts[fact] = Observations((Observation(_input(name, value, unit)),), complete=True)
    return FactTable(facts)


def _input(name: str, value: object, unit: str) -> Measured | Decimal | bool | None:
    """A flag, or an amount of zero or more: a bare number has the input's unit, text may give another."""
    if value is None:
        return None
    if not unit:
        if isinstance(value, bool):
            return value
        raise _refused("flag", name, value)
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise _refused("number", name, value)
    text = str(value).strip()
    try:
        read = Measured.parse(f"{text} {unit}" if unit != "1" and text[-1:].isdigit() else text)
        amount = read.to(unit).value
    except ValueError:
        raise _refused("number" if unit == "1" else "quantity", name, value, unit=unit) from None
    if not amount.is_finite() or amount < 0:
        raise _refused("negative", name, value)
    if unit == "%" and amount > 100:
        raise _refused("over_all", name, value)
    return read.value if unit == "1" and not read.bound else read


def _refused(why: str, name: str, value: object, **params: object) -> InputError:
    return InputError(Message.of(f"derive.input_{why}", name=name, value=repr(value), **params))
