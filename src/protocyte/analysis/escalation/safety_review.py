"""The packet a safety review committee decides a dose on: one cohort, what is known, what is still open, and why.

It holds facts only. The advice is the design's own, with its reason; the decision is the committee's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from protocyte.analysis.cut import Cut
from protocyte.analysis.escalation.dlt import dlt_table, proposals_table
from protocyte.analysis.escalation.history import Escalation, Group, escalation
from protocyte.analysis.escalation.oversight import holds_table, stopping_table
from protocyte.analysis.output import Output
from protocyte.analysis.safety.ae_listings import list_ae, list_serious
from protocyte.analysis.safety.crs_icans import toxicity_strips
from protocyte.analysis.tables import Cell, ResultTable, Row, number, say, text
from protocyte.base import InputError, Message
from protocyte.derive.course import Course
from protocyte.derive.dlt import DltStatus, derive_dlt
from protocyte.derive.escalation import Escalation as Standing
from protocyte.derive.escalation import derive_escalation
from protocyte.derive.grades import DayGrade, grade_crs, grade_icans
from protocyte.records.follow_up import Death
from protocyte.records.safety import AdverseEvent
from protocyte.records.treatment import Medication


def choose_cohort(cut: Cut, name: str | None) -> Group | None:
    """The cohort of that name, or the last one opened with anybody in it. None before the first infusion."""
    groups = escalation(cut).groups
    if name is None:
        return next((group for group in reversed(groups) if group.outcomes), None)
    found = next((group for group in groups if group.name == name), None)
    if found is None:
        known = tuple(group.name for group in groups)
        raise InputError(say("no_such_cohort", cohort=name, known=known))
    return found


def safety_review(cut: Cut, group: Group | None) -> tuple[Output, ...]:
    subjects = frozenset(status.subject for status in group.outcomes) if group else frozenset[str]()
    here = Cut(cut.trial, cut.as_of, subjects)
    path = escalation(cut)
    return (
        _tables("1", "review_advice", advice_table(cut, group)),
        _tables("2", "review_subjects", subjects_table(cut, group)),
        _tables("3", "review_dlts", proposals_table(here), *(_narrative(cut, one) for one in _toxic(here))),
        _tables("4", "review_levels", dlt_table(cut)),
        _figure("5", "escalation", _drawn(path)),
        _figure("6", "toxicity", toxicity_strips(here) or None),
        _tables("7", "review_events", list_serious(here), list_ae(here)),
        _tables("8", "stopping", stopping_table(cut), holds_table(cut)),
    )


def _drawn(path: Escalation) -> Escalation | None:
    return path if path.groups else None


def _tables(number: str, id: str, *tables: ResultTable) -> Output:
    return Output(number, "table", id, say(f"output_{id}"), tables)


def _figure(number: str, id: str, drawing: object) -> Output:
    return Output(number, "figure", id, say(f"output_{id}"), drawing=drawing)


# --- advice -----------------------------------------------------------------------------------------------


def advice_table(cut: Cut, group: Group | None) -> ResultTable:
    """What the design advises for each part as of the day, why, on what evidence, and whom it waits for."""
    parts = [group.part] if group else list(cut.trial.study_on(cut.as_of).parts)
    rows = [row for part in parts for row in _advice_rows(cut, derive_escalation(cut.trial, part, cut.as_of))]
    return ResultTable(
        "review_advice", say("title_review_advice"), text("question_of", "answer"), tuple(rows), say("of_trial"),
        (say("note_advice"),),
    )  # fmt: skip


def _advice_rows(cut: Cut, standing: Standing) -> Iterator[Row]:
    advice = standing.advice
    level = cut.study.label_of(advice.level) if advice.level else None
    title = cut.trial.study_on(cut.as_of).parts[standing.part].title
    told = (
        say("advice_to_level", action=_action(advice.action), level=level)
        if level
        else _action(advice.action)
    )
    yield Row((say("advised"), told), group=title, strong=True)
    yield Row((say("reason"), advice.reason), group=title)
    for name, value in advice.evidence.items():
        yield Row((name.replace("_", " "), value), group=title)
    waiting = tuple(f"{one.subject} ({one.window.end})" for one in standing.waiting)
    yield Row((say("waits_for"), say("listed", items=waiting) if waiting else say("nobody")), group=title)
    open_ones = standing.open_proposals
    yield Row(
        (say("to_adjudicate"), say("listed", items=open_ones) if open_ones else say("none")), group=title
    )


def _action(action: str) -> Message:
    return say(f"advice_{action}")


# --- subjects ----------------------------------------------------------------------------------------------


def subjects_table(cut: Cut, group: Group | None) -> ResultTable:
    """Each subject's window: dose, how far it is, and what it counts as."""
    rows = [_subject(cut, status) for status in group.outcomes] if group else []
    columns = (
        *text("subject", "level", "infused_on", "dose_infused", "window_ends"), *number("days_left"),
        *text("counts_as", "why"),
    )  # fmt: skip
    return ResultTable(
        "review_subjects", say("title_review_subjects"), columns, tuple(rows),
        say("of_cohort", cohort=group.name if group else "–", n=len(rows)),
        (say("note_dlt", days=cut.study.dlt.days),), say("nobody_infused"),
    )  # fmt: skip


