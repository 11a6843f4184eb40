"""Calculators with units: published formulas, bounds that stay bounds, and refusals."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from protocyte.base import InputError, Measured, Quantity
from protocyte.vocab.calculators import (
    bilirubin_met,
    body_surface_area,
    cockcroft_gault,
    ecog,
    hepatitis_b,
    hepatitis_c,
    karnofsky,
    lansky,
    nyha,
    schwartz,
    washed_out,
    washout,
)

ADULT = {"age": Quantity(40, "y"), "weight": Quantity(72, "kg")}
MILLIGRAM = Quantity(1, "mg/dL")


def test_cockcroft_gault_is_one_formula_in_both_units_and_weighs_sex() -> None:
    assert cockcroft_gault(**ADULT, creatinine=MILLIGRAM, sex="male") == Measured(100, "mL/min")
    assert cockcroft_gault(**ADULT, creatinine=MILLIGRAM, sex="female") == Measured(85, "mL/min")
    micromoles = Quantity("88.42", "umol/L")
    assert cockcroft_gault(**ADULT, creatinine=micromoles, sex="male") == Measured(100, "mL/min")
    in_grams = {"age": Quantity(480, "mo"), "weight": Quantity(72000, "g")}
    assert cockcroft_gault(**in_grams, creatinine=MILLIGRAM, sex="male") == Measured(100, "mL/min")


def test_creatinine_below_a_limit_gives_a_clearance_above_one() -> None:
    assert cockcroft_gault(**ADULT, creatinine=Measured(1, "mg/dL", "<"), sex="male") == Measured(
        100, "mL/min", ">"
    )


def test_bedside_schwartz_and_body_surface_have_their_published_values() -> None:
    assert schwartz(Quantity(100, "cm"), Quantity("0.413", "mg/dL")) == Measured(100, "mL/min/1.73m2")
    assert body_surface_area(Quantity(180, "cm"), Quantity(80, "kg")) == Quantity(2, "m2")
    du_bois = body_surface_area(Quantity("1.80", "m"), Quantity(80, "kg"), "du_bois")
    assert abs(du_bois.value - Decimal("1.996")) < Decimal("0.001")


def test_karnofsky_begins_at_16_years_and_lansky_ends_there() -> None:
    fifteen, sixteen = Quantity(15, "y"), Quantity(16, "y")
    assert (karnofsky(80, sixteen), karnofsky(80, fifteen)) == (80, None)
    assert (lansky(80, fifteen), lansky(80, sixteen), lansky(80, Quantity(6, "mo"))) == (80, None, None)


def test_nyha_is_read_as_a_roman_or_a_plain_number() -> None:
    assert [nyha(word) for word in ("I", "ii", " III ", 4)] == [1, 2, 3, 4]


def test_washout_is_the_shorter_of_half_lives_and_a_bound() -> None:
    two_weeks = Quantity(14, "d")
    assert washout(Quantity(8, "h"), 5, two_weeks) == Quantity(40, "h")
    assert washout(Quantity(5, "d"), 5, two_weeks) == Quantity(336, "h")
    assert washout(None, 5, two_weeks) == Quantity(336, "h")
    assert washout(Quantity(26, "d"), 3) == Quantity(1872, "h")
    assert washout(None, 3) is None


def test_washout_counts_hours_where_times_are_known_and_whole_days_where_not() -> None:
    required = Quantity(40, "h")
    dose, early, late = (
        datetime.fromisoformat(text) for text in ("2025-03-01T08:00", "2025-03-02T23:59", "2025-03-03T00:00")
    )
    assert washed_out(dose, late, required)
    assert not washed_out(dose, early, required)
    assert washed_out(date(2025, 3, 1), date(2025, 3, 3), required)
    assert not washed_out(date(2025, 3, 1), date(2025, 3, 2), required)


def test_gilbert_matters_only_above_the_limit() -> None:
    limit = Decimal("1.5")
    high = Decimal("2.6")
    assert bilirubin_met(Decimal("1.5"), None, limit) is True
    assert (bilirubin_met(high, None, limit), bilirubin_met(high, True, limit)) == (None, True)
    assert bilirubin_met(high, False, limit) is False


def test_hepatitis_b_core_antibody_needs_dna_and_then_monitoring() -> None:
    assert hepatitis_b("positive", None, None) == "exclude"
    assert hepatitis_b("negative", "negative", None) == "pass"
    assert hepatitis_b("negative", "positive", "negative") == "pass with monthly HBV DNA"
    assert hepatitis_b("negative", "positive", "positive") == "exclude"
    assert hepatitis_b("negative", "positive", None) == "indeterminate"
    assert hepatitis_b("negative", None, "negative") == "indeterminate"
    assert hepatitis_b(None, "negative", "negative") == "indeterminate"
    assert [hepatitis_c("positive", rna) for rna in ("negative", "positive", None)] == [
        "pass",
        "exclude",
        "indeterminate",
    ]


REFUSED = [
    (lambda: cockcroft_gault(**ADULT, creatinine=Quantity(1, "mL/min"), sex="male"), "creatinine: "),
    (lambda: cockcroft_gault(**ADULT, creatinine=Quantity(0, "mg/dL"), sex="male"), "creatinine: 0"),
    (lambda: cockcroft_gault(**ADULT, creatinine=MILLIGRAM, sex="M"), "sex: 'M'"),
    (lambda: cockcroft_gault(Quantity(40, "kg"), ADULT["weight"], MILLIGRAM, "male"), "age: "),
    (lambda: cockcroft_gault(Quantity(140, "y"), ADULT["weight"], MILLIGRAM, "male"), "age: "),
    (lambda: cockcroft_gault(40, ADULT["weight"], MILLIGRAM, "male"), "age: 40 has no unit"),
    (lambda: body_surface_area(Measured(180, "cm", "<"), Quantity(80, "kg")), "height: <180 cm is a bound"),
    (lambda: karnofsky(85, Quantity(20, "y")), "karnofsky: 85"),
    (lambda: ecog(6), "ecog: 6"),
    (lambda: nyha("V"), "nyha: 'V'"),
    (lambda: washout(Quantity(5, "kg")), "half_life: "),
    (lambda: hepatitis_c("reactive", None), "antibody: 'reactive'"),
]


@pytest.mark.parametrize(("call", "sentence"), REFUSED)
def test_an_argument_that_does_not_fit_is_refused_by_its_name(call, sentence: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError) as refused:
        call()
    assert str(refused.value).startswith(sentence)
