"""What a study needs and the draft does not have: the check of study files is itself the list.

So the gaps of an import and the problems `study check` finds in its draft can never drift apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from protocyte.base import Message, Place
from protocyte.exchange.registry.imported import Gap
from protocyte.study.document import Document, Tree
from protocyte.study.load import Loaded, study_of

# Maps whose keys are names the author chose: a hole in each of them is one gap, written with `*`.
_NAMED = ("sites", "diseases", "parts", "eligibility", "endpoints", "kinetics", "analysis_sets", "schedule")
# Holes that deserve their own sentence; the others are named by their path.
_SAID = (
    "effective", "title", "phase", "planned_subjects", "sites", "diseases", "product", "product.origin", "ladder",
    "dosing", "dosing.basis", "lymphodepletion", "parts", "scales", "scales.ae", "dlt", "dlt.days", "dlt.criteria",
    "evaluability", "eligibility", "schedule", "response", "endpoints", "kinetics", "analysis_sets", "safety",
    "follow_up", "eligibility.*.gates", "sites.*.zone",
)  # fmt: skip


def study_gaps(tree: dict[str, Tree]) -> tuple[Gap, ...]:
    """What `study check` says of the draft: holes that repeat under chosen names are written once."""
    places = {path: Place(path=path) for path in _paths(tree, "")}
    found = study_of(Document("", "", tree, places))
    problems = found.problems if isinstance(found, Loaded) else found
    gaps: dict[str, Gap] = {}
    for problem in problems:
        if problem.rule == "field.missing":
            path = general_path(str(problem.message.params["path"]))
            gap = Gap(path, _why(path), problem.severity, missing=True)
        else:
            gap = Gap(problem.place.path, problem.message, problem.severity, missing=True)
        gaps.setdefault(repr(gap), gap)
    return tuple(gaps.values())


def _paths(tree: Tree, path: str) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            inner = f"{path}.{key}" if path else key
            yield inner
            yield from _paths(value, inner)


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
