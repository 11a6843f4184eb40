"""Virtual trials: subjects and a committee that go through the same commands as real ones."""

from protocyte.simulate.trial import Progress, simulate_trial

__all__ = ["Progress", "simulate_trial"]
