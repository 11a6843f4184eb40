"""Relapse and death in remission as competing risks, by dose level, and what transplant has to do with it.

Both are counted from the first remission. Who died cannot relapse and who relapsed cannot die in remission,
so one minus Kaplan and Meier would overstate either (Gooley et al., Stat Med 1999;18:695).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.survival import MONTH, causes_of, incidence_by, known, month_ticks, times_of
from protocyte.analysis.efficacy.time_to_event import LANDMARKS, Reading, span
from protocyte.analysis.groups import EVERYBODY, head, infused_by_level, level_note
from protocyte.analysis.tables import (
    Cell,
    Column,
    Estimate,
    Number,
    ResultTable,
    Row,
    Share,
    median_of,
    phrase,
    say,
)
from protocyte.base import Message, Quantity
from protocyte.derive.course import Course
from protocyte.derive.endpoints import Status, Timed
from protocyte.derive.events import clinical_events
from protocyte.stats.aalen_johansen import aalen_johansen, incidence_at
from protocyte.stats.cox import proportional_hazards
from protocyte.stats.gray import gray_test
from protocyte.stats.landmark import known_by, landmark
from protocyte.study.efficacy import TimeToEvent, TimeToEventEndpoint
from protocyte.study.model import Study
from protocyte.study.parts import Words, days_of

# When transplanted and not transplanted are told apart: what follows a remission is usually decided by then.
TRANSPLANT_LANDMARK = Quantity(3, "mo")
# Fewer events a covariate than this make a hazard ratio a number about nothing (Vittinghoff and McCulloch,
# Am J Epidemiol 2007;165:710).
LEAST_EVENTS = 5

Risks = dict[str, tuple[Timed, ...]]  # the same subjects, timed once as relapse and once as death


# --- who is counted, and from which day ----------------------------------------------------------------


def relapse_definition(study: Study) -> TimeToEvent | None:
    """The study's own incidence of relapse from remission, else the usual one; None without responders.

    The usual one: from the first remission in responders to relapse, death competing, transplant and new
    therapy ignored, censored at the last adequate assessment.
    """
    for endpoint in study.endpoints.values():
        if isinstance(endpoint, TimeToEventEndpoint):
            for own in (endpoint.operational, endpoint.companion):
                if own is not None and _is_relapse_from_remission(own):
                    return own
    responders = next(
        (name for name, one in study.analysis_sets.items() if one.members == "responders"), None
    )
    if responders is None:
        return None
    return TimeToEvent(
        origin="remission", events=("relapse",), competing=("death",), censor="last_assessment",
        population=responders,
    )  # fmt: skip


def _is_relapse_from_remission(own: TimeToEvent) -> bool:
    """One in which a transplant stops nothing, so that what follows it can be seen."""
    ignored = own.intercurrent.get("transplant", "treatment_policy") == "treatment_policy"
    return ignored and (own.origin, own.events, own.competing) == ("remission", ("relapse",), ("death",))


def _risks(cut: Cut) -> Risks:
    """The mirror of relapse, not a definition of its own: of one day's relapse and death only one counts."""
    definition = relapse_definition(cut.study)
    timed = Reading(cut, definition).timed if definition else ()
    return {"relapse": timed, "death": tuple(replace(one, status=_MIRROR[one.status]) for one in timed)}


_MIRROR: dict[Status, Status] = {"event": "competing", "competing": "event", "censored": "censored"}


def _population(cut: Cut, n: int) -> Any:
    definition = relapse_definition(cut.study)
    if definition is None:
        return say("inc_no_set")
    return phrase("inc_population", set=cut.study.analysis_sets[definition.population].title, n=n)


# --- the table ----------------------------------------------------------------------------------------


def incidence_table(cut: Cut) -> tuple[ResultTable, ...]:
    """Incidence of relapse and of death in remission by level; and both by transplant, where it came."""
    risks = _risks(cut)
    by_level = _by_level(cut, risks["relapse"])
    columns = [Column(head(label, len(group)), "number") for label, group in by_level.items()]
    rows: list[Row] = []
    for cause, timed in risks.items():
        rows += _incidence_rows(cut, say(f"inc_{cause}"), timed)
    notes = (say("inc_note_method"), say("inc_note_gray"), *_gray_reasons(cut, risks), *level_note(cut))
    n = len(risks["relapse"])
    main = ResultTable(
        "incidence", say("title_incidence"), (Column(say("statistic")), *columns), tuple(rows) if n else (),
        _population(cut, n), (*notes, say("note_months")), say("inc_nobody"),
    )  # fmt: skip
    return (main, _transplant_table(cut, risks))


def _by_level(cut: Cut, timed: Sequence[Timed]) -> dict[str, tuple[Timed, ...]]:
    """The timed by the label of their level, then all; levels without any are left out."""
    found = {}
    for label, group in infused_by_level(cut).items():
        subjects = {course.subject for course in group}
        members = tuple(one for one in timed if one.subject in subjects)
        if members or label == EVERYBODY:
            found[label] = members
    return found


