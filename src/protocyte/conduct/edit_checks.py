"""Edit checks at write time: values that cannot be. What is odd but possible is accepted (and queried).

Models accept whatever was ever written; these checks run only when something is written now, so tightening
one never makes an old record unreadable.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from protocyte.base import Measured, Message, Place, Problem, Quantity, UnitError, convert
from protocyte.conduct.scene import Scene
from protocyte.derive.age import years_between
from protocyte.records import Record
from protocyte.records.efficacy import KineticsSample, Marrow
from protocyte.records.follow_up import Transplant
from protocyte.records.measurements import Examination, Labs, Result
from protocyte.records.product import Manufacture, Release
from protocyte.records.safety import AdverseEvent, CrsAssessment, GvhdAssessment, IcansAssessment
from protocyte.records.screening import Demographics
from protocyte.records.treatment import Bridging, Infusion, Medication
from protocyte.study.fact_table import fact_rows

# What a living person, a thermometer or a percentage can show; outside lies a slip of the hand.
_LIMITS: dict[str, tuple[str, str, str]] = {
    "temperature": ("Cel", "30", "44"),
    "spo2": ("%", "30", "100"),
    "lvef": ("%", "5", "95"),
    "weight": ("kg", "2", "300"),
    "ecog": ("1", "0", "5"),
    "kps": ("1", "0", "100"),
    "nyha": ("1", "1", "4"),
}
OLDEST = 120  # years; a century mistyped is the slip to find


def check_edits(scene: Scene, record: Record) -> tuple[Problem, ...]:
    return tuple(_found(scene, record))


def check_sense(scene: Scene, record: Record) -> tuple[Problem, ...]:
    """What rules calculate with must be there, and comparable: doses in the unit of the ladder."""
    unit = scene.study.dose_of(1).unit
    match record:
        case Infusion():
            doses = {
                "planned": record.planned,
                "manufactured": record.manufactured,
                "infused": record.infused,
            }
        case Release():
            doses = {"dose": record.dose}
        case AdverseEvent() if not record.course:
            return (_say("no_grade", "course"),)
        case _:
            return ()
    found: list[Problem] = []
    for path, dose in doses.items():
        found += _unit(dose, unit, None, path)
        if dose.value < 0:
            found.append(_say("negative", path, value=dose))
    return tuple(found)


def _found(scene: Scene, record: Record) -> Iterator[Problem]:
    match record:
        case Labs() | Examination():
            for index, result in enumerate(record.results):
                yield from _result(scene, record.form, result, f"results.{index}")
        case Marrow():
            yield from _percent(record.blasts, "blasts")
            yield from _percent(record.cellularity, "cellularity")
        case CrsAssessment():
            yield from _limits("temperature", record.temperature, "temperature")
            yield from _whole(record.vasopressors, "vasopressors", 0, 10)
        case IcansAssessment():
            yield from _whole(record.ice_score, "ice_score", 0, 10)
            yield from _whole(record.capd, "capd", 0, 32)
        case GvhdAssessment():
            for organ in ("skin", "liver", "lower_gi"):
                yield from _whole(getattr(record, organ), organ, 0, 4)
            yield from _whole(record.upper_gi, "upper_gi", 0, 1)
        case AdverseEvent():
            yield from _event(scene, record)
        case Bridging() | Medication():
            yield from _order(record.started, record.ended, "ended")
        case Transplant():
            yield from _order(record.conditioning, record.on, "on")
        case Manufacture():
            yield from _order(record.started, record.finished, "finished")
        case Demographics():
            yield from _age(record)
        case Infusion():
            yield from _order(record.weight_on, record.on, "on")
            yield from _limits("weight", record.weight, "weight")
        case KineticsSample():
            yield from _sample(scene, record)
        case _:
            return


def _result(scene: Scene, form: str, result: Result, path: str) -> Iterator[Problem]:
    if (result.value is None) == (result.finding is None):
        yield _say("one_value", path)
    kind = _kind_of(scene, form, result.test)
    if kind is not None:
        yield from _of_kind(kind, result, path)
    yield from _limits(result.test, result.value, path)
    if result.value is not None and result.value.value < 0:
        yield _say("negative", path, value=result.value)


class _Kind(NamedTuple):
    """What rules take a test's results to be."""

    kind: str
    codes: tuple[str, ...]
    unit: str
    analyte: str | None


