"""Transition pathways: what can happen over the next cohorts, as a tree or merged into a graph."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np

from protocyte.designs.characteristics import Curves
from protocyte.designs.design import Design, with_levels
from protocyte.designs.enumeration import layers
from protocyte.designs.rows import Decisions, Floats, Ints, Rows, Why
from protocyte.designs.truth import check_one_truth
from protocyte.designs.wrong import wrong

MAX_ROWS = 200_000


def paths(
    design: Design,
    depth: int,
    truth: Curves | None = None,
    levels: int | None = None,
) -> list[dict[str, Any]]:
    """Every course of the first `depth` cohorts, one row a node.

    A row has `node`, `parent` (None for the first), `depth`, `level` and `size` and `dlts` of the cohort
    that led here, `history` (the cohorts as in `1x3:0 2x3:1`), counts `n` and `dlts_total` a level, what
    the design then does (`next`, 0 = over; `next_size`; `selected`; `why`), and with a `truth` its
    `probability`. Raises `InputError` where there would be more than 200,000 rows; `merged_paths` then
    shows any depth.
    """
    curve, full = _asked(design, truth, levels)
    chance = np.ones(full.size_of()) if curve is None else full.step_probabilities(curve)
    zeros = np.zeros((1, full.size_of()), dtype=np.int64)
    layer = Rows(zeros[:, 0], zeros, zeros, np.zeros((1, full.memory_size), dtype=np.int64))
    current: list[dict[str, Any]] = [{"node": 0, "parent": None, "depth": 0, "level": None} | _root(zeros)]
    found: list[dict[str, Any]] = []
    for at in range(depth + 1):
        out = full.decide(layer)
        for row, *decided in zip(current, *(part.tolist() for part in _columns(out)), strict=True):
            row |= dict(zip(("next", "next_size", "selected"), decided, strict=False))
            row["why"] = _NAMES[decided[-1]]
        found.extend(current)
        live = np.flatnonzero(out.next)
        if at == depth or not live.size:
            break
        if len(found) + int(out.size[live].sum()) + len(live) > MAX_ROWS:
            raise wrong("too_many_paths", design=full.design, depth=depth, rows=MAX_ROWS)
        layer, current = _children(full, layer, out, live, current, chance, len(found))
    return found if curve is not None else [_without_probability(row) for row in found]


def merged_paths(
    design: Design, depth: int, truth: Curves | None = None, levels: int | None = None
) -> list[dict[str, Any]]:
    """As `paths`, with courses that agree on counts, level and memory as one row, at any depth.

    A row has `depth`, `level`, `n`, `dlts_total`, `next`, `next_size`, `selected`, `why`, `histories` (how
    many orders of outcomes lead there, by subject) and with a `truth` its `probability`.
    """
    curve, full = _asked(design, truth, levels)
    found: list[dict[str, Any]] = []
    for at, (rows, out, coefficient) in enumerate(layers(full)):
        if at > depth:
            break
        columns: dict[str, list[Any]] = {
            "level": rows.level.tolist(),
            "n": rows.n.tolist(),
            "dlts_total": rows.y.tolist(),
            "next": out.next.tolist(),
            "next_size": out.size.tolist(),
            "selected": out.selected.tolist(),
            "why": [_NAMES[code] for code in out.why.tolist()],
            "histories": coefficient.tolist(),
        }
        if curve is not None:
            p = full.step_probabilities(curve)
            chance = np.prod(np.power(p, rows.y) * np.power(1 - p, rows.n - rows.y), axis=1)
            columns["probability"] = (coefficient * chance).tolist()
        names = ("depth", *columns)
        found.extend(dict(zip(names, (at, *row), strict=True)) for row in zip(*columns.values(), strict=True))
    return found


_NAMES = {int(why): why.name.lower() for why in Why}


def _asked(design: Design, truth: Curves | None, levels: int | None) -> tuple[Floats | None, Design]:
    curve = None if truth is None else check_one_truth(truth, levels or design.levels)
    return curve, with_levels(design, levels if curve is None else curve.shape[-1])


def _root(zeros: Ints) -> dict[str, Any]:
    none = zeros[0].tolist()
    return {"size": 0, "dlts": 0, "history": "", "n": none, "dlts_total": none, "probability": 1.0}


def _columns(out: Decisions) -> tuple[Ints, Ints, Ints, Ints]:
    return out.next, out.size, out.selected, out.why


def _children(
    design: Design,
    layer: Rows,
    out: Decisions,
    live: Ints,
    parents: list[dict[str, Any]],
    chance: Floats,
    first: int,
) -> tuple[Rows, list[dict[str, Any]]]:
    """Each possible number of DLTs in the next cohort of each row of `layer` that goes on (`live`)."""
    parent = np.repeat(live, out.size[live] + 1)
    dlts = np.concatenate([np.arange(size + 1) for size in out.size[live].tolist()])
    level, size = out.next[parent], out.size[parent]
    n, y = layer.n[parent], layer.y[parent]
    at = np.arange(len(parent)), level - 1
    n[at] += size
    y[at] += dlts
    rows = Rows(level, n, y, design.remember_each(layer.take(parent), size, dlts))
    p = chance[level - 1].tolist()
    columns = (parent, level, size, dlts, n, y)
    nodes = []
    for i, (up, k, of, toxic, counts, total) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        above = parents[up]
        weight = comb(of, toxic) * p[i] ** toxic * (1 - p[i]) ** (of - toxic)
        node = {
            "node": first + i,
            "parent": above["node"],
            "depth": above["depth"] + 1,
            "level": k,
            "size": of,
            "dlts": toxic,
            "history": f"{above['history']} {k}x{of}:{toxic}".strip(),
            "n": counts,
            "dlts_total": total,
            "probability": above["probability"] * weight,
        }
        nodes.append(node)
    return rows, nodes


def _without_probability(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "probability"}
