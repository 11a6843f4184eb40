"""A trial on the clock: it keeps its distances, replaces whom it must, and selects as the design does."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.random import PCG64, Generator
from pydantic import ValidationError

from protocyte.designs import Boin, Design, RollingSix, ThreePlusThree, TiteBoin, operating_characteristics
from protocyte.designs.characteristics import OperatingCharacteristics
from protocyte.designs.simulation import combine
from protocyte.designs.timeline import NEVER, Account, Course, follow_trial, simulate_timeline

TRUTH = np.array([0.1, 0.25, 0.4])
BUSY = Course(
    days_between_subjects=6,
    failure=0.1,
    short_of_dose=0.15,
    not_evaluable=0.15,
    made_ahead=1,
    stagger_first=14,
    stagger=7,
    stagger_levels=28,
    split=((0, 0.1), (1, 0.3), (2, 0.6)),
)


def run(design: Design, course: Course, trials: int = 150) -> OperatingCharacteristics:
    return combine(TRUTH, simulate_timeline(design, course, TRUTH, trials, seed=3))


def accounts(design: Design, course: Course, trials: int = 60) -> list[Account]:
    generator = Generator(PCG64(17))
    return [follow_trial(design, course, TRUTH, generator) for _ in range(trials)]


@pytest.mark.parametrize(
    "design", [ThreePlusThree(levels=3), Boin(target=0.3, levels=3, max_subjects=12)], ids=["3+3", "BOIN"]
)
def test_when_every_outcome_is_known_before_the_next_subject_the_exact_numbers_come_out(
    design: Design,
) -> None:
    slow = Course(days_between_subjects=120, dlt_window=3, vein_to_vein=(0, 0), patience=10_000)
    found, exact = run(design, slow, 600), operating_characteristics(design, TRUTH)
    shares = np.array([exact.none, *exact.selection])
    error = np.sqrt(shares * (1 - shares) / 600)
    assert (np.abs(np.array([found.none, *found.selection]) - shares) < 4 * error + 1e-9).all()


@pytest.mark.parametrize("design", [ThreePlusThree(levels=3), RollingSix(levels=3)], ids=["3+3", "rolling"])
def test_infusions_keep_their_distance(design: Design) -> None:
    for account in accounts(design, BUSY):
        for level in (1, 2, 3):
            days = [s.day for s in account.subjects if min(s.assigned, s.infused) == s.infused == level]
            assert days == sorted(days)
        highest, last = 0, -NEVER
        for subject in account.subjects:
            if subject.infused > highest > 0 and subject.infused == subject.assigned:
                assert subject.day - last >= BUSY.stagger_levels
            highest, last = max(highest, subject.infused), subject.day


def test_nobody_is_infused_above_the_level_assigned() -> None:
    for account in accounts(ThreePlusThree(levels=3), BUSY):
        assert all(1 <= s.infused <= s.assigned <= 3 for s in account.subjects)


def test_the_books_of_a_trial_balance() -> None:
    for account in accounts(Boin(target=0.3, levels=3, max_subjects=12), BUSY):
        assert account.enrolled == len(account.subjects) + account.failed + account.wasted
        assert account.short <= sum(s.infused < s.assigned for s in account.subjects)
        assert account.days > 0


def test_a_subject_not_evaluable_is_replaced_and_never_counted() -> None:
    course = Course(not_evaluable=0.5, days_between_subjects=5)
    for account in accounts(ThreePlusThree(levels=3, variant="no_deescalation"), course, 40):
        evaluable = [s for s in account.subjects if s.left == NEVER]
        assert len(evaluable) <= 18
        assert account.replaced <= len(account.subjects) - len(
            [s for s in evaluable if s.dlt <= account.days]
        )


def test_a_dlt_between_fractions_withholds_the_rest() -> None:
    course = Course(split=((0, 0.5), (20, 0.5)), days_between_subjects=5)
    subjects = [s for account in accounts(ThreePlusThree(levels=3), course) for s in account.subjects]
    assert {s.share for s in subjects if s.dlt < s.day + 20} == {0.5}
    assert {s.share for s in subjects if s.dlt >= s.day + 20} == {1.0}


def test_manufacturing_failure_costs_subjects_and_time_but_not_safety() -> None:
    good, bad = (run(ThreePlusThree(levels=3), Course(failure=p)) for p in (0.0, 0.4))
    assert bad.extras["failed"] > 3 * max(good.extras["failed"], 1)
    assert bad.extras["days"] > good.extras["days"]
    assert bad.extras["enrolled"] > good.extras["enrolled"]


def test_rolling_six_is_faster_than_three_plus_three() -> None:
    course = Course(days_between_subjects=5)
    assert (
        run(RollingSix(levels=3), course).extras["days"]
        < run(ThreePlusThree(levels=3), course).extras["days"]
    )


def test_as_assigned_and_as_treated_differ_only_where_doses_did() -> None:
    clean = Course(vein_to_vein=(0, 0), days_between_subjects=100, dlt_window=3, patience=9999)
    short = clean.model_copy(update={"short_of_dose": 0.5})
    design = Boin(target=0.3, levels=3, max_subjects=12)
    assert run(design, clean, 60).extras["same_as_assigned"] == 1.0
    assert run(design, short, 60).extras["same_as_assigned"] < 1.0


def test_the_same_seed_is_the_same_trial() -> None:
    one, two = (run(TiteBoin(target=0.3, levels=3, max_subjects=9), BUSY, 10).rows() for _ in range(2))
    assert one == two


@pytest.mark.parametrize(
    "wrong",
    [
        {"split": ((1, 1.0),)},
        {"split": ((0, 0.5), (1, 0.6))},
        {"split": ((0, 0.5), (0, 0.5))},
        {"vein_to_vein": (30, 20)},
        {"failure": 0.6, "short_of_dose": 0.5},
        {"days_between_subjects": 0},
    ],
)
def test_a_course_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Course(**wrong)


def test_days_between_infusions_at_a_level_respect_the_stagger() -> None:
    course = Course(days_between_subjects=1, stagger_first=14, stagger=7, vein_to_vein=(0, 2))
    for account in accounts(ThreePlusThree(levels=3), course):
        by_level = {k: [s.day for s in account.subjects if s.infused == k] for k in (1, 2, 3)}
        for days in by_level.values():
            gaps = [later - earlier for earlier, later in itertools.pairwise(days)]
            assert all(gap >= (14 if i == 0 else 7) for i, gap in enumerate(gaps))
