"""Orders that do not depend on how a file was written.

A ledger keeps a study as canonical JSON, whose maps are sorted by name, and a study read back from there must
be the study that was adopted, down to the order of a report's rows. So every map is first sorted by name, and
those whose order means something are then put in the order of what they hold.
"""

from __future__ import annotations

from typing import TypeVar

from protocyte.base import Quantity, UnitError
from protocyte.study.document import Tree

V = TypeVar("V")


def by_name(tree: Tree) -> Tree:
    """All maps of a parsed document sorted by their keys, as a ledger gives them back."""
    if isinstance(tree, dict):
        return {key: by_name(tree[key]) for key in sorted(tree)}
    if isinstance(tree, list):
        return [by_name(item) for item in tree]
    return tree


def by_dose(ladder: dict[str, Quantity]) -> dict[str, Quantity]:
    """Levels from the lowest up; as they are where their units cannot be compared (a check says so)."""
    units = [dose.unit for dose in ladder.values()]
    try:
        return dict(sorted(ladder.items(), key=lambda item: item[1].to(units[0]).value))
    except UnitError:
        return ladder


def level_labels(ladder: Tree | None) -> tuple[str, ...]:
    """The labels of a ladder not yet read, from the lowest up."""
    if not isinstance(ladder, dict):
        return ()
    try:
        doses = {label: Quantity.parse(text) for label, text in ladder.items()}
    except ValueError:  # said where the ladder is read
        return tuple(ladder)
    return tuple(by_dose(doses))
