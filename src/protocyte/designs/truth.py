"""Truth curves: the DLT probabilities a design is judged under."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from protocyte.base import InputError, Message, Problem, render
from protocyte.designs.rows import Floats


def check_truth(truth: Sequence[float] | Sequence[Sequence[float]] | Floats, levels: int | None) -> Floats:
    """`truth` as an array (K,) or (R, K); raises `InputError` with one sentence for what is wrong."""
    try:
        curves = np.asarray(truth, dtype=float)
    except (TypeError, ValueError):
        raise _wrong("truth_shape") from None
    if curves.ndim not in (1, 2) or curves.shape[-1] == 0:
        raise _wrong("truth_shape")
    if levels is not None and curves.shape[-1] != levels:
        raise _wrong("truth_length", given=curves.shape[-1], levels=levels)
    outside = curves[~((curves >= 0) & (curves <= 1))]
    if outside.size:
        raise _wrong("truth_range", value=f"{outside[0]:g}")
    return curves


def check_marginal(curves: Floats) -> Floats:
    """Marginal probabilities may not fall from one level to the next."""
    if (np.diff(curves, axis=-1) < 0).any():
        raise _wrong("truth_falls")
    return curves


def _wrong(name: str, **params: object) -> InputError:
    message = Message.of(f"designs.{name}", **params)
    problem = Problem(severity="error", rule=f"designs.{name}", message=message)
    return InputError(render(message), (problem,))
