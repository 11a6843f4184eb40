"""TITE-BOIN, every row of the reference tables."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

import pytest

from protocyte.designs import TiteBoin
from protocyte.designs.interval import DU, LETTERS, D, E, S
from protocyte.designs.tite_boin import SUSPEND
from reference_folder import reference_file

NAMES = LETTERS | {SUSPEND: "SUSPEND"}


def rows(name: str) -> Iterator[dict[str, str]]:
    with reference_file(f"dose-finding/{name}").open(encoding="utf-8") as file:
        yield from csv.DictReader(line for line in file if not line.startswith("#"))


@pytest.mark.reference
def test_the_effective_sample_size_rule_decides_as_titegboin() -> None:
    count = 0
    for row in rows("tite_boin_decision.csv"):
        design = TiteBoin(target=float(row["target"]), version="effective_sample_size")
        n, pending, dlts = int(row["n"]), int(row["n_pending"]), int(row["dlt"])
        code = design.code_while_waiting(n, dlts, pending, float(row["stft"]))
        assert NAMES[code] == row["decision"], row
        count += 1
    print(f"tite_boin_decision.csv: {count} rows")


@pytest.mark.reference
def test_the_thresholds_of_the_published_rule_are_the_closed_form() -> None:
    count = 0
    for row in rows("tite_boin_stft.csv"):
        design = TiteBoin(target=float(row["target"]))
        n, pending, dlts = int(row["n"]), int(row["pending"]), int(row["dlt"])
        up, down = design.thresholds(n, dlts, pending)
        assert up == pytest.approx(float(row["escalate_if_stft_ge"]), abs=1e-6), row
        assert down == pytest.approx(float(row["deescalate_if_stft_le"]), abs=1e-6), row
        assert (pending > design.suspend_above * n) == (row["suspend"] == "1"), row
        count += 1
    print(f"tite_boin_stft.csv: {count} rows")


@pytest.mark.reference
def test_the_published_table_for_target_0_2() -> None:
    """A number is a threshold to two decimals; a plain Y stands for a decision that is not suspension."""
    count = 0
    design = TiteBoin(target=0.20)
    for row in rows("tite_boin_published_t20.csv"):
        n = int(row["n"])
        for dlts in span(row["dlt"], n):
            for pending in span(row["pending"], n - dlts):
                check(design, n, dlts, pending, row["action"])
        count += 1
    print(f"tite_boin_published_t20.csv: {count} rows")


def span(cell: str, most: int) -> range:
    sign, number = re.fullmatch(r"(<=|>=)?(\d+)", cell).groups()
    value = int(number)
    if sign is None:
        return range(value, value + 1)
    return range(value, most + 1) if sign == ">=" else range(min(value, most) + 1)


def check(design: TiteBoin, n: int, dlts: int, pending: int, action: str) -> None:
    shares = [pending * i / 50 for i in range(51)] if pending else [0.0]
    codes = [design.code_while_waiting(n, dlts, pending, share) for share in shares]
    place = (n, dlts, pending, action)
    if action == "escalate":
        assert set(codes) == {E}, place
    elif action == "suspend":
        assert set(codes) == {SUSPEND}, place
    elif action == "deescalate&eliminate":
        assert set(codes) == {DU}, place
    elif action == "Y?":
        assert SUSPEND not in codes, place
    elif match := re.fullmatch(r"escalate if STFT>=([\d.]+) else stay", action):
        cut = float(match[1])
        assert round(design.thresholds(n, dlts, pending)[0], 2) == cut, place
        assert design.code_while_waiting(n, dlts, pending, cut + 0.005) == E, place
        assert design.code_while_waiting(n, dlts, pending, cut - 0.006) == S, place
    else:
        cut = float(re.fullmatch(r"stay if STFT>([\d.]+) else deescalate", action)[1])
        assert round(design.thresholds(n, dlts, pending)[1], 2) == cut, place
        assert design.code_while_waiting(n, dlts, pending, cut + 0.006) == S, place
        assert design.code_while_waiting(n, dlts, pending, cut - 0.006) == D, place
