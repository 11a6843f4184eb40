"""Edit checks at write time: values that cannot be. What is odd but possible is accepted (and queried).

Models accept whatever was ever written; these checks run only when something is written now, so tightening
one never makes an old record unreadable.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from protocyte.base import Measured, Message, Place, Problem, UnitError, convert
from protocyte.conduct.scene import Scene
from protocyte.records import Record
from protocyte.records.efficacy import KineticsSample, Marrow
from protocyte.records.follow_up import Transplant
from protocyte.records.measurements import Examination, Labs, Result
from protocyte.records.safety import AdverseEvent, CrsAssessment, GvhdAssessment, IcansAssessment
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


def check_edits(scene: Scene, record: Record) -> tuple[Problem, ...]:
    return tuple(_found(scene, record))


def _found(scene: Scene, record: Record) -> Iterator[Problem]:
    match record:
        case Labs() | Examination():
            for index, result in enumerate(record.results):
                yield from _result(result, f"results.{index}")
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
        case Infusion():
            yield from _order(record.weight_on, record.on, "weight_on")
        case KineticsSample():
            yield from _sample(scene, record)
        case _:
            return


def _result(result: Result, path: str) -> Iterator[Problem]:
    if (result.value is None) == (result.finding is None):
        yield _say("one_value", path)
    row = next((row for row in fact_rows() if row.source.endswith(f":{result.test}")), None)
    if row is not None and row.codes and result.finding is not None and result.finding not in row.codes:
        yield _say("not_a_finding", path, finding=result.finding, known=row.codes)
    if row is not None and row.kind == "quantity" and result.value is not None:
        yield from _unit(result.value, row.unit, row.analyte or None, path)
    yield from _limits(result.test, result.value, path)
    if result.value is not None and result.value.value < 0:
        yield _say("negative", path, value=result.value)


def _unit(value: Measured, unit: str, analyte: str | None, path: str) -> Iterator[Problem]:
    try:
        convert(value.value, value.unit, unit, analyte)
    except UnitError as error:
        yield _say("unit", path, why=error)


def _limits(test: str, value: Measured | None, path: str) -> Iterator[Problem]:
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
    if not record.course:
        yield _say("no_grade", "course")
        return
    days = [change.on for change in record.course]
    if days != sorted(days):
        yield _say("course_order", "course")
    if max(days) > scene.today:
        yield _say("in_future", "course", on=max(days), today=scene.today)
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
