"""Dose-limiting toxicities: proposals by the study's rules, adjudications, evaluability.

A proposal is keyed `subject/criterion` (with `/k` for the k-th infusion of a climbing subject), or by the
id of the record in which somebody proposed it. Unadjudicated, it counts as a DLT (DOMAIN 3). Only a signed
adjudication decides, and only on what was on record then: a rejection does not cover what came after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from protocyte.base import Message, Quantity
from protocyte.derive.compiled import compiled
from protocyte.derive.course import Course, Held
from protocyte.derive.toxicity_facts import reached, toxicity_facts
from protocyte.records.follow_up import Death, NewTherapy, Transplant
from protocyte.records.safety import (
    AdverseEvent,
    CrsAssessment,
    DltAdjudication,
    DltProposal,
    GvhdAssessment,
    IcansAssessment,
)
from protocyte.records.treatment import FractionWithheld, Infusion
from protocyte.rules import CompiledRule, FactTable, Verdict
from protocyte.study.model import Study

Status = Literal["dlt", "no_dlt", "pending", "unknown", "not_evaluable"]


@dataclass(frozen=True)
class Window:
    """Both days inclusive; `level` is what the design counts the subject at, None where no level fits."""

    start: date
    end: date
    level: int | None
    assigned: int
    infusion: int  # which infusion of a climber, counted from 1; 1 otherwise


@dataclass(frozen=True)
class Proposal:
    key: str
    criterion: str | None
    on: date
    verdict: Verdict | None
    records: tuple[str, ...]
    adjudicated: bool | None  # the committee's answer, None while there is none

    @property
    def counts(self) -> bool:
        return self.adjudicated is not False

    @property
    def open(self) -> bool:
        return self.adjudicated is None


@dataclass(frozen=True)
class DltStatus:
    """One subject in one window as of a day. `why` says why; `missing` what would decide an unknown."""

    subject: str
    window: Window
    status: Status
    proposals: tuple[Proposal, ...]
    why: Message
    missing: tuple[str, ...] = ()
    days_left: int = 0
    undecided: tuple[str, ...] = ()  # keys of criteria that cannot be answered: an adjudication may

    @property
    def dlt(self) -> bool | None:
        """What the design is told: yes, no, or None while it is open."""
        return {"dlt": True, "no_dlt": False}.get(self.status)

    @property
    def evaluable(self) -> bool | None:
        """DLT-evaluable: yes, no, or None while the window is open."""
        return {"dlt": True, "no_dlt": True, "not_evaluable": False}.get(self.status)


def dlt_windows(study: Study, course: Course, as_of: date) -> tuple[Window, ...]:
    """The windows that had begun by `as_of`: one a subject, or one an infusion for a climbing subject."""
    given = [held.record for held in course.infusions if held.record.on <= as_of]
    if not given:
        return ()
    days = timedelta(days=study.dlt.days)
    if study.dlt.window_from == "each_infusion":
        return tuple(
            Window(
                one.on,
                min(one.on + days, *(later.on - timedelta(days=1) for later in given[index + 1 :]))
                if given[index + 1 :]
                else one.on + days,
                counted_level(study, one.infused, one.dose_level, ()),
                one.dose_level,
                index + 1,
            )
            for index, one in enumerate(given)
        )
    last = given[-1].on if study.dlt.window_to == "last_infusion" else given[0].on
    assigned = given[0].dose_level
    withheld = tuple(held.record for held in course.all(FractionWithheld) if held.record.on <= as_of)
    # Half a split dose may look like a lower level: until it is complete, the assigned level counts.
    under_way = _more_fractions(study, course, as_of)
    level = assigned if under_way else counted_level(study, _total(given), assigned, withheld)
    return (Window(given[0].on, last + days, level, assigned, 1),)


def counted_level(
    study: Study, infused: Quantity, assigned: int, withheld: tuple[FractionWithheld, ...]
) -> int | None:
    """The level a dose counts at: the one within the study's tolerance of it (DOMAIN 1).

    A fraction withheld for toxicity leaves the subject at the assigned level: counting him lower would
    move the toxicity to a dose that did not cause it. None where the dose fits no level.
    """
    if any(one.reason == "toxicity" for one in withheld):
        return assigned
    tolerance = study.dosing.tolerance.to("1").value
    fits = [
        (abs(infused.to(dose.unit).value - dose.value) / dose.value, level)
        for level, dose in enumerate(study.ladder.values(), start=1)
    ]
    distance, level = min(fits)
    return level if distance <= tolerance else None


def derive_dlt(study: Study, course: Course, as_of: date) -> tuple[DltStatus, ...]:
    """The subject's DLT status in each window that had begun by `as_of`."""
    windows = dlt_windows(study, course, as_of)
    day = min(as_of, _settled(study, course, windows, as_of))

    def derive() -> tuple[DltStatus, ...]:
        return tuple(_status(study, course, window, day) for window in windows)

    return course.keep(study, ("dlt", windows, day), derive)


