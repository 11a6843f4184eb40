"""Stopping rules as a table: counted, boundary, crossed, pending, and whether the pending could cross it."""

from __future__ import annotations

from protocyte.derive.stopping import stopping_status
from trials import Conducted, day

WORDS = {"en": "deaths", "zh": "死亡"}


def test_the_table_tells_each_rule_what_was_counted_and_what_the_pending_could_do() -> None:
    rule = {"title": WORDS, "counts": "related_death", "at_least": "2", "action": "hold_trial"}
    trial = Conducted(changes={"safety.stopping": {"deaths": rule}})
    trial.cohort()
    trial.bring("S1", on=0)
    trial.bring("S2", on=20)
    (before,) = stopping_status(trial.trial, day(20))
    assert (before.counted, before.known, before.pending, before.boundary) == (0, 0, 2, 2)
    assert (before.crossed, before.could_cross, before.action) == (False, True, "hold_trial")
    trial.ok("death", "S1", on=21, cause="product")
    (one,) = stopping_status(trial.trial, day(21))
    assert (one.counted, one.subjects, one.known, one.pending) == (1, ("S1",), 1, 1)
    assert (one.crossed, one.could_cross) == (False, True)
    (over,) = stopping_status(trial.trial, day(60))
    assert (over.known, over.pending, over.crossed, over.could_cross) == (2, 0, False, False)
    trial.ok("death", "S2", on=61, cause="product")
    (both,) = stopping_status(trial.trial, day(61))
    assert (both.counted, both.crossed, both.could_cross) == (2, True, False)
    assert both.title.zh == "死亡"
