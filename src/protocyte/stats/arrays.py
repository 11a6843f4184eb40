"""What every method asks of its arrays before it computes: checks, frozen results, merged near-ties."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from protocyte.base import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
T = TypeVar("T", bound=np.generic)

# Two times nearer than this are one time (absolutely, or relative to the mean time). Dates turned into
# months by division give 0.1 + 0.2 beside 0.3; the value is the square root of the double's precision, as
# in R's `aeqSurv` (survival 3.5-3), so that the same data have the same ties there and here.
TIE_TOLERANCE = float(np.sqrt(np.finfo(np.float64).eps))


def checked_times(time: ArrayLike, name: str = "time") -> Floats:
    """A non-empty vector of finite, non-negative times; near-ties merged. `InputError` otherwise."""
    times = _vector(time, name)
    if not np.isfinite(times).all():
        raise InputError(f"{name} holds a missing or infinite value; leave such subjects out, and count them")
    if (times < 0).any():
        raise InputError(f"{name} holds a negative value; a time runs forward from its origin")
    return merge_near_ties(times)


def checked_levels(level: float) -> float:
    """A confidence level strictly between 0 and 1."""
    if not 0.0 < level < 1.0:
        raise InputError(f"a confidence level lies between 0 and 1, not at {level}")
    return float(level)


def checked_events(event: ArrayLike, size: int, name: str = "event") -> Bools:
    """One yes or no a subject; `InputError` for another length or any value but 0 and 1."""
    codes = checked_codes(event, size, name)
    if (codes > 1).any():
        raise InputError(f"{name} must be 0 (censored) or 1 (event) for every subject")
    happened: Bools = codes == 1
    return happened


def checked_codes(code: ArrayLike, size: int, name: str = "code") -> Ints:
    """One whole number >= 0 a subject (0 = censored, or a group's number)."""
    values = _vector(code, name)
    if values.size != size:
        raise InputError(f"{name} has {values.size} values for {size} subjects")
    if not np.isfinite(values).all() or (values < 0).any() or (values != np.floor(values)).any():
        raise InputError(f"{name} must be a whole number from 0 up for every subject")
    return values.astype(np.int64)


def checked_groups(group: ArrayLike, size: int, name: str = "group") -> tuple[NDArray[np.generic], Ints]:
    """The distinct labels in sorted order, and each subject's position among them."""
    labels = np.asarray(group)
    if labels.shape != (size,):
        raise InputError(f"{name} has shape {labels.shape} for {size} subjects")
    found, position = np.unique(labels, return_inverse=True)
    return found, position.astype(np.int64)


def merge_near_ties(times: Floats) -> Floats:
    """Times with every run of near-equal values replaced by the run's first. A copy, shape kept."""
    distinct = np.unique(times)
    if distinct.size < 2:
        return times.copy()
    gaps = np.diff(distinct)
    near = (gaps <= TIE_TOLERANCE) | (gaps / np.mean(np.abs(distinct)) <= TIE_TOLERANCE)
    if not near.any():
        return times.copy()
    kept = distinct[np.concatenate(([True], ~near))]
    merged: Floats = kept[np.searchsorted(kept, times, side="right") - 1]
    return merged


def frozen(values: NDArray[T]) -> NDArray[T]:
    """The same array, no longer writable: results are values."""
    values.flags.writeable = False
    return values


def _vector(values: ArrayLike, name: str) -> Floats:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name} must hold numbers only") from None
    if array.ndim != 1:
        raise InputError(f"{name} must be one-dimensional, not of shape {array.shape}")
    if array.size == 0:
        raise InputError(f"{name} is empty; there is nothing to estimate from")
    return array
