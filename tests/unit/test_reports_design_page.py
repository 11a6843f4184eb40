"""The page of a design says the rule in both languages and the engine's own numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from protocyte.app.reporting import write_design_report
from protocyte.designs import Design, operating_characteristics, parse_design

NODES = [
    {"design": "three_plus_three", "levels": 3},
    {"design": "boin", "target": 0.25, "levels": 4, "max_subjects": 12},
    {"design": "safety_run_in", "levels": 1},
    {"design": "intra_subject", "levels": 3, "max_subjects": 6},
    {
        "design": "crm",
        "target": 0.25,
        "levels": 3,
        "skeleton": [0.1, 0.2, 0.3],
        "max_subjects": 9,
        "cohort_size": 3,
    },
]


def design_of(node: dict[str, object]) -> Design:
    design = parse_design(node)
    assert isinstance(design, Design)
    return design


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("node", NODES, ids=lambda node: node["design"])
def test_every_design_has_its_page(node: dict[str, object], language: str, tmp_path: Path) -> None:
    write_design_report(design_of(node), tmp_path / "page.html", [], language)  # type: ignore[arg-type]

    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert re.search(r"[\u4e00-\u9fff]{4}", html)  # the rule stands in both languages
    assert "<script" not in html
    assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")


def test_the_numbers_are_those_of_the_engine(tmp_path: Path) -> None:
    design = design_of(NODES[0])
    truth = [0.05, 0.10, 0.20]

    write_design_report(design, tmp_path / "page.html", [truth], "en")

    row = operating_characteristics(design, [truth]).rows()[0]
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert " · ".join(f"{p:.3f}" for p in row["selection"]) in html
    assert f"{row['none']:.3f}" in html
