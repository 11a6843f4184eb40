"""Demographics and baseline disease, and the therapies before the product (14.1.2, 14.1.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from protocyte.analysis.baseline.subjects import (
    AGE_GROUPS,
    SubjectBaseline,
    prior_therapies,
    subject_baseline,
)
from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import Groups, all_infused, heads, infused_by_level, level_note
from protocyte.analysis.row_blocks import kind_block, measure_block
from protocyte.analysis.tables import Cell, Column, ResultTable, Row, say
from protocyte.base import Message
from protocyte.derive.course import Course
from protocyte.records.treatment import Bridging

T = TypeVar("T")
# Lansky's play scale is for children: 1 to 16 years (Lansky et al., Cancer 1987;60:1651).
LANSKY_BELOW = 16
MANY_LINES = 4


def demography_table(cut: Cut) -> ResultTable:
    """Everybody infused, by the level infused; a block a characteristic."""
    groups = infused_by_level(cut)
    known = {course.subject: subject_baseline(cut.study, course) for course in cut.infused}
    rows = [
        *_person(groups, known),
        *_performance(groups, known),
        *_disease(cut, groups, known),
        *_burden(groups, known),
        *_treated_before(groups, known),
    ]
    return ResultTable(
        "demography", say("title_demography"), (Column(say("base_measure")), *heads(groups)),
        tuple(rows) if cut.infused else (), all_infused(cut), _notes(cut, known), say("nobody_infused"),
    )  # fmt: skip


Known = dict[str, SubjectBaseline]


def _person(groups: Groups, known: Known) -> list[Row]:
    return [
        *measure_block(say("base_age"), groups, _each(known, lambda one: one.age)),
        *kind_block(
            say("base_age_group"), groups, _each(known, lambda one: _one(one.age_group)), AGE_GROUPS, _word("age")
        ),
        *kind_block(
            say("base_sex"), groups, _each(known, lambda one: _one(one.sex)), ("female", "male"), _word("sex")
        ),
        *_coded_block(say("base_race"), groups, _each(known, lambda one: one.race)),
        *_coded_block(say("base_ethnicity"), groups, _each(known, lambda one: one.ethnicity)),
        *measure_block(say("base_weight"), groups, _each(known, lambda one: one.weight)),
    ]  # fmt: skip


def _performance(groups: Groups, known: Known) -> list[Row]:
    """A child's scale is asked of children, and of whoever was scored by it."""
    rows: list[Row] = []
    for scale in ("ecog", "kps", "lansky"):
        scores = {
            subject: _one(str(one.performance[scale]) if scale in one.performance else None)
            for subject, one in known.items()
            if scale != "lansky" or scale in one.performance or (one.age or LANSKY_BELOW) < LANSKY_BELOW
        }
        found = {score[0] for score in scores.values() if score}
        rows += kind_block(say(f"base_{scale}"), groups, scores, sorted(found, key=int)) if scores else []
    return rows


def _disease(cut: Cut, groups: Groups, known: Known) -> list[Row]:
    diagnoses = [name for plan in cut.study.diseases.values() for name in plan.diagnoses]
    found = {one.diagnosis for one in known.values()}
    named = [name for name in diagnoses if name in found]
    categories = [name for name in _CATEGORIES if any(one.category == name for one in known.values())]
    return [
        *kind_block(say("base_diagnosis"), groups, _each(known, lambda one: _one(one.diagnosis)), named),
        *_coded_block(say("base_risk"), groups, _each(known, lambda one: one.risk)),
        *kind_block(say("base_genetics"), groups, _each(known, _lesions), words=lesion_words),
        *_yes_no(say("base_extramedullary"), groups, _each(known, lambda one: one.extramedullary)),
        *kind_block(say("base_cns"), groups, _each(known, lambda one: _one(one.cns)), words=str.upper),
        *kind_block(
            say("base_category"), groups, _each(known, lambda one: _one(one.category)), categories,
            _word("category"),
        ),
        *_yes_no(say("base_refractory"), groups, _each(known, lambda one: one.refractory)),
    ]  # fmt: skip


_CATEGORIES = ("primary_refractory", "relapsed_once", "relapsed_again", "neither")
NO_LESION = ""


def _lesions(one: SubjectBaseline) -> tuple[str, ...] | None:
    """That none was found is an answer; that nobody looked is not."""
    return one.lesions if one.lesions is None else one.lesions or (NO_LESION,)


def lesion_words(name: str) -> Cell:
    if name == NO_LESION:
        return say("base_no_lesion")
    return name.upper() if any(letter.isdigit() for letter in name) else name


def _burden(groups: Groups, known: Known) -> list[Row]:
    return [
        *measure_block(say("base_screening_blasts"), groups, _each(known, lambda one: one.screening_blasts)),
        *measure_block(say("base_last_blasts"), groups, _each(known, lambda one: one.last_blasts)),
        *measure_block(say("base_antigen"), groups, _each(known, lambda one: one.antigen)),
    ]


def _treated_before(groups: Groups, known: Known) -> list[Row]:
    transplanted = {subject: one.since_transplant for subject, one in known.items() if one.transplant}
    lines = _each(known, lambda one: None if one.lines is None else float(one.lines))
    since = measure_block(say("base_since_transplant"), groups, transplanted) if transplanted else []
    return [
        *measure_block(say("base_lines"), groups, lines),
        *_yes_no(say("base_transplant"), groups, _each(known, lambda one: one.transplant)),
        *since,
    ]


