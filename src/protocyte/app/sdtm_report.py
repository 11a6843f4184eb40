"""The outputs of a study that is not run here: from a folder of its SDTM data sets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from protocyte.base import Problem, has_errors

if TYPE_CHECKING:
    from protocyte.analysis.tables import ResultTable


@dataclass(frozen=True)
class SdtmOutputs:
    """`tables` are empty where `problems` hold an error: counts of half a data set are not counts."""

    tables: tuple[ResultTable, ...]
    problems: tuple[Problem, ...]


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
    return SdtmOutputs(() if has_errors(problems) else tables_of(subjects, data), problems)
