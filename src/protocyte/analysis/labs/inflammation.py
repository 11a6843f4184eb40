"""Cytokines and markers of inflammation: before the infusion, at their peak, and the fold between the two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import Groups, all_infused, heads, infused_by_level, level_note
from protocyte.analysis.labs.results import Drawn, after_infusion, drawn, in_unit
from protocyte.analysis.tables import Cell, Column, ResultTable, Row, Share, geometric_of, median_of, say
from protocyte.derive.course import Course

# The four weeks in which CRS, ICANS and IEC-HS come; a peak of a later infection says nothing of the product.
PEAK_WITHIN = 28  # days


@dataclass(frozen=True)
class Marker:
    """`units`: the first in which anybody's result can be read is the one reported."""

    name: str
    units: tuple[str, ...]
    also: tuple[str, ...] = ()


MARKERS = (
    Marker("il6", ("pg/mL",)),
    Marker("ifng", ("pg/mL",), ("ifn_gamma",)),
    Marker("il10", ("pg/mL",)),
    Marker("il2ra", ("pg/mL", "IU/mL"), ("sil2ra", "sil2r", "il2r")),
    Marker("crp", ("mg/L",)),
    Marker("ferritin", ("ng/mL",)),
)


class Seen(NamedTuple):
    """One marker of one subject. `fold` needs a baseline above 0; `above_normal` an upper limit."""

    baseline: float | None
    peak: float
    day: int
    above_normal: bool | None

    @property
    def fold(self) -> float | None:
        return self.peak / self.baseline if self.baseline else None


def inflammation_table(cut: Cut) -> ResultTable:
    """A block a marker that anybody has after the infusion."""
    groups = infused_by_level(cut)
    rows: list[Row] = []
    absent = []
    for marker in MARKERS:
        unit = unit_of(marker, cut.infused)
        found = {course.subject: _seen(course, marker, unit) for course in cut.infused}
        if any(found.values()):
            rows += _block(marker, unit, groups, found)
        else:
            absent.append(say(f"inf_{marker.name}"))
    notes = [say("inf_note_peak", days=PEAK_WITHIN), say("inf_note_baseline"), say("inf_note_bounds")]
    if absent and rows:
        notes.append(say("inf_note_absent", markers=tuple(absent)))
    return ResultTable(
        "inflammation", say("title_inflammation"), (Column(say("statistic")), *heads(groups)), tuple(rows),
        all_infused(cut), (*notes, *level_note(cut)),
        say("inf_none") if cut.infused else say("nobody_infused"),
    )  # fmt: skip


def results_of(course: Course, marker: Marker) -> list[Drawn]:
    """Under any of its names, in order of date."""
    names = (marker.name, *marker.also)
    return sorted((one for name in names for one in drawn(course, name)), key=lambda one: one.on)


def unit_of(marker: Marker, courses: tuple[Course, ...]) -> str:
    for unit in marker.units:
        if any(one.number(unit) is not None for course in courses for one in results_of(course, marker)):
            return unit
    return marker.units[0]


def _seen(course: Course, marker: Marker, unit: str) -> Seen | None:
    """None without a result in the first weeks that can be read in `unit`."""
    names = (marker.name, *marker.also)
    own = ((one, number) for name in names for one in after_infusion(course, name) if one.day <= PEAK_WITHIN
           if (number := one.number(unit)) is not None)  # fmt: skip
    after = sorted(own, key=lambda pair: pair[0].on)
    if not after:
        return None
    top, peak = max(after, key=lambda pair: pair[1])  # the first of equals
    before = [n for one in results_of(course, marker) if one.day <= 0 and (n := one.number(unit)) is not None]
    limit = in_unit(top.result.upper_limit, unit)
    return Seen(
        float(before[-1]) if before else None, float(peak), top.day, None if limit is None else peak > limit
    )


def _block(marker: Marker, unit: str, groups: Groups, found: dict[str, Seen | None]) -> Iterator[Row]:
    heading = say("inf_heading", marker=say(f"inf_{marker.name}"), unit=unit)
    columns = [[found[course.subject] for course in group] for group in groups.values()]

    def row(name: str, cell: Callable[[list[Seen], int], Cell], strong: bool = False) -> Row:
        cells = (cell([one for one in column if one is not None], len(column)) for column in columns)
        return Row((say(name), *cells), group=heading, strong=strong)

    yield row("inf_measured", lambda seen, n: Share(len(seen), n))
    yield row(
        "inf_baseline", lambda seen, _: median_of([o.baseline for o in seen if o.baseline is not None], 1)
    )
    yield row("inf_no_baseline", lambda seen, _: Share(sum(one.baseline is None for one in seen), len(seen)))
    yield row("inf_peak_geometric", lambda seen, _: geometric_of([one.peak for one in seen]), strong=True)
    yield row("inf_peak", lambda seen, _: median_of([one.peak for one in seen], 1))
    yield row("inf_above", _above)
    yield row(
        "inf_fold_geometric", lambda seen, _: geometric_of([one.fold for one in seen if one.fold is not None])
    )
    yield row("inf_fold", lambda seen, _: median_of([one.fold for one in seen if one.fold is not None], 1))
    yield row("inf_day", lambda seen, _: median_of([one.day for one in seen]))


def _above(seen: list[Seen], _: int) -> Cell:
    known = [one.above_normal for one in seen if one.above_normal is not None]
    return Share(sum(known), len(known))
