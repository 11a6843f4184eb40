"""Listings of toxicity: DLTs, CRS and ICANS by episode, what was given for them, and late effects."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from protocyte.analysis.cut import Cut
from protocyte.analysis.escalation.dlt_events import dlt_events
from protocyte.analysis.groups import all_infused, label_of
from protocyte.analysis.safety.crs_icans import grades_of
from protocyte.analysis.safety.special_toxicity import RCL_TESTS, rcl_found
from protocyte.analysis.safety.toxicity_summary import given_for
from protocyte.analysis.tables import Cell, ResultTable, Row, number, say, text
from protocyte.base import Message
from protocyte.derive.course import Course
from protocyte.derive.episodes import GAP, ToxicityEpisode, all_episodes
from protocyte.derive.grades import DayGrade
from protocyte.derive.results import results_by_test
from protocyte.records.follow_up import SecondMalignancy
from protocyte.records.measurements import Labs
from protocyte.records.product import Release
from protocyte.records.treatment import Medication

VECTOR_TESTS = (*RCL_TESTS, "vcn", "insertion_site")
GIVEN_FOR = ("crs", "icans")


def list_dlt(cut: Cut) -> ResultTable:
    """One row a toxicity that a DLT rests on."""
    rows = tuple(
        Row(
            (
                event.subject, cut.study.label_of(event.level), event.criterion, event.term, event.scale,
                event.grade, event.onset, event.day, event.duration, event.outcome, event.standing,
            )
        )
        for event in dlt_events(cut)
    )  # fmt: skip
    columns = (
        *text("subject", "level", "criterion", "term", "scale", "tox_worst_in_window", "tox_onset_date"),
        *number("day", "tox_days"), *text("tox_outcome_head", "standing"),
    )  # fmt: skip
    notes = [say("note_dlt", days=cut.study.dlt.days), say("tox_note_dlt_events"), say("tox_note_days")]
    if cut.study.dosing.climb is not None:
        notes.append(say("note_windows"))
    return ResultTable(
        "list_dlt", say("title_list_dlt"), columns, rows, all_infused(cut), tuple(notes), say("tox_no_dlt")
    )


def list_crs_icans(cut: Cut) -> ResultTable:
    """One row an episode from the first infusion on, with the grade of each of its days."""
    rows = tuple(
        _episode(cut, course, one)
        for course in cut.infused
        for one in all_episodes(cut.study, course)
        if one.toxicity in GIVEN_FOR and course.infused_on is not None and one.end >= course.infused_on
    )
    columns = (
        *text("subject", "level", "toxicity", "scale"), *number("tox_onset_day"),
        *text("tox_onset_date", "tox_end_date"), *number("tox_days"),
        *text("tox_maximum", "tox_daily", "tox_given"),
    )  # fmt: skip
    return ResultTable(
        "list_crs_icans", say("title_list_crs_icans"), columns, rows, all_infused(cut),
        (say("tox_note_gap", gap=GAP), say("tox_note_daily"), say("tox_note_given"), *_level_then_note(cut)),
        say("tox_no_episodes"),
    )  # fmt: skip


def _level_then(cut: Cut, course: Course, on: date) -> str:
    """The level of the last infusion before: a climber's toxicity follows one dose, not the highest."""
    given = [held.record.dose_level for held in course.infusions if held.record.on <= on]
    return cut.study.label_of(given[-1]) if given else label_of(cut, course)


def _level_then_note(cut: Cut) -> tuple[Message, ...]:
    """The tables count a climber at the highest level: whoever recounts them from this listing must know."""
    return (say("tox_note_level_then"),) if cut.study.dosing.climb is not None else ()


def _episode(cut: Cut, course: Course, one: ToxicityEpisode) -> Row:
    days = grades_of(cut.study, course, one.toxicity)
    end: Cell = say("tox_ongoing", last=one.end) if one.ongoing else one.end
    cells = (
        course.subject, _level_then(cut, course, one.onset), one.toxicity.upper(), one.scale, one.day, one.onset, end,
        None if one.ongoing else one.duration, _bounds(one.maximum, one.possible_maximum),
        daily_grades(days, one.onset, one.end), _treatment(course, one),
    )  # fmt: skip
    return Row(cells, strong=one.maximum >= 3)


def daily_grades(days: tuple[DayGrade, ...], onset: date, end: date) -> str:
    """`1 2 2–3 · 1`: each day's worst grade, its bounds where uncertain, a dot where nobody assessed."""
    worst: dict[date, tuple[int, int]] = {}
    for day in days:
        least, most = worst.get(day.on, (0, 0))
        worst[day.on] = max(least, day.least), max(most, day.most)
    every = (onset + timedelta(days=number) for number in range((end - onset).days + 1))
    return " ".join(_bounds(*worst[on]) if on in worst else "·" for on in every)


