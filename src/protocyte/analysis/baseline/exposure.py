"""What was given: lymphodepletion by agent, infusions and fractions, and the dose beside the planned one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from protocyte.analysis.cut import Cut
from protocyte.analysis.groups import EVERYBODY, Groups, by_level, heads, level_note, level_of
from protocyte.analysis.row_blocks import kind_block, number_in, share_row, spread_rows
from protocyte.analysis.tables import Column, ResultTable, Row, say
from protocyte.base import Message, Quantity
from protocyte.base.quantity import UnitError
from protocyte.base.units import UNITS
from protocyte.derive.course import Course
from protocyte.records.treatment import FractionWithheld, Infusion, Lymphodepletion
from protocyte.study.model import Study


@dataclass(frozen=True)
class DoseGiven:
    """A subject's dose in `unit` (cells/kg, or cells of a flat dose), all infusions together.

    `planned` of a split dose is the level's whole dose, of others what the infusions given should hold.
    `least` is the lowest share of one infusion's planned dose; a split dose is judged as a whole.
    `in_bags` is what the infusions given held, `asked` what they should hold. `open`: fractions are still
    to come, so that no share can be told yet. None: the amounts are in units that do not measure the same.
    """

    unit: str
    planned: float | None
    asked: float | None
    in_bags: float | None
    infused: float | None
    cells: float | None
    least: float | None
    open: bool
    tolerance: float

    @property
    def percent(self) -> float | None:
        """Infused of planned."""
        if self.open or not self.planned or self.infused is None:
            return None
        return 100 * self.infused / self.planned

    @property
    def bags_percent(self) -> float | None:
        """What the bags held of what they should hold."""
        return None if not self.asked or self.in_bags is None else 100 * self.in_bags / self.asked

    @property
    def below(self) -> bool:
        """Less than planned by more than the study's tolerance, be it in one of several infusions."""
        return self.least is not None and self.least < 100 - self.tolerance - _ROUNDING


_ROUNDING = 1e-9  # of a percentage computed in binary: 80 % of a dose is not below 80 %


def dose_unit(study: Study) -> str:
    """The unit doses are shown in: the ladder's, without a power of ten."""
    dimension = UNITS[study.dose_of(1).unit].dimension
    return "cells/kg" if dimension == "cells_per_weight" else "cells"


def dose_given(study: Study, course: Course) -> DoseGiven | None:
    """None for a subject who was not infused."""
    given = [held.record for held in course.infusions]
    if not given:
        return None
    unit = dose_unit(study)
    whole = [study.dose_of(level_of(course))] if study.dosing.fractions else [one.planned for one in given]
    return DoseGiven(
        unit=unit,
        planned=_sum(whole, unit),
        asked=_sum([one.planned for one in given], unit),
        in_bags=_sum([one.manufactured for one in given], unit),
        infused=_sum([one.infused for one in given], unit),
        cells=_cells(given),
        least=_least(study, given, whole, unit),
        open=fractions_to_come(study, course),
        tolerance=float(study.dosing.tolerance.to("%").value),
    )


def _least(study: Study, given: list[Infusion], whole: list[Quantity], unit: str) -> float | None:
    """In percent of planned: of the whole split dose, else of the infusion that fell shortest."""
    pairs = [([one.infused], [one.planned]) for one in given]
    if study.dosing.fractions:
        pairs = [([one.infused for one in given], whole)]
    shares = [(_sum(infused, unit), _sum(planned, unit)) for infused, planned in pairs]
    if any(infused is None or not planned for infused, planned in shares):
        return None
    return min(100 * infused / planned for infused, planned in shares)  # type: ignore[operator]


def fractions_to_come(study: Study, course: Course) -> bool:
    """Fractions are planned that were neither given nor withheld; one withheld ends the dose."""
    planned = len(study.dosing.fractions)
    return bool(planned) and len(course.infusions) < planned and not course.all(FractionWithheld)


def _sum(amounts: Iterable[Quantity], unit: str) -> float | None:
    """Exactly, in decimals: a planned share of 100 % must not become 99.99 %."""
    try:
        return float(sum(amount.to(unit).value for amount in amounts))
    except UnitError:
        return None


def _cells(given: list[Infusion]) -> float | None:
    """Cells infused in all: those per kg times the weight the dose was made for."""
    total = 0.0
    for one in given:
        per_kg, flat = number_in(one.infused, "cells/kg"), number_in(one.infused, "cells")
        weight = number_in(one.weight, "kg")
        if flat is None and (per_kg is None or weight is None):
            return None
        total += flat if flat is not None else per_kg * weight  # type: ignore[operator]
    return total


def exposure_table(cut: Cut) -> ResultTable:
    """Everybody whose lymphodepletion began: the agents, then the infusions."""
    begun = tuple(course for course in cut.courses if course.lymphodepleted_on is not None)
    groups = by_level(cut, begun)
    rows = [*_lymphodepletion(groups), *_agents(groups), *_infusions(cut, groups)] if begun else []
    return ResultTable(
        "exposure", say("title_exposure"), (Column(say("base_measure")), *heads(groups)), tuple(rows),
        say("base_of_lymphodepleted", n=len(begun)), _notes(cut), say("base_nobody_lymphodepleted"),
    )  # fmt: skip


def _notes(cut: Cut) -> tuple[Message, ...]:
    split = (say("note_base_fractions"),) if cut.study.dosing.fractions else ()
    return (
        say("note_base_median"),
        say("note_base_agents"),
        say("note_base_planned", tolerance=cut.study.dosing.tolerance),
        *split,
        say("note_base_level"),
        *level_note(cut),
    )


