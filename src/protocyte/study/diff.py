"""What changed between two versions of a study, as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from protocyte.base import Place
from protocyte.study.document import Document, Tree

Kind = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class Change:
    """One difference. `path` names the highest field that was added or removed as a whole.

    `place` is in the second file, for what was removed in the first.
    """

    path: str
    kind: Kind
    before: Tree | None
    after: Tree | None
    place: Place


def diff_studies(a: Document, b: Document) -> tuple[Change, ...]:
    """The differences from `a` to `b`, in the order of their paths.

    Texts are compared as written: `1e6` and `1E6` differ, for the digest of the study does too. The order of
    a map's fields says nothing and is no difference.
    """
    return tuple(sorted(_changes(a.tree, b.tree, "", a, b), key=lambda change: change.path))


def _changes(before: Tree, after: Tree, path: str, a: Document, b: Document) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _changes_of_maps(before, after, path, a, b)
    elif before != after:
        yield Change(path, "changed", before, after, b.place(path))


def _changes_of_maps(
    before: dict[str, Tree], after: dict[str, Tree], path: str, a: Document, b: Document
) -> Iterator[Change]:
    for key in before.keys() | after.keys():
        below = f"{path}.{key}" if path else key
        if key not in after:
            yield Change(below, "removed", before[key], None, a.place(below))
        elif key not in before:
            yield Change(below, "added", None, after[key], b.place(below))
        else:
            yield from _changes(before[key], after[key], below, a, b)