def _subject(cut: Cut, status: DltStatus) -> Row:
    window = status.window
    course = cut.trial.course(status.subject)
    given = [one.record for one in course.infusions if window.start <= one.record.on <= window.end]
    doses: Cell = given[0].infused
    if len(given) > 1:
        doses = say("listed", items=tuple(str(one.infused) for one in given))
    left: Cell = (
        status.days_left if status.status in ("pending", "unknown") and status.days_left > 0 else None
    )
    cells = (
        status.subject, cut.study.label_of(window.level or window.assigned), window.start,
        doses, window.end, left, say(f"status_{status.status}"), status.why,
    )  # fmt: skip
    return Row(cells, strong=status.status == "dlt")


# --- narratives ----------------------------------------------------------------------------------------------


def _toxic(here: Cut) -> list[tuple[Course, DltStatus]]:
    """Every window with a proposal, rejected ones too: the committee sees what was put before it."""
    return [
        (course, status)
        for course in here.infused
        for status in derive_dlt(here.study, course, here.as_of)
        if status.proposals
    ]


def _narrative(cut: Cut, found: tuple[Course, DltStatus]) -> ResultTable:
    """The facts of one subject's window in order of day, each with the record it is read from."""
    course, status = found
    window = status.window
    facts = sorted(_facts(cut, course, window.start, min(window.end, cut.as_of)), key=lambda fact: fact[:2])
    rows = tuple(Row(((on - window.start).days, on, told, record)) for on, record, told in facts)
    columns = (*number("day"), *text("on", "fact", "record"))
    return ResultTable(
        f"narrative_{course.subject}_{window.infusion}", say("title_narrative", subject=course.subject), columns,
        rows, say("of_window", first=window.start.isoformat(), last=window.end.isoformat()),
    )  # fmt: skip


def _facts(cut: Cut, course: Course, first: date, last: date) -> Iterator[tuple[date, str, Cell]]:
    for infusion in course.infusions:
        yield infusion.record.on, infusion.record_id, say("fact_infused", dose=str(infusion.record.infused))
    for name, grades in (("CRS", grade_crs(cut.study, course)), ("ICANS", grade_icans(cut.study, course))):
        yield from _changes(name, grades, first, last)
    for event in course.all(AdverseEvent):
        for change in event.record.course:
            if first <= change.on <= last:
                told = say("fact_event", term=event.record.term, grade=change.grade, scale=event.record.scale)
                yield change.on, event.record_id, told
    for drug in course.all(Medication):
        if first <= drug.record.started <= last:
            yield drug.record.started, drug.record_id, say("fact_drug", drug=drug.record.medicine)
    for death in course.all(Death):
        if first <= death.record.on <= last:
            yield death.record.on, death.record_id, say("fact_died", cause=say(f"cause_{death.record.cause}"))


def _changes(
    name: str, grades: tuple[DayGrade, ...], first: date, last: date
) -> Iterator[tuple[date, str, Cell]]:
    """Days on which the grade became another: the days between say nothing new."""
    before = 0
    for grade in grades:
        if first <= grade.on <= last and grade.most != before:
            yield grade.on, grade.record_id, say("fact_grade", scale=name, grade=grade.most)
            before = grade.most
