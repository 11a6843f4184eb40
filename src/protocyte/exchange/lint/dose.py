"""DOSE-01: what is counted, per what, up to what, and how a split dose is split."""

from __future__ import annotations

from collections.abc import Iterator

from protocyte.exchange.lint.features import CELLS, dose_statements, doses, value
from protocyte.exchange.lint.finding import Finding, error, info, warning
from protocyte.exchange.lint.reading import Record, pattern

_TYPE = pattern(
    r"(?:CAR|STAR|TCR|transduced|positive|viable|transfected|modified|total\s+(?:T|nucleated)|\w\+)"
    r"[^.;:,]{0,30}?(?:cells?|/\s*kg)"
)
_BEFORE = 30  # characters before the first number in which a type is still the dose's own
_AFTER = 45
_SPLIT = pattern(r"\bsplit\b|\bfractionated\b|\bfractions?\b(?!\s+shortening)|\bdivided\s+(?:dose|into)")
_SPLIT_PLAN = pattern(r"\bday\s*[0-9]|\bD[0-9]\b|\d{1,3}\s*%|\b(?:two|three|2|3)\s+consecutive\s+days")
_ANY_DOSE = pattern(
    r"(?<![A-Za-z\d])\d[\d.,]*\s*(?:million|billion|[×x*]\s*10\S*|(?<=\d{5})|(?<=,000))\s*(?:[\w+-]+\s){0,4}?cells\b"
    r"|\bcells?\s*/\s*kg|\bcells\s+per\s+k|\d\s*[×x*]\s*10\S*\s*/\s*kg"
)
_CAP = pattern(
    r"\b(?:max(?:imum)?|cap(?:ped)?|not\s+(?:to\s+)?exceed|up\s+to|at\s+most)\b|\bflat\b|\bfixed\s+dose"
)
_PAST = pattern(r"\bsubjects\s+received\b|\bpatients\s+received\s+the\b")
# Doses per kg in approved labels and published leukemia trials lie between 5e4 and 1e7 (tisagenlecleucel label:
# 0.2 to 5 million; brexucabtagene: 1 to 2 million); ten times that is a total dose or a misprint.
_IMPLAUSIBLE_PER_KG = 100_000_000


def dose_is_stated(record: Record) -> Iterator[Finding]:
    if record.says(CELLS) and not dose_statements(record) and not record.says(_ANY_DOSE):
        arm = record.field("arm", "intervention")
        yield error("DOSE-01.dose.missing", arm or record.title)


def cells_are_named(record: Record) -> Iterator[Finding]:
    """`cells/kg` may be viable receptor-positive cells, or all T cells: they differ several times over."""
    if not record.says(CELLS):
        return
    for said in dose_statements(record):
        found = doses(said)
        near = said.text[max(0, found[0].start - _BEFORE) : found[-1].end + _AFTER]
        if any(dose.unit for dose in found) and not _TYPE.search(near):
            yield error("DOSE-01.dose.cell_type_unspecified", said)
            return


def dose_can_be_meant(record: Record) -> Iterator[Finding]:
    for said in dose_statements(record):
        per_kg = [dose for dose in doses(said) if "kg" in dose.unit]
        if per_kg and max(value(dose) for dose in per_kg) >= _IMPLAUSIBLE_PER_KG and record.says(CELLS):
            highest = max(value(dose) for dose in per_kg)
            yield error("DOSE-01.dose.upper_bound_implausible", said, dose=f"{highest:.1E}")
            return


def split_is_planned(record: Record) -> Iterator[Finding]:
    for said in record.lines:
        if _SPLIT.search(said.text) and CELLS.search(said.text):
            if not _SPLIT_PLAN.search(said.text):
                yield error("DOSE-01.dose.split_unspecified", said)
            return


def weight_dose_has_a_cap(record: Record) -> Iterator[Finding]:
    stated = [said for said in dose_statements(record) if any("kg" in dose.unit for dose in doses(said))]
    if stated and not any(_CAP.search(said.text) for said in record.lines if "kg" in said.text):
        yield warning("DOSE-01.dose.cap_missing", stated[0])


def dose_is_a_plan(record: Record) -> Iterator[Finding]:
    for said in dose_statements(record):
        if _PAST.search(said.text):
            yield info("DOSE-01.dose.past_tense", said)
            return


DETECTORS = (
    dose_is_stated,
    cells_are_named,
    dose_can_be_meant,
    split_is_planned,
    weight_dose_has_a_cap,
    dose_is_a_plan,
)
