"""Immunogenicity of the product, and what it does to B cells and immunoglobulin.

Pre-existing, induced and boosted antibodies as Shankar et al. name them (AAPS J 2014;16:658): boosted is a titre
after the infusion at least four times the one before, two steps of a twofold dilution series.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from protocyte.analysis.cut import Cut
from protocyte.analysis.efficacy.survival import MONTH, known
from protocyte.analysis.groups import Groups, all_infused, heads, infused_by_level, level_note
from protocyte.analysis.kinetics.b_cells import (
    APLASIA_BELOW,
    Aplasia,
    aplasia,
    aplasia_curve,
    targets_b_cells,
)
from protocyte.analysis.labs.results import drawn
from protocyte.analysis.labs.special import lowest_igg
from protocyte.analysis.tables import Cell, Column, Estimate, ResultTable, Row, Share, median_of, rate, say
from protocyte.base import Message
from protocyte.derive.course import Course
from protocyte.records.efficacy import AntiDrugAntibody
from protocyte.stats.kaplan_meier import kaplan_meier, survival_at

BOOSTED = 4  # times the titre before the infusion
LANDMARKS = (3, 6, 12)  # months
NOBODY = "–"  # of nobody tested nobody was found free of it

Class = Literal[
    "not_tested",
    "only_before",
    "only_after",
    "negative",
    "induced",
    "boosted",
    "not_boosted",
    "boost_unknown",
]


class Antibodies(NamedTuple):
    """A subject's samples before (day 0 included) and after the first infusion."""

    before: tuple[AntiDrugAntibody, ...]
    after: tuple[AntiDrugAntibody, ...]

    @property
    def positive_before(self) -> bool:
        """By the last sample before: an antibody that came and went is not there when the product comes."""
        return bool(self.before) and self.before[-1].result == "positive"

    @property
    def positive(self) -> tuple[AntiDrugAntibody, ...]:
        return tuple(one for one in (*self.before, *self.after) if one.result == "positive")

    @property
    def positive_after(self) -> tuple[AntiDrugAntibody, ...]:
        return tuple(one for one in self.after if one.result == "positive")

    @property
    def titre_after(self) -> int | None:
        return max((one.titre for one in self.positive_after if one.titre is not None), default=None)

    @property
    def kind(self) -> Class:
        if not self.before and not self.after:
            return "not_tested"
        if not self.after:
            return "only_before"
        if not self.before:
            return "only_after"
        if not self.positive_before:
            return "induced" if self.positive_after else "negative"
        return self._boosting()

    def _boosting(self) -> Class:
        """Without a positive sample after it nothing was boosted; without titres nobody can tell."""
        titre = self.before[-1].titre
        if titre is not None and any(
            one.titre is not None and one.titre >= BOOSTED * titre for one in self.positive_after
        ):
            return "boosted"
        unknown = any(one.titre is None for one in self.positive_after)
        return "boost_unknown" if unknown or (titre is None and self.positive_after) else "not_boosted"


def antibodies(course: Course) -> Antibodies:
    samples = [(course.day(held.record.on) or 0, held.record) for held in course.all(AntiDrugAntibody)]
    return Antibodies(
        tuple(record for day, record in samples if day <= 0),
        tuple(record for day, record in samples if day > 0),
    )


def immunogenicity_table(cut: Cut) -> ResultTable:
    """Anti-drug antibodies, duration of B-cell aplasia where the target is on B cells, and IgG, by level."""
    groups = infused_by_level(cut)
    rows = [*_antibody_rows(groups), *_aplasia_rows(cut, groups), *_igg_rows(groups)] if cut.infused else []
    notes = [say("imm_note_kinds", fold=BOOSTED), say("imm_note_tested"), say("imm_note_cellular")]
    if targets_b_cells(cut.study):
        notes.append(say("imm_note_aplasia", limit=str(APLASIA_BELOW)))
    notes.append(say("imm_note_igg"))
    return ResultTable(
        "immunogenicity", say("title_immunogenicity"), (Column(say("statistic")), *heads(groups)), tuple(rows),
        all_infused(cut), (*notes, *level_note(cut)), say("nobody_infused"),
    )  # fmt: skip


def _share(count: int, of: int) -> Cell:
    return Share(count, of) if of else NOBODY


# --- anti-drug antibodies -----------------------------------------------------------------------------


def _antibody_rows(groups: Groups) -> list[Row]:
    columns = [[antibodies(course) for course in group] for group in groups.values()]
    heading = say("imm_antibodies")

    def row(name: Message, cell: Callable[[list[Antibodies]], Cell], strong: bool = False) -> Row:
        return Row((name, *(cell(column) for column in columns)), group=heading, strong=strong)

    def of_both(*kinds: Class) -> Callable[[list[Antibodies]], Cell]:
        return lambda column: _share(sum(one.kind in kinds for one in column), len(_both(column)))

    def of_all(kind: Class) -> Callable[[list[Antibodies]], Cell]:
        return lambda column: Share(sum(one.kind == kind for one in column), len(column))

    nobody = row(say("imm_not_tested"), of_all("not_tested"))
    if all(one.kind == "not_tested" for column in columns for one in column):
        return [nobody]
    return [
        nobody,
        row(say("imm_only_before"), of_all("only_before")),
        row(say("imm_only_after"), of_all("only_after")),
        row(say("imm_both"), lambda column: Share(len(_both(column)), len(column))),
        row(say("imm_pre_existing"), _pre_existing),
        row(say("imm_emergent"), _emergent, strong=True),
        row(say("imm_induced"), of_both("induced")),
        row(say("imm_boosted", fold=BOOSTED), of_both("boosted")),
        row(say("imm_not_boosted"), of_both("not_boosted")),
        row(say("imm_boost_unknown"), of_both("boost_unknown")),
        row(say("imm_negative_throughout"), of_both("negative")),
        row(say("imm_after_unknown_before"), _after_without_before),
        row(say("imm_titre_before"), lambda column: median_of([t for one in column if (t := _titre(one))])),
        row(say("imm_titre_after"), lambda column: median_of([t for o in column if (t := o.titre_after)])),
        row(say("imm_neutralising_any"), _neutralising),
        row(say("imm_neutralising_unknown"), _not_neutralised),
    ]


