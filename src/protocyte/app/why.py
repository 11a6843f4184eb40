"""Any verdict, DLT status, response or endpoint of a subject, with the rule, the records and the dates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from protocyte.app.forms import where_recorded
from protocyte.app.unusable import unusable
from protocyte.app.why_safety import adverse_event_rows, episode_rows, gate_rows
from protocyte.app.wording import told
from protocyte.base import InputError, Language, render
from protocyte.conduct.recording import read_record
from protocyte.derive.course import Course, Trial
from protocyte.derive.dlt import DltStatus, derive_dlt
from protocyte.derive.eligibility import CriterionAnswer, judge_gate
from protocyte.derive.eligibility_matrix import what_if
from protocyte.derive.endpoints import NotApplicable, time_to_event
from protocyte.derive.grades import DayGrade, grade_crs, grade_gvhd, grade_icans
from protocyte.derive.response import assessments, best_response
from protocyte.records import Record
from protocyte.rules import explain
from protocyte.study.efficacy import ResponseEndpoint, TimeToEventEndpoint
from protocyte.study.eligibility import Gate
from protocyte.study.facts import dlt_scope, eligibility_scope, response_scope
from protocyte.study.model import Study
from protocyte.vocab.grading import explain as explain_grade

# What became of a proposal, by the committee's answer.
_ADJUDICATED = {True: "answer_confirmed", False: "answer_not_a_dlt", None: "answer_open"}
GRADED: dict[str, Callable[[Study, Course], tuple[DayGrade, ...]]] = {
    "crs": grade_crs,
    "icans": grade_icans,
    "gvhd": lambda study, course: grade_gvhd(course),
}
GATES: tuple[Gate, ...] = ("enrolment", "lymphodepletion", "infusion")


def explain_subject(
    trial: Trial, subject: str, what: str, day: date, language: Language
) -> list[dict[str, Any]]:
    """Reasons as plain rows: `what`, `answer`, `why`, `rule`, `records`, `missing`."""
    if subject not in trial.subjects:
        raise unusable("no_subject", subject=subject)
    study, course = trial.study_on(day), trial.course(subject)
    endpoints = [name for name, one in study.endpoints.items() if isinstance(one, TimeToEventEndpoint)]
    for gate in GATES:
        if what == gate:
            answers = judge_gate(study, course, gate, day).answers
            return [_criterion(study, answer, language) for answer in answers]
    if what == "dlt":
        return _dlt(study, course, day, language)
    if what == "response" or isinstance(study.endpoints.get(what), ResponseEndpoint):
        return _responses(study, course, day, language)
    if what in GRADED:
        rows = _grades(GRADED[what](study, course), day, language)
        return rows + episode_rows(study, course, what, day, language)  # type: ignore[arg-type]
    if what == "ae":
        return adverse_event_rows(study, course, day, language)
    if what == "gate":
        return gate_rows(study, course, GATES, day, language)
    if what in endpoints:
        return [_endpoint(study, course, what, day, language)]
    known = (*GATES, "gate", "dlt", *GRADED, "ae", "response", *endpoints)
    raise unusable("no_question", what=what, known=known)


def explain_what_if(
    trial: Trial,
    subject: str,
    gate: str,
    day: date,
    arriving: Sequence[Mapping[str, Any]],
    language: Language,
) -> list[dict[str, Any]]:
    """The gate as it would stand with forms that nobody has written: first the gate, then what changes.

    Nothing is written. Raises `InputError` for what is no gate and for a form that cannot be.
    """
    chosen = next((one for one in GATES if one == gate), None)
    if chosen is None:
        raise unusable("no_question", what=gate, known=GATES)
    if subject not in trial.subjects:
        raise unusable("no_subject", subject=subject)
    records = [_arriving({**fields, "subject": subject}) for fields in arriving]
    study, course = trial.study_on(day), trial.course(subject)
    found = what_if(study, course, chosen, day, records)
    before, after = (
        told("gate_is_open" if one.open else "gate_is_shut", language) for one in (found.before, found.after)
    )
    why = told("what_if_changes", language, n=len(found.changed))
    rows = [_row(f"{gate} {day}", f"{before} -> {after}", why)]
    for answer in found.after.answers:
        if answer.criterion in found.changed:
            then = _criterion(study, answer, language)
            rows.append(then | {"answer": " -> ".join(found.changed[answer.criterion])})
    return rows


def _arriving(fields: Mapping[str, Any]) -> Record:
    record = read_record(fields)
    if isinstance(record, tuple):
        raise InputError(render(record[0].message), record)
    return record


def _row(
    what: str, answer: str, why: str, rule: str = "", records: Any = (), missing: Any = ()
) -> dict[str, Any]:
    return {
        "what": what,
        "answer": answer,
        "why": why,
        "rule": rule,
        "records": list(records),
        "missing": list(missing),
    }


def _criterion(study: Study, answer: CriterionAnswer, language: Language) -> dict[str, Any]:
    if answer.verdict is not None:
        why = explain(answer.verdict, language, eligibility_scope(study))
        rule = answer.verdict.rule
    else:
        why, rule = render(answer.why, language) if answer.why else "", ""
    return _row(
        answer.criterion,
        answer.answer,
        why + _how(study, answer, language),
        rule,
        answer.records,
        answer.missing,
    )


def _how(study: Study, answer: CriterionAnswer, language: Language) -> str:
    """Which forms would say what is not known, for whoever is to fill them in."""
    if answer.answer == "needs_judgement":
        forms: tuple[str, ...] = (told("judge_it", language, criterion=answer.criterion),)
    elif answer.answer == "unknown" or answer.missing:
        forms = tuple(one for fact in answer.missing for one in where_recorded(study, fact))
    else:
        return ""
    return "\n" + told("record_as", language, forms="; ".join(dict.fromkeys(forms))) if forms else ""


def _dlt(study: Study, course: Course, day: date, language: Language) -> list[dict[str, Any]]:
    rows = []
    for status in derive_dlt(study, course, day):
        window = f"{status.window.start} .. {status.window.end}"
        rows.append(_row(window, status.status, render(status.why, language), missing=status.missing))
        rows += _proposals(study, status, language)
    return rows or [_row("dlt", "-", told("not_treated", language))]


def _proposals(study: Study, status: DltStatus, language: Language) -> list[dict[str, Any]]:
    rows = []
    for proposal in status.proposals:
        answer = told(_ADJUDICATED[proposal.adjudicated], language)
        why = explain(proposal.verdict, language, dlt_scope(study)) if proposal.verdict else ""
        rule = proposal.verdict.rule if proposal.verdict else ""
        rows.append(_row(proposal.key, answer, why, rule, proposal.records))
    return rows


def _grades(days: tuple[DayGrade, ...], until: date, language: Language) -> list[dict[str, Any]]:
    """Each assessment: the grade used, what the scale makes of the components, the investigator's beside it."""
    rows = []
    for one in days:
        if one.on > until:
            continue
        answer = str(one.least) if one.known else f"{one.least}-{one.most}"
        investigator = "-" if one.investigator is None else one.investigator
        why = told("graded", language, said=explain_grade(one.graded), investigator=investigator)
        rows.append(_row(str(one.on), answer, why, one.graded.rule, (one.record_id,), one.graded.missing))
    return rows or [_row("-", "-", told("not_assessed", language))]


def _responses(study: Study, course: Course, day: date, language: Language) -> list[dict[str, Any]]:
    rows = []
    for one in assessments(study, course):
        if one.on <= day:
            why = (
                explain(one.verdict, language, response_scope(study))
                if one.verdict
                else render(one.why, language)
            )
            rule = one.verdict.rule if one.verdict else ""
            rows.append(
                _row(
                    f"{one.on} {one.visit or ''}".strip(),
                    one.category,
                    why,
                    rule,
                    (one.record_id,),
                    one.missing,
                )
            )
    best = best_response(study, course, data_cut=day)
    return [*rows, _row("best", best.category, render(best.why, language))]


def _endpoint(study: Study, course: Course, name: str, day: date, language: Language) -> dict[str, Any]:
    endpoint = study.endpoints[name]
    assert isinstance(endpoint, TimeToEventEndpoint)
    timed = time_to_event(study, course, endpoint.operational, day)
    if isinstance(timed, NotApplicable):
        return _row(name, "-", render(timed.reason, language))
    answer = (
        f"{timed.status} {timed.event or ''}".strip() + f", {timed.days} d ({timed.origin} .. {timed.on})"
    )
    return _row(name, answer, render(timed.reason, language), records=timed.records)