def _incidence_rows(cut: Cut, group: Message, timed: Sequence[Timed]) -> list[Row]:
    by_level = _by_level(cut, timed)
    levels = tuple(by_level.values())

    def counted(status: str) -> list[Cell]:
        return [Share(sum(one.status == status for one in members), len(members)) for members in levels]

    rows = [
        Row((say("events"), *counted("event")), group, strong=True),
        Row((say("competing"), *counted("competing")), group),
        Row((say("censored"), *counted("censored")), group),
    ]
    for when in LANDMARKS:
        month = days_of(when) / MONTH
        estimates = (incidence_by(members, month) for members in levels)
        rows.append(Row((say("tte_incidence_at", when=span(when)), *estimates), group))
    gray = gray_by_level(cut, timed)
    if gray.p is not None:
        blank = [None] * (len(levels) - 1)
        rows.append(Row((say("inc_gray"), *blank, chance(gray.p)), group))
    return rows


@dataclass(frozen=True)
class Gray:
    """The probability of Gray's test, or why there is none."""

    p: float | None
    why: Message | None = None


def gray_by_level(cut: Cut, timed: Sequence[Timed]) -> Gray:
    """Is the incidence the same at every level? Asked only where two levels or more have events."""
    groups = {label: members for label, members in _by_level(cut, timed).items() if label != EVERYBODY}
    if len(groups) < 2:
        return Gray(None, say("inc_one_level"))
    touched = [label for label, members in groups.items() if any(one.status == "event" for one in members)]
    if len(touched) < 2:
        return Gray(None, say("inc_events_at", n=len(touched)))
    return _gray(groups)


def _gray(groups: dict[str, tuple[Timed, ...]]) -> Gray:
    timed = [one for members in groups.values() for one in members]
    labels = [label for label, members in groups.items() for _ in members]
    p = gray_test(times_of(timed)[0], causes_of(timed), labels).p
    return Gray(None, say("inc_no_information")) if math.isnan(p) else Gray(p)


def _gray_reasons(cut: Cut, risks: Risks) -> tuple[Message, ...]:
    found = {cause: gray_by_level(cut, timed).why for cause, timed in risks.items() if timed}
    return tuple(
        say("inc_not_tested", what=say(f"inc_{cause}"), why=why) for cause, why in found.items() if why
    )


def chance(p: float) -> Number:
    """Three digits, more where they would all be nought."""
    return Number(p, 3 if p >= 0.001 else 6)


# --- transplant ---------------------------------------------------------------------------------------


def _transplant_table(cut: Cut, risks: Risks) -> ResultTable:
    """Those transplanted by the landmark against those not, both counted from it, as far as they got there.

    Grouping by what came later would give the transplanted the time they lived to be transplanted.
    """
    relapse = risks["relapse"]
    months, _ = times_of(relapse)
    had, at = _transplants(cut, relapse)
    rows: list[Row] = []
    if any(had):
        rows = [
            *_transplant_counts(relapse, months, had, at),
            *_landmark_rows(risks, months, had, at),
            *_hazard_rows(risks, months, had, at),
        ]
    by_then = (say("inc_transplanted"), say("inc_not_transplanted"), say("all_subjects"))
    columns = (Column(say("statistic")), *(Column(name, "number") for name in by_then))
    notes = (
        say("inc_note_landmark", when=span(TRANSPLANT_LANDMARK)),
        say("inc_note_hazard", least=LEAST_EVENTS),
    )
    return ResultTable(
        "incidence_transplant", say("title_incidence_transplant"), columns, tuple(rows),
        _population(cut, len(relapse)), (*notes, say("note_months")),
        say("inc_no_transplant") if relapse else say("inc_nobody"),
    )  # fmt: skip


def _transplants(cut: Cut, timed: Sequence[Timed]) -> tuple[list[bool], Any]:
    """Whether each was transplanted in remission, while counted; and after how many months (else 0)."""
    courses = {course.subject: course for course in cut.courses}
    days = [_transplant_day(cut.study, courses[one.subject], one) for one in timed]
    return [day is not None for day in days], np.array([(day or 0) / MONTH for day in days], dtype=float)


def _transplant_day(study: Study, course: Course, timed: Timed) -> int | None:
    """The day of conditioning on the endpoint's own clock, if it began before what ended that clock."""
    days = (one.on for one in clinical_events(study, course)["transplant"])
    return next(((on - timed.origin).days + 1 for on in days if timed.origin <= on < timed.on), None)


def _transplant_counts(timed: Sequence[Timed], months: Any, had: list[bool], at: Any) -> list[Row]:
    when = [float(month) for month, yes in zip(at, had, strict=True) if yes]
    group = say("inc_while_in_remission")
    return [
        Row((say("inc_were_transplanted"), None, None, Share(sum(had), len(timed))), group, strong=True),
        Row((say("inc_months_to_transplant"), None, None, median_of(when, digits=1)), group),
    ]