def _kind_of(scene: Scene, form: str, test: str) -> _Kind | None:
    source = f"{form}:{test}"
    for row in fact_rows():
        if row.source == source:
            return _Kind(row.kind, row.codes, row.unit, row.analyte or None)
    for fact in scene.study.facts.values():
        if f"{fact.source}:{fact.item}" == source:
            return _Kind(fact.kind, fact.codes, fact.unit or "1", None)
    return None


def _of_kind(kind: _Kind, result: Result, path: str) -> Iterator[Problem]:
    """A word where a number is asked for, or a number for a word, would be no answer to any rule."""
    if kind.codes and result.finding is not None and result.finding not in kind.codes:
        yield _say("not_a_finding", path, finding=result.finding, known=kind.codes)
    if kind.codes and result.value is not None:
        yield _say("not_a_finding", path, finding=result.value, known=kind.codes)
    if kind.kind in ("quantity", "number"):
        if result.finding is not None:
            yield _say("not_a_number", path, finding=result.finding)
        for value in (result.value, result.lower_limit, result.upper_limit):
            if value is not None:
                yield from _unit(value, kind.unit, kind.analyte, path)


def _age(record: Demographics) -> Iterator[Problem]:
    """The stated age may settle the month of a birthday; it cannot be another age, nor one that nobody reaches."""
    low, high = years_between(record.birth, record.on)
    if high > OLDEST:
        yield _say("out_of_range", "birth", value=record.birth, low=0, high=OLDEST, unit="y")
    if record.age is None:
        return
    if not low <= record.age <= high:
        yield _say("out_of_range", "age", value=record.age, low=low, high=high, unit="y")


def _unit(value: Quantity, unit: str, analyte: str | None, path: str) -> Iterator[Problem]:
    try:
        convert(value.value, value.unit, unit, analyte)
    except UnitError as error:
        yield _say("unit", path, why=error)


def _limits(test: str, value: Quantity | None, path: str) -> Iterator[Problem]:
    if value is None or test not in _LIMITS:
        return
    unit, low, high = _LIMITS[test]
    try:
        number = convert(value.value, value.unit, unit)
    except UnitError as error:
        yield _say("unit", path, why=error)
        return
    if not Decimal(low) <= number <= Decimal(high):
        yield _say("out_of_range", path, value=value, low=low, high=high, unit=unit)


def _percent(value: Measured | None, path: str) -> Iterator[Problem]:
    if value is None:
        return
    try:
        number = convert(value.value, value.unit, "%")
    except UnitError as error:
        yield _say("unit", path, why=error)
        return
    if not 0 <= number <= 100:
        yield _say("out_of_range", path, value=value, low=0, high=100, unit="%")


def _whole(value: int | None, path: str, low: int, high: int) -> Iterator[Problem]:
    if value is not None and not low <= value <= high:
        yield _say("out_of_range", path, value=value, low=low, high=high, unit="")


def _order(first: date, last: date | None, path: str) -> Iterator[Problem]:
    if last is not None and last < first:
        yield _say("order", path, first=first, last=last)


def _event(scene: Scene, record: AdverseEvent) -> Iterator[Problem]:
    days = [change.on for change in record.course]
    if days != sorted(days):
        yield _say("course_order", "course")
    yield from _order(record.onset, record.ended, "ended")
    if (record.outcome == "fatal") != (record.maximum_grade == 5):
        yield _say("fatal_grade", "outcome")
    if record.maximum_grade == 5 and "death" not in record.serious:
        yield _say("fatal_serious", "serious")


def _sample(scene: Scene, record: KineticsSample) -> Iterator[Problem]:
    plans = [
        plan
        for plan in scene.study.kinetics.values()
        if (plan.analyte, plan.matrix, plan.assay) == (record.analyte, record.matrix, record.assay)
    ]
    if not plans:
        what = f"{record.analyte} {record.matrix} {record.assay}"
        yield _say("no_assay", "analyte", what=what, known=tuple(scene.study.kinetics))
        return
    yield from _unit(record.value, plans[0].lloq.unit, None, "value")


def _say(name: str, path: str, **params: Any) -> Problem:
    message = Message.of(f"conduct.edit_{name}", field=path, **params)
    return Problem(
        severity="error", rule=f"edit.{name}", message=message, place=Place(file="command", path=path)
    )