def _settled(study: Study, course: Course, windows: tuple[Window, ...], as_of: date) -> date:
    """The day from which on time alone changes nothing: all windows over, no fraction still to come."""
    last = max((window.end for window in windows), default=as_of)
    return last if _more_fractions(study, course, last) == _more_fractions(study, course, as_of) else as_of


def evaluability(study: Study, course: Course, as_of: date) -> bool | None:
    """Whether the subject is DLT-evaluable in any window; None while none is decided."""
    answers = [status.evaluable for status in derive_dlt(study, course, as_of)]
    if True in answers:
        return True
    return None if not answers or None in answers else False


def _status(study: Study, course: Course, window: Window, as_of: date) -> DltStatus:
    until = min(as_of, window.end)
    found = _find(study, course, window, until)
    proposals, missing = found.proposals, found.missing
    left = max((window.end - as_of).days, 0)

    def answer(status: Status, key: str, /, **params: object) -> DltStatus:
        why = Message.of(f"derive.{key}", **params)
        gaps = missing if status == "unknown" else ()
        return DltStatus(course.subject, window, status, proposals, why, gaps, left, found.undecided)

    counting = [proposal for proposal in proposals if proposal.counts]
    if counting:
        first = min(counting, key=lambda proposal: proposal.on)
        key = "dlt_unadjudicated" if first.open else "dlt_confirmed"
        return answer("dlt", key, criterion=first.criterion or first.key, on=first.on)
    excluded = _excluded(study, course, window, as_of)
    if excluded is not None:
        # Who may have had a DLT is not replaced: that would lose the toxic ones.
        if _could_be(study, course, window, until, found.undecided):
            return answer("unknown", "dlt_possible", missing=missing)
        return answer("not_evaluable", excluded[0], **excluded[1])
    if as_of < window.end or _more_fractions(study, course, as_of):
        return answer("pending", "dlt_pending", until=window.end, left=left)
    if found.undecided:
        return answer("unknown", "dlt_unknown", missing=missing)
    return answer("no_dlt", "no_dlt", until=window.end)


def _excluded(
    study: Study, course: Course, window: Window, as_of: date
) -> tuple[str, dict[str, object]] | None:
    """Why a subject without a DLT is not evaluable: a sentence's name and what fills it."""
    ended = _ended(study, course, window, as_of)
    if ended is not None:
        return "not_evaluable_ended", {"cause": Message.of(f"derive.{ended}")}
    short = _short_dose(study, course, window, as_of)
    if short is not None:
        return "not_evaluable_dose", {"share": short}
    if window.level is None and not _more_fractions(study, course, as_of):
        return "not_evaluable_level", {}
    return None


@dataclass(frozen=True)
class _Found:
    """Proposals; the keys of criteria that cannot be answered, and what they miss."""

    proposals: tuple[Proposal, ...]
    undecided: tuple[str, ...]
    missing: tuple[str, ...]


def _find(study: Study, course: Course, window: Window, until: date) -> _Found:
    """What was proposed by `until`, by rules and by people, with the committee's answers."""
    today = toxicity_facts(study, course, window.start, until)
    highest: FactTable | None = None
    found: list[Proposal] = []
    undecided: dict[str, tuple[str, ...]] = {}
    words = _adjudications(course)
    for name, criterion in study.dlt.criteria.items():
        rule = compiled(criterion.when)
        verdict = rule.evaluate(today)
        if verdict.outcome == "unknown" and only_rises(rule.text):
            highest = highest or toxicity_facts(study, course, window.start, until, highest=True)
            at_most = rule.evaluate(highest)
            verdict = at_most if at_most.outcome == "not_met" else verdict
        key = proposal_key(course.subject, name, window.infusion)
        answer = _answer(study, course, window, until, rule, words.get(key))
        first = None
        if verdict.outcome == "met" or not only_rises(rule.text):
            first = _first_met(study, course, window, until, rule)
        if first is not None:
            found.append(Proposal(key, name, first[0], first[1], first[1].records, answer))
        elif verdict.outcome == "unknown" and answer is None:
            undecided[key] = verdict.missing
        elif answer:
            found.append(Proposal(key, name, words[key].record.on, verdict, verdict.records, answer))
    found += _by_hand(course, window, until, words)
    missing = tuple(dict.fromkeys(item for items in undecided.values() for item in items))
    return _Found(tuple(found), tuple(undecided), missing)


def _by_hand(
    course: Course, window: Window, until: date, words: dict[str, Held[DltAdjudication]]
) -> list[Proposal]:
    found = []
    for held in course.all(DltProposal):
        if window.start <= held.record.on <= until:
            records = (held.record.source,) if held.record.source else ()
            word = words.get(held.record_id)
            answer = word.record.dlt if word and (word.record.dlt or word.seq > held.seq) else None
            found.append(Proposal(held.record_id, None, held.record.on, None, records, answer))
    return found


