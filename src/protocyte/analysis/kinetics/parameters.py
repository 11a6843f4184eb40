"""Kinetic parameters by dose level, by response and by grade of CRS; after a re-infusion apart.

A profile is one dose's (`derive.kinetic_parameters`): a subject who climbs has one at every level, and is
compared with others by the last. Groups by what came later are described, never tested: who dies early can
neither respond nor persist, so that only a landmark could compare them in time (DOMAIN 29).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, fsum, log
from typing import Literal

from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.response import best_of, responded
from protocyte.analysis.groups import EVERYBODY, all_infused, head
from protocyte.analysis.safety.crs_icans import Toxicity, worst_grade
from protocyte.analysis.tables import (
    Cell,
    Column,
    ResultTable,
    Row,
    Share,
    geometric_of,
    median_of,
    phrase,
    say,
)
from protocyte.base import Message
from protocyte.derive.classify import NOT_EVALUABLE
from protocyte.derive.course import Course
from protocyte.derive.kinetic_parameters import (
    BLQ_RULE,
    METHOD,
    SPAN,
    KineticParameters,
    Profile,
    kinetic_parameters,
)
from protocyte.study.efficacy import KineticsAssay

ToxicityClass = Literal["none", "low", "high", "not_assessed"]
ResponseClass = Literal["responder", "non_responder", "not_evaluable"]
TOXICITY_CLASSES: tuple[ToxicityClass, ...] = ("none", "low", "high", "not_assessed")
RESPONSE_CLASSES: tuple[ResponseClass, ...] = ("responder", "non_responder", "not_evaluable")


@dataclass(frozen=True)
class Seen:
    """One profile of one subject. `main`: it is the one the subject is compared by."""

    course: Course
    found: KineticParameters
    profile: Profile

    @property
    def main(self) -> bool:
        return self.profile is self.found.main


def kinetic_assays(cut: Cut) -> dict[str, KineticsAssay]:
    """The assays that measure the product's cells; target cells and antibodies have no such parameters."""
    return {name: plan for name, plan in cut.study.kinetics.items() if plan.role == "kinetics"}


def planned_profiles(cut: Cut, assay: str) -> list[Seen]:
    """The profiles of planned doses of everybody infused, with samples or without."""
    found = [(course, kinetic_parameters(cut.study, course, assay)) for course in cut.infused]
    return [Seen(course, one, profile) for course, one in found for profile in one.planned]


def main_profiles(cut: Cut, assay: str) -> list[Seen]:
    """One profile a subject, of those who were sampled."""
    return [seen for seen in planned_profiles(cut, assay) if seen.main and seen.profile.sampled]


# --- what subjects are grouped by ---------------------------------------------------------------------------


def response_class(cut: Cut, course: Course) -> ResponseClass:
    if responded(cut, course):
        return "responder"
    return "not_evaluable" if best_of(cut, course).category == NOT_EVALUABLE else "non_responder"


def toxicity_class(cut: Cut, course: Course, of: Toxicity) -> ToxicityClass:
    """By the worst grade a subject certainly had after the first infusion: 0, 1-2, 3 and more."""
    worst = worst_grade(cut, course, of)
    if worst is None:
        return "not_assessed"
    return "none" if worst == 0 else "low" if worst < 3 else "high"


# --- tables -------------------------------------------------------------------------------------------------

Groups = dict[str, list[Seen]]


def kinetics_parameters_table(cut: Cut) -> tuple[ResultTable, ...]:
    """By level; by best response; by worst CRS; after a re-infusion."""
    return (_by_level(cut), _by_response(cut), _by_crs(cut), _after_reinfusion(cut))


def _by_level(cut: Cut) -> ResultTable:
    labels = cut.study.labels if len(cut.study.labels) > 1 else ()

    def groups(name: str) -> Groups:
        profiles = planned_profiles(cut, name)
        by = {
            label: [seen for seen in profiles if seen.profile.level == number]
            for number, label in enumerate(labels, start=1)
        }
        return by | {EVERYBODY: profiles}

    sizes = {label: len(_at(cut, number)) for number, label in enumerate(labels, start=1)}
    climbing = cut.study.dosing.climb is not None
    heads = [Column(head(label, sizes.get(label, 0)), "number") for label in labels]
    heads.append(Column(head(EVERYBODY, len(cut.infused)), "number"))
    notes = (*_notes(cut), *((say("note_kin_climb"),) if climbing else ()))
    return _table(cut, "kinetics_parameters", groups, heads, notes)


