"""The scopes of rules: which facts an eligibility, DLT or response rule of this study may name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import ValidationError

from protocyte.rules import Fact
from protocyte.study.fact_table import FactRow, fact_rows
from protocyte.study.model import Study, StudyFact

# Days of a subject's course that windows may be told from. They are no records' fields but gates passed.
ANCHORS = (
    Fact(name="consent", kind="date", label_en="consent", label_zh="知情同意"),
    Fact(name="screening", kind="date", label_en="start of screening", label_zh="筛选开始"),
    Fact(name="enrolment", kind="date", label_en="enrolment", label_zh="入组"),
    Fact(name="lymphodepletion", kind="date", label_en="start of lymphodepletion", label_zh="清淋开始"),
    Fact(name="infusion", kind="date", label_en="first infusion", label_zh="首次回输"),
)


def eligibility_scope(study: Study) -> Mapping[str, Fact]:
    """Facts for eligibility criteria: the closed list, the study's own facts and the anchors."""
    return _scope("e", study) | own_facts(study)[0]


def own_facts(study: Study) -> tuple[dict[str, Fact], dict[str, str]]:
    """The study's own facts, and those that cannot be one with the reason (a checked study has none)."""
    listed = {row.name for row in fact_rows()} | {anchor.name for anchor in ANCHORS}
    facts: dict[str, Fact] = {}
    refused: dict[str, str] = {}
    for name, fact in study.facts.items():
        try:
            if name in listed:
                raise ValueError("a listed fact has this name")
            facts[name] = _own_fact(name, fact)
        except ValidationError as invalid:
            refused[name] = invalid.errors()[0]["msg"].removeprefix("Value error, ")
        except ValueError as invalid:
            refused[name] = str(invalid)
    return facts, refused


def dlt_scope(study: Study) -> Mapping[str, Fact]:
    """Facts for DLT criteria, for a further fraction and for climbing: grades reached so far."""
    return _scope("d", study)


def response_scope(study: Study) -> Mapping[str, Fact]:
    """Facts for response categories, adequacy and relapse: one assessment and its baseline."""
    return _scope("r", study)


def _scope(letter: Literal["e", "d", "r"], study: Study) -> dict[str, Fact]:
    # The diagnoses a study may meet are its own: a rule about another one is a slip of the pen.
    diagnoses = tuple(code for disease in study.diseases.values() for code in disease.diagnoses)
    listed = {row.name: _fact(row, diagnoses) for row in fact_rows() if letter in row.scope}
    return listed | {anchor.name: anchor for anchor in ANCHORS}


def _fact(row: FactRow, diagnoses: tuple[str, ...]) -> Fact:
    return Fact.model_validate(
        {
            "name": row.name,
            "kind": row.kind,
            "unit": row.unit,
            "analyte": row.analyte or None,
            "codes": diagnoses if row.source == "disease:diagnosis" else row.codes,
            "label_en": row.en,
            "label_zh": row.zh,
            "series": row.series,
        }
    )


def _own_fact(name: str, fact: StudyFact) -> Fact:
    return Fact(
        name=name,
        kind=fact.kind,
        unit=fact.unit or "1",
        codes=fact.codes,
        label_en=fact.label.en,
        label_zh=fact.label.zh,
        series=True,
    )
