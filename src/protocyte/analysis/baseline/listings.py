"""Listings before and at treatment: demography, disposition, product, exposure (16.2).

One row a subject or a record, everybody who consented included.
"""

from __future__ import annotations

from datetime import date
from typing import Any, TypeAlias

from protocyte.analysis.baseline.demography import code_words, coded, lesion_words, readable
from protocyte.analysis.baseline.disposition_by_level import (
    Standing,
    criterion_words,
    failure_reasons,
    standing_of,
)
from protocyte.analysis.baseline.exposure import dose_unit
from protocyte.analysis.baseline.product import MEASURES, attribute_words, donor_lots, quality
from protocyte.analysis.baseline.subjects import SubjectBaseline, subject_baseline
from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import label_of
from protocyte.analysis.row_blocks import number_in
from protocyte.analysis.tables import Cell, Column, Number, ResultTable, Row, number, say, text
from protocyte.base import Measured, Message, Quantity
from protocyte.derive.course import Course, Held
from protocyte.records.measurements import Result
from protocyte.records.product import DonorLot, LotAllocation, Manufacture, Release
from protocyte.records.treatment import AgentGiven, FractionWithheld, Infusion, Lymphodepletion

# --- demography ---------------------------------------------------------------------------------------


def list_demography(cut: Cut) -> ResultTable:
    """One row a subject who consented; what is blank was not recorded."""
    rows = [_person(cut, course, subject_baseline(cut.study, course)) for course in cut.courses]
    columns = (
        *text("subject", "level"), *number("base_age_short"),
        *text("base_sex", "base_race", "base_ethnicity"), *number("base_weight"),
        *text("base_performance", "base_diagnosis", "base_risk", "base_genetics", "base_sites"),
        *number("base_first_blasts_short", "base_last_blasts_short", "base_antigen_short", "base_lines_short"),
        *text("base_transplant_short", "base_category"),
    )  # fmt: skip
    return listing(
        "list_demography",
        columns,
        rows,
        cut,
        (say("note_base_day"), say("note_base_blank")),
        say("base_nobody_consented"),
    )


def _person(cut: Cut, course: Course, one: SubjectBaseline) -> Row:
    scores = ", ".join(f"{scale.upper()} {score}" for scale, score in one.performance.items())
    return Row(
        (
            course.subject, label_of(cut, course), _number(one.age, 0), _word("sex", one.sex),
            _code(one.race), _code(one.ethnicity),
            _number(one.weight), scores or None, one.diagnosis, _code(one.risk),
            _lesions(one), _sites(one), _number(one.screening_blasts), _number(one.last_blasts),
            _number(one.antigen), one.lines, _yes_no(one.transplant), _word("category", one.category),
        )
    )  # fmt: skip


def _lesions(one: SubjectBaseline) -> Cell:
    if one.lesions is None:
        return None
    return ", ".join(str(lesion_words(name)) for name in one.lesions) or say("base_no_lesion")


def _sites(one: SubjectBaseline) -> Cell:
    answer = _yes_no(one.extramedullary)
    if one.cns is None:
        return answer
    return say("base_sites_cns", answer=answer, cns=one.cns.upper()) if answer else one.cns.upper()


# --- disposition --------------------------------------------------------------------------------------


def list_disposition(cut: Cut) -> ResultTable:
    """One row a subject: the day of each step, and where he stands."""
    product = "apheresis" if cut.study.product.origin == "autologous" else "lot_allocated"
    steps = ("screened", "enrolled", product, "released", "lymphodepleted", "infused")
    rows = [_way(cut, standing_of(cut, course), steps) for course in cut.courses]
    columns = (
        *text("subject", "level", *(f"base_on_{step}" for step in steps)),
        *text("base_dlt_evaluable", "stands_at", "since", "reason", "died_on"),
    )
    return listing(
        "list_disposition", columns, rows, cut, (say("note_base_blank_day"),), say("base_nobody_consented")
    )