def _bounds(least: int, most: int) -> str:
    return str(least) if least == most else f"{least}–{most}"


def _treatment(course: Course, one: ToxicityEpisode) -> Cell:
    """Medicines recorded for it that began in the episode or in the gap after it, with their day."""
    until = one.end + timedelta(days=GAP)
    given = [
        f"{record.medicine} D{course.day(record.started)}" + (f" ({record.dose})" if record.dose else "")
        for record in given_for(course, one.toxicity)
        if one.onset <= record.started <= until
    ]
    return "; ".join(given) if given else say("tox_none_recorded")


def list_crs_medication(cut: Cut) -> ResultTable:
    """Every medicine recorded as given for CRS or ICANS, from the first infusion on."""
    rows = tuple(
        _medicine(cut, course, record)
        for course in cut.infused
        for record in sorted(
            (record for of in GIVEN_FOR for record in given_for(course, of)),
            key=lambda record: (record.started, record.given_for, record.medicine),
        )
    )
    columns = (
        *text("subject", "level", "tox_for", "tox_medicine", "tox_kind", "dose"), *number("day"),
        *text("tox_started", "tox_ended"), *text("tox_grade_then"),
    )  # fmt: skip
    return ResultTable(
        "list_crs_medication", say("title_list_crs_medication"), columns, rows, all_infused(cut),
        (say("tox_note_medication"),), say("tox_no_medication"),
    )  # fmt: skip


def _medicine(cut: Cut, course: Course, record: Medication) -> Row:
    of = "crs" if record.given_for == "crs" else "icans"
    then = [day for day in grades_of(cut.study, course, of) if day.on == record.started]  # type: ignore[arg-type]
    grade: Cell = say("tox_not_assessed")
    if then:
        grade = _bounds(max(day.least for day in then), max(day.most for day in then))
    ended: Cell = record.ended or say("tox_no_end_recorded")
    kind, dose = say(f"tox_kind_{record.kind}"), record.dose or say("tox_not_recorded")
    level, day = _level_then(cut, course, record.started), course.day(record.started)
    return Row(
        (course.subject, level, of.upper(), record.medicine, kind, dose, day, record.started, ended, grade)
    )


def list_late_effects(cut: Cut) -> ResultTable:
    """Vector copies of the product given, tests for replication-competent virus, and second malignancies."""
    rows = tuple(row for course in cut.infused for row in _late(cut, course))
    columns = (*text("subject", "level", "on"), *number("day"), *text("tox_what", "tox_result", "detail"))
    copies = sum(any(copies is not None for _, copies in _copies(course)) for course in cut.infused)
    tested = sum(rcl_found(course) is not None for course in cut.infused)
    notes = (say("tox_note_late", copies=copies, tested=tested, n=len(cut.infused)), say("tox_note_vector"))
    return ResultTable(
        "list_late_effects", say("title_list_late_effects"), columns, rows, all_infused(cut), notes,
        say("nobody_infused"),
    )  # fmt: skip


def _late(cut: Cut, course: Course) -> Iterator[Row]:
    def row(on: date | None, what: str, result: Cell, detail: Cell = None) -> Row:
        day = course.day(on) if on else None
        return Row((course.subject, label_of(cut, course), on, day, say(what), result, detail))

    copies = list(_copies(course))
    for release, found in copies:
        yield row(release.on, "tox_copies", found or say("tox_not_recorded"), release.lot)
    if not copies:
        yield row(None, "tox_copies", say("tox_not_recorded"))
    for test in VECTOR_TESTS:
        for held, result in results_by_test(course, Labs).get(test, ()):
            value: Cell = result.value or result.finding or say("tox_not_recorded")
            name = "tox_rcl" if test in RCL_TESTS else f"tox_{test}"
            yield row(held.record.on, name, value, test)
    for one in course.all(SecondMalignancy):
        vector = {True: "positive", False: "negative", None: "untested"}[one.record.vector_positive]
        yield row(one.record.on, "tox_malignancy", one.record.diagnosis, say(f"tox_vector_{vector}"))


def _copies(course: Course) -> Iterator[tuple[Release, Cell]]:
    """Releases of the lots that were infused, with the copies recorded at each."""
    lots = {held.record.lot for held in course.infusions}
    for held in course.all(Release):
        if held.record.lot in lots:
            yield held.record, held.record.copies
