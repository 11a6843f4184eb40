"""Every adverse event, and every serious one and every death, by subject."""

from __future__ import annotations

from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import label_of, level_note
from protocyte.analysis.safety.adverse_events import scale_note
from protocyte.analysis.tables import Cell, ResultTable, Row, number, say, text
from protocyte.derive.adverse_events import AeRow, adverse_events
from protocyte.records.follow_up import Death


def list_ae(cut: Cut) -> ResultTable:
    """Every event of everybody enrolled, those before treatment too."""
    rows = [
        Row(
            (
                course.subject, label_of(cut, course), row.term, row.category, row.day, row.ended or say("goes_on"),
                row.duration, row.maximum_grade, _agents(row), say("yes") if row.is_serious else None,
                say("yes") if row.emergent else None, say(f"outcome_{cut.outcome_by_then(row.subject, row.record_id)}"),
            )
        )
        for course in cut.enrolled
        for row in adverse_events(cut.study, course)
    ]  # fmt: skip
    columns = (
        *text("subject", "level", "term", "class"), *number("day"), *text("ended"), *number("days", "highest_grade"),
        *text("related_to", "serious", "emergent", "outcome"),
    )  # fmt: skip
    return ResultTable(
        "list_ae", say("title_list_ae"), columns, tuple(rows), say("of_enrolled", n=len(cut.enrolled)),
        (say("note_ae_day"), scale_note(cut), *level_note(cut)), say("no_events"),
    )  # fmt: skip


def list_serious(cut: Cut) -> ResultTable:
    """The index of narratives: every serious event and every death, in order of date."""
    found = []
    for course in cut.enrolled:
        level = label_of(cut, course)
        for row in adverse_events(cut.study, course):
            outcome = cut.outcome_by_then(row.subject, row.record_id)
            if row.is_serious or outcome == "fatal":
                criteria = tuple(say(f"serious_{one}") for one in row.serious)
                what = say("serious_event", term=row.term, grade=row.maximum_grade)
                cells = (
                    course.subject,
                    level,
                    row.onset,
                    row.day,
                    what,
                    say("listed", items=criteria),
                    _agents(row),
                )
                found.append(Row((*cells, say(f"outcome_{outcome}"))))
        held = course.last(Death)
        if held is not None and course.died_on is not None:
            cause = say(f"cause_{held.record.cause}")
            day = course.day(course.died_on)
            died = (course.subject, level, course.died_on, day, say("death"), cause)
            found.append(Row((*died, None, held.record.detail)))
    found.sort(key=lambda row: (str(row.cells[0]), str(row.cells[2])))
    columns = (
        *text("subject", "level", "on"), *number("day"),
        *text("fact", "criteria_or_cause", "related_to", "outcome"),
    )  # fmt: skip
    return ResultTable(
        "list_serious", say("title_list_serious"), columns, tuple(found),
        say("of_enrolled", n=len(cut.enrolled)), (say("note_ae_day"), *level_note(cut)), say("no_serious"),
    )  # fmt: skip


def _agents(row: AeRow) -> Cell:
    return say("listed", items=tuple(say(f"agent_{one}") for one in row.related)) if row.related else None
