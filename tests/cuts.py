"""Cuts of trials: a virtual one, one with nobody in it, and one made of charts."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

from courses import course, day
from protocyte.analysis.cut import Cut
from protocyte.app.clock import last_day
from protocyte.app.demo import virtual_trial
from protocyte.app.trials import adoption
from protocyte.conduct import adopt
from protocyte.ledger import MemoryLedger
from protocyte.study.model import Study
from trials import loaded


@cache
def virtual_cut(study: str, seed: int = 11, most_subjects: int = 7) -> Cut:
    """A virtual trial on its last day."""
    trial = virtual_trial(loaded(study), seed=seed, most_subjects=most_subjects).trial
    return Cut(trial, last_day(trial))


@cache
def nobody(study: str) -> Cut:
    """A trial that has begun, and nobody has consented."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    desk = adopt(MemoryLedger(), adoption(loaded(study), "trial-1"), actor="dm01", at=at)
    return Cut(desk.trial, at.date())


def charted_cut(charts: dict[str, str], study: Study, as_of: int) -> Cut:
    """What the analyses ask of a trial, made of courses told in short, by subject; `as_of` is a day number."""
    courses = tuple(course(text, subject) for subject, text in charts.items())
    return Cut(cast("Any", SimpleNamespace(study=study, courses=courses)), day(as_of))
