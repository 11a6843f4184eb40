"""Response at each planned assessment, and the best of all, with the depth of remission measured in MRD."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.response import best_of, responded, window_over
from protocyte.analysis.efficacy.response_summary import BROUGHT_ALONG, categories
from protocyte.analysis.groups import Groups, all_infused, heads, infused_by_level, level_note
from protocyte.analysis.tables import Cell, Column, ResultTable, Row, Share, rate, say
from protocyte.base import Measured, Quantity
from protocyte.derive.classify import NOT_EVALUABLE
from protocyte.derive.course import Course
from protocyte.derive.response import Assessment, assessments, derive_baseline, response_at
from protocyte.records.efficacy import Marrow
from protocyte.study.efficacy import VisitPlan

# Depths that flow cytometry (ELN, Blood 2021;138:2753: 10^-3), PCR and sequencing reach.
DEPTHS = (("10⁻³", Decimal("1e-3")), ("10⁻⁴", Decimal("1e-4")), ("10⁻⁵", Decimal("1e-5")))

NOT_DUE = "not_due"
_WITHOUT = ("not_assessed", "relapse", "transplant", "new_therapy", "died")
Test = Callable[[Course], bool]
Found = dict[str, tuple[str, Assessment | None]]  # by subject: a category or a status, and what it rests on


def planned_assessments(cut: Cut) -> dict[str, VisitPlan]:
    """The visits after the infusion that ask for a marrow."""
    return {
        name: plan
        for name, plan in cut.study.schedule.items()
        if plan.anchor == "infusion" and plan.day > 0 and "marrow" in plan.needs
    }


def response_by_visit_table(cut: Cut) -> ResultTable:
    """By visit: whose window is over, what they had, and the rates; then the best of all assessments."""
    groups = infused_by_level(cut)
    rows = [row for name, plan in planned_assessments(cut).items() for row in _visit(cut, groups, name, plan)]
    notes = (
        say("note_resp_visits"),
        say("note_orr", responses=" + ".join(cut.study.response.responses)),
        say("note_resp_mrd", remissions=" + ".join(cut.study.response.remissions)),
        say("note_resp_zero"),
        *level_note(cut),
    )
    return ResultTable(
        "response_by_visit", say("title_response_by_visit"), (Column(say("resp_at_visit")), *heads(groups)),
        (*rows, *_best(cut, groups)) if cut.infused else (), all_infused(cut), notes, say("nobody_infused"),
    )  # fmt: skip


# --- at a visit ---------------------------------------------------------------------------------------------


def _visit(cut: Cut, groups: Groups, name: str, plan: VisitPlan) -> list[Row]:
    found: Found = {course.subject: status_at(cut, course, plan) for course in cut.infused}
    early, late = plan.window
    heading = say("resp_visit", visit=name, first=plan.day - early, last=plan.day + late)
    over = {label: [c for c in group if found[c.subject][0] != NOT_DUE] for label, group in groups.items()}
    open_ = [len(group) - len(of) for group, of in zip(groups.values(), over.values(), strict=True)]
    rows = [Row((say("resp_window_open"), *open_), heading)] if any(open_) else []
    if not any(over.values()):
        return rows
    rows.append(Row((say("resp_window_over"), *map(len, over.values())), heading))
    for status in (*categories(cut), NOT_EVALUABLE, *_WITHOUT, BROUGHT_ALONG):
        counts = [sum(found[c.subject][0] == status for c in of) for of in over.values()]
        if any(counts):
            cells = (Share(n, len(of)) for n, of in zip(counts, over.values(), strict=True))
            rows.append(Row((_said(cut, status), *cells), heading))
    own, remissions = cut.study.response.responses, cut.study.response.remissions
    rows.append(_line(say("response_rate"), over, lambda c: found[c.subject][0] in own, heading, strong=True))
    marrows = {}
    for course in cut.infused:
        status, one = found[course.subject]
        marrows[course.subject] = _marrows(course, [one] if one and status in remissions else [])
    return rows + _residual(over, marrows, heading)


def status_at(cut: Cut, course: Course, plan: VisitPlan) -> tuple[str, Assessment | None]:
    """The category in the visit's window, else why there is none, with the assessment it rests on.

    The window is read from its middle; of one with an odd number of days on its two sides together, the
    last day is left out. Who was in remission before lymphodepletion cannot respond, whatever is found.
    """
    early, late = plan.window
    if not window_over(cut, course, plan.day + late):
        return NOT_DUE, None
    middle, half = Quantity(plan.day + (late - early) // 2, "d"), Quantity((early + late) // 2, "d")
    at = response_at(cut.study, course, middle, half, cut.as_of)
    if at.status == "not_evaluable":
        return NOT_EVALUABLE, at.assessment
    if at.status != "assessed" or at.category is None:
        return at.status, at.assessment
    if derive_baseline(cut.study, course).in_remission is True:
        return BROUGHT_ALONG, at.assessment
    return at.category, at.assessment


def _said(cut: Cut, status: str) -> Cell:
    if status == NOT_EVALUABLE:
        return say("resp_ne")
    if status == BROUGHT_ALONG:
        return say("in_remission")
    return say(f"resp_at_{status}") if status in _WITHOUT else status


# --- the best of all ----------------------------------------------------------------------------------------


def _best(cut: Cut, groups: Groups) -> list[Row]:
    heading = say("resp_best_overall")
    remissions = cut.study.response.remissions
    marrows = {}
    for course in cut.infused:
        able = best_of(cut, course).in_remission_at_baseline is not True
        counted = [one for one in assessments(cut.study, course) if one.counts and one.category in remissions]
        marrows[course.subject] = _marrows(course, counted if able else [])
    rows = [
        _line(say("response_rate"), groups, lambda c: responded(cut, c), heading, strong=True),
        _line(
            say("resp_rate_of", responses=" + ".join(remissions)), groups,
            lambda c: best_of(cut, c).is_in(remissions), heading,
        ),
    ]  # fmt: skip
    return rows + _residual(groups, marrows, heading)


# --- measurable residual disease ----------------------------------------------------------------------------


def _residual(
    groups: dict[str, list[Course]] | Groups, marrows: dict[str, list[Marrow]], heading: Cell
) -> list[Row]:
    """Remission without residual disease: of everybody, of remissions in which it was looked for, by depth."""
    negative = {subject: _any([_negative(one) for one in of]) for subject, of in marrows.items()}
    rows = [
        Row((say("resp_mrd_of_all"), *(_of_all(of, marrows, negative) for of in groups.values())), heading),
        _line(
            say("resp_mrd_of_assessed"),
            _known(groups, negative),
            lambda c: negative[c.subject] is True,
            heading,
        ),
    ]
    for name, depth in DEPTHS:
        below = {subject: _any([mrd_below(one, depth) for one in of]) for subject, of in marrows.items()}
        if any(answer is not None for answer in below.values()):
            head = say("resp_mrd_below", depth=name)
            rows.append(_line(head, _known(groups, below), lambda c, b=below: b[c.subject] is True, heading))  # type: ignore[misc]
    return rows


def _of_all(of: Sequence[Course], marrows: dict[str, list[Marrow]], negative: dict[str, bool | None]) -> Cell:
    """Where there were remissions and nobody looked, there is no rate: 0 % would be a finding."""
    answers = [negative[course.subject] for course in of]
    if any(marrows[course.subject] for course in of) and all(answer is None for answer in answers):
        return say("resp_mrd_nobody")
    return rate(answers.count(True), len(answers))


def _known(
    groups: dict[str, list[Course]] | Groups, answers: dict[str, bool | None]
) -> dict[str, list[Course]]:
    return {label: [c for c in of if answers[c.subject] is not None] for label, of in groups.items()}


def _marrows(course: Course, seen: list[Assessment]) -> list[Marrow]:
    wanted = {one.record_id for one in seen}
    return [held.record for held in course.all(Marrow) if held.record_id in wanted]


def _negative(marrow: Marrow) -> bool | None:
    return None if marrow.mrd is None else marrow.mrd == "negative"


def _any(answers: Iterable[bool | None]) -> bool | None:
    """True if any is; False only if some are known and none is true."""
    known = [answer for answer in answers if answer is not None]
    return any(known) if known else None


def mrd_below(marrow: Marrow, depth: Decimal) -> bool | None:
    """Whether the measured residual disease is below `depth` (a share of 1); None where it cannot be told.

    `<0.01 %` is below 10^-4 and says nothing about 10^-5. A plain 0 does not say how deep one looked.
    """
    value: Measured | None = marrow.mrd_value
    if value is None or value.unit not in ("1", "%"):
        return None
    share = value.to("1").value
    if value.bound in ("<", "<="):
        certain = share < depth or (share == depth and value.bound == "<")
        return True if certain else None
    if share == 0:
        return None
    if value.bound in (">", ">="):
        return False if share >= depth else None
    return share < depth


def _line(
    head: Cell, groups: dict[str, list[Course]] | Groups, test: Test, heading: Cell, strong: bool = False
) -> Row:
    return Row((head, *(rate(sum(map(test, of)), len(of)) for of in groups.values())), heading, strong)