def _lymphodepletion(groups: Groups) -> list[Row]:
    heading = say("base_lymphodepletion")
    courses = groups[EVERYBODY]
    days = {course.subject: float(len(_days(course))) for course in courses}
    gap = {course.subject: found for course in courses if (found := _to_infusion(course)) is not None}
    return [
        share_row(heading, say("base_ld_completed"), groups, completed),
        *spread_rows(heading, say("base_ld_days"), groups, days),
        *spread_rows(heading, say("base_ld_to_infusion"), groups, gap),
    ]


def completed(course: Course) -> bool:
    """The last planned day of a lymphodepletion was given."""
    return any(held.record.completes for held in course.all(Lymphodepletion))


def _days(course: Course) -> set[date]:
    return {held.record.on for held in course.all(Lymphodepletion)}


def _to_infusion(course: Course) -> float | None:
    """From the last day of lymphodepletion before the first infusion; nobody is asked who was not infused."""
    if course.infused_on is None:
        return None
    before = [h.record.on for h in course.all(Lymphodepletion) if h.record.on <= course.infused_on]
    return float((course.infused_on - before[-1]).days) if before else None


def _agents(groups: Groups) -> list[Row]:
    """Each agent among those who received it: days, dose a day and in all, in the unit first written."""
    given = {course.subject: _doses(course) for course in groups[EVERYBODY]}
    rows: list[Row] = []
    for agent in sorted({agent for doses in given.values() for agent in doses}):
        who = {subject: doses[agent] for subject, doses in given.items() if agent in doses}
        received = {subject: ("yes",) if agent in doses else () for subject, doses in given.items()}
        unit = next((dose.unit for doses in who.values() for _, dose in doses if dose is not None), "–")
        days = {subject: float(len({on for on, _ in doses})) for subject, doses in who.items()}
        total = {subject: _total(doses, unit) for subject, doses in who.items()}
        daily = {subject: None if dose is None else dose / days[subject] for subject, dose in total.items()}
        rows += [
            *kind_block(agent, groups, received, words=lambda key: say("base_received")),
            *spread_rows(agent, say("base_ld_days"), groups, days),
            *spread_rows(agent, say("base_daily_dose", unit=unit), groups, daily, 1),
            *spread_rows(agent, say("base_total_dose", unit=unit), groups, total, 1),
        ]
    return rows


Doses = list[tuple[date, Quantity | None]]


def _doses(course: Course) -> dict[str, Doses]:
    doses: dict[str, Doses] = {}
    for held in course.all(Lymphodepletion):
        for given in held.record.agents:
            name = given.agent.replace("_", " ").casefold()
            doses.setdefault(name, []).append((held.record.on, given.dose))
    return doses


def _total(doses: Doses, unit: str) -> float | None:
    """None where a day's dose was not written down: a sum of the others would be too little."""
    known = [dose for _, dose in doses if dose is not None]
    return _sum(known, unit) if len(known) == len(doses) else None


def _infusions(cut: Cut, groups: Groups) -> list[Row]:
    study, heading = cut.study, say("base_infusion")
    infused = {c.subject: dose for c in groups[EVERYBODY] if (dose := dose_given(study, c)) is not None}
    rows = [share_row(heading, say("base_infused"), groups, lambda course: course.subject in infused)]
    if not infused:
        return rows
    unit = dose_unit(study)
    done = {subject: dose for subject, dose in infused.items() if not dose.open}
    counts = {c.subject: (str(len(c.infusions)),) for c in groups[EVERYBODY] if c.subject in infused}
    found = sorted({count[0] for count in counts.values()}, key=int)
    rows += kind_block(say("base_infusions_given"), groups, counts, found)
    rows += _withheld(cut, groups)
    heading = say("base_dose")
    rows += spread_rows(
        heading, say("base_dose_infused", unit=unit), groups, {s: d.infused for s, d in infused.items()}, 1
    )
    rows += spread_rows(
        heading, say("base_infused_percent"), groups, {s: d.percent for s, d in done.items()}, 1
    )
    rows += kind_block(
        say("base_against_plan"), groups, {s: (standing(dose),) for s, dose in infused.items()},
        ("as_planned", "below"), lambda key: say(f"base_dose_{key}", tolerance=study.dosing.tolerance),
    )  # fmt: skip
    interrupted = {
        c.subject: ("yes" if any(h.record.interrupted for h in c.infusions) else "no",)
        for c in groups[EVERYBODY]
        if c.subject in infused
    }
    rows += kind_block(
        say("base_interrupted"), groups, interrupted, ("yes", "no"), lambda key: say(f"base_answer_{key}")
    )
    return rows


def standing(dose: DoseGiven) -> str:
    """Where the dose infused stands against the planned one."""
    if dose.open:
        return "open"
    if dose.least is None:
        return "unknown"
    return "below" if dose.below else "as_planned"


def _withheld(cut: Cut, groups: Groups) -> list[Row]:
    """Of a split dose: who received all of it, whose next fraction was withheld and why, who is under way."""
    if not cut.study.dosing.fractions:
        return []
    kinds: dict[str, tuple[str, ...] | None] = {}
    for course in groups[EVERYBODY]:
        if course.infused_on is None:
            continue
        reasons = dict.fromkeys(held.record.reason for held in course.all(FractionWithheld))
        whole = "to_come" if fractions_to_come(cut.study, course) else "all"
        kinds[course.subject] = tuple(f"withheld_{reason}" for reason in reasons) or (whole,)
    words = {"planned": len(cut.study.dosing.fractions)}
    return kind_block(
        say("base_fractions"), groups, kinds, ("all", "to_come"),
        lambda key: say(f"base_fractions_{key}", **words),
    )  # fmt: skip
