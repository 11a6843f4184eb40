"""The tables of the design pages say what the exact engine says, to the digits they print."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from docs_pages import ROOT, blocks
from protocyte.designs import (
    Design,
    Expansion,
    PocockMonitor,
    enumerate_design,
    joint_characteristics,
    operating_characteristics,
    parse_design,
    probability_overdosing,
    worst_case,
)

DOCS = ROOT / "docs"
HOW_TO = DOCS / "how-to" / "choose-a-design.md"
PAGES = DOCS / "reference" / "designs"
MIDDLE, TOXIC = [0.05, 0.12, 0.28, 0.45], [0.40, 0.55, 0.65, 0.75]
COMMON: dict[str, Any] = {"target": 0.25, "levels": 4, "cohort_size": 3, "max_subjects": 24}
STOP = {"stop_when_too_toxic": {"threshold": 0.25, "certainty": 0.90}}
THREE: dict[str, Any] = {"design": "three_plus_three", "levels": 4}
BOIN = COMMON | {"design": "boin"}
CRM = COMMON | {"design": "crm", "skeleton": {"half_width": 0.05, "prior_mtd": 3}}
BLRM: dict[str, Any] = {
    "design": "blrm",
    "doses": [0.3, 1, 3, 6],
    "reference": 3,
    "cohort_size": 3,
    "max_subjects": 24,
    "with": ["no_skipping"],
}
RESTRICTED = CRM | {"with": ["no_skipping", "coherence", "tried_only", STOP]}


def design(node: dict[str, Any]) -> Design:
    found = parse_design(node)
    assert not isinstance(found, tuple), found
    return found


def table(page: Path, heading: str) -> list[list[str]]:
    """The cells of the one table whose heading row begins so, without that row."""
    lines = page.read_text(encoding="utf-8").splitlines()
    (at,) = (i for i, line in enumerate(lines) if line.startswith(heading))
    rows = []
    for line in lines[at + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def agrees(written: list[str], found: list[float]) -> bool:
    """Each number equals the one written, to the digits written; a hair for a 5 in the next place."""
    assert len(written) == len(found), (written, found)
    for text, value in zip(written, found, strict=True):
        digits = len(text.partition(".")[2])
        if abs(float(text.replace(",", "")) - value) > 0.5000001 * 10**-digits + 1e-9:
            return False
    return True


def candidates(page: Path) -> dict[str, dict[str, Any]]:
    return {
        "3+3, `no_deescalation`": THREE | {"variant": "no_deescalation"},
        "3+3, `korn_six_at_top`": THREE,
        "i3+3": COMMON | {"design": "i3plus3"},
        "BOIN": BOIN,
        "BOIN (Keyboard, mTPI-2 alike)": BOIN,
        "BOIN, extra safe": BOIN | {"extra_safe": True},
        "CRM, restricted": RESTRICTED,
        "BLRM, default prior": BLRM,
    }


def truths() -> tuple[list[list[float]], list[int]]:
    rows = table(HOW_TO, "| truth | level 1")
    right = [int(row[5].removeprefix("level ")) if row[5] != "none" else 0 for row in rows]
    return [[float(cell) for cell in row[1:5]] for row in rows], right


def test_the_files_of_the_how_to_are_the_designs_of_its_tables() -> None:
    written = {block.title: json.loads(block.text) for block in blocks(HOW_TO) if block.language == "json"}

    assert design(written["three.json"]) == design(THREE)
    assert design(written["boin.json"]) == design(BOIN)
    assert design(written["crm.json"]) == design(RESTRICTED)
    assert design(written["blrm.json"]) == design(BLRM)


def test_the_chances_of_the_right_answer_are_those_of_the_engine() -> None:
    curves, right = truths()
    for name, *cells in table(HOW_TO, "| design | all safe"):
        found = operating_characteristics(design(candidates(HOW_TO)[name]), curves)
        chances = [found.selection[i, at - 1] if at else found.none[i] for i, at in enumerate(right)]
        assert agrees(cells, chances), (name, chances)


def test_keyboard_and_mtpi2_are_indeed_alike_there() -> None:
    curves, _ = truths()
    boin = operating_characteristics(design(BOIN), curves).selection
    for other in ("keyboard", "mtpi2"):
        found = operating_characteristics(design(COMMON | {"design": other}), curves).selection
        assert abs(found - boin).max() < 0.0005


def test_the_costs_are_those_of_the_engine() -> None:
    curves, _ = truths()
    for name, *cells in table(HOW_TO, "| design | middle: subjects"):
        one = design(candidates(HOW_TO)[name])
        found = operating_characteristics(one, curves)
        numbers = [
            found.expected_subjects[2],
            found.mean_dlt[2].sum(),
            found.selection[2, 3],
            probability_overdosing(one, curves[3], 0.33, 0.40),
            found.expected_subjects[5],
            found.mean_dlt[5].sum(),
        ]
        assert agrees(cells, numbers), (name, numbers)


def modified() -> dict[str, dict[str, Any]]:
    """What the first cells of the modifiers' table stand for, in its order."""
    listed: dict[str, Any] = {
        "`cap: 3`": {"cap": 3},
        "`confirm_before_escalating: 6`": {"confirm_before_escalating": 6},
        "`coherence`": "coherence",
        "`demand_n: 6`": {"demand_n": 6},
        "`max_subjects: 18`": {"max_subjects": 18},
        "`stop_when_n_at_dose: 9`": {"stop_when_n_at_dose": 9},
        "the same, `dose: any`": {"stop_when_n_at_dose": {"n": 9, "dose": "any"}},
        "`stop_when_too_toxic` (0.25, 0.90)": STOP,
        "`accelerated_titration`": "accelerated_titration",
        "`no_skipping`": "no_skipping",
    }
    return {f"… {name}": {"with": [item]} for name, item in listed.items()}


