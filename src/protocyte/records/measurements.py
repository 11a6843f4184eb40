"""Laboratory draws and bedside examinations: one record an occasion, several results in it."""

from __future__ import annotations

from datetime import time
from typing import ClassVar, Literal

from protocyte.base import Frozen, Measured
from protocyte.records.record import Code, DatedRecord


class Result(Frozen):
    """One analyte: `value` for a number or a bound (`<0.1 %`), `finding` for a word (`negative`)."""

    test: Code
    value: Measured | None = None
    finding: Code | None = None
    lower_limit: Measured | None = None  # of normal, in the laboratory's own unit
    upper_limit: Measured | None = None


class Labs(DatedRecord):
    """A laboratory draw: haematology, chemistry, virology, cytokines."""

    FORM_TITLE: ClassVar = ("Laboratory draw", "实验室检查")
    form: Literal["labs"] = "labs"
    visit: Code | None = None
    at: time | None = None
    specimen: Literal["blood", "urine", "csf"] = "blood"
    results: tuple[Result, ...]


class Examination(DatedRecord):
    """Vital signs, performance status, echocardiogram and the like."""

    FORM_TITLE: ClassVar = ("Examination", "体格与功能检查")
    form: Literal["examination"] = "examination"
    visit: Code | None = None
    at: time | None = None
    results: tuple[Result, ...]
