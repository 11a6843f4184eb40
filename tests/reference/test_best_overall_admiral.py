"""Best overall response with solid-tumour rules against admiralonco, on every sequence of the folder."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest

from protocyte.derive.best_overall import (
    SOLID_TUMOUR,
    SOLID_TUMOUR_UNCONFIRMED,
    Counted,
    best_overall,
    counted_responses,
    first_counted,
)
from reference_folder import reference_file

pytestmark = pytest.mark.reference
FOLDER = "adam/admiral_oracle"
START = date(2024, 1, 1)  # day 1 of every subject, by ADT - ADY + 1


def rows(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(reference_file(f"{FOLDER}/{name}"), "rt", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def ours(parameter: str, sequence: list[tuple[date, str]]) -> tuple[str, str]:
    rules = SOLID_TUMOUR_UNCONFIRMED if parameter == "BOR" else SOLID_TUMOUR
    counted = counted_responses(sequence, rules, START)
    if parameter == "CRSP":
        found: Counted | None = first_counted(counted, ("CR", "PR"))
        return ("Y", str(found.on)) if found else ("N", "")
    found = best_overall(counted, rules)
    return (found.counts_as, str(found.on)) if found else ("MISSING", "")


def test_best_confirmed_and_first_confirmed_response_are_admirals_on_every_sequence():
    sequences: dict[str, list[tuple[date, str]]] = {}
    for row in rows("bor_input_sequences.csv.gz"):
        on = date.fromisoformat(row["ADT"])
        assert (on - START).days + 1 == int(row["ADY"])
        sequences.setdefault(row["USUBJID"], []).append((on, row["AVALC"]))
    wrong, tried = [], Counter[str]()
    for row in rows("bor_expected.csv.gz"):
        expected = (row["AVALC"], row["ADT"])
        found = ours(row["PARAMCD"], sequences[row["USUBJID"]])
        tried[row["PARAMCD"]] += 1
        if found != expected:
            wrong.append((row["USUBJID"], row["SEQ"], row["PARAMCD"], found, expected))
    print(f"{dict(tried)} answers for {len(sequences)} sequences")
    assert not wrong, wrong[:10]
    assert tried
