"""Transition pathways: what can happen over the next cohorts, as a tree or merged into a graph."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np

from protocyte.base import InputError, Message, Problem, render
from protocyte.designs.characteristics import Curves
from protocyte.designs.design import Design, with_levels
from protocyte.designs.enumeration import layers
from protocyte.designs.rows import Rows, Why
from protocyte.designs.truth import check_truth

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
    curve = None if truth is None else check_truth(truth, levels or design.levels)
    full = with_levels(design, levels if curve is None else curve.shape[-1])
    chance = np.ones(full.size_of()) if curve is None else full.step_probabilities(curve)
    zeros = np.zeros((1, full.size_of()), dtype=np.int64)
    layer = Rows(zeros[:, 0], zeros, zeros, np.zeros((1, full.memory_size), dtype=np.int64))
    found: list[dict[str, Any]] = [{"node": 0, "parent": None, "depth": 0, "level": None} | _root(zeros)]
    current = list(found)
    for at in range(depth + 1):
        out = full.decide(layer)
        for i, row in enumerate(current):
            _decided(row, int(out.next[i]), int(out.size[i]), int(out.selected[i]), Why(int(out.why[i])))
        if at == depth:
            break
        parts: list[tuple[Rows, list[dict[str, Any]]]] = []
        for i, row in enumerate(current):
            if row["next"]:
                parts.extend(_children(full, layer, i, row, chance))
        if not parts:
            break
        current = [row for _, rows in parts for row in rows]
        layer = _stack([rows for rows, _ in parts])
        for number, row in enumerate(current):
            row["node"] = len(found) + number
        found.extend(current)
        if len(found) > MAX_ROWS:
            raise _too_many(full, depth)
    return found if curve is not None else [_without_probability(row) for row in found]


def merged_paths(
    design: Design, depth: int, truth: Curves | None = None, levels: int | None = None
) -> list[dict[str, Any]]:
    """As `paths`, with courses that agree on counts, level and memory as one row, at any depth.

    A row has `depth`, `level`, `n`, `dlts_total`, `next`, `next_size`, `selected`, `why`, `histories` (how
    many orders of outcomes lead there, by subject) and with a `truth` its `probability`.
    """
    curve = None if truth is None else check_truth(truth, levels or design.levels)
    full = with_levels(design, levels if curve is None else curve.shape[-1])
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


def _root(zeros: Any) -> dict[str, Any]:
    none = zeros[0].tolist()
    return {"size": 0, "dlts": 0, "history": "", "n": none, "dlts_total": none, "probability": 1.0}


def _decided(row: dict[str, Any], level: int, size: int, selected: int, why: Why) -> None:
    row |= {"next": level, "next_size": size, "selected": selected, "why": why.name.lower()}


def _children(
    design: Design, layer: Rows, i: int, row: dict[str, Any], chance: Any
) -> list[tuple[Rows, list[dict[str, Any]]]]:
    level, size = row["next"], row["next_size"]
    parent = layer.take([i])
    p = float(chance[level - 1])
    out = []
    for dlts in range(size + 1):
        n, y = parent.n.copy(), parent.y.copy()
        n[0, level - 1] += size
        y[0, level - 1] += dlts
        rows = Rows(np.array([level]), n, y, design.remember(parent, size, dlts))
        weight = comb(size, dlts) * p**dlts * (1 - p) ** (size - dlts)
        node = {
            "parent": row["node"],
            "depth": row["depth"] + 1,
            "level": level,
            "size": size,
            "dlts": dlts,
            "history": f"{row['history']} {level}x{size}:{dlts}".strip(),
            "n": n[0].tolist(),
            "dlts_total": y[0].tolist(),
            "probability": row["probability"] * weight,
        }
        out.append((rows, [node]))
    return out


def _stack(parts: list[Rows]) -> Rows:
    level, n, y, memory = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("level", "n", "y", "memory")
    )
    return Rows(level, n, y, memory)


def _without_probability(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "probability"}


def _too_many(design: Design, depth: int) -> InputError:
    message = Message.of("designs.too_many_paths", design=design.design, depth=depth, rows=MAX_ROWS)
    problem = Problem(severity="error", rule="designs.too_many_paths", message=message)
    return InputError(render(message), (problem,))
