"""CTCAE terms of three versions: names, codes, organ classes, which grades exist, and what they mean.

What is shipped are facts (names, codes, grades) and short wording of our own for the terms that a CAR-T trial
meets most. NCI's wording is public: `install_official` reads its published table into a folder of the
user's. Wording is for reading only; no grade is ever computed from it.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from protocyte.vocab.lab_lines import read_rows
from protocyte.vocab.unusable import unusable

VERSIONS = ("4.03", "5.0", "6.0")
GRADES = (1, 2, 3, 4, 5)
# What an installed table holds at least, for it to be a table of the version it is said to be.
LEAST_SHARE = 0.9
_COLUMNS = ("meddra_code", "term", *(f"grade_{grade}" for grade in GRADES))
# How NCI heads its workbooks, after folding to lower case and underscores.
_HEADINGS = {
    "ctcae_term": "term",
    "ctcae_v4_0_term": "term",
    "ctcae_v5_0_term": "term",
    "ctcae_v6_0_term": "term",
    "meddra_llt_code": "meddra_code",
    "meddra_soc": "soc",
    "ctcae_v4_0_soc": "soc",
}
# Read by people only: better words never change what was graded.
_WORDS = ("messages", "ctcae_wording.csv")
_UNUSED = re.compile(r"[^a-z0-9]+")


class Term(NamedTuple):
    """`grades` are those that exist for the term; `code` is MedDRA's as NCI prints it."""

    version: str
    code: str
    name: str
    soc: str
    grades: tuple[int, ...]


class Installed(NamedTuple):
    """What `install_official` did: terms read, terms we do not know, and terms the file does not have."""

    version: str
    path: Path
    terms: int
    unknown: tuple[str, ...]
    absent: tuple[str, ...]


class Wording(NamedTuple):
    """`official` tells NCI's text from ours."""

    text: str
    official: bool


def terms(version: str) -> tuple[Term, ...]:
    """All terms of a version, by organ class and name. Raises `InputError` for a version nobody has."""
    return tuple(_by_code(_known(version)).values())


def find_term(version: str, name_or_code: str | int) -> Term | None:
    """The term with this MedDRA code or (whatever its case) name, or None."""
    word = str(name_or_code).strip()
    return _by_code(_known(version)).get(word) or _by_name(version).get(word.casefold())


def wording(version: str, code: str, grade: int, folder: Path | None = None) -> Wording | None:
    """What a grade of a term means: official wording where it is installed in `folder`, else our own."""
    version = _known(version)
    official = {} if folder is None else _read_installed(installed_path(version, folder))
    text = official.get((code, grade))
    if text:
        return Wording(text, official=True)
    own = _own_wording(version).get((code, grade))
    return Wording(own, official=False) if own else None


def installed_path(version: str, folder: Path) -> Path:
    return folder / f"ctcae-{version}.csv"


def install_official(version: str, file: Path, folder: Path) -> Installed:
    """Read NCI's table of `version` (CSV, one row a term) from `file` into `folder`.

    Raises `InputError` where the file has no such columns, holds too few terms of that version, or agrees
    better with another. Nothing is written unless the whole file was read.
    """
    rows = _official_rows(file)
    known = _by_code(_known(version))
    found = {row["meddra_code"]: row for row in rows}
    shared = known.keys() & found.keys()
    likeness = {one: _likeness(one, found) for one in VERSIONS}
    likest = max(likeness, key=lambda one: likeness[one])
    if likeness[version] < likeness[likest]:
        raise unusable("table-of-another", file=file.name, likest=likest)
    if len(shared) < LEAST_SHARE * len(known):
        raise unusable(
            "table-too-short", file=file.name, shared=len(shared), known=len(known), version=version
        )
    path = installed_path(version, folder)
    _write_whole(path, rows)
    unknown = tuple(sorted(row["term"] for code, row in found.items() if code not in known))
    absent = tuple(sorted(known[code].name for code in known.keys() - found.keys()))
    return Installed(version, path, len(shared), unknown, absent)