def _adjudications(course: Course) -> dict[str, Held[DltAdjudication]]:
    """The last signed word on each proposal; an unsigned one is a draft."""
    return {held.record.source: held for held in course.all(DltAdjudication) if held.signed}


def _answer(
    study: Study,
    course: Course,
    window: Window,
    until: date,
    rule: CompiledRule,
    word: Held[DltAdjudication] | None,
) -> bool | None:
    """The committee's answer, unless it said no and what was written since meets the rule by itself."""
    if word is None or word.record.dlt:
        return True if word else None
    since = _written_since(course, word.seq)
    anew = (
        since is not None
        and rule.evaluate(toxicity_facts(study, since, window.start, until)).outcome == "met"
    )
    return None if anew else False


def _written_since(course: Course, seq: int) -> Course | None:
    """The course with only those toxicities that were recorded or amended after entry `seq`."""
    if course.last_seq <= seq:
        return None
    held = tuple(one for one in course.held if one.seq > seq or not isinstance(one.record, _TOXIC))
    return Course(course.subject, held, course.last_seq)


_TOXIC = (AdverseEvent, CrsAssessment, IcansAssessment, GvhdAssessment, Death)


def _could_be(study: Study, course: Course, window: Window, until: date, keys: tuple[str, ...]) -> bool:
    """Whether an unanswered criterion holds if every doubtful grade is taken at its highest."""
    worst = toxicity_facts(study, course, window.start, until, highest=True, nothing_unsaid=True)
    return any(
        compiled(criterion.when).evaluate(worst).outcome == "met"
        for name, criterion in study.dlt.criteria.items()
        if proposal_key(course.subject, name, window.infusion) in keys
    )


def _first_met(
    study: Study, course: Course, window: Window, until: date, rule: CompiledRule
) -> tuple[date, Verdict] | None:
    """The first day of the window on which the rule is met, and the verdict of that day."""
    days = {item.on for items in reached(study, course).values() for item in items} | {until}
    for day in sorted(days):
        if window.start <= day <= until:
            verdict = rule.evaluate(toxicity_facts(study, course, window.start, day))
            if verdict.outcome == "met":
                return day, verdict
    return None


@lru_cache(maxsize=512)
def only_rises(rule: str) -> bool:
    """Whether a rule, once met, stays met: worst grades so far only rise, so `>=` alone cannot be unmet.

    Then a rule that is not met today was not met before either, and no earlier day needs to be asked.
    """
    return not _MAY_FALL.search(rule)


_MAY_FALL = re.compile(r"<|!=|≠|≤|(?<!>)=|\b(not|no|at most|exactly|unless|except|unknown|lowest)\b")


def proposal_key(subject: str, criterion: str, infusion: int = 1) -> str:
    return f"{subject}/{criterion}" if infusion == 1 else f"{subject}/{criterion}/{infusion}"


def _total(given: list[Infusion]) -> Quantity:
    unit = given[0].infused.unit
    return Quantity(sum(one.infused.to(unit).value for one in given), unit)


def _more_fractions(study: Study, course: Course, as_of: date) -> bool:
    """Fractions are still to come: planned, not given and not withheld."""
    planned = len(study.dosing.fractions)
    given = sum(held.record.on <= as_of for held in course.infusions)
    withheld = sum(held.record.on <= as_of for held in course.all(FractionWithheld))
    return bool(planned) and withheld == 0 and given < planned


def _short_dose(study: Study, course: Course, window: Window, as_of: date) -> str | None:
    """The share of the planned dose received where it was too little, and not because of toxicity."""
    if _more_fractions(study, course, as_of):
        return None
    withheld = [held.record for held in course.all(FractionWithheld) if held.record.on <= as_of]
    if any(one.reason == "toxicity" for one in withheld):
        return None
    given = [held.record for held in course.infusions if held.record.on <= as_of]
    if study.dlt.window_from == "each_infusion":
        given = [given[window.infusion - 1]]
    planned = study.dose_of(window.assigned)
    share = _total(given).to(planned.unit).value / planned.value
    return f"{share:.0%}" if share < study.evaluability.minimum_dose.to("1").value else None


def _ended(study: Study, course: Course, window: Window, as_of: date) -> str | None:
    """What ended observation inside the window without a DLT."""
    left = course.left_study
    dates: dict[str, list[date]] = {
        "transplant": [held.record.conditioning for held in course.all(Transplant)],
        "new_therapy": [held.record.on for held in course.all(NewTherapy)],
        "death": [held.record.on for held in course.all(Death)],
        "discontinuation": [left.record.on] if left else [],
    }
    for cause in study.evaluability.ended_by:
        if any(window.start <= on <= window.end and on <= as_of for on in dates[cause]):
            return cause
    return None