def _at(cut: Cut, level: int) -> set[str]:
    """Who got a planned dose of this level: the profiles of any assay tell."""
    for name in cut.study.kinetics:
        return {seen.course.subject for seen in planned_profiles(cut, name) if seen.profile.level == level}
    return set()


def _by_response(cut: Cut) -> ResultTable:
    of = {course.subject: response_class(cut, course) for course in cut.infused}
    notes = (*_notes(cut), say("note_kin_response", responses=" + ".join(cut.study.response.responses)))
    return _by_class(cut, "kinetics_by_best", RESPONSE_CLASSES, of, "kin", (*notes, say("note_kin_landmark")))


def _by_crs(cut: Cut) -> ResultTable:
    of = {course.subject: toxicity_class(cut, course, "crs") for course in cut.infused}
    notes = (*_notes(cut), say("note_kin_crs", scale=cut.study.scales.crs), say("note_kin_landmark"))
    return _by_class(cut, "kinetics_by_crs", TOXICITY_CLASSES, of, "kin_crs", notes)


def _by_class(
    cut: Cut, id: str, classes: Sequence[str], of: Mapping[str, str], prefix: str, notes: tuple[Message, ...]
) -> ResultTable:
    """A class nobody is in has no column, but the first two of them, which are the comparison."""
    shown = [name for k, name in enumerate(classes) if k < 2 or name in of.values()]

    def groups(name: str) -> Groups:
        profiles = [seen for seen in planned_profiles(cut, name) if seen.main]
        return {one: [seen for seen in profiles if of[seen.course.subject] == one] for one in shown}

    sizes = {one: sum(each == one for each in of.values()) for one in shown}
    notes = (*notes, *last_dose_note(cut))
    heads = [
        Column(say("kin_group_n", group=say(f"{prefix}_{one}"), n=sizes[one]), "number") for one in shown
    ]
    return _table(cut, id, groups, heads, notes)


def last_dose_note(cut: Cut) -> tuple[Message, ...]:
    """Where a subject has several planned doses, a reader must know which one he is compared by."""
    return (say("note_kin_last_dose"),) if cut.study.dosing.climb is not None else ()


def _after_reinfusion(cut: Cut) -> ResultTable:
    def groups(name: str) -> Groups:
        found = [(course, kinetic_parameters(cut.study, course, name)) for course in cut.infused]
        return {EVERYBODY: [Seen(course, one, again) for course, one in found for again in one.reinfusions]}

    first = next(iter(kinetic_assays(cut)), None)
    size = len(groups(first)[EVERYBODY]) if first else 0
    heads = [Column(say("kin_reinfusions_n", n=size), "number")]
    return _table(cut, "kinetics_reinfusion", groups, heads, _notes(cut), say("kin_no_reinfusion"))


def _table(
    cut: Cut,
    id: str,
    groups: Callable[[str], Groups],
    heads: list[Column],
    notes: tuple[Message, ...],
    empty: Message | None = None,
) -> ResultTable:
    rows: list[Row] = []
    for name, plan in kinetic_assays(cut).items():
        split = groups(name)
        if not any(seen.profile.sampled for group in split.values() for seen in group):
            continue
        columns = [_statistics(plan, group) for group in split.values()]
        heading = phrase("assay", title=plan.title, unit=plan.unit)
        rows += [
            Row((lines[0][0], *(cell for _, cell in lines)), group=heading)
            for lines in zip(*columns, strict=True)
        ]
    return ResultTable(
        id, say(f"title_{id}"), (Column(say("statistic")), *heads), tuple(rows), all_infused(cut), notes,
        empty or say("no_samples"),
    )  # fmt: skip


