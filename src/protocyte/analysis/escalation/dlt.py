"""DLTs by level with exact limits, what they were, what was decided on them, and each proposal."""

from __future__ import annotations

from collections.abc import Callable

from protocyte.analysis.cut import Cut
from protocyte.analysis.escalation.dlt_events import DltEvent, criterion_of, dlt_events
from protocyte.analysis.escalation.history import Decision, decisions
from protocyte.analysis.groups import EVERYBODY, all_infused, head
from protocyte.analysis.tables import (
    Cell,
    Chance,
    Column,
    Estimate,
    Phrase,
    ResultTable,
    Row,
    Share,
    number,
    phrase,
    rate,
    say,
    text,
)
from protocyte.base import Message
from protocyte.derive.dlt import DltStatus, Proposal, derive_dlt
from protocyte.designs import Design
from protocyte.designs.blrm import Blrm
from protocyte.study.model import Study


def dlt_statuses(cut: Cut) -> tuple[DltStatus, ...]:
    return tuple(status for course in cut.infused for status in derive_dlt(cut.study, course, cut.as_of))


def dlt_table(cut: Cut) -> ResultTable:
    """By the level each window counts at: the one infused, else the one assigned."""
    study, statuses = cut.study, dlt_statuses(cut)
    rows = []
    for level, label in enumerate(study.labels, start=1):
        here = [status for status in statuses if (status.window.level or status.window.assigned) == level]
        rows.append(Row((label, study.ladder[label], *_counts(here))))
    rows.append(Row((say("all_levels"), None, *_counts(list(statuses))), strong=True))
    columns = (
        *text("level", "dose"),
        *number("windows", "dlt_evaluable", "not_evaluable", "still_open", "dlts_limits"),
    )
    notes = [say("note_dlt", days=study.dlt.days), say("note_exact_limits")]
    if study.dosing.climb is not None:
        notes.append(say("note_windows"))
    return ResultTable("dlt", say("title_dlt"), columns, tuple(rows), all_infused(cut), tuple(notes))


def _counts(here: list[DltStatus]) -> tuple[Cell, ...]:
    evaluable = sum(status.evaluable is True for status in here)
    out = sum(status.evaluable is False for status in here)
    dlts = sum(status.status == "dlt" for status in here)
    return len(here), evaluable, out, len(here) - evaluable - out, rate(dlts, evaluable)


def proposals_table(cut: Cut) -> ResultTable:
    """Every proposal, those the committee rejected too; and every window that is open or unanswerable."""
    rows = []
    for status in dlt_statuses(cut):
        window = status.window
        label = cut.study.label_of(window.level or window.assigned)
        for proposal in status.proposals:
            day = (proposal.on - window.start).days
            rows.append(Row((status.subject, label, day, criterion_of(cut, proposal), _word(proposal))))
        if status.status in ("pending", "unknown", "not_evaluable"):
            rows.append(Row((status.subject, label, None, say("none_so_far"), status.why)))
    columns = (*text("subject", "level"), *number("day"), *text("criterion", "standing"))
    return ResultTable(
        "dlt_proposals", say("title_proposals"), columns, tuple(rows), all_infused(cut),
        empty=say("no_proposals"),
    )  # fmt: skip


def _word(proposal: Proposal) -> Cell:
    return say({True: "confirmed", False: "rejected", None: "unadjudicated"}[proposal.adjudicated])


# --- summary ----------------------------------------------------------------------------------------------

ByLevel = dict[str, list[DltStatus]]


def dlt_summary_table(cut: Cut) -> ResultTable:
    """Statistics by level, then the decisions taken and the toxicities, each in the column of its level.

    A subject counts at the level infused, else the one assigned; each infusion of a climber by itself. Rates
    are of the DLT-evaluable. Limits of the pooled levels describe the sample: they are no estimate of one rate.
    """
    study, levels = cut.study, _by_level(cut)
    population, everybody = all_infused(cut), say("tox_treated")
    if study.dosing.climb is not None and cut.infused:
        windows = len(levels[EVERYBODY])
        population = say("tox_of_infusions", n=windows, subjects=len(cut.infused))
        everybody = say("tox_infusions")
    rows = [*_counted(levels, everybody), *_limits(levels), _posterior(study, levels)]
    rows += [_decided(cut, one, levels) for one in decisions(cut)]
    rows += [_toxic(study, event, levels) for event in dlt_events(cut)]
    columns = tuple(Column(head(label, len(here)), "number") for label, here in levels.items())
    return ResultTable(
        "dlt_summary", say("title_dlt_summary"), (Column(say("statistic")), *columns),
        tuple(rows) if cut.infused else (), population, _notes(cut), say("nobody_infused"),
    )  # fmt: skip


def _by_level(cut: Cut) -> ByLevel:
    """Windows by the label of their level, in the ladder's order; a study of one level has only everybody."""
    statuses = list(dlt_statuses(cut))
    labels = cut.study.labels if len(cut.study.labels) > 1 else ()
    return {
        label: [one for one in statuses if (one.window.level or one.window.assigned) == level]
        for level, label in enumerate(labels, start=1)
    } | {EVERYBODY: statuses}


def _line(
    name: Message, levels: ByLevel, cell: Callable[[list[DltStatus]], Cell], strong: bool = False
) -> Row:
    return Row((name, *(cell(here) for here in levels.values())), strong=strong)


