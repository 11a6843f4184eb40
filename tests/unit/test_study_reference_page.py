"""docs/reference/study-file.md lists every field and every fact, and no other."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import ModuleType

from protocyte.base import Frozen
from protocyte.study import efficacy, eligibility, model, safety, treatment
from protocyte.study.fact_table import fact_rows

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "study-file.md").read_text(encoding="utf-8")
ROOMS: tuple[ModuleType, ...] = (model, treatment, safety, eligibility, efficacy)


def tables(after: str) -> list[list[tuple[str, ...]]]:
    """The rows of each table below the heading, by their first two cells without code marks."""
    part = PAGE[PAGE.index(after) :]
    found = []
    for block in re.split(r"\n\n", part):
        rows = [row for row in block.splitlines() if row.startswith("| `")]
        if rows:
            cells = [[cell.strip(" `") for cell in row.strip("|").split("|")] for row in rows]
            found.append([(row[0], row[1]) for row in cells])
    return found


def models() -> list[type[Frozen]]:
    return [
        kind
        for room in ROOMS
        for name, kind in inspect.getmembers(room, inspect.isclass)
        if issubclass(kind, Frozen) and kind.__module__ == room.__name__ and not name.startswith("_")
    ]


def test_every_field_of_the_model_is_on_the_page_and_told_whether_it_may_be_absent() -> None:
    on_page = sorted(tables("## Field by field"))
    in_code = sorted(
        [(name, "" if field.is_required() else "optional") for name, field in kind.model_fields.items()]
        for kind in models()
    )
    assert on_page == in_code


def test_every_fact_is_on_the_page_in_its_scopes() -> None:
    part = PAGE[PAGE.index("### Eligibility facts") : PAGE.index("## Field by field")]
    for heading, letter in (("Eligibility", "e"), ("DLT", "d"), ("Response", "r")):
        table = part[part.index(f"### {heading} facts") :].split("\n\n")[1]
        named = re.findall(r"^\| `(\w+)` \| (\w+) ", table, flags=re.M)
        assert named == [(row.name, row.kind) for row in fact_rows() if letter in row.scope]
