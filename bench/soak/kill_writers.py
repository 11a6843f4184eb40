"""Kill ten thousand ledger writers (SIGKILL, at random moments) and look at what each left behind.

    python bench/soak/kill_writers.py [--kills 10000] [--seed 1] [--folder DIR]

Half of the kills go to each durable ledger. The folder decides which disk is tried. Exit 1 if anything
acknowledged was lost or any batch was half there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from ledger_histories import DURABLE
from ledger_kills import kill_writers


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    failures = []
    for kind in DURABLE:
        start = time.monotonic()
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            tally = kill_writers(kind, Path(folder), options.kills // len(DURABLE), options.seed)
        print(f"{kind}: {tally} ({time.monotonic() - start:.0f} s)", flush=True)
        failures += tally.failures
    print("\n".join(failures) or "nothing acknowledged was lost, no batch was half there")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
