"""Decision tables and recommended levels, every row of the reference tables."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest

from protocyte.designs import Boin, I3Plus3, Keyboard, Mtpi2
from protocyte.designs.interval import DU, LETTERS, Codes, D, E, IntervalDesign
from reference_folder import reference_file


def rows(name: str) -> Iterator[dict[str, str]]:
    with reference_file(f"dose-finding/{name}").open(encoding="utf-8") as file:
        yield from csv.DictReader(line for line in file if not line.startswith("#"))


def bounds(codes: Codes, n: int) -> tuple[str, str, str]:
    """(escalate if at most, de-escalate if at least, eliminate if at least) as text, empty for never."""
    row = codes[n, : n + 1]
    up = [y for y in range(n + 1) if row[y] == E]
    down = [y for y in range(n + 1) if row[y] in (D, DU)]
    out = [y for y in range(n + 1) if row[y] == DU]
    return str(max(up)) if up else "", str(min(down)) if down else "", str(min(out)) if out else ""


def check_boundaries(name: str, design: type[IntervalDesign]) -> None:
    count = 0
    for row in rows(name):
        codes = design(target=float(row["target"])).table(30)
        expected = (row["escalate_if_le"], row["deescalate_if_ge"], row["eliminate_if_ge"])
        assert bounds(codes, int(row["n"])) == expected, row
        count += 1
    print(f"{name}: {count} rows")
    assert count


@pytest.mark.reference
def test_boin_boundaries_are_those_of_the_r_package() -> None:
    check_boundaries("boin_boundary.csv", Boin)


@pytest.mark.reference
def test_keyboard_boundaries_are_those_of_the_r_package() -> None:
    check_boundaries("keyboard_boundary.csv", Keyboard)


@pytest.mark.reference
def test_boin_lambdas_are_those_of_the_r_package() -> None:
    count = 0
    for row in rows("boin_lambda.csv"):
        design = Boin(target=float(row["target"]), p_saf=float(row["p_saf"]), p_tox=float(row["p_tox"]))
        expected = (float(row["lambda_e"]), float(row["lambda_d"]))
        assert design.lambdas() == pytest.approx(expected, abs=6e-11)
        assert Boin(target=float(row["target"])).lambdas() == pytest.approx(expected, abs=6e-11)
        count += 1
    print(f"boin_lambda.csv: {count} rows")


@pytest.mark.reference
def test_boin_selects_the_level_the_r_package_selects() -> None:
    count = 0
    for row in rows("boin_select_mtd_cases.csv"):
        n, y = ([int(part) for part in row[name].split(";")] for name in ("n", "y"))
        found = Boin(target=0.30, levels=len(n)).select(n, y)
        assert (found or 99) == int(row["mtd_99_none"]), row
        count += 1
    print(f"boin_select_mtd_cases.csv: {count} rows")


@pytest.mark.reference
def test_mtpi2_decides_as_the_r_package() -> None:
    count = 0
    for row in rows("mtpi2_decision.csv"):
        code = Mtpi2(target=float(row["target"])).table(30)[int(row["n"]), int(row["y"])]
        assert (code != DU) == (row["dose_admissible"] == "TRUE"), row
        assert LETTERS[int(code)][0] == row["decision"], row
        count += 1
    print(f"mtpi2_decision.csv: {count} rows")


@pytest.mark.reference
def test_i3plus3_decides_by_the_published_rule() -> None:
    count = 0
    for row in rows("i3p3_decision.csv"):
        code = I3Plus3(target=float(row["target"])).table(30)[int(row["n"]), int(row["y"])]
        assert LETTERS[int(code)] == row["decision"], row
        count += 1
    print(f"i3p3_decision.csv: {count} rows")