def _both(column: list[Antibodies]) -> list[Antibodies]:
    return [one for one in column if one.before and one.after]


def _pre_existing(column: list[Antibodies]) -> Cell:
    tested = [one for one in column if one.before]
    return _share(sum(one.positive_before for one in tested), len(tested))


def _emergent(column: list[Antibodies]) -> Cell:
    both = _both(column)
    if not both:
        return NOBODY
    return rate(sum(one.kind in ("induced", "boosted") for one in both), len(both))


def _after_without_before(column: list[Antibodies]) -> Cell:
    only = [one for one in column if one.kind == "only_after"]
    return _share(sum(bool(one.positive_after) for one in only), len(only))


def _titre(one: Antibodies) -> int | None:
    return one.before[-1].titre if one.positive_before else None


def _neutralising(column: list[Antibodies]) -> Cell:
    """Of those ever positive in whom it was looked for."""
    known_of = [one for one in column if any(s.neutralising is not None for s in one.positive)]
    return _share(sum(any(s.neutralising for s in one.positive) for one in known_of), len(known_of))


def _not_neutralised(column: list[Antibodies]) -> Cell:
    positive = [one for one in column if one.positive]
    unknown = sum(all(sample.neutralising is None for sample in one.positive) for one in positive)
    return _share(unknown, len(positive))


# --- B cells ------------------------------------------------------------------------------------------


def _aplasia_rows(cut: Cut, groups: Groups) -> list[Row]:
    heading = say("imm_aplasia", limit=str(APLASIA_BELOW))
    if not targets_b_cells(cut.study):
        none = say("imm_not_applicable")
        name = say("imm_not_on_b_cells", antigen=cut.study.product.antigen)
        return [Row((name, *(none for _ in groups)), group=heading)]
    columns = [[aplasia(cut.study, course) for course in group] for group in groups.values()]
    lines = zip(*(_aplasia_lines(column) for column in columns), strict=True)
    return [
        Row((line[0][0], *(cell for _, cell in line)), group=heading, strong=number == 2)
        for number, line in enumerate(lines)
    ]


def _aplasia_lines(column: list[Aplasia]) -> list[tuple[Message, Cell]]:
    measured = [one for one in column if one.standing != "not_measured"]
    gone = [one for one in column if one.day is not None]
    back = sum(one.standing == "recovered" for one in gone)
    curve = aplasia_curve(column)
    return [
        (say("imm_b_not_measured"), Share(len(column) - len(measured), len(column))),
        (say("imm_b_never_low"), _share(len(measured) - len(gone), len(measured))),
        (say("imm_b_gone"), _share(len(gone), len(measured))),
        (say("imm_b_back"), _share(back, len(gone))),
        (say("imm_b_censored"), _share(len(gone) - back, len(gone))),
        (say("imm_b_median"), curve.median if curve else Estimate(None)),
        *((say("imm_b_still", months=month), _still(gone, month)) for month in LANDMARKS),
    ]


def _still(gone: list[Aplasia], month: int) -> Estimate:
    """Kaplan and Meier's share still without B cells; not estimable past the last result."""
    if not gone:
        return Estimate(None, percent=True)
    months = [(one.day or 0) / MONTH for one in gone]
    seen = survival_at(kaplan_meier(months, [one.standing == "recovered" for one in gone]), [month])
    limits = known(seen.lower[0]), known(seen.upper[0])
    if seen.survival[0] == 1:  # while nobody has recovered there are no limits, not certainty
        limits = None, None
    return Estimate(known(seen.survival[0]), *limits, digits=0, percent=True)


# --- IgG ----------------------------------------------------------------------------------------------


def _igg_rows(groups: Groups) -> list[Row]:
    heading = say("imm_igg")
    columns = list(groups.values())

    def row(name: str, cell: Callable[[tuple[Course, ...]], Cell]) -> Row:
        return Row((say(name), *(cell(column) for column in columns)), group=heading)

    def answered(ask: Callable[[Course], bool | None]) -> Callable[[tuple[Course, ...]], Cell]:
        def cell(column: tuple[Course, ...]) -> Cell:
            known_of = [answer for course in column if (answer := ask(course)) is not None]
            return _share(sum(known_of), len(known_of))

        return cell

    missing = row(
        "imm_igg_missing",
        lambda column: Share(sum(lowest_igg(one).below_4 is None for one in column), len(column)),
    )
    if all(lowest_igg(course).below_4 is None for column in columns for course in column):
        return [missing]
    return [
        missing,
        row(
            "imm_igg_lowest",
            lambda column: median_of([g for c in column if (g := _lowest(c)) is not None], 1),
        ),
        row("imm_igg_below_4", answered(lambda course: lowest_igg(course).below_4)),
        row("imm_igg_below_normal", answered(lambda course: lowest_igg(course).below_normal)),
    ]


def _lowest(course: Course) -> float | None:
    """From the day of the infusion on, as `lowest_igg` counts."""
    days = (one for one in drawn(course, "igg") if one.day >= 0)
    numbers = [number for one in days if (number := one.number("g/L")) is not None]
    return float(min(numbers)) if numbers else None
