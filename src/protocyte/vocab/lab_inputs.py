"""What is said of one laboratory value, vital sign, QTc interval or ejection fraction.

Named as the columns of a table of values:

`term`                 name or MedDRA code (required)
`sub_test`             which calcium (corrected, ionized) or glucose (fasting, any); others leave it out
`value`, `unit`        the result, which may be a bound ("<0.1"); a `Quantity` brings its own unit
`unit_system`          SI, US, SI_MOLAR, BOTH or RATIO; used only where no unit is given
`lln`, `uln`           normal limits, in the unit of the value
`baseline`             in the unit of the value
`mi_cutoff`            the troponin level the manufacturer gives for myocardial infarction
`on_anticoagulation`   true or false (or 1 and 0)
`clinical_condition`   phrases, separated by semicolons
`ctcae_version`        must agree with the scale; `expected_grade` and `explanation` are passed over, so that
                       a row of a table of worked examples can be given as it stands

None means not known, for each of them. What is not listed, or is an empty text: a normal limit or a needed
clinical condition is then not known; there is no anticoagulation; and there is no baseline on file, so that
comparisons with it do not apply and a branch on it takes the normal one (terms that are nothing but a
comparison with baseline stay undecided).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from protocyte.base import InputError, Measured, Message, Quantity, Unit, UnitError, convert, find_unit
from protocyte.vocab.inputs import is_measurable
from protocyte.vocab.lab_lines import SUB_TESTS, Family, Line, Sheet, family_of, lab_terms, lines_of, sheet_of
from protocyte.vocab.unusable import unusable

INPUTS = (
    "ctcae_version",
    "term",
    "sub_test",
    "value",
    "unit",
    "unit_system",
    "lln",
    "uln",
    "baseline",
    "mi_cutoff",
    "on_anticoagulation",
    "clinical_condition",
)
PASSED_OVER = ("expected_grade", "explanation")
NUMBERS = {"lln": "LLN", "uln": "ULN", "baseline": "baseline", "mi_cutoff": "MI cutoff"}
UNIT_SYSTEMS = ("SI", "US", "SI_MOLAR", "BOTH", "RATIO")

# The molar masses of `base` are filed under the name of the substance.
SUBSTANCE = {
    "Bilirubin total": "bilirubin",
    "Calcium": "calcium",
    "Cholesterol": "cholesterol",
    "Creatinine": "creatinine",
    "Glucose": "glucose",
    "Magnesium": "magnesium",
    "Phosphate": "phosphate",
    "Triglycerides": "triglycerides",
    "Urate": "urate",
}
ONE_CHARGE = frozenset({"Sodium", "Potassium", "Bicarbonate"})  # an equivalent of these is a mole
BOUNDS = {"<=": "<=", "≤": "<=", ">=": ">=", "≥": ">=", "<": "<", ">": ">"}
PERCENT = frozenset({"%"})
WITHOUT_UNIT = frozenset({"1", "pH"})  # an INR or a pH is a bare number
# The words under which the systems of units are found where a value comes without its unit.
UNITS_OF = {
    "SI": ("10^9/L", "g/L", "mmol/L", "Cel"),
    "US": ("cells/uL", "g/dL", "mg/dL"),
    "SI_MOLAR": ("mmol/L",),
}


class Range(NamedTuple):
    """A value, or the range a bound leaves it (`high` None: no upper end)."""

    low: Decimal
    high: Decimal | None

    @property
    def exact(self) -> bool:
        return self.low == self.high


class Lab(NamedTuple):
    """The inputs as read: `refs` holds what is known, `unknown` names of LLN, ULN, baseline, MI cutoff."""

    version: str
    code: str
    value: Range | None
    unit: str
    refs: tuple[tuple[str, Decimal | None], ...]
    unknown: frozenset[str]
    anticoagulated: bool | None
    sub_test: str
    states: tuple[str, ...]
    stated: frozenset[str]


def read_labs(version: str, inputs: Mapping[str, object]) -> tuple[Lab, ...]:
    """Inputs as one `Lab` for each sub-test that remains possible, so that each has units of its own.

    Raises `InputError` with a sentence that names the input.
    """
    for name in inputs:
        if name not in INPUTS and name not in PASSED_OVER:
            raise unusable("not-an-input", name=name, scale=f"ctcae-{version}", known=INPUTS)
    blank = {name for name, one in inputs.items() if isinstance(one, str) and not one.strip()}
    given = _without_quantities({name: None if name in blank else one for name, one in inputs.items()})
    stated_version = given.get("ctcae_version")
    if stated_version is not None and str(stated_version).removeprefix("v") != version:
        raise unusable("other-version", given=repr(stated_version), scale=f"ctcae-{version}")
    code = _term(version, given.get("term"))
    unlisted = blank | (set(INPUTS) - inputs.keys())
    sub_tests = _sub_tests(lines_of(version, code), given.get("sub_test"))
    return tuple(_read_lab(version, code, sub_test, given, unlisted) for sub_test in sub_tests)


def _read_lab(version: str, code: str, sub_test: str, given: Mapping[str, object], unlisted: set[str]) -> Lab:
    sheet = sheet_of(version, code, sub_test)
    unit, factor = _unit(sheet, given.get("unit"), given.get("unit_system"))
    value = _value(given.get("value"), factor)
    refs, unknown = _references(sheet, given, unlisted, factor)
    states, stated = _condition(sheet.lines, family_of(version, code), given.get("clinical_condition"))
    _check_percent(sheet.lines, unit, value)
    return Lab(
        version=version,
        code=code,
        value=value,
        unit=unit,
        refs=refs,
        unknown=unknown,
        anticoagulated=_flag(given.get("on_anticoagulation"), "on_anticoagulation" in unlisted),
        sub_test=sub_test,
        states=states,
        stated=stated,
    )


def _term(version: str, given: object) -> str:
    terms = lab_terms(version)
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    if not isinstance(given, str):
        raise unusable("term-needed")
    word = given.strip()
    if word in terms:
        return word
    for code, name in terms.items():
        if name.casefold() == word.casefold():
            return code
    raise unusable("term-not-graded", given=repr(given), version=version)


def _without_quantities(given: dict[str, object]) -> dict[str, object]:
    """Quantities as plain numbers in the unit of the value (which a quantity brings with it)."""
    value = given.get("value")
    if isinstance(value, Quantity) and given.get("unit") is None:
        given = given | {"unit": value.unit}
    plain = dict(given)
    for name in ("value", *NUMBERS):
        one = given.get(name)
        if isinstance(one, Quantity):
            try:
                number = convert(one.value, one.unit, str(given.get("unit")))
            except UnitError as error:
                raise unusable("misfit", name=name, why=error) from None
            plain[name] = f"{one.bound}{number}" if isinstance(one, Measured) and one.bound else number
    return plain


def _sub_tests(lines: tuple[Line, ...], given: object) -> tuple[str, ...]:
    """The sub-tests that remain possible; one empty name where the term has none."""
    names = {line.sub_test for line in lines} - {""}
    if not names:
        return ("",)
    known = SUB_TESTS[lines[0].analyte]
    if given is None:
        return tuple(sorted(known))
    word = str(given).strip().casefold()
    if word not in known:
        raise unusable("not-one-of", name="sub_test", given=repr(given), known=sorted(known))
    return (word,)


def _unit(sheet: Sheet, given: object, system: object) -> tuple[str, Decimal]:
    """The unit of the thresholds to use, and the factor that brings the value into it."""
    if system is not None and system not in UNIT_SYSTEMS:
        raise unusable("not-one-of", name="unit_system", given=repr(system), known=UNIT_SYSTEMS)
    lines, units = sheet.lines, sheet.units
    if given is None:
        return _unit_by_system(lines, units, system), Decimal(1)
    if not isinstance(given, str):
        raise _not_a("unit", given, "unit")
    known = _find_unit(given, lines[0].analyte)
    if not units:
        return "", Decimal(1)  # nothing but multiples: any unit will do, as long as it is one
    if known is not None and known.name in units:
        return known.name, Decimal(1)
    if known is None:
        raise unusable("unit-misfit", given=repr(given), term=lines[0].term, known=units)
    # The printed limit of the same kind first: 0.59 mmol/L of urate is no rounding of 10 mg/dL.
    for substance in (None, SUBSTANCE.get(lines[0].analyte)):
        for unit in units:
            try:
                return unit, convert(Decimal(1), known.name, unit, substance)
            except UnitError:
                continue
    raise unusable("unit-misfit", given=repr(given), term=lines[0].term, known=units)


def _find_unit(given: str, analyte: str) -> Unit | None:
    """The unit as laboratories print it: with blanks inside ("x 10^9/L"), or in equivalents of one charge."""
    word = "".join(given.split())
    if word.casefold() == "meq/l" and analyte in ONE_CHARGE:
        return find_unit("mmol/L")
    return find_unit(given) or find_unit(word)


def _unit_by_system(lines: tuple[Line, ...], units: tuple[str, ...], system: object) -> str:
    if not units:
        return ""
    if len(units) == 1 and (system == "BOTH" or units[0] in WITHOUT_UNIT):
        return units[0]
    matching = [unit for unit in units if unit in UNITS_OF.get(str(system), ())]
    if matching:
        return matching[0]
    raise unusable("unit-needed", term=lines[0].term, known=units)


def _number(name: str, given: object) -> Decimal:
    if isinstance(given, bool) or not isinstance(given, (int, float, Decimal, str)):
        raise _not_a(name, given, "number")
    try:
        number = Decimal(str(given).strip().replace("_", "?"))  # Python would read 1_0 as ten
    except InvalidOperation:
        raise _not_a(name, given, "number") from None
    if not number.is_finite() or number < 0:
        raise _not_a(name, given, "amount")
    if not is_measurable(number):
        raise unusable("beyond-measure", name=name, given=repr(given))
    return number


def _not_a(name: str, given: object, wanted: str) -> InputError:
    return unusable("not-a", name=name, given=repr(given), wanted=Message.of(f"vocab.wanted-{wanted}"))


def _value(given: object, factor: Decimal) -> Range | None:
    if given is None:
        return None
    sign, text = _bound_and_number(str(given).strip())
    if not sign:
        number = _number("value", given) * factor
        return Range(number, number)
    bound = _number("value", text) * factor
    # An open end and a closed one differ only when the bound is itself a threshold; half a step settles that.
    inside = sign in ("<", ">")
    if sign in ("<", "<="):
        return Range(Decimal(0), bound.next_minus() if inside and bound else bound)
    return Range(bound.next_plus() if inside else bound, None)


def _bound_and_number(text: str) -> tuple[str, str]:
    for sign, meaning in BOUNDS.items():
        if text.startswith(sign):
            return meaning, text.removeprefix(sign)
    return "", text


def _references(
    sheet: Sheet, given: Mapping[str, object], unlisted: set[str], factor: Decimal
) -> tuple[tuple[tuple[str, Decimal | None], ...], frozenset[str]]:
    known: dict[str, Decimal | None] = {}
    unknown = set()
    for name, reference in NUMBERS.items():
        one = given.get(name)
        if one is not None:
            known[reference] = _number(name, one) * factor
            if reference == "ULN" and not known[reference]:
                raise _not_a(name, one, "positive")  # a placeholder, or every value would be grade 4
        elif reference == "baseline" and name in unlisted and not sheet.needs_baseline:
            known[reference] = None
        elif reference in sheet.references:
            unknown.add(reference)
    low, high = known.get("LLN"), known.get("ULN")
    if low is not None and high is not None and low > high:
        raise unusable("limits-crossed")
    return tuple(known.items()), frozenset(unknown)


def _condition(
    lines: tuple[Line, ...], family: Family | None, given: object
) -> tuple[tuple[str, ...], frozenset[str]]:
    """The states left open, and the phrases that count by being stated."""
    phrases = [] if given is None else [one.strip() for one in str(given).split(";") if one.strip()]
    if any(word in ("child", "pediatric") for word in phrases) and any(
        line.when == "adult" for line in lines
    ):
        raise unusable("child-otherwise", term=lines[0].term)
    said = {line.when for line in lines if line.mode == "stated"}
    stated = frozenset(one for one in phrases if one in said)
    if family is None:
        return ("",), stated
    states = frozenset(family.states)
    for phrase in phrases:
        if phrase in family.words:
            states &= family.words[phrase]
        elif phrase not in said:
            known = sorted({*family.words, *said})
            raise unusable("not-one-of", name="clinical_condition", given=repr(phrase), known=known)
    if not states:
        raise unusable("contradiction", name="clinical_condition", given=repr(given))
    return tuple(state for state in family.states if state in states), stated


def _flag(given: object, unlisted: bool) -> bool | None:
    if given is None:
        return False if unlisted else None
    if given in (True, False):
        return bool(given)
    if str(given).strip().lower() in ("0", "1", "true", "false"):
        return str(given).strip().lower() in ("1", "true")
    raise _not_a("on_anticoagulation", given, "flag")


def _check_percent(lines: tuple[Line, ...], unit: str, value: Range | None) -> None:
    if unit in PERCENT and value is not None and value.low > 100:
        raise unusable("more-than-all", term=lines[0].term)
