"""Best responses by level with exact limits, response at landmarks, and where criteria differ."""

from __future__ import annotations

from collections.abc import Callable

from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import EVERYBODY, Groups, all_infused, heads, infused_by_level, level_note
from protocyte.analysis.tables import Cell, Column, Rate, ResultTable, Row, Share, number, rate, say, text
from protocyte.base import Message, Quantity
from protocyte.derive.analysis_sets import in_analysis_set
from protocyte.derive.course import Course
from protocyte.derive.response import BestResponse, assessments, best_response, derive_baseline, response_at
from protocyte.study.efficacy import ResponseEndpoint
from protocyte.study.parts import days_of


def best_of(cut: Cut, course: Course) -> BestResponse:
    return best_response(cut.study, course)


def responded(cut: Cut, course: Course) -> bool:
    return best_of(cut, course).is_in(cut.study.response.responses)


def response_rate(cut: Cut) -> Rate:
    """Responders among all infused: the primary reading (DOMAIN 20)."""
    return rate(sum(responded(cut, course) for course in cut.infused), len(cut.infused))


def response_table(cut: Cut) -> ResultTable:
    """All infused first, all enrolled beside it: missing, not evaluable and early death are no responses."""
    study, groups = cut.study, infused_by_level(cut)
    best = {course.subject: best_of(cut, course) for course in cut.infused}
    names = [*dict.fromkeys([*study.response.responses, *sorted({b.category for b in best.values()})])]

    def share(name: Cell, test: Callable[[BestResponse], bool]) -> Row:
        return Row((name, *(Share(sum(test(best[c.subject]) for c in g), len(g)) for g in groups.values())))

    rows = [share(name, lambda b, n=name: b.category == n) for name in names]  # type: ignore[misc]
    rows.append(share(say("mrd_negative"), lambda b: _mrd_negative(b, study.response.responses)))
    rows.append(share(say("in_remission"), lambda b: b.in_remission_at_baseline is True))
    rows += _rates(cut, groups)
    notes = (
        say("note_orr", responses=" + ".join(study.response.responses)),
        say("note_criteria", criteria=tuple(sorted(set(study.response.primary.values())))),
        *level_note(cut),
    )
    return ResultTable(
        "response", say("title_response"), (Column(say("best_response")), *heads(groups)),
        tuple(rows) if cut.infused else (), all_infused(cut), notes, say("nobody_infused"),
    )  # fmt: skip


def _mrd_negative(best: BestResponse, responses: tuple[str, ...]) -> bool:
    return best.is_in(responses) and best.assessment is not None and best.assessment.mrd == "negative"


def _rates(cut: Cut, groups: Groups) -> list[Row]:
    """The rate with its three denominators: all infused, all enrolled, and (supportive) evaluable."""

    def hits(group: tuple[Course, ...]) -> int:
        return sum(responded(cut, course) for course in group)

    infused = (rate(hits(group), len(group)) for group in groups.values())
    evaluable = []
    for group in groups.values():
        judged = tuple(course for course in group if _evaluable(cut, course))
        evaluable.append(rate(hits(judged), len(judged)))
    enrolled = [
        rate(hits(cut.infused), len(cut.enrolled)) if label == EVERYBODY else None for label in groups
    ]
    over = say("response_rate")
    return [
        Row((say("orr_infused"), *infused), group=over, strong=True),
        Row((say("orr_enrolled"), *enrolled), group=over),
        Row((say("orr_evaluable"), *evaluable), group=over),
    ]


def _evaluable(cut: Cut, course: Course) -> bool:
    name = next((n for n, s in cut.study.analysis_sets.items() if s.members == "efficacy_evaluable"), None)
    return name is not None and in_analysis_set(cut.study, course, name, cut.as_of) is True


def landmark_table(cut: Cut) -> ResultTable | None:
    """Each rate the study reads at a time: status in that window, by everybody infused whose window is over."""
    groups = infused_by_level(cut)
    rows = []
    for endpoint in cut.study.endpoints.values():
        if not isinstance(endpoint, ResponseEndpoint):
            continue
        for landmark in endpoint.at:
            when = say("at_landmark", when=landmark, window=endpoint.window)
            cells = tuple(_at(cut, endpoint, landmark, group) for group in groups.values())
            rows.append(Row((when, *cells), group=endpoint.title))
        if endpoint.by is not None:
            cells = tuple(_by(cut, endpoint, group) for group in groups.values())
            rows.append(Row((say("best_by", when=endpoint.by), *cells), group=endpoint.title))
    if not rows:
        return None
    return ResultTable(
        "landmarks", say("title_landmarks"), (Column(say("endpoint")), *heads(groups)),
        tuple(rows) if cut.infused else (), all_infused(cut), (say("note_landmarks"),), say("nobody_infused"),
    )  # fmt: skip


def _at(cut: Cut, endpoint: ResponseEndpoint, landmark: Quantity, group: tuple[Course, ...]) -> Rate:
    assert endpoint.window is not None  # the model demands it with `at`
    hits = of = 0
    for course in group:
        if not window_over(cut, course, days_of(landmark) + days_of(endpoint.window)):
            continue
        answer = response_at(cut.study, course, landmark, endpoint.window, cut.as_of).is_in(
            endpoint.responses
        )
        of += 1
        # Who was in remission already cannot respond (DOMAIN 14), at a landmark as little as at all.
        hits += answer is True and derive_baseline(cut.study, course).in_remission is not True
    return rate(hits, of)


def window_over(cut: Cut, course: Course, last: int) -> bool:
    """Whether day `last` after the infusion has passed.

    A death or a relapse is known at once, a response only in its window: to count failures before it is
    over would make every rate too low while subjects are followed.
    """
    return course.infused_on is not None and (cut.as_of - course.infused_on).days >= last


def _by(cut: Cut, endpoint: ResponseEndpoint, group: tuple[Course, ...]) -> Rate:
    hits = sum(best_response(cut.study, c, endpoint.by).is_in(endpoint.responses) for c in group)
    return rate(hits, len(group))


def differences_table(cut: Cut) -> ResultTable:
    """Assessments that the study's own criteria and a companion, or the investigator, read differently."""
    rows = []
    for course in cut.infused:
        for one in assessments(cut.study, course):
            read: list[tuple[Message | str, str]] = list(one.companions.items())
            if one.investigator is not None:
                read.append((say("the_investigator"), one.investigator))
            rows += [
                Row((course.subject, one.day, one.visit, one.category, name, category))
                for name, category in read
                if category != one.category
            ]
    columns = (
        *text("subject"),
        *number("day"),
        *text("visit", "own_reading", "other", "its_reading"),
    )
    return ResultTable(
        "differences", say("title_differences"), columns, tuple(rows), all_infused(cut),
        empty=say("no_differences"),
    )  # fmt: skip
