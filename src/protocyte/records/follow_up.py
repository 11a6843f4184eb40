"""Visits, contacts, later therapy and death."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from protocyte.records.record import Code, DatedRecord, SubjectRecord, Text


class Visit(DatedRecord):
    FORM_TITLE: ClassVar = ("Visit", "访视")
    form: Literal["visit"] = "visit"
    visit: Code


class MissedVisit(DatedRecord):
    """A visit that did not happen; `on` is the day it was due."""

    FORM_TITLE: ClassVar = ("Missed visit", "缺失访视")
    form: Literal["missed_visit"] = "missed_visit"
    visit: Code
    reason: Text


class Contact(DatedRecord):
    """The subject was known to be alive on this day: the dated evidence survival is censored at."""

    FORM_TITLE: ClassVar = ("Survival contact", "生存随访")
    form: Literal["contact"] = "contact"
    source: Literal["visit", "telephone", "record", "registry"] = "visit"


class Death(DatedRecord):
    FORM_TITLE: ClassVar = ("Death", "死亡")
    form: Literal["death"] = "death"
    cause: Literal["disease", "product", "lymphodepletion", "infection", "transplant", "other", "unknown"]
    detail: Text | None = None


class Transplant(SubjectRecord):
    """Haematopoietic stem-cell transplant; endpoints look at the start of conditioning."""

    FORM_TITLE: ClassVar = ("Stem-cell transplant", "造血干细胞移植")
    form: Literal["transplant"] = "transplant"
    conditioning: date
    on: date | None = None
    donor: Literal["autologous", "sibling", "unrelated", "haploidentical", "cord"] | None = None


class NewTherapy(DatedRecord):
    """Anti-leukemic therapy after the product that the protocol did not plan."""

    FORM_TITLE: ClassVar = ("New anti-leukemic therapy", "新的抗白血病治疗")
    form: Literal["new_therapy"] = "new_therapy"
    therapy: Code
    kind: Literal["anti_leukemic", "donor_lymphocytes", "maintenance", "cell_therapy"]


class SecondMalignancy(DatedRecord):
    FORM_TITLE: ClassVar = ("Second malignancy", "继发恶性肿瘤")
    form: Literal["second_malignancy"] = "second_malignancy"
    diagnosis: Code
    vector_positive: bool | None = None
