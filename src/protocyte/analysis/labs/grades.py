"""CTCAE grades of laboratory results, by the version of CTCAE the study names.

A result is graded by its value alone: whether a low potassium gave symptoms or was treated no laboratory knows,
so of the grades that only such a condition tells apart the lowest is taken, and the outputs say so. A normal
limit that is missing is another matter: then the grade is in doubt between what remains possible.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from protocyte.analysis.labs.results import Drawn, after_infusion, baseline_of
from protocyte.base import InputError
from protocyte.derive.course import Course
from protocyte.study.model import Study
from protocyte.vocab.grading import grade
from protocyte.vocab.lab_lines import lab_terms

WORST = 4  # CTCAE has no death by a laboratory value


@dataclass(frozen=True)
class Analyte:
    """What is measured, the names a laboratory may file it under, and the CTCAE terms (MedDRA codes) it decides.

    A direction has one term a version; where versions call it by different codes all of them stand here.
    """

    name: str
    low: tuple[str, ...] = ()
    high: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    sub_test: str | None = None

    @property
    def tests(self) -> tuple[str, ...]:
        return (self.name, *self.also)


# In the order a report lists them: haematology, coagulation, liver, kidney and electrolytes, metabolism.
ANALYTES: tuple[Analyte, ...] = (
    Analyte("hemoglobin", low=("10002272",), high=("10055599",)),
    Analyte("wbc", low=("10049182",), high=("10024378",), also=("leukocytes",)),
    Analyte("anc", low=("10029366",), high=("10029368",), also=("neutrophils",)),
    Analyte("lymphocytes", low=("10025256", "10025327"), high=("10025258",), also=("alc",)),
    Analyte("cd4", low=("10007839",), also=("cd4_cells",)),
    Analyte("eosinophils", high=("10014950",)),
    Analyte("platelets", low=("10035528", "10043554"), high=("10043563",)),
    Analyte("aptt", high=("10000636",)),
    Analyte("inr", high=("10022402",)),
    Analyte("fibrinogen", low=("10016596",)),
    Analyte("haptoglobin", low=("10019150",)),
    Analyte("alt", high=("10001551",)),
    Analyte("ast", high=("10003481",)),
    Analyte("alp", high=("10001675",)),
    Analyte("ggt", high=("10056910",)),
    Analyte("bilirubin", high=("10005364",), also=("total_bilirubin",)),
    Analyte("albumin", low=("10020943",)),
    Analyte("ldh", high=("10005630",)),
    Analyte("ck", high=("10011268",), also=("cpk",)),
    Analyte("amylase", high=("10040139",)),
    Analyte("lipase", high=("10024574",)),
    Analyte("creatinine", high=("10011368",)),
    Analyte("sodium", low=("10021038",), high=("10020680",)),
    Analyte("potassium", low=("10021018",), high=("10020647",)),
    Analyte("magnesium", low=("10021028",), high=("10020670",)),
    Analyte(
        "corrected_calcium", low=("10020949",), high=("10020587",), also=("calcium_corrected",),
        sub_test="corrected calcium",
    ),
    Analyte("ionized_calcium", low=("10020949",), high=("10020587",), sub_test="ionized calcium"),
    Analyte("phosphate", low=("10021059",), high=("10020712",), also=("phosphorus",)),
    Analyte("bicarbonate", low=("10005359",)),
    Analyte("urate", high=("10020907",), also=("uric_acid",)),
    Analyte("glucose", low=("10021005",), high=("10020639",), sub_test="any glucose"),
    Analyte("fasting_glucose", low=("10021005",), high=("10020639",), sub_test="fasting glucose"),
    Analyte("cholesterol", high=("10008661",)),
    Analyte("triglycerides", high=("10020870",)),
)  # fmt: skip
GRADABLE = frozenset(test for analyte in ANALYTES for test in analyte.tests)


class Term(NamedTuple):
    """A term of the study's CTCAE version that an analyte decides in one direction."""

    code: str
    name: str
    direction: str  # low or high


class Bounds(NamedTuple):
    """The lowest and the highest grade that what is known allows."""

    least: int
    most: int

    @property
    def known(self) -> bool:
        return self.least == self.most


class LabGrade(NamedTuple):
    drawn: Drawn
    grade: Bounds


@dataclass(frozen=True)
class Graded:
    """One analyte of one subject in one direction: the baseline, and every result after the infusion."""

    analyte: Analyte
    term: Term
    baseline: LabGrade | None
    after: tuple[LabGrade, ...]

    @property
    def worst(self) -> Bounds | None:
        return worst(one.grade for one in self.after)


def terms(study: Study, analyte: Analyte) -> tuple[Term, ...]:
    names = lab_terms(study.scales.ae.removeprefix("ctcae-"))
    return tuple(
        Term(code, names[code], direction)
        for direction, codes in (("low", analyte.low), ("high", analyte.high))
        for code in codes
        if code in names
    )


def graded(study: Study, course: Course) -> tuple[Graded, ...]:
    """Every analyte of which the subject has a result before treatment or after the infusion, each direction."""
    return course.keep(study, ("lab_grades",), lambda: tuple(_graded(study, course)))


def _graded(study: Study, course: Course) -> Iterable[Graded]:
    for analyte in ANALYTES:
        before = max(
            (one for test in analyte.tests if (one := baseline_of(course, test))),
            key=lambda one: one.on,
            default=None,
        )
        after = sorted(
            (one for test in analyte.tests for one in after_infusion(course, test)), key=lambda one: one.on
        )
        if before is None and not after:
            continue
        for term in terms(study, analyte):
            yield Graded(
                analyte,
                term,
                LabGrade(before, _grade(study, analyte, term, before, None)) if before else None,
                tuple(LabGrade(one, _grade(study, analyte, term, one, before)) for one in after),
            )


def worst(grades: Iterable[Bounds]) -> Bounds | None:
    """The bounds of the highest of them; None of none."""
    seen = tuple(grades)
    return Bounds(max(one.least for one in seen), max(one.most for one in seen)) if seen else None


def _grade(study: Study, analyte: Analyte, term: Term, one: Drawn, baseline: Drawn | None) -> Bounds:
    """A result the scale cannot read (a unit of another kind, limits that cross) may have any grade."""
    inputs: dict[str, object] = {"term": term.code, "value": one.value}
    if analyte.sub_test is not None:
        inputs["sub_test"] = analyte.sub_test
    limits = {"lln": one.result.lower_limit, "uln": one.result.upper_limit}
    inputs |= {name: limit for name, limit in limits.items() if limit is not None}
    if baseline is not None and not baseline.value.bound:
        inputs["baseline"] = baseline.value
    try:
        answer = grade(study.scales.ae, inputs)
    except InputError:
        return Bounds(0, WORST)
    least, most = min(answer.grades), max(answer.grades)
    return Bounds(least, least if set(answer.missing) <= {"clinical_condition"} else most)
