"""All tables of a folder."""

from __future__ import annotations

from dataclasses import replace

from protocyte.analysis.tables import ResultTable
from protocyte.exchange.sdtm.adverse import by_severity, by_term, overview
from protocyte.exchange.sdtm.blocks import said
from protocyte.exchange.sdtm.labs import lab_shifts
from protocyte.exchange.sdtm.people import demography, disposition, exposure
from protocyte.exchange.sdtm.read import DataSet
from protocyte.exchange.sdtm.subjects import Subject

# Without these a table would show zeros where nothing was read.
_FROM = {
    "sdtm_exposure": ("ex",),
    "sdtm_ae_overview": ("ex", "ae"),
    "sdtm_ae_by_term": ("ex", "ae"),
    "sdtm_ae_by_severity": ("ex", "ae"),
    "sdtm_lab_shifts": ("ex", "lb"),
}


def tables_of(subjects: tuple[Subject, ...], data: dict[str, DataSet]) -> tuple[ResultTable, ...]:
    """In the order of a study report: disposition, demography, exposure, events, laboratory."""
    made = (
        disposition(subjects, frozenset(data)),
        demography(subjects),
        exposure(subjects),
        overview(subjects, _flags(data)),
        by_term(subjects),
        by_severity(subjects),
        lab_shifts(subjects),
    )
    return tuple(_honest(table, data) for table in made)


def _honest(table: ResultTable, data: dict[str, DataSet]) -> ResultTable:
    missing = [domain.upper() for domain in _FROM.get(table.id, ()) if domain not in data]
    return replace(table, rows=(), empty=said("not_made", domains=missing)) if missing else table


def _flags(data: dict[str, DataSet]) -> dict[tuple[str, str], str]:
    lines = data["suppae"].lines if "suppae" in data else ()
    return {
        (line["USUBJID"], line["IDVARVAL"]): line["QVAL"].upper()
        for line in lines
        if line["QNAM"] == "AETRTEM" and line["IDVAR"] == "AESEQ"
    }
