"""The pages of the designs name every option of every node, with the default the code has."""

from __future__ import annotations

import json
import math
import re
import runpy
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from docs_pages import ROOT
from protocyte.base import Frozen
from protocyte.designs import (
    BetaBinomialMonitor,
    Blrm,
    Boin,
    Course,
    Crm,
    Design,
    Expansion,
    I3Plus3,
    IntraSubject,
    Keyboard,
    Mtpi2,
    PocockMonitor,
    RollingSix,
    SafetyRunIn,
    TableDesign,
    ThreePlusThree,
    TiteBoin,
    TiteCrm,
    TwoStage,
)
from protocyte.designs.crm import IndifferenceSkeleton
from protocyte.designs.modifiers import ModifierNode
from protocyte.designs.parse import DesignNode

PAGES = ROOT / "docs" / "reference" / "designs"
TAGS = {"design", "modifier", "monitor"}
ON_PAGE: dict[type[BaseModel], str] = {
    ThreePlusThree: "rule-based",
    RollingSix: "rule-based",
    I3Plus3: "interval",
    Mtpi2: "interval",
    Keyboard: "interval",
    Boin: "interval",
    TableDesign: "interval",
    Crm: "model-based",
    Blrm: "model-based",
    TiteBoin: "time-to-event",
    TiteCrm: "time-to-event",
    IntraSubject: "intra-subject-and-run-in",
    SafetyRunIn: "intra-subject-and-run-in",
}
# Under a heading, or in a table, that bears another name than a node's.
ELSEWHERE: dict[type[BaseModel], tuple[str, str]] = {
    IndifferenceSkeleton: ("model-based", "### The skeleton"),
    Course: ("cell-therapy-timeline", "## The course: `Course`"),
    PocockMonitor: ("expansion-and-monitoring", "| option of `pocock` |"),
    BetaBinomialMonitor: ("expansion-and-monitoring", "| option of `beta_binomial` |"),
    Expansion: ("expansion-and-monitoring", "| option of `Expansion` |"),
    TwoStage: ("expansion-and-monitoring", "| option of `TwoStage` |"),
}


def kinds(node: Any) -> Iterator[type[Frozen]]:
    """The classes of a discriminated union."""
    if isinstance(node, type):
        yield node
    for part in getattr(node, "__args__", ()):
        yield from kinds(part)


def tag(kind: type[BaseModel]) -> str:
    return str(next(kind.model_fields[name].default for name in sorted(TAGS) if name in kind.model_fields))


def options(page: str, start: str) -> dict[str, str]:
    """The rows of the first option table after `start`: the option, and its default as written."""
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    assert text.count(f"\n{start}") == 1, f"{page}.md says {start!r} {text.count(start)} times"
    lines = text[text.index(f"\n{start}") + 1 :].splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("| option"))
    rows = {}
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        name, default, meaning = (cell.strip() for cell in line.strip("|").split("|"))
        assert meaning, line
        rows[name.strip("`")] = default
    return rows


def same(written: str, field: Any) -> bool:
    """Numbers agree to the digits written."""
    if field.is_required():
        return written == "required"
    default = field.default if field.default is not PydanticUndefined else field.default_factory()
    if default is None:
        return written == "none"
    text = written.strip("`")
    if isinstance(default, str):
        return text == default
    return close(json.loads(text), json.loads(json.dumps(default)))


def close(a: Any, b: Any) -> bool:
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(close(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    return math.isclose(a, b, rel_tol=5e-4)


def is_tag(name: str, field: Any) -> bool:
    """A node's own name; the `monitor` of an expansion is an option like others."""
    return name in TAGS and isinstance(field.default, str)


def check(kind: type[BaseModel], rows: dict[str, str]) -> None:
    fields = {name: field for name, field in kind.model_fields.items() if not is_tag(name, field)}
    assert set(rows) == set(fields)
    assert [(name, rows[name]) for name, field in fields.items() if not same(rows[name], field)] == []


@pytest.mark.parametrize("kind", list(kinds(DesignNode)), ids=lambda kind: kind.__name__)
def test_every_option_of_a_design_stands_on_its_page_with_its_default(kind: type[Design]) -> None:
    page = ON_PAGE[kind]
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    (heading,) = re.findall(rf"^## .*`{tag(kind)}`.*$", text, flags=re.M)

    check(kind, options(page, heading))


@pytest.mark.parametrize("kind", list(kinds(ModifierNode)), ids=lambda kind: kind.__name__)
def test_every_modifier_has_a_heading_and_its_options(kind: type[Frozen]) -> None:
    page, heading = "modifiers-and-wrappers", f"### `{tag(kind)}`"
    if set(kind.model_fields) - TAGS:
        check(kind, options(page, heading))
    else:
        assert f"\n{heading}\n" in (PAGES / f"{page}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ELSEWHERE, ids=lambda kind: kind.__name__)
def test_what_is_no_node_stands_with_its_options_too(kind: type[BaseModel]) -> None:
    check(kind, options(*ELSEWHERE[kind]))


@pytest.mark.parametrize("page", sorted(set(ON_PAGE.values())))
def test_each_design_says_how_it_waits_selects_what_it_assumes_and_where_it_comes_from(page: str) -> None:
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8").lower()

    for said in ("pending outcomes", "final selection", "assume", "choose it", "reproduced", "source"):
        assert said in text, said


def test_pictures_are_light_and_used() -> None:
    pictures = sorted((ROOT / "docs" / "assets" / "designs").glob("*.svg"))
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md"))

    assert pictures
    for picture in pictures:
        assert picture.stat().st_size < 60_000, picture.name
        assert f"assets/designs/{picture.name})" in pages, picture.name


@pytest.mark.parametrize(
    "name",
    [
        "decision_table_picture(Boin(target=0.25, max_subjects=24))",
        "tables_compared()",
        "pathway_picture(ThreePlusThree(levels=3), 3)",
        "outcomes_by_design()",
        "crm_estimates()",
        "blrm_intervals()",
        "tite_thresholds()",
        "timelines()",
    ],
)
def test_pictures_are_what_the_designs_draw_today(name: str) -> None:
    """`python tools/make_design_pictures.py` draws them anew. Charts are drawn by a library, and left out."""
    tool = runpy.run_path(str(ROOT / "tools" / "make_design_pictures.py"))
    drawn = eval(name, tool)

    kept = {path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "assets" / "designs").glob("*.svg")}
    assert drawn + "\n" in kept


def test_the_check_itself_can_fail() -> None:
    rows = options("interval", "## BOIN: `boin`")

    with pytest.raises(AssertionError):
        check(Boin, rows | {"cutoff": "`0.96`"})
    with pytest.raises(AssertionError):
        check(Boin, {name: default for name, default in rows.items() if name != "offset"})
