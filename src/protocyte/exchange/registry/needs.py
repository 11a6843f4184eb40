"""What the study model asks for and the draft does not have: the model itself is the list.

So the gaps of an import and the problems `study check` finds in its draft can never drift apart.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError

from protocyte.base import Message
from protocyte.exchange.registry.imported import Gap
from protocyte.study.document import Tree
from protocyte.study.load import adopted_study

# Maps whose keys are names the author chose: a hole in each of them is one gap, written with `*`.
_NAMED = ("sites", "diseases", "parts", "eligibility", "endpoints", "kinetics", "analysis_sets", "schedule")
# Holes that deserve their own sentence; the others are named by their path.
_SAID = (
    "effective", "title", "phase", "planned_subjects", "sites", "diseases", "product", "product.origin", "ladder",
    "dosing", "dosing.basis", "lymphodepletion", "parts", "scales", "scales.ae", "dlt", "dlt.days", "dlt.criteria",
    "evaluability", "eligibility", "schedule", "response", "endpoints", "kinetics", "analysis_sets", "safety",
    "follow_up", "eligibility.*.gates", "sites.*.zone",
)  # fmt: skip


def model_gaps(tree: dict[str, Tree]) -> tuple[Gap, ...]:
    """One gap a hole of the model, holes that repeat under chosen names written once."""
    paths = dict.fromkeys(general_path(path) for path in missing_paths(tree))
    return tuple(Gap(path, _why(path), "error", missing=True) for path in paths)


def missing_paths(tree: dict[str, Tree]) -> list[str]:
    try:
        adopted_study(tree)
    except ValidationError as error:
        return [_in_tree(item["loc"], tree) for item in error.errors() if item["type"] == "missing"]
    return []


def general_path(path: str) -> str:
    """`eligibility.inclusion-03.gates` as `eligibility.*.gates`."""
    steps = path.split(".")
    if len(steps) > 2 and steps[0] in _NAMED:
        steps[1] = "*"
    return ".".join(steps)


def _why(path: str) -> Message:
    if path.rpartition(".")[2] == "zh":
        return Message.of("exchange.need_chinese")
    if path in _SAID:
        return Message.of(f"exchange.need_{path.replace('.*.', '_').replace('.', '_')}")
    return Message.of("exchange.need_field")


def _in_tree(loc: Iterable[str | int], tree: Tree) -> str:
    """pydantic's location as a path of the draft: without the tags it inserts for unions."""
    steps = [str(step) for step in loc]
    node: Tree = tree
    path = []
    for index, step in enumerate(steps):
        inside = isinstance(node, dict) and step in node
        if inside or index == len(steps) - 1:
            path.append(step)
        if inside and isinstance(node, dict):
            node = node[step]
    return ".".join(path)
