"""A subject's course: the current records of one subject, typed and in order; and the trial they are in.

Derivations are functions of (study, courses, as-of). Nothing here decides anything: it only makes records
easy to ask for. A course is rebuilt only when one of its subject's records changed (`Casebook.last_seq`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from protocyte.ledger import Casebook, CurrentRecord
from protocyte.records import Record, parse_record
from protocyte.records.enrolment import Assignment, Discontinuation, Enrolment
from protocyte.records.follow_up import Death
from protocyte.records.screening import Consent
from protocyte.records.treatment import Infusion, Lymphodepletion
from protocyte.study.load import adopted_study
from protocyte.study.model import Study

# To have written or read a decision is not to take it: these meanings of a signature put it into force.
STANDS_BY = frozenset({"approval", "responsibility"})

R = TypeVar("R", bound=Record)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Held(Generic[R]):
    """A record with its place in the ledger; `signed` if somebody approved it as it stands."""

    record_id: str
    record: R
    seq: int
    by: str = ""
    signed: bool = False
    # What was derived of this record alone. A new entry makes a new course, but keeps its old records.
    kept: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, eq=False)
class Course:
    """One subject. Lists are ordered by clinical date, then by entry.

    A course never changes, so what was derived from it once can be kept with it (`keep`).
    """

    subject: str
    held: tuple[Held[Any], ...]
    last_seq: int = 0
    _kept: dict[Any, tuple[Study, Any]] = field(default_factory=dict, repr=False)

    def keep(self, study: Study, key: tuple[Any, ...], derive: Callable[[], T]) -> T:
        """`derive()` for this study version and key, computed once. The study is held, so its id is its own."""
        place = (id(study), *key)
        if place not in self._kept:
            self._kept[place] = (study, derive())
        return cast("T", self._kept[place][1])

    @cached_property
    def _by_form(self) -> dict[type[Record], tuple[Held[Any], ...]]:
        forms: dict[type[Record], list[Held[Any]]] = {}
        for held in self.held:
            forms.setdefault(type(held.record), []).append(held)
        return {form: tuple(sorted(items, key=_when)) for form, items in forms.items()}

    def all(self, form: type[R]) -> tuple[Held[R], ...]:
        return self._by_form.get(form, ())

    def first(self, form: type[R]) -> Held[R] | None:
        items = self.all(form)
        return items[0] if items else None

    def last(self, form: type[R]) -> Held[R] | None:
        items = self.all(form)
        return items[-1] if items else None

    # -- the days other derivations count from -----------------------------------------------------

    @cached_property
    def consented_on(self) -> date | None:
        consent = self.first(Consent)
        return consent.record.on if consent else None

    @cached_property
    def enrolled_on(self) -> date | None:
        enrolment = self.first(Enrolment)
        return enrolment.record.on if enrolment else None

    @cached_property
    def lymphodepleted_on(self) -> date | None:
        first = self.first(Lymphodepletion)
        return first.record.on if first else None

    @cached_property
    def infusions(self) -> tuple[Held[Infusion], ...]:
        return self.all(Infusion)

    @cached_property
    def infused_on(self) -> date | None:
        """Day 0: the first infusion."""
        return self.infusions[0].record.on if self.infusions else None

    @cached_property
    def last_infused_on(self) -> date | None:
        return self.infusions[-1].record.on if self.infusions else None

    @cached_property
    def died_on(self) -> date | None:
        death = self.last(Death)
        return death.record.on if death else None

    @cached_property
    def part(self) -> str | None:
        enrolment = self.last(Enrolment)
        return enrolment.record.part if enrolment else None

    @cached_property
    def cohort(self) -> str | None:
        enrolment = self.last(Enrolment)
        return enrolment.record.cohort if enrolment else None

    @cached_property
    def assigned_level(self) -> int | None:
        """The level last assigned; an intra-subject climber's is the level of the latest infusion."""
        assignment = self.last(Assignment)
        return assignment.record.dose_level if assignment else None

    @cached_property
    def left_study(self) -> Held[Discontinuation] | None:
        of_study = [held for held in self.all(Discontinuation) if held.record.of == "study"]
        return of_study[-1] if of_study else None

    def day(self, on: date) -> int | None:
        """Infusion day: 0 is the first infusion (not CDISC's study day, which has no day 0)."""
        return (on - self.infused_on).days if self.infused_on else None