def _counted(levels: ByLevel, everybody: Message) -> list[Row]:
    answers = {"dlt_evaluable": True, "not_evaluable": False, "still_open": None}
    rows = [_line(everybody, levels, len)]
    for name, answer in answers.items():
        rows.append(_line(say(name), levels, lambda here, a=answer: sum(s.evaluable is a for s in here)))  # type: ignore[misc]
    return [*rows, _line(say("tox_dlt_share"), levels, lambda here: Share(*_tally(here)), strong=True)]


def _tally(here: list[DltStatus]) -> tuple[int, int]:
    """DLTs, and the evaluable they are of."""
    return sum(one.status == "dlt" for one in here), sum(one.evaluable is True for one in here)


def _limits(levels: ByLevel) -> list[Row]:
    def row(percent: int) -> Row:
        name = say("tox_exact_limits", percent=percent)
        return _line(name, levels, lambda here: _exact(*_tally(here), percent / 100))

    return [row(90), row(95)]


def _exact(count: int, of: int, level: float) -> Estimate:
    """The rate with limits of Clopper and Pearson; nobody evaluable leaves nothing to estimate."""
    from protocyte.stats.binomial import clopper_pearson

    if not of:
        return Estimate(None, percent=True)
    found = clopper_pearson(count, of, level)
    return Estimate(count / of, float(found.lower), float(found.upper), digits=1, percent=True)


def _posterior(study: Study, levels: ByLevel) -> Row:
    """The chance that a level's rate exceeds the target, after its own outcomes alone."""
    target = _target(study)
    if target is None:
        return _line(say("tox_posterior_none"), levels, lambda here: say("tox_no_target"))
    cells: list[Cell] = [
        None if label == EVERYBODY and len(levels) > 1 else exceeding(*_tally(here), target)
        for label, here in levels.items()
    ]
    return Row((say("tox_posterior", target=f"{100 * target:g} %"), *cells))


def exceeding(dlts: int, of: int, target: float) -> Chance | None:
    """P(rate > target) under the prior Beta(1, 1): Beta(1 + DLTs, 1 + others); None with nobody evaluable."""
    from scipy.special import betaincc

    return Chance(float(betaincc(1 + dlts, 1 + of - dlts, target))) if of else None


def _design(study: Study) -> Design | None:
    return next((part.design for part in study.parts.values() if part.design is not None), None)


def _target(study: Study) -> float | None:
    """The rate a design aims at; a BLRM aims at an interval, and what lies above its end is overdose."""
    design = _design(study)
    if isinstance(design, Blrm):
        return design.interval[1]
    target = getattr(design, "target", None)
    return None if target is None else float(target)


def design_name(design: Design | None) -> Message:
    """The design's name with its variant, by which two designs of one name are told apart."""
    if design is None:
        return say("tox_without_design")
    variant = getattr(design, "variant", None) or getattr(design, "model", None)
    name = say(f"tox_design_{design.design}")
    return name if variant is None else say("tox_design_variant", design=name, variant=variant)


def _decided(cut: Cut, decision: Decision, levels: ByLevel) -> Row:
    """In the column of the level decided on; one that names no level stands under everybody."""
    study = cut.trial.study_on(decision.on)
    part = study.parts.get(decision.part)
    name = design_name(part.design if part else None)
    group: Cell | Phrase = (
        phrase("tox_decisions", part=part.title, design=name, version=study.version)
        if part
        else say("tox_decisions", part=decision.part, design=name, version=study.version)
    )
    label = say("tox_decision", n=decision.number, on=decision.on)
    if decision.deviates:
        label = say("tox_against", decision=label, advised=_advised(decision))
    if decision.signed_by is None:
        label = say("tox_unsigned", decision=label)
    if decision.lapsed is not None:
        label = say("tox_lapsed", decision=label)
    return Row((label, *_at(levels, decision.level, say(f"tox_action_{decision.action}"))), group=group)


def _advised(decision: Decision) -> Message:
    action = say(f"tox_action_{decision.advised}")
    if decision.advised_level is None:
        return action
    return say("tox_at_level", action=action, level=decision.advised_level)


def _toxic(study: Study, event: DltEvent, levels: ByLevel) -> Row:
    """Its grade stands in the column of its level, all else beside the subject."""
    lasted = (
        say("tox_lasted", days=event.duration) if event.duration is not None else say("tox_no_end_recorded")
    )
    told = {"subject": event.subject, "day": event.day, "lasted": lasted, "outcome": event.outcome}
    make = say if isinstance(event.term, (str, Message)) else phrase
    label: Cell = make("tox_event", term=event.term, **told)
    grade = say("tox_not_recorded") if event.grade is None else say("tox_grade", grade=event.grade)
    return Row((label, *_at(levels, study.label_of(event.level), grade)), group=say("tox_dlts_by_toxicity"))


def _at(levels: ByLevel, label: str | None, told: Cell) -> list[Cell]:
    column = label if label in levels else EVERYBODY
    return [told if one == column else None for one in levels]


def _notes(cut: Cut) -> tuple[Message, ...]:
    notes = [
        say("note_dlt", days=cut.study.dlt.days),
        say("note_exact_limits"),
        say("tox_note_design", design=design_name(_design(cut.study)), version=cut.study.version),
        say("tox_note_evaluable"),
        say("tox_note_posterior" if _target(cut.study) is not None else "tox_note_no_target"),
        say("tox_note_dlt_events"),
    ]
    return (*notes, say("note_windows")) if cut.study.dosing.climb is not None else tuple(notes)
