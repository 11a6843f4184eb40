"""Completing a draft: what it lacks is taken from a study that is whole, and marked as assumed.

Only what is missing is filled in, and only fields: no criterion, endpoint or visit of the other study enters a
map that the draft has already. A person then reads every `assumed` line and keeps it, changes it or deletes it.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

from protocyte.base import Problem
from protocyte.exchange.registry.draft_file import tree_yaml
from protocyte.study.document import Document, Tree, parse_document
from protocyte.study.load import Loaded, study_of

# Names the draft must have of its own: another trial's would be a lie.
_OWN = ("study", "title", "registry", "sites")
_ROUNDS = 20


class Completed(NamedTuple):
    """The file's text, the paths that were filled in, and what is still wrong."""

    text: str
    filled: tuple[str, ...]
    problems: tuple[Problem, ...]


def complete_draft(draft: Path, like: Loaded) -> Completed | tuple[Problem, ...]:
    document = parse_document(draft.read_bytes(), str(draft))
    if not isinstance(document, Document):
        return document
    tree: dict[str, Tree] = deepcopy(document.tree)
    filled: list[str] = []
    for _ in range(_ROUNDS):
        found = study_of(_document(tree, draft))
        problems = found.problems if isinstance(found, Loaded) else found
        news = [path for path in _missing(problems) if _fill(tree, like.document.tree, path)]
        if not news:
            break
        filled += news
    _mark(tree, filled, like.study.study)
    last = study_of(_document(tree, draft))
    return Completed(tree_yaml(tree), tuple(filled), last.problems if isinstance(last, Loaded) else last)


def _document(tree: dict[str, Tree], draft: Path) -> Document:
    document = parse_document(tree_yaml(tree).encode(), str(draft))
    assert isinstance(document, Document), "a tree that was read can be written and read again"
    return document


def _missing(problems: tuple[Problem, ...]) -> list[str]:
    paths = [str(problem.message.params["path"]) for problem in problems if problem.rule == "field.missing"]
    return [path for path in paths if path.partition(".")[0] not in _OWN]


def _fill(tree: dict[str, Tree], like: dict[str, Tree], path: str) -> bool:
    """Copy `path` from one tree to the other; False where the other has no such place."""
    source: Tree = like
    target: Tree = tree
    *steps, last = path.split(".")
    for step in steps:
        if (
            not isinstance(source, dict)
            or not isinstance(target, dict)
            or step not in source
            or step not in target
        ):
            return False
        source, target = source[step], target[step]
    if not isinstance(source, dict) or not isinstance(target, dict) or last not in source or last in target:
        return False
    target[last] = deepcopy(source[last])
    return True


def _mark(tree: dict[str, Tree], filled: list[str], source: str) -> None:
    assumed = tree.setdefault("assumed", {})
    if isinstance(assumed, dict):
        for path in filled:
            assumed.setdefault(path, f"taken over from {source}; confirm it or change it")
