"""Writers killed in the middle of their work, and what must be left of it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from ledger_histories import DURABLE, START, STUDY, form
from protocyte.ledger import NO_ENTRY, Broken, Ledger, Recorded, Verified, checked, verify
from protocyte.store import repair_torn_tail

KILLS_A_LEDGER = 10  # a fresh ledger now and then, so that looking at all of it stays quick
MOST_AWAITED = 4  # appends a writer may finish before its time starts to run, however slow the machine
LONGEST_LIFE = 0.008  # seconds it lives at most from then on


@dataclass
class Tally:
    """What a series of kills met; `failures` must stay empty."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return ", ".join(f"{number} {what}" for what, number in sorted(self.counts.items()))


def kill_writers(kind: str, folder: Path, kills: int, seed: int) -> Tally:
    """Start a writer, kill it (SIGKILL) at a random moment, look at what is left; `kills` times."""
    chance, tally = random.Random(seed), Tally()
    for number in range(kills):
        place = folder / f"{kind}-{number // KILLS_A_LEDGER}"
        if number % KILLS_A_LEDGER == 0:
            shutil.rmtree(folder / f"{kind}-{number // KILLS_A_LEDGER - 1}", ignore_errors=True)
            place.mkdir()
            promised: dict[int, str] = {}
        acknowledged = _kill_one_writer(kind, place, chance)
        tally.counts["kills"] += 1
        tally.counts["acknowledged appends"] += len(acknowledged)
        promised.update(acknowledged[-1:])  # the chain vouches for those before
        for failure in _look(kind, place, promised, tally):
            tally.failures.append(f"{kind} kill {number} (seed {seed}): {failure}")
    return tally


def _kill_one_writer(kind: str, place: Path, chance: random.Random) -> list[tuple[int, str]]:
    """What the writer had acknowledged when it died: the seq and hash after each append."""
    seed, awaited, life = chance.random(), chance.randint(0, MOST_AWAITED), chance.uniform(0, LONGEST_LIFE)
    read_end, write_end = os.pipe()
    writer = os.fork()
    if writer == 0:
        try:
            os.close(read_end)
            _write_for_ever(DURABLE[kind](place), write_end, random.Random(seed))
        finally:
            os._exit(1)  # whatever happened, never return into the parent's program
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        assert pipe.readline() == b"ready\n", "the writer could not open its ledger"
        said = [pipe.readline() for _ in range(awaited)]
        time.sleep(life)
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        said += pipe.read().splitlines()
    return [(int(seq), digest) for seq, digest in (line.decode().split() for line in said)]


def _write_for_ever(ledger: Ledger, pipe: int, chance: random.Random) -> None:
    seq, head = ledger.head()
    os.write(pipe, b"ready\n")
    while True:
        # Mostly small batches; some of hundreds of kilobytes, so that a kill can meet the writing itself.
        size = chance.choice([1, 1, 2, 3, 8])
        filler = "x" * chance.choice([10, 300, 300, 60_000])
        batch = f"after-{seq}"
        events = [
            STUDY if seq == 0 else Recorded(
                record_id=f"{batch}.{n}", record=form("batch", batch=batch, size=size, filler=filler)
            )
            for n in range(size if seq else 1)
        ]  # fmt: skip
        at = START + timedelta(seconds=seq)
        last = ledger.append(events, after=head, at=at, by="writer", role="test")[-1]
        seq, head = last.seq, last.hash
        os.write(pipe, f"{seq} {head}\n".encode())


def _look(kind: str, place: Path, promised: dict[int, str], tally: Tally) -> list[str]:
    ledger = DURABLE[kind](place)
    try:
        return list(_failures(kind, place, ledger, promised, tally))
    finally:
        ledger.close()


def _failures(kind: str, place: Path, ledger: Ledger, promised: dict[int, str], tally: Tally) -> list[str]:
    result = verify(ledger.raw())
    if kind == "jsonl" and isinstance(result, Broken) and result.why.key == "ledger.torn":
        tally.counts["torn ends named"] += 1
        aside = repair_torn_tail(place / "ledger.jsonl")
        tally.counts["torn ends set aside"] += aside is not None
        result = verify(ledger.raw())
    if not isinstance(result, Verified):
        return [f"broken at {result.seq}: {result.why}"]
    raw = list(ledger.raw())
    hashes = [NO_ENTRY, *(digest for _, digest in raw)]
    lost = [seq for seq, digest in promised.items() if hashes[seq : seq + 1] != [digest]]
    batches: Counter[tuple[str, int]] = Counter()
    for entry in checked(raw):
        if entry.seq > 1:
            record = entry.content["event"]["record"]
            batches[record["batch"], record["size"]] += 1
    halves = [name for (name, size), met in batches.items() if met != size]
    tally.counts["entries checked"] += len(raw)
    tally.counts["unacknowledged but whole"] += len(raw) > max(promised, default=0)
    promised[len(raw)] = hashes[-1]  # what was seen once must stay
    return [f"lost {lost}"] * bool(lost) + [f"half a batch {halves}"] * bool(halves)
