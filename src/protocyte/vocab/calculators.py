"""Calculators that eligibility criteria name, with units that cannot be confused.

Arguments are `base.Quantity`; a unit that does not fit raises `InputError` naming the argument. A laboratory
bound stays a bound: creatinine below 30 umol/L gives a clearance above a number. Results are rounded to six
decimals, far below what a laboratory can tell apart and never to the whole number a rule compares with.
"""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, cast

from protocyte.base import InputError, Measured, Message, Quantity, UnitError
from protocyte.vocab.unusable import unusable

Sex = Literal["female", "male"]
Serology = Literal["positive", "negative"]
Fitness = Literal["pass", "pass with monthly HBV DNA", "exclude", "indeterminate"]

# The factor the eligibility worked examples are printed with; from the molar mass it is 88.40 (0.02 % less).
CREATININE_UMOL_PER_MG_DL = Decimal("88.42")
COCKCROFT_GAULT_DIVISOR = 72  # Cockcroft DW, Gault MH. Nephron 1976;16:31-41
COCKCROFT_GAULT_FEMALE = Decimal("0.85")
SCHWARTZ_BEDSIDE = Decimal("0.413")  # Schwartz GJ et al. J Am Soc Nephrol 2009;20:629-637
MOSTELLER = 3600  # Mosteller RD. N Engl J Med 1987;317:1098
DU_BOIS = (0.007184, 0.725, 0.425)  # Du Bois D, Du Bois EF. Arch Intern Med 1916;17:863-871
KARNOFSKY_FROM_YEARS = 16  # CIBMTR forms manual, appendix L; Lansky from 1 to 15 years
LANSKY_FROM_YEARS = 1
# Commonly printed beside each other and never validated: for display, not for eligibility.
ECOG_TO_KARNOFSKY = {0: (90, 100), 1: (70, 80), 2: (50, 60), 3: (30, 40), 4: (10, 20), 5: (0,)}
NYHA_CLASSES = ("I", "II", "III", "IV")


def cockcroft_gault(age: Quantity, weight: Quantity, creatinine: Quantity, sex: Sex) -> Measured:
    """Creatinine clearance in mL/min: (140 - age) x kg / (72 x mg/dL), times 0.85 for women.

    Actual body weight unless the protocol says otherwise. Derived in adults of 18 to 92 years; a protocol
    that applies it to adolescents departs from that, and `schwartz` is the alternative.
    """
    years, kilograms = _in("age", age, "y"), _in("weight", weight, "kg")
    if sex not in ("female", "male"):
        raise unusable("no-sex", given=repr(sex))
    if years >= 140:
        raise unusable("formula-ends")
    milligrams = _creatinine(creatinine)
    factor = COCKCROFT_GAULT_FEMALE if sex == "female" else Decimal(1)
    value = (140 - years) * kilograms / (COCKCROFT_GAULT_DIVISOR * milligrams) * factor
    return _inverse(value, "mL/min", creatinine)


def schwartz(height: Quantity, creatinine: Quantity) -> Measured:
    """Bedside Schwartz: estimated filtration in mL/min/1.73m2 of a child, 0.413 x cm / (mg/dL)."""
    value = SCHWARTZ_BEDSIDE * _in("height", height, "cm") / _creatinine(creatinine)
    return _inverse(value, "mL/min/1.73m2", creatinine)


def body_surface_area(
    height: Quantity, weight: Quantity, formula: Literal["mosteller", "du_bois"] = "mosteller"
) -> Quantity:
    """Body surface area in m2."""
    centimetres, kilograms = _in("height", height, "cm"), _in("weight", weight, "kg")
    if formula == "mosteller":
        area = (centimetres * kilograms / MOSTELLER).sqrt()
    elif formula == "du_bois":
        constant, by_height, by_weight = DU_BOIS
        area = Decimal(repr(constant * float(centimetres) ** by_height * float(kilograms) ** by_weight))
    else:
        raise unusable("not-one-of", name="formula", given=repr(formula), known=("mosteller", "du_bois"))
    return Quantity(_rounded(area), "m2")


def karnofsky(score: int, age: Quantity) -> int | None:
    """The score where it is valid (from 16 years), else None: a child is scored by Lansky."""
    _check_ten("karnofsky", score)
    return score if _in("age", age, "y") >= KARNOFSKY_FROM_YEARS else None


def lansky(score: int, age: Quantity) -> int | None:
    """The score where it is valid (1 to 15 completed years), else None."""
    _check_ten("lansky", score)
    years = _in("age", age, "y")
    return score if LANSKY_FROM_YEARS <= years < KARNOFSKY_FROM_YEARS else None


def ecog(score: int) -> int:
    """The score, 0 to 5."""
    if isinstance(score, bool) or score not in ECOG_TO_KARNOFSKY:
        raise unusable("not-one-of", name="ecog", given=repr(score), known=tuple(ECOG_TO_KARNOFSKY))
    return score


