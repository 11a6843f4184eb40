"""The listing of responses: every assessment with what it was judged from."""

from __future__ import annotations

from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.response import best_of
from protocyte.analysis.groups import all_infused, label_of
from protocyte.analysis.tables import Cell, ResultTable, Row, number, say, text
from protocyte.base import Message, Quantity
from protocyte.derive.classify import study_criteria
from protocyte.derive.course import Course, Held
from protocyte.derive.marrows import judged_marrows
from protocyte.derive.response import Assessment, assessments
from protocyte.derive.response_facts import (
    baseline_marrow,
    days_since_growth_factor,
    days_since_transfusion,
    marrow_facts,
)
from protocyte.records.efficacy import Extramedullary, Marrow, ResponseCall
from protocyte.rules import FactTable
from protocyte.study.parts import days_of


def list_response(cut: Cut) -> ResultTable:
    """A row an assessment; before them the baseline marrow, and a row for whoever was not assessed."""
    rows = [row for course in cut.infused for row in _of(cut, course)]
    columns = (
        *text("subject", "level", "visit", "on"), *number("day"),
        *text("resp_blasts", "resp_blood", "resp_elsewhere", "resp_anc", "resp_platelets", "resp_mrd"),
        *number("resp_red_cells", "resp_platelets_given", "resp_growth_factor"),
        *text("resp_category", "resp_why", "resp_investigator"),
    )  # fmt: skip
    notes = (
        say("note_resp_paired", within=cut.study.response.counts_within),
        say("note_resp_since"),
        *_rules(cut),
    )
    return ResultTable(
        "list_response", say("title_list_response"), columns, tuple(rows), all_infused(cut), notes,
        say("nobody_infused"),
    )  # fmt: skip


def _rules(cut: Cut) -> list[Message]:
    """The rule of every category, so that a reader can judge a row by hand."""
    found = []
    for name in dict.fromkeys(cut.study.response.primary.values()):
        criteria = study_criteria(cut.study, name)
        found += [
            say("note_resp_rule", criteria=name, category=c, rule=rule) for c, rule in criteria.categories
        ]
        if criteria.adequate:
            found.append(say("note_resp_adequate", criteria=name, rule=criteria.adequate))
    return found


def _of(cut: Cut, course: Course) -> list[Row]:
    """The rows of one subject in order of date; of one day the marrow first."""
    judged, seen = judged_marrows(cut.study, course), assessments(cut.study, course)
    dated = [
        (marrow.on, _row(cut, course, marrow.held, marrow.facts, _reading(one)))
        for marrow, one in zip(judged, seen, strict=True)
    ]
    dated += [(held.record.on, _call(cut, course, held)) for held in _alone(cut, course, seen)]
    rows = [row for _, row in sorted(dated, key=lambda pair: pair[0])]
    base = baseline_marrow(course)
    if base is not None:
        facts = marrow_facts(cut.study, course, base, in_remission=False)
        rows.insert(0, _row(cut, course, base, facts, (say("resp_baseline"), None, None)))
    if not judged:
        nothing: tuple[Cell, ...] = (None,) * 12
        rows.append(
            Row((course.subject, label_of(cut, course), *nothing, "NE", best_of(cut, course).why, None))
        )
    return rows


Reading = tuple[Cell, Cell, Cell]  # category, why, the investigator's


def _reading(one: Assessment) -> Reading:
    why = None if one.evaluable else one.why
    if one.stopped_by is not None:
        why = say(f"resp_after_{one.stopped_by}")
    return one.category, why, one.investigator


def _row(cut: Cut, course: Course, held: Held[Marrow], facts: FactTable, reading: Reading) -> Row:
    record, on = held.record, held.record.on
    since = (
        days_since_transfusion(course, "red_cells", on),
        days_since_transfusion(course, "platelets", on),
        days_since_growth_factor(course, on),
    )
    return Row(
        (
            course.subject, label_of(cut, course), record.visit, on, course.day(on), record.blasts,
            _paired(facts, "blood_blasts"), _elsewhere(course, facts), _paired(facts, "anc"),
            _paired(facts, "platelets"), _mrd(record), *since, *reading,
        )
    )  # fmt: skip


def _paired(facts: FactTable, name: str) -> Cell:
    """The value the rules saw; nothing where none was drawn within the window, or its field is blank."""
    items = facts.observations(name).items
    value = items[0].value if items else None
    return value if isinstance(value, (Quantity, str)) else None


def _elsewhere(course: Course, facts: FactTable) -> Cell:
    items = facts.observations("extramedullary_disease").items
    if not items or items[0].value is None:
        return None
    if not items[0].value:
        return say("resp_no")
    found = next((h.record for h in course.all(Extramedullary) if h.record_id == items[0].record_id), None)
    named = (*found.sites, *((found.cns,) if found.cns else ())) if found else ()
    return say("resp_yes_at", sites=named) if named else say("resp_yes")


def _mrd(record: Marrow) -> Cell:
    if record.mrd is None and record.mrd_value is None:
        return None
    beside = tuple(str(one) for one in (record.mrd_method, record.mrd_value) if one is not None)
    said = say(f"resp_mrd_{record.mrd or 'unread'}")
    return say("resp_with", what=said, beside=beside) if beside else said


def _alone(cut: Cut, course: Course, seen: tuple[Assessment, ...]) -> list[Held[ResponseCall]]:
    """The investigator's calls after the infusion that no marrow answers, by visit or by date."""
    within, visits = days_of(cut.study.response.counts_within), {one.visit for one in seen if one.visit}
    return [
        held
        for held in course.all(ResponseCall)
        if held.record.visit not in visits
        and (course.day(held.record.on) or 0) > 0
        and all(abs((one.on - held.record.on).days) > within for one in seen)
    ]


def _call(cut: Cut, course: Course, held: Held[ResponseCall]) -> Row:
    record, nothing = held.record, (None,) * 9
    when = (course.subject, label_of(cut, course), record.visit, record.on, course.day(record.on))
    return Row((*when, *nothing, None, say("resp_no_marrow"), record.response))
