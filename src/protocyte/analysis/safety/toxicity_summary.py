"""CRS and ICANS by dose level: how many, how bad, when and how long, what was seen, what was given.

Every grade is the one used for decisions, every episode one of `derive.episodes`. What an assessment left
blank is counted as such; what no form of the trial holds is said in a note and never counted as none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import all_infused, heads, infused_by_level, level_note
from protocyte.analysis.safety.crs_icans import Toxicity, grades_since_infusion
from protocyte.analysis.tables import Cell, Column, ResultTable, Row, Share, median_of, rate, say
from protocyte.base import Message
from protocyte.derive.adverse_events import AeRow
from protocyte.derive.course import Course
from protocyte.derive.episodes import GAP, ToxicityEpisode, overlapping, toxicity_episodes
from protocyte.derive.grades import FEVER, DayGrade
from protocyte.records.safety import CrsAssessment, IcansAssessment
from protocyte.records.treatment import Medication
from protocyte.vocab.episodes import Episode, episodes

FORMS: dict[Toxicity, type[Any]] = {"crs": CrsAssessment, "icans": IcansAssessment}

# What an assessment needs for its grade to be certain (ASTCT 2019); ICE or, below 12 years, CAPD.
COMPONENTS: dict[Toxicity, tuple[str, ...]] = {
    "crs": ("temperature", "hypotension", "vasopressors", "oxygen"),
    "icans": ("consciousness", "seizure", "motor", "icp_edema"),
}
PRESSURE = ("cpap", "bipap", "intubated_mech_vent")  # positive pressure: ASTCT grade 4 where for hypoxia
INTUBATED = "intubated_mech_vent"
NAMED = ("tocilizumab", "anakinra", "siltuximab")  # told apart by name; the form knows only the kind
# What an event log calls them; CTCAE has no term for ICANS.
TERMS: dict[Toxicity, frozenset[str]] = {
    "crs": frozenset({"crs", "cytokine release syndrome"}),
    "icans": frozenset({"icans", "immune effector cell associated neurotoxicity syndrome"}),
}


@dataclass(frozen=True)
class Seen:
    """One subject's toxicity from the first infusion on.

    `worst` are the bounds of the worst grade. `forms` are the assessments inside an episode whose findings
    were put down to the toxicity. `given` are the medicines recorded as given for it.
    """

    course: Course
    days: tuple[DayGrade, ...]
    worst: tuple[int, int]
    episodes: tuple[ToxicityEpisode, ...]
    severe: tuple[Episode, ...]
    forms: tuple[Any, ...]
    given: tuple[Medication, ...]
    crs: tuple[ToxicityEpisode, ...]
    event_only: bool

    @property
    def has(self) -> bool:
        return self.worst[0] > 0

    def was_given(self, kind: str) -> bool:
        return any(one.kind == kind for one in self.given)

    def doses(self, name: str) -> tuple[date, ...]:
        """When each record of the medicine began; biosimilars carry a suffix."""
        return tuple(one.started for one in self.given if name in one.medicine.lower())


Group = list[Seen]
Test = Callable[[Seen], bool]


def see(cut: Cut, course: Course, of: Toxicity) -> Seen:
    assert course.infused_on is not None, "only infused subjects are counted"
    start = course.infused_on
    days = grades_since_infusion(cut, course, of)
    found = _since(toxicity_episodes(cut.study, course, of), start)
    inside = {record for one in found for record in one.records}
    forms = tuple(h.record for h in course.all(FORMS[of]) if h.record_id in inside and h.record.attributable)
    told = (named(row, TERMS[of]) for row in cut.emergent(course))
    worst = max((day.least for day in days), default=0), max((day.most for day in days), default=0)
    return Seen(
        course=course, days=days, worst=worst, episodes=found,
        severe=episodes(((day.on, day.least if day.least >= 3 else 0) for day in days if _clear(day)), GAP),
        forms=forms, given=given_for(course, of),
        crs=_since(toxicity_episodes(cut.study, course, "crs"), start),
        event_only=worst[1] == 0 and any(told),
    )  # fmt: skip


def named(row: AeRow, names: frozenset[str]) -> bool:
    """Whether the event's term or its class of special interest is one of these names."""
    return any(_plain(word) in names for word in (row.term, row.special_interest) if word)


def _plain(word: str) -> str:
    """In lower case, with single blanks for whatever is neither letter nor digit."""
    return " ".join("".join(one if one.isalnum() else " " for one in word.lower()).split())


def _clear(day: DayGrade) -> bool:
    """Whether the day is certainly of grade 3 or more, or certainly below."""
    return day.least >= 3 or day.most < 3


def _since(found: Iterable[ToxicityEpisode], start: date) -> tuple[ToxicityEpisode, ...]:
    """Episodes that had not ended before the first infusion."""
    return tuple(one for one in found if one.end >= start)


