"""From cells to product: the chain of custody, with every way it can break."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from protocyte.base import Measured, Quantity
from protocyte.records.measurements import Result
from protocyte.records.record import Code, DatedRecord, SubjectRecord, Text, TrialRecord


class Leukapheresis(DatedRecord):
    FORM_TITLE: ClassVar = ("Leukapheresis", "单采")
    form: Literal["leukapheresis"] = "leukapheresis"
    collected: Quantity | None = None
    adequate: bool


class DonorLot(TrialRecord):
    """A lot of an allogeneic product, made before any subject needs it."""

    FORM_TITLE: ClassVar = ("Donor lot", "供者批次")
    form: Literal["donor_lot"] = "donor_lot"
    lot: Code
    donor: Code
    manufactured: date
    expires: date | None = None
    released: bool
    viability: Measured | None = None
    transduction: Measured | None = None
    residual_tcr: Measured | None = None
    attributes: tuple[Result, ...] = ()  # other qualities by test: cd4_cd8_ratio, memory_phenotype, potency


class LotAllocation(DatedRecord):
    FORM_TITLE: ClassVar = ("Donor lot allocation", "供者批次分配")
    form: Literal["lot_allocation"] = "lot_allocation"
    lot: Code


class Manufacture(SubjectRecord):
    """One manufacturing run for one subject."""

    FORM_TITLE: ClassVar = ("Manufacture", "制备")
    form: Literal["manufacture"] = "manufacture"
    lot: Code
    started: date
    finished: date | None = None
    outcome: Literal["running", "made", "failed"]
    reason: Text | None = None


class Release(DatedRecord):
    """The quality decision on a lot. `dose` is what was made, per kg, of viable receptor-positive cells."""

    FORM_TITLE: ClassVar = ("Product release", "产品放行")
    form: Literal["release"] = "release"
    lot: Code
    outcome: Literal["released", "out_of_specification_released", "rejected"]
    dose: Quantity
    viability: Measured | None = None
    transduction: Measured | None = None
    copies: Measured | None = None
    attributes: tuple[Result, ...] = ()  # other qualities by test: cd4_cd8_ratio, memory_phenotype, potency
    reason: Text | None = None
