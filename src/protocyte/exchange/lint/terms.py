"""TERM-01: words that are not the field's, with the word that is."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources

from protocyte.exchange.lint.finding import Finding, warning
from protocyte.exchange.lint.foreign import LYMPHOID, MYELOID
from protocyte.exchange.lint.reading import Record, pattern

_BLANK = r"[\s-]*"


@cache
def dictionary() -> tuple[tuple[re.Pattern[str], str, str], ...]:
    """(pattern, the standard term, severity) of `nonstandard_terms.csv`; `_` stands for any blank or hyphen."""
    text = resources.files("protocyte.exchange.lint").joinpath("nonstandard_terms.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(
        (pattern(r"\b(?:" + row["found"].replace("_", _BLANK) + ")"), row["standard"], row["severity"])
        for row in rows
    )


def terms_are_standard(record: Record) -> Iterator[Finding]:
    """Once a term: a word used throughout is one habit, not many defects."""
    for words, standard, severity in dictionary():
        if said := record.find(words):
            found = words.search(said.text)
            params: dict[str, object] = {"text": found.group() if found else "", "standard": standard}
            yield Finding(
                "TERM-01.term.nonstandard", "warning" if severity == "warning" else "info", said, params
            )


def population_is_named_narrowly(record: Record) -> Iterator[Finding]:
    if "acute-leukemia" in record.diseases and not record.diseases & (MYELOID | LYMPHOID):
        yield warning("TERM-01.disease.scope", record.title)


DETECTORS = (terms_are_standard, population_is_named_narrowly)
