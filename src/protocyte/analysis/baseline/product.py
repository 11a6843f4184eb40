"""The product each subject received: its dose against the plan, its qualities, its lots (14.1.4).

What was made for one subject is judged at its release; a donor's product in its lot, and where the form of
the lot has no place for a quality, at the release for the subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from protocyte.analysis.baseline.exposure import DoseGiven, dose_given, dose_unit, fractions_to_come
from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import Groups, all_infused, heads, infused_by_level, level_note
from protocyte.analysis.row_blocks import kind_block, number_in, spread_rows
from protocyte.analysis.tables import Cell, Column, ResultTable, Row, say
from protocyte.base import Measured, Message
from protocyte.derive.course import Course
from protocyte.records.measurements import Result
from protocyte.records.product import DonorLot, Release

# Qualities a report always accounts for, recorded or not.
ATTRIBUTES = ("cd4_cd8_ratio", "memory_phenotype", "potency")
MEASURES = {"transduction": "%", "copies": "copies/cell", "viability": "%", "residual_tcr": "%"}


@dataclass(frozen=True)
class ProductGiven:
    """One infused subject's product. Qualities are of the first lot infused; `conforming` of every lot."""

    lots: tuple[str, ...]
    made: float | None  # at release, in the study's dose unit, all lots infused together
    measures: Mapping[str, Measured | None]
    attributes: tuple[Result, ...]
    conforming: bool | None
    dose: DoseGiven = field(repr=False)


def donor_lots(cut: Cut) -> dict[str, DonorLot]:
    lots = (held.record for held in cut.all(DonorLot))
    return {lot.lot: lot for lot in lots if lot.manufactured <= cut.as_of}


def product_given(cut: Cut, course: Course) -> ProductGiven | None:
    """None for a subject who was not infused."""
    dose = dose_given(cut.study, course)
    if dose is None:
        return None
    lots = tuple(dict.fromkeys(held.record.lot for held in course.infusions))
    releases = {held.record.lot: held.record for held in course.all(Release)}
    donors = donor_lots(cut) if cut.study.product.origin == "allogeneic" else {}
    release, donor = releases.get(lots[0]), donors.get(lots[0])
    made = [number_in(releases[lot].dose, dose.unit) if lot in releases else None for lot in lots]
    answers = [_conforms(releases.get(lot), donors.get(lot)) for lot in lots]
    return ProductGiven(
        lots=lots,
        made=None if None in made else sum(one for one in made if one is not None),
        measures={name: quality(name, donor, release) for name in MEASURES},
        attributes=(donor.attributes if donor else ()) or (release.attributes if release else ()),
        conforming=False if False in answers else None if None in answers else True,
        dose=dose,
    )


def quality(name: str, donor: DonorLot | None, release: Release | None) -> Measured | None:
    """Of the donor's lot, else as the release has it."""
    found: Measured | None = getattr(donor, name, None)
    return found if found is not None else getattr(release, name, None)


def _conforms(release: Release | None, donor: DonorLot | None) -> bool | None:
    """Out of specification at either is not conforming."""
    told = [release.outcome == "released"] if release else []
    told += [donor.released] if donor else []
    return all(told) if told else None


def product_table(cut: Cut) -> ResultTable:
    groups = infused_by_level(cut)
    given = {c.subject: found for c in cut.infused if (found := product_given(cut, c)) is not None}
    rows = [
        *_doses(cut, groups, given),
        *_qualities(cut, groups, given),
        *_attributes(groups, given),
        *_lots(cut, groups, given),
    ]
    return ResultTable(
        "product", say("title_product"), (Column(say("base_measure")), *heads(groups)),
        tuple(rows) if cut.infused else (), all_infused(cut), _notes(cut), say("nobody_infused"),
    )  # fmt: skip


Given = Mapping[str, ProductGiven]


def _doses(cut: Cut, groups: Groups, given: Given) -> list[Row]:
    heading, unit = say("base_dose"), dose_unit(cut.study)
    made = {subject: one.made for subject, one in given.items()}
    bags = {subject: one.dose.bags_percent for subject, one in given.items()}
    infused = {subject: one.dose.infused for subject, one in given.items()}
    percent = {subject: one.dose.percent for subject, one in given.items() if not one.dose.open}
    cells = {subject: one.dose.cells for subject, one in given.items()}
    return [
        *spread_rows(heading, say("base_dose_made", unit=unit), groups, made, 1),
        *spread_rows(heading, say("base_bags_percent"), groups, bags, 1),
        *spread_rows(heading, say("base_dose_infused", unit=unit), groups, infused, 1),
        *spread_rows(heading, say("base_infused_percent"), groups, percent, 1),
        *spread_rows(heading, say("base_cells"), groups, cells, 1),
    ]


