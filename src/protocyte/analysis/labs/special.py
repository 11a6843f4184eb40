"""What laboratory results say of a subject by themselves: IgG, laboratory tumour lysis, the IEC-HS screen.

Only results that were recorded are used; a result that is missing is unknown to the scale, never normal.
Signs no form holds are unknown too, so that a screen is positive or negative only where results alone decide.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from protocyte.base import InputError, Measured, UnitError
from protocyte.derive.age import derive_age
from protocyte.derive.course import Course, Held
from protocyte.derive.results import results_by_test
from protocyte.records.measurements import Labs, Result
from protocyte.vocab.graded import Graded
from protocyte.vocab.grading import grade
from protocyte.vocab.iec_hs import CLINICAL

# IgG at or below 4 g/L is where replacement is considered (Hill JA et al., Blood Rev 2019;38:100596).
LOW_IGG = Decimal(4)

# Cairo and Bishop 2004: from three days before to seven days after cytotoxic treatment begins.
TLS_BEFORE, TLS_AFTER = timedelta(days=3), timedelta(days=7)
ADULT = 18  # years

# The scale's input, the names a laboratory may use, the unit, and what its molar mass is filed under.
TLS_TESTS: dict[str, tuple[tuple[str, ...], str, str | None]] = {
    "uric_acid_umol": (("urate", "uric_acid"), "umol/L", "urate"),
    "k": (("potassium",), "mmol/L", None),
    "phos": (("phosphate", "phosphorus"), "mmol/L", "phosphate"),
    "ca": (("corrected_calcium", "calcium_corrected"), "mmol/L", "calcium"),
}


class Igg(NamedTuple):
    """Whether IgG was ever low after the first infusion; None where it could not be told."""

    below_4: bool | None
    below_normal: bool | None


def lowest_igg(course: Course) -> Igg:
    """By the value in g/L, and by the laboratory's own lower limit of normal where it states one."""
    start = course.infused_on or date.max
    low: list[bool] = []
    under: list[bool] = []
    for held, result in results_by_test(course, Labs).get("igg", ()):
        value = _value(result.value, "g/L")
        if held.record.on < start or value is None:
            continue
        low.append(value <= LOW_IGG)
        limit = _value(result.lower_limit, "g/L")
        if limit is not None:
            under.append(value < limit)
    return Igg(any(low) if low else None, any(under) if under else None)


def tumour_lysis(course: Course) -> bool | None:
    """Laboratory tumour lysis (Cairo and Bishop) in one draw around treatment; None where results cannot tell."""
    begun = course.lymphodepleted_on or course.infused_on
    if begun is None or course.last_infused_on is None:
        return None
    first, last = begun - TLS_BEFORE, course.last_infused_on + TLS_AFTER
    answers = [_lysis(course, held) for held in course.all(Labs) if first <= held.record.on <= last]
    if True in answers:
        return True
    return False if False in answers else None


def _lysis(course: Course, held: Held[Labs]) -> bool | None:
    inputs: dict[str, object] = {}
    for name, (tests, unit, analyte) in TLS_TESTS.items():
        found = _result(held, tests)
        inputs[name] = _value(found.value, unit, analyte) if found else None
    if all(value is None for value in inputs.values()):
        return None
    age = derive_age(course, held.record.on)
    inputs["child"] = None if age is None or age[0] < ADULT <= age[1] else age[1] < ADULT
    inputs |= _baselines(course, held)
    answer = _graded("tls", inputs)
    found_part = answer.parts.get("ltls") if answer else None
    return found_part if isinstance(found_part, bool) else None


def _baselines(course: Course, held: Held[Labs]) -> dict[str, object]:
    """The last earlier result before treatment; without one there is no change to look at."""
    begun = course.lymphodepleted_on or course.infused_on or date.max
    found: dict[str, object] = {}
    for name, (tests, unit, analyte) in TLS_TESTS.items():
        before = [
            value
            for test in tests
            for other, result in results_by_test(course, Labs).get(test, ())
            if other.record.on < min(begun, held.record.on)
            and (value := _value(result.value, unit, analyte)) is not None
        ]
        if before:
            found[f"{name.removesuffix('_umol')}_baseline"] = before[-1]
    return found


