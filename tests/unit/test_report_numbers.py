"""Numbers as a reader meets them: rounded half up, and nobody lost to rounding."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocyte.analysis.tables import Estimate, Number, Rate, Share, Spread
from protocyte.reports.words import Reader, fixed, percent


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (Share(4, 32), "4 (13 %)"),
        (Share(1, 254), "1 (0.4 %)"),
        (Share(253, 254), "253 (99.6 %)"),
        (Share(1, 3000), "1 (< 0.1 %)"),
        (Share(2999, 3000), "2999 (> 99.9 %)"),
        (Share(0, 7), "0"),
        (Share(7, 7), "7 (100 %)"),
        (Share(0, 0), "0"),
        (Rate(1, 8, 0.005, 0.525), "1/8 = 13 % (1–53)"),
        (Number(0.125, 2), "0.13"),
        (Number(2.675, 2), "2.68"),
        (Number(-0.004, 2), "0.00"),
        (Estimate(0.125, 0.005, None, 0, percent=True), "13 % (1–NE)"),
        (Spread(8, 124.5, 90.5, 163.5), "124.5 (91–164)"),
    ],
)
def test_halves_are_rounded_up_and_some_are_never_none(cell: object, said: str) -> None:
    assert Reader("en").text(cell) == said  # type: ignore[arg-type]


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_a_rounded_number_is_within_half_of_its_last_digit(value: float, digits: int) -> None:
    rounded = Decimal(fixed(value, digits))
    assert abs(rounded - Decimal(repr(value))) <= Decimal("0.5").scaleb(-digits)
    assert not fixed(value, digits).startswith("-0.0") or rounded != 0


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.integers(1, 5000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_only_nobody_is_0_per_cent_and_only_everybody_100(share: tuple[int, int]) -> None:
    count, of = share
    said = percent(count, of)
    assert (said == "0") == (count == 0)
    assert (said == "100") == (count == of)
