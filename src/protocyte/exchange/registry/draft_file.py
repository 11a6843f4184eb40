"""The draft as a study file: facts as fields, the gaps as a list in comments above them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from protocyte.base import Language, Message, render
from protocyte.exchange.registry.imported import Gap, Imported
from protocyte.study.document import Tree

# The order a reader of a protocol expects; fields not named here follow in the order they were found.
_ORDER = (
    "study", "version", "effective", "title", "phase", "registry", "planned_subjects", "sites", "diseases", "product",
    "ladder", "dosing", "lymphodepletion", "parts", "scales", "dlt", "evaluability", "eligibility", "schedule",
    "response", "endpoints", "kinetics", "analysis_sets", "safety", "follow_up", "registered",
)  # fmt: skip
_PLAIN = re.compile(
    r"[A-Za-z][A-Za-z0-9_./+-]*(?: [A-Za-z0-9_./+-]+)*|-?\d+(?:\.\d+)?(?:e\d+)?(?: [a-z%]+(?:/[A-Za-z0-9]+)*)?"
)
_WORDS_OF_YAML = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def draft_yaml(imported: Imported, language: Language = "en") -> str:
    """A file `study check` reads; it finds in it the gaps listed at its head and nothing else missing."""
    tree = {key: imported.draft[key] for key in _ORDER if key in imported.draft} | imported.draft
    lines = [*_head(imported, language), *_map(tree, 0)]
    return "\n".join(lines) + "\n"


def _head(imported: Imported, language: Language) -> Iterator[str]:
    file = json.dumps(imported.file, ensure_ascii=False)
    yield "# " + render(Message.of("exchange.draft_head", file=file, facts=len(imported.facts)), language)
    for key, gaps in (
        ("draft_missing", [gap for gap in imported.gaps if gap.missing]),
        ("draft_decide", [gap for gap in imported.gaps if not gap.missing]),
    ):
        if gaps:
            yield "#"
            yield "# " + render(Message.of(f"exchange.{key}", count=len(gaps)), language)
            yield from _listed(gaps, language)
    if imported.unplaced:
        yield "#"
        yield "# " + render(Message.of("exchange.draft_unplaced", count=len(imported.unplaced)), language)
    yield ""


def _listed(gaps: Iterable[Gap], language: Language) -> Iterator[str]:
    for gap in gaps:
        line = f" ({gap.line})" if gap.line else ""
        yield _safe(f"#   - {gap.path}{line}: {render(gap.why, language)}")


def _safe(text: str) -> str:
    """A comment ends at the line's end; whatever breaks a line for YAML becomes a blank."""
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", text)


def _map(tree: dict[str, Tree], depth: int) -> Iterator[str]:
    blank = "  " * depth
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield f"{blank}{_scalar(key)}:"
            yield from _map(value, depth + 1)
        else:
            yield f"{blank}{_scalar(key)}: {_flow(value)}"


def _flow(value: Tree) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML:
        return text
    return _safe_quotes(json.dumps(text, ensure_ascii=False))


def _safe_quotes(text: str) -> str:
    """JSON leaves a few characters bare that YAML would read as line ends or refuse."""
    return re.sub(
        r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]", lambda m: f"\\u{ord(m.group()):04x}", text
    )


def tree_yaml(tree: dict[str, Tree]) -> str:
    """Any study tree as a file, fields in the order a reader expects."""
    ordered = {key: tree[key] for key in (*_ORDER, "assumed", "departs") if key in tree} | tree
    return "\n".join(_map(ordered, 0)) + "\n"
