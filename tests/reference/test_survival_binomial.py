"""Clopper-Pearson against R's binom.test: every row, both levels."""

from __future__ import annotations

import pytest

from protocyte.stats.binomial import clopper_pearson
from survival_reference import close, rows

pytestmark = pytest.mark.reference


def test_every_clopper_pearson_limit_is_binom_tests():
    table = rows("clopper_pearson.csv")
    x, n = [int(row["x"]) for row in table], [int(row["n"]) for row in table]
    for percent in (95, 90):
        ours = clopper_pearson(x, n, percent / 100)
        for i, row in enumerate(table):
            assert close(ours.estimate[i], row["est"]), row
            assert close(ours.lower[i], row[f"lower{percent}"]), row
            assert close(ours.upper[i], row[f"upper{percent}"]), row
    print(f"{len(table)} rows at two levels")
