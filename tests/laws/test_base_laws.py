"""Laws of values: canonical bytes, partial dates, quantities."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocyte.base import PartialDate, Quantity, canonical_bytes, digest_of, find_unit

json_values = st.recursive(
    st.text() | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None, derandomize=True)
@given(json_values)
def test_canonical_bytes_read_back_as_the_value(value) -> None:  # type: ignore[no-untyped-def]
    try:
        data = canonical_bytes(value)
    except UnicodeEncodeError:  # a lone surrogate is no text
        return

    assert json.loads(data) == value


@settings(deadline=None, derandomize=True)
@given(st.dictionaries(st.text(max_size=5), st.integers(), max_size=6))
def test_the_order_of_keys_does_not_change_a_digest(value: dict[str, int]) -> None:
    try:
        assert digest_of(dict(reversed(value.items()))) == digest_of(value)  # type: ignore[arg-type]
    except UnicodeEncodeError:
        return


@pytest.mark.parametrize("value", [1.5, None, [None], {"a": 0.1}, {1: "a"}, float("nan")])
def test_floats_nulls_and_odd_keys_have_no_canonical_form(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_bytes(value)  # type: ignore[arg-type]


@settings(deadline=None, derandomize=True)
@given(st.dates(min_value=date(1900, 1, 1)))
def test_a_vaguer_date_spans_the_exact_one(day: date) -> None:
    exact = PartialDate.parse(day)
    month, year = PartialDate.parse(str(exact)[:7]), PartialDate.parse(str(exact)[:4])

    assert exact.earliest() == exact.latest() == day
    assert year.earliest() <= month.earliest() <= day <= month.latest() <= year.latest()
    assert not month.surely_before(day)


@pytest.mark.parametrize("text", ["2026-02-30", "26-01-01", "2026-1-1", "2026-13", "yesterday", ""])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        PartialDate.parse(text)


TIMES = ("h", "d", "wk", "mo", "y")


@settings(deadline=None, derandomize=True)
@given(st.integers(min_value=-10_000, max_value=10_000), st.sampled_from(TIMES), st.sampled_from(TIMES))
def test_a_conversion_there_and_back_changes_nothing(number: int, unit: str, other: str) -> None:
    there = Quantity(number, unit).to(other)

    assert abs(there.to(unit).value - number) < 1e-15 * max(1, abs(number))
    assert find_unit(there.unit) is find_unit(other)