def _landmark_rows(risks: Risks, months: Any, had: list[bool], at: Any) -> list[Row]:
    """What followed, counted from the landmark, by whether the transplant had come by then."""
    start = days_of(TRANSPLANT_LANDMARK) / MONTH
    kept, after = landmark(months, start)
    by_then = known_by(at, np.array(had), start)[kept]
    group = say("inc_from_landmark", when=span(TRANSPLANT_LANDMARK))
    groups = (by_then, ~by_then, np.ones(after.size, dtype=bool))
    rows = [Row((say("n"), *(int(chosen.sum()) for chosen in groups)), group, strong=True)]
    for cause, timed in risks.items():
        codes = causes_of(timed)[kept]
        counts = (Share(int((codes[chosen] == 1).sum()), int(chosen.sum())) for chosen in groups)
        rows.append(Row((say(f"inc_{cause}"), *counts), group))
        rows.append(Row((say("inc_in_a_year"), *(_in_a_year(after[g], codes[g]) for g in groups)), group))
    return rows


def _in_a_year(months: Any, codes: Any) -> Estimate:
    if not months.size:
        return Estimate(None, percent=True)
    found = incidence_at(aalen_johansen(months, codes), [days_of(Quantity(12, "mo")) / MONTH])
    limits = known(found.lower[0]), known(found.upper[0])
    return Estimate(known(found.incidence[0]), *limits, digits=0, percent=True)


def _hazard_rows(risks: Risks, months: Any, had: list[bool], at: Any) -> list[Row]:
    """The hazard of each cause after the transplant against before it, each subject in both while there."""
    group = say("inc_hazard")
    rows = []
    for cause, timed in risks.items():
        events = sum(one.status == "event" for one in timed)
        cell: Cell = say("inc_too_few", n=events)
        if events >= LEAST_EVENTS:
            cell = _hazard_ratio(months, [one.status == "event" for one in timed], had, at)
        rows.append(Row((say(f"inc_{cause}"), None, None, cell), group))
    return rows


def _hazard_ratio(months: Any, happened: list[bool], had: list[bool], at: Any) -> Estimate:
    spells: list[
        tuple[float, float, bool, bool]
    ] = []  # from, to, whether it ended in the event, and after it
    for month, event_seen, transplanted, when in zip(months, happened, had, at, strict=True):
        if transplanted:
            spells.append((0.0, when, False, False))
        spells.append((when if transplanted else 0.0, month, event_seen, transplanted))
    start, stop, event, after = zip(*spells, strict=True)
    fit = proportional_hazards(stop, event, np.array(after, dtype=float)[:, None], start=start)
    if fit.problem is not None:
        return Estimate(None)
    return Estimate(known(fit.hazard_ratio[0]), known(fit.lower[0]), known(fit.upper[0]), digits=2)


# --- the figure ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CauseCurve:
    """One row a distinct time, in months; `events_by` counts up to each tick of the figure."""

    cause: str  # relapse or death
    events: int
    months: tuple[float, ...]
    incidence: tuple[float, ...]
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]
    events_by: tuple[int, ...]
    gray: Gray


@dataclass(frozen=True)
class IncidenceCurves:
    """Two curves of the same `n` subjects; `at_risk` counts those in remission and followed at each tick."""

    population: Words
    n: int
    ticks: tuple[int, ...]
    at_risk: tuple[int, ...]
    curves: tuple[CauseCurve, ...]


def incidence_curves(cut: Cut) -> IncidenceCurves | None:
    """Relapse and death in remission; None where nobody reached a remission."""
    definition, risks = relapse_definition(cut.study), _risks(cut)
    if definition is None or not risks["relapse"]:
        return None
    months, _ = times_of(risks["relapse"])
    ticks = month_ticks(float(months.max()))
    return IncidenceCurves(
        population=cut.study.analysis_sets[definition.population].title,
        n=len(months),
        ticks=ticks,
        at_risk=tuple(int((months >= tick).sum()) for tick in ticks),
        curves=tuple(_cause_curve(cut, cause, timed, ticks) for cause, timed in risks.items()),
    )


def _cause_curve(cut: Cut, cause: str, timed: Sequence[Timed], ticks: tuple[int, ...]) -> CauseCurve:
    months, happened = times_of(timed)
    curve = aalen_johansen(months, causes_of(timed))
    return CauseCurve(
        cause=cause,
        events=int(happened.sum()),
        months=tuple(map(float, curve.times)),
        incidence=tuple(map(float, curve.incidence)),
        lower=tuple(map(known, curve.lower)),
        upper=tuple(map(known, curve.upper)),
        events_by=tuple(int((happened & (months <= tick)).sum()) for tick in ticks),
        gray=gray_by_level(cut, timed),
    )
