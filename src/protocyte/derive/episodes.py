"""CRS, ICANS and acute GvHD as episodes: onset, worst grade, duration, and what was given for them.

The grade of a day is the one used for decisions: the higher of computed and investigator's. Where components
are missing it is a range, so an episode has the worst grade that is certain and the worst that is possible. An
infusion begins a new count of days, not a new episode.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from protocyte.derive.course import Course
from protocyte.derive.data_cut import until
from protocyte.derive.grades import DayGrade, grade_crs, grade_gvhd, grade_icans
from protocyte.records.treatment import Medication
from protocyte.study.model import Study
from protocyte.vocab.episodes import Episode, Link, episodes

Toxicity = Literal["crs", "icans", "gvhd"]
TOXICITIES: tuple[Toxicity, ...] = ("crs", "icans", "gvhd")

# A day without symptoms between two with them does not end an episode: assessments are daily, fever is not.
GAP = 1

# Tocilizumab is told from other cytokine blockade by its name; the form knows only the kind.
_TOCILIZUMAB = "tocilizumab"  # biosimilars carry a suffix: tocilizumab-aazg


@dataclass(frozen=True)
class ToxicityEpisode:
    """`maximum` is certain; `possible_maximum` is higher where components are missing.

    Days count from the first infusion, and `after_infusion` from the last one before the onset. `ongoing`
    while no later assessment was without the toxicity. Treatments belong to the toxicity they were given for;
    a day of one lies in the episode or in the gap after it.
    """

    subject: str
    toxicity: Toxicity
    scale: str
    onset: date
    end: date
    day: int | None
    after_infusion: int | None
    duration: int
    maximum: int
    possible_maximum: int
    maximum_on: date
    ongoing: bool
    links: tuple[Link, ...]
    records: tuple[str, ...]

    def given(self, kind: str) -> tuple[date, ...]:
        """The first day of each course of `tocilizumab`, `anticytokine`, `steroid` or `vasopressor`."""
        return tuple(link.on for link in self.links if link.kind == kind)


def toxicity_episodes(
    study: Study, course: Course, toxicity: Toxicity, data_cut: date | None = None, gap: int = GAP
) -> tuple[ToxicityEpisode, ...]:
    """The subject's episodes in order of onset. `gap`: recovered days that do not end one.

    Certain toxicity makes an episode. A day that only may have been toxic neither lengthens one nor ends it.
    """
    cut = until(course, data_cut)
    days = _days(study, cut, toxicity)
    links = tuple(_links(cut, toxicity))
    graded = ((day.on, day.least) for day in days if day.least > 0 or day.known)
    certain = episodes(graded, gap, links)
    return tuple(_episode(cut, toxicity, one, days) for one in certain)


def all_episodes(study: Study, course: Course, data_cut: date | None = None) -> tuple[ToxicityEpisode, ...]:
    """CRS, ICANS and GvHD together, in order of onset."""
    found = [one for name in TOXICITIES for one in toxicity_episodes(study, course, name, data_cut)]
    return tuple(sorted(found, key=lambda one: (one.onset, TOXICITIES.index(one.toxicity))))


def overlapping(one: ToxicityEpisode, others: Iterable[ToxicityEpisode]) -> tuple[ToxicityEpisode, ...]:
    """Other toxicities' episodes that share a day with this one: CRS and ICANS together."""
    return tuple(
        other
        for other in others
        if other.toxicity != one.toxicity and other.onset <= one.end and one.onset <= other.end
    )


def _days(study: Study, course: Course, toxicity: Toxicity) -> tuple[DayGrade, ...]:
    if toxicity == "crs":
        return grade_crs(study, course)
    return grade_icans(study, course) if toxicity == "icans" else grade_gvhd(course)


def _episode(
    course: Course, toxicity: Toxicity, found: Episode, days: tuple[DayGrade, ...]
) -> ToxicityEpisode:
    inside = [day for day in days if found.onset <= day.on <= found.end]
    given = [held.record.on for held in course.infusions if held.record.on <= found.onset]
    return ToxicityEpisode(
        subject=course.subject,
        toxicity=toxicity,
        scale=inside[0].scale,
        onset=found.onset,
        end=found.end,
        day=course.day(found.onset),
        after_infusion=(found.onset - given[-1]).days if given else None,
        duration=found.duration,
        maximum=found.maximum,
        possible_maximum=max(day.most for day in inside),
        maximum_on=found.maximum_on,
        ongoing=not found.resolved,
        links=found.links,
        records=tuple(day.record_id for day in inside),
    )


def _links(course: Course, toxicity: Toxicity) -> Iterator[Link]:
    """Each course of treatment by the day it began. One begun before an episode was given for another."""
    for held in course.all(Medication):
        record = held.record
        kind = _kind(record)
        if kind is not None and record.given_for == toxicity:
            yield Link(kind, record.started)


def _kind(record: Medication) -> str | None:
    if record.kind == "anticytokine":
        return "tocilizumab" if _TOCILIZUMAB in record.medicine.lower() else "anticytokine"
    return {"corticosteroid": "steroid", "vasopressor": "vasopressor"}.get(record.kind)
