"""Slots: places of a part that may be taken at once, and places of a cohort.

A slot is taken at enrolment and given back when the subject's DLT window is over, when he leaves without
being infused, or when he turns out not to be DLT-evaluable and is replaced.
"""

from __future__ import annotations

from datetime import date

from protocyte.conduct.refusal import Refusal, refuse
from protocyte.conduct.scene import Scene
from protocyte.derive.course import Course, Trial
from protocyte.derive.dlt import derive_dlt
from protocyte.records.enrolment import Discontinuation, Enrolment
from protocyte.records.oversight import Cohort
from protocyte.study.model import Study


def left_before_infusion(course: Course) -> bool:
    """Enrolled, never infused and out: discontinued or dead."""
    return course.infused_on is None and bool(course.all(Discontinuation) or course.died_on)


def replaceable(study: Study, course: Course, as_of: date) -> bool:
    """Infused, and not DLT-evaluable after all."""
    statuses = derive_dlt(study, course, as_of)
    return bool(statuses) and all(status.status == "not_evaluable" for status in statuses)


def holds_place(study: Study, course: Course, as_of: date) -> bool:
    """Whether the subject fills a place of the cohort: everybody who is, or may still become, evaluable."""
    if course.enrolled_on is None or left_before_infusion(course):
        return False
    return not (study.evaluability.replace and replaceable(study, course, as_of))


def in_slot(study: Study, course: Course, as_of: date) -> bool:
    """Between enrolment and the end of the DLT window."""
    if course.enrolled_on is None or course.enrolled_on > as_of or left_before_infusion(course):
        return False
    statuses = derive_dlt(study, course, as_of)
    return not statuses or any(status.window.end > as_of for status in statuses)


def places_left(trial: Trial, cohort: Cohort, as_of: date) -> int:
    study = trial.study_on(as_of)
    members = [
        course for course in trial.courses if course.cohort == cohort.cohort and course.part == cohort.part
    ]
    return cohort.size - sum(holds_place(study, course, as_of) for course in members)


def check_slot(scene: Scene, record: Enrolment) -> Refusal | None:
    study, trial = scene.study, scene.trial
    part = study.parts[record.part]
    here = [course for course in trial.courses if course.part == record.part]
    if sum(in_slot(study, course, record.on) for course in here) >= part.slots.concurrent:
        return refuse("no_slot", part=record.part, slots=part.slots.concurrent)
    if part.kind == "expansion":
        infused = sum(course.infused_on is not None or in_slot(study, course, record.on) for course in here)
        full = part.subjects is not None and infused >= part.subjects
        return refuse("part_full", part=record.part, subjects=part.subjects) if full else None
    cohorts = [held.record for held in trial.all(Cohort) if held.record.part == record.part]
    own = [cohort for cohort in cohorts if cohort.cohort == record.cohort]
    if not own:
        names = tuple(cohort.cohort for cohort in cohorts) or ("-",)
        return refuse("no_cohort", cohort=record.cohort or "-", cohorts=names)
    if places_left(trial, own[-1], record.on) <= 0:
        return refuse("cohort_full", cohort=own[-1].cohort, size=own[-1].size)
    return _check_replacement(study, here, own[-1], record.on)


def _check_replacement(study: Study, here: list[Course], cohort: Cohort, on: date) -> Refusal | None:
    """Whoever takes a place that was filled before is a replacement; a part has only so many."""
    treated = [course for course in here if not left_before_infusion(course)]
    if sum(course.cohort == cohort.cohort for course in treated) < cohort.size:
        return None
    most = study.parts[cohort.part].slots.replacements
    replaced = sum(replaceable(study, course, on) for course in treated)
    return refuse("no_replacement", part=cohort.part, most=most) if replaced > most else None
