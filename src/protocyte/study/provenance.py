"""Where each statement of a study comes from: the record, an assumption, or a reasoned departure.

Marks are given by path prefix and the longest prefix wins, so that a whole block can be marked once and an
exception inside it again. A leaf that no prefix covers is unstated, and `check` says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from protocyte.base import Frozen
from protocyte.study.document import Tree

Mark = Literal["registered", "assumed", "departs", "unstated"]
MARKS: tuple[Literal["registered", "assumed", "departs"], ...] = ("registered", "assumed", "departs")

# What names the file itself needs no source.
_OWN = ("study", "version", "effective", *MARKS)


class Provenance(Frozen):
    mark: Mark
    why: str = ""
    prefix: str = ""


def provenance_of(path: str, marks: dict[str, Provenance]) -> Provenance:
    """The mark of the longest prefix that covers `path`."""
    while path:
        if path in marks:
            return marks[path]
        path = path.rpartition(".")[0]
    return Provenance(mark="unstated")


def read_marks(tree: dict[str, Tree]) -> dict[str, Provenance]:
    found: dict[str, Provenance] = {}
    for mark in MARKS:
        block = tree.get(mark, {})
        if isinstance(block, dict):
            found |= {
                path: Provenance(mark=mark, why=why if isinstance(why, str) else "", prefix=path)
                for path, why in block.items()
            }
    return found


def leaves(tree: Tree, path: str = "") -> Iterator[str]:
    """Dotted paths of every leaf. A list is one leaf: its items have no names to be marked by."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, f"{path}.{key}" if path else key)
    else:
        yield path


def unstated_leaves(tree: dict[str, Tree]) -> list[str]:
    marks = read_marks(tree)
    return [
        path
        for path in leaves(tree)
        if path.partition(".")[0] not in _OWN and provenance_of(path, marks).mark == "unstated"
    ]
