"""What is known of a subject before treatment, as eligibility rules ask for it.

Most facts are read straight from where `study/facts.csv` says records hold them (`labs:anc`); the few that
need arithmetic are one function each. A blank value stays in the list as a blank, so that blanking the
newest result cannot bring back the one before it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any

from protocyte.base import InputError, Measured, Quantity
from protocyte.derive.age import derive_age
from protocyte.derive.course import Course, Held
from protocyte.derive.results import results_by_test
from protocyte.records import FORMS
from protocyte.records.measurements import Result
from protocyte.records.screening import Consent, Demographics, History, PriorTherapy
from protocyte.rules import NOTHING, Observation, Observations
from protocyte.study.eligibility import Gate
from protocyte.study.fact_table import fact_sources
from protocyte.study.model import Study
from protocyte.vocab.calculators import cockcroft_gault

# China's Civil Code (2020), articles 17 to 20: of age at 18; below 8 years a child cannot decide with others.
OF_AGE, ASSENT_FROM = 18, 8
_WASHOUT_KINDS = {"systemic_washout": ("systemic",), "checkpoint_washout": ("checkpoint",)}


class SubjectFacts:
    """Facts of one subject as of a day, for a gate.

    `therapy` fixes which earlier therapy washout facts speak of.
    """

    def __init__(
        self,
        study: Study,
        course: Course,
        as_of: date,
        gate: Gate | None = None,
        therapy: Held[PriorTherapy] | None = None,
    ) -> None:
        self.study, self.course, self.as_of, self.gate, self.therapy = study, course, as_of, gate, therapy
        self._sources = fact_sources(study)
        self._seen: dict[str, Observations] = {}
        self._history: dict[str, Observations] | None = None

    def observations(self, name: str) -> Observations:
        seen = self._seen.get(name)
        if seen is None:
            seen = self._seen[name] = self._read(name)
        return seen

    def anchor(self, name: str) -> date | None:
        course = self.course
        days = {
            "consent": course.consented_on,
            "screening": course.consented_on,
            "enrolment": course.enrolled_on,
            "lymphodepletion": course.lymphodepleted_on,
            "infusion": course.infused_on,
        }
        # At its own gate an anchor is the day the gate is judged: it asks about the infusion that is to
        # come, be it the second one of a climbing subject.
        own = name == self.gate
        return self.as_of if own else days.get(name) or (self.as_of if name in days else None)

    def baseline(self, name: str) -> Observation | None:
        """The last value before lymphodepletion (DOMAIN 14)."""
        before = self.anchor("lymphodepletion") or self.as_of
        items = [
            item
            for item in self.observations(name).items
            if isinstance(item.date, date) and item.date <= before
        ]
        return items[-1] if items else None

    def _read(self, name: str) -> Observations:
        source = self._sources.get(name, "")
        if source == "derived":
            derive = _DERIVED.get(name)
            return derive(self) if derive else NOTHING
        form, _, item = source.partition(":")
        if form in ("labs", "examination"):
            found = results_by_test(self.course, FORMS[form]).get(item, ())  # type: ignore[arg-type]
            return Observations(tuple(_result(held, result) for held, result in found))
        if form == "history":
            if self._history is None:
                self._history = _history(self.course)
            return self._history.get(item, NOTHING)
        if form in FORMS:
            return Observations(
                tuple(
                    Observation(_plain(getattr(held.record, item)), _day(held), held.record_id)
                    for held in self.course.all(FORMS[form])
                )
            )
        return NOTHING


def therapies(course: Course, name: str) -> tuple[Held[PriorTherapy], ...]:
    """The earlier therapies a washout fact is asked of, one by one."""
    kinds = _WASHOUT_KINDS[name]
    return tuple(held for held in course.all(PriorTherapy) if held.record.kind in kinds)


@lru_cache(maxsize=2048)
def washout_fact(rule: str) -> str | None:
    """The washout fact a rule names, if any: such a rule is asked of each therapy of its kind."""
    return next((name for name in _WASHOUT_KINDS if name in rule), None)


def _day(held: Held[Any]) -> date | None:
    on = getattr(held.record, "on", None)
    return on if isinstance(on, date) else None


def _plain(value: Any) -> Any:
    """Grades and scores are written as quantities without a unit; rules compare them as numbers."""
    if isinstance(value, Measured) and value.unit == "1" and not value.bound:
        return value.value
    return value


def _result(held: Held[Any], result: Result) -> Observation:
    value = result.finding if result.finding is not None else result.value
    upper, lower = result.upper_limit, result.lower_limit
    return Observation(_plain(value), held.record.on, held.record_id, upper, lower)


def _history(course: Course) -> dict[str, Observations]:
    """Present, past and suspected conditions are true, on the day of their last occurrence.

    What is there now occurs on the day it is asked; the day of something past is unknown unless it is told.
    Who tells of an occurrence takes back the denials told before: a thrombosis last year did not go away
    because nobody had mentioned it when he was first asked.
    """
    told: dict[str, list[Observation]] = {}
    for held in course.all(History):
        record: History = held.record
        items = told.setdefault(record.condition, [])
        if record.status == "absent":
            items.append(Observation(False, record.on, held.record_id))
            continue
        items[:] = [item for item in items if item.value]
        when = record.last or (None if record.status == "past" else record.on)
        items.append(Observation(True, when, held.record_id))
    # Whoever was asked about a condition has told all of it; nobody asked, nothing is known.
    return {name: Observations(tuple(items), complete=True) for name, items in told.items()}


def _age(facts: SubjectFacts) -> Observations:
    held = facts.course.last(Demographics)
    years = derive_age(facts.course, facts.anchor("consent") or facts.as_of)
    if held is None or years is None:
        return NOTHING
    stated = held.record.age  # settles the month of the birthday, and cannot contradict the birth date
    age = years[0] if years[0] == years[1] else stated if stated in years else None
    value = None if age is None else Quantity(age, "y")
    return Observations((Observation(value, held.record.on, held.record_id),))


def _consent(facts: SubjectFacts) -> Observations:
    """Somebody of age consents himself; for a minor the guardian does, with the minor's own assent.

    A child too young to be asked cannot assent. Where the answer turns on an age that is not known, it is
    not known either.
    """
    held = facts.course.first(Consent)
    if held is None:
        return NOTHING
    record = held.record
    if record.given_by == "subject":
        given = _of_age(facts, OF_AGE)
    elif _of_age(facts, ASSENT_FROM) is False:
        given = True
    else:
        given = record.assent
    return Observations((Observation(given, record.on, held.record_id),))


def _of_age(facts: SubjectFacts, years: int) -> bool | None:
    known = _age(facts).items
    if known and isinstance(known[0].value, Quantity):
        return known[0].value.value >= years
    bounds = derive_age(facts.course, facts.anchor("consent") or facts.as_of)
    if bounds is None or bounds[0] < years <= bounds[1]:
        return None
    return bounds[0] >= years


def _clearance(facts: SubjectFacts) -> Observations:
    """Cockcroft-Gault from the newest creatinine and weight on or before the as-of day."""
    creatinine = _latest(facts, "creatinine")
    years = derive_age(facts.course, facts.as_of)
    held = facts.course.last(Demographics)
    if creatinine is None or held is None or years is None:
        return NOTHING
    weight = _latest(facts, "weight")
    level, mass = creatinine.value, weight.value if weight else None
    if not isinstance(level, Quantity) or not isinstance(mass, Quantity):
        return Observations((Observation(None, creatinine.date, creatinine.record_id),))
    # In the month of his birthday a subject may be a year older: the clearance is then at least this. It
    # falls as creatinine rises, and rises with weight; where bounds pull both ways nothing is known.
    bounds = {"" if years[0] == years[1] else ">=", _FLIPPED[_bound(level)], _ALIKE[_bound(mass)]} - {""}
    if len(bounds) > 1:
        return Observations((Observation(None, creatinine.date, creatinine.record_id),))
    age = Quantity(years[1], "y")
    try:
        value = cockcroft_gault(age=age, weight=mass, creatinine=level, sex=held.record.sex)
    except (InputError, ArithmeticError):  # a year of birth or a creatinine that nobody has: not known
        return Observations((Observation(None, creatinine.date, creatinine.record_id),))
    known = Measured(value.value, value.unit, bounds.pop() if bounds else "")  # type: ignore[arg-type]
    return Observations((Observation(known, creatinine.date, creatinine.record_id),))


_FLIPPED = {"": "", "<": ">=", "<=": ">=", ">": "<=", ">=": "<="}
_ALIKE = {"": "", "<": "<=", "<=": "<=", ">": ">=", ">=": ">="}


def _bound(value: Quantity) -> str:
    return value.bound if isinstance(value, Measured) else ""


def _latest(facts: SubjectFacts, name: str) -> Observation | None:
    items = [
        item
        for item in facts.observations(name).items
        if isinstance(item.date, date) and item.date <= facts.as_of
    ]
    return items[-1] if items else None


def _washout(facts: SubjectFacts) -> Observations:
    if facts.therapy is None:
        return NOTHING
    last = facts.therapy.record.last_dose
    start = facts.anchor("lymphodepletion") or facts.as_of
    # A date known to the month gives the shortest washout possible: the rule must hold even then.
    value = Quantity((start - last.latest()).days, "d")
    return Observations((Observation(value, facts.as_of, facts.therapy.record_id),))


def _half_life(facts: SubjectFacts) -> Observations:
    if facts.therapy is None or facts.therapy.record.half_life is None:
        return NOTHING
    return Observations((Observation(facts.therapy.record.half_life, facts.as_of, facts.therapy.record_id),))


def _therapy_dates(kind: str, name: str) -> Callable[[SubjectFacts], Observations]:
    """Last doses of one kind; that there were none is a fact only where the history denies them by name."""

    def read(facts: SubjectFacts) -> Observations:
        given = tuple(
            Observation(held.record.last_dose, held.record.last_dose, held.record_id)
            for held in facts.course.all(PriorTherapy)
            if held.record.kind == kind
        )
        asked = [held.record.status for held in facts.course.all(History) if held.record.condition == name]
        return Observations(given, complete=bool(asked) and asked[-1] == "absent")

    return read


_DERIVED: dict[str, Callable[[SubjectFacts], Observations]] = {
    "age": _age,
    "consent_given": _consent,
    "creatinine_clearance": _clearance,
    "systemic_washout": _washout,
    "checkpoint_washout": _washout,
    "half_life": _half_life,
    "systemic_therapy": _therapy_dates("systemic", "systemic_therapy"),
    "checkpoint_therapy": _therapy_dates("checkpoint", "checkpoint_therapy"),
    "live_vaccine": _therapy_dates("vaccine", "live_vaccine"),
}
