"""Disposition, demography and exposure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from protocyte.analysis.tables import Column, ResultTable, Row, Share
from protocyte.exchange.sdtm.blocks import (
    TOTAL,
    Arms,
    Group,
    heads,
    kinds,
    measure,
    randomised,
    safety,
    said,
    share_row,
)
from protocyte.exchange.sdtm.subjects import Subject

AGE_GROUPS = ("<18", "18-64", ">64")  # the groups of admiral's ADSL (AGEGR1)


def disposition(subjects: Group, domains: frozenset[str] = frozenset({"ds", "ex"})) -> ResultTable:
    """From screening to the end of the study, by the arm planned; screening only in total."""
    arms = randomised(subjects)
    blank = (None,) * (len(arms) - 1)
    failures = sum(one.screen_failure for one in subjects)
    unassigned = sum(not one.planned and not one.screen_failure for one in subjects)
    rows = [
        Row((said("screened"), *blank, len(subjects))),
        Row((said("screen_failures"), *blank, Share(failures, len(subjects)))),
    ]
    if unassigned:
        rows.append(Row((said("not_assigned"), *blank, Share(unassigned, len(subjects)))))
    rows.append(share_row(said("randomised"), arms, lambda one: True, strong=True))
    if "ex" in domains:
        rows.append(share_row(said("treated"), arms, lambda one: one.is_treated))
    if "ds" in domains:
        rows += _ends(arms)
    rows.append(share_row(said("died"), arms, lambda one: one.died))
    without = tuple(said("note_no_domain", domain=one.upper()) for one in ("ds", "ex") if one not in domains)
    return ResultTable(
        "sdtm_disposition", said("title_disposition"), (Column(said("stage")), *heads(arms)),
        tuple(rows) if subjects else (), said("of_screened", n=len(subjects)),
        (said("note_planned"), said("note_disposition"), said("note_treated"), said("note_died"), *without),
        said("nobody"),
    )  # fmt: skip


def _ends(arms: Arms) -> list[Row]:
    often = Counter(one.reason for one in arms[TOTAL] if one.reason)
    reasons = sorted(often, key=lambda reason: (-often[reason], reason))
    rows = [
        share_row(said("completed"), arms, lambda one: one.completed),
        share_row(said("discontinued"), arms, lambda one: bool(one.reason)),
        *(share_row(reason, arms, _left_for(reason), said("reason")) for reason in reasons),
    ]
    if any(not one.completed and not one.reason for one in arms[TOTAL]):
        rows.append(share_row(said("no_end"), arms, lambda one: not one.completed and not one.reason))
    return rows


def _left_for(reason: str) -> Callable[[Subject], bool]:
    return lambda one: one.reason == reason


def age_group(subject: Subject) -> str:
    if subject.age is None:
        return ""
    return AGE_GROUPS[0] if subject.age < 18 else AGE_GROUPS[1] if subject.age < 65 else AGE_GROUPS[2]


def demography(subjects: Group) -> ResultTable:
    """Of whoever was assigned to an arm, by the arm planned."""
    arms = randomised(subjects)
    groups = AGE_GROUPS if any(age_group(one) == AGE_GROUPS[0] for one in arms[TOTAL]) else AGE_GROUPS[1:]
    rows = [
        *measure(said("age"), arms, lambda one: one.age),
        *kinds(said("age_group"), arms, age_group, groups),
        *kinds(said("sex"), arms, lambda one: one.sex),
        *kinds(said("race"), arms, lambda one: one.race),
        *kinds(said("ethnicity"), arms, lambda one: one.ethnicity),
        *kinds(said("country"), arms, lambda one: one.country),
        *measure(said("weight"), arms, lambda one: vital(one, "WEIGHT", "kg")),
        *measure(said("height"), arms, lambda one: vital(one, "HEIGHT", "cm")),
        *measure(said("bmi"), arms, body_mass_index),
    ]
    return ResultTable(
        "sdtm_demography", said("title_demography"), (Column(said("characteristic")), *heads(arms)),
        tuple(rows) if arms[TOTAL] else (), said("of_randomised", n=len(arms[TOTAL])),
        (said("note_planned"), said("note_age_group"), said("note_vitals"), said("note_quartiles")),
        said("nobody_randomised"),
    )  # fmt: skip


def vital(subject: Subject, test: str, unit: str) -> float | None:
    """The baseline value, where its unit is the standard one: another would be averaged with kilograms."""
    found = subject.baseline(one for one in subject.vitals if one.test == test and one.unit.lower() == unit)
    return None if found is None else found.value


def body_mass_index(subject: Subject) -> float | None:
    weight, height = vital(subject, "WEIGHT", "kg"), vital(subject, "HEIGHT", "cm")
    return weight / (height / 100) ** 2 if weight is not None and height else None


def exposure(subjects: Group) -> ResultTable:
    """Of the safety population, by the arm treated in. Doses of different units are never added."""
    arms = safety(subjects)
    units = sorted({dose.unit for one in arms[TOTAL] for dose in one.doses if dose.is_dose})
    rows = [
        *measure(said("duration"), arms, lambda one: one.days),
        *measure(said("dose_records"), arms, lambda one: sum(dose.is_dose for dose in one.doses)),
        *measure(said("doses_given"), arms, doses_given),
    ]
    for unit in units:
        rows += measure(said("cumulative", unit=unit or said("no_unit")), arms, _cumulative(unit))
        rows += measure(said("daily", unit=unit or said("no_unit")), arms, _daily(unit))
    return ResultTable(
        "sdtm_exposure", said("title_exposure"), (Column(said("characteristic")), *heads(arms)),
        tuple(rows) if arms[TOTAL] else (), said("of_safety", n=len(arms[TOTAL])),
        (said("note_actual"), said("note_duration"), said("note_cumulative"), said("note_quartiles")),
        said("nobody_treated"),
    )  # fmt: skip


def doses_given(subject: Subject) -> float | None:
    return _sum([dose.times for dose in subject.doses if dose.is_dose])


def cumulative(subject: Subject, unit: str) -> float | None:
    """None where a record's days or frequency are not known: a part of the dose is not the dose."""
    if any(dose.is_dose and dose.unit != unit for dose in subject.doses):
        return None
    return _sum([dose.given for dose in subject.doses if dose.is_dose])


def _cumulative(unit: str) -> Callable[[Subject], float | None]:
    return lambda one: cumulative(one, unit)


def _daily(unit: str) -> Callable[[Subject], float | None]:
    def daily(one: Subject) -> float | None:
        total = cumulative(one, unit)
        return total / one.days if total is not None and one.days else None

    return daily


def _sum(found: list[float | None]) -> float | None:
    known = [one for one in found if one is not None]
    return sum(known) if len(known) == len(found) else None
