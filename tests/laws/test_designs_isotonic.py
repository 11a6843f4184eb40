"""The isotonic estimate of all rows at once is that of pooling neighbours one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from protocyte.designs.isotonic import isotonic_rates


def pooled(n: list[int], y: list[int], use: list[bool]) -> list[float]:
    """Pool adjacent violators, in the words of the method; NaN at a level not used."""
    blocks: list[list[float]] = []
    for subjects, dlts, used in zip(n, y, use, strict=True):
        if not used:
            continue
        rate = (dlts + 0.05) / (subjects + 0.1)
        variance = (dlts + 0.05) * (subjects - dlts + 0.05) / ((subjects + 0.1) ** 2 * (subjects + 1.1))
        blocks.append([rate, 1 / variance, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (r2, w2, c2), (r1, w1, c1) = blocks.pop(), blocks.pop()
            blocks.append([(r1 * w1 + r2 * w2) / (w1 + w2), w1 + w2, c1 + c2])
    rates = iter([rate for rate, _, count in blocks for _ in range(int(count))])
    return [next(rates) if used else float("nan") for used in use]


level = st.integers(0, 12).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.booleans()))


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    st.integers(1, 7).flatmap(
        lambda k: st.lists(st.lists(level, min_size=k, max_size=k), min_size=1, max_size=6)
    )
)
def test_all_rows_at_once_are_pooled_neighbour_by_neighbour(rows: list[list[tuple[int, int, bool]]]) -> None:
    n, y, use = (np.array([[cell[i] for cell in row] for row in rows]) for i in range(3))
    use &= n > 0
    found = isotonic_rates(n, y, use)
    expected = [pooled(*row) for row in zip(n.tolist(), y.tolist(), use.tolist(), strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
