"""How fast outputs are made: `python bench/bench_reports.py`. Two cores, Python 3.11.

Targets: the full catalogue of 60 subjects in HTML in 20 s, in all formats in 60 s; 200 subjects grow linearly; a
safety review packet in 5 s. The trials are virtual ones of the CD7 study with a year of follow-up, conducted before the
clock starts; what is measured is everything from the opened trial to the bytes.
"""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from protocyte.app.demo import last_day, virtual_trial
from protocyte.app.outputs import FORMATS, write_set
from protocyte.conduct import Desk
from protocyte.derive.course import Trial
from trials import loaded


def main() -> None:
    gc.set_threshold(200_000, 50, 50)  # as the command line sets it
    for subjects in (20, 66, 220):
        desk = virtual_trial(loaded("cd7-cart"), seed=1, most_subjects=subjects)
        infused = sum(course.infused_on is not None for course in desk.trial.courses)
        print(f"{len(desk.trial.courses)} subjects, {infused} infused, {desk.casebook.seq} entries")
        print(f"  full catalogue, html       {timed(desk, 'full', ('html',)):6.1f} s")
        if subjects > 20:
            for format in FORMATS[1:]:
                print(f"  full catalogue, {format:10s} {timed(desk, 'full', (format,)):6.1f} s")
            print(f"  full catalogue, all formats {timed(desk, 'full', FORMATS):5.1f} s")
        print(f"  safety review, html and pdf {timed(desk, 'safety-review', ('html', 'pdf')):5.1f} s")


def timed(desk: Desk, name: str, formats: tuple[str, ...]) -> float:
    """A fresh view each time: nothing derived is kept from one run to the next."""
    trial = Trial(desk.casebook, desk.trial.studies)
    with TemporaryDirectory() as folder:
        began = time.perf_counter()
        write_set(trial, Path(folder), name, formats, last_day(trial), "en")  # type: ignore[arg-type]
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