def nyha(word: str | int) -> int:
    """NYHA class as a number: I no limitation, II slight, III marked, IV symptoms at rest (recalled)."""
    if isinstance(word, int) and not isinstance(word, bool) and 1 <= word <= len(NYHA_CLASSES):
        return word
    if isinstance(word, str) and word.strip().upper() in NYHA_CLASSES:
        return NYHA_CLASSES.index(word.strip().upper()) + 1
    raise unusable("not-one-of", name="nyha", given=repr(word), known=NYHA_CLASSES)


def washout(
    half_life: Quantity | None,
    half_lives: int = 5,
    at_most: Quantity | None = None,
) -> Quantity | None:
    """The washout in hours: so many half-lives, but never more than `at_most`.

    Without a half-life the bound itself is the answer, because the shorter of the two cannot exceed it;
    without a bound either, nothing is known (None). CD7 asks for the shorter of 2 weeks and 5 half-lives,
    and for 3 half-lives without a bound after a checkpoint inhibitor.
    """
    bound = None if at_most is None else _in("at_most", at_most, "h")
    if half_life is None:
        return None if bound is None else Quantity(bound, "h")
    hours = half_lives * _in("half_life", half_life, "h")
    return Quantity(_rounded(hours if bound is None else min(hours, bound)), "h")


def washed_out(last_dose_end: date, start: date, required: Quantity) -> bool:
    """Whether `required` has passed. With times, hours are compared as they are; with dates alone the
    required time is rounded up to whole days."""
    hours = _in("required", required, "h")
    if isinstance(last_dose_end, datetime) and isinstance(start, datetime):
        elapsed = start - last_dose_end
        return Decimal(elapsed.days * 86400 + elapsed.seconds) >= hours * 3600
    first, second = (one.date() if isinstance(one, datetime) else one for one in (last_dose_end, start))
    return (second - first).days >= math.ceil(hours / 24)


def bilirubin_met(total_x_uln: Decimal, gilbert: bool | None, limit_x_uln: Decimal) -> bool | None:
    """Total bilirubin within its limit, except in Gilbert's syndrome; None where that is not known."""
    if total_x_uln <= limit_x_uln:
        return True
    return None if gilbert is None else gilbert


def hepatitis_b(hbsag: Serology | None, hbcab: Serology | None, dna: Serology | None) -> Fitness:
    """Surface antigen excludes; core antibody alone needs negative HBV DNA, then DNA every month."""
    _check_serology(hbsag=hbsag, hbcab=hbcab, dna=dna)
    if hbsag is None:
        return "indeterminate"
    if hbsag == "positive":
        return "exclude"
    if hbcab == "negative":
        return "pass"
    if hbcab is None or dna is None:
        return "indeterminate"
    return "exclude" if dna == "positive" else "pass with monthly HBV DNA"


def hepatitis_c(antibody: Serology | None, rna: Serology | None) -> Fitness:
    """Antibody excludes unless HCV RNA is negative."""
    _check_serology(antibody=antibody, rna=rna)
    if antibody == "negative":
        return "pass"
    if antibody is None or rna is None:
        return "indeterminate"
    return "exclude" if rna == "positive" else "pass"


def _in(name: str, quantity: Quantity, unit: str) -> Decimal:
    if not isinstance(quantity, Quantity):
        raise unusable("no-unit", name=name, given=repr(quantity))
    if isinstance(quantity, Measured) and quantity.bound:
        raise unusable("a-bound", name=name, given=quantity)
    try:
        value = quantity.to(unit).value
    except UnitError as error:
        raise unusable("misfit", name=name, why=error) from None
    if value < 0:
        raise unusable("below-zero", name=name, given=quantity)
    return value


def _creatinine(creatinine: Quantity) -> Decimal:
    """mg/dL; a bound gives its number."""
    plain = Quantity(creatinine.value, creatinine.unit) if isinstance(creatinine, Measured) else creatinine
    try:
        value = _in("creatinine", plain, "umol/L") / CREATININE_UMOL_PER_MG_DL
    except InputError:
        value = _in("creatinine", plain, "mg/dL")
    if value == 0:
        raise unusable("no-creatinine")
    return value


_OPPOSITE = {"": "", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _inverse(value: Decimal, unit: str, source: Quantity) -> Measured:
    bound = _OPPOSITE[source.bound] if isinstance(source, Measured) else ""
    return Measured(_rounded(value), unit, cast("Literal['', '<', '<=', '>', '>=']", bound))


def _rounded(value: Decimal) -> Decimal:
    return round(value, 6)


def _check_ten(name: str, score: int) -> None:
    if isinstance(score, bool) or not isinstance(score, int) or score not in range(0, 101, 10):
        raise unusable("not-a", name=name, given=repr(score), wanted=Message.of("vocab.wanted-ten"))


def _check_serology(**tests: str | None) -> None:
    for name, result in tests.items():
        if result not in (None, "positive", "negative"):
            raise unusable("not-a", name=name, given=repr(result), wanted=Message.of("vocab.wanted-serology"))