def _notes(cut: Cut, known: Known) -> tuple[Message, ...]:
    bounds = sum(len(one.bounds) for one in known.values())
    children = any(one.age is not None and one.age < LANSKY_BELOW for one in known.values())
    scored = any("lansky" in one.performance for one in known.values())
    return (
        say("note_base_day"),
        say("note_base_quartiles"),
        say("note_base_share"),
        say("note_base_blasts"),
        say("note_base_category"),
        say("note_base_lesions"),
        *((say("note_base_since"),) if any(one.transplant for one in known.values()) else ()),
        *((say("note_base_bounds", n=bounds),) if bounds else ()),
        *(() if children or scored else (say("note_base_no_children", age=LANSKY_BELOW),)),
        *level_note(cut),
    )


def therapies_table(cut: Cut) -> ResultTable:
    """Subjects by their earlier therapies, each once a therapy; and what bridged the time to the product."""
    groups = infused_by_level(cut)
    rows = [*_line_rows(cut, groups), *_therapy_rows(cut, groups), *_bridging_rows(cut, groups)]
    notes = (say("note_base_therapies"), say("note_base_share"), say("note_base_bridging"), *level_note(cut))
    return ResultTable(
        "therapies", say("title_therapies"), (Column(say("base_therapy")), *heads(groups)),
        tuple(rows) if cut.infused else (), all_infused(cut), notes, say("nobody_infused"),
    )  # fmt: skip


def _line_rows(cut: Cut, groups: Groups) -> list[Row]:
    lines = {course.subject: subject_baseline(cut.study, course).lines for course in cut.infused}
    kinds = {subject: _one(None if n is None else str(min(n, MANY_LINES))) for subject, n in lines.items()}
    found = sorted({kind[0] for kind in kinds.values() if kind}, key=int)
    return kind_block(say("base_lines"), groups, kinds, found, _lines_word)


def _lines_word(key: str) -> str:
    return f"≥ {key}" if int(key) == MANY_LINES else key


def _therapy_rows(cut: Cut, groups: Groups) -> list[Row]:
    """Any of a kind, then by name within the kind."""
    given = {course.subject: prior_therapies(course) for course in cut.infused}
    kinds = {subject: tuple({one.kind for one in found}) or None for subject, found in given.items()}
    used = [kind for kind in _KINDS if any(kind in (found or ()) for found in kinds.values())]
    rows = kind_block(say("base_prior"), groups, kinds, used, _word("kind"))
    for kind in used:
        names = {
            subject: tuple({readable(one.therapy) for one in found if one.kind == kind})
            for subject, found in given.items()
        }
        rows += kind_block(say("base_of_kind", kind=say(f"base_kind_{kind}")), groups, names)
    return rows


_KINDS = ("systemic", "transplant", "cell_therapy", "checkpoint", "radiotherapy", "vaccine", "other")


def _bridging_rows(cut: Cut, groups: Groups) -> list[Row]:
    """A form a therapy: whoever has none was not bridged, as far as the records say."""
    bridged = {course.subject: _bridging(course) for course in cut.infused}
    yes = {subject: ("yes",) if found else ("no",) for subject, found in bridged.items()}
    rows = kind_block(say("base_bridging"), groups, yes, ("yes", "no"), _word("bridged"))
    rows += kind_block(say("base_bridging_by_name"), groups, bridged) if any(bridged.values()) else []
    return rows


def _bridging(course: Course) -> tuple[str, ...]:
    return tuple(dict.fromkeys(readable(held.record.therapy) for held in course.all(Bridging)))


# --- small helpers ------------------------------------------------------------------------------------


def _each(known: Known, read: Callable[[SubjectBaseline], T]) -> dict[str, T]:
    return {subject: read(one) for subject, one in known.items()}


def _one(kind: str | None) -> tuple[str, ...] | None:
    return None if kind is None else (kind,)


def _yes_no(name: Cell, groups: Groups, answers: dict[str, bool | None]) -> list[Row]:
    kinds = {key: None if answer is None else ("yes" if answer else "no",) for key, answer in answers.items()}
    return kind_block(name, groups, kinds, ("yes", "no"), _word("answer"))


def _coded_block(name: Cell, groups: Groups, codes: dict[str, str | None]) -> list[Row]:
    kinds = {subject: _one(coded(code)) for subject, code in codes.items()}
    return kind_block(name, groups, kinds, words=code_words)


def _word(prefix: str) -> Callable[[str], Cell]:
    return lambda key: say(f"base_{prefix}_{key}")


# Race and ethnicity as CDISC's code lists C74457 and C66790 name them; risk groups as in ELN and NCCN.
_CODED = frozenset(
    {
        "american_indian_or_alaska_native", "asian", "black_or_african_american",
        "native_hawaiian_or_other_pacific_islander", "white", "other", "unknown", "not_reported",
        "hispanic_or_latino", "not_hispanic_or_latino",
        "favourable", "intermediate", "adverse", "low", "standard", "high", "very_high", "good", "poor",
    }
)  # fmt: skip


def coded(code: str | None) -> str | None:
    """One code, however it was spelt; a code nobody listed stays as it was written."""
    if code is None:
        return None
    key = re.sub(r"[ -]+", "_", code.strip().casefold()).replace("favorable", "favourable")
    return key if key in _CODED else readable(code)


def code_words(code: str) -> Cell:
    return say(f"base_code_{code}") if code in _CODED else code


def readable(code: str) -> str:
    """A code as a reader takes it: `cell_therapy` has a blank in speech."""
    return code.replace("_", " ")