def iec_hs_screen(course: Course) -> str | None:
    """`positive`, `negative` or `undecided`, the worst of the draws after infusion; None without a ferritin."""
    start = course.infused_on or date.max
    answers = [
        _screen(course, held)
        for held, result in results_by_test(course, Labs).get("ferritin", ())
        if held.record.on >= start and _value(result.value, "ng/mL") is not None
    ]
    for worst in ("positive", "undecided", "negative"):
        if worst in answers:
            return worst
    return None


def _screen(course: Course, held: Held[Labs]) -> str:
    ferritin = _result(held, ("ferritin",))
    assert ferritin is not None
    # Two manifestations are enough for the screen, so two unknown signs stand for all that no form holds.
    inputs: dict[str, object] = dict.fromkeys(CLINICAL[:2])
    inputs |= {
        "ferritin": _value(ferritin.value, "ng/mL"),
        "ferritin_uln": _positive(_value(ferritin.upper_limit, "ng/mL")),
        "ferritin_rapidly_rising": False,  # a judgement nobody is asked for; the note says so
        "hours_between_manifestations": 0,  # one draw
        "ldh_x_uln": _over_normal(held, "ldh"),
        "pt_aptt_x_uln": None,
        "fibrinogen_mg_dl": _of(held, "fibrinogen", "mg/dL"),
        "triglycerides_mmol": _of(held, "triglycerides", "mmol/L", "triglycerides"),
        "baseline_alt_normal": _normal_before(course, "alt"),
    }
    baseline = _before(course, "ferritin", "ng/mL")
    if baseline is not None and baseline > 0:
        inputs["ferritin_baseline"] = baseline
    for test in ("alt", "ast"):
        now, before = _of(held, test, "U/L"), _before(course, test, "U/L")
        inputs[f"{test}_x_uln"] = _over_normal(held, test)
        inputs[f"{test}_x_baseline"] = now / before if now is not None and before else None
    answer = _graded("iec-hs", inputs)
    screen = answer.parts.get("screen") if answer else None
    return screen if screen in ("positive", "negative") else "undecided"


def _normal_before(course: Course, test: str) -> bool | None:
    found = _last_before(course, test)
    value, limit = (_value(found.value, "U/L"), _value(found.upper_limit, "U/L")) if found else (None, None)
    return None if value is None or limit is None else value <= limit


def _before(course: Course, test: str, unit: str) -> Decimal | None:
    found = _last_before(course, test)
    return _value(found.value, unit) if found else None


def _last_before(course: Course, test: str) -> Result | None:
    """The last result before lymphodepletion, or before the infusion where there was none."""
    begun = course.lymphodepleted_on or course.infused_on or date.max
    found = [result for held, result in results_by_test(course, Labs).get(test, ()) if held.record.on < begun]
    return found[-1] if found else None


def _of(held: Held[Labs], test: str, unit: str, analyte: str | None = None) -> Decimal | None:
    found = _result(held, (test,))
    return _value(found.value, unit, analyte) if found else None


def _over_normal(held: Held[Labs], test: str) -> Decimal | None:
    found = _result(held, (test,))
    if found is None:
        return None
    value, limit = _value(found.value, "U/L"), _positive(_value(found.upper_limit, "U/L"))
    return None if value is None or limit is None else value / limit


def _result(held: Held[Labs], tests: tuple[str, ...]) -> Result | None:
    return next((one for one in held.record.results if one.test in tests), None)


def _positive(value: Decimal | None) -> Decimal | None:
    return value if value else None


def _value(measured: Measured | None, unit: str, analyte: str | None = None) -> Decimal | None:
    """The number in `unit`; None where there is none or its unit is of another kind."""
    if measured is None:
        return None
    try:
        return measured.to(unit, analyte).value
    except UnitError:
        return None


def _graded(scale: str, inputs: dict[str, object]) -> Graded | None:
    """None where a result is impossible for the scale: what cannot be, decides nothing."""
    try:
        return grade(scale, inputs)
    except InputError:
        return None
