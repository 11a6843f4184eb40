"""What is known of each subject, from all domains: arms, doses, ends, events, results.

The rules are those of the ADaM data sets that admiral (https://pharmaverse.github.io/admiral) derives:

* A dose is a record of EX with a dose above 0, or of 0 of a placebo (ADSL: SAFFL). Whoever had one is in the
  safety population, also where its date is not known to the day.
* Treatment runs from the first start to the last end of a dose, of those known to the day (TRTSDT, TRTEDT).
* The end of the study is the record of DS in the category DISPOSITION EVENT (EOSSTT): COMPLETED, SCREEN
  FAILURE, or else a reason for discontinuing.
* An event is treatment-emergent (TRTEMFL) when it begins from the first day of treatment to 30 days after the
  last. A partial start counts from its earliest day, or from the first day of treatment where that lies
  within it; a start not known at all counts from the first day of treatment on. An event that ended before
  treatment is not.
* A laboratory result is low or high by the limits of its record (ANRIND). Baseline is the last number no later
  than the first day of treatment (ABLFL); what follows counts to the last day of treatment (ONTRTFL).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TypeVar

from protocyte.base import PartialDate, Problem, days_between
from protocyte.exchange.sdtm.problem import sdtm_problem
from protocyte.exchange.sdtm.read import DataSet, Line
from protocyte.exchange.sdtm.values import Cells, known

EMERGENT_DAYS = 30  # after the last day of treatment, as in admiral's ADAE
SEVERITIES = ("MILD", "MODERATE", "SEVERE", "LIFE THREATENING", "FATAL")
# AEREL has no terms of its own in CDISC; these are the ones sponsors use. Remote counts as not related.
RELATED = ("Y", "YES", "RELATED", "POSSIBLE", "POSSIBLY RELATED", "PROBABLE", "PROBABLY RELATED", "DEFINITE")
UNRELATED = ("N", "NO", "NONE", "NOT RELATED", "UNRELATED", "REMOTE", "UNLIKELY", "UNLIKELY RELATED")
_NO_ARM = ("", "SCREEN FAILURE", "SCRNFAIL", "NOT ASSIGNED", "NOTASSGN", "NOT TREATED", "NOTTRT",
           "UNPLANNED TREATMENT", "UNPLAN")  # fmt: skip
_A_DAY = {
    "": 1.0,
    "QD": 1.0,
    "BID": 2.0,
    "TID": 3.0,
    "QID": 4.0,
    "QOD": 0.5,
    "QAM": 1.0,
    "QPM": 1.0,
    "QHS": 1.0,
}
_T = TypeVar("_T")


@dataclass(frozen=True)
class Dose:
    """A record of EX. `days` None where it is not known to the day; `given` is the dose of all its days."""

    treatment: str
    amount: float | None
    unit: str
    frequency: str
    starts: date | None
    ends: date | None

    @property
    def is_dose(self) -> bool:
        return self.amount is not None and (
            self.amount > 0 or (self.amount == 0 and "PLACEBO" in self.treatment.upper())
        )

    @property
    def days(self) -> int | None:
        return days_between(self.starts, self.ends) + 1 if self.starts and self.ends else None

    @property
    def times(self) -> float | None:
        """How often it was given; None where the days or the meaning of the frequency are not known."""
        if self.frequency in ("ONCE", "1 TIME"):
            return 1.0
        a_day = _A_DAY.get(self.frequency)
        return None if a_day is None or self.days is None else a_day * self.days

    @property
    def given(self) -> float | None:
        return None if self.times is None or self.amount is None else self.times * self.amount


@dataclass(frozen=True)
class Event:
    """A record of AE."""

    sequence: str
    term: str
    category: str
    severity: str
    serious: bool
    fatal: bool
    relation: str
    action: str
    starts: PartialDate | None
    ends: PartialDate | None

    @property
    def rank(self) -> int:
        """1 to 5; 0 for a severity not recorded or not among the five."""
        return SEVERITIES.index(self.severity) + 1 if self.severity in SEVERITIES else 0


@dataclass(frozen=True)
class Result:
    """A numeric result of LB or VS, in standard units, at a day known to the day; None where it is not."""

    test: str
    name: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    on: date | None
    said: str  # LBNRIND as recorded
    order: tuple[str, str]  # the time as written, then the sequence: which of a day's results is the last

    @property
    def ranged(self) -> str:
        """LOW, NORMAL or HIGH; empty where there is no number or no limit."""
        if self.value is None or (self.low is None and self.high is None):
            return ""
        if self.low is not None and self.value < self.low:
            return "LOW"
        return "HIGH" if self.high is not None and self.value > self.high else "NORMAL"


@dataclass(frozen=True)
class Subject:
    """`planned` and `actual` are empty for whoever was assigned to no arm or treated in none."""

    id: str
    planned: str
    actual: str
    screen_failure: bool
    age: float | None
    sex: str
    race: str
    ethnicity: str
    country: str
    died: bool
    ends: tuple[str, ...]  # DSDECOD of the disposition events
    doses: tuple[Dose, ...]
    events: tuple[Event, ...]
    labs: tuple[Result, ...]
    vitals: tuple[Result, ...]

    @cached_property
    def is_treated(self) -> bool:
        return any(dose.is_dose for dose in self.doses)

    @cached_property
    def first_day(self) -> date | None:
        return min((dose.starts for dose in self.doses if dose.is_dose and dose.starts), default=None)

    @cached_property
    def last_day(self) -> date | None:
        return max((dose.ends for dose in self.doses if dose.is_dose and dose.ends), default=None)

    @property
    def days(self) -> int | None:
        """Days of treatment, the first and the last included (TRTDURD)."""
        first, last = self.first_day, self.last_day
        return days_between(first, last) + 1 if first and last else None

    @property
    def completed(self) -> bool:
        return "COMPLETED" in self.ends

    @property
    def reason(self) -> str:
        """Why the subject discontinued; empty for who completed, failed screening or goes on."""
        if self.completed:
            return ""
        return next((end for end in self.ends if end not in ("", "SCREEN FAILURE")), "")

    @cached_property
    def emergent_events(self) -> tuple[Event, ...]:
        return tuple(event for event in self.events if self.emergent(event))

    def emergent(self, event: Event) -> bool:
        """See above. Without a first day of treatment nothing can be placed after it."""
        first, last = self.first_day, self.last_day
        if first is None or (event.ends is not None and event.ends.latest() < first):
            return False
        begins = first if event.starts is None else event.starts.earliest()
        if event.starts is not None and not event.starts.complete and begins < first <= event.starts.latest():
            begins = first
        return begins >= first and (last is None or days_between(last, begins) <= EMERGENT_DAYS)

    def baseline(self, results: Iterable[Result]) -> Result | None:
        """The last number no later than the first day of treatment."""
        first = self.first_day
        before = [one for one in results if one.value is not None and one.on and first and one.on <= first]
        return max(before, key=lambda one: one.order, default=None)

    def on_treatment(self, results: Iterable[Result]) -> list[Result]:
        """Numbers after the first day of treatment, to its last day; without a last day, all after the first."""
        first, last = self.first_day, self.last_day
        return [
            one
            for one in results
            if one.value is not None and one.on and first and first < one.on and (not last or one.on <= last)
        ]


def subjects_of(data: dict[str, DataSet]) -> tuple[tuple[Subject, ...], tuple[Problem, ...]]:
    """Everybody in DM by identifier, with what the other domains know of them, and what is wrong in these."""
    if "dm" not in data:
        return (), ()
    cells = Cells(data["dm"])
    problems: list[Problem] = []
    known_ids = {line["USUBJID"] for line in data["dm"].lines}

    def of_each(domain: str, build: Callable[[Cells, Line], _T]) -> dict[str, list[_T]]:
        found: dict[str, list[_T]] = defaultdict(list)
        if domain in data:
            reader = Cells(data[domain])
            for line in data[domain].lines:
                if line["USUBJID"] in known_ids:
                    found[line["USUBJID"]].append(build(reader, line))
                else:
                    subject = line["USUBJID"]
                    problems.append(data[domain].problem("unknown_subject", line, "USUBJID", subject=subject))
            problems.extend(reader.problems)
        return found

    ends, doses, events = of_each("ds", _end), of_each("ex", _dose), of_each("ae", _event)
    labs, vitals = of_each("lb", _lab), of_each("vs", _vital)
    subjects = [
        _subject(cells, line, ends[one], doses[one], events[one], labs[one], vitals[one])
        for line in data["dm"].lines
        for one in (line["USUBJID"],)
    ]
    studies = sorted({line["STUDYID"] for line in data["dm"].lines} - {""})
    if len(studies) > 1:
        problems.append(sdtm_problem("two_studies", data["dm"].file, studies=studies))
    return tuple(sorted(subjects, key=lambda one: one.id)), (*cells.problems, *problems)


def _subject(
    cells: Cells,
    line: Line,
    ends: list[tuple[str, str]],
    doses: list[Dose],
    events: list[Event],
    labs: list[Result],
    vitals: list[Result],
) -> Subject:
    arm, actual = line["ARM"], line["ACTARM"]
    dispositions = tuple(term for category, term in ends if category == "DISPOSITION EVENT")
    failed = "SCREEN FAILURE" in (arm.upper(), line["ARMNRS"].upper(), *dispositions)
    years = cells.number(line, "AGE", least=0)
    if years is not None and line["AGEU"].upper() not in ("", "YEARS"):
        cells.problems.append(cells.data_set.problem("age_unit", line, "AGEU", found=line["AGEU"]))
    died = cells.yes(line, "DTHFL") or cells.date(line, "DTHDTC") is not None or "DEATH" in dispositions
    return Subject(
        line["USUBJID"],
        "" if failed or arm.upper() in _NO_ARM else arm,
        "" if actual.upper() in _NO_ARM else actual,
        failed, years, line["SEX"], line["RACE"], line["ETHNIC"], line["COUNTRY"], died, dispositions,
        tuple(doses), tuple(events), tuple(labs), tuple(vitals),
    )  # fmt: skip


def _end(cells: Cells, line: Line) -> tuple[str, str]:
    return line["DSCAT"].upper(), line["DSDECOD"].upper()


def _dose(cells: Cells, line: Line) -> Dose:
    starts, ends = known(cells.date(line, "EXSTDTC")), known(cells.date(line, "EXENDTC"))
    if starts and ends and ends < starts:
        cells.problems.append(cells.data_set.problem("ends_before", line, "EXENDTC", start=starts, end=ends))
        ends = None
    amount = cells.number(line, "EXDOSE", least=0)
    return Dose(line["EXTRT"], amount, line["EXDOSU"], line["EXDOSFRQ"].upper(), starts, ends)


def _event(cells: Cells, line: Line) -> Event:
    return Event(
        line["AESEQ"], line["AEDECOD"], line["AEBODSYS"], line["AESEV"].upper(), cells.yes(line, "AESER"),
        cells.yes(line, "AESDTH") or line["AEOUT"].upper() == "FATAL", line["AEREL"].upper(),
        line["AEACN"].upper(), cells.date(line, "AESTDTC"), cells.date(line, "AEENDTC"),
    )  # fmt: skip


def _lab(cells: Cells, line: Line) -> Result:
    return _result(cells, line, "LB", line["LBNRIND"].upper())


def _vital(cells: Cells, line: Line) -> Result:
    return _result(cells, line, "VS", "")


def _result(cells: Cells, line: Line, prefix: str, said: str) -> Result:
    low, high = (cells.number(line, f"{prefix}STNR{end}") for end in ("LO", "HI"))
    return Result(
        line[f"{prefix}TESTCD"].upper(), line[f"{prefix}TEST"], line[f"{prefix}STRESU"],
        cells.number(line, f"{prefix}STRESN"), low, high, known(cells.date(line, f"{prefix}DTC")), said,
        (line[f"{prefix}DTC"], line[f"{prefix}SEQ"].zfill(12)),
    )  # fmt: skip
