"""Marks: each names something, nothing is marked twice, and no statement goes without."""

from __future__ import annotations

from collections.abc import Iterator

from protocyte.base import Problem
from protocyte.study.document import Document, Tree
from protocyte.study.model import Study
from protocyte.study.problems import error, warning
from protocyte.study.provenance import MARKS, unstated_leaves


def marks_name_something(study: Study, document: Document) -> Iterator[Problem]:
    for mark in MARKS:
        for path in document.names(mark):
            if path not in document.places or path in MARKS:
                yield error(document, f"{mark}.{path}", "provenance.no_match", mark=mark, marked=path)


def marks_are_given_once(study: Study, document: Document) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for mark in MARKS:
        for path in document.names(mark):
            first = seen.setdefault(path, mark)
            if first != mark:
                where = f"{mark}.{path}"
                yield error(document, where, "provenance.twice", marked=path, first=first, mark=mark)


def statements_are_marked(study: Study, document: Document) -> Iterator[Problem]:
    """A block of which nothing is marked is one finding, not one a leaf."""
    unstated = unstated_leaves(document.tree)
    silent = set(unstated)
    for path in _tops(document.tree, "", silent):
        yield warning(document, path, "provenance.unstated", marked=path)


def _tops(node: Tree, path: str, silent: set[str]) -> Iterator[str]:
    """The highest paths all of whose leaves are silent."""
    if path in silent:
        yield path
    elif isinstance(node, dict) and node:
        below = [list(_tops(child, f"{path}.{key}" if path else key, silent)) for key, child in node.items()]
        whole = [found == [f"{path}.{key}" if path else key] for key, found in zip(node, below, strict=True)]
        if path and all(whole):
            yield path
        else:
            yield from (top for found in below for top in found)


CHECKS = (marks_name_something, marks_are_given_once, statements_are_marked)
