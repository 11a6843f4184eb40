"""What a command is decided on: the trial as it stands, who asks, and the day it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from protocyte.derive.course import Course, Trial
from protocyte.study.model import Study

Role = Literal[
    "investigator",
    "coordinator",
    "manufacturing",
    "committee",
    "statistician",
    "monitor",
    "data_manager",
    "system",
]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class Scene:
    """`today` is the local day at the site: nothing clinical may be dated after it."""

    trial: Trial
    actor: str
    role: Role
    today: date

    @property
    def study(self) -> Study:
        return self.trial.study_on(self.today)

    def course(self, subject: str) -> Course:
        return self.trial.course(subject)

    def next_id(self, form: str, subject: str | None) -> str:
        """`S-001/labs/3`, `cohort/1`: the count goes over voided records too, so no id is ever used twice."""
        casebook = self.trial.casebook
        taken = len(casebook.current(form=form, subject=subject, voided=True))
        stem = f"{subject}/{form}" if subject else form
        number = taken + 1
        while casebook.get(f"{stem}/{number}") is not None:  # a record amended to another form keeps its id
            number += 1
        return f"{stem}/{number}"
