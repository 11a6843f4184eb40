"""How fast the room loads and grades. Run: python bench/bench_vocab.py"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal

from protocyte.vocab.grading import grade
from protocyte.vocab.inputs import inputs_of

COUNT = 20_000


def main() -> None:
    base = imported("protocyte.base")
    print(f"import protocyte.base                  {base:7.3f} s")
    print(f"import protocyte.vocab, beyond base    {imported('protocyte.vocab') - base:7.3f} s")
    print(f"import vocab.grading, beyond base      {imported('protocyte.vocab.grading') - base:7.3f} s")
    timed("laboratory values, all different", COUNT, one_lab)
    timed("laboratory values without a limit", COUNT // 20, open_lab)
    timed("CRS assessments, repeating", COUNT, one_crs)
    timed(
        "CRS assessments, nothing known",
        COUNT,
        lambda _: grade("astct-crs", dict.fromkeys(inputs_of("astct-crs"))),
    )


def imported(module: str) -> float:
    """The best of five imports in a fresh interpreter, in seconds, without the interpreter's own start."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    runs = (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(5)
    )
    return min(float(run.stdout) for run in runs)


def timed(name: str, count: int, work: Callable[[int], object]) -> None:
    work(0)
    start = time.perf_counter()
    for number in range(count):
        work(number)
    took = time.perf_counter() - start
    print(f"{name:38s} {took:7.3f} s for {count} ({took / count * 1e6:.0f} us each)")


def one_lab(number: int) -> object:
    value = Decimal(number) / 4000
    return grade("ctcae-5.0", {"term": "10029366", "value": value, "unit": "10^9/L", "lln": Decimal("1.8")})


def open_lab(number: int) -> object:
    return grade(
        "ctcae-5.0", {"term": "10011368", "value": Decimal(number + 1), "unit": "umol/L", "baseline": None}
    )


def one_crs(number: int) -> object:
    return grade(
        "astct-crs", {"fever": True, "hypotension": bool(number % 2), "vasopressor_count_excl_vasopressin": 1}
    )


if __name__ == "__main__":
    main()
