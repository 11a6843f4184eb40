"""Relapses after a remission: by kind, by site, and by what became of the target antigen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import all_infused, heads, infused_by_level, level_note
from protocyte.analysis.tables import Cell, Column, ResultTable, Row, Share, median_of, say
from protocyte.derive.course import Course
from protocyte.derive.relapse import (
    RelapseEvidence,
    first_progression,
    first_relapse,
    first_remission,
    relapse_evidence,
)
from protocyte.derive.response_facts import nearest
from protocyte.records.efficacy import Extramedullary
from protocyte.study.parts import days_of

_KINDS = ("marrow", "elsewhere", "both")
_ANTIGENS = ("positive", "dim", "negative", "unknown")


@dataclass(frozen=True)
class RelapseFound:
    """The first relapse. `day` counts from the first infusion; `sites` are named only for disease elsewhere."""

    day: int
    after_remission: int  # days
    where: str  # marrow (or blood), elsewhere, both
    sites: tuple[str, ...]
    antigen: str
    recorded: bool  # somebody filled in the form; else the study's rule found it


def relapse_table(cut: Cut) -> ResultTable:
    """Who reached a remission, who of them relapsed, and how; molecular relapse and progression apart."""
    groups = infused_by_level(cut)
    found = {course.subject: relapse_of(cut, course) for course in cut.infused}
    remitted = {c.subject for c in cut.infused if first_remission(cut.study, c) is not None}
    reached = {label: [c for c in group if c.subject in remitted] for label, group in groups.items()}
    relapsed = {label: [c for c in of if found[c.subject]] for label, of in reached.items()}

    def line(head: Cell, test: Callable[[RelapseFound], bool], group: Cell) -> Row:
        counts = ([one for c in of if (one := found[c.subject]) and test(one)] for of in relapsed.values())
        return Row(
            (head, *(Share(len(n), len(of)) for n, of in zip(counts, relapsed.values(), strict=True))), group
        )

    def others(head: Cell, test: Callable[[Course], bool]) -> Row:
        cells = (Share(sum(map(test, group)), len(group)) for group in groups.values())
        return Row((head, *cells), say("resp_beside"))

    elsewhere = any(one and one.where != "marrow" for one in found.values())
    sites = sorted({site for one in found.values() if one for site in one.sites})
    rows = [
        Row((say("resp_remitted"), *(Share(len(reached[label]), len(groups[label])) for label in groups))),
        Row(
            (say("resp_relapsed"), *(Share(len(relapsed[la]), len(reached[la])) for la in groups)),
            strong=True,
        ),
        Row((say("resp_relapse_time"), *(median_of(_times(of, found)) for of in relapsed.values()))),
        *(line(say(f"resp_where_{one}"), _where(one), say("resp_where")) for one in _KINDS),
        *(line(site, _site(site), say("resp_site")) for site in sites),
        *([line(say("resp_site_unknown"), _unnamed, say("resp_site"))] if elsewhere else []),
        *(line(say(f"resp_antigen_{one}"), _antigen(one), say("resp_antigen")) for one in _ANTIGENS),
        others(say("resp_molecular"), lambda c: _molecular(cut, c)),
        others(say("resp_progressed"), lambda c: first_progression(cut.study, c) is not None),
    ]
    notes = (
        say("note_resp_relapse", remissions=" + ".join(cut.study.response.remissions)),
        say("note_resp_where", within=cut.study.response.counts_within),
        say("note_resp_antigen", antigen=cut.study.product.antigen),
        *level_note(cut),
    )
    return ResultTable(
        "relapses", say("title_relapses"), (Column(say("resp_relapse")), *heads(groups)),
        tuple(rows) if cut.infused else (), all_infused(cut), notes, say("nobody_infused"),
    )  # fmt: skip


def relapse_of(cut: Cut, course: Course) -> RelapseFound | None:
    """The first relapse with what was found within the pairing window after it."""
    first, remission = first_relapse(cut.study, course), first_remission(cut.study, course)
    if first is None or remission is None:
        return None
    within = days_of(cut.study.response.counts_within)
    evidence = [one for one in relapse_evidence(cut.study, course) if one.is_relapse]
    near = [one for one in evidence if first.on <= one.on <= first.on + timedelta(days=within)]
    kinds = {one.kind for one in near}
    elsewhere = "extramedullary" in kinds
    where = "both" if len(kinds) > 1 else "elsewhere" if elsewhere else "marrow"
    forms = [one for one in evidence if one.found == "recorded"]
    return RelapseFound(
        day=course.day(first.on) or 0,
        after_remission=(first.on - remission).days,
        where=where,
        sites=_sites(course, first, within) if elsewhere else (),
        antigen=forms[0].antigen if forms else "unknown",
        recorded=bool(forms),
    )


def _sites(course: Course, first: RelapseEvidence, within: int) -> tuple[str, ...]:
    held = nearest(
        [h for h in course.all(Extramedullary) if h.record.present or h.record.cns == "cns3"],
        first.on,
        within,
    )
    if held is None:
        return ()
    named = dict.fromkeys(held.record.sites)
    return (*named, *(() if held.record.cns != "cns3" or "cns" in named else ("cns",)))


def _times(of: list[Course], found: dict[str, RelapseFound | None]) -> list[int]:
    return [one.after_remission for course in of if (one := found[course.subject])]


def _molecular(cut: Cut, course: Course) -> bool:
    return any(one.kind == "molecular" for one in relapse_evidence(cut.study, course))


def _where(wanted: str) -> Callable[[RelapseFound], bool]:
    return lambda one: one.where == wanted


def _site(wanted: str) -> Callable[[RelapseFound], bool]:
    return lambda one: wanted in one.sites


def _unnamed(one: RelapseFound) -> bool:
    return one.where != "marrow" and not one.sites


def _antigen(wanted: str) -> Callable[[RelapseFound], bool]:
    return lambda one: one.antigen == wanted
