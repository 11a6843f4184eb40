"""Every time-to-event endpoint read in other ways: a transplant ignored, censored or competing; another clock."""

from __future__ import annotations

from collections.abc import Callable

from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.survival import (
    MONTH,
    event_free,
    event_names,
    incidence_by,
    time_to_event_endpoints,
)
from protocyte.analysis.efficacy.time_to_event import (
    Line,
    Reading,
    event_free_line,
    median_line,
    reading_rows,
    span,
)
from protocyte.analysis.tables import Cell, Column, Estimate, ResultTable, Row, say, text
from protocyte.base import Quantity
from protocyte.derive.course import Course
from protocyte.derive.endpoints import Timed
from protocyte.derive.events import clinical_events
from protocyte.study.efficacy import Origin, Strategy, TimeToEvent
from protocyte.study.model import Study
from protocyte.study.parts import days_of

YEAR = Quantity(12, "mo")
VARIANTS = (
    "as_defined", "transplant_ignored", "transplant_censored", "transplant_competing", "from_enrolment",
    "from_infusion",
)  # fmt: skip
_TRANSPLANT: dict[str, Strategy] = {
    "transplant_ignored": "treatment_policy",
    "transplant_censored": "censor",
    "transplant_competing": "competing",
}


def variants(study: Study, definition: TimeToEvent) -> dict[str, TimeToEvent]:
    """The definition and its other readings, by name: those that make sense of it.

    Where transplant is itself an event there is nothing to choose; a clock that starts at a response
    cannot start at the infusion as well without counting the time it took to respond.
    """
    found = {"as_defined": definition}
    if "transplant" not in event_names(definition):
        for name, strategy in _TRANSPLANT.items():
            found[name] = _transplanted(definition, strategy)
    if definition.origin in ("enrolment", "infusion"):
        found["from_enrolment"] = _counted_from(study, definition, "enrolment", "enrolled")
        found["from_infusion"] = _counted_from(study, definition, "infusion", "infused")
    return found


def _transplanted(definition: TimeToEvent, strategy: Strategy) -> TimeToEvent:
    rivals = tuple(name for name in definition.competing if name != "transplant")
    intercurrent = definition.intercurrent | {"transplant": strategy}
    return definition.model_copy(update={"competing": rivals, "intercurrent": intercurrent})


def _counted_from(study: Study, definition: TimeToEvent, origin: Origin, group: str) -> TimeToEvent:
    """From another day, in the set that day belongs to; a set of responders stays what it is."""
    population = definition.population
    if study.analysis_sets[population].members in ("enrolled", "infused"):
        sets = (name for name, one in study.analysis_sets.items() if one.members == group)
        population = next(sets, population)
    return definition.model_copy(update={"origin": origin, "population": population})


def sensitivity_table(cut: Cut) -> ResultTable:
    """Each endpoint's operational definition with its other readings side by side."""
    rows: list[Row] = []
    counted = 0
    for endpoint in time_to_event_endpoints(cut):
        found = variants(cut.study, endpoint.operational)
        readings = tuple(Reading(cut, found[name]) if name in found else None for name in VARIANTS)
        counted += sum(one.n for one in readings if one)
        rows += reading_rows(endpoint.title, _beside(endpoint.operational), readings)
    notes = tuple(say(f"sens_note_{name}") for name in ("operational", "transplant", "clock", "estimates"))
    return ResultTable(
        "sensitivity", say("title_sensitivity"), _variant_columns(), tuple(rows) if counted else (),
        say("of_each"), (*notes, say("note_months")), say("tte_nobody") if rows else say("no_endpoints"),
    )  # fmt: skip


def _variant_columns() -> tuple[Column, ...]:
    groups = {"transplant": say("sens_transplant"), "from": say("sens_clock"), "as": None}
    columns = (Column(say(f"sens_{name}"), "number", groups[name.partition("_")[0]]) for name in VARIANTS)
    return (*text("statistic"), *columns)


def _beside(definition: TimeToEvent) -> list[Line]:
    landmarks = sorted({days_of(one): one for one in (*definition.landmarks[:1], YEAR)}.items())
    return [
        Line(say("n"), lambda one: one.n, strong=True),
        Line(say("sens_transplanted"), _transplants),
        Line(say("events"), lambda one: one.share(len(one.of("event"))), strong=True),
        Line(say("competing"), lambda one: one.share(len(one.of("competing"))) if one.contested else None),
        Line(say("censored"), lambda one: one.share(len(one.of("censored")))),
        median_line(),
        *(event_free_line(when) for _, when in landmarks),
        *(Line(say("tte_incidence_at", when=span(when)), _either_incidence(when)) for _, when in landmarks),
    ]


def _transplants(one: Reading) -> Cell:
    """How many the strategies differ about: transplanted once the clock had started."""
    courses = {course.subject: course for course in one.courses}
    return one.share(sum(_transplanted_after(one.cut.study, courses[t.subject], t) for t in one.timed))


def _transplanted_after(study: Study, course: Course, timed: Timed) -> bool:
    return any(day.on >= timed.origin for day in clinical_events(study, course)["transplant"])


def _either_incidence(when: Quantity) -> Callable[[Reading], Cell]:
    """One scale for every reading: where nothing competes the incidence is one minus the curve."""

    def cell(one: Reading) -> Cell:
        month = days_of(when) / MONTH
        if one.contested:
            return incidence_by(one.timed, month)
        free = event_free(one.timed, month)
        return Estimate(_rest(free.value), _rest(free.upper), _rest(free.lower), free.digits, percent=True)

    return cell


def _rest(share: float | None) -> float | None:
    return None if share is None else 1 - share
