"""Ladder, fractions and lymphodepletion."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from protocyte.base import Problem, find_unit
from protocyte.study.document import Document
from protocyte.study.model import Study
from protocyte.study.problems import error, warning


def ladder_is_not_empty(study: Study, document: Document) -> Iterator[Problem]:
    if not study.ladder:
        yield error(document, "ladder", "ladder.empty")


def ladder_has_one_unit(study: Study, document: Document) -> Iterator[Problem]:
    """cells/kg and 10^6 cells/kg are one unit; cells and cells/kg are not."""
    dimensions = {label: _dimension(study.ladder[label].unit) for label in document.names("ladder")}
    for label, dimension in dimensions.items():
        first = next(iter(dimensions.values()))
        if dimension != first:
            yield error(document, f"ladder.{label}", "ladder.unit", label=label, dose=study.ladder[label])


def ladder_rises(study: Study, document: Document) -> Iterator[Problem]:
    listed = [(label, study.ladder[label]) for label in document.names("ladder")]
    for (lower, low), (label, dose) in pairwise(listed):
        if _dimension(low.unit) == _dimension(dose.unit) and dose.to(low.unit).value <= low.value:
            path = f"ladder.{label}"
            yield error(document, path, "ladder.order", label=label, dose=dose, lower=lower, low=low)


def levels_are_apart(study: Study, document: Document) -> Iterator[Problem]:
    """An infusion that is within the tolerance of two levels could be counted at either."""
    share = study.dosing.tolerance.to("1").value
    for (lower, low), (label, dose) in pairwise(study.ladder.items()):
        if _dimension(low.unit) != _dimension(dose.unit):
            continue
        value = dose.to(low.unit).value
        if value > low.value and value * (1 - share) <= low.value * (1 + share):
            tolerance = study.dosing.tolerance
            yield warning(
                document, "dosing.tolerance", "dosing.tolerance", given=tolerance, lower=lower, label=label
            )


def shares_are_shares(study: Study, document: Document) -> Iterator[Problem]:
    given = {
        "dosing.tolerance": study.dosing.tolerance,
        "evaluability.minimum_dose": study.evaluability.minimum_dose,
    }
    for path, share in given.items():
        if not 0 <= share.to("1").value <= 1:
            yield error(document, path, "quantity.share", given=share)


def cap_is_above_the_ladder(study: Study, document: Document) -> Iterator[Problem]:
    cap = study.dosing.cap
    for label, dose in study.ladder.items():
        comparable = cap is not None and _dimension(cap.unit) == _dimension(dose.unit)
        if cap is not None and comparable and dose.to(cap.unit).value > cap.value:
            yield error(document, "dosing.cap", "dosing.cap", cap=cap, label=label, dose=dose)


def fractions_follow_each_other(study: Study, document: Document) -> Iterator[Problem]:
    fractions = study.dosing.fractions
    if fractions and fractions[0].day != 0:
        yield error(document, "dosing.fractions.0", "dosing.first_fraction", day=fractions[0].day)
    for index, (before, fraction) in enumerate(pairwise(fractions), start=1):
        if fraction.day <= before.day:
            path = f"dosing.fractions.{index}"
            yield error(document, path, "dosing.fraction_order", day=fraction.day, before=before.day)
    for index, fraction in enumerate(fractions):
        if fraction.share.value <= 0:
            path = f"dosing.fractions.{index}"
            yield error(document, path, "quantity.share", given=fraction.share)


def fractions_have_a_condition(study: Study, document: Document) -> Iterator[Problem]:
    if study.dosing.fractions and study.dosing.next_fraction is None:
        yield warning(document, "dosing.fractions", "dosing.next_fraction")


def lymphodepletion_comes_before(study: Study, document: Document) -> Iterator[Problem]:
    plan = study.lymphodepletion
    if any(day >= 0 for day in plan.days):
        yield error(document, "lymphodepletion.days", "lymphodepletion.days")
    for name, agent in plan.agents.items():
        strange = sorted(set(agent.days) - set(plan.days))
        if strange:
            path = f"lymphodepletion.agents.{name}"
            yield error(document, path, "lymphodepletion.agent_days", agent=name, days=strange)


def lymphodepletion_is_stated(study: Study, document: Document) -> Iterator[Problem]:
    plan = study.lymphodepletion
    if not plan.agents:
        yield warning(document, "lymphodepletion.agents", "lymphodepletion.no_agents")
    for name, agent in plan.agents.items():
        if agent.dose is None or not (agent.days or plan.days):
            path = f"lymphodepletion.agents.{name}"
            yield warning(document, path, "lymphodepletion.no_dose", agent=name)


def _dimension(unit: str) -> str:
    known = find_unit(unit)
    return known.dimension if known else unit


CHECKS = (
    ladder_is_not_empty,
    ladder_has_one_unit,
    ladder_rises,
    levels_are_apart,
    shares_are_shares,
    cap_is_above_the_ladder,
    fractions_follow_each_other,
    fractions_have_a_condition,
    lymphodepletion_comes_before,
    lymphodepletion_is_stated,
)
