"""Truth curves: the DLT probabilities a design is judged under."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from protocyte.designs.rows import Floats
from protocyte.designs.wrong import wrong


def check_truth(truth: Sequence[float] | Sequence[Sequence[float]] | Floats, levels: int | None) -> Floats:
    """`truth` as an array (K,) or (R, K); raises `InputError` with one sentence for what is wrong."""
    try:
        curves = np.asarray(truth, dtype=float)
    except (TypeError, ValueError):
        raise wrong("truth_shape") from None
    if curves.ndim not in (1, 2) or curves.shape[-1] == 0:
        raise wrong("truth_shape")
    if levels is not None and curves.shape[-1] != levels:
        raise wrong("truth_length", given=curves.shape[-1], levels=levels)
    outside = curves[~((curves >= 0) & (curves <= 1))]
    if outside.size:
        raise wrong("truth_range", value=f"{outside[0]:g}")
    return curves


def check_one_truth(
    truth: Sequence[float] | Sequence[Sequence[float]] | Floats, levels: int | None
) -> Floats:
    """As `check_truth`, for what looks at one truth (K,) at a time."""
    curve = check_truth(truth, levels)
    if curve.ndim != 1:
        raise wrong("truth_one")
    return curve


def check_marginal(curves: Floats) -> Floats:
    """Marginal probabilities may not fall from one level to the next."""
    if (np.diff(curves, axis=-1) < 0).any():
        raise wrong("truth_falls")
    return curves
