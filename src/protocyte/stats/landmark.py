"""The landmark method (Anderson, Cain and Gelber, J Clin Oncol 1983;1:710).

Comparing the survival of those who had something during follow-up with those who had not gives the former
the time they needed to get it. Fixing a time, leaving out who did not reach it free of the event, and
grouping by what was known *then* does not.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from protocyte.base import InputError
from protocyte.stats.arrays import Bools, Floats, checked_events, checked_times


class Landmark(NamedTuple):
    """`kept`: who was still followed and event-free after the landmark; `time`: theirs, counted from it."""

    kept: Bools
    time: Floats


def landmark(time: ArrayLike, at: float) -> Landmark:
    """Restrict to `time` > `at` and count from there. `kept` has one value a subject, `time` one a kept."""
    times = checked_times(time)
    if not np.isfinite(at) or at < 0:
        raise InputError(f"a landmark is a time from 0 up, not {at}")
    kept: Bools = times > at
    return Landmark(kept, times[kept] - at)


def known_by(time: ArrayLike, happened: ArrayLike, at: float) -> Bools:
    """Who had had the grouping event by the landmark (at it included): the only grouping allowed there."""
    times = checked_times(time)
    had: Bools = checked_events(happened, times.size, "happened") & (times <= at)
    return had