def _way(cut: Cut, one: Standing, steps: tuple[str, ...]) -> Row:
    days: dict[str, date] = dict(one.stage.reached)
    evaluable = say("still_open") if one.evaluable is None else _yes_no(one.evaluable)
    return Row(
        (
            one.course.subject, label_of(cut, one.course), *(days.get(step) for step in steps),
            evaluable if one.course.infused_on else None,
            say(f"stage_{one.stage.name}"), one.stage.on, _reason(cut, one), one.course.died_on,
        )
    )  # fmt: skip


def _reason(cut: Cut, one: Standing) -> Cell:
    """Of a screen failure the criteria or the words written; of who left, the reason of the form."""
    if one.stage.name == "screen_failed":
        found = failure_reasons(one)
        return criterion_words(cut, found[0]) if len(found) == 1 else ", ".join(found)
    return say(f"reason_{one.stage.reason}") if one.stage.reason else None


# --- product ------------------------------------------------------------------------------------------


def list_product(cut: Cut) -> ResultTable:
    """One row a lot and subject: released, rejected, or a run that failed; whether it was infused."""
    rows = [row for course in cut.courses for row in _lots(cut, course)]
    columns = (
        *text("subject", "level", "base_lot", "base_on_released", "outcome"),
        Column(say("base_dose_released", unit=dose_unit(cut.study)), "number"),
        *number("base_viability", "base_transduction", "base_copies", "base_residual_tcr"),
        *text("base_other_qualities", "base_lot_infused", "reason"),
    )
    notes = (say("note_base_blank"), say(f"note_base_product_{cut.study.product.origin}"))
    return listing("list_product", columns, rows, cut, notes, say("nothing_made"))


def _lots(cut: Cut, course: Course) -> list[Row]:
    donors = donor_lots(cut) if cut.study.product.origin == "allogeneic" else {}
    released = {held.record.lot: held.record for held in course.all(Release)}
    runs = {held.record.lot: held.record for held in course.all(Manufacture)}
    allocated = [held.record.lot for held in course.all(LotAllocation)]
    lots = dict.fromkeys([*runs, *allocated, *released])
    return [_lot(cut, course, lot, released.get(lot), donors.get(lot), runs.get(lot)) for lot in lots]


def _lot(
    cut: Cut,
    course: Course,
    lot: str,
    release: Release | None,
    donor: DonorLot | None,
    run: Manufacture | None,
) -> Row:
    outcome, on, reason = _outcome(release, run)
    given = any(held.record.lot == lot for held in course.infusions)

    qualities = (donor.attributes if donor else ()) or (release.attributes if release else ())
    return Row(
        (
            course.subject, label_of(cut, course), lot, on, outcome,
            _in(release.dose if release else None, dose_unit(cut.study)),
            *(_in(quality(name, donor, release), MEASURES[name]) for name in _MEASURED),
            _qualities(qualities), _yes_no(given), reason,
        )
    )  # fmt: skip


_MEASURED = ("viability", "transduction", "copies", "residual_tcr")


def _outcome(release: Release | None, run: Manufacture | None) -> tuple[Cell, Cell, Cell]:
    if release is not None:
        return say(f"base_release_{release.outcome}"), release.on, release.reason
    if run is not None:
        return say(f"base_run_{run.outcome}"), run.finished, run.reason
    return say("base_run_allocated"), None, None


def _qualities(found: tuple[Result, ...]) -> Cell:
    named = tuple(
        say("base_with_detail", what=attribute_words(one.test), detail=" ".join(_said(one)) or "–")
        for one in found
    )
    return say("base_each", each=named) if named else None


def _said(one: Result) -> list[str]:
    words = [readable(one.finding)] if one.finding else []
    return [*words, str(one.value)] if one.value is not None else words


# --- exposure -----------------------------------------------------------------------------------------


def list_exposure(cut: Cut) -> ResultTable:
    """One row a day of lymphodepletion, an infusion, or a fraction withheld, in order of date."""
    unit = dose_unit(cut.study)
    rows = [row for course in cut.courses for row in _given(cut, course)]
    columns = (
        *text("subject", "level", "on"), *number("day"), *text("base_given", "base_lot"),
        *(Column(say(f"base_{name}", unit=unit), "number") for name in ("planned", "in_bag", "dose_infused")),
        *number("base_percent_short"), *text("detail"),
    )  # fmt: skip
    return listing(
        "list_exposure",
        columns,
        rows,
        cut,
        (say("note_base_day_0"), say("note_base_dose_basis")),
        say("base_nobody_treated"),
    )