def _notes(cut: Cut) -> tuple[Message, ...]:
    """What the numbers are, and what is not in them."""
    profiles = [seen for name in kinetic_assays(cut) for seen in planned_profiles(cut, name)]
    capped = len({(seen.found.assay, seen.course.subject) for seen in profiles if seen.profile.capped})
    repeated = sum(seen.profile.repeated for seen in profiles)
    unusable = len({record for seen in profiles for record in seen.found.unusable})
    return (
        say("note_kin_profile"),
        say("note_kin_blq", rule=BLQ_RULE, method=METHOD),
        say("note_kin_area"),
        say("note_kin_phase", span=SPAN),
        *((say("note_kin_capped", n=capped),) if capped else ()),
        *((say("note_kin_repeated", n=repeated),) if repeated else ()),
        *((say("note_kin_unusable", n=unusable),) if unusable else ()),
    )


Lines = list[tuple[Cell, Cell]]
Take = Callable[[Profile], "float | None"]


def _statistics(plan: KineticsAssay, group: list[Seen]) -> Lines:
    sampled = [seen.profile for seen in group if seen.profile.sampled]
    quantified = sum(one.cmax is not None for one in sampled)
    lines: Lines = [
        (say("kin_sampled"), len(sampled)),
        (say("kin_quantified"), Share(quantified, len(sampled))),
    ]
    unit = plan.unit
    lines += _positive(say("kin_cmax", unit=unit), _values(sampled, lambda one: one.cmax), counted=False)
    lines += _days(say("kin_tmax"), _values(sampled, lambda one: one.tmax), counted=False)
    for end in (28, 90):
        area = _values(sampled, lambda one, end=end: one.area_to(end).value)  # type: ignore[misc]
        lines += _positive(say(f"kin_auc{end}", unit=unit), area)
    lines += _positive(
        say("kin_auclast", unit=unit), _values(sampled, lambda one: one.area_last), counted=False
    )
    lines += _positive(say("kin_clast", unit=unit), _values(sampled, lambda one: one.clast), counted=False)
    lines += _days(say("kin_tfirst"), _values(sampled, lambda one: one.tfirst), counted=False)
    lines += _days(say("kin_tlast"), _values(sampled, lambda one: one.tlast), counted=False)
    lines += _positive(say("kin_fold"), _values(sampled, lambda one: one.fold_expansion))
    for phase in ("expansion", "contraction", "terminal"):
        times = _values(sampled, lambda one, phase=phase: getattr(one, phase).time)  # type: ignore[misc]
        lines += _days(say(f"kin_{phase}"), times)
    lines += _persistence(group)
    if plan.matrix == "marrow":
        ratios = [_mean_ratio(seen) for seen in group if seen.main]
        lines += _positive(say("kin_ratio"), [ratio for ratio in ratios if ratio is not None])
    return lines


def _values(profiles: Iterable[Profile], take: Take) -> list[float]:
    return [value for one in profiles if (value := take(one)) is not None]


def _positive(what: Message, values: list[float], counted: bool = True) -> Lines:
    """n where it may be smaller than the number with quantified cells; geometric mean with CV; median."""
    lines: Lines = [(say("kin_n", what=what), len(values))] if counted else []
    return [
        *lines,
        (say("kin_geometric", what=what), geometric_of(values)),
        (say("kin_median", what=what), median_of(values, digits=2)),
    ]


def _days(what: Message, values: list[float], counted: bool = True) -> Lines:
    lines: Lines = [(say("kin_n", what=what), len(values))] if counted else []
    digits = 0 if all(value == int(value) for value in values) else 1
    return [*lines, (say("kin_median", what=what), median_of(values, digits))]


def _persistence(group: list[Seen]) -> Lines:
    """Of the subjects, whose last dose this was: persistence is theirs, not a dose's."""
    ends = [seen.found.persistence for seen in group if seen.main and seen.profile.cmax is not None]
    lost = [end for end in ends if end.status == "lost"]
    lines: Lines = [(say("kin_lost"), Share(len(lost), len(ends)))]
    lines.append((say("kin_lost_by"), median_of([end.by for end in lost if end.by is not None])))
    for status in ("unconfirmed", "ongoing", "censored"):
        count = sum(end.status == status for end in ends)
        lines.append((say(f"kin_{status}"), Share(count, len(ends))))
    return lines


def _mean_ratio(seen: Seen) -> float | None:
    """The geometric mean of a subject's ratios: one number a subject, however often both were sampled."""
    ratios = seen.found.ratios
    if ratios is None or not ratios.pairs:
        return None
    return exp(fsum(log(ratio) for _, ratio in ratios.pairs) / len(ratios.pairs))