def given_for(course: Course, of: str) -> tuple[Medication, ...]:
    """Medicines recorded as given for the toxicity, from the first infusion on, in order."""
    start = course.infused_on
    return tuple(
        held.record
        for held in course.all(Medication)
        if held.record.given_for == of and start is not None and held.record.started >= start
    )


def crs_table(cut: Cut) -> ResultTable:
    return _summary(cut, "crs")


def icans_table(cut: Cut) -> ResultTable:
    return _summary(cut, "icans")


def _summary(cut: Cut, of: Toxicity) -> ResultTable:
    groups = infused_by_level(cut)
    seen = {course.subject: see(cut, course, of) for course in cut.infused}
    members = [[seen[course.subject] for course in group] for group in groups.values()]
    lines = _Lines(members)
    lines.incidence()
    lines.course(repeated=cut.study.dosing.scheme != "single")
    if of == "crs":
        lines.crs_findings()
    else:
        lines.icans_findings()
        lines.beside_crs()
    lines.treatment(of)
    lines.outcome()
    return ResultTable(
        of, say(f"title_{of}"), (Column(say("statistic")), *heads(groups)),
        tuple(lines.rows) if cut.infused else (), all_infused(cut),
        (*_notes(cut, of), *level_note(cut)), say("nobody_infused"),
    )  # fmt: skip


class _Lines:
    """The rows of one table, a cell for each group of subjects."""

    def __init__(self, members: list[Group]) -> None:
        self.members = members
        self.rows: list[Row] = []
        self.heading: Message | None = None

    def add(self, name: str | Message, cell: Callable[[Group], Cell], strong: bool = False) -> None:
        cells = tuple(cell(group) for group in self.members)
        said = say(name) if isinstance(name, str) else name
        self.rows.append(Row((said, *cells), group=self.heading, strong=strong))

    def share(self, name: str | Message, test: Test) -> None:
        self.add(name, lambda group: Share(sum(map(test, group)), len(group)))

    def spread(self, name: str, values: Callable[[Seen], Iterable[int]]) -> None:
        self.add(name, lambda group: median_of([v for seen in group for v in values(seen)]))

    def incidence(self) -> None:
        self.heading = say("tox_incidence")
        self.add("any_grade", lambda group: rate(sum(seen.has for seen in group), len(group)), strong=True)
        for grade in range(1, 6):
            self.share(say("worst_grade", grade=grade), lambda seen, k=grade: seen.worst == (k, k))  # type: ignore[misc]
        self.share("grade_in_doubt", lambda seen: seen.worst[0] != seen.worst[1])
        self.add(
            "grade_3_or_more",
            lambda group: rate(sum(seen.worst[0] >= 3 for seen in group), len(group)),
            strong=True,
        )
        self.share("tox_never_assessed", lambda seen: not seen.days)
        self.share("tox_event_only", lambda seen: seen.event_only)

    def course(self, repeated: bool) -> None:
        """Onset and time to grade 3 are a subject's first; durations are of episodes that ended."""
        self.heading = say("tox_course")
        self.spread("tox_onset", lambda seen: [one.day for one in seen.episodes[:1] if one.day is not None])
        if repeated:
            self.spread(
                "tox_onset_after_infusion",
                lambda seen: [one.after_infusion for one in seen.episodes[:1] if one.after_infusion is not None],
            )  # fmt: skip
        self.spread("tox_time_to_3", _days_to_severe)
        self.add("tox_episodes", lambda group: sum(len(seen.episodes) for seen in group))
        self.add(
            "tox_episodes_ended", lambda group: sum(not one.ongoing for seen in group for one in seen.episodes)
        )  # fmt: skip
        self.spread("tox_duration", lambda seen: [one.duration for one in seen.episodes if not one.ongoing])
        self.spread("tox_duration_3", lambda seen: [one.duration for one in seen.severe if one.resolved])
        self.share("tox_several_episodes", lambda seen: len(seen.episodes) > 1)

    def found(self, name: str, test: Callable[[Any], bool]) -> None:
        """Subjects with the finding at one assessment of an episode at least."""
        self.share(name, lambda seen: any(map(test, seen.forms)))

    def crs_findings(self) -> None:
        self.heading = say("tox_findings")
        self.found("tox_fever", has_fever)
        self.found("tox_hypotension", lambda form: form.hypotension is True)
        self.found("tox_hypoxia", lambda form: on_oxygen(form) and not _to_protect(form))
        self.found("tox_pressure", lambda form: form.oxygen in PRESSURE)
        self.found("tox_intubated", lambda form: form.oxygen == INTUBATED)
        self.found("tox_airway", lambda form: on_oxygen(form) and _to_protect(form))
        self.found("tox_incomplete", lambda form: incomplete(form, "crs"))

    def icans_findings(self) -> None:
        self.heading = say("tox_findings")
        self.spread("tox_worst_ice", lambda seen: _least(form.ice_score for form in seen.forms))
        self.spread("tox_worst_capd", lambda seen: _most(form.capd for form in seen.forms))
        self.found("tox_drowsy", lambda form: form.consciousness not in (None, "alert"))
        self.found("tox_seizure", lambda form: form.seizure not in (None, "none"))
        self.found("tox_motor", lambda form: form.motor not in (None, "none"))
        self.found("tox_oedema", lambda form: form.icp_edema not in (None, "none"))
        self.found("tox_incomplete", lambda form: incomplete(form, "icans"))

    def beside_crs(self) -> None:
        self.heading = say("tox_beside_crs")
        self.share("tox_concurrent", _with_crs)
        self.share("tox_after_crs", after_crs)
        self.share("tox_without_crs", lambda seen: seen.has and not seen.crs)

    def treatment(self, of: Toxicity) -> None:
        self.heading = say("tox_treatment")
        self.share("tox_tocilizumab", lambda seen: bool(seen.doses("tocilizumab")))
        self.spread(
            "tox_tocilizumab_doses", lambda seen: [n] if (n := len(seen.doses("tocilizumab"))) else []
        )
        self.spread("tox_tocilizumab_time", _days_to_tocilizumab)
        self.share("tox_steroid", lambda seen: seen.was_given("corticosteroid"))
        self.share(
            "tox_vasopressor", lambda seen: seen.was_given("vasopressor") or any(map(_pressor, seen.forms))
        )
        for name in NAMED[1:]:
            self.share(f"tox_{name}", lambda seen, name=name: bool(seen.doses(name)))  # type: ignore[misc]
        self.share("tox_other_anticytokine", _other_anticytokine)

    def outcome(self) -> None:
        """The three are all of those with the toxicity."""
        self.heading = say("tox_outcome")
        self.share("tox_resolved", lambda seen: seen.has and outcome_of(seen) == "resolved")
        self.share("tox_not_resolved", lambda seen: seen.has and outcome_of(seen) == "not_resolved")
        self.share("tox_fatal", lambda seen: seen.has and outcome_of(seen) == "fatal")


