"""Operating characteristics: what a design does under a truth, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from protocyte.designs.design import Design, with_levels
from protocyte.designs.enumeration import MAX_STATES, enumerate_design
from protocyte.designs.rows import Floats
from protocyte.designs.truth import check_truth

Curves = Sequence[float] | Sequence[Sequence[float]] | Floats


@dataclass(frozen=True)
class OperatingCharacteristics:
    """For a truth (K,): `selection` (K,) the probability each level is recommended, `none` that none is,
    `mean_treated` and `mean_dlt` (K,) expected subjects and DLTs a level, `expected_subjects`. For truths
    (R, K) each has a leading axis of R. `mcse` holds the Monte Carlo standard error of each of them,
    where they were simulated; `extras` further simulated means, such as durations."""

    truth: Floats
    selection: Floats
    none: Any
    mean_treated: Floats
    mean_dlt: Floats
    expected_subjects: Any
    method: Literal["exact", "simulated"] = "exact"
    trials: int | None = None
    mcse: dict[str, Any] = field(default_factory=dict)
    extras: dict[str, float] = field(default_factory=dict)

    def rows(self) -> list[dict[str, Any]]:
        """One plain record a truth, ready to be written as JSON."""
        return [self._record(i) for i in range(len(np.atleast_2d(self.truth)))]

    def _record(self, i: int) -> dict[str, Any]:
        def pick(values: Any, of_vector: bool) -> Any:
            array = np.asarray(values)
            return (array if array.ndim == int(of_vector) else array[i]).tolist()

        vectors = {
            name: pick(getattr(self, name), True)
            for name in ("truth", "selection", "mean_treated", "mean_dlt")
        }
        numbers = {name: pick(getattr(self, name), False) for name in ("none", "expected_subjects")}
        errors = {
            name: pick(value, name in ("selection", "mean_treated", "mean_dlt"))
            for name, value in self.mcse.items()
        }
        extra = {"method": self.method, "trials": self.trials, "mcse": errors or None}
        return vectors | numbers | extra | ({"extras": self.extras} if self.extras else {})


def operating_characteristics(
    design: Design, truth: Curves, levels: int | None = None, max_states: int = MAX_STATES
) -> OperatingCharacteristics:
    """The exact operating characteristics of `design` under one truth (K,) or several (R, K).

    Where neither the design nor `levels` says how many levels there are, the truth's length does. Raises
    `InputError` for a truth that is none and for a design with too many states to enumerate.
    """
    stated = levels if levels is not None else design.levels
    curves = check_truth(truth, stated)
    full = with_levels(design, curves.shape[-1])
    step = full.step_probabilities(curves)
    selection, treated = enumerate_design(full, max_states).summarise(step)
    # A subject's outcome does not know when the trial stops, so E[DLTs] = p E[n] at each level (Wald).
    return OperatingCharacteristics(
        truth=curves,
        selection=selection[..., 1:],
        none=selection[..., 0],
        mean_treated=treated,
        mean_dlt=treated * step,
        expected_subjects=full.subjects_of(treated),
    )
