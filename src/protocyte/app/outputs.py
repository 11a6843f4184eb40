"""Sets of outputs as files: one a format, all laid out from the same cells, with a list of what was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from protocyte.app.unusable import unusable
from protocyte.base import Language
from protocyte.derive.course import Trial

if TYPE_CHECKING:
    from protocyte.analysis.catalogue import OutputSet, SetName
    from protocyte.reports.document import Document
    from protocyte.study.model import Study

LAYOUTS = ("html", "rtf", "docx", "pdf")
FORMATS = (*LAYOUTS, "csv", "json")
Progress = Callable[[str], None]


def nothing(step: str) -> None:
    """For those who do not watch."""


@dataclass(frozen=True)
class Written:
    """A file of a set, with the SHA-256 of its bytes: the same trial, day and language give the same."""

    path: Path
    format: str
    sha256: str


def parse_formats(text: str) -> tuple[str, ...]:
    """`html,pdf` as formats, in the order asked for. Raises `InputError` naming what is not one."""
    wanted = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    unknown = [one for one in wanted if one not in FORMATS]
    if unknown or not wanted:
        raise unusable("no_such_format", text=text, known=FORMATS)
    return wanted


def parse_set(text: str) -> SetName:
    from protocyte.analysis.catalogue import SetName as Names

    known = tuple(name for name in get_args(Names) if name != "sdtm")  # that one is asked for with its folder
    for name in known:
        if name == text:
            return name  # type: ignore[no-any-return]
    raise unusable("no_such_set", text=text, known=known)


def write_set(
    trial: Trial,
    folder: Path,
    name: SetName,
    formats: Sequence[str],
    as_of: date,
    language: Language,
    cohort: str | None = None,
    progress: Progress = nothing,
) -> tuple[Written, ...]:
    """Everything is computed and laid out before the first file is written: nothing is left half done."""
    from protocyte.analysis.catalogue import build_set

    outputs = build_set(trial, as_of, name, cohort, progress)
    return write_outputs(outputs, trial.study, folder, formats, language, progress)


def write_outputs(
    outputs: OutputSet,
    study: Study | None,
    folder: Path,
    formats: Sequence[str],
    language: Language,
    progress: Progress = nothing,
) -> tuple[Written, ...]:
    """The files of a set that is already computed, and their manifest."""
    from protocyte.reports.assemble import assemble

    document = assemble(outputs, study, language, progress) if set(formats) & set(LAYOUTS) else None
    files = {one: _bytes(one, outputs, document, language, progress) for one in formats}
    written = _write(folder, outputs.name, files)
    _write_manifest(folder, outputs.name, outputs, language, written)
    return written


def _bytes(
    format: str, outputs: OutputSet, document: Document | None, language: Language, progress: Progress
) -> bytes:
    from protocyte.reports.numbers import as_csv, as_json

    progress(format)
    if document is not None and format in LAYOUTS:
        from protocyte.reports.formats import lay_out

        return lay_out(document, format)
    return as_csv(outputs, language) if format == "csv" else as_json(outputs, language)


def _write(folder: Path, name: str, files: dict[str, bytes]) -> tuple[Written, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for format, content in files.items():
        path = folder / f"{name}.{format}"
        path.write_bytes(content)
        written.append(Written(path, format, hashlib.sha256(content).hexdigest()))
    return tuple(written)


def _write_manifest(
    folder: Path, name: str, outputs: OutputSet, language: Language, written: Sequence[Written]
) -> None:
    """What the files stand on, so that a file found years later can be told to be this one."""
    footing = outputs.footing
    told = {
        "set": name,
        "cohort": outputs.cohort,
        "language": language,
        "trial": footing.trial,
        "study": footing.study,
        "version": footing.version,
        "digest": footing.digest,
        "entry": footing.seq,
        "head": footing.head,
        "as_of": footing.as_of.isoformat() if footing.as_of else None,
        "outputs": [f"{one.kind} {one.number} {one.id}" for one in outputs.outputs],
        "files": {one.path.name: one.sha256 for one in written},
    }
    text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    (folder / f"{name}.manifest.json").write_text(text, encoding="utf-8")