def test_what_modifiers_change_is_what_the_engine_says() -> None:
    bases = {"BOIN": BOIN, "CRM, skeleton around level 3": CRM, "3+3": THREE}
    base: dict[str, Any] = {}
    for name, *cells in table(PAGES / "modifiers-and-wrappers.md", "| design | middle: level 3"):
        base = bases.get(name, base)
        one = design(base | modified().get(name, {}))
        assert name in bases or name in modified()
        middle, toxic = (operating_characteristics(one, truth) for truth in (MIDDLE, TOXIC))
        numbers = [*middle.selection[2:], middle.expected_subjects, middle.mean_dlt.sum()]
        numbers += [toxic.none, toxic.expected_subjects]
        assert agrees(cells, numbers), (name, numbers)


def test_the_options_of_boin_change_what_its_page_says() -> None:
    nodes: dict[str, dict[str, Any]] = {
        "none": {},
        "`extra_safe`": {"extra_safe": True},
        "`stop_at_n: 9`": {"stop_at_n": 9},
        "`bound_mtd`": {"bound_mtd": True},
    }
    for name, *cells in table(PAGES / "interval.md", "| options | middle: level 3"):
        one = design(BOIN | nodes[name])
        middle, toxic = (operating_characteristics(one, truth) for truth in (MIDDLE, TOXIC))
        numbers = [middle.selection[2], middle.expected_subjects, toxic.none, toxic.expected_subjects]
        assert agrees(cells, numbers), (name, numbers)


def test_the_restrictions_of_the_crm_do_what_its_page_says() -> None:
    steps: list[Any] = ["no_skipping", "coherence", "tried_only", STOP]
    rows = table(PAGES / "model-based.md", "| `with` | right level")
    assert len(rows) == len(steps) + 1
    for count, (_, *cells) in enumerate(rows):
        one = design(CRM | {"with": steps[:count]})
        middle, toxic = (operating_characteristics(one, truth) for truth in (MIDDLE, TOXIC))
        numbers = [middle.selection[2], middle.mean_dlt.sum(), middle.mean_treated[3], toxic.none]
        assert agrees(cells, numbers), (count, numbers)


def test_the_prior_of_the_blrm_does_what_its_page_says() -> None:
    nodes: dict[str, dict[str, Any]] = {"as above": {}}
    for name, *cells in table(PAGES / "model-based.md", "| change | right level"):
        if match := re.match(r"`(\w+): (.+?)`", name):
            nodes[name] = {match[1]: json.loads(match[2])}
        found = operating_characteristics(design(BLRM | nodes[name]), MIDDLE)
        numbers = [*found.selection[2:], found.none, found.expected_subjects]
        assert agrees(cells, numbers), (name, numbers)


@pytest.mark.parametrize(
    ("name", "node"),
    {
        "3+3, `korn_six_at_top`, 4 levels": THREE,
        "BOIN, 4 levels, 8 cohorts of three": BOIN,
        "CRM with modifiers, 4 levels, 8 cohorts of three": RESTRICTED,
        "BLRM, 4 levels, 8 cohorts of three": BLRM,
        "BOIN, 5 levels, 10 cohorts of three": {"design": "boin", "target": 0.30, "levels": 5},
    }.items(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_states_are_as_many_as_the_page_says(name: str, node: dict[str, Any]) -> None:
    rows = {row[0]: row[1:] for row in table(PAGES / "exact-engine.md", "| design | states met")}
    found = enumerate_design(design(node))

    assert agrees(rows[name], [found.merged, len(found.coefficient)])


def test_the_worst_truths_are_those_of_the_page() -> None:
    nodes = {
        "3+3, `korn_six_at_top`": THREE,
        "i3+3, 24 subjects": COMMON | {"design": "i3plus3"},
        "BOIN, 24 subjects": BOIN,
        "CRM with modifiers, 24 subjects": RESTRICTED,
        "BLRM, default prior, 24 subjects": BLRM,
    }
    for name, wrong, under, high in table(PAGES / "exact-engine.md", "| design (target 0.25, gap 0.10)"):
        one = design(nodes[name])
        curve, chance = worst_case(one, "wrong_selection", target=0.25, gap=0.10)
        _, overdose = worst_case(one, "overdose_selected", target=0.25, gap=0.10)
        assert agrees([wrong, *under.split(", "), high], [chance, *curve, overdose]), name


def test_what_is_expanded_and_stopped_is_what_the_engine_says() -> None:
    rows = table(PAGES / "expansion-and-monitoring.md", "| | level 1")
    assert [float(cell) for cell in rows[0][1:5]] == MIDDLE
    expansion = Expansion(subjects=20, monitor=PocockMonitor(max_subjects=20, rate=0.25))
    for expanded, stopped in ((rows[1], rows[2]), (rows[3], rows[4])):
        node = BOIN if expanded[0].startswith("BOIN") else THREE
        found = joint_characteristics(design(node), expansion, MIDDLE)
        for cells, chances in ((expanded, found.expanded), (stopped, found.stopped)):
            assert agrees(cells[1:], [*chances, np.sum(chances)]), cells


def test_agreement_can_fail() -> None:
    assert agrees(["0.528", "1,293"], [0.5279, 1293])
    assert not agrees(["0.528"], [0.5291])
    assert not agrees(["24.0"], [23.94])
