"""Non-compartmental parameters of one subject and assay, a profile for every dose that starts one.

Time zero is the day of the first fraction: fractions of one dose are one profile. Every dose of a subject who
climbs starts its own, and so does a re-infusion: what is seen afterwards is not the earlier dose's.

* A sample of the day of a dose was drawn before it (as `stats.summaries.course_of` has it): it belongs to what
  was given earlier. Every profile so starts at zero, for nothing of a dose is there before it is given.
* A profile ends where the watch on persistence ends (`kinetics.ENDS`): transplant, another infusion, a new
  therapy, death. Samples of that day still belong to it.
* Of several results of one day the highest stands, as in `kinetics.peak`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import isnan, nan
from typing import Literal

from protocyte.base import Message, Quantity
from protocyte.base.quantity import UnitError
from protocyte.derive.course import Course
from protocyte.derive.data_cut import until
from protocyte.derive.events import clinical_events
from protocyte.derive.kinetics import ENDS, Persistence, Point, persistence, series
from protocyte.records.treatment import Infusion
from protocyte.stats import phase as regression
from protocyte.stats.detection import State
from protocyte.stats.nca import Kinetics, nca
from protocyte.stats.summaries import paired_ratio
from protocyte.study.model import Study

WINDOWS = (28, 90)  # days: the areas kinetics of these cells are reported by (Cmax, AUC0-28 and AUC0-90)
BLQ_RULE = "zero-outside"  # zero before the first and after the last quantified value, left out between them
METHOD = "linear-up-log-down"
SPAN = 21  # days from the peak that hold the contraction; the terminal phase lies after them
LEAST_FOR_AREA = 2  # samples: one sample and the zero it starts from make a triangle, not a profile
# A marrow and a blood sample of one visit may lie a day apart.
PAIRED_WITHIN = 1

Kind = Literal["first", "climb", "reinfusion"]

_STATES = {
    "quantified": State.QUANTIFIED,
    "detected": State.DETECTED,
    "below_lloq": State.BELOW,
    "below_lod": State.NOT_DETECTED,
}


@dataclass(frozen=True)
class AreaTo:
    """The area from the dose to day `end` in unit x day; None, with the reason, where samples end before."""

    end: int
    value: float | None
    reason: Message | None


@dataclass(frozen=True)
class PhaseFound:
    """`time` is the halving time (for an expansion the doubling time) in days, None where not estimable.

    What a refused regression rests on is kept beside the reason.
    """

    time: float | None
    points: int
    first_day: float | None
    last_day: float | None
    r_squared: float | None
    adjusted_r_squared: float | None
    reason: Message | None


@dataclass(frozen=True)
class Profile:
    """One dose's samples and what they come to; days count from `start`.

    `used` are the samples the analysis rests on, in order, `repeated` how many others of the same days were
    set aside, `before` the result of the day of the dose itself. `capped`: a result is only a lower bound
    (`>`), and with it Cmax and the areas. `reason` is set where there is nothing to analyse.
    """

    kind: Kind
    number: int
    level: int
    dose: Quantity | None
    start: date
    ended_by: str | None
    ended_on: date | None
    used: tuple[Point, ...]
    days: tuple[int, ...]
    before: Point | None
    repeated: int
    capped: bool
    n_quantified: int
    n_detected: int
    cmax: float | None
    tmax: float | None
    tfirst: float | None
    tlast: float | None
    clast: float | None
    area_last: float | None
    areas: tuple[AreaTo, ...]
    contraction: PhaseFound
    terminal: PhaseFound
    expansion: PhaseFound
    fold_expansion: float | None
    reason: Message | None
    method: str = METHOD
    blq: str = BLQ_RULE

    def area_to(self, end: int) -> AreaTo:
        return next(area for area in self.areas if area.end == end)

    @property
    def sampled(self) -> bool:
        return bool(self.used)


@dataclass(frozen=True)
class Ratios:
    """Marrow over blood, of samples of one visit both quantified: (day of the marrow, ratio)."""

    blood: str | None
    pairs: tuple[tuple[int, float], ...]
    reason: Message | None


@dataclass(frozen=True)
class KineticParameters:
    """`profiles` in order of their doses. `ratios` stand with the marrow's assay, None with others.

    `unusable` are records whose unit does not measure what the assay's does: they are in no number.
    """

    subject: str
    assay: str
    unit: str
    profiles: tuple[Profile, ...]
    persistence: Persistence
    ratios: Ratios | None
    unusable: tuple[str, ...]

    @property
    def planned(self) -> tuple[Profile, ...]:
        """The profiles of planned doses; re-infusions stand apart."""
        return tuple(one for one in self.profiles if one.kind != "reinfusion")

    @property
    def reinfusions(self) -> tuple[Profile, ...]:
        return tuple(one for one in self.profiles if one.kind == "reinfusion")

    @property
    def main(self) -> Profile | None:
        """The profile a subject is compared by: of the last planned dose, which for most is the only one."""
        return self.planned[-1] if self.planned else None


def kinetic_parameters(
    study: Study, course: Course, assay: str, data_cut: date | None = None
) -> KineticParameters:
    """Parameters of every profile. `KeyError` for an assay the study does not name.

    Values are in the assay's unit, times in days, areas in their product.
    """
    cut = until(course, data_cut)
    return cut.keep(study, ("kinetic_parameters", assay), lambda: _parameters(study, cut, assay))


def _parameters(study: Study, course: Course, assay: str) -> KineticParameters:
    found = series(study, course, assay)
    return KineticParameters(
        subject=course.subject,
        assay=assay,
        unit=found.unit,
        profiles=tuple(_profile(study, course, dose, found.points) for dose in _doses(study, course)),
        persistence=persistence(study, course, assay),
        ratios=_ratios(study, course, assay),
        unusable=found.unusable,
    )


# --- which doses start a profile ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Dose:
    kind: Kind
    number: int
    start: date
    given: tuple[Infusion, ...]
    ended_by: str | None
    ended_on: date | None


def _doses(study: Study, course: Course) -> tuple[_Dose, ...]:
    if course.infused_on is None:
        return ()
    again = {one.on for one in clinical_events(study, course)["reinfusion"]} - {course.infused_on}
    climbing = study.dosing.scheme == "intra_subject"
    given = [held.record for held in course.infusions]
    starts = {course.infused_on, *again, *(one.on for one in given if climbing)}
    days = sorted(starts)
    doses = []
    for k, start in enumerate(days):
        following = days[k + 1] if k + 1 < len(days) else None
        kind: Kind = "reinfusion" if start in again else "climb" if k else "first"
        own = tuple(one for one in given if start <= one.on and (following is None or one.on < following))
        ended_by, ended_on = _end(study, course, start, following, following in again)
        doses.append(_Dose(kind, k + 1, start, own, ended_by, ended_on))
    return tuple(doses)


def _end(
    study: Study, course: Course, start: date, following: date | None, again: bool
) -> tuple[str | None, date | None]:
    """The first of what ends a profile, after its dose: the next dose or another event."""
    happened = clinical_events(study, course)
    ends = [
        (one.on, name)
        for name in ENDS
        if name != "reinfusion"
        for one in happened[name]
        if one.on > start or (name == "death" and one.on == start)
    ]
    if following is not None:
        ends.append((following, "reinfusion" if again else "next_dose"))
    if not ends:
        return None, None
    on, name = min(ends)
    return name, on


def _amount(given: tuple[Infusion, ...]) -> Quantity | None:
    """What went in, fractions together; None where their units differ in kind."""
    unit = given[0].infused.unit
    try:
        return Quantity(sum(one.infused.to(unit).value for one in given), unit)
    except UnitError:
        return None


# --- one profile --------------------------------------------------------------------------------------------


def _profile(study: Study, course: Course, dose: _Dose, points: tuple[Point, ...]) -> Profile:
    inside = [
        point
        for point in points
        if point.on > dose.start and (dose.ended_on is None or point.on <= dose.ended_on)
    ]
    used = _one_a_day(inside)
    days = tuple((point.on - dose.start).days for point in used)
    before = _one_a_day([point for point in points if point.on == dose.start])
    found = _analysed(used, days)
    none = PhaseFound(None, 0, None, None, None, None, Message.of("derive.kinetics_no_samples"))
    reason = Message.of("derive.kinetics_no_samples") if found is None else found.problem
    return Profile(
        kind=dose.kind,
        number=dose.number,
        level=max(one.dose_level for one in dose.given),
        dose=_amount(dose.given),
        start=dose.start,
        ended_by=dose.ended_by,
        ended_on=dose.ended_on,
        used=used,
        days=days,
        before=before[0] if before else None,
        repeated=len(inside) - len(used),
        capped=any(point.capped for point in used),
        n_quantified=found.n_quantified if found else 0,
        n_detected=found.n_detected if found else 0,
        cmax=_known(found.cmax) if found else None,
        tmax=_known(found.tmax) if found else None,
        tfirst=_known(found.tfirst) if found else None,
        tlast=_known(found.tlast) if found else None,
        clast=_known(found.clast) if found else None,
        area_last=_known(found.area_last) if found and _sampled_by(days, found.tlast) else None,
        areas=tuple(_area(found, days, place, dose) for place in range(len(WINDOWS))),
        contraction=_phase(found.contraction) if found else none,
        terminal=_phase(found.terminal) if found else none,
        expansion=_phase(found.expansion) if found else none,
        fold_expansion=_known(found.fold_expansion) if found else None,
        reason=reason,
    )


def _one_a_day(points: list[Point]) -> tuple[Point, ...]:
    """Of each day the result that saw most: the highest, and of equals the first entered."""
    best: dict[date, Point] = {}
    for point in points:
        if point.on not in best or _rank(point) > _rank(best[point.on]):
            best[point.on] = point
    return tuple(best[on] for on in sorted(best))


def _rank(point: Point) -> tuple[int, float]:
    return int(_state(point)), float(point.value or 0)


def _state(point: Point) -> State:
    """A limit of zero would make zero a quantified value; it has no logarithm and is none."""
    found = _STATES[point.state]
    return State.NOT_DETECTED if found == State.QUANTIFIED and not point.value else found


def _analysed(used: tuple[Point, ...], days: tuple[int, ...]) -> Kinetics | None:
    if not used:
        return None
    states = [_state(point) for point in used]
    numbers = [
        float(point.value) if state == State.QUANTIFIED and point.value is not None else nan
        for point, state in zip(used, states, strict=True)
    ]
    return nca(
        days,
        numbers,
        lloq=[float(point.lloq) for point in used],
        states=states,
        windows=WINDOWS,
        blq=BLQ_RULE,
        method=METHOD,  # type: ignore[arg-type]
        contraction_span=SPAN,
        terminal_after=SPAN,
    )


def _sampled_by(days: tuple[int, ...], end: float) -> bool:
    return sum(day <= end for day in days) >= LEAST_FOR_AREA


def _area(found: Kinetics | None, days: tuple[int, ...], place: int, dose: _Dose) -> AreaTo:
    end = WINDOWS[place]
    if found is None:
        return AreaTo(end, None, Message.of("derive.kinetics_no_samples"))
    window = found.windows[place]
    if found.problem is not None:
        return AreaTo(end, None, found.problem)
    if not isnan(window.value):
        if _sampled_by(days, end):
            return AreaTo(end, window.value, None)
        return AreaTo(end, None, Message.of("derive.kinetics_one_sample", end=end, needed=LEAST_FOR_AREA))
    if dose.ended_by is not None and dose.ended_on is not None:
        day = (dose.ended_on - dose.start).days
        if day < end:
            event = Message.of(f"derive.{dose.ended_by}")
            return AreaTo(end, None, Message.of("derive.kinetics_ended_early", event=event, day=day, end=end))
    # Of a profile with a quantified value only its end leaves an area open: said here in days.
    return AreaTo(end, None, Message.of("derive.kinetics_samples_end", day=days[-1], end=end))


def _phase(found: regression.Phase) -> PhaseFound:
    return PhaseFound(
        time=_known(found.doubling),
        points=found.n_points,
        first_day=_known(found.first_time),
        last_day=_known(found.last_time),
        r_squared=_known(found.r_squared),
        adjusted_r_squared=_known(found.adjusted_r_squared),
        reason=found.problem,
    )


def _known(value: float) -> float | None:
    return None if isnan(value) else value


# --- marrow and blood ---------------------------------------------------------------------------------------


def _ratios(study: Study, course: Course, assay: str) -> Ratios | None:
    """Only between one analyte by one assay in one unit: nothing else divides into a ratio."""
    plan = study.kinetics[assay]
    if plan.matrix != "marrow":
        return None
    same = [
        name
        for name, other in study.kinetics.items()
        if (other.analyte, other.assay, other.unit, other.matrix)
        == (plan.analyte, plan.assay, plan.unit, "blood")
    ]
    if not same:
        return Ratios(None, (), Message.of("derive.kinetics_no_partner"))
    marrow, blood = (_quantified(study, course, name) for name in (assay, same[0]))
    pairs: tuple[tuple[int, float], ...] = ()
    if marrow and blood:
        found = paired_ratio(
            list(marrow), list(marrow.values()), list(blood), list(blood.values()), within=PAIRED_WITHIN
        )
        pairs = tuple(
            (int(day), float(ratio))
            for day, ratio in zip(found.times, found.ratio, strict=True)
            if not isnan(ratio)
        )
    reason = None if pairs else Message.of("derive.kinetics_unpaired", within=PAIRED_WITHIN)
    return Ratios(same[0], pairs, reason)


def _quantified(study: Study, course: Course, assay: str) -> dict[int, float]:
    points = _one_a_day([point for point in series(study, course, assay).points if point.day > 0])
    return {
        point.day: float(point.value)
        for point in points
        if point.value is not None and _state(point) == State.QUANTIFIED
    }
