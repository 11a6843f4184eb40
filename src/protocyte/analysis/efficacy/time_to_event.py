"""Every time-to-event endpoint in full.

The table has an endpoint's statistics below each other and its readings side by side. A reading is a
definition (data) with the subjects it times; no statistic knows which one it is asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.survival import (
    MONTH,
    competing_names,
    event_free,
    event_names,
    incidence_by,
    quantile,
    time_to_event_endpoints,
    timed_subjects,
    times_of,
    told,
)
from protocyte.analysis.tables import Cell, Column, Estimate, Number, ResultTable, Row, Share, say, text
from protocyte.base import Message, Quantity
from protocyte.derive.analysis_sets import members
from protocyte.derive.course import Course
from protocyte.derive.endpoints import Timed
from protocyte.stats.kaplan_meier import kaplan_meier, reverse_kaplan_meier
from protocyte.study.efficacy import TimeToEvent
from protocyte.study.parts import days_of

# Where every endpoint is read, besides its own landmarks.
LANDMARKS = tuple(Quantity(months, "mo") for months in (3, 6, 12, 24))


@dataclass(frozen=True)
class Reading:
    """One definition: whom its analysis set holds, and whom it times."""

    cut: Cut
    definition: TimeToEvent

    @cached_property
    def courses(self) -> tuple[Course, ...]:
        return members(self.cut.study, self.cut.courses, self.definition.population, self.cut.as_of)

    @cached_property
    def timed(self) -> tuple[Timed, ...]:
        return tuple(timed_subjects(self.cut, self.definition))

    @property
    def n(self) -> int:
        return len(self.timed)

    @property
    def contested(self) -> bool:
        """Whether events compete: there is an incidence then, and no Kaplan-Meier curve."""
        return bool(competing_names(self.definition))

    def of(self, status: str) -> tuple[Timed, ...]:
        return tuple(one for one in self.timed if one.status == status)

    def share(self, count: int) -> Share:
        return Share(count, self.n)


@dataclass(frozen=True)
class Line:
    """A statistic of a reading under its label; `strong` ones are what a reader looks for."""

    label: Message
    cell: Callable[[Reading], Cell]
    strong: bool = False


def time_to_event_table(cut: Cut) -> ResultTable:
    """Counts by type and reason, quartiles, estimates at landmarks and follow-up of every endpoint.

    Months of 30.4375 days; shares of 1. An endpoint whose clock started for nobody still says N = 0.
    """
    rows: list[Row] = []
    counted = 0
    for endpoint in time_to_event_endpoints(cut):
        operational = Reading(cut, endpoint.operational)
        companion = Reading(cut, endpoint.companion) if endpoint.companion else None
        readings = [operational, *([companion] if companion else [])]
        counted += sum(reading.n for reading in readings)
        rows += reading_rows(endpoint.title, _whole(readings), (operational, companion))
    columns = (*text("statistic"), Column(say("operational"), "number"), Column(say("companion"), "number"))
    notes = (
        *(say(f"tte_note_{name}") for name in ("types", "standing", "quartiles", "landmarks", "follow_up")),
        say("note_months"),
    )
    empty = say("tte_nobody") if rows else say("no_endpoints")
    return ResultTable(
        "time_to_event", say("title_time_to_event"), columns, tuple(rows) if counted else (), say("of_each"),
        notes, empty,
    )  # fmt: skip


def reading_rows(title: Cell, lines: Iterable[Line], readings: tuple[Reading | None, ...]) -> list[Row]:
    """A row a statistic that at least one of the readings has."""
    rows = ((line, [line.cell(one) if one else None for one in readings]) for line in lines)
    return [
        Row((line.label, *cells), title, line.strong)
        for line, cells in rows
        if any(cell is not None for cell in cells)
    ]


def _whole(readings: list[Reading]) -> list[Line]:
    return [
        Line(say("from_to"), lambda one: told(one.definition)),
        Line(say("population"), lambda one: one.cut.study.analysis_sets[one.definition.population].title),
        Line(say("n"), lambda one: one.n, strong=True),
        *_not_started(readings),
        Line(say("events"), lambda one: one.share(len(one.of("event"))), strong=True),
        *_by_type(readings, "event"),
        Line(say("competing"), lambda one: one.share(len(one.of("competing"))) if one.contested else None),
        *_by_type(readings, "competing"),
        Line(say("censored"), lambda one: one.share(len(one.of("censored")))),
        *_by_reason(readings),
        *_by_standing(readings),
        median_line(),
        Line(say("tte_q1"), _quantile(0.25)),
        Line(say("tte_q3"), _quantile(0.75)),
        *_at_landmarks(readings),
        Line(say("tte_shortest"), _extreme(min)),
        Line(say("tte_longest"), _extreme(max)),
        Line(say("tte_follow_up"), _follow_up),
    ]


def _not_started(readings: list[Reading]) -> list[Line]:
    """Members of the set for whom there is nothing to count from, such as a responder never in remission."""
    if all(len(one.courses) == one.n for one in readings):
        return []
    return [Line(say("tte_not_started"), lambda one: len(one.courses) - one.n)]


def _by_type(readings: list[Reading], status: str) -> list[Line]:
    names = {"event": event_names, "competing": competing_names}[status]
    possible = dict.fromkeys(name for one in readings for name in names(one.definition))
    lines = []
    for name in possible:
        label = say(f"tte_{status}_of", event=Message.of(f"derive.{name}"))
        lines.append(Line(label, _of_type(status, name)))
        if name == "refractory" and any(_died_first(t) for one in readings for t in one.timed):
            label = say("tte_died_first")
            lines.append(Line(label, lambda one: one.share(sum(_died_first(t) for t in one.timed))))
    return lines


def _of_type(status: str, name: str) -> Callable[[Reading], Cell]:
    def cell(one: Reading) -> Cell:
        possible = event_names(one.definition) if status == "event" else competing_names(one.definition)
        return one.share(sum(t.event == name for t in one.of(status))) if name in possible else None

    return cell


def _died_first(one: Timed) -> bool:
    """A death before the landmark, which a definition that fails on day 1 calls refractory."""
    return one.event == "refractory" and one.reason.key == "derive.endpoint_died_before"


def _by_reason(readings: list[Reading]) -> list[Line]:
    """Why censored, in the words of the derivation: the reasons that occur in any of the readings."""
    found = sorted({_reason(t) for one in readings for t in one.of("censored")})

    def line(reason: tuple[str, str]) -> Line:
        key, event = reason
        label = say(f"tte_censored_{key}", **({"event": Message.of(f"derive.{event}")} if event else {}))
        return Line(label, lambda one: one.share(sum(_reason(t) == reason for t in one.of("censored"))))

    return [line(reason) for reason in found]


def _reason(one: Timed) -> tuple[str, str]:
    """The kind of reason, and the event that censored if one did."""
    event = one.reason.params.get("event")
    name = event.key.removeprefix("derive.") if isinstance(event, Message) else ""
    return one.reason.key.removeprefix("derive.endpoint_"), name


def _by_standing(readings: list[Reading]) -> list[Line]:
    """Where the censored stand at the cut: still followed, died since, or left the study and why."""
    found = sorted({standing for one in readings for standing in _standings(one)}, key=_standing_order)
    return [Line(_standing_label(name), _stands(name)) for name in found]


def _stands(name: str) -> Callable[[Reading], Cell]:
    return lambda one: one.share(_standings(one).count(name))


def _standings(one: Reading) -> list[str]:
    courses = {course.subject: course for course in one.courses}
    return [_standing(courses[timed.subject]) for timed in one.of("censored")]


def _standing(course: Course) -> str:
    if course.died_on is not None:
        return "died"
    return course.left_study.record.reason if course.left_study else "followed"


def _standing_order(name: str) -> tuple[bool, bool, str]:
    """Still followed first, then died, then the reasons for leaving."""
    return name != "followed", name == "died", name


def _standing_label(name: str) -> Message:
    if name in ("followed", "died"):
        return say(f"tte_standing_{name}")
    return say("tte_standing_left", reason=say(f"reason_{name}"))


def median_line() -> Line:
    return Line(say("median_months"), _quantile(0.5), strong=True)


def _quantile(prob: float) -> Callable[[Reading], Cell]:
    def cell(one: Reading) -> Cell:
        if one.contested:
            return None
        return quantile(kaplan_meier(*times_of(one.timed)), prob) if one.timed else Estimate(None)

    return cell


def _at_landmarks(readings: list[Reading]) -> list[Line]:
    own = [landmark for one in readings for landmark in one.definition.landmarks]
    days = sorted({days_of(landmark): landmark for landmark in (*own, *LANDMARKS)}.items())
    free = (event_free_line(when) for _, when in days)
    incidence = (Line(say("tte_incidence_at", when=span(when)), _incidence(when)) for _, when in days)
    return [*free, *incidence]


def span(duration: Quantity) -> Message | str:
    """A duration in words."""
    known = ("d", "wk", "mo", "a")
    number = str(duration).partition(" ")[0]
    return say(f"span_{duration.unit}", n=number) if duration.unit in known else str(duration)


def event_free_line(when: Quantity) -> Line:
    def cell(one: Reading) -> Cell:
        return None if one.contested else event_free(one.timed, days_of(when) / MONTH)

    return Line(say("tte_event_free_at", when=span(when)), cell)


def _incidence(when: Quantity) -> Callable[[Reading], Cell]:
    return lambda one: incidence_by(one.timed, days_of(when) / MONTH) if one.contested else None


def _extreme(choose: Callable[[Iterable[int]], int]) -> Callable[[Reading], Cell]:
    return lambda one: Number(choose(t.days for t in one.timed) / MONTH) if one.timed else None


def _follow_up(one: Reading) -> Cell:
    """Whoever had an event of either kind would have been followed on: it censors the follow-up."""
    if not one.timed:
        return Estimate(None)
    months, _ = times_of(one.timed)
    ended = [t.status != "censored" for t in one.timed]
    return quantile(reverse_kaplan_meier(months, ended), 0.5)