def _qualities(cut: Cut, groups: Groups, given: Given) -> list[Row]:
    heading, rows = say("base_qualities"), list[Row]()
    for name, unit in MEASURES.items():
        if name == "residual_tcr" and cut.study.product.origin != "allogeneic":
            continue
        values = {subject: number_in(one.measures[name], unit) for subject, one in given.items()}
        rows += spread_rows(heading, say(f"base_{name}"), groups, values, 1)
    return rows


def _attributes(groups: Groups, given: Given) -> list[Row]:
    """Each test by the name it has in the records; those of the list are accounted for in any case."""
    tests = {one.test for found in given.values() for one in found.attributes}
    rows: list[Row] = []
    for test in (*ATTRIBUTES, *sorted(tests - set(ATTRIBUTES))):
        results = {s: [one for one in found.attributes if one.test == test] for s, found in given.items()}
        rows += _values(test, groups, results) + _findings(test, groups, results)
        if not any(results.values()):
            rows += kind_block(attribute_words(test), groups, dict.fromkeys(given))
    return rows


Results = Mapping[str, list[Result]]


def _values(test: str, groups: Groups, results: Results) -> list[Row]:
    """Numbers; where a finding says of what (`central memory`: 40 %), each finding by itself."""
    numbers = [one for found in results.values() for one in found if one.value is not None]
    rows: list[Row] = []
    for part in sorted({one.finding or "" for one in numbers}):
        mine = [one.value for one in numbers if (one.finding or "") == part]
        unit = next(value.unit for value in mine if value is not None)
        values = {
            subject: next(
                (number_in(one.value, unit) for one in found if (one.finding or "") == part and one.value),
                None,
            )
            for subject, found in results.items()
        }
        label = part.replace("_", " ") or say("base_median_range")
        shown = label if unit == "1" else say("base_in_unit", what=label, unit=unit)
        rows += spread_rows(attribute_words(test), shown, groups, values, 1)
    return rows


def _findings(test: str, groups: Groups, results: Results) -> list[Row]:
    """Words without a number: `pass`, `effector memory`."""
    worded = [one for found in results.values() for one in found if one.value is None]
    if not worded:
        return []
    kinds = {
        subject: tuple(one.finding.replace("_", " ") for one in found if one.value is None and one.finding)
        or (() if any(one.value is not None for one in found) else None)
        for subject, found in results.items()
    }
    return kind_block(attribute_words(test), groups, kinds)


def attribute_words(test: str) -> str | Message:
    return say(f"base_{test}") if test in ATTRIBUTES else test.replace("_", " ")


def _lots(cut: Cut, groups: Groups, given: Given) -> list[Row]:
    heading = say("base_lots")
    counts = (len({lot for c in group for lot in given[c.subject].lots}) for group in groups.values())
    rows = [Row((say("base_lots_infused"), *counts), group=heading)]
    if cut.study.product.origin == "allogeneic":  # one lot serves many subjects: who received which
        rows += kind_block(say("base_by_lot"), groups, {subject: one.lots for subject, one in given.items()})
    conforming = {s: _answer(one.conforming) for s, one in given.items()}
    rows += kind_block(say("base_conforming"), groups, conforming, ("yes", "no"), _word)
    if cut.study.dosing.fractions:
        split = {c.subject: (_split(cut, c),) for c in cut.infused}
        planned = len(cut.study.dosing.fractions)
        rows += kind_block(
            say("base_split"), groups, split, ("all", "fewer", "to_come"),
            lambda key: say(f"base_fractions_{key}", planned=planned),
        )  # fmt: skip
    return rows


def _split(cut: Cut, course: Course) -> str:
    if fractions_to_come(cut.study, course):
        return "to_come"
    return "all" if len(course.infusions) >= len(cut.study.dosing.fractions) else "fewer"


def _answer(answer: bool | None) -> tuple[str, ...] | None:
    return None if answer is None else ("yes" if answer else "no",)


def _word(key: str) -> Cell:
    return say(f"base_answer_{key}")


def _notes(cut: Cut) -> tuple[Message, ...]:
    origin = cut.study.product.origin
    split = (say("note_base_fractions"),) if cut.study.dosing.fractions else ()
    return (
        say("note_base_median"),
        say(f"note_base_product_{origin}"),
        say("note_base_planned", tolerance=cut.study.dosing.tolerance),
        say("note_base_first_lot"),
        say("note_base_vector"),
        *split,
        *level_note(cut),
    )
