"""Listings of kinetics: every result with what its limits make of it, and every profile's parameters."""

from __future__ import annotations

from datetime import date

from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import all_infused
from protocyte.analysis.kinetics.parameters import kinetic_assays
from protocyte.analysis.tables import Cell, Number, ResultTable, Row, number, phrase, say, text
from protocyte.base import Measured, Message, Quantity
from protocyte.derive.course import Course
from protocyte.derive.kinetic_parameters import BLQ_RULE, METHOD, PhaseFound, Profile, kinetic_parameters
from protocyte.derive.kinetics import series
from protocyte.records.efficacy import KineticsSample
from protocyte.study.efficacy import KineticsAssay


def list_concentrations(cut: Cut) -> ResultTable:
    """One row a result of any assay the study names, also what could not be read or is in no analysis."""
    rows: list[Row] = []
    for name, plan in cut.study.kinetics.items():
        heading = phrase("assay", title=plan.title, unit=plan.unit)
        for course in cut.infused:
            rows += [Row(cells, group=heading) for cells in _results(cut, course, name, plan)]
    columns = (
        *text("subject", "kin_on"), *number("day", "kin_planned_day"), *text("kin_reported", "kin_limit"),
        *text("kin_state", "kin_use"),
    )  # fmt: skip
    return ResultTable(
        "list_concentrations", say("title_list_concentrations"), columns, tuple(rows), all_infused(cut),
        (say("note_kin_states"), say("note_kin_use")), say("no_samples"),
    )  # fmt: skip


def _results(cut: Cut, course: Course, name: str, plan: KineticsAssay) -> list[tuple[Cell, ...]]:
    found = series(cut.study, course, name)
    reported = {held.record_id: held.record for held in course.all(KineticsSample)}
    places = _places(cut, course, name) if plan.role == "kinetics" else {}
    rows: list[tuple[date, tuple[Cell, ...]]] = []
    for point in found.points:
        use = places.get(point.record_id, say("kin_use_none")) if plan.role == "kinetics" else None
        limits = say(
            "kin_limits",
            lloq=_plain(Quantity(point.lloq, found.unit)),
            lod=_lod(reported[point.record_id], plan),
        )
        state = say("kin_capped") if point.capped else say(f"kin_state_{point.state}")
        value = _plain(reported[point.record_id].value)
        rows.append(
            (point.on, (course.subject, point.on, point.day, point.nominal, value, limits, state, use))
        )
    for record_id in found.unusable:
        record = reported[record_id]
        cells = (course.subject, record.on, course.day(record.on), None, _plain(record.value), None)
        rows.append((record.on, (*cells, say("kin_state_unusable"), say("kin_use_none"))))
    return [cells for _, cells in sorted(rows, key=lambda row: row[0])]


def _lod(record: KineticsSample, plan: KineticsAssay) -> str:
    lod = record.lod or plan.lod
    return _plain(lod) if lod else "–"


def _plain(value: Quantity | Measured) -> str:
    return str(value)


def _places(cut: Cut, course: Course, name: str) -> dict[str, Message]:
    """Which sample stands in which profile. Others are before the dose, set aside, or after the watch."""
    places: dict[str, Message] = {}
    for profile in kinetic_parameters(cut.study, course, name).profiles:
        for point, day in zip(profile.used, profile.days, strict=True):
            places[point.record_id] = say("kin_use_profile", number=profile.number, day=day)
        if profile.before is not None and profile.before.record_id not in places:
            places[profile.before.record_id] = say("kin_use_before")
    return places


def list_kinetics_parameters(cut: Cut) -> ResultTable:
    """One row a profile, with the points its half-lives rest on or why there are none."""
    rows: list[Row] = []
    for name, plan in kinetic_assays(cut).items():
        heading = phrase("assay", title=plan.title, unit=plan.unit)
        for course in cut.infused:
            found = kinetic_parameters(cut.study, course, name)
            for profile in found.profiles:
                ends: Cell = found.persistence.reason if profile is found.main else None
                ratio = _ratio(found.ratios.pairs) if found.ratios and profile is found.main else None
                rows.append(Row((*_profile(cut, course, profile), ends, ratio), group=heading))
    columns = (
        *text("subject", "kin_dose"),
        *number("kin_samples", "kin_head_cmax", "kin_head_tmax", "kin_head_tfirst", "kin_head_tlast", "kin_head_clast"),
        *number("kin_head_auc28", "kin_head_auc90", "kin_head_auclast", "kin_head_fold"),
        *text("kin_head_expansion", "kin_head_contraction", "kin_head_terminal"),
        *text("kin_head_persistence", "kin_head_ratio"),
    )  # fmt: skip
    notes = (
        say("note_kin_profile"),
        say("note_kin_blq", rule=BLQ_RULE, method=METHOD),
        say("note_kin_units"),
        say("note_kin_points"),
    )
    return ResultTable(
        "list_kinetics_parameters", say("title_list_kinetics_parameters"), columns, tuple(rows), all_infused(cut),
        notes, say("no_samples"),
    )  # fmt: skip


def _profile(cut: Cut, course: Course, profile: Profile) -> tuple[Cell, ...]:
    dose = say(
        f"kin_dose_{profile.kind}",
        number=profile.number,
        level=cut.study.label_of(profile.level),
        on=profile.start,
    )
    samples = say("kin_samples_of", n=profile.n_quantified, of=len(profile.used))
    if profile.cmax is None:
        return (course.subject, dose, samples, *(None,) * 9, *(profile.reason,) * 1, None, None)
    mark = "≥ " if profile.capped else ""
    cmax: Cell = f"{mark}{profile.cmax:.4g}" if profile.capped else _number(profile.cmax)
    return (
        course.subject, dose, samples, cmax, _day(profile.tmax), _day(profile.tfirst), _day(profile.tlast),
        _number(profile.clast), *(area.reason if area.value is None else _number(area.value) for area in profile.areas),
        _number(profile.area_last), _number(profile.fold_expansion),
        *(_phase(one) for one in (profile.expansion, profile.contraction, profile.terminal)),
    )  # fmt: skip


def _number(value: float | None) -> Number | None:
    """Four digits that count are more than any such assay has."""
    if value is None:
        return None
    digits = 0 if value >= 1000 else 1 if value >= 100 else 2 if value >= 10 else 3
    return Number(value, digits)


def _day(value: float | None) -> int | None:
    return None if value is None else int(value)


def _phase(found: PhaseFound) -> Cell:
    """The time with what it rests on; or why there is none."""
    if found.time is None:
        return found.reason
    return say(
        "kin_phase", time=f"{found.time:.1f}", points=found.points, first=f"{found.first_day:.0f}",
        last=f"{found.last_day:.0f}", r2="–" if found.r_squared is None else f"{found.r_squared:.3f}",
    )  # fmt: skip


def _ratio(pairs: tuple[tuple[int, float], ...]) -> Cell:
    return say("kin_ratios", ratios=tuple(f"{ratio:.2g} (D{day})" for day, ratio in pairs)) if pairs else None