def _when(held: Held[Any]) -> tuple[date, int]:
    record = held.record
    on = (
        getattr(record, "on", None)
        or getattr(record, "started", None)
        or getattr(record, "conditioning", None)
    )
    if on is None and getattr(record, "course", None):
        on = record.onset
    return (on if isinstance(on, date) else date.min, held.seq)


@dataclass(frozen=True)
class Trial:
    """The casebook as derivations see it: study versions, subjects' courses and trial-level records."""

    casebook: Casebook
    studies: tuple[tuple[date, Study, str], ...]  # effective, study, digest
    _courses: dict[tuple[str, int], Course] = field(default_factory=dict, compare=False, repr=False)
    _held: dict[tuple[str, int, bool], Held[Any]] = field(default_factory=dict, compare=False, repr=False)
    _left_out: str = ""

    def without(self, record_id: str) -> Trial:
        """The trial as if one record had never been written: what an amendment of it is held against."""
        return Trial(self.casebook, self.studies, _left_out=record_id)

    @property
    def study(self) -> Study:
        """The latest version: what analyses follow."""
        return self.studies[-1][1]

    @property
    def digest(self) -> str:
        return self.studies[-1][2]

    def study_on(self, day: date) -> Study:
        """The version in force on `day` (eligibility, dose and DLT rules follow it)."""
        return self._in_force(day)[1]

    def digest_on(self, day: date) -> str:
        return self._in_force(day)[2]

    def _in_force(self, day: date) -> tuple[date, Study, str]:
        in_force = [version for version in self.studies if version[0] <= day]
        return in_force[-1] if in_force else self.studies[0]

    @cached_property
    def subjects(self) -> tuple[str, ...]:
        return tuple(self.casebook.subjects())

    def course(self, subject: str) -> Course:
        key = (subject, self.casebook.last_seq(subject))
        if key not in self._courses:
            records = self.casebook.current(subject=subject)
            held = tuple(self._hold(one) for one in records if one.record_id != self._left_out)
            self._courses[key] = Course(subject, held, key[1])
        return self._courses[key]

    @cached_property
    def courses(self) -> tuple[Course, ...]:
        return tuple(self.course(subject) for subject in self.subjects)

    def all(self, form: type[R]) -> tuple[Held[R], ...]:
        """Trial-level records of a form, in order of entry."""
        name = form.model_fields["form"].default
        records = self.casebook.current(form=name)
        return tuple(self._hold(one) for one in records if one.record_id != self._left_out)

    def _hold(self, current: CurrentRecord) -> Held[Any]:
        """The typed record; each version of each record is read once, whatever else is written."""
        signed = any(not one.lapsed and one.meaning in STANDS_BY for one in current.signatures)
        key = (current.record_id, current.seq, signed)
        if key not in self._held:
            record = parse_record(current.record)
            self._held[key] = Held(current.record_id, record, current.seq, current.by, signed)
        return self._held[key]


def view(casebook: Casebook, before: Trial | None = None) -> Trial:
    """The trial as `casebook` knows it. `before` (an earlier view of the same ledger) lends what it has read."""
    known = {digest: study for _, study, digest in before.studies} if before else {}
    studies = tuple(
        (adopted.effective, known.get(adopted.digest) or adopted_study(dict(adopted.study)), adopted.digest)  # type: ignore[arg-type]
        for adopted in casebook.studies
    )
    return Trial(casebook, studies, before._courses, before._held) if before else Trial(casebook, studies)


def infused(courses: Iterable[Course]) -> tuple[Course, ...]:
    return tuple(course for course in courses if course.infused_on is not None)