Event: TypeAlias = "Lymphodepletion | Infusion | FractionWithheld"


def _given(cut: Cut, course: Course) -> list[Row]:
    found: list[Held[Any]] = [
        *course.all(Lymphodepletion),
        *course.infusions,
        *course.all(FractionWithheld),
    ]
    events = [(held.record.on, held.seq, held.record) for held in found]
    return [
        Row((course.subject, _level_on(cut, course, on), on, course.day(on), *_event(cut, record)))
        for on, _, record in sorted(events, key=lambda event: event[:2])
    ]


def _level_on(cut: Cut, course: Course, on: date) -> str:
    """Of the infusion then or next, else of the last one: a climbing subject has a level a dose."""
    given = [held.record for held in course.infusions]
    ahead = [one for one in given if one.on >= on] or given[-1:]
    return cut.study.label_of(ahead[0].dose_level) if ahead else label_of(cut, course)


def _event(cut: Cut, record: Event) -> tuple[Cell, ...]:
    blank: tuple[Cell, ...] = (None,) * 5
    if isinstance(record, Lymphodepletion):
        what = say("base_lymphodepletion_done" if record.completes else "base_lymphodepletion")
        return (what, *blank, ", ".join(_agent(given) for given in record.agents))
    if isinstance(record, FractionWithheld):
        why = say(f"base_fractions_withheld_{record.reason}")
        detail = say("base_with_detail", what=why, detail=record.detail) if record.detail else why
        return (say("base_fraction_n", n=record.fraction), *blank, detail)
    split = bool(cut.study.dosing.fractions)
    what = say("base_infusion_n", n=record.fraction) if split else say("base_infusion")
    percent = _percent(record.infused, record.planned)
    unit = dose_unit(cut.study)
    doses = (_in(one, unit) for one in (record.planned, record.manufactured, record.infused))
    return (
        what, record.lot, *doses, _number(percent, 0),
        say("base_was_interrupted") if record.interrupted else None,
    )  # fmt: skip


def _percent(infused: Quantity, planned: Quantity) -> float | None:
    given = number_in(infused, planned.unit)
    return None if given is None or not planned.value else 100 * given / float(planned.value)


def _agent(given: AgentGiven) -> str:
    return f"{readable(given.agent)} {given.dose}" if given.dose is not None else readable(given.agent)


# --- small helpers ------------------------------------------------------------------------------------


def _in(value: Quantity | None, unit: str) -> Cell:
    """The number alone where the heading names its unit; in another kind of unit as it was written."""
    if value is None or number_in(value, unit) is None:
        return value
    bound = value.bound if isinstance(value, Measured) else ""
    return Measured(value.to(unit).value, "1", bound)


def listing(
    id: str,
    columns: tuple[Column, ...],
    rows: list[Row],
    cut: Cut,
    notes: tuple[Message, ...],
    empty: Message,
) -> ResultTable:
    """Columns in which nobody has a value are left out, and named below: a page has room for the others."""
    used = [n for n, _ in enumerate(columns) if not rows or any(row.cells[n] is not None for row in rows)]
    blank = tuple(column.head for n, column in enumerate(columns) if n not in used)
    kept = tuple(Row(tuple(row.cells[n] for n in used)) for row in rows)
    left = (say("note_base_left_out", columns=blank),) if blank else ()
    population = say("base_of_consented", n=len(cut.courses))
    named = tuple(columns[n] for n in used)
    return ResultTable(id, say(f"title_{id}"), named, kept, population, (*notes, *left), empty)


def _number(value: float | None, digits: int = 1) -> Cell:
    return None if value is None else Number(value, 0 if value.is_integer() else digits)


def _code(code: str | None) -> Cell:
    known = coded(code)
    return None if known is None else code_words(known)


def _word(prefix: str, key: str | None) -> Cell:
    return None if key is None else say(f"base_{prefix}_{key}")


def _yes_no(answer: bool | None) -> Cell:
    return None if answer is None else say(f"base_answer_{'yes' if answer else 'no'}")
