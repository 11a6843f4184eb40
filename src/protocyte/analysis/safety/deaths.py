"""Deaths: by period and cause, and each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import all_infused, heads, infused_by_level, label_of, level_note
from protocyte.analysis.tables import Cell, Column, ResultTable, Row, Share, number, say, text
from protocyte.derive.course import Course
from protocyte.records.follow_up import Death

# Days after the first infusion, last day included.
_PERIODS: tuple[tuple[str, int, int | None], ...] = (
    ("died_to_30", 0, 30),
    ("died_to_90", 31, 90),
    ("died_later", 91, None),
)


def deaths_summary(cut: Cut) -> ResultTable:
    """Deaths of infused subjects by period and cause; a death without the disease is non-relapse mortality."""
    groups = infused_by_level(cut)

    def line(name: Cell, test: Callable[[int, str], bool], group: Cell = None) -> Row:
        cells = (
            Share(sum(test(*found) for found in _deaths(members)), len(members))
            for members in groups.values()
        )
        return Row((name, *cells), group=group)

    causes = sorted({cause for _, cause in _deaths(cut.infused)})
    rows = [line(say("all_deaths"), lambda day, cause: True)]
    rows += [line(say(name), _between(first, last), say("by_day_of_death")) for name, first, last in _PERIODS]
    rows += [line(say(f"cause_{cause}"), _of_cause(cause), say("cause")) for cause in causes]
    rows.append(
        line(say("not_of_disease"), lambda day, cause: cause not in ("disease", "unknown"), say("cause"))
    )
    return ResultTable(
        "deaths_summary", say("title_deaths_summary"), (Column(say("deaths_by")), *heads(groups)),
        tuple(rows) if cut.infused else (), all_infused(cut), (say("note_deaths_before"), *level_note(cut)),
        say("nobody_infused"),
    )  # fmt: skip


def _deaths(members: Iterable[Course]) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for course in members:
        held, day = course.last(Death), course.day(course.died_on) if course.died_on else None
        if day is not None:
            found.append((day, held.record.cause if held else "unknown"))
    return found


def _between(first: int, last: int | None) -> Callable[[int, str], bool]:
    return lambda day, cause: first <= day and (last is None or day <= last)


def _of_cause(wanted: str) -> Callable[[int, str], bool]:
    return lambda day, cause: cause == wanted


def deaths_table(cut: Cut) -> ResultTable:
    """Every death of an enrolled subject, by its day after the first infusion."""
    rows = []
    for course in cut.enrolled:
        held = course.last(Death)
        if held is not None and course.died_on is not None:
            day = course.day(course.died_on)
            cause, detail = say(f"cause_{held.record.cause}"), held.record.detail
            rows.append(Row((course.subject, label_of(cut, course), course.died_on, day, cause, detail)))
    rows.sort(key=lambda row: str(row.cells[2]))
    told = any(row.cells[-1] for row in rows)
    if not told:
        rows = [Row(row.cells[:-1]) for row in rows]
    columns = (*text("subject", "level", "died_on"), *number("day"), *text("cause", *["detail"] * told))
    return ResultTable(
        "deaths", say("title_deaths"), columns, tuple(rows), say("of_enrolled", n=len(cut.enrolled)),
        (say("note_death_day"), *level_note(cut)), say("no_deaths"),
    )  # fmt: skip
