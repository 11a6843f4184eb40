"""The virtual site's own memory: the study, the desk it looks at, what it has promised, its dice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from protocyte.conduct import Desk, active_holds
from protocyte.derive.escalation import recommended_level
from protocyte.records.oversight import Cohort
from protocyte.study.model import Study
from protocyte.study.parts import days_of

if TYPE_CHECKING:
    from numpy.random import Generator


@dataclass
class Site:
    study: Study
    desk: Desk
    rng: Generator
    side: Generator  # for what nothing depends on: drawing from it leaves every other draw as it was
    most_subjects: int
    follow_for: int  # days after the first infusion
    started: int = 0
    in_screening: int = 0
    accrual_open: bool = True
    waiting_room: int = 0
    # Planned first infusions, so that two subjects are not prepared for days that stagger forbids.
    planned: list[tuple[str, str | None, date]] = field(default_factory=list)
    misfortunes: set[str] = field(default_factory=set)  # which of the ordinary mess has happened

    def open_cohort(self) -> Cohort | None:
        cohorts = self.desk.trial.all(Cohort)
        return cohorts[-1].record if cohorts else None

    def reserve(self, part: str, cohort: str | None, ready: date) -> date:
        """The first day from `ready` on that stagger allows beside everybody else's plans."""
        plan = self.study.parts[part].stagger
        day = ready
        for other_part, other_cohort, other in sorted(self.planned, key=lambda item: item[2]):
            if other_part == part:
                gap = days_of(plan.within if other_cohort == cohort else plan.between)
                day = max(day, other + timedelta(days=gap))
        self.planned.append((part, cohort, day))
        return day

    def on_hold(self, level: int, on: date) -> bool:
        holds = [held.record for held in active_holds(self.desk.trial, on)]
        return any(h.scope == "trial" or (h.dose_level or 99) <= level for h in holds)

    def expansion(self) -> str | None:
        """The expansion part, once its dose is known."""
        for name, part in self.study.parts.items():
            if part.kind != "expansion":
                continue
            if part.dose != "recommended" or recommended_level(self.desk.trial) is not None:
                return name
        return None

    def once(self, misfortune: str) -> bool:
        """True the first time it is asked for: each kind of mess happens at least, and here at most, once."""
        if misfortune in self.misfortunes:
            return False
        self.misfortunes.add(misfortune)
        return True
