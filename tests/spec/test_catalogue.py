"""Every output of every set, whatever the trial is like: it says what it knows, and that it knows nothing."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from protocyte.analysis.catalogue import CATALOGUE, INTERIM, OutputSet, build_set, entries
from protocyte.app.demo import last_day, virtual_trial
from protocyte.app.studies import shelf
from protocyte.app.trials import adoption
from protocyte.base import InputError
from protocyte.conduct import Desk, adopt
from protocyte.derive.course import Trial
from protocyte.ledger import MemoryLedger
from protocyte.reports.assemble import assemble
from protocyte.reports.document import Document, Grid, Heading, Paragraph, Picture
from protocyte.reports.numbers import COLUMNS, as_csv, as_json
from trials import CRS, Conducted, day, loaded

SETS = ("full", "safety-review")  # what the other two hold is in the first
_BROKEN = re.compile(r"\b(nan|NaN|inf|Infinity|undefined)\b|^None$|None[,)]")
HOSTILE = "=HYPERLINK(1)</td><script>alert(1)</script>\\par}#set"


@cache
def virtual(name: str) -> Desk:
    return virtual_trial(loaded(name), seed=5, most_subjects=8)


def nobody(name: str) -> Trial:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return adopt(MemoryLedger(), adoption(loaded(name), "trial-1"), actor="dm01", at=at).trial


def brought(to: str, then: int = 0) -> tuple[Trial, date]:
    """One subject up to a stage of the course, seen `then` days after the day of the infusion."""
    trial = Conducted("lstcar019")
    trial.cohort()
    trial.bring("S1", to=to)
    return trial.trial, day(then)


def cases() -> Iterator[tuple[str, Trial, date]]:
    for name in sorted(shelf()):
        yield f"nobody, {name}", nobody(name), date(2026, 6, 1)
    for to in ("consented", "screened", "enrolled", "released"):
        yield f"one {to}", *brought(to, -5)
    yield "one infused today", *brought("infused", 0)
    yield "one infused and nothing since", *brought("infused", 400)
    yield "seen before everything", brought("infused")[0], date(2001, 1, 1)


CASES = {name: (trial, on) for name, trial, on in cases()}


def made(trial: Trial, on: date, name: str, language: str = "en") -> tuple[OutputSet, Document]:
    of = build_set(trial, on, name)  # type: ignore[arg-type]
    return of, assemble(of, trial.study, language)  # type: ignore[arg-type]


def words(document: Document) -> list[str]:
    found = [document.title, document.subtitle, document.footer]
    for block in document.blocks:
        match block:
            case Heading() | Paragraph():
                found.append(block.text)
            case Grid():
                found += [*block.heads, *(cell for row in block.rows for cell in row)]
            case Picture():
                found += re.findall(r"<text[^>]*>([^<]*)<", block.svg)
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("case", CASES)
def test_a_trial_without_results_has_every_output_and_no_number_that_misleads(
    case: str, language: str
) -> None:
    trial, on = CASES[case]

    for name in SETS:
        of, document = made(trial, on, name, language)
        said = words(document)
        assert len([b for b in document.blocks if isinstance(b, Heading) and b.level == 2]) == len(of.outputs)
        assert not [text for text in said if _BROKEN.search(text)]
        assert not [text for text in said if "{" in text or "Message(" in text]
        json.loads(as_json(of, language), parse_constant=_refuse)  # type: ignore[arg-type]


def _refuse(constant: str) -> Any:
    raise AssertionError(f"{constant} is not a number")


@pytest.mark.parametrize("name", sorted(shelf()))
def test_every_output_says_its_population_its_cut_off_and_the_head(name: str) -> None:
    desk = virtual(name)
    of, document = made(desk.trial, last_day(desk.trial), "full")

    headings = [block for block in document.blocks if isinstance(block, Heading) and block.level == 2]
    assert [h.text.split("  ")[0] for h in headings] == [
        f"{e.kind.capitalize()} {e.number}" for e in entries("full")
    ]
    footings = [b for b in document.blocks if isinstance(b, Paragraph) and of.footing.head[:16] in b.text]
    assert len(footings) >= len(of.outputs)
    assert all(str(of.footing.as_of) in block.text for block in footings)
    assert all(table.population is not None for output in of.outputs for table in output.tables)
    assert len({h.anchor for h in document.blocks if isinstance(h, Heading)}) == len(
        [h for h in document.blocks if isinstance(h, Heading)]
    )


@pytest.mark.parametrize("name", sorted(shelf()))
def test_rows_are_as_wide_as_their_heads_and_figures_have_drawings(name: str) -> None:
    desk = virtual(name)
    of, document = made(desk.trial, last_day(desk.trial), "full")

    for block in document.blocks:
        if isinstance(block, Grid):
            assert {len(row) for row in block.rows} <= {len(block.heads)}
            assert len(block.kinds) == len(block.heads)
            assert not block.spans or sum(width for _, width in block.spans) == len(block.heads)
    drawn = {block.id.rpartition("-")[0] for block in document.blocks if isinstance(block, Picture)}
    assert drawn == {output.id for output in of.outputs if output.drawing is not None}
    assert len(drawn) >= 12


def test_the_same_trial_gives_the_same_outputs_and_bytes() -> None:
    desk = virtual("lilrb4-start")
    on = last_day(desk.trial)
    first, again = (made(desk.trial, on, "full") for _ in range(2))

    assert first[1] == again[1]
    assert as_csv(first[0], "en") == as_csv(again[0], "en")
    assert as_json(first[0], "zh") == as_json(again[0], "zh")


def test_nothing_that_happened_after_the_cut_off_is_in_any_output() -> None:
    desk = virtual("lilrb4-start")
    infused = sorted(course.infused_on for course in desk.trial.courses if course.infused_on)
    on = infused[2] + timedelta(days=3)

    of, _ = made(desk.trial, on, "full")

    dates = re.findall(r"\b20\d\d-\d\d-\d\d\b", as_csv(of, "en").decode())
    assert dates
    # The ends of windows and validity lie ahead by what the protocol says, never by what happened.
    assert [one for one in dates if date.fromisoformat(one) > on + timedelta(days=92)] == []


def test_a_spreadsheet_does_not_run_what_a_ledger_says() -> None:
    trial = Conducted("lstcar019")
    trial.cohort()
    trial.bring("S1", to="infused")
    trial.ok("query", on=1, about="S1/infusion/1", question=HOSTILE)
    of, _ = made(trial.trial, day(2), "full")

    lines = list(csv.reader(io.StringIO(as_csv(of, "en").decode())))

    assert tuple(lines[0]) == COLUMNS
    assert any(HOSTILE in cell for line in lines for cell in line)
    assert [cell for line in lines for cell in line if cell[:1] in ("=", "+", "@")] == []


def test_csv_and_json_hold_the_same_numbers() -> None:
    desk = virtual("cd123-cart")
    of, _ = made(desk.trial, last_day(desk.trial), "full")

    rows = list(csv.DictReader(io.StringIO(as_csv(of, "en").decode())))
    whole = json.loads(as_json(of, "en"))

    in_csv = [float(row["value"]) for row in rows if row["value"] not in ("", "definition")]
    in_json = [
        float(value)
        for output in whole["outputs"]
        for table in output["tables"]
        for row in table["rows"]
        for cell, column in zip(row["cells"], table["columns"], strict=True)
        for value in cell.get("numbers", {}).values()
        if value is not None and column
    ]
    assert len(in_csv) > 1000
    assert in_csv == in_json


def test_the_interim_set_is_part_of_the_whole_and_a_report_adds_the_synopsis() -> None:
    desk = virtual("lilrb4-start")
    on = last_day(desk.trial)
    full, interim, csr = (build_set(desk.trial, on, name) for name in ("full", "interim", "csr"))  # type: ignore[arg-type]

    assert {output.id for output in interim.outputs} == INTERIM
    assert {output.id for output in full.outputs} == {entry.id for entry in CATALOGUE}
    assert not full.synopsis
    assert len(csr.synopsis) > 8


# --- the safety review packet -----------------------------------------------------------------------------


def test_the_packet_is_of_the_last_cohort_infused_or_of_the_one_asked_for() -> None:
    desk = virtual("lstcar019")
    on = last_day(desk.trial)
    names = [held.record.cohort for held in desk.trial.all(_cohort())]

    last = build_set(desk.trial, on, "safety-review")
    first = build_set(desk.trial, on, "safety-review", names[0])

    assert first.cohort == names[0]
    assert last.cohort in [*names, *desk.trial.study.parts]
    with pytest.raises(InputError, match="no cohort nonsense"):
        build_set(desk.trial, on, "safety-review", "nonsense")


def _cohort() -> Any:
    from protocyte.records.oversight import Cohort

    return Cohort


def test_the_packet_tells_the_window_its_days_left_and_the_advice_with_its_reason() -> None:
    trial = Conducted("lstcar019")
    trial.cohort()
    trial.bring("S1", to="infused")

    of, _ = made(trial.trial, day(10), "safety-review")
    tables = {table.id: table for output in of.outputs for table in output.tables}

    (row,) = tables["review_subjects"].rows
    assert row.cells[0] == "S1"
    assert row.cells[5] == 18  # of 28 days, both ends inclusive
    advice = {getattr(r.cells[0], "key", r.cells[0]): str(r.cells[1]) for r in tables["review_advice"].rows}
    assert advice["analysis.reason"] == str(trial.standing(10).advice.reason)


def test_the_packet_tells_the_facts_of_every_dlt_in_order_of_day() -> None:
    trial = Conducted("lstcar019")
    trial.cohort()
    trial.bring("S1", to="infused")
    trial.ok("crs_assessment", "S1", on=4, **CRS[3])

    of, _ = made(trial.trial, day(6), "safety-review")
    facts = next(t for output in of.outputs for t in output.tables if t.id.startswith("narrative_S1"))

    days = [row.cells[0] for row in facts.rows]
    assert days == sorted(days)
    assert [str(row.cells[2]) for row in facts.rows][-1] == "CRS grade 3"
    assert facts.rows[-1].cells[3].startswith("S1/crs_assessment")  # type: ignore[union-attr]
