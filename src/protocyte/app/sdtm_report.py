"""The outputs of a study that is not run here: from a folder of its SDTM data sets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from protocyte.base import Problem, has_errors

if TYPE_CHECKING:
    from protocyte.analysis.catalogue import OutputSet
    from protocyte.analysis.tables import ResultTable
    from protocyte.exchange.sdtm.read import DataSet


@dataclass(frozen=True)
class SdtmOutputs:
    """`tables` are empty where `problems` hold an error: counts of half a data set are not counts."""

    tables: tuple[ResultTable, ...]
    problems: tuple[Problem, ...]
    study: str = ""  # STUDYID, as the subjects' data set has it
    rows: int = 0
    sha256: str = ""  # of the files in order of name


def sdtm_outputs(folder: Path) -> SdtmOutputs:
    """Disposition, demography, exposure, events and laboratory of the subjects in `folder`.

    Missing data sets other than DM are warnings; the tables that need them say so.
    """
    from protocyte.exchange.sdtm.problem import limited
    from protocyte.exchange.sdtm.read import read_folder
    from protocyte.exchange.sdtm.subjects import subjects_of
    from protocyte.exchange.sdtm.tables import tables_of

    data, unread = read_folder(folder)
    subjects, wrong = subjects_of(data)
    problems = limited((*unread, *wrong))
    if has_errors(problems):
        return SdtmOutputs((), problems)
    rows = sum(len(one.lines) for one in data.values())
    return SdtmOutputs(tables_of(subjects, data), problems, _study(data["dm"]), rows, _hash(folder, data))


def _study(dm: DataSet) -> str:
    return next((line["STUDYID"] for line in dm.lines if line["STUDYID"]), "SDTM")


def _hash(folder: Path, data: Mapping[str, DataSet]) -> str:
    files = sorted({one.file for one in data.values()})
    return hashlib.sha256(b"".join((folder / Path(file).name).read_bytes() for file in files)).hexdigest()


def sdtm_set(found: SdtmOutputs) -> OutputSet:
    """The tables as a set of outputs, numbered in the order they are read."""
    from protocyte.analysis.catalogue import OutputSet
    from protocyte.analysis.output import Output
    from protocyte.analysis.tables import Footing

    footing = Footing(found.study, found.sha256, found.rows, None, "", "", "", locked=True)
    outputs = tuple(
        Output(str(number), "table", table.id, table.title, (table,))
        for number, table in enumerate(found.tables, start=1)
    )
    return OutputSet("sdtm", footing, (), (), outputs)
