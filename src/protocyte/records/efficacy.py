"""Marrow, extramedullary disease, measurable residual disease, relapse, kinetics, immunogenicity."""

from __future__ import annotations

from typing import ClassVar, Literal

from protocyte.base import Measured
from protocyte.records.record import Code, DatedRecord


class Marrow(DatedRecord):
    """A bone-marrow examination, with what its adequacy rests on."""

    FORM_TITLE: ClassVar = ("Bone marrow", "骨髓检查")
    form: Literal["marrow"] = "marrow"
    visit: Code | None = None
    blasts: Measured | None = None  # % of nucleated cells (CMML: with promonocytes)
    auer_rods: bool | None = None
    cells_counted: int | None = None
    cellularity: Measured | None = None
    spicules: bool | None = None
    mrd: Literal["negative", "positive"] | None = None
    mrd_method: Code | None = None
    mrd_value: Measured | None = None


class Extramedullary(DatedRecord):
    FORM_TITLE: ClassVar = ("Extramedullary disease", "髓外病变")
    form: Literal["extramedullary"] = "extramedullary"
    visit: Code | None = None
    present: bool
    sites: tuple[Code, ...] = ()
    cns: Literal["cns1", "cns2", "cns3"] | None = None


class ResponseCall(DatedRecord):
    """The investigator's own response category, kept beside the computed one."""

    FORM_TITLE: ClassVar = ("Investigator's response", "研究者疗效评价")
    form: Literal["response_call"] = "response_call"
    visit: Code
    response: Code


class Relapse(DatedRecord):
    """Relapse or progression, dated at its first evidence."""

    FORM_TITLE: ClassVar = ("Relapse or progression", "复发或进展")
    form: Literal["relapse"] = "relapse"
    kind: Literal["hematologic", "extramedullary", "molecular", "progression"]
    antigen: Literal["positive", "negative", "dim", "unknown"] = "unknown"


class KineticsSample(DatedRecord):
    """One cellular-kinetics result. Below the quantification limit it is written as a bound, not as zero."""

    FORM_TITLE: ClassVar = ("Cellular kinetics sample", "细胞动力学样本")
    form: Literal["kinetics_sample"] = "kinetics_sample"
    visit: Code | None = None
    analyte: Code
    matrix: Literal["blood", "marrow", "csf"]
    assay: Literal["qpcr", "ddpcr", "flow", "immunoassay"]
    value: Measured
    lloq: Measured | None = None
    lod: Measured | None = None


class AntiDrugAntibody(DatedRecord):
    FORM_TITLE: ClassVar = ("Anti-drug antibody", "抗药抗体")
    form: Literal["anti_drug_antibody"] = "anti_drug_antibody"
    visit: Code | None = None
    result: Literal["negative", "positive"]
    titre: int | None = None
    neutralising: bool | None = None
