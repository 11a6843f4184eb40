"""Cellular kinetics of one assay: the series with its limits, its peak, and how long cells persist.

Below the quantification limit is not zero and carries no number. Two assays are never mixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from protocyte.base import Message, Quantity, UnitError
from protocyte.derive.course import Course, Held
from protocyte.derive.data_cut import until
from protocyte.derive.events import clinical_events
from protocyte.records.efficacy import KineticsSample
from protocyte.study.efficacy import KineticsAssay
from protocyte.study.model import Study

State = Literal["quantified", "detected", "below_lloq", "below_lod"]

# What ends the watch on persistence: afterwards the cells seen, or not seen, are not the first product's.
ENDS = ("transplant", "reinfusion", "new_therapy", "death")


@dataclass(frozen=True)
class Point:
    """`day` is the infusion day, `nominal` the planned day nearest to it.

    `value` is in the assay's unit: a number where quantified, or detected between the detection and the
    quantification limit; None below them. `capped`: the result is only a lower bound (`>`).
    """

    day: int
    on: date
    nominal: int | None
    value: Decimal | None
    state: State
    lloq: Decimal
    record_id: str
    capped: bool = False


@dataclass(frozen=True)
class Series:
    """`unusable` are records whose unit cannot be read in the assay's."""

    subject: str
    assay: str
    unit: str
    points: tuple[Point, ...]
    unusable: tuple[str, ...] = ()


@dataclass(frozen=True)
class Peak:
    """Highest quantified value after the infusion and the first day it was seen; last quantified one."""

    cmax: Decimal
    tmax: int
    clast: Decimal
    tlast: int


@dataclass(frozen=True)
class Persistence:
    """How long cells could be quantified, in infusion days.

    `lost`: between `after` (last quantified) and `by` (first of two consecutive results below the limit).
    `unconfirmed`: the last result alone is below it. `ongoing`: still quantified on day `after`.
    `censored`: watched until day `after`, then `ended_by` came. `never`: not once quantified.
    """

    status: Literal["lost", "unconfirmed", "ongoing", "censored", "never", "no_samples"]
    after: int | None
    by: int | None
    ended_by: str | None
    reason: Message


def series(study: Study, course: Course, assay_id: str, data_cut: date | None = None) -> Series:
    """All results of one assay in order of date. `KeyError` for an assay the study does not name."""
    assay = study.kinetics[assay_id]
    cut = until(course, data_cut)
    points: list[Point] = []
    unusable: list[str] = []
    for held in cut.all(KineticsSample):
        record = held.record
        if (record.analyte, record.matrix, record.assay) != (assay.analyte, assay.matrix, assay.assay):
            continue
        day = cut.day(record.on)
        try:
            if day is not None:
                points.append(_point(assay, held, day))
        except UnitError:
            unusable.append(held.record_id)
    return Series(course.subject, assay_id, assay.unit, tuple(points), tuple(unusable))


def peak(of: Series) -> Peak | None:
    """None where nothing was quantified after the infusion."""
    seen = [(point.day, point.value) for point in of.points if point.state == "quantified" and point.day > 0]
    known = [(day, value) for day, value in seen if value is not None]
    if not known:
        return None
    cmax = max(value for _, value in known)
    tmax = next(day for day, value in known if value == cmax)
    return Peak(cmax, tmax, known[-1][1], known[-1][0])


def persistence(study: Study, course: Course, assay_id: str, data_cut: date | None = None) -> Persistence:
    """Loss is looked for after the first quantified result: before it cells have not yet expanded."""
    cut = until(course, data_cut)
    end = _ended(study, cut)
    points = [
        point
        for point in series(study, cut, assay_id).points
        if point.day > 0 and (end is None or point.on <= end[0])
    ]
    if not points:
        return _answer("no_samples", None, None, None)
    quantified = [index for index, point in enumerate(points) if point.state == "quantified"]
    if not quantified:
        return _answer("never", None, None, None)
    for index in range(quantified[0] + 1, len(points) - 1):
        if points[index].state != "quantified" and points[index + 1].state != "quantified":
            return _answer("lost", points[index - 1].day, points[index].day, None)
    last = points[-1]
    if end is not None:
        return _answer("censored", points[quantified[-1]].day, None, end[1])
    if last.state != "quantified":
        return _answer("unconfirmed", points[-2].day, last.day, None)
    return _answer("ongoing", last.day, None, None)


def _point(assay: KineticsAssay, held: Held[KineticsSample], day: int) -> Point:
    """Raises `UnitError` where the result's unit does not measure what the assay's does."""
    record = held.record
    value = record.value.to(assay.unit).value
    lloq = _in_unit(record.lloq or assay.lloq, assay.unit)
    lod = record.lod or assay.lod
    state = _state(value, record.value.bound, lloq, None if lod is None else _in_unit(lod, assay.unit))
    known = state in ("quantified", "detected")
    capped = record.value.bound in (">", ">=")
    nominal = min(assay.days, key=lambda planned: (abs(planned - day), planned), default=None)
    return Point(day, record.on, nominal, value if known else None, state, lloq, held.record_id, capped)


def _state(value: Decimal, bound: str, lloq: Decimal, lod: Decimal | None) -> State:
    if bound in ("<", "<="):
        return "below_lod" if lod is not None and value <= lod else "below_lloq"
    if value >= lloq:
        return "quantified"
    if lod is None:
        return "below_lloq"
    return "detected" if value >= lod else "below_lod"


def _in_unit(quantity: Quantity, unit: str) -> Decimal:
    return quantity.to(unit).value


def _ended(study: Study, course: Course) -> tuple[date, str] | None:
    happened = clinical_events(study, course)
    first = [
        (days[0].on, name)
        for name in ENDS
        if (days := [d for d in happened[name] if course.infused_on and d.on >= course.infused_on])
    ]
    return min(first) if first else None


def _answer(
    status: Literal["lost", "unconfirmed", "ongoing", "censored", "never", "no_samples"],
    after: int | None,
    by: int | None,
    ended_by: str | None,
) -> Persistence:
    params: dict[str, object] = {"after": after, "by": by}
    if ended_by is not None:
        params["event"] = Message.of(f"derive.{ended_by}")
    used = {"lost": ("after", "by"), "unconfirmed": ("by",), "ongoing": ("after",), "censored": ("event",)}
    reason = Message.of(
        f"derive.persistence_{status}", **{name: params[name] for name in used.get(status, ())}
    )
    return Persistence(status, after, by, ended_by, reason)
