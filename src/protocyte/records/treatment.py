"""Bridging, lymphodepletion and infusion."""

from __future__ import annotations

from datetime import date, time
from typing import ClassVar, Literal

from protocyte.base import Frozen, Quantity
from protocyte.records.record import Code, DatedRecord, Level, SubjectRecord, Text


class Bridging(SubjectRecord):
    FORM_TITLE: ClassVar = ("Bridging therapy", "桥接治疗")
    form: Literal["bridging"] = "bridging"
    therapy: Code
    started: date
    ended: date | None = None


class AgentGiven(Frozen):
    agent: Code
    dose: Quantity | None = None


class Lymphodepletion(DatedRecord):
    """One day of lymphodepletion; `completes` marks the last planned day."""

    FORM_TITLE: ClassVar = ("Lymphodepletion", "清淋预处理")
    form: Literal["lymphodepletion"] = "lymphodepletion"
    agents: tuple[AgentGiven, ...]
    completes: bool = False


class Infusion(DatedRecord):
    """One infusion or fraction: assigned, manufactured and infused dose are all kept.

    `planned` is what this fraction should hold, `manufactured` what the bag held, `infused` what went in;
    all in viable receptor-positive cells per kg of the weight measured on `weight_on`.
    """

    FORM_TITLE: ClassVar = ("Infusion", "回输")
    form: Literal["infusion"] = "infusion"
    at: time | None = None
    dose_level: Level
    fraction: int = 1
    lot: Code
    planned: Quantity
    manufactured: Quantity
    infused: Quantity
    weight: Quantity
    weight_on: date
    interrupted: bool = False


class FractionWithheld(DatedRecord):
    """A planned fraction was not given. Withheld for toxicity, the subject stays evaluable."""

    FORM_TITLE: ClassVar = ("Fraction withheld", "分次回输未执行")
    form: Literal["fraction_withheld"] = "fraction_withheld"
    fraction: int
    reason: Literal["toxicity", "product", "subject", "other"]
    detail: Text | None = None


class Medication(SubjectRecord):
    """A concomitant medicine, with what it was given for (CRS and ICANS care are looked up here)."""

    FORM_TITLE: ClassVar = ("Concomitant medication", "合并用药")
    form: Literal["medication"] = "medication"
    medicine: Code
    kind: Literal[
        "anticytokine",
        "corticosteroid",
        "vasopressor",
        "antipyretic",
        "growth_factor",
        "anti_infective",
        "immunosuppressant",
        "transplant_conditioning",
        "other",
    ]
    given_for: Literal["crs", "icans", "infection", "gvhd", "cytopenia", "prophylaxis", "other"]
    started: date
    ended: date | None = None
    dose: Quantity | None = None


class Transfusion(DatedRecord):
    FORM_TITLE: ClassVar = ("Transfusion", "输血")
    form: Literal["transfusion"] = "transfusion"
    product: Literal["red_cells", "platelets", "plasma", "granulocytes"]
    amount: Quantity | None = None
