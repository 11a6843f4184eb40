"""Response rate by subgroup with exact limits: a description, not a comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from protocyte.analysis.baseline.subjects import AGE_GROUPS, SubjectBaseline, subject_baseline
from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.blasts import Bound, percent
from protocyte.analysis.efficacy.response import responded
from protocyte.analysis.groups import all_infused, level_note, level_of
from protocyte.analysis.tables import Column, Rate, ResultTable, Row, number, rate, say
from protocyte.base import Message
from protocyte.derive.course import Course
from protocyte.derive.response_facts import baseline_marrow

# From this share of marrow blasts on WHO speaks of acute leukemia whatever the lesion (Blood 2016;127:2391).
BLAST_LIMIT = 20.0
Name = str | Message


@dataclass(frozen=True)
class Family:
    """Subgroups by one fact: `member` gives a subject's code, None where it is not recorded.

    `names` are the codes that have names, in their order; any other code is its own name.
    """

    title: Message
    member: Callable[[Course], str | None]
    names: dict[str, Name]

    def said(self, code: str | None) -> Name:
        return say("resp_not_recorded") if code is None else self.names.get(code, code)


@dataclass(frozen=True)
class ForestLine:
    """`estimate` and its limits are shares of 1, None where the subgroup is empty."""

    family: Message | None
    name: str | Message
    responders: int
    n: int
    estimate: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class Forest:
    """Everybody first, then the families of subgroups. `alike` have one subgroup, `unknown` no facts at all."""

    responses: tuple[str, ...]
    lines: tuple[ForestLine, ...]
    alike: tuple[Message, ...]
    unknown: tuple[Message, ...]

    @property
    def notes(self) -> tuple[Message, ...]:
        """The families that have no lines: nothing is left out silently."""
        alike = (say("note_resp_alike", families=self.alike),) if self.alike else ()
        return (*alike, *((say("note_resp_unknown", families=self.unknown),) if self.unknown else ()))


def subgroups(cut: Cut) -> Forest | None:
    """None where nobody was infused."""
    if not cut.infused:
        return None
    lines = [_line(cut, None, say("resp_everybody"), cut.infused)]
    alike, unknown = [], []
    for family in _families(cut):
        groups = _grouped(cut, family)
        known = [code for code in groups if code is not None]
        if not known:
            unknown.append(family.title)
        elif len(groups) == 1:
            alike.append(say("resp_alike", family=family.title, value=family.said(known[0])))
        else:
            lines += [_line(cut, family.title, family.said(code), group) for code, group in groups.items()]
    return Forest(cut.study.response.responses, tuple(lines), tuple(alike), tuple(unknown))


def _grouped(cut: Cut, family: Family) -> dict[str | None, tuple[Course, ...]]:
    """Those of each code in the family's order, those of whom it is not recorded last."""
    codes = {course.subject: family.member(course) for course in cut.infused}
    found = set(codes.values())
    order = [*family.names, *sorted(code for code in found - set(family.names) if code is not None), None]
    return {
        code: tuple(course for course in cut.infused if codes[course.subject] == code)
        for code in order
        if code in found
    }


def _line(cut: Cut, family: Message | None, name: Name, group: tuple[Course, ...]) -> ForestLine:
    found = rate(sum(responded(cut, course) for course in group), len(group))
    estimate = found.count / found.of if found.of else None
    return ForestLine(family, name, found.count, found.of, estimate, found.lower, found.upper)


def subgroup_table(cut: Cut) -> ResultTable:
    """The same numbers as a table."""
    found = subgroups(cut)
    rows = []
    for one in found.lines if found else ():
        cell = Rate(one.responders, one.n, one.lower, one.upper)
        rows.append(Row((one.name, one.n, cell), one.family, strong=one.family is None))
    notes = (say("note_orr", responses=" + ".join(cut.study.response.responses)), say("note_resp_subgroups"))
    return ResultTable(
        "subgroups", say("title_subgroups"),
        (Column(say("resp_subgroup")), *number("n", "response_rate")), tuple(rows), all_infused(cut),
        (*notes, *(found.notes if found else ()), *level_note(cut)), say("nobody_infused"),
    )  # fmt: skip


def _families(cut: Cut) -> list[Family]:
    middle = _middle(cut)
    known = {course.subject: subject_baseline(cut.study, course) for course in cut.infused}

    def of(read: Callable[[SubjectBaseline], str | None]) -> Callable[[Course], str | None]:
        return lambda course: read(known[course.subject])

    ages: dict[str, Name] = {group: say(f"base_age_{group}") for group in AGE_GROUPS}
    levels: dict[str, Name] = {label: label for label in cut.study.labels}
    return [
        Family(say("resp_by_blasts", limit=f"{BLAST_LIMIT:g}"), _blasts(BLAST_LIMIT), _cut_at(BLAST_LIMIT)),
        Family(say("resp_by_median"), _blasts(middle), _cut_at(middle)),
        Family(say("resp_by_transplant"), of(_transplanted), _named("yes", "no")),
        Family(say("resp_by_risk"), of(lambda one: one.risk), _risks()),
        Family(say("resp_by_sex"), of(lambda one: one.sex), _named("female", "male")),
        Family(say("resp_by_age"), of(lambda one: one.age_group), ages),
        Family(say("resp_by_diagnosis"), of(lambda one: one.diagnosis), {}),
        Family(say("resp_by_level"), lambda course: cut.study.label_of(level_of(course)), levels),
    ]


def _transplanted(one: SubjectBaseline) -> str | None:
    return None if one.transplant is None else "yes" if one.transplant else "no"


def _named(*codes: str) -> dict[str, Name]:
    return {code: say(f"resp_{code}") for code in codes}


def _risks() -> dict[str, Name]:
    """The groups of the European LeukemiaNet and of acute lymphoblastic leukemia, the better first."""
    return {
        code: say(f"resp_risk_{code}")
        for code in ("favourable", "standard", "intermediate", "high", "adverse")
    }


def _cut_at(limit: float | None) -> dict[str, Name]:
    shown = "" if limit is None else f"{limit:g}"
    return {"below": say("resp_below", limit=shown), "from": say("resp_from", limit=shown)}


def _middle(cut: Cut) -> float | None:
    found = [blasts for course in cut.infused if (blasts := _baseline(course)) is not None]
    known = [value for value, bound in found if not bound]
    return median(known) if known else None


def _baseline(course: Course) -> tuple[float, Bound] | None:
    held = baseline_marrow(course)
    return percent(held.record.blasts) if held else None


def _blasts(limit: float | None) -> Callable[[Course], str | None]:
    """A value known only as a bound belongs somewhere only where the bound decides it."""

    def member(course: Course) -> str | None:
        found = _baseline(course)
        if found is None or limit is None:
            return None
        value, bound = found
        if bound == "<":
            return "below" if value <= limit else None
        if bound == ">":
            return "from" if value >= limit else None
        return "below" if value < limit else "from"

    return member
