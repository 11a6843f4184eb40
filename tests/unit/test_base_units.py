"""The closed lexicon of units agrees with pint, and conversion refuses what cannot be converted."""

from __future__ import annotations

from decimal import Decimal

import pint
import pytest

from protocyte.base import UNITS, Quantity, UnitError, find_unit, parse_measured, parse_quantity
from protocyte.base.units import MOLAR_MASS

# Our name -> pint's; cells, copies and multiples of a limit are counts that pint need not know.
PINT = {
    "h": "hour", "min": "minute", "d": "day", "wk": "week", "g": "gram", "kg": "kilogram", "mg": "milligram",
    "ug": "microgram", "m": "meter", "cm": "centimeter", "m2": "meter**2", "g/L": "gram/liter",
    "g/dL": "gram/deciliter", "mg/dL": "milligram/deciliter", "mg/L": "milligram/liter",
    "ng/mL": "nanogram/milliliter", "pg/mL": "picogram/milliliter", "mol/L": "mole/liter",
    "mmol/L": "millimole/liter", "umol/L": "micromole/liter", "10^9/L": "1/nanoliter", "10^12/L": "1/picoliter",
    "cells/uL": "1/microliter", "cells/mL": "1/milliliter",
}  # fmt: skip


def test_factors_within_a_dimension_are_pint_s() -> None:
    registry = pint.UnitRegistry()
    units = {name: find_unit(name) for name in PINT}
    compared = 0
    for a, one in units.items():
        for b, other in units.items():
            if one is None or other is None or one.dimension != other.dimension:
                continue
            theirs = registry.Quantity(1, PINT[a]).to(PINT[b]).magnitude
            assert float(Quantity(1, a).to(b).value) == pytest.approx(theirs, rel=1e-12)
            compared += 1

    assert compared > 60


def test_months_and_years_are_parts_of_the_mean_gregorian_year() -> None:
    # 365.25 days a year, as CTCAE durations and most analysis plans count them.
    assert Quantity(1, "y").to("d").value == Decimal("365.25")
    assert Quantity(12, "mo").to("y").value == 1


def test_creatinine_of_1_mg_per_dl_is_88_4_umol_per_l() -> None:
    # National Kidney Foundation conversion factor, rounded to one decimal.
    assert round(Quantity(1, "mg/dL").to("umol/L", "creatinine").value, 1) == Decimal("88.4")


def test_bilirubin_of_2_mg_per_dl_is_34_2_umol_per_l() -> None:
    # The pair 2 mg/dL and 34.2 umol/L that liver criteria quote.
    assert round(Quantity(2, "mg/dL").to("umol/L", "bilirubin").value, 1) == Decimal("34.2")


def test_a_molar_conversion_without_its_analyte_is_refused() -> None:
    with pytest.raises(UnitError, match="mass_concentration"):
        Quantity(1, "mg/dL").to("umol/L")


@pytest.mark.parametrize(
    "text", ["", "kg", "1..2 kg", "1 furlong", "one kg", "NaN kg", "inf d", "1e999999999 d", "1,5 kg"]
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_quantity(text)


@pytest.mark.parametrize("text", ["1E6 cells/kg", "2.5e6 cells/kg", "0.5 %", "-3 d", "98 %", "1"])
def test_a_quantity_reads_back_from_what_it_prints(text: str) -> None:
    assert parse_quantity(str(parse_quantity(text))) == parse_quantity(text)


def test_a_bound_keeps_its_sign_and_is_no_plain_quantity() -> None:
    assert str(parse_measured("<50 copies/ug")) == "<50 copies/ug"
    with pytest.raises(ValueError, match="bound"):
        parse_quantity("<50 copies/ug")


def test_every_unit_is_found_by_its_name_its_ucum_code_and_its_aliases() -> None:
    for word, unit in UNITS.items():
        assert find_unit(word) is unit
    assert set(MOLAR_MASS) >= {"creatinine", "bilirubin", "calcium", "glucose"}
