"""Best overall response: confirmation, earliest days, subsequent therapy. A row is `day category` pairs."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocyte.base import InputError
from protocyte.derive.best_overall import (
    SOLID_TUMOUR,
    SOLID_TUMOUR_UNCONFIRMED,
    BestRules,
    Confirmation,
    best_overall,
    counted_responses,
    first_counted,
)

START = date(2026, 3, 2)
LEUKEMIA = BestRules(("CR", "CRh", "CRi", "MLFS", "PR", "NR", "NE"))
CONFIRMED_CR = BestRules(
    LEUKEMIA.order, confirmation={"CR": Confirmation(by=("CR",), after=28)}, lowered={"CR": "CRi"}
)


def on(days: int) -> date:
    return START + timedelta(days=days)


def sequence(text: str) -> list[tuple[date, str]]:
    words = text.split()
    return [(on(int(day)), category) for day, category in zip(words[::2], words[1::2], strict=True)]


def best(text: str, rules: BestRules, before: int | None = None) -> tuple[str, int] | None:
    counted = counted_responses(sequence(text), rules, START, None if before is None else on(before))
    found = best_overall(counted, rules)
    return None if found is None else (found.counts_as, (found.on - START).days)


ROWS = [
    # leukemia: the best one, the first of equals, without confirmation
    (LEUKEMIA, "28 CRi 56 CR 84 NR", ("CR", 56)),
    (LEUKEMIA, "28 CR 56 CR", ("CR", 28)),
    (LEUKEMIA, "28 NE", ("NE", 28)),
    (LEUKEMIA, "", None),
    # a study that asks for a second marrow: four weeks later, unbroken
    (CONFIRMED_CR, "28 CR", ("CRi", 28)),
    (CONFIRMED_CR, "28 CR 56 CR", ("CR", 28)),
    (CONFIRMED_CR, "28 CR 55 CR", ("CRi", 28)),
    (CONFIRMED_CR, "28 CR 42 CRi 56 CR", ("CRi", 28)),
    (CONFIRMED_CR, "28 CR 40 CR 56 CR", ("CR", 28)),
    # solid tumours
    (SOLID_TUMOUR, "29 CR 57 CR", ("CR", 29)),
    (SOLID_TUMOUR, "29 CR 43 NE 57 CR", ("CR", 29)),
    (SOLID_TUMOUR, "29 CR 40 NE 43 NE 57 CR", ("SD", 57)),
    (SOLID_TUMOUR, "29 CR 43 CR", ("SD", 43)),
    (SOLID_TUMOUR, "29 PR 57 CR", ("PR", 29)),
    (SOLID_TUMOUR, "29 PR 43 CR 57 PR", ("SD", 43)),
    (SOLID_TUMOUR, "29 PR 43 SD 57 PR", ("SD", 43)),
    (SOLID_TUMOUR, "41 SD", ("NE", 41)),
    (SOLID_TUMOUR, "42 SD", ("SD", 42)),
    (SOLID_TUMOUR, "29 PD 57 CR 85 CR", ("PD", 29)),
    (SOLID_TUMOUR_UNCONFIRMED, "29 CR 57 PD", ("CR", 29)),
]


@pytest.mark.parametrize(("rules", "text", "expected"), ROWS)
def test_the_best_response_follows_its_rules(
    rules: BestRules, text: str, expected: tuple[str, int] | None
) -> None:
    assert best(text, rules) == expected


def test_after_subsequent_therapy_nothing_counts_and_nothing_confirms() -> None:
    assert best("28 CRi 56 CR", LEUKEMIA, before=56) == ("CR", 56)
    assert best("28 CRi 56 CR", LEUKEMIA, before=55) == ("CRi", 28)
    assert best("29 CR 57 CR", SOLID_TUMOUR, before=56) == ("NE", 29)


def test_a_confirmed_responder_is_dated_by_his_first_response() -> None:
    counted = counted_responses(sequence("29 PR 57 PR 85 CR 113 CR"), SOLID_TUMOUR, START)
    first = first_counted(counted, ("CR", "PR"))
    assert first is not None
    assert (first.on, first.confirmed_on, first.place) == (on(29), on(57), 0)
    assert first_counted(counted, ("PD",)) is None


def test_rules_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="XX"):
        BestRules(("CR", "NR"), last=("XX",))
    with pytest.raises(InputError, match="worse"):
        BestRules(("CR", "NR"), lowered={"NR": "CR"})
    with pytest.raises(InputError, match="SD"):
        counted_responses(sequence("28 SD"), LEUKEMIA, START)
    with pytest.raises(InputError, match="start"):
        counted_responses(sequence("28 SD"), SOLID_TUMOUR)


_SEQUENCES = st.lists(
    st.tuples(st.integers(1, 200), st.sampled_from(SOLID_TUMOUR.order)),
    max_size=7,
    unique_by=lambda one: one[0],
).map(lambda items: [(on(day), category) for day, category in items])


@settings(deadline=None, derandomize=True, max_examples=300)
@given(given_=_SEQUENCES)
def test_confirmation_never_betters_a_response_and_order_of_entry_is_nothing(
    given_: list[tuple[date, str]],
) -> None:
    order = SOLID_TUMOUR.order.index
    counted = counted_responses(given_, SOLID_TUMOUR, START)
    confirmed = best_overall(counted, SOLID_TUMOUR)
    plain = counted_responses(given_, SOLID_TUMOUR_UNCONFIRMED, START)
    loose = best_overall(plain, SOLID_TUMOUR_UNCONFIRMED)
    assert (confirmed is None) == (loose is None) == (not given_)
    for one in counted:
        assert order(one.counts_as) >= order(one.category)
        assert given_[one.place] == (one.on, one.category)
    if confirmed and loose and loose.counts_as in ("CR", "PR"):
        assert order(confirmed.counts_as) >= order(loose.counts_as)
    again = best_overall(counted_responses(given_[::-1], SOLID_TUMOUR, START), SOLID_TUMOUR)
    assert (again and again[1:]) == (confirmed and confirmed[1:])
