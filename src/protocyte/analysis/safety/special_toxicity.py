"""Toxicities with scales of their own: IEC-HS, ICAHT, infections, low IgG, tumour lysis, GvHD, second malignancy.

A row says where it comes from. What can be graded from results is graded by `vocab`; the rest is what the
event log holds. Each share is of those assessed: whom nobody assessed has not been found free of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import TypeVar

from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import Groups, all_infused, heads, infused_by_level, level_note
from protocyte.analysis.labs.special import iec_hs_screen, lowest_igg, tumour_lysis
from protocyte.analysis.safety.icaht import early_icaht, late_icaht
from protocyte.analysis.safety.toxicity_summary import named
from protocyte.analysis.tables import Cell, ResultTable, Row, Share, say, text
from protocyte.base import Message
from protocyte.derive.adverse_events import AeRow
from protocyte.derive.course import Course
from protocyte.derive.grades import grade_gvhd, maximum
from protocyte.derive.results import results_by_test
from protocyte.records.follow_up import SecondMalignancy
from protocyte.records.measurements import Labs
from protocyte.records.safety import AeLogReview

Answer = Callable[[Course], "bool | None"]
T = TypeVar("T")

# Preferred terms and what study files call the class, compared in lower case without punctuation.
HLH = frozenset(
    {
        "secondary hemophagocytic lymphohistiocytosis",  # CTCAE 6.0
        "hemophagocytic lymphohistiocytosis",
        "haemophagocytic lymphohistiocytosis",
        "macrophage activation syndrome",
        "immune effector cell associated haemophagocytic lymphohistiocytosis like syndrome",
        "immune effector cell associated hemophagocytic lymphohistiocytosis like syndrome",
        "iec hs",
        "hlh",
    }
)
LYSIS = frozenset({"tumor lysis syndrome", "tumour lysis syndrome", "tls"})
LOW_IGG = frozenset(
    {
        "hypogammaglobulinemia",
        "hypogammaglobulinaemia",
        "blood immunoglobulin g decreased",
        "immunoglobulins decreased",
    }
)
INFECTIONS = "Infections and infestations"  # the system organ class of CTCAE and MedDRA
RCL_TESTS = ("rcl", "rcr")  # replication-competent lentivirus, retrovirus


def special_toxicity_table(cut: Cut) -> ResultTable:
    lines = _Lines(cut, infused_by_level(cut))
    lines.hlh()
    lines.icaht()
    lines.infections()
    lines.immunoglobulin()
    lines.lysis()
    lines.gvhd()
    lines.malignancy()
    return ResultTable(
        "special_toxicity", say("title_special_toxicity"),
        (*text("statistic", "tox_source"), *heads(lines.groups)),
        tuple(lines.rows) if cut.infused else (), all_infused(cut), (*_notes(), *level_note(cut)),
        say("nobody_infused"),
    )  # fmt: skip


def _notes() -> tuple[Message, ...]:
    names = ("assessed", "log", "iec_hs", "icaht", "pathogen", "igg", "tls", "gvhd", "vector")
    return tuple(say(f"tox_note_{name}") for name in names)


class _Lines:
    """The rows in their order; every topic ends with how many were not assessed for it."""

    def __init__(self, cut: Cut, groups: Groups) -> None:
        self.groups = groups
        self.rows: list[Row] = []
        self.heading: Message | None = None
        self.source: Message = say("tox_from_log")
        self.events = {course.subject: cut.emergent(course) for course in cut.infused}

    def topic(self, heading: str, source: str) -> None:
        self.heading, self.source = say(heading), say(source)

    def line(self, name: Cell, answer: Answer, strong: bool = False) -> None:
        cells = tuple(_of_assessed([answer(course) for course in group]) for group in self.groups.values())
        self.rows.append(Row((name, self.source, *cells), group=self.heading, strong=strong))

    def missing(self, answer: Answer) -> None:
        cells = tuple(
            Share(sum(answer(course) is None for course in group), len(group))
            for group in self.groups.values()
        )
        self.rows.append(Row((say("tox_row_not_assessed"), self.source, *cells), group=self.heading))

    def grades(self, grade: Callable[[Course], int | None], most: int) -> None:
        """One row a grade; `None` was not assessed."""
        for wanted in range(1, most + 1):
            self.line(say("tox_grade", grade=wanted), lambda course, k=wanted: _equals(grade(course), k))  # type: ignore[misc]
        self.line(say("tox_grade_none"), lambda course: _equals(grade(course), 0))
        self.missing(lambda course: None if grade(course) is None else True)

    def logged(self, test: Callable[[AeRow], bool]) -> Answer:
        """Whether the event log holds such an event; silence is none only where somebody reviewed the log."""

        def answer(course: Course) -> bool | None:
            if any(map(test, self.events[course.subject])):
                return True
            return False if _reviewed(course) else None

        return answer

    def any_and_severe(self, test: Callable[[AeRow], bool]) -> Answer:
        """The two rows that every topic of the log begins with; the answer of the first."""
        logged = self.logged(test)
        self.line(say("tox_event_any"), logged, strong=True)
        self.line(say("tox_event_severe"), self.logged(lambda row: test(row) and _severe(row)))
        return logged

    # -- topics --------------------------------------------------------------------------------------

    def hlh(self) -> None:
        self.topic("tox_hlh", "tox_from_log")
        self.missing(self.any_and_severe(lambda row: named(row, HLH)))
        self.topic("tox_hlh", "tox_from_iec_hs")
        screened = _once(iec_hs_screen)
        for screen in ("positive", "undecided", "negative"):
            self.line(say(f"tox_screen_{screen}"), lambda course, s=screen: _equals(screened(course), s))  # type: ignore[misc]
        self.missing(lambda course: None if screened(course) is None else True)

    def icaht(self) -> None:
        self.topic("tox_icaht_early", "tox_from_anc")
        self.grades(_once(early_icaht), 4)
        self.topic("tox_icaht_late", "tox_from_anc")
        self.grades(_once(late_icaht), 4)

    def infections(self) -> None:
        self.topic("tox_infections", "tox_from_log")
        logged = self.any_and_severe(is_infection)
        self.line(say("tox_event_serious"), self.logged(lambda row: is_infection(row) and row.is_serious))
        self.line(
            say("tox_event_fatal"), self.logged(lambda row: is_infection(row) and row.emergent_grade == 5)
        )
        for term in self._infection_terms():
            self.line(term, self.logged(lambda row, term=term: is_infection(row) and row.term == term))  # type: ignore[misc]
        self.missing(logged)

    def _infection_terms(self) -> list[str]:
        often = Counter(
            term for rows in self.events.values() for term in {row.term for row in rows if is_infection(row)}
        )
        return sorted(often, key=lambda term: (-often[term], term))

    def immunoglobulin(self) -> None:
        self.topic("tox_low_igg", "tox_from_igg")
        self.line(say("tox_igg_below_4"), lambda course: lowest_igg(course).below_4)
        self.line(say("tox_igg_below_normal"), lambda course: lowest_igg(course).below_normal)
        self.missing(lambda course: lowest_igg(course).below_4)
        self.topic("tox_low_igg", "tox_from_log")
        low = self.logged(lambda row: named(row, LOW_IGG))
        self.line(say("tox_event_any"), low, strong=True)
        self.missing(low)

    def lysis(self) -> None:
        self.topic("tox_tls", "tox_from_log")
        self.missing(self.any_and_severe(lambda row: named(row, LYSIS)))
        self.topic("tox_tls", "tox_from_tls")
        self.line(say("tox_laboratory_tls"), tumour_lysis)
        self.missing(tumour_lysis)

    def gvhd(self) -> None:
        """Acute GvHD by MAGIC; a grade that missing stages leave open is counted as such."""
        self.topic("tox_gvhd", "tox_from_magic")
        for wanted in (1, 2, 3, 4, 0):
            name = say("tox_grade", grade=wanted) if wanted else say("tox_grade_none")
            self.line(name, lambda course, k=wanted: _equals(worst_gvhd(course), (k, k)))  # type: ignore[misc]
        self.line(say("grade_in_doubt"), _gvhd_in_doubt)
        self.missing(_gvhd_in_doubt)

    def malignancy(self) -> None:
        self.topic("tox_malignancy", "tox_from_malignancy")
        self.line(say("tox_malignancy_any"), lambda course: bool(malignancies(course)), strong=True)
        vectors: tuple[tuple[str, bool | None], ...] = (
            ("tox_vector_positive", True), ("tox_vector_negative", False), ("tox_vector_untested", None),
        )  # fmt: skip
        for name, vector in vectors:
            self.line(
                say(name),
                lambda course, v=vector: any(one.vector_positive is v for one in malignancies(course)),  # type: ignore[misc]
            )
        self.topic("tox_malignancy", "tox_from_log")
        logged = self.logged(lambda row: row.special_interest == "second_malignancy")
        self.line(say("tox_event_any"), logged)
        self.missing(logged)
        self.topic("tox_malignancy", "tox_from_rcl")
        self.line(say("tox_rcl_positive"), rcl_found)
        self.missing(rcl_found)


def _of_assessed(answers: list[bool | None]) -> Cell:
    """A group of whom nobody was assessed is not a group of whom nobody had it."""
    known = [answer for answer in answers if answer is not None]
    if answers and not known:
        return say("tox_not_assessed")
    return Share(sum(known), len(known))


def _once(ask: Callable[[Course], T]) -> Callable[[Course], T]:
    """Each subject is asked once for all the rows of a table."""
    known: dict[str, T] = {}

    def answer(course: Course) -> T:
        if course.subject not in known:
            known[course.subject] = ask(course)
        return known[course.subject]

    return answer


def _equals(value: object, wanted: object) -> bool | None:
    return None if value is None else value == wanted


def _reviewed(course: Course) -> bool:
    start = course.infused_on
    return start is not None and any(held.record.on >= start for held in course.all(AeLogReview))


def is_infection(row: AeRow) -> bool:
    return row.category == INFECTIONS or row.special_interest == "infection"


def _severe(row: AeRow) -> bool:
    return (row.emergent_grade or 0) >= 3


def worst_gvhd(course: Course) -> tuple[int, int] | None:
    """The bounds of the worst grade since the first infusion; None without an assessment."""
    start = course.infused_on or date.max
    return maximum(day for day in grade_gvhd(course) if day.on >= start)


def _gvhd_in_doubt(course: Course) -> bool | None:
    bounds = worst_gvhd(course)
    return None if bounds is None else bounds[0] != bounds[1]


def malignancies(course: Course) -> tuple[SecondMalignancy, ...]:
    start = course.infused_on or date.max
    return tuple(held.record for held in course.all(SecondMalignancy) if held.record.on >= start)


def rcl_found(course: Course) -> bool | None:
    """Whether a test for replication-competent virus was ever positive; None where none was recorded."""
    found = [result for test in RCL_TESTS for _, result in results_by_test(course, Labs).get(test, ())]
    words = [result.finding for result in found if result.finding]
    if not words:
        return None
    return "positive" in words
