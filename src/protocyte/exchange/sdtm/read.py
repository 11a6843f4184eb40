"""From the files of a folder to the cells of each domain, each with its place; no meaning is given here.

A data set is `<domain>.csv` or `<domain>.csv.gz`: UTF-8, a header of variable names, commas, and cells quoted
where they hold commas, quotes or ends of lines (RFC 4180). What is not so is a problem, never a guess: one
cell shifted to the left would be counted as something else.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from protocyte.base import Problem
from protocyte.exchange.sdtm.problem import sdtm_problem

MAX_BYTES = 400_000_000  # unpacked; a small .gz can unpack to anything

# Variables without which a domain cannot be counted. Others are used where a data set has them.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "dm": ("USUBJID", "AGE", "SEX", "RACE", "ARM", "ACTARM"),
    "ds": ("USUBJID", "DSSEQ", "DSDECOD", "DSCAT"),
    "ex": ("USUBJID", "EXSEQ", "EXTRT", "EXDOSE", "EXSTDTC", "EXENDTC"),
    "ae": ("USUBJID", "AESEQ", "AEDECOD", "AEBODSYS", "AESEV", "AESER", "AEREL", "AESTDTC", "AEENDTC"),
    "lb": ("USUBJID", "LBSEQ", "LBTESTCD", "LBSTRESN", "LBSTNRLO", "LBSTNRHI", "LBDTC"),
    "vs": ("USUBJID", "VSSEQ", "VSTESTCD", "VSSTRESN", "VSSTRESU", "VSDTC"),
    "suppae": ("USUBJID", "IDVAR", "IDVARVAL", "QNAM", "QVAL"),
}
DOMAINS = tuple(NEEDED)
_OPTIONAL = ("suppae",)


@dataclass(frozen=True)
class Line:
    """A row of a data set. A variable the data set does not have reads as empty."""

    number: int  # where it begins in the file, from 1
    cells: Mapping[str, str]

    def __getitem__(self, variable: str) -> str:
        return self.cells.get(variable, "")


@dataclass(frozen=True)
class DataSet:
    """`variables` in the order of the file, upper case."""

    domain: str
    file: str
    variables: tuple[str, ...]
    lines: tuple[Line, ...]

    def has(self, variable: str) -> bool:
        return variable in self.variables

    def column(self, variable: str) -> int | None:
        return self.variables.index(variable) + 1 if variable in self.variables else None

    def problem(self, name: str, line: Line, variable: str, **params: object) -> Problem:
        """A problem with this cell."""
        column = self.column(variable)
        return sdtm_problem(name, self.file, line.number, column, variable, **params)  # type: ignore[arg-type]


def read_folder(folder: Path) -> tuple[dict[str, DataSet], tuple[Problem, ...]]:
    """Every domain found, by its name. A missing `dm` is an error, any other missing domain a warning."""
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        return {}, (sdtm_problem("no_folder", str(folder), reason=error.strerror or ""),)
    found: dict[str, DataSet] = {}
    problems: list[Problem] = []
    for domain in DOMAINS:
        files = [name for name in names if name.lower() in (f"{domain}.csv", f"{domain}.csv.gz")]
        if len(files) > 1:
            problems.append(sdtm_problem("file_twice", files[0], domain=domain.upper(), other=files[1]))
        elif files:
            data_set, wrong = _read_file(folder / files[0], domain)
            problems += wrong
            if data_set is not None:
                found[domain] = data_set
        elif domain not in _OPTIONAL:
            severity = "error" if domain == "dm" else "warning"
            problems.append(
                sdtm_problem("no_domain", f"{domain}.csv", severity=severity, domain=domain.upper())  # type: ignore[arg-type]
            )
    return found, tuple(problems)


def _read_file(path: Path, domain: str) -> tuple[DataSet | None, list[Problem]]:
    data = _bytes(path)
    if isinstance(data, Problem):
        return None, [data]
    return parse_csv(data, path.name, domain)


def _bytes(path: Path) -> bytes | Problem:
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as source:
            data = source.read(MAX_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return sdtm_problem("not_gzip", path.name)
    except OSError as error:
        return sdtm_problem("not_readable", path.name, reason=error.strerror or "")
    return sdtm_problem("too_large", path.name, limit=MAX_BYTES) if len(data) > MAX_BYTES else data


def parse_csv(data: bytes, file: str, domain: str) -> tuple[DataSet | None, list[Problem]]:
    """The cells of one data set, or why they cannot be read. With a header alone it has no lines."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return None, [sdtm_problem("not_utf8", file, line, byte=f"0x{data[error.start]:02x}")]
    if "\0" in text:
        return None, [sdtm_problem("binary", file, text.count("\n", 0, text.index("\0")) + 1)]
    if not text.strip():
        return None, [sdtm_problem("empty", file, 1)]
    rows: list[tuple[int, list[str]]] = []
    try:
        rows.extend(_rows(text))
    except csv.Error:
        number = rows[-1][0] + 1 if rows else 1
        return None, [sdtm_problem("broken_quotes", file, number)]
    return _with_header(rows, file, domain)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line each begins on; a cell may hold ends of lines. Blank lines are passed over."""
    source = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    for row in source:
        if row:
            yield begins, row
        begins = source.line_num + 1


def _with_header(
    rows: list[tuple[int, list[str]]], file: str, domain: str
) -> tuple[DataSet | None, list[Problem]]:
    if not rows:
        return None, [sdtm_problem("empty", file, 1)]
    first, header = rows[0]
    variables = tuple(name.strip().upper() for name in header)
    problems = [
        sdtm_problem("variable_twice", file, first, index + 1, name, variable_name=name)
        for index, name in enumerate(variables)
        if name in variables[:index]
    ]
    problems += [
        sdtm_problem("no_variable", file, first, variable=name, variable_name=name, domain=domain.upper())
        for name in NEEDED[domain]
        if name not in variables
    ]
    if problems:
        return None, problems
    lines = []
    for number, row in rows[1:]:
        if len(row) != len(variables):
            problems.append(sdtm_problem("cells", file, number, found=len(row), wanted=len(variables)))
        else:
            lines.append(Line(number, dict(zip(variables, (cell.strip() for cell in row), strict=True))))
    data_set = DataSet(domain, file, variables, tuple(lines))
    problems += _identified(data_set)
    return data_set, problems


def _identified(data_set: DataSet) -> list[Problem]:
    """Every row is of its domain and of a subject, and no subject has the same row twice."""
    sequence = "" if data_set.domain in ("dm", "suppae") else f"{data_set.domain.upper()}SEQ"
    seen: dict[tuple[str, str], int] = {}
    problems = []
    for line in data_set.lines:
        subject, number = line["USUBJID"], line[sequence] if sequence else ""
        if line["DOMAIN"].lower() not in ("", data_set.domain):
            problems.append(data_set.problem("other_domain", line, "DOMAIN", found=line["DOMAIN"]))
        if not subject:
            problems.append(data_set.problem("no_subject", line, "USUBJID"))
        elif data_set.domain != "suppae" and (subject, number) in seen:
            name = "row_twice" if sequence else "subject_twice"
            before = seen[subject, number]
            problems.append(
                data_set.problem(
                    name, line, sequence or "USUBJID", subject=subject, number=number, before=before
                )
            )
        seen.setdefault((subject, number), line.number)
    return problems
