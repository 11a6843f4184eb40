"""Designs that act while outcomes are pending, by how long each subject has been followed."""

from __future__ import annotations

from protocyte.designs.design import Design, State, Tally, Waiting, only_one, row_of
from protocyte.designs.outcome import Outcome
from protocyte.designs.rows import Decisions, Rows, Why


class TimeToEvent(Design):
    """A pending outcome is kept with its follow-up share instead of being completed in every way.

    A pending outcome without a stated share counts as not followed at all, the most cautious reading.
    Without pending outcomes the design is its parent, and so are its exact operating characteristics.
    """

    def rule_while_waiting(self, rows: Rows, tally: Tally) -> Decisions:
        """The decision for the single row of a tally with pending subjects."""
        raise NotImplementedError

    def step(self, state: State, outcome: Outcome) -> State:
        if outcome.dlt is not None:
            return super().step(state, outcome)
        answered = outcome.model_copy(update={"dlt": False})
        share = float(outcome.follow_up or 0)
        waits = Waiting(state.seen, outcome.level, share)
        grown = super().step(state, answered)
        tallies = frozenset(tally._replace(waiting=(*tally.waiting, waits)) for tally in grown.possible)
        return State(tallies, (), grown.seen)

    def add(self, tally: Tally, outcome: Outcome, dlt: bool) -> Tally:
        return super().add(tally, outcome, dlt)._replace(waiting=tally.waiting)

    def decide_one(self, tally: Tally) -> tuple[int, int, int, Why]:
        if not tally.waiting:
            return super().decide_one(tally)
        rows = row_of(tally)
        out = self.modify(rows, self.rule_while_waiting(rows, tally))
        if out.next[0] == 0 and out.selected[0] > 0:
            out.why[:] = Why.SUSPENDED  # nothing is recommended while an outcome can still change it
        return only_one(out)