@cache
def vocabulary_hash() -> str:
    """SHA-256 over every data file of this room: what a decision names to say by which rules it graded."""
    digest = hashlib.sha256()
    for name in data_files():
        content = resources.files("protocyte").joinpath("vocab", *name.split("/")).read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


@cache
def data_files() -> tuple[str, ...]:
    """The data files that define grades, terms and responses, as paths in the room; words do not count."""
    files = _files_in(resources.files("protocyte").joinpath("vocab"))
    return tuple(sorted(name for name in files if not name.startswith(_WORDS)))


def _files_in(folder: Traversable, prefix: str = "") -> Iterator[str]:
    for one in folder.iterdir():
        if one.is_dir():
            yield from _files_in(one, f"{prefix}{one.name}/")
        elif one.name.endswith((".csv", ".toml", ".yaml")):
            yield prefix + one.name


def _known(version: str) -> str:
    if version not in VERSIONS:
        raise unusable("not-one-of", name="version", given=repr(version), known=VERSIONS)
    return version


@cache
def _by_code(version: str) -> dict[str, Term]:
    found = {}
    for row in read_rows("ctcae_terms.csv"):
        if row[f"v{version}"]:
            grades = tuple(int(digit) for digit in row[f"v{version}"])
            found[row["code"]] = Term(version, row["code"], row["name"], row["soc"], grades)
    return found


@cache
def _by_name(version: str) -> dict[str, Term]:
    return {term.name.casefold(): term for term in _by_code(version).values()}


def _likeness(version: str, rows: Mapping[str, Mapping[str, str]]) -> Fraction:
    """The share of terms, of both sides, that agree in name and in which grades exist."""
    known = _by_code(version)
    agreed = 0
    for code, row in rows.items():
        grades = tuple(grade for grade in GRADES if row[f"grade_{grade}"])
        agreed += code in known and (known[code].name, known[code].grades) == (row["term"], grades)
    return Fraction(agreed, len(known.keys() | rows.keys()))


@cache
def _own_wording(version: str) -> dict[tuple[str, int], str]:
    return {
        (row["code"], grade): row[f"g{grade}"]
        for row in read_rows("ctcae_wording.csv")
        if version in row["versions"].split()
        for grade in GRADES
        if row[f"g{grade}"]
    }


def _official_rows(file: Path) -> list[dict[str, str]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise unusable("table-not-text", file=file.name) from None
    except OSError as error:
        raise unusable("table-unreadable", file=file.name, why=error.strerror) from None
    try:
        rows = [_folded(row) for row in csv.DictReader(text.splitlines(keepends=True), strict=True)]
    except csv.Error as error:
        raise unusable("table-not-csv", file=file.name, why=error) from None
    missing = [name for name in _COLUMNS if not rows or name not in rows[0]]
    if missing:
        raise unusable("table-lacks", file=file.name, known=missing)
    return [row for row in rows if row["meddra_code"] and row["term"]]


def _folded(row: dict[str | None, str | list[str] | None]) -> dict[str, str]:
    """A row by our column names: NCI's headings vary in case, blanks and version."""
    plain = {}
    for heading, text in row.items():
        if isinstance(heading, str) and not isinstance(text, list):
            name = _UNUSED.sub("_", heading.strip().lower()).strip("_")
            plain[_HEADINGS.get(name, name)] = (text or "").strip()
    return plain


def _write_whole(path: Path, rows: Iterable[dict[str, str]]) -> None:
    """Write beside the target and move into place, so that half a table is never read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, _COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    os.replace(unfinished, path)


def _read_installed(path: Path) -> dict[tuple[str, int], str]:
    if not path.exists():
        return {}
    return {
        (row["meddra_code"], grade): row[f"grade_{grade}"]
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines(keepends=True))
        for grade in GRADES
    }
