"""What the rules of a study decided about each subject, as plain data: the input of whoever counts again.

A second program that also decided again what a response is would be a second `derive`. It is given the
decisions instead, subject by subject, and makes every number of the report from them on its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.response_summary import categories
from protocyte.analysis.efficacy.survival import time_to_event_endpoints
from protocyte.analysis.efficacy.time_to_event import LANDMARKS, Reading, span
from protocyte.analysis.escalation.dlt import dlt_statuses
from protocyte.base import Message, render
from protocyte.derive.response import assessments, derive_baseline
from protocyte.study.efficacy import TimeToEvent
from protocyte.study.parts import days_of

STATUS = {"censored": 0, "event": 1, "competing": 2}


@dataclass(frozen=True)
class Times:
    """Days and status (0 censored, 1 event, 2 competing) of everybody a definition times.

    `landmarks` are days by what the report calls them; `contested` says whether events compete.
    """

    times: tuple[tuple[int, int], ...]
    contested: bool
    landmarks: dict[str, int]


@dataclass(frozen=True)
class Decided:
    """`responses` hold the categories of each subject's marrows that count; `windows` (level, DLT-evaluable or
    not yet known, DLT) of each infusion's DLT window."""

    times: dict[str, Times]
    responses: dict[str, tuple[str, ...]]
    brought_along: frozenset[str]  # in remission before the infusion: they cannot respond
    order: tuple[str, ...]
    windows: tuple[tuple[int, bool | None, bool], ...]


def decided(cut: Cut) -> Decided:
    study = cut.study
    counting = {
        course.subject: tuple(
            one.category for one in assessments(study, course) if one.counts and one.evaluable
        )
        for course in cut.infused
    }
    ready = (course for course in cut.infused if derive_baseline(study, course).in_remission is True)
    windows = (
        (one.window.level or one.window.assigned, one.evaluable, one.status == "dlt")
        for one in dlt_statuses(cut)
    )
    return Decided(
        dict(_times(cut)), counting, frozenset(one.subject for one in ready), categories(cut), tuple(windows)
    )


def reading_name(title: str, which: str) -> str:
    return f"{title} ({which})"


def landmark_name(reading: str, when: str) -> str:
    return f"{reading}, {when}"


def _times(cut: Cut) -> dict[str, Times]:
    found = {}
    for endpoint in time_to_event_endpoints(cut):
        both = {"operational": endpoint.operational, "companion": endpoint.companion}
        own = [mark for one in both.values() if one is not None for mark in one.landmarks]
        marks = {_said(span(mark)): days_of(mark) for mark in (*own, *LANDMARKS)}
        for which, definition in both.items():
            if definition is not None:
                found[reading_name(endpoint.title.en, which)] = _timed(cut, definition, marks)
    return found


def _timed(cut: Cut, definition: TimeToEvent, marks: dict[str, int]) -> Times:
    reading = Reading(cut, definition)
    return Times(tuple((one.days, STATUS[one.status]) for one in reading.timed), reading.contested, marks)


def _said(words: Message | str) -> str:
    return render(words) if isinstance(words, Message) else words
