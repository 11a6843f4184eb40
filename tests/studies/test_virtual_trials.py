"""The five virtual trials, from the first consent to the lock, with the ordinary mess."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

import pytest

from protocyte.app.demo import virtual_trial
from protocyte.app.replay import replay_decisions
from protocyte.conduct import Desk
from protocyte.derive.dlt import derive_dlt
from protocyte.derive.escalation import dose_decisions, unsupported_decisions
from protocyte.ledger import Amended, Casebook, Voided, fold
from protocyte.records.enrolment import Discontinuation
from protocyte.records.follow_up import MissedVisit
from protocyte.records.oversight import Hold, HoldLift
from protocyte.records.product import Manufacture
from trials import STUDIES, loaded

FIVE = ("lstcar019", "cll1-cart", "cd7-cart", "cd123-cart", "lilrb4-start")
SEED = 1


@cache
def run(study: str) -> Desk:
    return virtual_trial(loaded(study), SEED)


@pytest.mark.parametrize("study", FIVE)
class TestEveryVirtualTrial:
    def test_runs_to_the_lock_and_folds_again_to_the_same_casebook(self, study: str) -> None:
        desk = run(study)
        assert desk.casebook.locked
        folded: Casebook = fold(desk.ledger.entries())
        assert (folded.seq, folded.head) == (desk.casebook.seq, desk.casebook.head)

    def test_treats_enough_subjects_to_be_looked_at(self, study: str) -> None:
        trial = run(study).trial
        assert sum(course.infused_on is not None for course in trial.courses) >= 12

    def test_reproduces_the_advice_of_every_decision_and_signs_it(self, study: str) -> None:
        trial = run(study).trial
        decisions = dose_decisions(trial)
        assert decisions
        assert all(held.signed for held in decisions)
        assert all(replayed.same for replayed in replay_decisions(trial))
        assert unsupported_decisions(trial) == ()

    def test_has_a_missed_visit_an_amended_laboratory_result_and_a_voided_form(self, study: str) -> None:
        desk = run(study)
        events = [entry.event for entry in desk.ledger.entries()]
        assert any(course.all(MissedVisit) for course in desk.trial.courses)
        assert any(isinstance(e, Amended) and e.record["form"] == "labs" for e in events)
        assert any(isinstance(e, Voided) for e in events)

    def test_loses_an_autologous_product_to_manufacture(self, study: str) -> None:
        desk = run(study)
        failed = [
            course
            for course in desk.trial.courses
            if any(held.record.outcome == "failed" for held in course.all(Manufacture))
        ]
        assert bool(failed) == (loaded(study).study.product.origin == "autologous")
        for course in failed:
            made = any(held.record.outcome == "made" for held in course.all(Manufacture))
            left = any(h.record.reason == "manufacturing_failure" for h in course.all(Discontinuation))
            assert made != left  # a second run saved it, or the subject left

    def test_holds_when_a_dlt_is_proposed_and_lifts_it_again(self, study: str) -> None:
        desk = run(study)
        trial, study_ = desk.trial, loaded(study).study
        last = desk.casebook.last_at
        assert last is not None
        proposals = [
            proposal
            for course in trial.courses
            for status in derive_dlt(study_, course, last.date())
            for proposal in status.proposals
        ]
        holds = trial.all(Hold)
        assert holds or not proposals
        assert {held.record.hold for held in trial.all(HoldLift)} == {held.record_id for held in holds}
        assert not any(proposal.open for proposal in proposals)

    def test_deviates_once_where_an_escalation_to_the_third_level_allows_it(self, study: str) -> None:
        decisions = [held.record for held in dose_decisions(run(study).trial)]
        allowed = [d for d in decisions if d.advice.action == "escalate" and (d.advice.level or 0) > 2]
        assert sum(d.deviates for d in decisions) == min(len(allowed), 1)
        assert all(d.reason for d in decisions)


def test_some_virtual_trials_have_a_dlt_a_hold_and_a_deviation() -> None:
    """So that the tests above are not empty."""
    assert sum(bool(run(study).trial.all(Hold)) for study in FIVE) >= 3
    assert any(held.record.deviates for study in FIVE for held in dose_decisions(run(study).trial))


_HEAD = """
import sys
from pathlib import Path
from protocyte.app.demo import virtual_trial
from protocyte.study.load import load_study
print(virtual_trial(load_study(Path(sys.argv[1])), int(sys.argv[2]), 8).casebook.head)
"""


def head_of(seed: int, hash_seed: str) -> str:
    path = STUDIES / "cll1-cart.yaml"
    done = subprocess.run(
        [sys.executable, "-c", _HEAD, str(path), str(seed)],
        env=os.environ | {"PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def test_the_same_seed_gives_the_same_head_whatever_the_hash_seed_and_another_seed_another() -> None:
    first = head_of(7, "1")
    assert len(first) == 64
    assert head_of(7, "2") == first
    assert head_of(8, "1") != first
