"""The draft while it is made: a tree filled by path, every fact with its place, every doubt as a gap."""

from __future__ import annotations

from collections.abc import Iterable

from protocyte.base import Message, render
from protocyte.base.problem import Severity
from protocyte.exchange.registry.imported import Gap, Placed, shortened
from protocyte.exchange.registry.source import Cut
from protocyte.study.document import Tree

LONGEST = 2000  # what a study file takes as one sentence


class Drafting:
    """Mutable on purpose and only inside this room: what leaves it is frozen (`Imported`)."""

    def __init__(self) -> None:
        self.tree: dict[str, Tree] = {}
        self.registered: dict[str, Tree] = {}
        self._facts: dict[Placed, None] = {}
        self._gaps: dict[str, Gap] = {}

    def put(self, path: str, value: Tree, cut: Cut | Iterable[Cut], mark: str = "", **how: str) -> None:
        """A fact with a field in the study. `mark` is the path its provenance is stated at (default: its own)."""
        cuts = [cut] if isinstance(cut, Cut) else list(cut)
        self._set(path, value)
        spoken = ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
        for one in cuts:
            self._fact(path, spoken, one)
        self.state(mark or path, cuts[0].line, **how)

    def note(self, path: str, value: str, cut: Cut | Iterable[Cut]) -> None:
        """A fact the study has no field for, or that needs a decision first: known, not drafted."""
        for one in [cut] if isinstance(cut, Cut) else cut:
            self._fact(f"record.{path}", value, one)

    def gap(
        self, path: str, key: str, severity: Severity = "warning", at: Cut | None = None, **params: object
    ) -> None:
        why = Message.of(f"exchange.gap_{key}", **params)
        gap = Gap(path, why, severity, at.line if at else None)
        self._gaps.setdefault(repr(gap), gap)

    def state(self, path: str, line: int, **how: str) -> None:
        """The provenance of `path`: stated once, where it was first found."""
        key = how.pop("how", "stated")
        message = Message.of(f"exchange.from_{key}", line=line, **how)
        self.registered.setdefault(path, render(message))

    @property
    def facts(self) -> tuple[Placed, ...]:
        return tuple(self._facts)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return tuple(self._gaps.values())

    def has(self, path: str) -> bool:
        node: Tree = self.tree
        for step in path.split("."):
            if not isinstance(node, dict) or step not in node:
                return False
            node = node[step]
        return True

    def _set(self, path: str, value: Tree) -> None:
        node = self.tree
        *way, last = path.split(".")
        for step in way:
            child = node.setdefault(step, {})
            assert isinstance(child, dict), f"{path} passes through a value"
            node = child
        node[last] = value

    def _fact(self, path: str, value: str, cut: Cut) -> None:
        if not cut.text:
            return
        fact = Placed(path, value, cut.line, shortened(cut.text), cut.row.index, cut.start, cut.end)
        self._facts[fact] = None
