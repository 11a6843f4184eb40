"""Simulated operating characteristics whose blocks are kept in a file, so that an interrupted run goes on.

The file is JSON lines: the first names the question by its hash, each other line is a block of trials of one
truth. Blocks depend on the seed and their number alone, so a longer run takes over those of a shorter one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from protocyte.app.unusable import unusable
from protocyte.designs import (
    BlockSums,
    Course,
    Design,
    combine,
    simulate_blocks,
    simulate_timeline,
    with_levels,
)
from protocyte.designs.truth import check_truth

TRIALS_IN_DAYS = 2_000  # followed day by day, one by one
Kept = dict[int, dict[int, BlockSums]]  # by truth, by block


@dataclass(frozen=True)
class Simulation:
    """What is simulated. With a `course` days, products and replacements count; without one outcomes are
    known at once."""

    design: Design
    truths: Sequence[Sequence[float]]
    trials: int
    seed: int
    workers: int = 1
    course: Course | None = None

    def question(self) -> str:
        """A hash of everything the numbers depend on, but how many trials are asked for."""
        design = with_levels(self.design, len(self.truths[0]))
        asked = {
            "design": design.design,
            "node": design.model_dump(mode="json"),
            "truths": [list(truth) for truth in self.truths],
            "seed": self.seed,
            "course": self.course.model_dump(mode="json") if self.course else None,
        }
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def read_course(given: dict[str, Any]) -> Course:
    """`Course` from plain data; `InputError` naming the field that is wrong."""
    try:
        return Course.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "course"
        raise unusable("wrong_course", where=where, why=first["msg"]) from None


def run_simulation(
    asked: Simulation, keep: Path | None = None, progress: Callable[[int], None] = lambda done: None
) -> list[dict[str, Any]]:
    """One record a truth, as `operating_characteristics(...).rows()` gives; `progress` hears of trials done.

    With `keep` each block is in that file before the next begins. Raises `InputError` where the file belongs
    to another question.
    """
    truths = [check_truth(truth, asked.design.levels) for truth in asked.truths]
    kept = _read(keep, asked.question()) if keep is not None else {}
    with _opened(keep, asked.question()) as file:
        rows = []
        for place, truth in enumerate(truths):
            before = place * asked.trials
            known = kept.get(place, {})
            blocks = []
            watch = lambda done, before=before: progress(before + done)  # noqa: E731
            for block in _blocks(asked, truth, list(known.values()), watch):
                blocks.append(block)
                if file is not None and known.get(block.block) != block:
                    _write(file, {"truth": place} | block.model_dump(mode="json"))
            rows += combine(truth, blocks).rows()
    return rows


def _blocks(
    asked: Simulation, truth: Any, kept: list[BlockSums], progress: Callable[[int], None]
) -> Iterator[BlockSums]:
    options: dict[str, Any] = {"kept": kept, "progress": progress, "levels": len(truth)}
    if asked.course is None:
        return simulate_blocks(asked.design, truth, asked.trials, asked.seed, asked.workers, **options)
    found: Iterator[BlockSums] = simulate_timeline(
        asked.design, asked.course, truth, asked.trials, asked.seed, asked.workers, **options
    )
    return found


def _opened(keep: Path | None, question: str) -> AbstractContextManager[IO[str] | None]:
    if keep is None:
        return nullcontext()
    new = not keep.exists() or not keep.stat().st_size
    file = keep.open("a", encoding="utf-8")
    if new:
        _write(file, {"question": question})
    return file


def _write(file: IO[str], line: dict[str, Any]) -> None:
    file.write(json.dumps(line) + "\n")
    file.flush()


def _read(keep: Path, question: str) -> Kept:
    """The whole blocks of the file; a torn last line is cut off, for it will be simulated again."""
    if not keep.exists():
        return {}
    text = keep.read_text(encoding="utf-8")
    whole, _, torn = text.rpartition("\n")
    if torn:
        keep.write_text(whole + "\n" if whole else "", encoding="utf-8")
    lines = whole.split("\n") if whole else []
    kept: Kept = {}
    for number, line in zip(count(1), lines, strict=False):
        try:
            found = json.loads(line)
            if number == 1:
                other = found["question"] != question
                continue
            place = found.pop("truth")
            block = BlockSums.model_validate_json(json.dumps(found))
            kept.setdefault(place, {})[block.block] = block
        except (ValueError, KeyError, TypeError, AttributeError):
            raise unusable("not_blocks", file=keep, line=number) from None
    if lines and other:
        raise unusable("other_question", file=keep)
    return kept
