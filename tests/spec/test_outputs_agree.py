"""One trial, one day, one truth: a number told by two outputs of a set is the same number.

Five virtual studies are looked at on their last day, in the middle, a few days after an infusion and on the day
of a death. Each law compares outputs with each other, never with a number written here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest

from protocyte.analysis.catalogue import CATALOGUE
from protocyte.analysis.cut import Cut
from protocyte.analysis.output import Entry, Output, build_output
from protocyte.analysis.tables import Cell, Rate, ResultTable, Row, Share
from protocyte.app.clock import last_day
from protocyte.app.demo import virtual_trial
from protocyte.base import Message
from protocyte.derive.course import Trial
from trials import CRS, Conducted, day, loaded

FIVE = ("cd123-cart", "cd7-cart", "cll1-cart", "lilrb4-start", "lstcar019")
MOMENTS = ("after the first infusion", "in the middle", "on the day of a death", "at the end")
ENTRIES: dict[tuple[str, str], Entry] = {(entry.kind, entry.id): entry for entry in CATALOGUE}


@cache
def trial_of(study: str) -> Trial:
    return virtual_trial(loaded(study), seed=7, most_subjects=8).trial


@cache
def cut_of(study: str, moment: str) -> Cut:
    trial = trial_of(study)
    end = last_day(trial)
    whole = Cut(trial, end)
    starts = sorted(course.infused_on for course in whole.infused if course.infused_on)
    deaths = sorted(course.died_on for course in whole.enrolled if course.died_on)
    days: dict[str, date] = {
        "after the first infusion": starts[0] + timedelta(days=5),
        "in the middle": starts[len(starts) // 2] + timedelta(days=12),
        "on the day of a death": deaths[0] if deaths else starts[-1],
        "at the end": end,
    }
    return Cut(trial, days[moment])


FREE = {
    "parts.escalation.stagger.within": "0 d",
    "parts.escalation.stagger.between": "0 d",
    "parts.escalation.slots.concurrent": "9",
}


@cache
def corrected() -> Conducted:
    """S1: CRS 4, amended to 1. S2: an infusion voided. S3: CRS 3 that ends in death on day 9. S4: well."""
    trial = Conducted("lstcar019", FREE)
    trial.cohort(size=6)
    trial.bring("S1")
    graded = trial.ok("crs_assessment", "S1", on=3, **CRS[4])
    trial.amend(graded, today=5, **{name: CRS[1][name] for name in CRS[1]})
    trial.ok("crs_assessment", "S1", on=8, **CRS[0])
    trial.bring("S2", to="ready")
    trial.void(trial.ok("infusion", "S2", on=0, **trial.infusion("S2")), today=1)
    trial.bring("S3")
    for on in (4, 5, 9):
        trial.ok("crs_assessment", "S3", on=on, **CRS[3])
    trial.ok("death", "S3", on=9, cause="product")
    trial.bring("S4")
    trial.ok("crs_assessment", "S4", on=2, **CRS[0])
    return trial


@cache
def halved() -> Conducted:
    """A split dose of which two subjects have had the first part."""
    trial = Conducted("cll1-cart", FREE)
    trial.cohort()
    trial.bring("S1")
    trial.ok("crs_assessment", "S1", on=0, **CRS[0])
    trial.bring("S2")
    return trial


HANDMADE = {"corrected": corrected, "halved": halved}
CASES = [
    *((study, moment) for study in FIVE for moment in MOMENTS),
    *(("corrected", when) for when in ("1", "4", "9", "40")),
    *(("halved", when) for when in ("0", "1", "29")),
]


@cache
def looking(trial: str, when: str) -> Cut:
    return Cut(HANDMADE[trial]().trial, day(int(when))) if trial in HANDMADE else cut_of(trial, when)


@pytest.fixture(params=CASES, ids=" ".join)
def cut(request: pytest.FixtureRequest) -> Cut:
    return looking(*request.param)


@cache
def built(cut: Cut, kind: str, id: str) -> Output:
    return build_output(ENTRIES[kind, id], cut)


def table(cut: Cut, id: str, place: int = 0, kind: str = "table") -> ResultTable:
    return built(cut, kind, id).tables[place]


def listing(cut: Cut, id: str, place: int = 0) -> ResultTable:
    return table(cut, id, place, "listing")


def figure(cut: Cut, id: str) -> Any:
    return built(cut, "figure", id).drawing


def key(cell: Cell) -> str:
    return cell.key.partition(".")[2] if isinstance(cell, Message) else str(cell)


def rows(found: ResultTable, name: str) -> list[Row]:
    return [row for row in found.rows if key(row.cells[0]) == name]


def row(found: ResultTable, name: str) -> tuple[Cell, ...]:
    return rows(found, name)[0].cells[1:]


def count(cell: Cell) -> int:
    assert isinstance(cell, (Share, Rate, int)), cell
    return cell if isinstance(cell, int) else cell.count


def subjects(found: ResultTable) -> list[str]:
    return [str(row.cells[0]) for row in found.rows]


def column(found: ResultTable, name: str) -> list[Cell]:
    place = next(k for k, one in enumerate(found.columns) if key(one.head) == name)
    return [row.cells[place] for row in found.rows]


def last(found: ResultTable, name: str) -> int:
    """The count of everybody in a row of shares."""
    return count(row(found, name)[-1])


def shares(found: ResultTable) -> Iterator[Share | Rate]:
    for one in found.rows:
        yield from (cell for cell in one.cells if isinstance(cell, (Share, Rate)))


def every_table(cut: Cut) -> Iterator[ResultTable]:
    for entry in CATALOGUE:
        if entry.kind != "figure":
            yield from built(cut, entry.kind, entry.id).tables


def test_whoever_was_infused_is_the_same_number_everywhere(cut: Cut) -> None:
    n = last(table(cut, "disposition"), "base_infused")
    assert figure(cut, "flow").count("infused") == n
    assert len(set(subjects(listing(cut, "list_response")))) == n
    assert row(table(cut, "response_summary"), "resp_subjects")[-1] == n
    assert last(table(cut, "exposure"), "base_infused") == n
    assert {lane.subject for lane in figure(cut, "swimmer") or ()} == set(
        subjects(listing(cut, "list_response"))
    )
    assert figure(cut, "occupancy").n == figure(cut, "forest").lines[0].n == n
    assert len({strip.subject for strip in figure(cut, "toxicity")}) == n
    if cut.study.dosing.climb is None:
        assert row(table(cut, "dlt_summary"), "tox_treated")[-1] == n


def test_the_flow_and_the_disposition_count_the_same_people(cut: Cut) -> None:
    steps, found = figure(cut, "flow"), table(cut, "disposition")
    assert steps.count("screened") == last(found, "base_screened") == len(cut.courses)
    assert steps.count("enrolled") == last(found, "base_enrolled")
    listed = listing(cut, "list_disposition")
    assert len(listed.rows) == steps.count("screened")
    assert len(table(cut, "manufacture", -1).rows) == last(found, "base_not_infused_any")
    evaluable = [last(found, name) for name in ("dlt_evaluable", "not_evaluable", "still_open")]
    assert [steps.evaluable, steps.not_evaluable, steps.open] == evaluable
    assert sum(number for _, number in steps.standing) == last(found, "base_infused")


def test_dlts_are_those_listed_and_drawn(cut: Cut) -> None:
    summary, listed = table(cut, "dlt_summary"), listing(cut, "list_dlt")
    toxic = last(summary, "tox_dlt_share")
    drawn = {lane.subject for lane in figure(cut, "swimmer") for mark in lane.marks if mark.kind == "dlt"}
    assert drawn == set(subjects(listed))
    if cut.study.dosing.climb is None:
        assert toxic == len(drawn)
        found = table(cut, "disposition")
        for name in ("dlt_evaluable", "not_evaluable", "still_open"):
            assert row(summary, name)[-1] == last(found, name)


def test_deaths_are_one_number(cut: Cut) -> None:
    found, listed = table(cut, "disposition"), table(cut, "deaths", 1)
    died, before = last(found, "base_died"), last(found, "base_died_before")
    assert died == len(listed.rows)
    assert died - before == last(table(cut, "deaths"), "all_deaths")
    lanes = figure(cut, "swimmer")
    assert sum(mark.kind == "death" for lane in lanes for mark in lane.marks) == died - before
    told = [one for one in listing(cut, "list_serious").rows if key(one.cells[4]) == "death"]
    assert len(told) == died
    held = figure(cut, "occupancy")
    assert held.on(held.last).get("dead", 0) <= died - before
    periods = [last(table(cut, "deaths"), name) for name in ("died_to_30", "died_to_90", "died_later")]
    assert sum(periods) == died - before


def test_crs_and_icans_are_the_same_in_tables_episodes_and_strips(cut: Cut) -> None:
    episodes = listing(cut, "list_crs_icans")
    for of in ("crs", "icans"):
        found = table(cut, of)
        named = {str(one.cells[0]) for one in episodes.rows if one.cells[2] == of.upper()}
        assert last(found, "any_grade") == len(named)
        strips = {s.subject for s in figure(cut, "toxicity") for low, _ in getattr(s, of).values() if low > 0}
        assert strips <= named
        severe = {str(one.cells[0]) for one in episodes.rows if one.cells[2] == of.upper() and one.strong}
        assert last(found, "grade_3_or_more") == len(severe)
        ended = [one for one in episodes.rows if one.cells[2] == of.upper() and one.cells[7] is not None]
        assert row(found, "tox_episodes_ended")[-1] == len(ended)
        outcomes = [last(found, f"tox_{name}") for name in ("resolved", "not_resolved", "fatal")]
        assert sum(outcomes) == last(found, "any_grade")


def test_responders_are_one_number(cut: Cut) -> None:
    own = row(table(cut, "response_summary"), "resp_orr")[-1]
    everybody = figure(cut, "forest").lines[0]
    assert isinstance(own, Rate)
    assert (own.count, own.of) == (everybody.responders, everybody.n)
    assert (own.lower, own.upper) == (everybody.lower, everybody.upper)
    orr = [one.cells[-1] for one in rows(table(cut, "response_summary"), "resp_orr")]
    assert [count(one) for one in orr] == [own.count] * len(orr)


def test_curves_count_what_their_tables_count(cut: Cut) -> None:
    found = table(cut, "time_to_event")
    for curve in figure(cut, "km_curves") or ():
        place = 1 if key(curve.definition) == "operational" else 2
        own = [one for one in found.rows if one.group == curve.title]
        if not own:
            assert curve.n == 0
            continue
        cells = {key(one.cells[0]): one.cells[place] for one in own}
        assert cells["n"] == curve.n
        assert cells["events"] == Share(curve.events, curve.n)
        assert curve.at_risk[0] == curve.n
        assert len(curve.censored) <= curve.n - curve.events


def test_adverse_events_are_those_listed(cut: Cut) -> None:
    listed, overview = listing(cut, "list_ae"), table(cut, "ae_overview")
    infused = {course.subject for course in cut.infused}
    rows_ = [one for one in listed.rows if one.cells[10] is not None and one.cells[0] in infused]
    assert last(overview, "ae_any") == len({one.cells[0] for one in rows_})
    assert last(overview, "ae_serious") == len({one.cells[0] for one in rows_ if one.cells[9] is not None})
    whole = table(cut, "ae_by_class")
    bars = figure(cut, "ae_bars")
    for bar in bars.bars if bars else ():
        counts = [[count(c) if c is not None else 0 for c in one.cells[2:7]] for one in rows(whole, bar.term)]
        assert list(bar.counts) in counts
    serious = {one.cells[2] for one in rows_ if one.cells[9] is not None}
    assert {one.cells[0] for one in table(cut, "ae_serious").rows} == serious


def test_an_outcome_is_not_known_before_it_came(cut: Cut) -> None:
    dead = {course.subject for course in cut.courses if course.died_on}
    for one in listing(cut, "list_ae").rows:
        outcome = key(one.cells[-1])
        assert outcome != "outcome_fatal" or one.cells[0] in dead, one
        assert outcome != "outcome_recovered" or isinstance(one.cells[5], date), one
    for one in listing(cut, "list_serious").rows:
        assert key(one.cells[-1]) != "outcome_fatal" or one.cells[0] in dead, one


def test_no_output_tells_of_a_later_day(cut: Cut) -> None:
    for found in every_table(cut):
        if found.id == "changes":
            continue  # what was corrected is told by the day of the correction, which the ledger's cut decides
        for one in found.rows:
            for cell in one.cells:
                assert not isinstance(cell, date) or cell <= cut.as_of, (found.id, one)


def test_shares_lie_within_their_denominators_and_limits_are_their_counts(cut: Cut) -> None:
    from protocyte.stats.binomial import clopper_pearson

    for found in every_table(cut):
        for cell in shares(found):
            assert 0 <= cell.count <= cell.of, found.id
            if isinstance(cell, Rate) and cell.of:
                exact = clopper_pearson(cell.count, cell.of)
                assert cell.lower == pytest.approx(float(exact.lower))
                assert cell.upper == pytest.approx(float(exact.upper))


LEVELLED = (
    "exposure", "ae_overview", "ae_severe", "ae_serious", "crs", "icans", "deaths", "dlt_summary",
    "response_summary", "special_toxicity", "recovery",
)  # fmt: skip


@pytest.mark.parametrize("id", LEVELLED)
def test_levels_add_up_to_everybody(cut: Cut, id: str) -> None:
    if len(cut.study.labels) == 1:
        return
    places = len(cut.study.labels) + 1
    for one in table(cut, id).rows:
        cells = one.cells[-places:]
        if all(isinstance(cell, (Share, Rate)) for cell in cells):
            *levels, all_ = [(cell.count, cell.of) for cell in cells if isinstance(cell, (Share, Rate))]
            assert tuple(map(sum, zip(*levels, strict=True))) == all_, (id, one)


@pytest.mark.parametrize("id", ["deaths", "list_ae", "list_serious", "list_crs_icans"])
def test_where_subjects_climb_a_listing_says_which_level_it_names(id: str) -> None:
    found = next(
        one
        for entry in CATALOGUE
        if entry.kind != "figure"
        for one in built(cut_of("cd7-cart", "at the end"), entry.kind, entry.id).tables
        if one.id == id
    )
    assert {"note_highest_level", "tox_note_level_then"} & set(map(key, found.notes))


# Heading and row of the table of demography, family and line of the subgroups.
SAME_FACTS = {
    ("base_sex", "base_sex_female"): ("resp_by_sex", "resp_female"),
    ("base_transplant", "base_answer_yes"): ("resp_by_transplant", "resp_yes"),
    ("base_age_group", "base_age_18_to_64"): ("resp_by_age", "base_age_18_to_64"),
}


def test_subgroups_hold_as_many_as_demography_counts(cut: Cut) -> None:
    def keyed(found: ResultTable) -> dict[tuple[str, str], tuple[Cell, ...]]:
        return {
            (row.group.key.partition(".")[2], row.cells[0].key.partition(".")[2]): row.cells
            for row in found.rows
            if isinstance(row.group, Message) and isinstance(row.cells[0], Message)
        }

    described, grouped = keyed(table(cut, "demography")), keyed(table(cut, "subgroups"))
    for fact, line in SAME_FACTS.items():
        if line in grouped:
            counted = described[fact][-1]
            assert isinstance(counted, Share)
            assert counted.count == grouped[line][1], fact
