"""Simulation for what cannot be enumerated, with its Monte Carlo error beside every number.

Trials are drawn in blocks of a fixed size, each with a random stream of its own made from the seed and the
block's number. The same seed so gives the same result at any number of workers, and a run that was
interrupted continues from the blocks it has.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from signal import SIG_IGN, SIGINT, signal
from typing import Any

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

from protocyte.base import Frozen
from protocyte.designs.characteristics import OperatingCharacteristics
from protocyte.designs.design import Design, with_levels
from protocyte.designs.rows import Floats, Ints, Rows
from protocyte.designs.truth import check_one_truth, check_truth
from protocyte.designs.wrong import wrong

BLOCK = 2_000


class BlockSums(Frozen):
    """What one block of simulated trials adds up to: counts and sums only, so that blocks can be kept as
    JSON and added. `selected` has level 0 (none) first; squares serve the standard errors; `extras` are
    sums and sums of squares of further numbers, such as days."""

    block: int
    trials: int
    selected: tuple[int, ...]
    treated: tuple[float, ...]
    treated_squares: tuple[float, ...]
    dlts: tuple[float, ...]
    dlts_squares: tuple[float, ...]
    subjects: float
    subjects_squares: float
    extras: dict[str, tuple[float, float]] = {}


Simulator = Callable[[Design, Floats, int, Generator], tuple[Any, Any, Any, dict[str, Floats]]]


def simulate(
    design: Design,
    truth: Any,
    trials: int,
    seed: int,
    workers: int = 1,
    kept: Iterable[BlockSums] = (),
    progress: Callable[[int], None] | None = None,
    levels: int | None = None,
) -> OperatingCharacteristics:
    """Simulated operating characteristics under one truth (K,), outcomes known at once.

    `kept` are blocks of an earlier, interrupted run of the same design, truth and seed; `progress` is
    told the number of trials done after each block.
    """
    sums = list(simulate_blocks(design, truth, trials, seed, workers, kept, progress, levels))
    return combine(check_truth(truth, levels or design.levels), sums)


def simulate_blocks(
    design: Design,
    truth: Any,
    trials: int,
    seed: int,
    workers: int = 1,
    kept: Iterable[BlockSums] = (),
    progress: Callable[[int], None] | None = None,
    levels: int | None = None,
    simulator: Simulator | None = None,
    block_size: int = BLOCK,
) -> Iterator[BlockSums]:
    """The blocks of a simulation, in order, those `kept` first; each is final once it is yielded.

    `block_size` is part of what the seed means: another size is another simulation.
    """
    curve = check_one_truth(truth, levels or design.levels)
    if trials < 1:
        raise wrong("no_trials", trials=trials)
    full = with_levels(design, len(curve))
    have = {sums.block: sums for sums in kept}
    sizes = [(i, min(block_size, trials - i * block_size)) for i in range(-(-trials // block_size))]
    missing = [(i, size) for i, size in sizes if i not in have or have[i].trials != size]
    run = partial(_run_block, full, curve, seed, simulator or instant_outcomes)
    done = 0
    for sums in _in_order(sizes, have, missing, run, workers):
        done += sums.trials
        if progress is not None:
            progress(done)
        yield sums


def _in_order(
    sizes: list[tuple[int, int]],
    have: dict[int, BlockSums],
    missing: list[tuple[int, int]],
    run: Callable[[tuple[int, int]], BlockSums],
    workers: int,
) -> Iterator[BlockSums]:
    wanted = {i for i, _ in missing}
    if workers <= 1 or len(missing) <= 1:
        for i, size in sizes:
            yield run((i, size)) if i in wanted else have[i]
        return
    with ProcessPoolExecutor(workers, initializer=_leave_interrupts) as pool:
        fresh = _few_ahead(pool, run, missing, workers + 1)
        for i, _ in sizes:
            yield next(fresh) if i in wanted else have[i]


def _few_ahead(
    pool: ProcessPoolExecutor,
    run: Callable[[tuple[int, int]], BlockSums],
    blocks: list[tuple[int, int]],
    most: int,
) -> Iterator[BlockSums]:
    """Results in order, never more than `most` blocks under way: whoever interrupts waits for those only."""
    ahead: deque[Future[BlockSums]] = deque()
    for block in blocks:
        ahead.append(pool.submit(run, block))
        if len(ahead) == most:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


def _leave_interrupts() -> None:
    """Whoever interrupts speaks to the parent; a worker that heard it too would die in the middle of a block."""
    signal(SIGINT, SIG_IGN)


def _run_block(
    design: Design, truth: Floats, seed: int, simulator: Simulator, block: tuple[int, int]
) -> BlockSums:
    number, trials = block
    generator = Generator(PCG64(SeedSequence(seed, spawn_key=(number,))))
    n, y, selected, extras = simulator(design, truth, trials, generator)
    subjects = design.subjects_of(n.astype(float))
    return BlockSums(
        block=number,
        trials=trials,
        selected=tuple(np.bincount(selected.astype(np.int64), minlength=len(truth) + 1).tolist()),
        treated=tuple(n.sum(axis=0).tolist()),
        treated_squares=tuple((n.astype(float) ** 2).sum(axis=0).tolist()),
        dlts=tuple(y.sum(axis=0).tolist()),
        dlts_squares=tuple((y.astype(float) ** 2).sum(axis=0).tolist()),
        subjects=float(subjects.sum()),
        subjects_squares=float((subjects**2).sum()),
        extras={name: (float(v.sum()), float((v**2).sum())) for name, v in extras.items()},
    )


def instant_outcomes(
    design: Design, truth: Floats, trials: int, generator: Generator
) -> tuple[Ints, Ints, Ints, dict[str, Floats]]:
    """Final counts (T, K) twice and the recommended level (T,), every outcome known before the next step."""
    chance = design.step_probabilities(truth)
    n = np.zeros((trials, len(truth)), dtype=np.int64)
    y, selected = n.copy(), np.zeros(trials, dtype=np.int64)
    level, memory = selected.copy(), np.zeros((trials, design.memory_size), dtype=np.int64)
    going = np.arange(trials)
    while len(going):
        rows = Rows(level[going], n[going], y[going], memory[going])
        first, back = _distinct(rows)
        out = design.decide(rows.take(first))
        next_level, size = out.next[back], out.size[back]
        over = next_level == 0
        selected[going[over]] = out.selected[back][over]
        going, rows, next_level, size = going[~over], rows.take(~over), next_level[~over], size[~over]
        dlts = generator.binomial(size, chance[np.maximum(next_level, 1) - 1])
        n[going, next_level - 1] += size
        y[going, next_level - 1] += dlts
        level[going] = next_level
        memory[going] = design.remember_each(rows, size, dlts)
    return n, y, selected, {}


def _distinct(rows: Rows) -> tuple[Any, Any]:
    """Decide once for trials that stand at the same point: (one of each, where each trial's is)."""
    whole = np.ascontiguousarray(np.column_stack([rows.level, rows.n, rows.y, rows.memory]).astype(np.int16))
    packed = whole.view(np.dtype((np.void, whole.shape[1] * 2))).ravel()
    _, first, back = np.unique(packed, return_index=True, return_inverse=True)
    return first, back


def combine(truth: Floats, blocks: Iterable[BlockSums]) -> OperatingCharacteristics:
    """Operating characteristics from blocks, with the standard error of each mean and proportion."""
    parts = list(blocks)
    trials = sum(part.trials for part in parts)
    share = np.sum([part.selected for part in parts], axis=0) / trials
    treated, treated_error = _mean(
        np.sum([p.treated for p in parts], axis=0), np.sum([p.treated_squares for p in parts], axis=0), trials
    )
    dlts, dlts_error = _mean(
        np.sum([p.dlts for p in parts], axis=0), np.sum([p.dlts_squares for p in parts], axis=0), trials
    )
    subjects, subjects_error = _mean(
        np.array(sum(p.subjects for p in parts)), np.array(sum(p.subjects_squares for p in parts)), trials
    )
    share_error = np.sqrt(share * (1 - share) / trials)
    extras, extra_errors = _extras(parts, trials)
    return OperatingCharacteristics(
        truth=truth,
        selection=share[1:],
        none=share[0],
        mean_treated=treated,
        mean_dlt=dlts,
        expected_subjects=subjects,
        method="simulated",
        trials=trials,
        extras=extras,
        mcse={
            "selection": share_error[1:],
            "none": share_error[0],
            "mean_treated": treated_error,
            "mean_dlt": dlts_error,
            "expected_subjects": subjects_error,
        }
        | extra_errors,
    )


def _mean(total: Any, squares: Any, trials: int) -> tuple[Any, Any]:
    mean = total / trials
    variance = np.maximum(squares / trials - mean**2, 0.0) * trials / max(trials - 1, 1)
    return mean, np.sqrt(variance / trials)


def _extras(parts: list[BlockSums], trials: int) -> tuple[dict[str, float], dict[str, float]]:
    means, errors = {}, {}
    for name in parts[0].extras:
        total, squares = (sum(part.extras[name][i] for part in parts) for i in (0, 1))
        mean, error = _mean(np.array(total), np.array(squares), trials)
        means[name], errors[name] = float(mean), float(error)
    return means, errors
