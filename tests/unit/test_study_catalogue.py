"""docs/reference/study-checks.md and the code hold the same rules, and every example does what it says."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from protocyte.base import Place, Problem
from protocyte.base.message import template_params
from protocyte.study import Loaded, find_study, read_study
from protocyte.study import document as document_module
from protocyte.study.document import Document, parse_document
from protocyte.study.load import study_of

ROOM = Path(document_module.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "study-checks.md"
GOOD = find_study("lstcar019").read_bytes()


class Entry(NamedTuple):
    rule: str
    severity: str
    bad: str
    good: str
    whole_file: bool


def catalogue() -> Iterator[Entry]:
    for section in re.split(r"^### ", PAGE.read_text(encoding="utf-8"), flags=re.M)[1:]:
        rule = section[1 : section.index("`", 1)]
        severity = "error" if "\n\nError." in section else "warning"
        blocks = dict(re.findall(r'```yaml title="([^"]+)"\n(.*?)\n```', section, flags=re.S))
        whole = "bad file" in blocks
        suffix = " file" if whole else ""
        yield Entry(rule, severity, blocks.get(f"bad{suffix}", ""), blocks.get(f"good{suffix}", ""), whole)


ENTRIES = list(catalogue())
WITH_EXAMPLES = [entry for entry in ENTRIES if entry.bad]


def found(entry: Entry, example: str) -> list[Problem]:
    result = read_study(example.encode()) if entry.whole_file else study_of(edited(example))
    return list(result.problems if isinstance(result, Loaded) else result)


def edited(example: str) -> Document:
    """The LstCAR019 study with the example's paths set; made without a file, so every place is its path."""
    tree, edits = copy.deepcopy(good_tree()), parse_document(example.encode(), "example")
    assert isinstance(edits, Document), edits
    for path, value in edits.tree.items():
        put(tree, path, value)
    return Document("example", "", tree, {path: Place(line=1, path=path) for path in paths(tree)})


def paths(tree: Any, path: str = "") -> Iterator[str]:
    if path:
        yield path
    below = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in below:
        yield from paths(value, f"{path}.{key}" if path else str(key))


@cache
def good_tree() -> dict[str, Any]:
    base = parse_document(GOOD, "base")
    assert isinstance(base, Document)
    return dict(base.tree)


def put(tree: Any, path: str, value: Any) -> None:
    if path.startswith(("registered.", "assumed.", "departs.")):
        block, _, key = path.partition(".")
        steps, last = [block], key
    else:
        *steps, last = path.split(".")
    for step in steps:
        tree = tree.setdefault(step, {})
    if value == "(absent)":
        tree.pop(last, None)
    else:
        tree[last] = value


def rules_in_the_code() -> set[str]:
    messages = tomllib.loads((ROOM / "messages.toml").read_text(encoding="utf-8"))
    named = {
        word
        for file in ROOM.rglob("*.py")
        for word in re.findall(r'"([a-z_]+\.[a-z_0-9]+)"', file.read_text(encoding="utf-8"))
    }
    return {name for name in named if name.replace(".", "_") in messages}


def test_catalogue_and_code_hold_the_same_rules() -> None:
    assert {entry.rule for entry in ENTRIES} == rules_in_the_code()
    assert len(ENTRIES) == len({entry.rule for entry in ENTRIES})


def test_every_sentence_belongs_to_a_rule_and_says_the_same_in_both_languages() -> None:
    messages = tomllib.loads((ROOM / "messages.toml").read_text(encoding="utf-8"))
    assert set(messages) == {rule.replace(".", "_") for rule in rules_in_the_code()}
    for name, both in messages.items():
        assert template_params(both["en"]) == template_params(both["zh"]), name


@pytest.mark.parametrize("entry", WITH_EXAMPLES, ids=lambda entry: entry.rule)
def test_the_bad_example_gives_the_finding(entry: Entry) -> None:
    hits = [problem for problem in found(entry, entry.bad) if problem.rule == entry.rule]
    assert hits
    assert {problem.severity for problem in hits} == {entry.severity}
    for problem in hits:
        assert problem.place.line
        assert problem.sentence("en")
        assert problem.sentence("zh")


@pytest.mark.parametrize("entry", WITH_EXAMPLES, ids=lambda entry: entry.rule)
def test_the_good_example_does_not(entry: Entry) -> None:
    assert entry.rule not in {problem.rule for problem in found(entry, entry.good)}


def test_only_what_cannot_be_shown_has_no_example() -> None:
    """Bytes, sizes and files that cannot be read; tests/broken has them."""
    without = {entry.rule for entry in ENTRIES} - {entry.rule for entry in WITH_EXAMPLES}
    assert without == {
        "file.unreadable",
        "document.unreadable",
        "document.too_large",
        "document.too_many_nodes",
        "document.not_utf8",
        "document.control_character",
        "field.value",
    }
