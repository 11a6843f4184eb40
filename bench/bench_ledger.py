"""How fast the ledger is: durable appends, verify, open (read, check and fold), at 1e3, 1e4 and 1e5 entries.

    python bench/bench_ledger.py [--largest 100000] [--folder DIR]

Targets at 1e5: verify <= 0.3 s, open <= 3 s, and both linear. Entries are a mix as a trial has it: laboratory
draws mostly, one in twenty an amendment, one in forty signed. The best of three runs is shown.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from protocyte.base import digest_of
from protocyte.ledger import (
    NO_ENTRY,
    Amended,
    Casebook,
    Event,
    Ledger,
    MemoryLedger,
    Recorded,
    Signed,
    StudyAdopted,
    append_and_fold,
    fold,
    verify,
)
from protocyte.store import open_ledger

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
ANALYTES = (
    "hb",
    "wbc",
    "anc",
    "plt",
    "ldh",
    "ferritin",
    "crp",
    "il6",
    "alt",
    "ast",
    "bilirubin",
    "creatinine",
)


def draw(n: int, **changes: str) -> dict[str, Any]:
    values = {name: f"{(n * k) % 997}.{n % 10} U/L" for k, name in enumerate(ANALYTES, 3)}
    day = START + timedelta(hours=n)
    return {
        "form": "labs" if n % 3 else "adverse_event", "version": 1, "subject": f"S-{n % 60:03d}",
        "drawn": day.date().isoformat(), "values": values | changes,
    }  # fmt: skip


def events() -> Iterator[Event]:
    yield StudyAdopted(trial="bench", study={"study": "bench"}, digest="0" * 64, effective="2026-03-01")
    n = 0
    while True:
        n += 1
        record = draw(n)
        yield Recorded(record_id=f"labs-{n}", record=record)
        if n % 20 == 0:
            changed = draw(n, ldh="300 U/L")
            yield Amended(
                record_id=f"labs-{n}", record=changed, replaces=digest_of(record), reason="late result"
            )
        if n % 40 == 1:
            yield Signed(record_id=f"labs-{n}", signs=digest_of(record), meaning="reviewed")


def fill(ledger: Ledger, size: int) -> Ledger:
    source, head = events(), NO_ENTRY
    for n in range(0, size, 1000):
        batch = [next(source) for _ in range(min(1000, size - n))]
        head = ledger.append(batch, after=head, at=START + timedelta(seconds=n), by="b", role="r")[-1].hash
    return ledger


def best(work: Callable[[], Any], runs: int = 3) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def appends_per_second(ledger: Ledger, batch: int, seconds: float = 2.0) -> float:
    """Events a second, one durable append after another, as `app` makes them: folded, then written."""
    source, casebook, done = events(), Casebook(), 0
    start = time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        news = [next(source) for _ in range(batch)]
        casebook = append_and_fold(ledger, casebook, news, at=START, by="b", role="r")
        done += batch
    return done / spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--largest", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        print("entries  ledger    MB   verify s  us/entry   open s  us/entry   current() s   apply us")
        for size in (s for s in (1_000, 10_000, 100_000, 1_000_000) if s <= options.largest):
            for kind in ("jsonl", "sqlite"):
                row(open_ledger(folder / f"{size}.{kind}", create=True), kind, size, folder)
        print("\nevents a second   in ones   in tens")
        for kind in ("memory", "jsonl", "sqlite"):
            rates = []
            for batch in (1, 10):
                path = folder / f"append-{batch}.{kind}"
                ledger = MemoryLedger() if kind == "memory" else open_ledger(path, create=True)
                rates.append(appends_per_second(ledger, batch))
                ledger.close()
            print(f"{kind:15s} {rates[0]:9.0f} {rates[1]:9.0f}")


def row(ledger: Ledger, kind: str, size: int, folder: Path) -> None:
    fill(ledger, size)
    megabytes = sum(path.stat().st_size for path in folder.glob(f"{size}.{kind}*")) / 1e6
    verifying, opening = best(lambda: verify(ledger.raw())), best(lambda: fold(ledger.entries()))
    casebook = fold(ledger.entries())
    reading = best(casebook.current)
    (entry,) = ledger.append(
        [Recorded(record_id="one-more", record=draw(1))], after=casebook.head, at=START, by="b", role="r"
    )
    applying = best(lambda: casebook.apply(entry), runs=5)
    ledger.close()
    print(
        f"{size:7d}  {kind:7s} {megabytes:5.1f} {verifying:9.3f} {verifying / size * 1e6:9.2f} "
        f"{opening:9.3f} {opening / size * 1e6:9.2f} {reading:12.4f} {applying * 1e6:10.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
