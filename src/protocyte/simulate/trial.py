"""A whole virtual trial: recruitment, subjects, committee and lock, on a ledger, from one seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from protocyte.conduct import Desk
from protocyte.conduct.slots import left_before_infusion, places_left
from protocyte.derive.escalation import signed_decisions
from protocyte.simulate.committee import sit
from protocyte.simulate.latent import draw_latent
from protocyte.simulate.process import Clock, Process, Step
from protocyte.simulate.site import Site
from protocyte.simulate.subject import live
from protocyte.study.model import Study
from protocyte.study.parts import days_of

if TYPE_CHECKING:
    from numpy.random import Generator

ACCRUAL_LASTS = 365 * 4  # days; a trial that cannot fill its cohorts by then is closed
REFERRALS = 5.0  # mean days between subjects who could be screened


@dataclass(frozen=True)
class Progress:
    """What a long run can say of itself."""

    day: date
    consented: int
    most: int
    entries: int


def simulate_trial(
    study: Study,
    desk: Desk,
    rng: Generator,
    *,
    most_subjects: int,
    follow_for: int = 365,
    seen: Callable[[Progress], None] | None = None,
) -> None:
    """Run a virtual trial of `study` on `desk`, from the first consent to the database lock.

    `most_subjects` caps consents, `follow_for` is in days after each first infusion. `seen` is told of
    each day that begins. Everything is drawn from `rng`: the same seed gives the same ledger, byte by byte.
    """
    start = study.effective + timedelta(days=30)
    follow = min(follow_for, days_of(study.follow_up.until))
    site = Site(study, desk, rng, rng.spawn(1)[0], most_subjects, follow)

    def tell(day: date) -> None:
        if seen is not None:
            seen(Progress(day, site.started, most_subjects, desk.casebook.seq))

    clock = Clock(desk, start, tell)
    clock.begin(sit(site, start, start + timedelta(days=ACCRUAL_LASTS + 400)))
    clock.begin(_recruit(site, clock, start))
    clock.run()
    clock.begin(_close(clock.today + timedelta(days=14)))
    clock.run()


def _recruit(site: Site, clock: Clock, start: date) -> Process:
    """Screen somebody whenever a place may become free for him."""
    day = start + timedelta(days=1)
    while site.started < site.most_subjects and day < start + timedelta(days=ACCRUAL_LASTS):
        yield Step(day)
        if _finished(site):
            break
        if _wanted(site, day) > site.in_screening + site.waiting_room:
            site.started += 1
            site.in_screening += 1
            subject = f"S{site.started:03d}"
            clock.begin(live(site, subject, draw_latent(site.study, site.rng), day))
        day += timedelta(days=1 + int(site.rng.exponential(REFERRALS)))
    while not _settled(site, day) and day < start + timedelta(days=ACCRUAL_LASTS):
        day += timedelta(days=28)
        yield Step(day)
    site.accrual_open = False


def _wanted(site: Site, day: date) -> int:
    """Places open now, in the open cohort or in an expansion."""
    trial, expansion = site.desk.trial, site.expansion()
    if expansion is not None:
        here = [course for course in trial.courses if course.part == expansion]
        kept = sum(not left_before_infusion(course) for course in here)
        part = site.study.parts[expansion]
        return min((part.subjects or 0) - kept, part.slots.concurrent)
    cohort = site.open_cohort()
    return places_left(trial, cohort, day) if cohort else 0


def _finished(site: Site) -> bool:
    """The escalation is over, and nothing follows it or what follows is full."""
    decided = signed_decisions(site.desk.trial)
    if not decided or decided[-1].record.action not in ("recommend", "stop"):
        return False
    expansions = [name for name, part in site.study.parts.items() if part.kind == "expansion"]
    if decided[-1].record.action == "stop" or not expansions:
        return True
    here = [c for c in site.desk.trial.courses if c.part in expansions and not left_before_infusion(c)]
    return sum(c.infused_on is not None for c in here) >= sum(
        site.study.parts[e].subjects or 0 for e in expansions
    )


def _settled(site: Site, day: date) -> bool:
    """Accrual is over and every infused subject's DLT window too, so that the committee may rise."""
    waiting = site.in_screening + site.waiting_room
    recent = any(
        (c.infused_on is None and c.enrolled_on is not None and not left_before_infusion(c))
        or (c.last_infused_on is not None and c.last_infused_on + timedelta(days=60) > day)
        for c in site.desk.trial.courses
    )
    return waiting == 0 and not recent


def _close(day: date) -> Process:
    yield Step(day, "lock", {"reason": "all queries answered, all decisions signed"}, "data_manager")