def outcome_of(seen: Seen) -> Literal["resolved", "not_resolved", "fatal"]:
    """Resolved once every episode was followed by an assessment without the toxicity."""
    if seen.worst[0] == 5:
        return "fatal"
    return "not_resolved" if any(one.ongoing for one in seen.episodes) else "resolved"


def has_fever(form: CrsAssessment) -> bool:
    return form.temperature is not None and form.temperature.to("Cel").value >= FEVER.value


def on_oxygen(form: CrsAssessment) -> bool:
    return form.oxygen not in (None, "none")


def _to_protect(form: CrsAssessment) -> bool:
    """Intubated because of the nervous system: no sign of CRS (ASTCT 2019)."""
    return form.oxygen_reason == "airway_protection_neuro"


def _pressor(form: Any) -> bool:
    return bool(getattr(form, "vasopressors", None)) or getattr(form, "vasopressin", None) is True


def incomplete(form: Any, of: Toxicity) -> bool:
    blank = any(getattr(form, name) is None for name in COMPONENTS[of])
    return blank or (of == "icans" and form.ice_score is None and form.capd is None)


def _least(values: Iterable[int | None]) -> list[int]:
    known = [value for value in values if value is not None]
    return [min(known)] if known else []


def _most(values: Iterable[int | None]) -> list[int]:
    known = [value for value in values if value is not None]
    return [max(known)] if known else []


def _days_to_severe(seen: Seen) -> list[int]:
    first = next((seen.course.day(day.on) for day in seen.days if day.least >= 3), None)
    return [] if first is None else [first]


def _days_to_tocilizumab(seen: Seen) -> list[int]:
    """To the first dose of all, from the onset of the episode it was given in, or of the first one after it."""
    doses = seen.doses("tocilizumab")
    if not doses or not seen.episodes:
        return []
    first = min(doses)
    begun = [one.onset for one in seen.episodes if one.onset <= first]
    return [(first - (begun[-1] if begun else seen.episodes[0].onset)).days]


def _other_anticytokine(seen: Seen) -> bool:
    return any(
        one.kind == "anticytokine" and not any(name in one.medicine.lower() for name in NAMED)
        for one in seen.given
    )


def _with_crs(seen: Seen) -> bool:
    return any(overlapping(one, seen.crs) for one in seen.episodes)


def after_crs(seen: Seen) -> bool:
    """An episode that began when every earlier CRS had resolved, and of these there was one."""
    return any(_resolved_before(one, seen.crs) for one in seen.episodes)


def _resolved_before(one: ToxicityEpisode, crs: tuple[ToxicityEpisode, ...]) -> bool:
    earlier = [other for other in crs if other.onset < one.onset]
    return bool(earlier) and all(other.end < one.onset for other in earlier) and not overlapping(one, crs)


def _notes(cut: Cut, of: Toxicity) -> tuple[Message, ...]:
    scale = getattr(cut.study.scales, of)
    return (
        say("note_episode", scale=scale),
        say("tox_note_of_infused"),
        say("tox_note_gap", gap=GAP),
        say("tox_note_treatment"),
        say(f"tox_note_no_form_{of}"),
    )
