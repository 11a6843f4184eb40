"""Consent and what is known of a subject before treatment."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from protocyte.base import Measured, PartialDate, Quantity
from protocyte.records.record import Code, DatedRecord, SubjectRecord, Text


class Consent(DatedRecord):
    """Informed consent; for a minor the guardian's consent and the subject's own assent."""

    FORM_TITLE: ClassVar = ("Informed consent", "知情同意")
    form: Literal["consent"] = "consent"
    document_version: Code
    given_by: Literal["subject", "guardian"] = "subject"
    assent: bool | None = None


class Demographics(SubjectRecord):
    """`birth` is kept to the month (or year): enough for age rules, too little to identify."""

    FORM_TITLE: ClassVar = ("Demographics", "人口学资料")
    form: Literal["demographics"] = "demographics"
    birth: PartialDate
    age: int | None = None  # completed years at consent, where the month of birth leaves a doubt
    sex: Literal["female", "male"]
    childbearing_potential: bool | None = None
    race: Code | None = None
    ethnicity: Code | None = None
    on: date


class Disease(DatedRecord):
    """The leukemia at screening: diagnosis and the facts that relapsed/refractory categories rest on."""

    FORM_TITLE: ClassVar = ("Disease history", "疾病史")
    form: Literal["disease"] = "disease"
    diagnosis: Code
    diagnosed: PartialDate | None = None
    prior_lines: int | None = None
    induction_courses_without_remission: int | None = None
    relapses: int | None = None
    first_remission_duration: Quantity | None = None
    refractory_to_last_line: bool | None = None
    prior_transplant: bool | None = None
    extramedullary: bool | None = None
    risk: Code | None = None
    genetics: tuple[Code, ...] | None = None  # lesions found, such as tp53; empty: looked for and none found


class Antigen(DatedRecord):
    """Expression of the target antigen on blasts."""

    FORM_TITLE: ClassVar = ("Target antigen", "靶抗原表达")
    form: Literal["antigen"] = "antigen"
    antigen: Code
    positive: bool | None = None
    percent: Measured | None = None
    specimen: Literal["marrow", "blood", "tissue"] | None = None
    method: Literal["flow", "immunohistochemistry"] | None = None


class History(DatedRecord):
    """Past or present conditions asked about. `status` absent is an answer; a condition not listed is not."""

    FORM_TITLE: ClassVar = ("Medical history", "既往史")
    form: Literal["history"] = "history"
    condition: Code
    status: Literal["absent", "past", "present", "suspected"]
    last: PartialDate | None = None
    controlled: bool | None = None
    grade: int | None = None
    description: Text | None = None


class PriorTherapy(SubjectRecord):
    """One earlier anti-leukemic therapy, with what its washout depends on."""

    FORM_TITLE: ClassVar = ("Prior therapy", "既往治疗")
    form: Literal["prior_therapy"] = "prior_therapy"
    therapy: Code
    kind: Literal["systemic", "checkpoint", "radiotherapy", "transplant", "cell_therapy", "vaccine", "other"]
    line: int | None = None
    last_dose: PartialDate
    half_life: Quantity | None = None
    best_response: Code | None = None


class Judgement(DatedRecord):
    """A criterion that needs a clinician's judgement, answered by one."""

    FORM_TITLE: ClassVar = ("Judgement of a criterion", "入排标准判断")
    form: Literal["judgement"] = "judgement"
    criterion: Code
    met: bool
    reason: Text
